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
from ionscape.scaleout import Outcome, RunStore, Tally, Task, make_executor, task_generator

COUNT = 12
TASKS_MODULE = Path(ensemble_tasks.__file__)

needs_processes_that_can_be_killed = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")


@pytest.fixture(scope="module")
def expected() -> list[np.ndarray]:
    """Random numbers of each task, drawn here without any executor."""
    return [task_generator(f"task {i}", ensemble_tasks.SEED).normal(size=5) for i in range(COUNT)]


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
    assert [outcome.key for outcome in outcomes] == [f"task {i}" for i in range(COUNT)]
    assert not any(outcome.failed for outcome in outcomes)
    for outcome, numbers in zip(outcomes, expected, strict=True):
        np.testing.assert_array_equal(outcome.value["drawn"], numbers)


# --- the same numbers whoever runs it --------------------------------------------------------------------------------


def test_serial(traces, expected):
    with make_executor("serial") as executor:
        outcomes = executor.map(ensemble_tasks.leave_trace, ensemble_tasks.tasks_of(COUNT, traces), seed=20260)
    check(outcomes, expected)
    assert {outcome.value["pid"] for outcome in outcomes} == {os.getpid()}


def test_processes(traces, expected):
    with make_executor(processes=2) as executor:
        tasks = ensemble_tasks.tasks_of(COUNT, traces, 0.05)
        outcomes = executor.map(ensemble_tasks.leave_trace, tasks, seed=20260)
        again = executor.map(ensemble_tasks.leave_trace, tasks[::-1], seed=20260)
    check(outcomes, expected)
    check(again[::-1], expected)
    assert os.getpid() not in {outcome.value["pid"] for outcome in outcomes}


def test_one_process_is_this_one():
    with make_executor(processes=1) as executor:
        (outcome,) = executor.map(os.getpid, [Task(key="one")])
    assert outcome.value == os.getpid()


def test_processes_use_one_thread_each_unless_told_otherwise(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("NUMBA_NUM_THREADS", "2")
    names = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS")
    with make_executor(processes=2) as executor:
        (outcome,) = executor.map(ensemble_tasks.environment, [Task(key="one", arguments={"names": names})])
    assert outcome.value == {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "2"}
    assert "OMP_NUM_THREADS" not in os.environ


def test_generators_of_tasks_differ():
    draws = {task_generator(key, seed).integers(2**62) for key in ("a", "b") for seed in (0, 1)}
    assert len(draws) == 4


@pytest.mark.slow
def test_dask_cluster(cluster, traces, expected, tmp_path):
    with make_executor(cluster.scheduler_address) as executor:
        tasks = ensemble_tasks.tasks_of(COUNT, traces)
        outcomes = executor.map(ensemble_tasks.leave_trace, tasks, seed=20260, store=RunStore(tmp_path / "store"))
    check(outcomes, expected)
    assert os.getpid() not in {outcome.value["pid"] for outcome in outcomes}
    with make_executor("serial") as executor:
        resumed = executor.map(ensemble_tasks.leave_trace, tasks, seed=20260, store=RunStore(tmp_path / "store"))
    check(resumed, expected)
    assert all(ensemble_tasks.starts(traces, i) == 1 for i in range(COUNT))


@pytest.mark.slow
def test_dask_cluster_counts_errors(cluster):
    with make_executor(cluster.scheduler_address) as executor:
        outcomes = executor.map(ensemble_tasks.fail_at_two, [Task(key=str(i), arguments=(i,)) for i in range(5)])
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
        outcomes = executor.map(
            ensemble_tasks.leave_trace, ensemble_tasks.tasks_of(COUNT, traces, 0.4), store=store, seed=20260,
            progress=kill_one,
        )  # fmt: skip
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
    tasks = [Task(key=str(i), arguments=(i,)) for i in range(5)]
    store = RunStore(tmp_path)
    with make_executor(processes=processes) as executor:
        outcomes = executor.map(ensemble_tasks.fail_at_two, tasks, store=store, progress=tallies.append)
    assert [outcome.value for outcome in outcomes] == [0, 1, None, None, 16]
    assert outcomes[2].error == "the equations cannot be solved (stages[0], 1 s after the start of the experiment)."
    assert outcomes[3].error == "ZeroDivisionError: unexpected"
    assert [outcome.repeatable for outcome in outcomes] == [True, True, True, False, True]
    assert (tallies[0].finished, tallies[0].total) == (0, 5)
    assert (tallies[-1].finished, tallies[-1].failed, tallies[-1].resumed) == (5, 2, 0)
    tallies.clear()
    with make_executor("serial") as executor:
        again = executor.map(ensemble_tasks.fail_at_two, tasks, store=store, progress=tallies.append)
    assert again == outcomes
    # the package's own error is final, the other one is tried again
    assert (tallies[0].resumed, tallies[0].failed) == (4, 1)
    assert (tallies[-1].finished, tallies[-1].failed) == (5, 2)


@needs_processes_that_can_be_killed
def test_process_that_dies_loses_nothing_that_is_finished(tmp_path):
    store = RunStore(tmp_path / "store")
    tasks = [Task(key=str(i), arguments=(i, str(tmp_path))) for i in range(8)]
    with make_executor(processes=2) as executor:
        outcomes = executor.map(ensemble_tasks.end_process, tasks, store=store)
        later = executor.map(ensemble_tasks.end_process, tasks)
    lost = [outcome for outcome in outcomes if outcome.failed]
    assert lost
    assert all("use fewer processes" in str(outcome.error) and not outcome.repeatable for outcome in lost + later)
    with make_executor(processes=2) as executor:
        outcomes = executor.map(ensemble_tasks.end_process, tasks, store=store)
    assert [outcome.value for outcome in outcomes] == list(range(8))


def test_what_cannot_be_sent_is_an_error():
    with make_executor(processes=2) as executor:
        (outcome,) = executor.map(lambda: 1, [Task(key="one")])
    assert outcome.failed


def test_keys_must_differ():
    with make_executor("serial") as executor, pytest.raises(ValueError, match="same key"):
        executor.map(abs, [Task(key="a", arguments=(1,)), Task(key="a", arguments=(2,))])


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
    store.put(Outcome(key="1", value=1.0))
    tasks = [Task(key=str(i), arguments=(i,)) for i in range(3)]
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
            executor.map(float, tasks, store=store, progress=close_when_told)
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


def interrupt(number: int, folder: str) -> int:
    if number == 3:
        raise KeyboardInterrupt if folder == "keyboard" else SimulationInterrupted
    return number


@pytest.mark.parametrize("kind", ["keyboard", "simulation"])
def test_interruption_keeps_what_is_finished(kind, tmp_path):
    store = RunStore(tmp_path)
    tasks = [Task(key=str(i), arguments=(i, kind)) for i in range(5)]
    with make_executor("serial") as executor, pytest.raises((KeyboardInterrupt, SimulationInterrupted)):
        executor.map(interrupt, tasks, store=store)
    assert len(store) == 3
    assert "3" not in store


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
        outcomes = executor.map(
            ensemble_tasks.leave_trace, ensemble_tasks.tasks_of(COUNT, traces), store=RunStore(store), seed=20260,
            progress=tallies.append,
        )  # fmt: skip
    check(outcomes, expected)
    assert tallies[0].resumed == finished
    assert len(list(traces.iterdir())) == started + COUNT - finished


HELD = """
import sys
from ensemble_tasks import hold_the_interpreter
from ionscape.scaleout import Task, make_executor
if __name__ == "__main__":
    with make_executor(processes=2) as executor:
        executor.map(hold_the_interpreter, [Task(key=str(i), arguments=(sys.argv[1],)) for i in range(2)])
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
    store.put(Outcome(key="a", value=np.arange(100.0)))
    (path,) = tmp_path.glob("*.npz")
    whole = path.read_bytes()
    for damaged in (b"", whole[:10], whole[: len(whole) // 2], whole[:-1], whole[:300] + b"\xff" * 8 + whole[308:]):
        path.write_bytes(damaged)
        assert store.get("a") is None
        with make_executor("serial") as executor:
            (outcome,) = executor.map(np.arange, [Task(key="a", arguments=(100.0,))], store=store)
        assert outcome.value.sum() == 4950.0
        assert path.read_bytes() == whole


def test_full_disk_stops_the_job_and_keeps_the_store(tmp_path, monkeypatch):
    store = RunStore(tmp_path)
    store.put(Outcome(key="0", value=0.0))

    def no_space(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", no_space)
    with make_executor("serial") as executor, pytest.raises(InputError, match="No space left on device") as raised:
        executor.map(float, [Task(key=str(i), arguments=(i,)) for i in range(3)], store=store)
    assert "the 1 stored before are kept" in str(raised.value)
    assert len(list(tmp_path.iterdir())) == 1


def test_store_needs_a_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a file, not a folder"):
        RunStore(tmp_path / "file")
    with pytest.raises(InputError, match="cannot be made"):
        RunStore(tmp_path / "file" / "below")
