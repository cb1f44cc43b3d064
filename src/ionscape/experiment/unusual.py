"""Values of an experiment that are possible but nearly always slips of a unit, one sentence each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ionscape.constants import ELECTRON_VOLT
from ionscape.experiment.diffusion import DiffusionSpecification, SiteEnergySpecification
from ionscape.experiment.native import native_coefficient
from ionscape.files.quantities import DimensionName, format_quantity

if TYPE_CHECKING:
    from ionscape.experiment.models import Experiment


@dataclass(frozen=True, kw_only=True)
class Usual:
    """Where the values of a key usually lie.

    Attributes:
        dimension: what it measures; None for a pure number.
        least: in SI units; None without a bound.
        most: in SI units; None without a bound.
        reason: why it lies there, as the part of a sentence behind the bound.
    """

    dimension: DimensionName | None
    least: float | None = None
    most: float | None = None
    reason: str = ""


USUAL = {
    "thickness": Usual(dimension="length", most=0.1, reason="unlike any sample of such experiments"),
    "illuminated_area": Usual(dimension="area", most=0.01, reason="which few beams cover"),
    "native": Usual(dimension="number density", most=1e29, reason="more ions than a solid has atoms"),
    "temperature": Usual(
        dimension="temperature", least=100.0, most=2000.0, reason="where ions are frozen in or the glass is no solid"
    ),
    "beam_current": Usual(dimension="current", most=0.1, reason="which no source of such beams gives"),
    "activation_energy": Usual(dimension="energy", most=5.0 * ELECTRON_VOLT, reason="with which no ion moves"),
    "width": Usual(
        dimension="energy", least=5e-3 * ELECTRON_VOLT, most=ELECTRON_VOLT, reason="unlike site energies of any glass"
    ),
    "trapped_width": Usual(dimension="energy", most=ELECTRON_VOLT, reason="unlike site energies of any glass"),
    "trapped_offset": Usual(dimension="energy", most=5.0 * ELECTRON_VOLT, reason="from which no ion returns"),
    "excess_sites": Usual(dimension=None, most=3.0, reason="that is, many empty sites for every ion"),
    "coefficient": Usual(
        dimension="diffusion coefficient", most=1e-7, reason="a hundred times that of ions in a liquid"
    ),
}
"""Where values lie that are no slips, by the last key of their path; far beyond what glasses have."""


def unusual_values(experiment: Experiment) -> Iterator[str]:
    """Yield a sentence for each value outside of what is usual."""
    for path, key, value in _values(experiment):
        usual = USUAL[key]
        if usual.least is not None and value < usual.least:
            bound = f"less than {_shown(usual.least, usual.dimension)}"
        elif usual.most is not None and value > usual.most:
            bound = f"more than {_shown(usual.most, usual.dimension)}"
        else:
            continue
        shown = _shown(value, usual.dimension)
        slip = "unit" if usual.dimension else "value"
        yield f"{path} is {shown}, {bound}, {usual.reason}: check its {slip}."


def _shown(value: float, dimension: DimensionName | None) -> str:
    return f"{value:g}" if dimension is None else format_quantity(value, dimension, digits=6)


def _values(experiment: Experiment) -> Iterator[tuple[str, str, float]]:
    """Path or description, key in `USUAL` and value of all that is checked."""
    sample = experiment.sample
    yield "sample.thickness", "thickness", sample.thickness
    yield "sample.illuminated_area", "illuminated_area", sample.illuminated_area
    yield "The density of all ions in sample.native", "native", sum(sample.native.values())
    for name, ion in experiment.ions.items():
        yield from _of_model(f"ions.{name}.diffusion", ion.diffusion)
    fast: set[str] = set()
    for index, stage in enumerate(experiment.stages):
        yield f"stages[{index}].temperature", "temperature", stage.temperature
        if stage.kind == "irradiation" and stage.beam_current is not None:
            yield f"stages[{index}].beam_current", "beam_current", stage.beam_current
        for name, specification in stage.diffusion.items():
            yield from _of_model(f"stages[{index}].diffusion.{name}", specification)
        for name in experiment.ions:
            coefficient = native_coefficient(experiment, name, index).coefficient
            most = USUAL["coefficient"].most
            if name not in fast and most is not None and coefficient > most:
                fast.add(name)
                yield f"D of {name} in stages[{index}]", "coefficient", coefficient


def _of_model(path: str, specification: DiffusionSpecification) -> Iterator[tuple[str, str, float]]:
    if specification.activation_energy is not None:
        yield f"{path}.activation_energy", "activation_energy", specification.activation_energy
    if not isinstance(specification, SiteEnergySpecification):
        return
    yield f"{path}.width", "width", specification.width
    yield f"{path}.excess_sites", "excess_sites", specification.excess_sites
    if specification.trapped_width is not None:
        yield f"{path}.trapped_width", "trapped_width", specification.trapped_width
    if specification.trapped_offset is not None:
        yield f"{path}.trapped_offset", "trapped_offset", specification.trapped_offset
