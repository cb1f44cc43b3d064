"""What a reader must know about a series that its file alone tells, before anything is calculated."""

from __future__ import annotations

from collections.abc import Sequence

from ionscape.glass import known_weaknesses, lattice_density_remarks
from ionscape.glass.literature import LEAST_NEIGHBOURS, NEIGHBOURHOOD

from .load import Series


def file_warnings(series: Series) -> list[str]:
    """Where the model is known to fail, where its parameters come from, what measurements could not be judged.

    Args:
        series: as loaded; nothing of it has to be calculated.

    Returns:
        One sentence each.
    """
    return [
        *_composition_warnings(series), *_parameter_warnings(series), *_density_remarks(series),
        *_measurement_warnings(series),
    ]  # fmt: skip


def _composition_warnings(series: Series) -> list[str]:
    """Known weaknesses of the model of the units, each once with the x that it concerns; none with measured units."""
    if series.measured_units:
        return []
    limit = series.settings.glass.tetrahedral_borate_limit
    found: dict[str, list[float]] = {}
    for glass in series.glasses:
        for sentence in known_weaknesses(glass.composition, tetrahedral_borate_limit=limit):
            found.setdefault(sentence, []).append(glass.composition.borate_fraction)
    return [f"At x = {range_of(places)}: {sentence}" for sentence, places in found.items()]


def _parameter_warnings(series: Series) -> list[str]:
    """That published parameters are those of another alkali oxide content."""
    from ionscape.hopping import published_warnings

    if series.settings.landscape.energy_scale is not None:
        return []
    return list(published_warnings(series.glasses[0].composition))


def _density_remarks(series: Series) -> list[str]:
    """That the lattice has another ion density than the glass; only where conductivities are calculated."""
    without = [glass.composition for glass in series.glasses if glass.mass_density is None]
    if series.settings.network is None or not without:
        return []
    return list(lattice_density_remarks(without, series.settings.hopping.jump_distance))


def _measurement_warnings(series: Series) -> list[str]:
    """How many of the measured glasses were kept without a comparison."""
    found = series.literature
    if found is None or not found.not_judged:
        return []
    return [
        f"Of the {len(found.glasses)} measured glasses that were kept, {len(found.not_judged)} could not be judged,"
        f" since fewer than {LEAST_NEIGHBOURS} others were measured within {NEIGHBOURHOOD:g} of their x at the same"
        " temperature."
    ]


def range_of(places: Sequence[float]) -> str:
    """Borate fractions for a sentence: the one, or the least and the largest."""
    return f"{places[0]:g}" if len(places) == 1 else f"{min(places):g} to {max(places):g}"
