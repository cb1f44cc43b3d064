"""Conductivity spectra as tables: of one landscape, and means over those of glasses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ionscape.cli.table import NO_VALUE, print_table, print_warnings

if TYPE_CHECKING:
    from ionscape.hopping import ConductivitySpectrum
    from ionscape.series import SpectraOfGlasses


def print_spectra(result: SpectraOfGlasses) -> None:
    """Print dc and high-frequency conductivities, a line for each composition and temperature, and the remarks."""
    from rich.console import Console

    from ionscape.series.landscape_rows import spectra_rows

    table = spectra_rows(result)
    print_table(Console(), table.title, table.head, table.rows)
    print_warnings(result.warnings)


def print_spectrum(result: ConductivitySpectrum) -> None:
    """Print the scalars of the spectrum of one landscape, and the remarks."""
    from rich.console import Console

    from ionscape.series.landscape_rows import SPECTRUM_SHOWN

    found = result.summary()
    names = ("dc_conductivity", "high_frequency_conductivity", "relaxation_time", "estimated_error")
    cells = [f"{found[name]:.4g}" if math.isfinite(found[name]) else NO_VALUE for name in names]
    row = [f"{found['temperature']:.5g}", *cells]
    print_table(Console(), found["title"] or "spectrum of a landscape", SPECTRUM_SHOWN, [row])
    print_warnings(result.warnings)
