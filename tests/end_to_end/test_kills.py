"""Jobs that are killed in the middle, some of them twice, and taken up again; benchmarks/kills.py does it more often.

One process each, since most of the time is that of starting: how those of an ensemble end is in test_scaleout.py, where
tasks as those of a sweep are killed too.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import killing
from ionscape.cli.main import main
from killing import Job, Left

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are found in /proc"),
]
SEED = 20261121
LANDSCAPES = 10
EARLY, LATE = (0.02, 0.4), (0.5, 0.8)
KINDS = {
    "fit": (EARLY, LATE), "conductivity": (LATE,), "workbench": (EARLY, LATE),
    "hops": (EARLY, LATE), "spectrum": (EARLY,), "mobility": (LATE,),
}  # fmt: skip
"""Shares of the tasks, between which each kill comes."""


@dataclass(frozen=True, kw_only=True)
class Story:
    """A job that was killed, and one that was not."""

    job: Job
    tasks: int
    killed: list[Left]
    ended: Left
    different: list[str]
    told: str


def jobs(command: str) -> dict[str, Job]:
    return {
        "fit": killing.fit_job(command, "--processes", "1", starts=3),
        "conductivity": killing.series_job(command, "--processes", "1", landscapes=LANDSCAPES),
        "workbench": killing.workbench_job("series", only_job=False, landscapes=LANDSCAPES, processes=1),
        **{
            verb: killing.hops_job(command, verb, processes=1, again=2, ends=ends, landscapes=landscapes)
            for verb, ends, landscapes in (
                ("hops", signal.SIGINT, LANDSCAPES // 2),
                ("spectrum", signal.SIGINT, LANDSCAPES),
                ("mobility", signal.SIGKILL, LANDSCAPES // 2),
            )
        },
    }


def story(kind: str, job: Job, folder: Path, rng: np.random.Generator) -> Story:
    whole = folder / "whole"
    tasks = len(killing.look(job, whole).finished)
    place = killing.fresh(job, folder / "killed")
    killed: list[Left] = []
    process = killing.begin(job, place)
    for number, shares in enumerate(KINDS[kind]):
        enough = int(rng.uniform(*shares) * tasks) + 1
        killing.until(lambda process=process, enough=enough: ready(job, place, enough) or process.poll() is not None)
        last = number == len(KINDS[kind]) - 1
        # the second time the server of a workbench lives and its job alone dies
        way = replace(job, only_job=last and "project" in job.words, signal=job.signal if last else signal.SIGKILL)
        assert killing.kill(way, process, place) is not None, f"it had ended before {enough} of {tasks}"
        killed.append(killing.look(job, place))
        assert len(killed[-1].finished) >= enough
        if not last:
            process = killing.begin(job, place, again=True)
    killing.go_on(way, process, place)
    return Story(
        job=job, tasks=tasks, killed=killed, ended=killing.look(job, place),
        different=killing.differences(job, place, whole), told=(place / "log.txt").read_text(encoding="utf-8"),
    )  # fmt: skip


def ready(job: Job, place: Path, enough: int) -> bool:
    return sum(len(list((place / store).glob("[!.]*"))) for store in job.stores) >= enough


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kills")


@pytest.fixture(scope="module")
def undisturbed(command: str, folder: Path) -> Path:
    """The same commands in this process, which need not start; for the workbench, that of its kind of job."""
    for kind, job in jobs(command).items():
        if kind == "workbench":
            continue
        with contextlib.chdir(killing.fresh(job, folder / kind / "whole")), pytest.raises(SystemExit) as left:
            main(job.words[1:])
        assert left.value.code == 0
    workbench = jobs(command)["workbench"]
    series, whole = folder / "conductivity" / "whole", folder / "workbench" / "whole"
    (whole / workbench.results[0]).parent.mkdir(parents=True)
    shutil.copy(series / "li.nc", whole / workbench.results[0])
    shutil.copytree(series / "li.runs", whole / workbench.stores[0])
    return folder


@pytest.fixture(scope="module")
def stories(command: str, undisturbed: Path) -> dict[str, Story]:
    """All at the same time: most of it is waiting for interpreters that start."""
    # of a shell in the background children would inherit that it is ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with ThreadPoolExecutor(len(KINDS)) as pool:
        every = {
            kind: pool.submit(story, kind, job, undisturbed / kind, np.random.default_rng([SEED, number]))
            for number, (kind, job) in enumerate(jobs(command).items())
        }
    return {kind: future.result() for kind, future in every.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_every_file_of_a_killed_job_is_whole(stories, kind) -> None:
    told = stories[kind]
    assert len(told.killed) == len(KINDS[kind])
    assert not any(left.faults for left in (*told.killed, told.ended))


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_finished_is_not_calculated_again(stories, kind) -> None:
    told = stories[kind]
    # a task that is done again replaces its file
    for before, after in pairwise((*told.killed, told.ended)):
        assert before.finished.items() <= after.finished.items()
    assert len(told.ended.finished) == told.tasks


@pytest.mark.parametrize("kind", KINDS)
def test_the_numbers_are_those_of_an_undisturbed_run(stories, kind) -> None:
    assert stories[kind].different == []


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_unfinished_is_left_in_the_end(stories, kind) -> None:
    assert stories[kind].ended.temporary == []


@pytest.mark.parametrize("kind", [kind for kind, job in jobs("ionscape").items() if job.signal == signal.SIGINT])
def test_what_was_interrupted_says_so(stories, kind) -> None:
    assert "and the same command goes on from there" in stories[kind].told


@pytest.mark.usefixtures("stories")
def test_every_part_of_a_fit_is_kept(folder, monkeypatch) -> None:
    from ionscape.inference import fit, forward, load_fit, load_fit_result
    from ionscape.scaleout import RunStore, make_executor

    whole = folder / "fit" / "whole"
    monkeypatch.chdir(whole)
    problem, store = load_fit("rb.toml"), RunStore("fit.runs")
    count = len(store)
    with make_executor("serial") as executor:

        def refuse(*_: object, **__: object) -> None:
            raise AssertionError("a simulation was run again")

        monkeypatch.setattr(forward, "simulate", refuse)
        again = fit(problem, executor=executor, store=store)
    first = load_fit_result("fit.nc", with_problem=False)
    assert (
        len(store) == count == problem.settings.starts + 3
    )  # the last search, the judgement of the residuals and the check of the intervals
    np.testing.assert_array_equal(again.dataset["estimate"], first.dataset["estimate"])
    np.testing.assert_array_equal(again.dataset["rise_at_upper_95"], first.dataset["rise_at_upper_95"])
    assert again.dataset.attrs["simulations"] == first.dataset.attrs["simulations"]
