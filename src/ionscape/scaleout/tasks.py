"""What an ensemble is made of: tasks, their outcomes, how far it is, and what an executor of it must be able to do."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ionscape.errors import IonscapeError, SimulationInterrupted
from ionscape.interrupts import is_interrupt

Tell = Callable[[str, Any], None]
"""Takes what a task tells while it runs, with the key of the task."""


class LostSchedulerError(IonscapeError):
    """The connection to a scheduler was lost before all tasks had an outcome."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One call of the function of an ensemble.

    Attributes:
        key: names the task, and tells apart everything on which the outcome depends: an outcome under the same key is
            taken for the outcome of this task.
        arguments: of the function, picklable.
    """

    key: str
    arguments: tuple[Any, ...] = ()


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
class Told:
    """What a task has told while it runs.

    Attributes:
        number: of its input, counted from 0.
        content: plain data.
    """

    number: int
    content: Any


@dataclass(frozen=True, kw_only=True)
class Tally:
    """How far an ensemble is.

    Attributes:
        total: number of tasks.
        finished: tasks that have an outcome, those that failed and those found in the store included.
        failed: tasks that have an error.
        resumed: tasks whose outcome was found in the store.
        latest: the outcome that came last; None before the first one of this run.
        told: what a task has told just now; None if the tally comes for another reason.
        note: why nothing is done at the moment, such as a cluster without workers; empty otherwise.
    """

    total: int
    finished: int = 0
    failed: int = 0
    resumed: int = 0
    latest: Outcome | None = field(default=None, repr=False)
    told: Told | None = field(default=None, repr=False)
    note: str = ""


class Executor(ABC):
    """Does the tasks of ensembles, one ensemble after the other."""

    @abstractmethod
    def completed(
        self, function: Callable[..., Any], tasks: Sequence[Task], tell: Tell
    ) -> Generator[Outcome | str, None, None]:
        """Outcomes of all tasks as they come; when it is closed, what still waits is dropped.

        A text among them says why nothing is done at the moment, an empty one that this has passed.

        Args:
            function: see `run_task`.
            tasks: with keys that differ.
            tell: called meanwhile, in the thread that takes the outcomes.

        Raises:
            LostSchedulerError: there is nobody left who could finish the tasks.
        """


class SerialExecutor(Executor):
    """One task after the other, in this process."""

    def completed(
        self, function: Callable[..., Any], tasks: Sequence[Task], tell: Tell
    ) -> Generator[Outcome, None, None]:
        """See `Executor.completed`."""
        for task in tasks:
            yield run_task(function, task, tell)


def tells(function: Callable[..., Any]) -> bool:
    """Whether a function has a parameter `report`, by which it tells how far it is."""
    try:
        return "report" in inspect.signature(function).parameters
    except ValueError:  # of some that are built in
        return False


def run_task(function: Callable[..., Any], task: Task, tell: Tell) -> Outcome:
    """Call the function with the arguments of a task; an exception becomes the error of its outcome.

    Args:
        function: what to call; one with a parameter `report` gets there a function that takes plain data.
        task: with which arguments.
        tell: takes what the function reports.

    Raises:
        SimulationInterrupted: the user stopped it, which is no outcome.
    """
    named = {"report": partial(tell, task.key)} if tells(function) else {}
    try:
        return Outcome(key=task.key, value=function(*task.arguments, **named))
    except SimulationInterrupted:
        raise
    except IonscapeError as error:
        return Outcome(key=task.key, error=str(error))
    except Exception as error:  # one task must not take the others with it; its error is reported
        if is_interrupt(error):
            raise KeyboardInterrupt from error
        return Outcome(key=task.key, error=describe(error), repeatable=False)


def describe(error: BaseException) -> str:
    """An unexpected exception as a text: its kind and its message."""
    message = " ".join(str(error).split())  # on one line
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
