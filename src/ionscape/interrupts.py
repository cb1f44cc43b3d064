"""Requests to end: what a cluster or a closed terminal sends is heard as Ctrl-C, so that what was found is kept."""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any

BY_SIGNAL = 128  # is added to the number of a signal in an exit status, as shells do
_NAMES = ("SIGTERM", "SIGHUP", "SIGXCPU", "SIGBREAK")  # those of them that this system has
_received: list[int] = []


def interrupted_status() -> int:
    """Exit status after an interruption: 143 after SIGTERM, 130 after Ctrl-C (128 and the number of the signal)."""
    return BY_SIGNAL + (_received[0] if _received else signal.SIGINT)


@contextmanager
def signals_as_interrupts() -> Generator[None]:
    """Within the block, signals that ask the process to end raise KeyboardInterrupt in its main thread.

    One that is ignored, as under `nohup`, stays so. Outside the main thread nothing is changed.
    """
    _received.clear()
    earlier = hear_signals()
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def hear_signals() -> dict[int, Any]:
    """From here on signals that ask the process to end raise KeyboardInterrupt; returns what they did before."""
    earlier: dict[int, Any] = {}
    for number in _numbers():
        if signal.getsignal(number) is not signal.SIG_DFL:
            continue
        try:
            earlier[number] = signal.signal(number, _interrupt)
        except ValueError:
            return {}  # not the main thread, which alone hears signals
    return earlier


@contextmanager
def undisturbed() -> Generator[None]:
    """Within the block neither Ctrl-C nor any of the others does anything: what has been found is being saved."""
    earlier: dict[int, Any] = {}
    try:
        for number in (signal.SIGINT, *_numbers()):
            earlier[number] = signal.signal(number, signal.SIG_IGN)
    except ValueError:
        pass  # not the main thread
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def is_interrupt(error: BaseException) -> bool:
    """Whether an exception is a Ctrl-C that came while a compiled function returned: a SystemError says that then."""
    found: BaseException | None = error
    while isinstance(found, SystemError):
        found = found.__cause__ or found.__context__
    return found is not error and isinstance(found, KeyboardInterrupt)


def ignore_signals() -> None:
    """From here on neither Ctrl-C nor any of the others does anything."""
    for number in (signal.SIGINT, *_numbers()):
        signal.signal(number, signal.SIG_IGN)


def _numbers() -> list[int]:
    return [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]


def _interrupt(number: int, frame: FrameType | None) -> None:
    del frame
    _received.append(number)
    raise KeyboardInterrupt
