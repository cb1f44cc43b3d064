"""Hops in time as tables: of one landscape, and means over those of glasses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ionscape.cli.table import NO_VALUE, print_table, print_warnings
from ionscape.files.quantities import with_error

if TYPE_CHECKING:
    from ionscape.hopping import Hops
    from ionscape.series import HopsOfGlasses

SHOWN = {
    "conductivity": "σ / S/m",
    "network_ratio": "σ / σ of the network",
    "diffusion_coefficient": "D_σ / m²/s",
    "tracer_diffusion_coefficient": "tracer D / m²/s",
    "haven_ratio": "Haven ratio",
}


def print_hops(result: HopsOfGlasses) -> None:
    """Print the means with their standard errors, a line for each composition and temperature, and the remarks."""
    from rich.console import Console

    summary = result.summary()
    count = summary["landscapes"]
    what = f"standard errors over {count} landscapes" if count > 1 else "standard errors of the run"
    rows = [[f"{entry['x']:.4g}", f"{entry['temperature']:.5g}", *_cells(entry)] for entry in summary["hops"]]
    print_table(Console(), f"{summary['title']} ({what})", ["x", "T / K", *SHOWN.values()], rows)
    print_warnings(result.warnings)


def print_landscape(result: Hops) -> None:
    """Print the values of one landscape with their standard errors, and the remarks."""
    from rich.console import Console

    summary = result.summary()
    rows = [[f"{summary['temperature']:.5g}", f"{summary['ions']:.6g}", *_cells(summary)]]
    print_table(Console(), summary["title"] or "hops of a landscape", ["T / K", "ions", *SHOWN.values()], rows)
    print_warnings(result.warnings)


def _cells(entry: Mapping[str, Any]) -> list[str]:
    cells: list[str] = []
    for name in SHOWN:
        value, error = entry[name], entry[f"{name}_error"]
        cells.append(" ± ".join(with_error(value, error)) if math.isfinite(value) else NO_VALUE)
    return cells
