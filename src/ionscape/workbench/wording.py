"""Sentences of the package in the words of the page: labels in place of the keys of a file, no name of the file."""

from __future__ import annotations

import re

from ionscape.wording import in_words, label_of, name_of

__all__ = ["is_missing", "label_of", "name_of", "page_words"]

DOCUMENTS = ("analysis.toml", "series.toml")
_MISSING = re.compile(r"(?P<path>\S+): is missing; add (?:this table|it(?:, for example \S+ = (?P<example>.+))?)\.")
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
    return in_words(sentence)


def is_missing(sentence: str) -> bool:
    """Whether a sentence of the package says that something is not there yet, rather than that it is wrong."""
    for name in DOCUMENTS:
        sentence = sentence.removeprefix(f"{name}: ")
    return _MISSING.fullmatch(sentence) is not None


def _wanted(path: str, example: str | None) -> str:
    """What is missing, with an example as it is typed."""
    name = name_of(path)
    simple = example is not None and example[:1] not in "[{"
    return f"Please give: {name}" + (f", such as {(example or '').strip(chr(34))}." if simple else ".")
