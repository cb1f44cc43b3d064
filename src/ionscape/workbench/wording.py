"""Sentences of the package in the words of the page: labels in place of the keys of a file, no name of the file."""

from __future__ import annotations

import re

from ionscape.wording import in_words, label_of, name_of

__all__ = ["is_missing", "label_of", "name_of", "page_words"]

DOCUMENTS = ("analysis.toml", "series.toml")
_MISSING = re.compile(r"(?P<path>\S+): is missing; add (?:this table|it(?:, for example \S+ = (?P<example>.+))?)\.")
_NOT_DESCRIBED = re.compile(r'uses the ion "(?P<ion>[^"]+)", which is not described;.*')
_NO_NUMBER = "must be a number without quotation marks and unit"
_PER_CENT = re.compile(r'"([\d.]*\d) ?%"')
_BAD_UNIT = re.compile(r'"([^"]*)": has no valid unit')
_HOURS = re.compile(r"([\d.]*\d) ?h(?:ours?)? ?([\d.]*\d) ?min(?:utes?)?")
_POWER = re.compile(r"([\d.]*\d) ?[·⋅×*x] ?10\^?([+-]?\d+) ?(\D.*)?")
_PLAIN_DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹\N{MINUS SIGN}", "-0123456789-")
_BEGINNINGS = {
    "ions": "There are no ions yet: add the first one here.",
    "stages": "There are no stages yet: add the first one here.",
    "sample.native": "Please give: the native ions of the sample, each with its density, such as 1.4e28 1/m^3.",
}
"""What is said where a whole part is missing."""


def page_words(sentence: str) -> str:
    """A sentence of the package without the name of the document, its keys as the page calls them."""
    for name in DOCUMENTS:
        sentence = sentence.removeprefix(f"{name}: ")
    missing = _MISSING.fullmatch(sentence)
    if missing is not None:
        return _BEGINNINGS.get(missing["path"]) or _wanted(missing["path"], missing["example"])
    return in_words(_of_the_page(sentence))


def is_missing(sentence: str) -> bool:
    """Whether a sentence of the package says that something is not there yet, rather than that it is wrong."""
    for name in DOCUMENTS:
        sentence = sentence.removeprefix(f"{name}: ")
    return _MISSING.fullmatch(sentence) is not None


def _of_the_page(sentence: str) -> str:
    """A sentence with the remedy of the page, where that of a file does not fit or is none."""
    gone = _NOT_DESCRIBED.search(sentence)
    if gone is not None:
        return f"{sentence[: gone.start()]}uses the ion {gone['ion']}, which is not there: choose another ion."
    if _NO_NUMBER in sentence:
        share = _PER_CENT.search(sentence)
        told = sentence.replace(_NO_NUMBER, "must be a plain number")
        return f"{told[: told.index(';')]}; write {float(share[1]) / 100.0:g}." if share and ";" in told else told
    typed = _BAD_UNIT.search(sentence)
    remedy = None if typed is None else _spelled(typed[1])
    return f"{sentence[: sentence.index(';')]}; write {remedy}." if remedy and ";" in sentence else sentence


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
