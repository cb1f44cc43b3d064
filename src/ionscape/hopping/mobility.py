"""D(n, T) of a landscape: over the filling of its sites, and where foreign ions replace the native ones.

Two questions with opposite answers. If there are fewer ions on the same sites, there are more vacancies, and D of each
ion rises. If foreign ions take the sites of native ones, the vacancies stay: D of the native ions does not change where
both share every site alike, and falls where the foreign ions keep the sites that are easiest to leave. Charge
attachment replaces ions; D over the filling does not describe it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np

from ionscape.arguments import number, positive_number, shown, whole_number
from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT, ELEMENTARY_CHARGE
from ionscape.diffusivity.landscape import ORIGINS, Origin
from ionscape.errors import InputError, IonscapeError, PercolationError
from ionscape.glass import Composition, Glass, ion_number_density, make_glass
from ionscape.scaleout import Executor, RunStore, Tally, run

from .conductivity import conductivity
from .jumps import JumpLaw, jumps_of
from .landscape import Landscape, LandscapeModel, child_seed, generate_landscape, middle_of_gap, published_model
from .mobility_result import Mobility, make_mobility
from .percolation import activation_energy
from .statistics import chemical_potential

Foreign = Literal["mixed", "frozen"]

FILLINGS = (0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98)
NATIVE_SHARES = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
"""Up to 1, the native glass; below some 0.7 no path is left where the foreign ions are frozen."""
CONTENTS = "mobility 1"


@dataclass(frozen=True, kw_only=True)
class MobilityTask:
    """One landscape at all shares: on what its outcome depends.

    Attributes:
        glass: composition and units.
        model: of the landscape.
        lattice: sites along each edge.
        seed: of all landscapes.
        landscape: its number.
        temperatures: [K].
        origin: what varies.
        foreign: how the foreign ions sit.
        shares: fillings, or shares of native ions.
        jumps: law of the jumps of the native ions.
    """

    glass: Glass
    model: LandscapeModel
    lattice: int
    seed: int
    landscape: int
    temperatures: tuple[float, ...]
    origin: Origin
    foreign: Foreign
    shares: tuple[float, ...]
    jumps: JumpLaw


def landscape_diffusion(
    glass: Glass | Composition | str,
    *,
    temperature: Sequence[float],
    origin: Origin = "replacement",
    foreign: Foreign = "mixed",
    foreign_barrier: float | None = None,
    shares: Sequence[float] | None = None,
    lattice: int = 35,
    landscapes: int = 4,
    model: LandscapeModel | None = None,
    jumps: JumpLaw | None = None,
    rng: int = 1,
    executor: Executor | None = None,
    store: RunStore | None = None,
    progress: Callable[[Tally], None] | None = None,
    title: str = "",
) -> Mobility:
    """D(n, T) of the ions of a glass from its landscapes, by the network of mean occupations (Bosi 2021 (7)).

    D_σ = σ k_B T/(n q²). Over the filling also D_chem = σ/(q² ∂n/∂μ) with ∂n/∂μ = β Σ f(1 − f)/V.

    Where foreign ions replace native ones the total filling stays. "mixed": both share every site alike, as in
    equilibrium on one ladder of energies, so that in the mean neither hinders the other more than its like would, and
    D of either is that of the native glass with its own barrier. "frozen": foreign ions took the highest of the
    occupied sites and stay there, which blocks these sites.

    Args:
        glass: a glass, a composition, or a formula.
        temperature: two or more [K].
        origin: "replacement" or "filling": what varies.
        foreign: "mixed" or "frozen"; only with replacement.
        foreign_barrier: least barrier of the jumps of a foreign ion [J]; that of the native ones if None.
        shares: native ions over all ions, up to 1, or fillings of the accessible sites below 1; None for a choice.
        lattice: sites along each edge.
        landscapes: how many are averaged; two at least, for the errors.
        model: of the landscapes; the published one for the alkali if None.
        jumps: law of the jumps; that of the model if None.
        rng: a seed.
        executor: of `make_executor`; None for this process.
        store: where outcomes are kept.
        progress: called after every landscape.
        title: of the result.

    Returns:
        D with its errors; `Mobility.model()` is a diffusion model for experiments, which knows its origin.

    Raises:
        InputError: a value out of range.
        PercolationError: no landscape has a path, at any share.
        IonscapeError: a landscape failed.
    """
    made = glass if isinstance(glass, Glass) else make_glass(glass)
    model = published_model(made.composition) if model is None else model
    law = jumps if jumps is not None else JumpLaw(barrier=model.least_barrier)
    for key, value, known in (("origin", origin, tuple(ORIGINS)), ("foreign", foreign, get_args(Foreign))):
        if value not in known:
            raise InputError("is unknown", key=key, value=shown(value), remedy=f"choose one of {', '.join(known)}")
    if shares is None and origin == "replacement" and foreign == "mixed":
        shares = (1.0,)  # D does not depend on it
    wanted = _shares(shares, origin)
    temperatures = tuple(sorted({positive_number(value, key="temperature") for value in temperature}))
    if len(temperatures) < 2:
        problem = "must be two different ones or more, so that D has an activation energy"
        raise InputError(problem, key="temperature", value=list(temperatures))
    if foreign_barrier is not None and number(foreign_barrier, key="foreign_barrier") < 0.0:
        raise InputError("must be a finite number of at least 0", key="foreign_barrier", value=foreign_barrier)
    count = whole_number(landscapes, key="landscapes", least=2)
    tasks = [
        MobilityTask(
            glass=made, model=model, lattice=whole_number(lattice, key="lattice", least=2), seed=rng, landscape=each,
            temperatures=temperatures, origin=origin, foreign=foreign, shares=wanted, jumps=law,
        )
        for each in range(count)
    ]  # fmt: skip
    outcomes = run(mobility_of_landscape, [(task,) for task in tasks], identity=CONTENTS, executor=executor,
                   store=store, report=progress)  # fmt: skip
    for outcome in outcomes:
        if outcome.failed:
            raise IonscapeError(f"a landscape failed: {outcome.error}")
    values = {name: np.array([outcome.value[name] for outcome in outcomes]) for name in outcomes[0].value}
    if not (values["diffusion_coefficient"] > 0.0).any():
        raise PercolationError("no path of accessible sites leads through any of the landscapes, at any share")
    factors = [math.exp(((law.barrier if foreign_barrier is None else foreign_barrier) - law.barrier)
                        / (-BOLTZMANN_CONSTANT * value)) for value in temperatures]  # fmt: skip
    density = ion_number_density(made.composition, lattice_constant=law.jump_distance).value
    return make_mobility(
        values, shares=wanted, temperatures=temperatures, origin=origin, foreign=foreign, native_density=density,
        foreign_factors=np.array(factors), glass=made, lattice=lattice, seed=rng,
        native_filling=1.0 - model.vacant_site_fraction, title=title,
    )  # fmt: skip


def _shares(given: Sequence[float] | None, origin: Origin) -> tuple[float, ...]:
    if given is None:
        return FILLINGS if origin == "filling" else NATIVE_SHARES
    values = tuple(sorted({positive_number(value, key="shares") for value in given}))
    if origin == "filling" and not (values and values[-1] < 1.0):
        raise InputError("must be fillings between 0 and 1", key="shares", value=list(values))
    if origin == "replacement" and not (values and values[-1] == 1.0):
        problem = "must be shares of native ions above 0, with 1, the native glass, among them"
        raise InputError(problem, key="shares", value=list(values))
    return values


def mobility_of_landscape(task: MobilityTask) -> dict[str, Any]:
    """D [m^2/s] of one landscape, 0 without a path, and its least barrier [J], NaN without one.

    Returns:
        `diffusion_coefficient`, `thermodynamic_factor` over temperatures and shares, `activation_energy` over shares.
    """
    landscape = generate_landscape(task.glass, lattice=task.lattice, model=task.model,
                                   rng=child_seed(task.seed, task.landscape))  # fmt: skip
    shape = len(task.temperatures), len(task.shares)
    found = {"diffusion_coefficient": np.zeros(shape), "thermodynamic_factor": np.full(shape, np.nan)}
    barriers = np.full(len(task.shares), np.nan)
    for place, share in enumerate(task.shares):
        replaced = task.origin == "replacement"
        varied = with_foreign(landscape, share, task.foreign) if replaced else with_filling(landscape, share)
        try:
            barriers[place] = activation_energy(varied) + task.jumps.barrier - jumps_of(varied).barrier
            sigma = conductivity(varied, temperature=list(task.temperatures), jumps=task.jumps, electrodes=False)
        except PercolationError:
            continue
        density = varied.ions / (landscape.accessible.size * task.jumps.jump_distance**3)
        thermal = BOLTZMANN_CONSTANT * np.array(task.temperatures)
        found["diffusion_coefficient"][:, place] = (
            sigma["conductivity"].values * thermal / (density * ELEMENTARY_CHARGE**2)
        )
        found["thermodynamic_factor"][:, place] = [_thermodynamic_factor(varied, value) for value in task.temperatures]
    return {name: values.tolist() for name, values in found.items()} | {"activation_energy": barriers.tolist()}


def with_filling(landscape: Landscape, filling: float) -> Landscape:
    """The landscape with another number of ions, a share of its accessible sites."""
    ions = round(filling * landscape.accessible_sites)
    if not 0 < ions < landscape.accessible_sites:
        raise InputError("leaves no ion or no vacancy", key="shares", value=filling)
    return replace(landscape, ions=ions, fermi_energy=middle_of_gap(landscape.energies[landscape.accessible], ions))


def with_foreign(landscape: Landscape, share: float, foreign: Foreign) -> Landscape:
    """The landscape as the native ions see it that are left of all: without the sites that frozen foreign ions keep."""
    replaced = round((1.0 - share) * landscape.ions)
    if foreign == "mixed" or replaced == 0:
        return landscape
    energies = landscape.energies.copy()
    inside = energies[landscape.accessible]
    inside[np.argsort(inside, kind="stable")[landscape.ions - replaced : landscape.ions]] = np.nan
    energies[landscape.accessible] = inside
    ions = landscape.ions - replaced
    return replace(landscape, energies=energies, ions=ions, fermi_energy=middle_of_gap(inside[~np.isnan(inside)], ions))


def _thermodynamic_factor(landscape: Landscape, temperature: float) -> float:
    """(n/k_B T) ∂μ/∂n = N/Σ f (1 − f), D_chem over D_σ."""
    level = chemical_potential(landscape, temperature)
    thermal_energy = BOLTZMANN_CONSTANT * temperature
    decay: FloatArray = np.exp(-np.abs(landscape.energies[landscape.accessible] - level) / thermal_energy)
    return landscape.ions / float(np.sum(decay / (1.0 + decay) ** 2))
