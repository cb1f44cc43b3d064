"""Errors of the package: each is one sentence that gives the value, the bound and the remedy."""

from __future__ import annotations

import copy
import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

__all__ = [
    "ConvergenceError",
    "FitError",
    "HoppingError",
    "InputError",
    "IonscapeError",
    "NetworkError",
    "PercolationError",
    "SimulationInterrupted",
]

LONGEST_VALUE_SHOWN = 60
LONGEST_NAME_SHOWN = 80
LONGEST_PART_SHOWN = 1500


class IonscapeError(Exception):
    """Base of all errors that the package raises on purpose; `exit_status` is that of the command line."""

    exit_status: int = 1

    def sentence(self, name: Callable[[str], str] = str) -> str:  # noqa: ARG002 - of those that have a key
        """The error in one sentence; `name` is what its audience calls the path of a key."""
        return super().__str__()

    def __str__(self) -> str:
        return self.sentence()

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions are rebuilt from their positional arguments by default, which loses keyword-only ones
        # when an error crosses the border of a process.
        return _rebuild, (type(self), self.args, self.__dict__)


class InputError(IonscapeError):
    """A value, key or file given by the user that cannot be used.

    Args:
        problem: what is wrong, as the part of a sentence that follows the value ("must be greater than 0").
        file: the file in which it stands.
        key: dotted path of the key; stages are counted from 0, as in `stages[2].temperature`.
        value: the value found, as it stands in the file; None shows none.
        bound: the bound that is violated, where `problem` does not say it already.
        remedy: what to do about it.
        code: what kind of error it is, where somebody has a remedy of their own for it.

    Examples:
        >>> print(InputError("must be greater than 0", file="rb.toml", key="sample.thickness", value="-2 mm"))
        rb.toml: sample.thickness = "-2 mm": must be greater than 0.
    """

    exit_status = 2

    def __init__(
        self,
        problem: str,
        *,
        file: str | None = None,
        key: str | None = None,
        value: object = None,
        bound: str | None = None,
        remedy: str | None = None,
        code: str = "",
    ) -> None:
        """Keep the parts of the sentence."""
        super().__init__(problem)
        self.problem = problem
        self.file = file
        self.key = key
        self.value = value
        self.bound = bound
        self.remedy = remedy
        self.code = code

    def located(self, *, file: str | None = None, key: str | None = None, value: object = None) -> InputError:
        """The same error with file, key and value filled in where they are still unknown."""
        located = copy.copy(self)
        located.file = self.file if self.file is not None else file
        if self.key is None:
            located.key = key
        if self.value is None and located.key == key:
            located.value = value
        return located

    def replace(self, **parts: Any) -> InputError:
        """The same error with other parts, such as key and value of the file behind which it was found."""
        replaced = copy.copy(self)
        vars(replaced).update(parts)
        return replaced

    def sentence(self, name: Callable[[str], str] = str) -> str:
        """File, key and value, then what is wrong, the bound and the remedy."""
        place = _shortened(name(self.key) if self.key else "", LONGEST_NAME_SHOWN)
        if self.value is not None:
            shown = show_value(self.value)
            place = f"{place} = {shown}" if place else shown
        head = ": ".join(part for part in (self.file, place) if part)
        sentence = "; ".join(_readable(part) for part in (self.problem, self.bound, self.remedy) if part)
        message = (f"{head}: {sentence}" if head else sentence).rstrip(".") + "."
        # Names from a file may hold line breaks; a sentence stays on its line.
        return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in message)


class MissingKey(InputError):
    """A key that has to be there and is not.

    Args:
        name: of the key, the last part of its path.
        key: its path, where it is known already.
        file: in which it is missing.
        example: of its value, as it stands in a file; None for a table.
    """

    def __init__(self, name: str, *, key: str | None = None, file: str | None = None, example: str | None) -> None:
        """Keep the example."""
        remedy = f"add it, for example {name} = {example}" if example else "add this table"
        super().__init__("is missing", file=file, key=key, remedy=remedy)
        self.example = example


class ConvergenceError(IonscapeError):
    """A simulation that could not go on, with the last good result.

    Args:
        message: what failed.
        time: time since the start of the first stage [s].
        stage: index of the stage, counted from 0.
        depth: depth at which the equations are violated most [m]; None if it is not known.
        partial: result up to the last accepted step; None if there is none.
    """

    def __init__(
        self, message: str, *, time: float, stage: int, depth: float | None = None, partial: Any = None
    ) -> None:
        """Keep what failed, when and where."""
        super().__init__(message)
        self.message = message
        self.time = time
        self.stage = stage
        self.depth = depth
        self.partial = partial

    def sentence(self, name: Callable[[str], str] = str) -> str:
        """What failed, when and where."""
        place = "" if self.depth is None else f", worst at a depth of {self.depth * 1e9:.6g} nm"
        when = f"{name(f'stages[{self.stage}]')}, {self.time:.6g} s after the start of the experiment"
        return f"{self.message.rstrip('.')} ({when}{place})."


class FitError(IonscapeError):
    """A fit or a posterior that came to nothing that can be relied on."""


class HoppingError(IonscapeError):
    """Hops of ions that were followed for too short a time to mean anything.

    `least_hops` is how many a run needs to begin; None where that was not what failed.
    """

    least_hops: float | None = None


class PercolationError(IonscapeError):
    """No path of ion sites leads from one face of a lattice to the opposite one."""


class NetworkError(IonscapeError):
    """A network of conductances whose solution failed one of its tests."""


class SimulationInterrupted(IonscapeError):
    """The user stopped a simulation; `partial` is the result so far, None if there is none."""

    exit_status = 130

    def __init__(self, message: str = "the simulation was interrupted", *, partial: Any = None) -> None:
        """Keep the result so far."""
        super().__init__(message)
        self.partial = partial


def show_value(value: object) -> str:
    """A value as it would stand in a TOML file, shortened to a readable length."""
    return _shortened(toml_value(value), LONGEST_VALUE_SHOWN)


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 3] + "..."


def _readable(part: str) -> str:
    """A part of a sentence in which names from a file do not take more room than the sentence."""
    if len(part) > LONGEST_NAME_SHOWN:
        part = re.sub(rf"\S{{{LONGEST_NAME_SHOWN + 1},}}", lambda name: _shortened(name[0], LONGEST_NAME_SHOWN), part)
    return _shortened(part, LONGEST_PART_SHOWN)


def toml_value(value: object) -> str:
    """A value as it would stand behind the equals sign in a TOML file, tables in braces."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # The escapes of JSON are those of TOML, which only refuses a bare delete character besides.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        entries = [f"{toml_key(str(key))} = {toml_value(entry)}" for key, entry in value.items()]
        return "{ " + ", ".join(entries) + " }" if entries else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(entry) for entry in value) + "]"
    return str(value)


def nearest_name(name: str, known: Iterable[str], *, least: float = 0.0) -> str | None:
    """The known name that resembles `name` most, whatever the case of its letters; None if none does.

    Args:
        name: as it was written.
        known: names on offer.
        least: resemblance from 0 to 1 below which a name is not suggested.
    """
    candidates = {candidate.lower(): candidate for candidate in known}
    # Comparing takes a time that grows with the square of the length; a name that long resembles none.
    matches = difflib.get_close_matches(name[:LONGEST_PART_SHOWN].lower(), list(candidates), n=1, cutoff=least)
    return candidates[matches[0]] if matches else None


def toml_key(key: str) -> str:
    """A key as it stands in a TOML file, in quotation marks where it needs them."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else toml_value(key)


def error_entry(error: IonscapeError) -> dict[str, Any]:
    """An error as data for a file: its kind and its parts, without a partial result."""
    parts = {name: part for name, part in vars(error).items() if name != "partial"}
    return {"error": type(error).__name__, "args": error.args, "parts": parts}


def entered_error(entry: Mapping[str, Any]) -> IonscapeError:
    """An error from its entry; one of a kind unknown here says the same."""
    kinds = {kind.__name__: kind for kind in (InputError, MissingKey, ConvergenceError)}
    return _rebuild(kinds.get(entry["error"], IonscapeError), tuple(entry["args"]), entry["parts"])


def _rebuild(kind: type[IonscapeError], args: tuple[Any, ...], state: dict[str, Any]) -> IonscapeError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error
