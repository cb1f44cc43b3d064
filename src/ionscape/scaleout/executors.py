"""Who runs the tasks of an ensemble; the outcomes are the same whoever does."""

from __future__ import annotations

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from typing import Any

from ionscape.errors import InputError, IonscapeError

from .store import RunStore
from .tasks import Outcome, Tally, Task, describe, run_task

SERIAL = "serial"
"""Name of the scheduler that runs one task after the other in this process."""

LOST_PROCESS = (
    "its process or another one ended unexpectedly: if memory ran out, use fewer processes; in a script, call it under"
    ' `if __name__ == "__main__":`'
)

PR_SET_PDEATHSIG = 1  # of <linux/prctl.h>
_THREAD_COUNTS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


class LostSchedulerError(IonscapeError):
    """The connection to a scheduler was lost before all tasks had an outcome."""


class Executor(ABC):
    """Runs the tasks of ensembles, one ensemble after the other."""

    @abstractmethod
    def completed(
        self, function: Callable[..., Any], tasks: Sequence[Task], seed: int | None
    ) -> Generator[Outcome | str, None, None]:
        """Outcomes of all tasks as they come; when it is closed, what still waits is dropped.

        A text among them says why nothing is done at the moment, an empty one that this has passed.

        Raises:
            LostSchedulerError: there is nobody left who could finish the tasks.
        """

    def map(
        self,
        function: Callable[..., Any],
        tasks: Sequence[Task],
        *,
        store: RunStore | None = None,
        progress: Callable[[Tally], None] | None = None,
        seed: int | None = None,
    ) -> list[Outcome]:
        """Call a function once for each task.

        Args:
            function: defined at the top of a module, so that other processes find it.
            tasks: with keys that differ.
            store: where outcomes are added as they come; tasks that have one there are not run again, unless they
                failed for a reason that may have passed.
            progress: called at the start, after every outcome, and when a cluster has no workers.
            seed: if given, the function also gets `rng`, a generator that belongs to the task.

        Returns:
            One outcome per task, in the order of the tasks. A task that failed has its error there.

        Raises:
            KeyboardInterrupt, SimulationInterrupted: by Ctrl-C; outcomes in the store stay there.
            IonscapeError: the store cannot be written, or the connection to a cluster was lost.
            ValueError: a key occurs twice.
        """
        if len({task.key for task in tasks}) != len(tasks):
            raise ValueError("two tasks of one ensemble have the same key")
        found = {} if store is None else _settled(store, tasks)
        tally = Tally(
            total=len(tasks),
            finished=len(found),
            failed=sum(outcome.failed for outcome in found.values()),
            resumed=len(found),
        )
        if progress is not None:
            progress(tally)
        waiting = [task for task in tasks if task.key not in found]
        # closed at once when anything interrupts, and not whenever the generator happens to be collected
        with ExitStack() as stack, _naming_what_is_kept(found, len(tasks), store):
            outcomes = self.completed(function, waiting, seed)
            stack.callback(outcomes.close)
            for outcome in outcomes:
                if isinstance(outcome, str):
                    if progress is not None:
                        progress(replace(tally, note=outcome))
                    continue
                if store is not None:
                    store.put(outcome)
                found[outcome.key] = outcome
                failed = tally.failed + outcome.failed
                tally = replace(tally, finished=tally.finished + 1, failed=failed, latest=outcome)
                if progress is not None:
                    progress(tally)
        return [found[task.key] for task in tasks]


class SerialExecutor(Executor):
    """One task after the other, in this process."""

    def completed(
        self, function: Callable[..., Any], tasks: Sequence[Task], seed: int | None
    ) -> Generator[Outcome, None, None]:
        """See `Executor.completed`."""
        for task in tasks:
            yield run_task(function, task, seed)


class ProcessExecutor(Executor):
    """Several processes on this machine, each with one thread."""

    def __init__(self, processes: int) -> None:
        """Keep how many; they start with the first tasks."""
        import multiprocessing

        # A forked process inherits locks that threads of this one hold, such as that of a progress display.
        self._pool = ProcessPoolExecutor(
            processes, mp_context=multiprocessing.get_context("spawn"), initializer=_prepare_process
        )

    def completed(
        self, function: Callable[..., Any], tasks: Sequence[Task], seed: int | None
    ) -> Generator[Outcome, None, None]:
        """See `Executor.completed`."""
        keys: dict[Future[Outcome], str] = {}
        try:
            with _one_thread_per_process():
                for task in tasks:
                    keys[self._submitted(function, task, seed)] = task.key
            for future in as_completed(keys):
                yield _outcome_of(future, keys[future])
        finally:
            for future in keys:
                future.cancel()

    def _submitted(self, function: Callable[..., Any], task: Task, seed: int | None) -> Future[Outcome]:
        try:
            return self._pool.submit(run_task, function, task, seed)
        except BrokenProcessPool as error:
            broken: Future[Outcome] = Future()
            broken.set_exception(error)
            return broken

    def close(self, *, at_once: bool = False) -> None:
        """End the processes, `at_once` without waiting for what they are doing."""
        if at_once:
            # what `kill_workers` does, which comes with Python 3.14
            for process in list((getattr(self._pool, "_processes", None) or {}).values()):
                process.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def make_executor(scheduler: str | None = None, processes: int | None = None) -> Generator[Executor]:
    """Give an executor, and end the processes that it has started when the block is left.

    Args:
        scheduler: None for processes on this machine; "serial" for this process alone; or the address of a running
            Dask scheduler, such as "tcp://10.0.0.1:8786" (needs the extra `dask`).
        processes: on this machine; None for one per core that this process may use.

    Raises:
        InputError: the scheduler is none of these or does not answer, Dask is not installed, or `processes` is less
            than 1 or given for another machine.
    """
    if processes is not None and processes < 1:
        raise InputError("must be at least 1", key="processes", value=processes)
    if scheduler is not None and processes is not None:
        raise InputError(
            "is for this machine, while the scheduler decides about its own workers",
            key="processes", value=processes, remedy="give one of the two",
        )  # fmt: skip
    if scheduler is not None and scheduler != SERIAL:
        from .cluster import connect

        with connect(scheduler) as executor:
            yield executor
        return
    count = processes if processes is not None else available_cores()
    if scheduler == SERIAL or count == 1:
        yield SerialExecutor()
        return
    executor = ProcessExecutor(count)
    try:
        yield executor
    except BaseException:
        executor.close(at_once=True)
        raise
    executor.close()


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _naming_what_is_kept(found: Mapping[str, Outcome], total: int, store: RunStore | None) -> Generator[None]:
    """If the connection to the scheduler is lost, the error says what of the ensemble is left."""
    try:
        yield
    except LostSchedulerError as lost:
        kept = f"kept in {store.folder}, and the same command goes on from there" if store is not None else "not kept"
        raise LostSchedulerError(f"{lost}; {len(found)} of {total} tasks had finished and are {kept}.") from None


def _settled(store: RunStore, tasks: Sequence[Task]) -> dict[str, Outcome]:
    """Outcomes in the store that another attempt would not change."""
    outcomes = (store.get(task.key) for task in tasks)
    return {outcome.key: outcome for outcome in outcomes if outcome is not None and outcome.repeatable}


def _outcome_of(future: Future[Outcome], key: str) -> Outcome:
    try:
        return future.result()
    except BrokenProcessPool:
        return Outcome(key=key, error=LOST_PROCESS, repeatable=False)
    except Exception as error:  # noqa: BLE001 - what the task or its value is made of could not be sent
        return Outcome(key=key, error=describe(error), repeatable=False)


def _prepare_process() -> None:
    """Leave Ctrl-C, which reaches all processes of a terminal, to the one that collects the outcomes; end with it."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent(at_once=True)


def end_with_parent(*, at_once: bool = False) -> None:
    """From here on this process ends when the one that started it does, which tells nobody if it is killed.

    Args:
        at_once: in the middle of a calculation too, as far as the system can (Linux); for processes that were started
            by a thread that lives as long as they are needed, since its end counts there.
    """
    import multiprocessing
    import threading

    parent = multiprocessing.parent_process()
    if at_once and sys.platform == "linux" and parent is not None:
        import ctypes
        import signal

        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent.pid:  # it was gone before it could be asked for
            os._exit(1)

    def wait() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


@contextmanager
def _one_thread_per_process() -> Generator[None]:
    """Processes started meanwhile use one thread each, unless the user has chosen otherwise.

    The libraries read these variables when they are loaded, before anything that a process could do itself.
    """
    added = [name for name in _THREAD_COUNTS if name not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
