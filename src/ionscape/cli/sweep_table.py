"""A sweep as a table of its points, and as JSON in SI units."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ionscape.cli.table import (
    ROWS,
    Row,
    missing_figures,
    print_table,
    print_warnings,
    rows_by_ion,
    with_charges_by_ion,
)
from ionscape.files.quantities import dimension_of
from ionscape.results import SweepResult

if TYPE_CHECKING:
    import xarray
    from rich.console import Console

POINTS_SHOWN = 30
MISSING = "missing"
CHARGES = "injected_charges"
FIGURES = {
    "collected_charge": "charge", "front_depth": "front depth", "front_width": "front width", "plateau": "plateau",
}  # fmt: skip
"""What the table shows of the summary of a stage, and how its column is called."""


def print_sweep(console: Console, dataset: xarray.Dataset) -> None:
    """Print the points of a sweep, a line each: values varied, charges of all stages, front and plateau at the end."""
    from rich.table import Column

    found = SweepResult(dataset=dataset).summary()
    points: Sequence[Mapping[str, Any]] = found["points"]
    axes = [
        _axis_row(str(axis.attrs["path"]), str(axis.attrs["units"])).suited(axis.values.tolist())
        for axis in (dataset[name] for name in dataset["error"].dims)
    ]
    lines = [_figures(point["stages"]) for point in points]
    by_ion = rows_by_ion(lines)
    # where ions are exchanged one for one no charge is collected
    idle = bool(by_ion) and not any(line["collected_charge"] for line in lines)
    named = [replace(row, label=FIGURES[row.key]) for row in ROWS if row.key in FIGURES]
    rows = [row.suited(line.get(row.key) for line in lines)
            for row in (*by_ion, *named) if not (idle and row.key == "collected_charge")]  # fmt: skip
    cells: list[list[str]] = []
    for point, line in zip(points[:POINTS_SHOWN], lines[:POINTS_SHOWN], strict=True):
        values = [row.shown(point["values"][row.key]) for row in axes]
        figures = (
            ["failed", *("" for _ in rows[1:])] if point["error"] else [row.shown(line.get(row.key)) for row in rows]
        )
        cells.append([*values, *figures])
    columns = [Column(row.heading, overflow="fold", justify="right") for row in (*axes, *rows)]
    print_table(console, found["title"], columns, cells)
    if len(points) > POINTS_SHOWN:
        console.print(f"… and {len(points) - POINTS_SHOWN} more points", highlight=False, markup=False)
    _print_missing(console, points[:POINTS_SHOWN])
    print_warnings(found["warnings"])


def _print_missing(console: Console, points: Sequence[Mapping[str, Any]]) -> None:
    """Why figures of the last stage are missing, each reason once, with the points (from 1) that it holds for."""
    where: dict[str, list[int]] = {}
    for number, point in enumerate(points, start=1):
        reasons: Mapping[str, str] = point["stages"][-1].get(MISSING, {}) if not point["error"] else {}
        for sentence in missing_figures({key: reason for key, reason in reasons.items() if key in FIGURES}):
            where.setdefault(sentence, []).append(number)
    for sentence, numbers in where.items():
        shown = ", ".join(map(str, numbers))
        console.print(
            f"{'point' if len(numbers) == 1 else 'points'} {shown}: {sentence}", highlight=False, markup=False
        )


def _axis_row(path: str, unit: str) -> Row:
    """What shows the values of a parameter, called by the words of its path that tell."""
    label = " ".join(word.replace("_", " ") for word in path.split(".") if word not in ("ions", "diffusion"))
    dimension = dimension_of(unit)
    if dimension is not None:
        return Row(key=path, label=label, dimension=dimension, form=".6g")
    shown = {"1": ""}.get(unit, f"({unit})" if "/" in unit else unit)
    return Row(key=path, label=label, unit=shown, form=".6g")


def _figures(stages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The figures of one point: charges of all stages together, the others at the end of the last."""
    charge = math.fsum(stage["collected_charge"] for stage in stages)
    by_ion = {ion: math.fsum(stage[CHARGES][ion] for stage in stages) for ion in stages[-1].get(CHARGES, {})}
    # a point that failed has no numbers, and no ions that passed
    passed = {ion: value for ion, value in by_ion.items() if math.isfinite(value)}
    return with_charges_by_ion(
        {**{key: stages[-1][key] for key in FIGURES}, "collected_charge": charge, CHARGES: passed}
    )
