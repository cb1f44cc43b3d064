"""What every process of the workbench does first."""

from __future__ import annotations

import os
import signal

from ionscape.interrupts import hear_signals
from ionscape.scaleout.executors import end_with_parent

NICENESS = 10
"""Computations leave the processor to the page, which has little to do but must do it at once."""


def prepare_process(*, group: bool, patient: bool = True) -> None:
    """Make this process one that ends with the server, stands back behind it and hears Ctrl-C only through it.

    Args:
        group: make a process group of its own, so that all processes that it starts can be ended together.
        patient: leave the processor to others.
    """
    if patient and hasattr(os, "nice"):
        os.nice(NICENESS)
    if group and hasattr(os, "setsid"):
        os.setsid()
    end_with_parent()
    if group:
        # a server in the background ignores Ctrl-C, and its jobs would with it, by which they are cancelled
        signal.signal(signal.SIGINT, signal.default_int_handler)
        hear_signals()


def start_tracker() -> None:
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
