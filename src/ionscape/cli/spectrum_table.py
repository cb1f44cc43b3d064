"""Conductivity spectra as tables: of one landscape, and means over those of glasses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ionscape.cli.table import NO_VALUE, print_table, print_warnings
from ionscape.files.quantities import with_error

if TYPE_CHECKING:
    from ionscape.hopping import ConductivitySpectrum
    from ionscape.series import SpectraOfGlasses

HEADER = ["T / K", "σ(0) / S/m", "σ(∞) / S/m", "τ / s", "estimated error"]


def print_spectra(result: SpectraOfGlasses) -> None:
    """Print dc and high-frequency conductivities, a line for each composition and temperature, and the remarks."""
    from rich.console import Console

    summary = result.summary()
    rows: list[list[str]] = []
    for entry in summary["spectra"]:
        value, error = entry["dc_conductivity"], entry["dc_conductivity_error"]
        direct = " ± ".join(with_error(value, error)) if math.isfinite(error) else f"{value:.4g}"
        rows.append([f"{entry['x']:.4g}", f"{entry['temperature']:.5g}", direct,
                     f"{entry['high_frequency_conductivity']:.4g}", f"{entry['relaxation_time']:.3g}",
                     f"{entry['estimated_error']:.1g}"])  # fmt: skip
    count = summary["landscapes"]
    what = f"standard errors over {count} landscapes" if count > 1 else "one landscape"
    print_table(Console(), f"{summary['title']} ({what})", ["x", *HEADER], rows)
    print_warnings(result.warnings)


def print_spectrum(result: ConductivitySpectrum) -> None:
    """Print the scalars of the spectrum of one landscape, and the remarks."""
    from rich.console import Console

    found = result.summary()
    names = ("dc_conductivity", "high_frequency_conductivity", "relaxation_time", "estimated_error")
    cells = [f"{found[name]:.4g}" if math.isfinite(found[name]) else NO_VALUE for name in names]
    row = [f"{found['temperature']:.5g}", *cells]
    print_table(Console(), found["title"] or "spectrum of a landscape", HEADER, [row])
    print_warnings(result.warnings)
