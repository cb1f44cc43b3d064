"""What becomes of a document when a file of the command line is opened in it: no part is lost that the file has not."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from ionscape.errors import InputError
from ionscape.experiment import Experiment
from ionscape.experiment.load import MEASUREMENT_TABLES
from ionscape.files.toml import parse_toml

OTHER_PARTS = (*MEASUREMENT_TABLES, "datasets")
PARTS = ("experiment", *OTHER_PARTS)
_WORDS = {"datasets": "data sets"}


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A document with the parts of a file.

    Attributes:
        text: of the document.
        kept_keys: top-level keys whose values are those of the document before.
        sentence: what was kept and what was replaced; empty if the document had nothing before.
    """

    text: str
    kept_keys: tuple[str, ...]
    sentence: str


def with_opened(document: str, opened: str, *, file: str) -> Opened:
    """Put the experiment, measurement and fit of a file into a document in place of its own; the others stay.

    Args:
        document: text of the document of a project.
        opened: text of the file.
        file: its name, for sentences.

    Raises:
        InputError: the file is not TOML, or has none of the parts.
    """
    mine, theirs = tomllib.loads(document), parse_toml(opened, file=file)
    given, had = _parts(theirs), _parts(mine)
    if isinstance(theirs.get("experiment"), str) and "experiment" not in given:
        if "experiment" in had:
            del theirs["experiment"]  # the name of a file beside the opened one; a document has one experiment
        else:
            given = ("experiment", *given)
    if not given:
        raise InputError(
            "holds no experiment, measurement or fit", file=file, remedy="open a file that has one of them"
        )
    kept = {key: value for key, value in mine.items() if key != "title" and _part(key) not in given}
    goes_on = "experiment" in had and "experiment" not in given
    if goes_on and "title" in mine and "title" not in theirs:
        kept["title"] = mine["title"]
    sources = [(opened, theirs), (document, kept)]
    return Opened(
        text=_joined(*(reversed(sources) if goes_on else sources)),  # the experiment comes first
        kept_keys=tuple(key for key in kept if key != "title"),
        sentence=_sentence(file, given, had),
    )


def preset(name: str) -> bytes:
    """A file that comes with the workbench, to begin with."""
    return (files("ionscape.workbench") / "presets" / name).read_bytes()


def _part(key: str) -> str:
    return key if key in OTHER_PARTS else "experiment"


def _parts(data: Mapping[str, Any]) -> tuple[str, ...]:
    """The parts that a document has itself."""
    described = any(key in data for key in Experiment.model_fields if key != "title")
    return tuple(part for part in PARTS if (part in data if part in OTHER_PARTS else described))


def _joined(first: tuple[str, Mapping[str, Any]], second: tuple[str, Mapping[str, Any]]) -> str:
    """The wanted values of two texts as one text, with their comments."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    values = {**first[1], **second[1]}
    try:
        text, rest = (_only(*source) for source in (first, second))
        if rest.strip():
            text = f"{text.rstrip()}\n\n{rest.strip()}\n".lstrip()
        if tomllib.loads(text) == values:
            return text
    except (TOMLKitError, ValueError, TypeError, LookupError, AttributeError):
        pass
    # what matters is the values; comments are lost only where the texts cannot be put together
    return tomlkit.dumps(values)


def _only(text: str, wanted: Mapping[str, Any]) -> str:
    """A text without its top-level keys that are not wanted; the same to the last sign if all are."""
    import tomlkit

    document = tomlkit.parse(text)
    if all(key in wanted for key in document):
        return text
    kept = tomlkit.document()
    for key in document:
        if key in wanted:
            kept[key] = document[key]
    return tomlkit.dumps(kept)


def _sentence(file: str, given: tuple[str, ...], had: tuple[str, ...]) -> str:
    kept = [_WORDS.get(part, part) for part in had if part not in given]
    gone = [_WORDS.get(part, part) for part in had if part in given and part != "experiment"]
    sentences: list[str] = []
    if kept:
        what = "those" if len(kept) > 1 else "that"
        stays = "stay" if len(kept) > 1 else "stays"
        sentences.append(f"{file} holds no {' and no '.join(kept)}: {what} of the project {stays}.")
    if gone:
        was = "were replaced by those" if len(gone) > 1 else "was replaced by that"
        sentences.append(
            f"The {' and the '.join(gone)} of the project {was} of {file}; the curved arrow takes that back."
        )
    return " ".join(sentences)
