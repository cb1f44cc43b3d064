"""What an ensemble is made of: tasks, their outcomes, their random numbers, and how far it is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ionscape.errors import IonscapeError, SimulationInterrupted

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, kw_only=True)
class Task:
    """One call of the function of an ensemble.

    Attributes:
        key: names the task within the ensemble. With a store it has to tell apart everything on which the outcome
            depends, since an outcome under the same key is taken for the outcome of this task.
        arguments: positional arguments as a tuple, or keyword arguments as a mapping; picklable.
    """

    key: str
    arguments: tuple[Any, ...] | Mapping[str, Any] = ()


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a task.

    Attributes:
        key: of the task.
        value: what the function returned; None after an error.
        error: sentence that says what went wrong; None if nothing did.
        repeatable: the error is one of the package's own, which the same task would meet again. Others, such as a lack
            of memory or a lost process, are worth another attempt when a stopped job is resumed.
    """

    key: str
    value: Any = None
    error: str | None = None
    repeatable: bool = True

    @property
    def failed(self) -> bool:
        """Whether there is an error instead of a value."""
        return self.error is not None


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How far an ensemble is.

    Attributes:
        total: number of tasks.
        finished: tasks that have an outcome, those that failed and those found in the store included.
        failed: tasks that have an error.
        resumed: tasks whose outcome was found in the store.
        latest: the outcome that came last; None before the first one of this run.
        note: why nothing is done at the moment, such as a cluster without workers; empty otherwise.
    """

    total: int
    finished: int = 0
    failed: int = 0
    resumed: int = 0
    latest: Outcome | None = field(default=None, repr=False)
    note: str = ""


def run_task(function: Callable[..., Any], task: Task, seed: int | None) -> Outcome:
    """Call the function with the arguments of a task; an exception becomes the error of its outcome.

    Args:
        function: what to call.
        task: with which arguments.
        seed: if given, the function also gets `rng`, the generator of this task (`task_generator`).

    Raises:
        SimulationInterrupted: the user stopped it, which is no outcome.
    """
    positional = () if isinstance(task.arguments, Mapping) else task.arguments
    named = dict(task.arguments) if isinstance(task.arguments, Mapping) else {}
    if seed is not None:
        named["rng"] = task_generator(task.key, seed)
    try:
        return Outcome(key=task.key, value=function(*positional, **named))
    except SimulationInterrupted:
        raise
    except IonscapeError as error:
        return Outcome(key=task.key, error=str(error))
    except Exception as error:  # noqa: BLE001 - one task must not take the others with it; its error is reported
        return Outcome(key=task.key, error=describe(error), repeatable=False)


def task_generator(key: str, seed: int) -> np.random.Generator:
    """Random numbers of a task: they depend on its key and the seed alone, not on who runs it, when, or beside what.

    Args:
        key: of the task.
        seed: of the ensemble, not negative.
    """
    import numpy as np

    digest = hashlib.sha256(key.encode("utf-8")).digest()
    words = [int.from_bytes(digest[start : start + 4], "little") for start in range(0, len(digest), 4)]
    return np.random.default_rng(np.random.SeedSequence([seed, *words]))


def describe(error: BaseException) -> str:
    """An unexpected exception as a text: its kind and its message."""
    message = " ".join(str(error).split())  # on one line
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
