"""From the experiment to the arrays of one stage: scaled densities, tables of ln D, boundary laws."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT, ELEMENTARY_CHARGE, VACUUM_PERMITTIVITY
from ionscape.diffusivity import DiffusionModel, log_diffusion_table
from ionscape.diffusivity.table import SMALLEST_COEFFICIENT
from ionscape.experiment import Experiment
from ionscape.experiment.cross_terms import LARGEST_COUPLING

from .arrays import (
    BEAM_LIMITED,
    POTENTIAL_LIMITED,
    SURFACE_BEAM,
    SURFACE_BLOCKING,
    SURFACE_CLOSED,
    SURFACE_HELD,
    SURFACE_OPEN_CIRCUIT,
    Boundaries,
    Cells,
    Coefficients,
    Medium,
    Problem,
    Ramp,
    no_ramp,
)
from .level_arrays import Sites
from .population_arrays import PopulatedSystem, activities_at_contact, make_sites
from .settings import Settings

FIRST_STEP_FRACTION = 1e-7
"""First time step of a stage in units of its duration."""


@dataclass(frozen=True, kw_only=True)
class Scales:
    """The ions in their order, and the unit of density.

    Attributes:
        names: of the ions.
        charges: charge numbers.
        native: native densities in units of `density`, shape (ions,).
        density: unit of density [1/m^3].
    """

    names: tuple[str, ...]
    charges: tuple[float, ...]
    native: FloatArray
    density: float


@dataclass(frozen=True, kw_only=True)
class StageArrays:
    """What the kernels read in one stage, and how it starts.

    Attributes:
        problem: for the kernels.
        start: of the stage [s].
        end: of the stage [s].
        first_step: [s].
        regime: of the beam at the start.
        first_potential: first guess of the potential, shape (cells,) [V]; None for that of the stage before.
        driven: whether a potential is applied to a contact at the surface.
        ramp: how the conditions change until the end; `problem` is that of the start.
        at_end: the problem at the end, where it is another one; its tables of ln D need not be.
        sites: of the ions whose populations are followed; None without any.
        nodes: the experiment and its arrays, whose tables of ln D hold at the start; on a ramp of temperature one for
            each table of the stage.
    """

    problem: Problem
    start: float
    end: float
    first_step: float
    regime: int
    first_potential: FloatArray | None
    driven: bool
    ramp: Ramp = field(default_factory=no_ramp)
    at_end: Problem | None = None
    sites: Sites | None = None
    nodes: tuple[tuple[Experiment, StageArrays], ...] = ()

    @property
    def last(self) -> Problem:
        """The problem at the end."""
        return self.problem if self.at_end is None else self.at_end

    def at(self, time: float) -> Problem:
        """The problem at a time [s]; its tables hold until the next call."""
        if self.ramp.duration == 0.0:
            return self.problem
        from .ramp import conditions_at  # it loads the compiler

        share = min(max((time - self.ramp.start) / self.ramp.duration, 0.0), 1.0)
        kernel: Any = getattr(conditions_at, "py_func", conditions_at)
        return kernel(self.problem, self.ramp, share)


def make_scales(experiment: Experiment) -> Scales:
    """Order of the ions and unit of density: the total native density of the mobile ions."""
    names = tuple(experiment.ions)
    total = experiment.bulk_density or sum(experiment.sample.native.values())
    native = np.array([experiment.sample.native.get(name, 0.0) / total for name in names])
    charges = tuple(float(experiment.ions[name].charge) for name in names)
    return Scales(names=names, charges=charges, native=native, density=total)


def make_stage(
    experiment: Experiment,
    index: int,
    *,
    scales: Scales,
    cells: Cells,
    start: float,
    surface_displacement: float,
    back_field: float,
    present: NDArray[np.bool_],
    settings: Settings,
    like: tuple[Experiment, StageArrays] | None = None,
    coefficients: Coefficients | None = None,
    systems: tuple[PopulatedSystem, ...] = (),
) -> StageArrays:
    """Arrays of stage ``index``, which begins at ``start`` [s], with the conditions of its start.

    ``surface_displacement`` and ``back_field`` are what the stage before left at the faces; ``present``: which ions the
    sample contains; ``like``: a similar experiment with its arrays of the stage, whose knots of density are used and
    whose tables of ln D where the diffusion models are the same; ``coefficients``: tables that are used as they are;
    ``systems``: of the ions whose populations are followed.
    """
    stage, sample = experiment.stages[index], experiment.sample
    law = stage.surface_law()
    thermal = ELEMENTARY_CHARGE / (BOLTZMANN_CONSTANT * stage.first_temperature)
    full = settings.model == "full"
    unit = VACUUM_PERMITTIVITY / (ELEMENTARY_CHARGE * scales.density)
    models = experiment.diffusion_models(index)
    tables = None if like is None else _reusable_tables(experiment, index, *like)
    if coefficients is None:
        coefficients = _tabulate(models, stage.first_temperature, scales, settings.table_intervals, tables)
    medium = Medium(
        charges=np.array(scales.charges),
        ions=tuple(range(len(scales.names))),
        permittivity=unit * sample.relative_permittivity if full else 0.0,
        thermal=thermal,
        native=scales.native,
        coupling=_coupling(experiment),
    )
    mobility = _native_mobility(models, stage.first_temperature, scales)
    boundaries, regime = _boundaries(
        experiment, index, scales=scales, models=models, mobility=mobility * thermal,
        surface_displacement=surface_displacement, back_field=back_field,
        vacuum=unit / experiment.chamber.aperture_distance if full else 0.0, settings=settings,
    )  # fmt: skip
    _hold_activities(boundaries, experiment, index, systems=systems, scales=scales)
    first = FIRST_STEP_FRACTION * stage.duration
    if regime == BEAM_LIMITED and full and math.isfinite(boundaries.beam_flux):
        # the beam first charges the surface: follow the rise of its potential
        capacity = medium.permittivity / sample.thickness + boundaries.vacuum
        first = min(first, 0.02 * capacity * abs(boundaries.applied_potential) / boundaries.beam_flux)
    absent = ~present & (boundaries.held == 0.0)
    if boundaries.law == SURFACE_BEAM:
        absent[boundaries.beam_share > 0.0] = False
    # an ion that neither is there nor enters must stay away exactly: its rounding errors would move
    coefficients.knots[absent] = 0.0
    coefficients.knots[absent, :, 0] = math.log(SMALLEST_COEFFICIENT)
    coefficients.spacing_inverse[absent] = 0.0
    boundaries.held_coefficient[absent] = SMALLEST_COEFFICIENT
    return StageArrays(
        problem=Problem(cells, medium, coefficients, boundaries),
        start=start,
        end=start + stage.duration,
        first_step=first,
        regime=regime,
        first_potential=None if full else _ohmic_potential(boundaries, cells, mobility * thermal, scales.charges),
        driven=law.touches and law.potential is not None,
        sites=make_sites(systems, experiment, index, names=scales.names, density=scales.density),
    )


def _hold_activities(
    boundaries: Boundaries, experiment: Experiment, index: int, *, systems: tuple[PopulatedSystem, ...], scales: Scales
) -> None:
    """What a contact holds of ions with populations are their activities, in place."""
    densities = experiment.contact_densities(index) if systems else None
    if densities is None:
        return
    found = activities_at_contact(systems, densities, experiment.stages[index].first_temperature)
    for name, value in found.items():
        boundaries.held[scales.names.index(name)] = value / scales.density


def _ohmic_potential(
    boundaries: Boundaries, cells: Cells, mobility: float, charges: tuple[float, ...]
) -> FloatArray | None:
    """First guess of the potential under a beam [V], shape (cells,).

    Without a permittivity the potential follows from the current alone, and no current leaves where the potential is
    zero: Newton's method cannot start from there.
    """
    if boundaries.law != SURFACE_BEAM or mobility <= 0.0:
        return None
    faces = np.cumsum(cells.size)
    thickness = faces[-1]
    flux = float(boundaries.beam_share @ np.abs(charges)) * boundaries.beam_flux
    surface = min(abs(boundaries.applied_potential), flux * thickness / mobility)
    depth = faces - 0.5 * cells.size
    return math.copysign(surface, boundaries.applied_potential) * (1.0 - depth / thickness)


def _coupling(experiment: Experiment) -> FloatArray:
    """Lambda of the pairs of ions, shape (ions, ions), for `cross_terms`; of shape (0, 0) without any."""
    if not experiment.cross_terms.given:
        return np.zeros((0, 0))
    names = tuple(experiment.ions)
    coupling = np.zeros((len(names), len(names)))
    charges = {name: ion.charge for name, ion in experiment.ions.items()}
    for (first, second), value in experiment.cross_terms.coefficients(charges).items():
        i, j = names.index(first), names.index(second)
        coupling[i, j] = coupling[j, i] = min(value, LARGEST_COUPLING)
    return coupling


@dataclass(frozen=True, kw_only=True)
class _Tables:
    """Tables of a similar stage: those of the ions in ``same`` can be used as they are, all have the right knots."""

    coefficients: Coefficients
    same: frozenset[str]


def _reusable_tables(experiment: Experiment, index: int, other: Experiment, arrays: StageArrays) -> _Tables:
    ours, theirs = experiment.diffusion_specifications(index), other.diffusion_specifications(index)
    alike = experiment.stages[index].first_temperature == other.stages[index].first_temperature
    same = frozenset(
        name
        for name in ours
        if alike
        and ours[name] == theirs[name]
        and experiment.reference_density(name, index) == other.reference_density(name, index)
    )
    return _Tables(coefficients=arrays.problem.coefficients, same=same)


def _tabulate(
    models: dict[str, DiffusionModel],
    temperature: float,
    scales: Scales,
    intervals: int,
    tables: _Tables | None = None,
) -> Coefficients:
    ions = len(scales.names)
    knots = np.zeros((ions, intervals + 1, 2))
    inverse = np.zeros(ions)
    counts = np.eye(ions)
    for i, name in enumerate(scales.names):
        model = models[name]
        if model.fermi_level_counts is not None:
            counts[i] = [float(other in model.fermi_level_counts) for other in scales.names]
        limit = model.density_limit
        if tables is not None and tables.coefficients.spacing_inverse[i] != 0.0:
            limit = intervals * scales.density / float(tables.coefficients.spacing_inverse[i])
        if tables is not None and name in tables.same:
            knots[i] = tables.coefficients.knots[i]
            inverse[i] = tables.coefficients.spacing_inverse[i]
            continue
        if limit is None:
            value = float(model.coefficient(np.array(scales.density), temperature))
            knots[i, :, 0] = math.log(max(value, SMALLEST_COEFFICIENT))
            continue
        values, slopes = log_diffusion_table(model, temperature=temperature, maximum_density=limit, intervals=intervals)
        knots[i, :, 0] = values
        knots[i, :, 1] = slopes * (limit / intervals)
        # D is constant beyond both ends: a kink there, where filled sites hold a density, keeps Newton's method jumping
        knots[i, (0, -1), 1] = 0.0
        inverse[i] = intervals * scales.density / limit
    return Coefficients(knots, inverse, counts)


def _fermi_densities(model: DiffusionModel, name: str, scales: Scales, scaled: FloatArray) -> FloatArray:
    counted = model.fermi_level_counts or (name,)
    return np.array(sum(scaled[scales.names.index(other)] for other in counted) * scales.density)


def _native_mobility(models: dict[str, DiffusionModel], temperature: float, scales: Scales) -> float:
    """Sum of Z^2 D n over the native ions, scaled [m^2/s]."""
    total = 0.0
    for i, name in enumerate(scales.names):
        if scales.native[i] > 0.0:
            density = _fermi_densities(models[name], name, scales, scales.native)
            total += scales.charges[i] ** 2 * scales.native[i] * float(models[name].coefficient(density, temperature))
    return total


def _boundaries(
    experiment: Experiment,
    index: int,
    *,
    scales: Scales,
    models: dict[str, DiffusionModel],
    mobility: float,
    surface_displacement: float,
    back_field: float,
    vacuum: float,
    settings: Settings,
) -> tuple[Boundaries, int]:
    """Boundary laws and the regime in which the beam starts.

    ``mobility`` is sum Z^2 D n e / k_B T [m^2/(s V)], scaled.
    """
    stage = experiment.stages[index]
    ions = len(scales.names)
    deposits = experiment.back_electrode.deposits
    held = np.zeros(ions)
    held_coefficient = np.zeros(ions)
    beam_share = np.zeros(ions)
    kind, beam_flux, holding, potential = SURFACE_CLOSED, math.inf, 0.0, 0.0
    regime = POTENTIAL_LIMITED
    law = stage.surface_law()
    if law.beam is not None:
        kind, potential = SURFACE_BEAM, law.potential or 0.0
        places = [scales.names.index(name) for name in law.beam_fractions]
        charge = abs(scales.charges[places[0]])
        for place, fraction in zip(places, law.beam_fractions.values(), strict=True):
            beam_share[place] = fraction * charge / abs(scales.charges[place])
        # the native current at full potential within holding_tolerance of the source potential; the sign makes the
        # law J = g (U_R - phi) feed positive ions to a positive and negative ions to a negative surface
        holding = max(mobility, 1e-40) / (experiment.sample.thickness * settings.holding_tolerance)
        holding *= math.copysign(1.0, scales.charges[places[0]])
        if law.beam_current is not None:
            carried = ELEMENTARY_CHARGE * charge * scales.density
            beam_flux = law.beam_current / (experiment.sample.illuminated_area * carried)
            regime = BEAM_LIMITED
    elif law.touches:
        kind, potential = SURFACE_BLOCKING if law.blocks else SURFACE_HELD, law.potential or 0.0
        if law.potential is None:
            kind = SURFACE_OPEN_CIRCUIT
        if law.blocks and settings.model == "electroneutral":
            # without a permittivity no current charges the contact, and the glass is left to itself; nothing else would
            # fix the zero of its potential, since the back electrode gives no ion back
            kind = SURFACE_CLOSED
        densities = experiment.contact_densities(index)
        if densities is not None:
            held = np.array([densities.get(name, 0.0) / scales.density for name in scales.names])
            for i, name in enumerate(scales.names):
                density = _fermi_densities(models[name], name, scales, held)
                value = float(models[name].coefficient(density, stage.first_temperature))
                held_coefficient[i] = max(value, SMALLEST_COEFFICIENT)
    boundaries = Boundaries(
        law=kind,
        beam_share=beam_share,
        beam_flux=beam_flux,
        holding=holding,
        applied_potential=potential,
        vacuum=vacuum,
        surface_displacement=surface_displacement,
        back_field=back_field if kind == SURFACE_OPEN_CIRCUIT else 0.0,
        held=held,
        held_coefficient=held_coefficient,
        deposits=np.array([float(deposits is None or name in deposits) for name in scales.names]),
    )
    return boundaries, regime


def displacement_at_surface(problem: Problem, potential: float) -> float:
    """Displacement eps E / (e n) at the surface [m] for a potential of the first cell [V]."""
    boundaries = problem.boundaries
    if boundaries.law == SURFACE_BEAM:
        return -boundaries.vacuum * potential
    if boundaries.law == SURFACE_CLOSED:
        return boundaries.surface_displacement
    step = boundaries.applied_potential - potential
    return problem.medium.permittivity * step / float(problem.cells.distance[0])


def field_at_back(problem: Problem, potential: float, before: float) -> float:
    """Field at the back [V/m] for a potential of the last cell [V]; at open circuit the one of the stage before."""
    if problem.boundaries.law in (SURFACE_CLOSED, SURFACE_OPEN_CIRCUIT):
        return before
    return potential / float(problem.cells.distance[-1])
