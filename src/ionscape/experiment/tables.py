"""Tables of diffusion coefficients and of sites in CSV files, and where the text of such files comes from."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from ionscape.errors import InputError, nearest_name
from ionscape.experiment.landscape_table import text_of_mobility
from ionscape.files.csv_table import read_csv_table
from ionscape.files.fields import Bounds, InFile, Number, Quantity
from ionscape.files.text import read_named

COLUMNS = {
    "density": Quantity("number density", Bounds(at_least=0.0)),
    "coefficient": Quantity("diffusion coefficient", Bounds(above=0.0)),
}
HEADER_EXAMPLE = '"density (1/m^3), coefficient (m^2/s)"'

SITE_COLUMNS = {"energy": Quantity("energy"), "sites": Number(Bounds(at_least=0.0))}
SITES_BY_VOLUME = Quantity("number density", Bounds(at_least=0.0))
SITE_HEADER_EXAMPLE = '"energy (eV), sites"'


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
        """The text of a file; of a result of `ionscape mobility` its table.

        Raises:
            InputError: it is not there or not readable.
        """
        if name in self.texts:
            return self.texts[name]
        if self.given:
            remedy = f'the nearest attachment is "{nearest_name(name, self.given)}"; attach all files or none'
            raise InputError("is not among the [attachments]", remedy=remedy)
        path = self.folder / name
        self.texts[name] = text_of_mobility(path) if path.suffix == ".nc" else read_named(path)
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


def parse_site_table(text: str, *, file: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Read a histogram of sites over their energies.

    The first line names the two columns, `energy (eV), sites`, in any order and unit of energy; the sites are counted
    in any unit, which is not named, or as densities: `sites (1/m^3)`.

    Args:
        text: in CSV with commas, semicolons or tabs.
        file: its name, for messages.

    Returns:
        Energies [J] and sites in the intervals around them, each of shape (k,), k ≥ 2, energies increasing, sites not
        negative.

    Raises:
        InputError: naming the line, counted from 1.
    """
    table = read_csv_table(text, file=file)
    by_volume = any("(" in name and name.lower().startswith("sites") for name in table.names)
    wanted = {**SITE_COLUMNS, **({"sites": SITES_BY_VOLUME} if by_volume else {})}
    columns = table.quantities(wanted, example=SITE_HEADER_EXAMPLE)
    energies, sites = (tuple(columns[name].tolist()) for name in wanted)
    if len(table.rows) < 2:
        remedy = f"give a header line {SITE_HEADER_EXAMPLE} and two or more lines of numbers"
        raise InputError(f"has {len(table.rows)} lines of numbers", file=file, remedy=remedy)
    for (line, _), (before, energy) in zip(table.rows[1:], pairwise(energies), strict=True):
        if not energy > before:
            problem = "has an energy that is not greater than that of the line before"
            raise InputError(problem, file=file, key=f"line {line}", remedy="sort the lines by energy")
    if not any(sites):
        raise InputError("has no sites", file=file, remedy="give one of the energies more than 0 of them")
    return energies, sites
