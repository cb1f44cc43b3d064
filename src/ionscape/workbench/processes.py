"""Processes of the workbench: how one is started, spoken to, interrupted and ended."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ionscape.interrupts import hear_signals
from ionscape.scaleout.processes import end_with_parent

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

NICENESS = 10
"""Computations leave the processor to the page, which has little to do but must do it at once."""


class Worker:
    """A process that ends with the server, and the pipe to it."""

    def __init__(self, function: Callable[..., None], *arguments: Any, name: str, leads: bool) -> None:
        """Start it.

        Args:
            function: is called in it with the other end of the pipe and the arguments; its end is that of the process.
            arguments: picklable.
            name: of the process.
            leads: it may start processes itself, which are ended with it, stands back behind the page, and can be
                interrupted. One that does not ignores Ctrl-C.
        """
        _start_tracker()
        context = multiprocessing.get_context("spawn")
        self.connection, there = context.Pipe()
        self.process = context.Process(
            target=_begin, args=(function, there, arguments, leads), name=name, daemon=not leads
        )
        self._leads = leads
        self.process.start()
        there.close()  # so that the end of the process is the end of the pipe

    def messages(self) -> Iterator[Any]:
        """What it sends, until it ends."""
        with suppress(EOFError, OSError):
            while True:
                yield self.connection.recv()

    def interrupt(self) -> None:
        """Ctrl-C for it alone; the processes that it has started leave that to it."""
        if self.process.pid is None or not self.process.is_alive():
            return
        if os.name == "posix":
            os.kill(self.process.pid, signal.SIGINT)
        else:
            self.process.terminate()

    def end(self, *, grace: float) -> None:
        """Wait for its end, and kill it with all processes that it has started when the time [s] is over."""
        self.process.join(grace)
        if self.process.pid is None or not self.process.is_alive():
            return
        if self._leads and os.name == "posix":
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
                return
        self.process.kill()


def _begin(function: Callable[..., None], connection: Connection, arguments: tuple[Any, ...], leads: bool) -> None:
    if leads:
        if hasattr(os, "nice"):
            os.nice(NICENESS)
        if hasattr(os, "setsid"):
            os.setsid()
    end_with_parent()
    # a server in the background ignores Ctrl-C, and its jobs would with it, by which they are cancelled
    signal.signal(signal.SIGINT, signal.default_int_handler if leads else signal.SIG_IGN)
    if leads:
        hear_signals()
    function(connection, *arguments)


def _start_tracker() -> None:
    """Start what tidies up after processes that were killed, without its complaint that there is something to tidy.

    It is shared by all processes started from here, and is not started again if it runs.
    """
    if os.name != "posix":
        return
    from multiprocessing import resource_tracker

    before = os.environ.get("PYTHONWARNINGS")
    quiet = "ignore::UserWarning:multiprocessing.resource_tracker"
    os.environ["PYTHONWARNINGS"] = quiet if not before else f"{before},{quiet}"
    try:
        resource_tracker.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONWARNINGS"]
        else:
            os.environ["PYTHONWARNINGS"] = before
