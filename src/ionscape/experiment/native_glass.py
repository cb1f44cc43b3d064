"""The native glass before the experiment: diffusion coefficients, conductivity, screening, current by Ohm's law."""

from __future__ import annotations

from dataclasses import dataclass

from ionscape.experiment.data import ExperimentData
from ionscape.experiment.diffusion import is_immobile
from ionscape.relations.conduction import debye_length, ionic_conductivity


@dataclass(frozen=True, kw_only=True)
class NativeCoefficient:
    """D of an ion in the native glass.

    Attributes:
        coefficient: D [m^2/s].
        density: the one that sets the Fermi level [1/m^3].
        stage: index of the stage whose first temperature and diffusion models hold, counted from 0.
    """

    coefficient: float
    density: float
    stage: int


@dataclass(frozen=True, kw_only=True)
class NativeConduction:
    """How the native glass conducts at the temperature of a stage.

    Attributes:
        conductivity: of all mobile native ions together [S/m].
        debye_length: of the mobile native ions [m].
        current: by Ohm's law at the potential of the stage [A]; None if it has none, or 0.
    """

    conductivity: float
    debye_length: float
    current: float | None


SMALLEST_SHARE = 1e-6
"""Share of the conductivity below which a native ion carries no current ..."""

BOND_LENGTH = 1e-10
"""... and distance that it would have to diffuse to have moved [m]."""


REMEMBERED = 4
_recent: list[tuple[ExperimentData, frozenset[str]]] = []
"""Experiments that were asked last: the checks of all compositions and many figures of a grid ask the same one, with D
of all ions in up to a thousand parts of its programmes. They are values, so that what was found for an object holds."""


def immobile_ions(experiment: ExperimentData) -> frozenset[str]:
    """See `Experiment.immobile_ions`."""
    return motionless_ions(experiment) | {name for name, ion in experiment.ions.items() if is_immobile(ion.diffusion)}


def motionless_ions(experiment: ExperimentData) -> frozenset[str]:
    """Native ions whose D is not 0 but as good as 0; see `Experiment.immobile_ions`.

    They carry less than `SMALLEST_SHARE` of the conductivity of the native glass in every stage, and sqrt(sum 2 D t) of
    all stages is below `BOND_LENGTH`. So the ions that carry the current move however short an experiment is.
    """
    for known, ions in tuple(_recent):
        if known is experiment:
            return ions
    ions = _motionless_ions(experiment)
    _recent[:] = [*_recent[1 - REMEMBERED :], (experiment, ions)]
    return ions


def _motionless_ions(experiment: ExperimentData) -> frozenset[str]:
    sample = experiment.sample
    moving = [name for name in sample.native if not is_immobile(experiment.ions[name].diffusion)]
    if len(moving) < 2:
        return frozenset()
    largest = dict.fromkeys(moving, 0.0)
    squares = dict.fromkeys(moving, 0.0)
    experiment, _ = experiment.sampled()
    for index, stage in enumerate(experiment.stages):
        coefficients = {name: native_coefficient(experiment, name, index).coefficient for name in moving}
        carried = {
            name: experiment.ions[name].charge ** 2 * sample.native[name] * coefficients[name] for name in moving
        }
        total = sum(carried.values())
        for name in moving:
            squares[name] += 2.0 * coefficients[name] * stage.duration
            largest[name] = max(largest[name], carried[name] / total if total > 0.0 else 0.0)
    return frozenset(name for name in moving if largest[name] < SMALLEST_SHARE and squares[name] < BOND_LENGTH**2)


def native_coefficient(experiment: ExperimentData, name: str, stage_index: int) -> NativeCoefficient:
    """D of an ion in the native glass, at the temperature with which a stage begins.

    Where no native ion sets its Fermi level, the density is the one at which its coefficient is given.
    """
    model = experiment.diffusion_model(name, stage_index)
    density = experiment.native_fermi_density(name, stage_index)
    if density == 0.0:
        specification = experiment.diffusion_specifications(stage_index)[name]
        stated = getattr(specification, "reference_density", None)
        density = float(stated or experiment.reference_density(name, stage_index))
    temperature = experiment.stages[stage_index].first_temperature
    coefficient = float(model.coefficient(density, temperature))
    return NativeCoefficient(coefficient=coefficient, density=density, stage=stage_index)


def first_coefficient(experiment: ExperimentData, name: str) -> NativeCoefficient:
    """The same in the first stage that has the ion: the first one of all for native ions."""
    return native_coefficient(experiment, name, first_stage_with(experiment, name) or 0)


def first_stage_with(experiment: ExperimentData, name: str) -> int | None:
    """Index of the first stage in which the sample may hold an ion; None if it never does."""
    if name in experiment.sample.native:
        return 0
    for index, stage in enumerate(experiment.stages):
        if name in stage.newcomers:
            return index
    return None


def native_conduction(experiment: ExperimentData, stage_index: int) -> NativeConduction | None:
    """How the native glass conducts at the start of a stage (Nernst-Einstein); None if no native ion is mobile there.

    Source: Gunawan 2024 ESI (S 69), summed over the ions.
    """
    stage, sample = experiment.stages[stage_index], experiment.sample
    specifications = experiment.diffusion_specifications(stage_index)
    motionless = motionless_ions(experiment)
    mobile = [name for name in sample.native if name not in motionless and not is_immobile(specifications[name])]
    if not mobile:
        return None
    densities = [sample.native[name] for name in mobile]
    charges = [experiment.ions[name].charge for name in mobile]
    conductivity = float(
        ionic_conductivity(
            diffusion_coefficients=[native_coefficient(experiment, name, stage_index).coefficient for name in mobile],
            densities=densities,
            temperature=stage.first_temperature,
            charges=charges,
        )
    )
    length = debye_length(
        densities=densities,
        relative_permittivity=sample.relative_permittivity,
        temperature=stage.first_temperature,
        charges=charges,
    )
    voltage = stage.surface_law().potential or 0.0
    current = conductivity * sample.illuminated_area * voltage / sample.thickness
    return NativeConduction(
        conductivity=conductivity, debye_length=float(length), current=current if voltage != 0.0 else None
    )
