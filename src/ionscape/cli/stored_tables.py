"""Stored fits and sweeps as CSV tables, units in the heads or in a column of their own."""

from __future__ import annotations

import csv
import io
import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import xarray

OF_A_PARAMETER = (
    "estimate", "estimate_error", "lower_95", "upper_95", "lower_68", "upper_68", "lower_bound", "upper_bound",
)  # fmt: skip


def fit_table(data: xarray.Dataset) -> str:
    """Write the parameters of a fit as CSV text, a row for each, in the SI unit that stands beside its name.

    Args:
        data: dataset of a `FitResult`.
    """
    rows = [
        [str(name), str(data["unit"].values[place]) or "1", str(data["kind"].values[place]),
         *(float(data[column].values[place]) for column in OF_A_PARAMETER)]
        for place, name in enumerate(data["parameter"].values)
    ]  # fmt: skip
    return _text(["parameter", "unit", "kind", *OF_A_PARAMETER], rows)


def sweep_table(data: xarray.Dataset) -> str:
    """Write the figures of a sweep as CSV text in SI units, a row for each point and stage (counted from 1).

    Args:
        data: of `ionscape.sweep`.
    """
    axes = list(map(str, data["error"].dims))
    figures = [
        str(name)
        for name, variable in data.data_vars.items()
        if variable.dims == (*axes, "stage") and variable.dtype.kind == "f"
    ]
    heads = [f"{data[name].attrs['path']} ({data[name].attrs['units']})" for name in axes]
    heads += ["stage", "kind", *(f"{name} ({data[name].attrs['units']})" for name in figures), "error"]
    rows: list[list[Any]] = []
    for place in itertools.product(*(range(data.sizes[name]) for name in axes)):
        point = data.isel(dict(zip(axes, place, strict=True)))
        values = [float(point[name]) for name in axes]
        for stage, kind in enumerate(data["kind"].values):
            numbers = [float(point[name].values[stage]) for name in figures]
            rows.append([*values, str(stage + 1), str(kind), *numbers, str(point["error"].item())])
    return _text(heads, rows)


def _text(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows([[_cell(value) for value in row] for row in rows])
    return stream.getvalue()


def _cell(value: Any) -> str:
    """A number with all its digits that tell something, empty if there is none; a text as it is."""
    if isinstance(value, str):
        return value
    return f"{value:.10g}" if math.isfinite(value) else ""
