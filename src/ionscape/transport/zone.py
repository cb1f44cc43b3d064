"""How deep ions are exchanged and how narrow their fronts become, estimated before anything is simulated.

Stage by stage, from the sharp-front charge law, the steady electroneutral front and the spread of a front that nothing
sharpens, and how large a cell the field allows. The estimates only place cells; a wrong one costs accuracy that shows
when the grid is refined.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT, ELEMENTARY_CHARGE, VACUUM_PERMITTIVITY
from ionscape.diffusivity import DiffusionModel
from ionscape.diffusivity.table import SMALLEST_COEFFICIENT
from ionscape.experiment import Experiment, SiteEnergySpecification, Stage
from ionscape.relations.conduction import debye_length

CELLS_PER_FRONT = 16
"""Cells across the 16-84 % width of the narrowest front: its width is then within 0.5 % of a converged one."""
LARGEST_PECLET_NUMBER = 0.24
"""Largest potential step over a cell where ions are exchanged, in thermal voltages.

The Scharfetter-Gummel flux acts like a diffusion coefficient that is larger by w^2 / 12 at a step w: where two ions
are about equally mobile nothing sharpens their front again, and its width would be too large by up to that much.
"""
DEPLETION_EDGE = 2.6
"""16-84 % width of the edge of a depletion layer in Debye lengths, from Poisson's and Boltzmann's equations."""
SINGLE_LAYER = 1.2
LAYERS = 2.0
"""How deep the zone is at a blocking contact, in widths of the depletion layer of all mobile ions; first of one ion."""
ZONE_RESERVE = 1.1
"""How deep the zone of equal cells is, in estimated depths of exchange; two widths of the front are added."""
LEADING_LAYER = 0.3
"""Share of the amount of a stage that must have been exchanged before, to lie ahead of the ions that enter."""
FEWEST_REPLACED = 0.1
"""Share of the native charges that gives way at least, to ask for small cells as far as it does."""
SHARP = 0.5
"""A front is sharp that is narrower than this part of what diffusion alone would make of it."""
LOGISTIC_WIDTH = 2.0 * math.log(0.84 / 0.16)
"""16-84 % width of a logistic front in units of its decay length."""
DIFFUSIVE_WIDTH = 2.813
"""16-84 % width of a front that spreads by diffusion alone, an error function, in units of sqrt(D t)."""


@dataclass(frozen=True, kw_only=True)
class ZoneEstimate:
    """What the experiment asks of the cells.

    Attributes:
        depth: of the exchange [m].
        width: of the narrowest front [m].
        cell: the largest one that resolves the front of the native ions [m].
        fronts: that the potential sharpens, one for each ion that a stage brings.
    """

    depth: float
    width: float
    cell: float = math.inf
    fronts: int = 0


@dataclass(kw_only=True)
class _Course:
    """What the stages have done up to one of their parts; grows while they are gone through.

    Attributes:
        depth: of the exchange [m].
        tip: how far that reaches which runs ahead, or is left behind [m].
        width: of the narrowest front [m].
        cell: the largest one that resolves the fronts of the native ions [m].
        exchanged: amount that has entered, as a depth [m].
        layers: stage, amount [m] and coefficient [m^2/s] of what has entered.
        pushed: ions that came first, and stay between later ones and the native ones.
        fronts: number of those that each stage brings.
    """

    depth: float = 0.0
    tip: float = 0.0
    width: float = math.inf
    cell: float = math.inf
    exchanged: float = 0.0
    layers: list[tuple[int, float, float]] = field(default_factory=list[tuple[int, float, float]])
    pushed: list[str] = field(default_factory=list[str])
    fronts: dict[int, int] = field(default_factory=dict[int, int])


def estimate_zone(experiment: Experiment) -> ZoneEstimate:
    """Depth of exchange and width of the narrowest front, of a stage whose conditions change in its parts.

    Stage by stage: the sharp-front law gives how much enters, with the layers exchanged before as resistances in
    series; the steady electroneutral front gives the width, or diffusion where that is narrower still; older fronts are
    pushed ahead.
    """
    thickness = experiment.sample.thickness
    if _mobile_charge_density(experiment) == 0.0:
        return ZoneEstimate(depth=thickness, width=thickness)
    experiment, of_stage = experiment.sampled()
    natives = [
        float(_native_coefficient(experiment, index, experiment.diffusion_models(index)))
        for index in range(len(experiment.stages))
    ]
    wholes = _times_of_diffusion(experiment, of_stage, natives)
    course = _Course()
    for index, stage in enumerate(experiment.stages):
        if stage.surface_law().blocks:
            _deplete(course, experiment, stage)
        elif stage.drives and natives[index] > 0.0:
            _exchange(course, experiment, index, of_stage, native=natives[index], whole=wholes[index])
    # ions that stay behind widen the zone
    depth = max(course.depth / (1.0 - min(_trapped_fraction(experiment), 0.9)), course.tip / ZONE_RESERVE)
    depth = min(depth, thickness) or thickness
    fronts = sum(course.fronts.values())
    return ZoneEstimate(depth=depth, width=min(course.width, depth), cell=course.cell, fronts=fronts)


def _deplete(course: _Course, experiment: Experiment, stage: Stage) -> None:
    """Enter the depletion layer of a blocking contact."""
    potential = stage.surface_law().potential or 0.0
    layer = _space_charge_width(experiment, potential, _mobile_charge_density(experiment))
    # where slower ions stay behind, the layer of the others is deeper
    widths = SINGLE_LAYER if len(_mobile_native_ions(experiment)) == 1 else LAYERS
    course.depth = max(course.depth, widths * layer)
    edge = DEPLETION_EDGE * _debye_length(experiment, stage.first_temperature)
    course.width, course.cell = min(course.width, edge), min(course.cell, edge / CELLS_PER_FRONT)


def _exchange(
    course: _Course, experiment: Experiment, index: int, of_stage: Sequence[int], *, native: float, whole: float
) -> None:
    """Enter what is exchanged in a part of a stage, with D of the native ions there [m^2/s].

    ``whole`` is the time in which diffusion as fast as there comes as far as in all parts of the stage [s].
    """
    stage, number, thickness = experiment.stages[index], of_stage[index], experiment.sample.thickness
    law, models = stage.surface_law(), experiment.diffusion_models(index)
    entering = _entering_ions(experiment, stage)
    coefficients = {
        name: max(
            SMALLEST_COEFFICIENT,
            float(models[name].coefficient(experiment.reference_density(name, index), stage.first_temperature)),
        )
        for name in (*entering, *course.pushed)
    }
    diffusive = max((coefficients[name] for name in entering), default=SMALLEST_COEFFICIENT)
    # a layer with the charge of the native ions conducts in proportion to |Z| D
    conducting = {name: abs(experiment.ions[name].charge) * value for name, value in coefficients.items()}
    foreign = max((conducting[name] for name in entering), default=SMALLEST_COEFFICIENT)
    earlier = sum(part / (foreign if when == number else at_that_time) for when, part, at_that_time in course.layers)
    before = course.exchanged - sum(part for when, part, _ in course.layers if when == number)
    resistance = max(thickness - course.exchanged, 0.0) / native + earlier
    replaced = _mobile_charge_density(experiment)
    amount = min(_entered_length(experiment, stage, replaced, native, foreign, resistance), thickness)
    spread = math.sqrt(min(native, diffusive) * whole)
    if law.composition is not None:
        spread = max(spread, 5.0 * math.sqrt(diffusive * whole))
        course.width = min(course.width, math.sqrt(diffusive * whole))
    if amount > 0.0:
        ahead = course.pushed if before > LEADING_LAYER * amount else []
        _sharpen(course, experiment, stage, number, conducting, ahead, foreign, native, amount, whole)
    # a fast foreign ion runs ahead of the amount that entered (a rarefaction)
    of_this_stage = course.exchanged - before + amount
    stretch, behind = min(max(foreign / native, 1.0), 1e3), foreign
    dense = max([foreign, *(_dense_coefficient(experiment, index, models, name) for name in entering)])
    replaced = _replaced_charge(experiment, index, models, entering, dense)
    # where a part of the native charge is replaced, or D rises with density, by more than the reserve covers
    farther = min(_entered_length(experiment, stage, replaced, native, dense, resistance), thickness)
    reached, sharing = before + of_this_stage * stretch, of_this_stage
    if farther > ZONE_RESERVE * amount * stretch:
        sharing, behind = of_this_stage * farther / amount, dense
        reached = before + sharing
    begun = index > 0 and of_stage[index - 1] == number
    reached = max(course.depth, reached + spread) if begun else max(course.depth, reached) + spread
    course.depth = min(reached, thickness)
    course.tip = max(course.tip, before + sharing * _tip_speed(experiment, index, models, behind) + spread)
    course.exchanged = min(course.exchanged + amount, thickness)
    course.layers.append((number, amount, foreign))
    if index + 1 == len(of_stage) or of_stage[index + 1] != number:
        course.pushed = course.pushed or entering


def _sharpen(
    course: _Course, experiment: Experiment, stage: Stage, number: int, conducting: Mapping[str, float],
    ahead: Sequence[str], foreign: float, native: float, amount: float, whole: float,
) -> None:  # fmt: skip
    """Enter the front of what a part of a stage brings, and of the ions that are ``ahead`` of it.

    ``conducting`` is |Z| D of all these ions [m^2/s], ``foreign`` the largest of those that enter; the others as in
    `_front`.
    """
    diffusing = experiment.cross_terms.share_of_diffusion
    largest = max((abs(experiment.ions[name].charge) for name in conducting), default=1)
    width, cell = _front(foreign, native, amount, stage.duration, largest, whole, diffusing)
    course.width = min(course.width, width)
    if foreign < native and width < SHARP * DIFFUSIVE_WIDTH * math.sqrt(diffusing * foreign * whole):
        course.fronts[number] = max(len(stage.surface_law().beam_fractions), 1)
    if ahead:
        # the ions that came first stay between the new ones and the native ones
        leading = max(conducting[name] for name in ahead)
        _, cell = _front(leading, native, amount, stage.duration, largest, whole, diffusing)
    course.cell = min(course.cell, cell)


def _times_of_diffusion(experiment: Experiment, of_stage: Sequence[int], natives: Sequence[float]) -> list[float]:
    """For each part of a stage, the time in which diffusion as fast as there comes as far as in all its parts [s]."""
    durations = [stage.duration for stage in experiment.stages]
    parts = Counter(of_stage)
    squares = dict.fromkeys(of_stage, 0.0)
    for stage, native, duration in zip(of_stage, natives, durations, strict=True):
        squares[stage] += native * duration
    return [
        duration if parts[stage] == 1 or native <= 0.0 else squares[stage] / native
        for stage, native, duration in zip(of_stage, natives, durations, strict=True)
    ]


def _front(
    foreign: float, native: float, amount: float, duration: float, charge: int, whole: float, diffusing: float
) -> tuple[float, float]:
    """Width of a front [m] and the largest cell that resolves it [m].

    The difference of the coefficients `foreign` and `native` [m^2/s] sharpens a front that moves on by `amount` [m],
    until it is steady; what has had no time for that is as wide as diffusion makes it in the `whole` time [s], of which
    cross terms leave the share `diffusing`.
    """
    slower = min(foreign, native)
    drift = abs(1.0 / foreign - 1.0 / native)
    width = DIFFUSIVE_WIDTH * math.sqrt(diffusing * slower * whole)
    if drift > 0.0:
        width = min(width, LOGISTIC_WIDTH * diffusing * duration / (amount * drift))
    largest_cell = LARGEST_PECLET_NUMBER * diffusing * slower * duration / (amount * charge)
    return width, min(width / CELLS_PER_FRONT, largest_cell)


def _entering_ions(experiment: Experiment, stage: Stage) -> list[str]:
    """The foreign ions that a stage brings; the native ones if it brings no other."""
    entering = list(stage.newcomers)
    if stage.surface_law().beam is not None:
        return entering
    return [name for name in entering if name not in experiment.sample.native] or entering


def _dense_coefficient(experiment: Experiment, index: int, models: dict[str, DiffusionModel], name: str) -> float:
    """|Z| D of an ion that has taken the places of all mobile native charges, at the start of a stage [m^2/s].

    It is denser than its reference density where it replaces ions of a higher charge number, or joins its own kind.
    """
    charge = abs(experiment.ions[name].charge)
    density = np.array(_mobile_charge_density(experiment) / charge)
    return charge * float(models[name].coefficient(density, experiment.stages[index].first_temperature))


def _replaced_charge(
    experiment: Experiment, index: int, models: dict[str, DiffusionModel], entering: list[str], foreign: float
) -> float:
    """Density of the native charges that give way to the ions that enter in a stage [1/m^3]; of all if hardly any do.

    Native ions that enter themselves stay, and those slower than ``foreign`` [m^2/s] are overtaken: the front has the
    fewer to replace and reaches the farther.
    """
    giving = 0.0
    for name, density in _mobile_native_ions(experiment).items():
        charge = abs(experiment.ions[name].charge)
        own_density = np.array(experiment.native_fermi_density(name, index))
        coefficient = float(models[name].coefficient(own_density, experiment.stages[index].first_temperature))
        if name not in entering and charge * coefficient >= foreign:
            giving += charge * density
    total = _mobile_charge_density(experiment)
    return giving if giving > FEWEST_REPLACED * total else total


def _entered_length(
    experiment: Experiment,
    stage: Stage,
    replaced: float,
    native: float,
    foreign: float,
    resistance: float,
) -> float:
    """Amount that enters in a stage by the sharp-front law, as a depth of the exchange [m].

    ``replaced`` is the density of the charges that give way [1/m^3]; ``resistance`` that of the whole sample at the
    start, in units of length / diffusion coefficient [s/m].
    """
    thermal = ELEMENTARY_CHARGE / (BOLTZMANN_CONSTANT * stage.first_temperature)
    law = stage.surface_law()
    drive = abs(law.potential or 0.0) * thermal * stage.duration * (_mobile_charge_density(experiment) / replaced)
    gain = 1.0 / foreign - 1.0 / native
    # resistance q + gain q^2 / 2 = drive; when the exchange makes the sample ever more conductive it breaks through
    discriminant = resistance**2 + 2.0 * gain * drive
    amount = math.inf if discriminant < 0.0 else 2.0 * drive / (resistance + math.sqrt(discriminant))
    if law.beam_current is not None:
        flux = law.beam_current / (experiment.sample.illuminated_area * ELEMENTARY_CHARGE * replaced)
        amount = min(amount, flux * stage.duration)
    return amount


def _space_charge_width(experiment: Experiment, potential: float, charge_density: float) -> float:
    """Final width of the depletion layer of a blocking contact [m]; at least that of one thermal voltage at 300 K."""
    potential = max(abs(potential), BOLTZMANN_CONSTANT * 300.0 / ELEMENTARY_CHARGE)
    permittivity = VACUUM_PERMITTIVITY * experiment.sample.relative_permittivity
    return math.sqrt(2.0 * permittivity * potential / (ELEMENTARY_CHARGE * max(charge_density, 1.0)))


def _debye_length(experiment: Experiment, temperature: float) -> float:
    """Of the mobile native ions [m]."""
    ions = _mobile_native_ions(experiment)
    return float(
        debye_length(
            densities=list(ions.values()),
            relative_permittivity=experiment.sample.relative_permittivity,
            temperature=temperature,
            charges=[experiment.ions[name].charge for name in ions],
        )
    )


def _mobile_native_ions(experiment: Experiment) -> dict[str, float]:
    immobile = experiment.immobile_ions
    return {name: density for name, density in experiment.sample.native.items() if name not in immobile}


def _mobile_charge_density(experiment: Experiment) -> float:
    """Sum of |Z| n over the mobile native ions [1/m^3]."""
    ions = _mobile_native_ions(experiment)
    return sum(abs(experiment.ions[name].charge) * density for name, density in ions.items())


def _tip_speed(experiment: Experiment, index: int, models: dict[str, DiffusionModel], foreign: float) -> float:
    """How far the exchange reaches, in units of the depth of complete exchange.

    Without diffusion a share s of foreign ions is at most max f(s) / s deep, with f their share of the current
    (Welge's construction): more than 1 where D of the native ions falls as they become fewer.
    """
    left = 1.0 - np.linspace(0.005, 1.0, 200)
    conduction = left * _native_coefficient(experiment, index, models, left)
    return float(min(np.max(foreign / (conduction + foreign * (1.0 - left))), 1e3))


def _native_coefficient(
    experiment: Experiment, index: int, models: dict[str, DiffusionModel], left: float | FloatArray = 1.0
) -> FloatArray:
    """D of the native ions in a stage, weighted by their share of the conduction [m^2/s].

    ``left``: share of them that is still there, of any shape.
    """
    temperature = experiment.stages[index].first_temperature
    total = np.zeros(np.shape(left))
    for name, density in _mobile_native_ions(experiment).items():
        fermi_density = experiment.native_fermi_density(name, index)
        coefficient = models[name].coefficient(np.asarray(left) * fermi_density, temperature)
        total = total + experiment.ions[name].charge ** 2 * density * coefficient
    return total / _mobile_charge_density(experiment)


def _trapped_fraction(experiment: Experiment) -> float:
    fractions = [
        specification.trapped_fraction
        for index in range(len(experiment.stages))
        for specification in experiment.diffusion_specifications(index).values()
        if isinstance(specification, SiteEnergySpecification)
    ]
    return max(fractions, default=0.0)
