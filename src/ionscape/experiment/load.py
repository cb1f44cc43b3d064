"""From an experiment file to an `Experiment`; whatever is wrong becomes one `InputError`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ionscape.errors import InputError
from ionscape.experiment.models import Experiment
from ionscape.experiment.tables import Attachments
from ionscape.files.schema import schema_of
from ionscape.files.text import read_text
from ionscape.files.toml import parse_toml
from ionscape.files.validation import read_table

MEASUREMENT_TABLES = ("measurement", "fit")
"""Tables of a document that holds a measurement and its fit beside the experiment; others read them."""
USE_CALIBRATE = "use `ionscape calibrate`, or give the experiment file of its sample"

USE_FIT = "use `ionscape fit`, or give the experiment file that it names"


def load_experiment(path: str | Path) -> Experiment:
    """Read an experiment file (TOML).

    CSV files that it refers to are looked for in its folder.

    Raises:
        InputError: the file cannot be read or something in it cannot be used; names file, key, value, bound and remedy.
    """
    return parse_experiment(read_text(Path(path)), file=str(path), folder=Path(path).parent)


def parse_experiment(text: str, *, file: str | None = None, folder: str | Path = ".") -> Experiment:
    """Make an experiment from the text of an experiment file; tables [measurement] and [fit] in it are passed over.

    Args:
        text: in TOML.
        file: name of the file, for messages; None if there is none.
        folder: where CSV files lie to which the text refers; not used if it has a table [attachments].

    Raises:
        InputError: something in the text cannot be used; names file, key, value, bound and remedy.
    """
    data = parse_toml(text, file=file)
    if "measurement" in data and "sample" not in data:
        raise InputError(
            "is a measurement file, not an experiment file", file=file, remedy=USE_CALIBRATE, code="measurement_file"
        )
    if "fit" in data and "experiment" in data and "sample" not in data:
        raise InputError("is a fit file, not an experiment file", file=file, remedy=USE_FIT, code="measurement_file")
    data = of_experiment(data)
    given = data.get("attachments")
    texts = {name: entry for name, entry in given.items() if isinstance(entry, str)} if isinstance(given, dict) else {}
    attachments = Attachments(given=texts, folder=Path(folder))
    experiment = read_table(Experiment, data, file=file, context=attachments)
    return experiment.with_origin(source=text, file=file, attachments=attachments.texts)


def of_experiment(data: Mapping[str, Any]) -> dict[str, Any]:
    """The tables of a document that belong to its experiment."""
    return {key: value for key, value in data.items() if key not in MEASUREMENT_TABLES}


def experiment_schema() -> dict[str, Any]:
    """JSON schema of the experiment file, as it stands in TOML.

    Quantities are texts with a number and a unit: `x-dimension` says what they measure, `x-unit` is the SI unit in
    which `x-bounds` (JSON schema keywords) are given. Every key has a description, quantities and numbers have
    examples.
    """
    return schema_of(Experiment, title="ionscape experiment file")
