"""Errors and remarks in the words of the page: labels in place of the keys of a file, no name of the file."""

from __future__ import annotations

import re

from ionscape.errors import InputError, IonscapeError, MissingKey
from ionscape.remarks import Remark, sentence
from ionscape.wording import name_of

DOCUMENTS = ("analysis.toml", "series.toml", "landscapes.toml")
_PER_CENT = re.compile(r"([\d.]*\d) ?%")
_HOURS = re.compile(r"([\d.]*\d) ?h(?:ours?)? ?([\d.]*\d) ?min(?:utes?)?")
_POWER = re.compile(r"([\d.]*\d) ?[·⋅×*x] ?10\^?([+-]?\d+) ?(\D.*)?")
_PLAIN_DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹\N{MINUS SIGN}", "-0123456789-")
_BEGINNINGS = {
    "ions": "There are no ions yet: add the first one here.",
    "stages": "There are no stages yet: add the first one here.",
    "sample.native": "Please give: the native ions of the sample, each with its density, such as 1.4e28 1/m^3.",
}
"""What is said where a whole part is missing."""


def page_words(said: IonscapeError | Remark) -> str:
    """An error or a remark in the words of the page: without the name of the document, with its names of keys."""
    if isinstance(said, Remark):
        return sentence(said, name=name_of)
    if isinstance(said, MissingKey):
        return _BEGINNINGS.get(said.key or "") or _wanted(said.key or "", said.example)
    return (_of_the_page(said) if isinstance(said, InputError) else said).sentence(name_of)


def _of_the_page(error: InputError) -> InputError:
    """The error with the remedy of the page, where that of a file does not fit or is none."""
    found = error.replace(file=None if error.file in DOCUMENTS else error.file)
    value = error.value if isinstance(error.value, str) else ""
    if error.code == "unknown_ion":
        found.remedy = "choose another ion"
    elif error.code == "not_a_number":
        found.problem = "must be a plain number"
        share = _PER_CENT.fullmatch(value)
        found.remedy = f"write {float(share[1]) / 100.0:g}" if share else error.remedy
    elif error.code == "no_unit":
        readable = _spelled(value)
        found.remedy = f"write {readable}" if readable else error.remedy
    return found


def _spelled(text: str) -> str | None:
    """A time of two units, or a power of ten as it is printed, as it can be read; None for anything else."""
    time = _HOURS.fullmatch(text)
    if time is not None:
        return f"{float(time[1]) + float(time[2]) / 60.0:.6g} h"
    power = _POWER.fullmatch(text.translate(_PLAIN_DIGITS))
    return None if power is None else f"{power[1]}e{int(power[2])} {power[3]}".rstrip()


def _wanted(path: str, example: str | None) -> str:
    """What is missing, with an example as it is typed."""
    name = name_of(path)
    simple = example is not None and example[:1] not in "[{"
    return f"Please give: {name}" + (f", such as {(example or '').strip(chr(34))}." if simple else ".")
