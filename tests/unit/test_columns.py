"""Numbers as other countries write them, in every table that is no export: read whole, or refused with the reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ionscape.errors import InputError
from ionscape.experiment.tables import parse_diffusion_table
from ionscape.glass import read_literature, read_measured_units
from ionscape.inference.data_set import _current_curve

DENSITIES = "density (1/nm^3), coefficient (nm^2/s)\n0.5, 1.25\n14, 20\n"
CURRENT = "time (h), current (nA)\n0.5, 31.5\n2, 20\n"
UNITS = "x,P2,B3\n0.25,75,25\n0.5,50,50\n"
LITERATURE = "ID,Li2O,B2O3,P2O5,RO20,Year\na,40.5,30,29.5,12.5,1998\n"


def density_table(path: Path) -> list[list[float]]:
    return np.array(parse_diffusion_table(path.read_text(encoding="utf-8"), file=str(path))).tolist()


def current(path: Path) -> list[list[float]]:
    return _current_curve(path, 0.1)[:2].tolist()


def units(path: Path) -> list[list[float]]:
    return [[x, found.fractions["B3"]] for x, found in read_measured_units(path)]


def literature(path: Path) -> list[list[float]]:
    return [[glass.alkali_oxide_fraction, glass.conductivity[293.15]] for glass in read_literature(path)]


READERS = [
    (density_table, DENSITIES, [[0.5e27, 14e27], [1.25e-18, 20e-18]]),
    (current, CURRENT, [[1800.0, 7200.0], [31.5e-9, 20e-9]]),
    (units, UNITS, [[0.25, 0.25], [0.5, 0.5]]),
    (literature, LITERATURE, [[0.405, 10.0**-10.5]]),
]


def with_commas(text: str, *, parting: str, quoted: bool) -> str:
    """A table with decimal commas in its numbers."""
    head, *rows = text.splitlines()

    def cell(number: str) -> str:
        comma = number.strip().replace(".", ",")
        return f'"{comma}"' if quoted and "," in comma else comma

    lines = [parting.join(map(cell, row.split(","))) for row in rows]
    return "\n".join([head.replace(",", parting), *lines]) + "\n"


@pytest.mark.parametrize(("read", "text", "expected"), READERS)
def test_decimal_commas_are_read_whole(
    read: Callable[[Path], object], text: str, expected: list[list[float]], tmp_path: Path
) -> None:
    path = tmp_path / "table.csv"
    for content in (
        text,
        with_commas(text, parting=",", quoted=True),
        with_commas(text, parting=";", quoted=False),
        with_commas(text, parting="\t", quoted=False),
    ):
        path.write_text(content, encoding="utf-8")
        assert np.array(read(path)) == pytest.approx(np.array(expected))


@pytest.mark.parametrize(("read", "text"), [(read, text) for read, text, _ in READERS])
def test_decimal_commas_that_cut_cells_are_refused(read: Callable[[Path], object], text: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(with_commas(text, parting=",", quoted=False), encoding="utf-8")
    with pytest.raises(InputError, match=r"line 2.*(values|number)") as caught:
        read(path)
    assert "decimal comma" in str(caught.value)


@pytest.mark.parametrize(
    ("read", "text", "words"),
    [
        (
            density_table,
            "density (1/um^3), coefficient (nm^2/s)\n500, 1e-3\n1.500, 2e-3\n",
            ["line 3, column 1", "may be 1500"],
        ),
        (density_table, DENSITIES.replace("20", '"20,5"'), ["line 3, column 2", "another decimal mark"]),
        (density_table, DENSITIES.replace("14", "1.234.567"), ["line 3, column 1", "thousands separators"]),
        (current, CURRENT.replace("31.5", "1.315"), ["line 2, column 2", "may be 1315"]),
        (current, CURRENT.replace("31.5", '"31,5"'), ["line 2, column 2", "another decimal mark"]),
        (current, "time (s);current (pA)\n0;8500\n36.000;8450\n72.000;8400\n", ["line 3, column 1", "may be 36000"]),
        (current, "1, 2\n" + CURRENT, ["does not name its columns"]),
        (current, "lab\n\ntime (h), I (nA)\n0.5, 31.5\n", ["does not name its columns"]),
        (current, "time (h), current (nA)\n", ["has no numbers"]),
        (current, CURRENT.replace("31.5", "1 315.2"), ["line 2", "thousands separators"]),
        (literature, LITERATURE.replace("1998", "1.998"), ["line 2, Year", "thousands separator"]),
    ],
)
def test_numbers_that_may_be_others_are_refused(
    read: Callable[[Path], object], text: str, words: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read(path)
    for word in (*words, "table.csv"):
        assert word in str(caught.value)


@pytest.mark.parametrize("parting", [",", ";", "\t"])
def test_titles_may_stand_above_a_current_curve(parting: str, tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    path.write_text("lab, 2024\n\n# remark\n" + CURRENT.replace(", ", parting), encoding="utf-8")
    assert np.array(current(path)) == pytest.approx(np.array([[1800.0, 7200.0], [31.5e-9, 20e-9]]))
    path.write_text("lab\n" + CURRENT.replace("31.5", "x"), encoding="utf-8")
    with pytest.raises(InputError, match="line 3"):
        current(path)
