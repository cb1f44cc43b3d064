"""Tables of diffusion coefficients in CSV files, and where the text of such files comes from."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from ionscape.errors import InputError, nearest_name
from ionscape.files.csv_table import read_csv_table
from ionscape.files.fields import Bounds, InFile, Quantity
from ionscape.files.text import read_named

COLUMNS = {
    "density": Quantity("number density", Bounds(at_least=0.0)),
    "coefficient": Quantity("diffusion coefficient", Bounds(above=0.0)),
}
HEADER_EXAMPLE = '"density (1/m^3), coefficient (m^2/s)"'


class Attachments(InFile):
    """The texts of the files that an experiment refers to.

    Args:
        given: texts by the name used in the experiment file; where it is not empty nothing is read from disk.
        folder: where the files lie otherwise.
    """

    def __init__(self, *, given: Mapping[str, str], folder: Path) -> None:
        """Start with the given texts."""
        self.given = dict(given)
        self.folder = folder
        self.texts = dict(given)
        """All texts given or read so far, by name."""

    def text(self, name: str) -> str:
        """The text of a file.

        Raises:
            InputError: it is not there or not readable.
        """
        if name in self.texts:
            return self.texts[name]
        if self.given:
            remedy = f'the nearest attachment is "{nearest_name(name, self.given)}"; attach all files or none'
            raise InputError("is not among the [attachments]", remedy=remedy)
        self.texts[name] = read_named(self.folder / name)
        return self.texts[name]


def parse_diffusion_table(text: str, *, file: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Read a table of diffusion coefficients.

    The first line names the two columns with their units, `density (1/m^3), coefficient (m^2/s)`, in any order; see
    `ionscape.files.csv_table`.

    Args:
        text: in CSV with commas, semicolons or tabs.
        file: its name, for messages.

    Returns:
        Densities [1/m^3] and coefficients [m^2/s], each of shape (k,), k ≥ 2, densities increasing and not negative,
        coefficients positive.

    Raises:
        InputError: naming the line, counted from 1.
    """
    table = read_csv_table(text, file=file)
    columns = table.quantities(COLUMNS, example=HEADER_EXAMPLE)
    densities, coefficients = (tuple(columns[name].tolist()) for name in COLUMNS)
    if len(table.rows) < 2:
        remedy = f"give a header line {HEADER_EXAMPLE} and two or more lines of numbers"
        raise InputError(f"has {len(table.rows)} lines of numbers", file=file, remedy=remedy)
    for (line, _), (before, density) in zip(table.rows[1:], pairwise(densities), strict=True):
        if not density > before:
            problem = "has a density that is not greater than that of the line before"
            raise InputError(problem, file=file, key=f"line {line}", remedy="sort the lines by density")
    return densities, coefficients
