"""Ensembles give the same outcomes whoever runs them, and nothing that is finished is lost."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import ensemble_tasks
from ionscape.errors import InputError, IonscapeError, SimulationInterrupted
from ionscape.scaleout import Outcome, RunStore, Tally, make_executor, outcome_key, run

COUNT = 12
FIVE = [(number,) for number in range(5)]
TASKS_MODULE = Path(ensemble_tasks.__file__)

needs_processes_that_can_be_killed = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")


@pytest.fixture(scope="module")
def expected() -> list[np.ndarray]:
    """Random numbers of each task, drawn here without any executor."""
    return [ensemble_tasks.drawn(number) for number in range(COUNT)]


@pytest.fixture
def traces(tmp_path: Path) -> Path:
    folder = tmp_path / "traces"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def cluster():
    """A real Dask cluster on this machine: a scheduler and two worker processes that may be killed."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
    ) as made:
        yield made


def check(outcomes: list[Outcome], expected: list[np.ndarray]) -> None:
    assert not any(outcome.failed for outcome in outcomes)
    assert [outcome.value["number"] for outcome in outcomes] == list(range(COUNT))
    for outcome, numbers in zip(outcomes, expected, strict=True):
        np.testing.assert_array_equal(outcome.value["drawn"], numbers)


# --- the same numbers whoever runs it --------------------------------------------------------------------------------


def test_serial(traces, expected):
    with make_executor("serial") as executor:
        outcomes = ensemble_tasks.run_traces(COUNT, traces, executor=executor)
    check(outcomes, expected)
    check(ensemble_tasks.run_traces(COUNT, traces), expected)
    assert {outcome.value["pid"] for outcome in outcomes} == {os.getpid()}


def test_processes(traces, expected):
    with make_executor(processes=2) as executor:
        outcomes = ensemble_tasks.run_traces(COUNT, traces, 0.05, executor=executor)
        with make_executor(executor=executor) as same:
            again = ensemble_tasks.run_traces(COUNT, traces, 0.05, executor=same)
    check(outcomes, expected)
    check(again, expected)
    assert os.getpid() not in {outcome.value["pid"] for outcome in outcomes}


def test_one_process_is_this_one():
    with make_executor(processes=1) as executor:
        (outcome,) = run(os.getpid, [()], identity="", executor=executor)
    assert outcome.value == os.getpid()


def told_by(executor) -> None:
    tallies: list[Tally] = []
    outcomes = run(
        ensemble_tasks.tell_on_the_way, [(3,), (5,)], identity="", shared=(0.2,), executor=executor,
        report=tallies.append,
    )  # fmt: skip
    assert not any(outcome.failed for outcome in outcomes)
    for number, value in enumerate((1.5, 2.5)):
        steps = [tally.told.content for tally in tallies if tally.told is not None and tally.told.number == number]
        assert steps == [{"step": step, "value": value} for step in range(3)]
    # they come while the tasks run, and not behind them
    assert next(tally.finished for tally in tallies if tally.told is not None) == 0
    assert tallies[-1].finished == 2


@pytest.mark.parametrize("processes", [1, 2])
def test_tasks_tell_how_far_they_are(processes):
    with make_executor(processes=processes) as executor:
        told_by(executor)
        told_by(executor)


@pytest.mark.slow
def test_tasks_on_a_cluster_tell_how_far_they_are(cluster):
    with make_executor(cluster.scheduler_address) as executor:
        told_by(executor)


def test_equal_inputs_have_one_outcome(traces):
    outcomes = run(ensemble_tasks.leave_trace, [(1,), (2,), (1,)], identity="", shared=(str(traces), 0.0))
    assert [outcome.value["number"] for outcome in outcomes] == [1, 2, 1]
    assert [ensemble_tasks.starts(traces, number) for number in (1, 2)] == [1, 1]


def test_outcomes_are_named_by_all_on_which_they_depend():
    given = (abs, (1.0, np.arange(3.0)), "a")
    names = {
        outcome_key(function, values, identity=identity)
        for function, values, identity in (
            given, (given[0], (1.0, np.arange(3.0)), "a"), (float, *given[1:]), (given[0], (1.0, np.arange(4.0)), "a"),
            (*given[:2], "b"),
        )
    }  # fmt: skip
    assert len(names) == 4


def test_processes_use_one_thread_each_unless_told_otherwise(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("NUMBA_NUM_THREADS", "2")
    names = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS")
    with make_executor(processes=2) as executor:
        (outcome,) = run(ensemble_tasks.environment, [(names,)], identity="", executor=executor)
    assert outcome.value == {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "2"}
    assert "OMP_NUM_THREADS" not in os.environ


@pytest.mark.slow
def test_dask_cluster(cluster, traces, expected, tmp_path):
    with make_executor(cluster.scheduler_address) as executor:
        outcomes = ensemble_tasks.run_traces(COUNT, traces, executor=executor, store=RunStore(tmp_path / "store"))
    check(outcomes, expected)
    assert os.getpid() not in {outcome.value["pid"] for outcome in outcomes}
    with make_executor("serial") as executor:
        resumed = ensemble_tasks.run_traces(COUNT, traces, executor=executor, store=RunStore(tmp_path / "store"))
    check(resumed, expected)
    assert all(ensemble_tasks.starts(traces, i) == 1 for i in range(COUNT))


@pytest.mark.slow
def test_dask_cluster_counts_errors(cluster):
    with make_executor(cluster.scheduler_address) as executor:
        outcomes = run(ensemble_tasks.fail_at_two, FIVE, identity="", executor=executor)
    assert [outcome.failed for outcome in outcomes] == [False, False, True, True, False]
    assert "the equations cannot be solved" in str(outcomes[2].error)


@pytest.mark.slow
@needs_processes_that_can_be_killed
def test_dask_worker_killed_in_the_middle(cluster, traces, expected, tmp_path):
    killed, delivered = [], []

    def kill_one(tally: Tally) -> None:
        if tally.latest is not None and not killed:
            delivered.append(tally.latest.value["number"])
            if tally.finished == 4:
                killed.append(tally.latest.value["pid"])
                os.kill(killed[0], signal.SIGKILL)

    store = RunStore(tmp_path / "store")
    with make_executor(cluster.scheduler_address) as executor:
        outcomes = ensemble_tasks.run_traces(COUNT, traces, 0.4, executor=executor, store=store, report=kill_one)
    check(outcomes, expected)
    assert len(killed) == 1
    assert len(store) == COUNT
    # what was delivered before was not calculated again, and somebody else did what the dead one was at
    assert all(ensemble_tasks.starts(traces, number) == 1 for number in delivered)
    assert sum(ensemble_tasks.starts(traces, number) for number in range(COUNT)) > COUNT
    assert len({outcome.value["pid"] for outcome in outcomes}) >= 2


# --- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("processes", [1, 2])
def test_errors_are_kept_and_counted(processes, tmp_path):
    tallies: list[Tally] = []
    store = RunStore(tmp_path)
    with make_executor(processes=processes) as executor:
        outcomes = run(
            ensemble_tasks.fail_at_two, FIVE, identity="", executor=executor, store=store, report=tallies.append
        )
    assert [outcome.value for outcome in outcomes] == [0, 1, None, None, 16]
    assert outcomes[2].error == "the equations cannot be solved (stages[0], 1 s after the start of the experiment)."
    assert outcomes[3].error == "ZeroDivisionError: unexpected"
    assert [outcome.repeatable for outcome in outcomes] == [True, True, True, False, True]
    assert (tallies[0].finished, tallies[0].total) == (0, 5)
    assert (tallies[-1].finished, tallies[-1].failed, tallies[-1].resumed) == (5, 2, 0)
    tallies.clear()
    again = run(ensemble_tasks.fail_at_two, FIVE, identity="", store=store, report=tallies.append)
    assert again == outcomes
    # the package's own error is final, the other one is tried again
    assert (tallies[0].resumed, tallies[0].failed) == (4, 1)
    assert (tallies[-1].finished, tallies[-1].failed) == (5, 2)


@needs_processes_that_can_be_killed
def test_process_that_dies_loses_nothing_that_is_finished(tmp_path):
    store = RunStore(tmp_path / "store")
    given = ensemble_tasks.end_process, [(i,) for i in range(8)]
    same = {"identity": "", "shared": (str(tmp_path),)}
    with make_executor(processes=2) as executor:
        outcomes = run(*given, **same, executor=executor, store=store)
        later = run(*given, **same, executor=executor)
    lost = [outcome for outcome in outcomes if outcome.failed]
    assert lost
    assert all("use fewer processes" in str(outcome.error) and not outcome.repeatable for outcome in lost + later)
    with make_executor(processes=2) as executor:
        outcomes = run(*given, **same, executor=executor, store=store)
    assert [outcome.value for outcome in outcomes] == list(range(8))


def test_what_cannot_be_sent_is_an_error():
    with make_executor(processes=2) as executor:
        (outcome,) = run(lambda: 1, [()], identity="", executor=executor)
    assert outcome.failed


@pytest.mark.parametrize(
    ("scheduler", "processes", "words"),
    [
        (None, 0, "must be at least 1"),
        ("tcp://127.0.0.1:1", 2, "give one of the two"),
        ("localhost", None, "is not the address of a scheduler"),
        ("htp://127.0.0.1:8786", None, "is not the address of a scheduler"),
        ("tcp://127.0.0.1", None, "is not the address of a scheduler"),
    ],
)
def test_executors_that_cannot_be_made(scheduler, processes, words):
    if "://" in str(scheduler):
        pytest.importorskip("distributed")
    with pytest.raises(InputError, match=words), make_executor(scheduler, processes):
        pass


@pytest.mark.slow
@pytest.mark.parametrize("listening", [False, True])
def test_scheduler_that_does_not_answer(listening, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("ionscape.scaleout.cluster.SECONDS_TO_ANSWER", 1)
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        if listening:
            port.listen()  # takes the connection and never says a word, as the port of another program may do
        address = "tcp://{}:{}".format(*port.getsockname())
        with pytest.raises(InputError, match="does not answer as a Dask scheduler") as raised, make_executor(address):
            pass
    assert "not that of its dashboard" in str(raised.value)
    assert raised.value.exit_status == 2


@pytest.mark.slow
def test_a_cluster_without_workers_says_so_and_a_lost_one_names_what_is_kept(monkeypatch, tmp_path, capfd):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr("ionscape.scaleout.cluster.SECONDS_BETWEEN_LOOKS", 0.05)
    store = RunStore(tmp_path)
    store.put(Outcome(key=outcome_key(float, (1,), identity=""), value=1.0))
    with distributed.LocalCluster(
        n_workers=0, processes=False, protocol="tcp", dashboard_address=":0", silence_logs=50
    ) as cluster:
        address = cluster.scheduler_address
        tallies: list[Tally] = []

        def close_when_told(tally: Tally) -> None:
            tallies.append(tally)
            if tally.note:
                cluster.close()

        with make_executor(address) as executor, pytest.raises(IonscapeError) as raised:
            run(float, FIVE[:3], identity="", executor=executor, store=store, report=close_when_told)
    assert tallies[-1].note == f"no workers are connected to {address}; start `dask worker {address}`"
    assert (tallies[-1].finished, tallies[-1].failed) == (1, 0)
    assert str(raised.value) == (
        f"the connection to the scheduler {address} was lost; 1 of 3 tasks had finished and are kept in {tmp_path},"
        " and the same command goes on from there."
    )
    assert raised.value.exit_status == 1
    assert capfd.readouterr().err == ""


def test_dask_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"ionscape\[dask\]"), make_executor("tcp://127.0.0.1:8786"):
        pass


@pytest.mark.slow
def test_workers_of_another_version_are_refused(cluster, monkeypatch):
    monkeypatch.setattr("ionscape.scaleout.cluster.package_version", ensemble_tasks.version_of_process)
    with (
        pytest.raises(InputError, match="has a scheduler or workers with ionscape") as raised,
        make_executor(cluster.scheduler_address),
    ):
        pass
    assert f"install ionscape 1.{os.getpid()} where the scheduler and the workers run" in str(raised.value)


# --- stopped jobs ----------------------------------------------------------------------------------------------------


def interrupt(kind: str, number: int) -> int:
    if number == 3:
        raise KeyboardInterrupt if kind == "keyboard" else SimulationInterrupted
    return number


@pytest.mark.parametrize("kind", ["keyboard", "simulation"])
def test_interruption_keeps_what_is_finished(kind, tmp_path):
    store = RunStore(tmp_path)
    with make_executor("serial") as executor, pytest.raises((KeyboardInterrupt, SimulationInterrupted)):
        run(interrupt, FIVE, identity="", shared=(kind,), executor=executor, store=store)
    assert len(store) == 3
    assert outcome_key(interrupt, (3,), identity="") not in store


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.mark.slow
@needs_processes_that_can_be_killed
@pytest.mark.parametrize(("processes", "end"), [(1, "SIGKILL"), (2, "SIGKILL"), (2, "SIGINT")])
def test_job_that_was_killed_goes_on(processes, end, traces, expected, tmp_path):
    store = tmp_path / "store"
    words = [sys.executable, str(TASKS_MODULE), str(store), str(traces), str(processes)]
    job = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(list(store.glob("[!.]*.npz"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    job.send_signal(getattr(signal, end))
    began = time.monotonic()
    assert job.wait(timeout=30) != 0
    assert time.monotonic() - began < 10
    finished = len(RunStore(store))
    assert 3 <= finished < COUNT
    pids = {int(path.name.split("-")[1]) for path in traces.iterdir()}
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in pids)  # no process is left behind
    started = len(list(traces.iterdir()))
    tallies: list[Tally] = []
    with make_executor("serial") as executor:
        outcomes = ensemble_tasks.run_traces(
            COUNT, traces, executor=executor, store=RunStore(store), report=tallies.append
        )
    check(outcomes, expected)
    assert tallies[0].resumed == finished
    assert len(list(traces.iterdir())) == started + COUNT - finished


HELD = """
import sys
from ensemble_tasks import hold_the_interpreter
from ionscape.scaleout import make_executor, run
if __name__ == "__main__":
    with make_executor(processes=2) as executor:
        run(hold_the_interpreter, [(0,), (1,)], identity="", shared=(sys.argv[1],), executor=executor)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere they end when the calculation returns")
def test_processes_end_with_their_parent_in_the_middle_of_a_calculation(tmp_path):
    script = tmp_path / "held.py"
    script.write_text(HELD)
    (tmp_path / "pids").mkdir()
    paths = os.pathsep.join([str(TASKS_MODULE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    words = [sys.executable, str(script), str(tmp_path / "pids")]
    job = subprocess.Popen(words, env={**os.environ, "PYTHONPATH": paths}, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(pids := [int(path.name) for path in (tmp_path / "pids").iterdir()]) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.2)  # until they sleep
    job.kill()
    job.wait(timeout=10)
    ended = time.monotonic() + 5
    while any(alive(pid) for pid in pids) and time.monotonic() < ended:
        time.sleep(0.05)
    assert len(pids) == 2
    assert not any(alive(pid) for pid in pids)


@pytest.mark.parametrize("seed", range(2))
def test_a_flipped_bit_in_a_store_is_an_outcome_that_is_not_there(seed, tmp_path):
    store = RunStore(tmp_path)
    store.put(Outcome(key="a", value={"numbers": np.arange(20.0), "name": "Γ"}))
    (path,) = tmp_path.iterdir()
    written = path.read_bytes()
    rng = np.random.default_rng(seed)
    for place, bit in zip(rng.integers(len(written), size=100), rng.integers(8, size=100), strict=True):
        damaged = bytearray(written)
        damaged[place] ^= 1 << bit
        path.write_bytes(damaged)
        found = store.get("a")
        if found is not None:  # the bit was one of a date, for example
            np.testing.assert_array_equal(found.value["numbers"], np.arange(20.0))
            assert (found.value["name"], found.error) == ("Γ", None)


# --- the store -------------------------------------------------------------------------------------------------------


def test_store_gives_back_what_was_put(tmp_path):
    value = {
        "numbers": (1, 2.5, float("nan"), 1e-320, 10**30),
        "nested": [None, True, "Γ", {"array": np.arange(6.0).reshape(2, 3)}],
        "flags": np.array([True, False]),
        "names": np.array(["Li", "Rb"]),
        "scalar": np.float64(0.1),
        "empty": {},
    }
    store = RunStore(tmp_path / "a" / "b")
    store.put(Outcome(key="an / odd key\n", value=value))
    found = RunStore(tmp_path / "a" / "b").get("an / odd key\n")
    assert found is not None
    assert repr(found.value) == repr({**value, "scalar": 0.1})
    assert found.value["nested"][3]["array"].dtype == np.float64
    assert store.get("another key") is None


@pytest.mark.parametrize("value", [object(), {1: 2}, np.array([object()]), {"\0array": 1}])
def test_store_refuses_what_it_could_not_give_back(tmp_path, value):
    store = RunStore(tmp_path)
    with pytest.raises(TypeError, match="cannot be stored"):
        store.put(Outcome(key="a", value=value))
    assert not list(tmp_path.iterdir())


def test_damaged_entries_are_found_anew(tmp_path):
    store = RunStore(tmp_path)
    key = outcome_key(np.arange, (100.0,), identity="")
    store.put(Outcome(key=key, value=np.arange(100.0)))
    (path,) = tmp_path.glob("*.npz")
    whole = path.read_bytes()
    for damaged in (b"", whole[:10], whole[: len(whole) // 2], whole[:-1], whole[:300] + b"\xff" * 8 + whole[308:]):
        path.write_bytes(damaged)
        assert store.get(key) is None
        (outcome,) = run(np.arange, [(100.0,)], identity="", store=store)
        assert outcome.value.sum() == 4950.0
        assert path.read_bytes() == whole


def test_full_disk_stops_the_job_and_keeps_the_store(tmp_path, monkeypatch):
    store = RunStore(tmp_path)
    store.put(Outcome(key=outcome_key(float, (0,), identity=""), value=0.0))

    def no_space(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", no_space)
    with pytest.raises(InputError, match="No space left on device") as raised:
        run(float, FIVE[:3], identity="", store=store)
    assert "the 1 stored before are kept" in str(raised.value)
    assert len(list(tmp_path.iterdir())) == 1


def test_store_needs_a_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a file, not a folder"):
        RunStore(tmp_path / "file")
    with pytest.raises(InputError, match="cannot be made"):
        RunStore(tmp_path / "file" / "below")


def test_an_interrupt_that_a_compiled_function_wraps_is_one():
    from ionscape.interrupts import is_interrupt

    inner, outer = SystemError("returned a result with an exception set"), SystemError("again")
    inner.__cause__, outer.__cause__ = KeyboardInterrupt(), inner
    assert is_interrupt(outer)
    assert not is_interrupt(SystemError("of its own"))
    assert not is_interrupt(ValueError())
