"""What was calculated of a series, and what a reader must know about it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray
from ionscape.glass import LiteratureGlass
from ionscape.glass.literature import OF_ANOTHER_AUTHOR

from .file_remarks import file_warnings, range_of
from .load import Series
from .settings import SeriesTable

CONVERGED_LATTICE = 100
"""Sites along an edge from which on the mean conductivity changes by less than a tenth of a decade."""
SMALL_PERCOLATION_LATTICE = 10
"""Sites along an edge below which mean activation energies of 0.33 Li2O glasses are over 2 % above those of 70³."""
LATTICE_EXCESS = {10: 1.8, 20: 0.5, 35: 0.2, 50: 0.1, CONVERGED_LATTICE: 0.04}
"""Decades by which the mean conductivity of 0.33 Li2O 0.67 (0.5 B2O3 0.5 P2O5) at 20 °C is above that of 200³ sites, by
the sites along an edge, with periodic transverse faces (explanation: conductance network)."""
MOST_LEFT_OUT = 4  # glasses that a warning names one by one


@dataclass(frozen=True, kw_only=True, eq=False)
class Averages:
    """What was calculated, before it is averaged; axes without tasks have length 0.

    Attributes:
        activation_energy: [J], shape (compositions, landscapes, directions), NaN without a path.
        fermi_energy: [J], shape (compositions, landscapes).
        conductivity: [S/m] for the reference frequency and distance, shape (compositions, landscapes, directions,
            temperatures), NaN without a path.
        percolates: whether there is a path for the conductivity, shape (compositions, landscapes, directions).
        lower_bound: of the conductivity, same shape.
        upper_bound: of the conductivity, same shape.
        methods: by which networks were solved, in words.
    """

    activation_energy: FloatArray
    fermi_energy: FloatArray
    conductivity: FloatArray
    percolates: NDArray[np.bool_]
    lower_bound: FloatArray
    upper_bound: FloatArray
    methods: tuple[str, ...]


def series_warnings(series: Series, averages: Averages) -> list[str]:
    """What a reader must know, one sentence each: where the model is known to fail, what was left out."""
    warnings = file_warnings(series)
    warnings.extend(lattice_warnings(series.settings))
    warnings.extend(_path_warnings(series, averages))
    if series.literature is not None:
        chosen = [entry for entry in series.literature.left_out if entry[1] != OF_ANOTHER_AUTHOR]
        named = [
            f"{source_of(glass)} at x = {glass.borate_fraction:.3g} ({why})" for glass, why in chosen[:MOST_LEFT_OUT]
        ]
        if len(chosen) > MOST_LEFT_OUT:
            named.append(f"{len(chosen) - MOST_LEFT_OUT} more")
        if chosen:
            glasses = "glass was" if len(chosen) == 1 else "glasses were"
            warnings.append(f"{len(chosen)} measured {glasses} left out: {'; '.join(named)}.")
    return warnings


def lattice_warnings(settings: SeriesTable) -> list[str]:
    """That the lattices asked for are small, one sentence for each kind of calculation; known before it is begun."""
    percolation, network = settings.percolation, settings.network
    warnings: list[str] = []
    if percolation is not None and percolation.lattice < SMALL_PERCOLATION_LATTICE:
        warnings.append(
            f"Activation energies on {percolation.lattice}³ sites are too high, by about 0.05 eV in 0.33 Li2O glasses"
            " with 3 to 5 sites along an edge; the standard errors say nothing of it."
        )
    if network is not None and network.lattice < CONVERGED_LATTICE:
        warnings.append(_lattice_warning(network.lattice, periodic=settings.landscape.transverse_faces != "open"))
    return warnings


def _lattice_warning(lattice: int, *, periodic: bool) -> str:
    """That conductivities depend on the lattice, and by how much where that is known."""
    if not periodic:
        return f"Conductivities on {lattice}³ sites still depend on the lattice; the standard errors say nothing of it."
    sizes = np.array(list(LATTICE_EXCESS))
    excess = float(np.interp(math.log(lattice), np.log(sizes), list(LATTICE_EXCESS.values())))
    size = f"about {10.0**excess:.2g}" if lattice > sizes[0] else "50 or more"
    return (
        f"Conductivities on {lattice}³ sites are too high, by a factor of {size} in the glass of which it is known,"
        " 0.33 Li2O at x = 0.5 and 20 °C; the standard errors say nothing of it."
    )


def _path_warnings(series: Series, averages: Averages) -> list[str]:
    """Where landscapes without a path were left out of the averages, with the fractions of both kinds."""
    count = len(series.glasses)
    energies = percolated_fraction(np.isfinite(averages.activation_energy), count)
    conductivities = percolated_fraction(averages.percolates, count)
    rows = [
        (x, energy, conductivity)
        for x, energy, conductivity in zip(series.borate_fractions, energies, conductivities, strict=True)
        if energy < 1.0 or conductivity < 1.0
    ]
    if not rows:
        return []
    parts = [
        f"{float(np.nanmin([row[place] for row in rows])):.0%} of the landscapes for {what} have a path"
        for place, what in ((1, "activation energies"), (2, "conductivities"))
        if not np.isnan([row[place] for row in rows]).any()
    ]
    least = "" if len(rows) == 1 else "at worst "
    where = range_of([row[0] for row in rows])
    return [f"At x = {where}: {least}{' and '.join(parts)}; averages leave the others out."]


def percolated_fraction(percolates: NDArray[np.bool_], compositions: int) -> FloatArray:
    """Part of the landscapes and directions of each composition that have a path; NaN if none was looked at."""
    return percolates.mean(axis=(1, 2)) if percolates.size else np.full(compositions, np.nan)


def source_of(glass: LiteratureGlass) -> str:
    """First author and year."""
    return f"{glass.author} {glass.year or ''}".strip()
