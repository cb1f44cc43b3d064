"""Remarks: what a reader must know, as data, and the one place where they become sentences.

Whoever makes remarks of a kind states its code and its sentence at one place, a `Kind`. Nobody reads a sentence back.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from ionscape.files.quantities import DIMENSIONS, DimensionName, format_quantity

Name = Callable[[str], str]
"""How an audience calls a path, such as `stages[0].beam_current`."""


@dataclass(frozen=True, kw_only=True)
class Remark:
    """Something that a reader must know and that is no error; `str` gives it as the sentence of the command line.

    Attributes:
        code: what kind of remark it is, such as "at_bound".
        about: paths and names of parameters, which audiences call differently.
        numbers: values in SI units, and other texts, by what they are.
    """

    code: str
    about: tuple[str, ...] = ()
    numbers: Mapping[str, Any] = field(default_factory=dict[str, Any], hash=False)

    def __str__(self) -> str:
        return sentence(self)


Sentence = str | Callable[[Remark, Name], str]
"""Of a kind of remarks: a format string, or a function of a remark and of what its audience calls a path.

A format string refers to `about` by place or, listed, by its name, to `numbers` by name, and to a path that is always
the same by `{path[sample.thickness]}`. Values in SI units are shown with a unit where the format is a dimension and a
number of digits, or "percent" and that number: `{cell:length 3}`.
"""
_SENTENCES: dict[str, Sentence] = {}


@dataclass(frozen=True)
class Kind:
    """A kind of remarks: called with paths and values, it makes one.

    Attributes:
        code: no other kind has it.
        sentence: what everybody is told who has no words of his own for it.

    Examples:
        >>> LARGE = Kind("example", "{0} is {value:length 3}: check its unit.")
        >>> print(LARGE("sample.thickness", value=2.0))
        sample.thickness is 2 m: check its unit.
    """

    code: str
    sentence: Sentence

    def __post_init__(self) -> None:
        """Make the sentence known, also to those who read the code in a file."""
        _SENTENCES[self.code] = self.sentence

    def __call__(self, *about: str, **numbers: Any) -> Remark:
        """A remark of this kind."""
        return Remark(code=self.code, about=about, numbers=numbers)


AS_WRITTEN = Kind("as_written", "{text}")
"""Of which only the sentence is known, as in files of ionscape 0.1.0."""


class Remarked(ABC):
    """What has remarks, which are also there as sentences."""

    @property
    @abstractmethod
    def remarks(self) -> tuple[Remark, ...]:
        """What a reader must know, as data."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """The remarks, one sentence each."""
        return tuple(map(str, self.remarks))


class _Names:
    """What an audience calls a path, by the path."""

    def __init__(self, name: Name) -> None:
        self._name = name

    def __getitem__(self, path: str) -> str:
        return self._name(path)


class _Value(float):
    """A number that is shown with a unit."""

    def __format__(self, form: str) -> str:
        dimension, _, digits = form.rpartition(" ")
        if dimension == "percent":
            return in_percent(self, digits=int(digits))
        if dimension not in DIMENSIONS:
            return super().__format__(form)
        return format_quantity(self, cast(DimensionName, dimension), digits=int(digits))


def in_percent(share: float, *, digits: int) -> str:
    """A share in per cent, never with an exponent."""
    return f"{float(f'{100.0 * share:.{digits}g}'):g} %"


class _Values(tuple[Any, ...]):
    """Several of them, each in the same format."""

    def __format__(self, form: str) -> str:
        return listed([format(value, form) for value in self])


def listed(words: Sequence[str]) -> str:
    """Words as a sentence lists them: a, b and c."""
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def sentence(remark: Remark, *, name: Name = str, own: Mapping[str, Sentence] | None = None) -> str:
    """A remark in the words of an audience.

    Args:
        remark: what is to be said.
        name: how this audience calls a path.
        own: sentences of this audience, by code, in place of those that everybody is told.
    """
    said = (own or {}).get(remark.code, _SENTENCES[remark.code])
    if not isinstance(said, str):
        return said(remark, name)
    names = _Values(map(name, remark.about))
    numbers = {key: _shown(value) for key, value in remark.numbers.items()}
    return said.format(*names, about=names, path=_Names(name), **numbers)


def _shown(value: Any) -> Any:
    if isinstance(value, tuple):
        return _Values(map(_shown, cast(tuple[Any, ...], value)))
    return _Value(value) if isinstance(value, float) else value


def of_kinds(remarks: Iterable[Remark], *kinds: Kind) -> list[Remark]:
    """Those remarks that are of one of these kinds."""
    codes = {kind.code for kind in kinds}
    return [remark for remark in remarks if remark.code in codes]


def remark_entries(remarks: Iterable[Remark]) -> dict[str, list[Any]]:
    """Remarks as entries of a summary: the sentences, and the same as data."""
    kept = list(remarks)
    return {"warnings": list(map(str, kept)), "remarks": list(map(asdict, kept))}


def remark_attributes(remarks: Iterable[Remark]) -> dict[str, str]:
    """Remarks as attributes of a stored result: its sentences are for those who read the file with other programs."""
    return {key: json.dumps(value, ensure_ascii=False) for key, value in remark_entries(remarks).items()}


def stored_remarks(attributes: Mapping[Any, Any]) -> tuple[Remark, ...]:
    """Remarks from the attributes of a stored result."""
    return entered_remarks({key: json.loads(attributes[key]) for key in ("remarks", "warnings") if key in attributes})


def entered_remarks(entries: Mapping[str, Any]) -> tuple[Remark, ...]:
    """Remarks from their entries in a summary; of older files, and of codes unknown here, the sentences."""
    sentences = entries.get("warnings", ())
    if "remarks" not in entries:
        return tuple(AS_WRITTEN(text=text) for text in sentences)
    return tuple(entered_remark(each, text) for each, text in zip(entries["remarks"], sentences, strict=True))


def entered_remark(entry: Mapping[str, Any], text: str) -> Remark:
    """A remark from its entry; of a code unknown here, the sentence."""
    if entry["code"] not in _SENTENCES:
        return AS_WRITTEN(text=text)
    return Remark(code=entry["code"], about=tuple(entry["about"]), numbers=_tuples(entry["numbers"]))


def _tuples(numbers: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(cast(list[Any], value)) if isinstance(value, list) else value for key, value in numbers.items()}
