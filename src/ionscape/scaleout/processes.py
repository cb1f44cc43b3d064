"""Tasks in several processes of this machine."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from .tasks import Executor, Outcome, Task, Tell, describe, run_task

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.synchronize import Lock

LOST_PROCESS = (
    "its process or another one ended unexpectedly: if memory ran out, use fewer processes; in a script, call it under"
    ' `if __name__ == "__main__":`'
)

PR_SET_PDEATHSIG = 1  # of <linux/prctl.h>
_THREAD_COUNTS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


class ProcessExecutor(Executor):
    """Several processes on this machine, each with one thread."""

    def __init__(self, processes: int) -> None:
        """Keep how many; they start with the first tasks."""
        import multiprocessing

        # A forked process inherits locks that threads of this one hold, such as that of a progress display.
        context = multiprocessing.get_context("spawn")
        self._told, self._telling = context.Pipe(duplex=False)
        self._pool = ProcessPoolExecutor(
            processes, mp_context=context, initializer=_prepare_process, initargs=(self._telling, context.Lock())
        )
        self._events: SimpleQueue[Future[Outcome] | tuple[str, Any]] = SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def completed(
        self, function: Callable[..., Any], tasks: Sequence[Task], tell: Tell
    ) -> Generator[Outcome, None, None]:
        """See `Executor.completed`."""
        events = self._events = SimpleQueue()
        keys: dict[Future[Outcome], str] = {}
        try:
            with _one_thread_per_process():
                for task in tasks:
                    future = self._submitted(function, task)
                    keys[future] = task.key
                    future.add_done_callback(events.put)
            waiting = len(keys)
            while waiting:
                event = events.get()
                if isinstance(event, Future):
                    waiting -= 1
                    yield _outcome_of(event, keys[event])
                else:
                    tell(*event)
        finally:
            for future in keys:
                future.cancel()

    def _listen(self) -> None:
        """Pass on what tasks tell, until the last process has ended."""
        with suppress(EOFError, OSError):
            while True:
                told = self._told.recv()
                self._events.put(told)

    def _submitted(self, function: Callable[..., Any], task: Task) -> Future[Outcome]:
        try:
            return self._pool.submit(_run_here, function, task)
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
        self._telling.close()


def _outcome_of(future: Future[Outcome], key: str) -> Outcome:
    try:
        return future.result()
    except BrokenProcessPool:
        return Outcome(key=key, error=LOST_PROCESS, repeatable=False)
    except Exception as error:  # noqa: BLE001 - what the task or its value is made of could not be sent
        return Outcome(key=key, error=describe(error), repeatable=False)


_way_back: list[tuple[Connection, Lock]] = []
"""In a process of an executor: where its tasks tell how far they are."""


def _run_here(function: Callable[..., Any], task: Task) -> Outcome:
    return run_task(function, task, _tell)


def _tell(key: str, content: Any) -> None:
    ((connection, lock),) = _way_back
    with lock, suppress(OSError):  # the work is worth more than the news of it
        connection.send((key, content))


def _prepare_process(connection: Connection, lock: Lock) -> None:
    """Leave Ctrl-C, which reaches all processes of a terminal, to the one that collects the outcomes; end with it."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent(at_once=True)
    _way_back.append((connection, lock))


def end_with_parent(*, at_once: bool = False) -> None:
    """From here on this process ends when the one that started it does, which tells nobody if it is killed.

    Args:
        at_once: in the middle of a calculation too, as far as the system can (Linux); for processes that were started
            by a thread that lives as long as they are needed, since its end counts there.
    """
    import multiprocessing

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
