"""What the figures of a fit take from the dataset of its result, and how its parameters are named."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ionscape.constants import CHI_SQUARE_95
from ionscape.files.quantities import DIMENSIONS, DisplayUnit
from ionscape.wording import parameter_words

from .lettering import raised
from .style import reject

if TYPE_CHECKING:
    from ionscape.arrays import FloatArray
    from ionscape.inference import FitResult

SAME_OPTIMUM = 1.0  # of the cost: searches that end so close together have found the same
LEAST_RESIDUAL_AXIS = 3.5  # standard deviations
_PRETTY = {"m^2/s": "m²/s", "1/m^3": "m⁻³", "m^2": "m²", "nm^2": "nm²", "µm^2": "µm²", "mm^2": "mm²"}


def data_sets(result: FitResult) -> list[tuple[str, list[str]]]:
    """Name and ions of every data set of a result, in order; the name is empty if there is one only."""
    attributes = result.dataset.attrs
    names = [str(name) for name in json.loads(attributes["datasets"])]
    ions = [[str(ion) for ion in entry] for entry in json.loads(attributes["ions"])]
    return list(zip(names, ions, strict=True))


def curve_ions(result: FitResult, kind: str, number: int) -> list[str]:
    """Ions of which a data set has a curve such as `diffusion_coefficient` or `site_energy_density`."""
    prefix, ending = f"{kind}_{number}_", "_lower_95"
    names = [str(name) for name in result.dataset.data_vars]
    return [name[len(prefix) : -len(ending)] for name in names if name.startswith(prefix) and name.endswith(ending)]


def readable_unit(unit: str, value: float) -> DisplayUnit:
    """The unit in which a parameter is read best: eV, nm and so on, or the SI unit with a power of ten.

    Args:
        unit: SI unit; empty for a pure number.
        value: typical magnitude in it.
    """
    display = next((entry.display for entry in DIMENSIONS.values() if entry.unit == unit), ())
    size = abs(value)
    if display and size > 0.0 and math.isfinite(size):
        fitting = [entry for entry in display if size >= entry.smallest * entry.size * (1.0 - 1e-12)]
        chosen = fitting[-1] if fitting else display[0]
        return DisplayUnit(unit=_PRETTY.get(chosen.unit, chosen.unit), size=chosen.size)
    power = math.floor(math.log10(size)) if size > 0.0 and math.isfinite(size) else 0
    pretty = _PRETTY.get(unit, unit)
    if -3 < power < 4:
        return DisplayUnit(unit=pretty, size=1.0)
    return DisplayUnit(unit=f"10{raised(str(power))} {pretty}".strip(), size=10.0**power)


def short_names(names: Sequence[str]) -> list[str]:
    """Parameters as they are written along an axis, in words; as they are where two would be called the same."""
    short = list(map(parameter_words, names))
    return short if len(set(short)) == len(short) else list(names)


def chosen_data_set(result: FitResult, number: int) -> tuple[str, list[str]]:
    """Name and ions of a data set, counted from 0.

    Raises:
        InputError: there is no such data set.
    """
    known = data_sets(result)
    if not 0 <= number < len(known):
        raise reject("data set", number, range(len(known)))
    return known[number]


def residual_limit(residuals: FloatArray) -> float:
    """Where an axis of standardised residuals ends, to either side."""
    return max(LEAST_RESIDUAL_AXIS, 1.1 * float(np.nanmax(np.abs(residuals))))


def profiled(result: FitResult) -> list[int]:
    """Places of the parameters of which the result holds a profile likelihood."""
    data = result.dataset
    if "profile_value" not in data or "profile_cost" not in data:
        return []
    known = np.isfinite(data["profile_value"].values) & np.isfinite(data["profile_cost"].values)
    return [place for place, count in enumerate(known.sum(axis=1)) if count >= 2]


def likelihood_profile(result: FitResult, place: int) -> tuple[FloatArray, FloatArray]:
    """Profile likelihood of a parameter: its values in SI units, rising, and the cost above the least one.

    Args:
        result: of a fit with profile likelihoods.
        place: of the parameter, one of `profiled`.
    """
    data = result.dataset
    value, cost = (np.asarray(data[kind].values[place], dtype=float) for kind in ("profile_value", "profile_cost"))
    known = np.isfinite(value) & np.isfinite(cost)
    value, cost = value[known], cost[known]
    order = np.argsort(value)
    return value[order], cost[order] - min(float(cost.min()), float(data.attrs["cost"]))


def likelihood_limit(excess: FloatArray) -> float:
    """Where the axis of a profile likelihood ends."""
    return max(1.15 * CHI_SQUARE_95, min(1.05 * float(excess.max()), 4.0 * CHI_SQUARE_95))
