"""Values of an experiment that are possible but nearly always slips of a unit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ionscape.constants import ELECTRON_VOLT
from ionscape.diffusivity import PopulationDiffusion
from ionscape.experiment.checks import diffusion_paths
from ionscape.experiment.data import ExperimentData
from ionscape.experiment.diffusion import Described, DiffusionSpecification
from ionscape.experiment.native_glass import native_coefficient
from ionscape.experiment.programme import values_of
from ionscape.files.quantities import DimensionName, format_quantity
from ionscape.files.table import Table
from ionscape.remarks import Kind, Name, Remark, Sentence


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
    "hop_length": Usual(dimension="length", most=1e-8, reason="many distances between sites"),
    "excess_sites": Usual(dimension=None, most=3.0, reason="that is, many empty sites for every ion"),
    "pairs": Usual(
        dimension=None,
        least=0.0,
        reason="with which ions mix faster than independent ones, as with a Haven ratio above 1",
    ),
    "coefficient": Usual(
        dimension="diffusion coefficient", most=1e-7, reason="a hundred times that of ions in a liquid"
    ),
}
"""Where values lie that are no slips, by the last key of their path; far beyond what glasses have."""


def _unusual(subject: str) -> Sentence:
    def said(remark: Remark, name: Name) -> str:
        n = remark.numbers
        value, bound = (
            f"{n[key]:g}" if n["dimension"] is None else format_quantity(n[key], n["dimension"], digits=6)
            for key in ("value", "bound")
        )
        side, slip = "less" if n["value"] < n["bound"] else "more", "unit" if n["dimension"] else "value"
        told = subject.format(*map(name, remark.about))
        return f"{told} is {value}, {side} than {bound}, {n['reason']}: check its {slip}."

    return said


UNUSUAL = Kind("unusual_value", _unusual("{0}"))
UNUSUAL_HOPS = Kind("unusual_hops", _unusual("The length of hops that follows from {0}"))
UNUSUAL_DENSITY = Kind("unusual_density", _unusual("The density of all ions in {0}"))
UNUSUAL_COEFFICIENT = Kind("unusual_coefficient", _unusual("D of {1} in {0}"))


def unusual_values(experiment: ExperimentData) -> Iterator[Remark]:
    """Yield a remark for each value outside of what is usual."""
    for kind, about, key, value in _values(experiment):
        usual = USUAL[key]
        outside = [bound for bound, sign in ((usual.least, -1.0), (usual.most, 1.0))
                   if bound is not None and sign * value > sign * bound]  # fmt: skip
        for bound in outside:
            yield kind(*about, value=value, bound=bound, dimension=usual.dimension, reason=usual.reason)


def _values(experiment: ExperimentData) -> Iterator[tuple[Kind, tuple[str, ...], str, float]]:
    """Kind of remark, what it is about, key in `USUAL` and value of all that is checked."""
    sample = experiment.sample
    yield UNUSUAL, ("sample.thickness",), "thickness", sample.thickness
    yield UNUSUAL, ("sample.illuminated_area",), "illuminated_area", sample.illuminated_area
    yield UNUSUAL_DENSITY, ("sample.native",), "native", sum(sample.native.values())
    for pair, coupling in (experiment.cross_terms.pairs or {}).items():
        yield UNUSUAL, (f"cross_terms.pairs.{pair}",), "pairs", coupling
    for name, table in experiment.sites.items():
        yield from _of_table(f"sites.{name}", table)
        excess = table.excess_over(experiment.site_system(name).native_density)
        yield (
            UNUSUAL,
            (f"sites.{name}.{'excess_sites' if table.density is None else 'density'}",),
            "excess_sites",
            excess,
        )
    for path, name, specification in diffusion_paths(experiment):
        model = experiment.make_model(name, specification)
        if isinstance(model, PopulationDiffusion) and getattr(specification, "release_rate", None) is not None:
            yield UNUSUAL_HOPS, (f"{path}.release_rate",), "hop_length", model.hop_length
    for name, ion in experiment.ions.items():
        yield from _of_model(f"ions.{name}.diffusion", ion.diffusion)
    fast: set[str] = set()
    for index, stage in enumerate(experiment.stages):
        for key, temperature in values_of(stage.temperature, f"stages[{index}].temperature"):
            yield UNUSUAL, (key,), "temperature", temperature
        beam_current = getattr(stage, "beam_current", stage.surface_law().beam_current)
        if beam_current is not None:
            for key, current in values_of(beam_current, f"stages[{index}].beam_current"):
                yield UNUSUAL, (key,), "beam_current", current
        for name, specification in stage.diffusion.items():
            yield from _of_model(f"stages[{index}].diffusion.{name}", specification)
        for name in experiment.ions:
            coefficient = native_coefficient(experiment, name, index).coefficient
            most = USUAL["coefficient"].most
            if name not in fast and most is not None and coefficient > most:
                fast.add(name)
                yield UNUSUAL_COEFFICIENT, (f"stages[{index}]", name), "coefficient", coefficient


def _of_model(path: str, specification: DiffusionSpecification) -> Iterator[tuple[Kind, tuple[str, ...], str, float]]:
    if not isinstance(specification, Described):
        return
    yield from _of_table(path, specification)
    excess = getattr(specification, "excess_sites", None)
    if excess is not None:
        yield UNUSUAL, (f"{path}.excess_sites",), "excess_sites", excess


def _of_table(path: str, table: Table) -> Iterator[tuple[Kind, tuple[str, ...], str, float]]:
    for key in ("activation_energy", "width", "trapped_width", "trapped_offset", "hop_length"):
        value = getattr(table, key, None)
        if value is not None:
            yield UNUSUAL, (f"{path}.{key}",), key, value
