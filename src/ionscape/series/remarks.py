"""What a reader must know about a series: where its model fails, what was left out, how far errors can be trusted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ionscape.glass import LiteratureGlass, known_weaknesses, lattice_density_remarks
from ionscape.glass.composition import LARGEST_TETRAHEDRAL_BORATE_FRACTION, WEAKNESSES
from ionscape.glass.literature import LEAST_NEIGHBOURS, NEIGHBOURHOOD, OF_ANOTHER_AUTHOR
from ionscape.remarks import Kind, Name, Remark, listed

from .averages import Averages, mean_and_errors, mean_of_open, percolated_fraction, student_factor
from .glass_settings import GlassTable
from .load import Series
from .settings import SeriesTable

if TYPE_CHECKING:
    from .fit import EnergyScaleFit

CONVERGED_LATTICE = 100
"""Sites along an edge from which on the mean conductivity changes by less than a tenth of a decade."""
SMALL_PERCOLATION_LATTICE = 10
"""Sites along an edge below which mean activation energies of 0.33 Li2O glasses are over 2 % above those of 70³."""
LATTICE_EXCESS = {10: 1.8, 20: 0.5, 35: 0.2, 50: 0.1, CONVERGED_LATTICE: 0.04}
"""Decades by which the mean conductivity of 0.33 Li2O 0.67 (0.5 B2O3 0.5 P2O5) at 20 °C is above that of 200³ sites, by
the sites along an edge, with periodic transverse faces (explanation: conductance network)."""
MOST_LEFT_OUT = 4  # glasses that a remark names one by one
FEWEST_LANDSCAPES = 4
"""Below so many, a standard error is itself uncertain by half or more."""
SKEWED_SCATTER = 0.3
"""Decades between single landscapes from which on 95 % intervals of the mean hold in 90 of 100 cases or fewer."""
IMPROBABLE = 1e-3  # probability of so large a chi square below which a fit is said not to describe the measurements


def _paths(remark: Remark, _: Name) -> str:
    n = remark.numbers
    parts = [f"{share:.0%} of the landscapes for {what} have a path"
             for what, share in zip(n["of"], n["shares"], strict=True)]  # fmt: skip
    least = "" if len(n["x"]) == 1 else "at worst "
    return f"At x = {range_of(n['x'])}: {least}{listed(parts)}; averages leave the others out."


def _left_out(remark: Remark, _: Name) -> str:
    n = remark.numbers
    named = [f"{source} at x = {x:.3g} ({why})" for source, x, why in zip(n["glasses"], n["x"], n["why"], strict=True)]
    if n["count"] > len(named):
        named.append(f"{n['count'] - len(named)} more")
    glasses = "glass was" if n["count"] == 1 else "glasses were"
    return f"{n['count']} measured {glasses} left out: {'; '.join(named)}."


SOMEWHERE = {
    kind.code: Kind(f"{kind.code}_in_series", f"At x = {{at}}: {kind.sentence}") for kind in WEAKNESSES
}  # fmt: skip
"""Weaknesses of the model of the units that some glasses of a series have, by the code of that of one glass."""
SMALL_PERCOLATION = Kind(
    "small_percolation_lattice",
    "Activation energies on {lattice}³ sites are too high, by about 0.05 eV in 0.33 Li2O glasses with 3 to 5 sites"
    " along an edge; the standard errors say nothing of it.",
)
SMALL_NETWORK = Kind(
    "small_network_lattice",
    "Conductivities on {lattice}³ sites are too high, by a factor of {least} {factor:.2g} in the glass of which it is"
    " known, 0.33 Li2O at x = 0.5 and 20 °C; the standard errors say nothing of it.",
)
SMALL_OPEN_NETWORK = Kind(
    "small_open_network_lattice",
    "Conductivities on {lattice}³ sites still depend on the lattice; the standard errors say nothing of it.",
)
NO_PATHS = Kind("landscapes_without_path", _paths)
LEFT_OUT = Kind("left_out", _left_out)
NOT_JUDGED = Kind(
    "not_judged",
    "Of the {kept} measured glasses that were kept, {count} could not be judged, since fewer than {least} others were"
    " measured within {within:g} of their x at the same temperature.",
)
ONE_LANDSCAPE = Kind("one_landscape", "The {of} of one landscape have no errors.")
FEW_LANDSCAPES = Kind(
    "few_landscapes",
    "The {of} are means over {count} landscapes: a standard error of so few is itself uncertain by {uncertainty:.0%},"
    " and a 95 % interval is ± {factor:.1f} of them.",
)
SKEWED = Kind(
    "skewed",
    "Conductivities of single landscapes scatter by up to {decades:.2g} decades: their mean rests on few of them, is"
    " more often too low than too high, and its errors are rather too small; a larger lattice mends it.",
)
DOES_NOT_FIT = Kind(
    "does_not_fit",
    "The measured activation energies scatter about the fitted energy scale and noise by more than their errors: χ² is"
    " {chi_square:.3g} for {freedom} degrees of freedom, and the errors of both were raised by a factor of"
    " {factor:.2g}.",
)


def series_remarks(series: Series, averages: Averages, fitted: EnergyScaleFit | None) -> list[Remark]:
    """What a reader must know of a series that was calculated."""
    return [
        *file_remarks(series), *lattice_remarks(series.settings), *_path_remarks(series, averages),
        *_left_out_remarks(series), *error_remarks(averages, fitted),
    ]  # fmt: skip


def file_remarks(series: Series) -> list[Remark]:
    """Where the model is known to fail, where its parameters come from, what measurements could not be judged.

    Args:
        series: as loaded; nothing of it has to be calculated.
    """
    return [
        *_composition_remarks(series), *_parameter_remarks(series), *_density_remarks(series),
        *_measurement_remarks(series),
    ]  # fmt: skip


def lattice_remarks(settings: SeriesTable) -> list[Remark]:
    """That the lattices asked for are small, one remark for each kind of calculation; known before it is begun."""
    percolation, network = settings.percolation, settings.network
    found: list[Remark] = []
    if percolation is not None and percolation.lattice < SMALL_PERCOLATION_LATTICE:
        found.append(SMALL_PERCOLATION(lattice=percolation.lattice))
    if network is not None and network.lattice < CONVERGED_LATTICE:
        found.append(_network_remark(network.lattice, periodic=settings.landscape.transverse_faces != "open"))
    return found


def error_remarks(averages: Averages, fitted: EnergyScaleFit | None) -> list[Remark]:
    """What a reader must know about the errors: too few landscapes, skewed ones, a fit that does not fit.

    Args:
        averages: values of all landscapes.
        fitted: the fit of energy scale and noise; None if they were given.
    """
    return [*_few_remarks(averages), *_skew_remarks(averages), *_fit_remarks(fitted)]


def _composition_remarks(series: Series) -> list[Remark]:
    """Known weaknesses of the model of the units, each once with the x that it concerns; none with measured units."""
    if series.maker.stated:
        return []
    given = series.settings.glass
    limit = given.tetrahedral_borate_limit if isinstance(given, GlassTable) else LARGEST_TETRAHEDRAL_BORATE_FRACTION
    found: dict[Remark, list[float]] = {}
    for ratio, glass in zip(series.mixing_ratios, series.glasses, strict=True):
        for remark in known_weaknesses(glass.composition, tetrahedral_borate_limit=limit):
            found.setdefault(remark, []).append(ratio)
    return [SOMEWHERE[remark.code](**remark.numbers, at=range_of(places), x=tuple(places))
            for remark, places in found.items()]  # fmt: skip


def _parameter_remarks(series: Series) -> Sequence[Remark]:
    """That published parameters are those of another alkali oxide content."""
    from ionscape.hopping import published_warnings

    given = series.settings.landscape.energy_scale is not None
    return () if given else published_warnings(series.glasses[0].composition)


def _density_remarks(series: Series) -> Sequence[Remark]:
    """That the lattice has another ion density than the glass; only where conductivities are calculated."""
    without = [glass.composition for glass in series.glasses if glass.mass_density is None]
    if series.settings.network is None or not without:
        return ()
    return lattice_density_remarks(without, series.settings.hopping.jump_distance)


def _measurement_remarks(series: Series) -> list[Remark]:
    """How many of the measured glasses were kept without a comparison."""
    found = series.literature
    if found is None or not found.not_judged:
        return []
    kept, count = len(found.glasses), len(found.not_judged)
    return [NOT_JUDGED(kept=kept, count=count, least=LEAST_NEIGHBOURS, within=NEIGHBOURHOOD)]


def _network_remark(lattice: int, *, periodic: bool) -> Remark:
    """That conductivities depend on the lattice, and by how much where that is known."""
    if not periodic:
        return SMALL_OPEN_NETWORK(lattice=lattice)
    sizes = np.array(list(LATTICE_EXCESS))
    excess = float(np.interp(math.log(lattice), np.log(sizes), list(LATTICE_EXCESS.values())))
    known = lattice > sizes[0]
    return SMALL_NETWORK(
        lattice=lattice, least="about" if known else "at least", factor=10.0**excess if known else LEAST_EXCESS
    )


LEAST_EXCESS = 50.0
"""Factor by which conductivities on the smallest lattices are too high at least."""


def _path_remarks(series: Series, averages: Averages) -> list[Remark]:
    """Where landscapes without a path were left out of the averages, with the fractions of both kinds."""
    count = len(series.glasses)
    shares = np.array([
        percolated_fraction(np.isfinite(averages.activation_energy), count),
        percolated_fraction(averages.percolates, count),
    ])  # fmt: skip
    there: list[bool] = np.any(shares < 1.0, axis=0).tolist()
    if not any(there):
        return []
    looked_at = ~np.isnan(shares[:, there]).any(axis=1)
    names = np.array(["activation energies", "conductivities"])[looked_at]
    least = shares[looked_at][:, there].min(axis=1)
    x = tuple(place for place, without in zip(series.mixing_ratios, there, strict=True) if without)
    return [NO_PATHS(x=x, of=tuple(map(str, names)), shares=tuple(map(float, least)))]


def _left_out_remarks(series: Series) -> list[Remark]:
    """Which measured glasses were left out, and why."""
    entries = () if series.literature is None else series.literature.left_out
    chosen = [entry for entry in entries if entry[1].code != OF_ANOTHER_AUTHOR.code]
    shown = chosen[:MOST_LEFT_OUT]
    glasses, x = tuple(source_of(glass) for glass, _ in shown), tuple(glass.borate_fraction for glass, _ in shown)
    why = tuple(str(reason) for _, reason in shown)
    return [LEFT_OUT(count=len(chosen), glasses=glasses, x=x, why=why)] if chosen else []


def _few_remarks(averages: Averages) -> list[Remark]:
    """That the errors of means over few or very different landscapes are uncertain themselves."""
    found: dict[int, list[str]] = {}
    for values, what in (
        (averages.activation_energy, "activation energies"), (averages.conductivity[..., :1], "conductivities"),
    ):  # fmt: skip
        if values.size:
            counts = np.isfinite(values).reshape(*values.shape[:3]).any(axis=2).sum(axis=1)
            found.setdefault(int(counts.min()), []).append(what)
    remarks: list[Remark] = []
    for count, names in found.items():
        if count == 1:
            remarks.append(ONE_LANDSCAPE(of=tuple(names)))
        elif count < FEWEST_LANDSCAPES:
            uncertainty = 1.0 / math.sqrt(2.0 * (count - 1))
            remarks.append(FEW_LANDSCAPES(
                of=tuple(names), count=count, uncertainty=uncertainty, factor=student_factor(count)
            ))  # fmt: skip
    return remarks


def _skew_remarks(averages: Averages) -> list[Remark]:
    """That the conductivities of single landscapes differ so much that errors of their mean are too small."""
    if not averages.conductivity.size:
        return []
    logarithms = np.log10(mean_of_open(averages.conductivity, axis=2))
    scatter = np.nan_to_num(mean_and_errors(logarithms)[2])
    largest = float(scatter.max())
    # of very few, the scatter says little, and there is a remark already
    if largest < SKEWED_SCATTER or int(np.isfinite(logarithms).sum(axis=1).min()) < FEWEST_LANDSCAPES:
        return []
    return [SKEWED(decades=largest)]


def _fit_remarks(fitted: EnergyScaleFit | None) -> list[Remark]:
    """That energy scale and noise do not describe the measurements they were fitted to, if so."""
    from scipy.special import chdtrc

    if fitted is None or fitted.degrees_of_freedom < 1:
        return []
    freedom, chi_square = fitted.degrees_of_freedom, fitted.chi_square
    if chdtrc(freedom, chi_square) >= IMPROBABLE:
        return []
    return [DOES_NOT_FIT(chi_square=float(chi_square), freedom=freedom, factor=math.sqrt(chi_square / freedom))]


def source_of(glass: LiteratureGlass) -> str:
    """First author and year."""
    return f"{glass.author} {glass.year or ''}".strip()


def range_of(places: Sequence[float]) -> str:
    """Borate fractions for a sentence: the one, or the least and the largest."""
    return f"{places[0]:g}" if len(places) == 1 else f"{min(places):g} to {max(places):g}"
