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

from ionscape.arguments import positive_number, shown, whole_number
from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT, ELEMENTARY_CHARGE
from ionscape.errors import InputError, IonscapeError, PercolationError
from ionscape.glass import Composition, Glass, ion_number_density, make_glass
from ionscape.scaleout import Executor, RunStore, Tally, run

from .conductivity import conductivity
from .jumps import JumpLaw
from .landscape import Landscape, LandscapeModel, child_seed, generate_landscape, middle_of_gap, published_model
from .mobility_result import Mobility, make_mobility
from .percolation import activation_energy
from .statistics import occupation_variances

Frozen = Literal["frozen", "random"]

FILLINGS = (0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98)
NATIVE_SHARES = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0)
"""Up to 1, the native glass; below some 0.7 no path is left where the foreign ions keep the highest sites."""
LEAST_LANDSCAPES = 2
"""For the errors."""
FOREIGN = 4
"""Purpose of random numbers: which sites foreign ions keep."""
CONTENTS = "mobility 2"
"""Of what a task returns: outcomes that a store holds from before a change of it are not found."""


@dataclass(frozen=True, kw_only=True)
class MobileIon:
    """Foreign ions that share every site alike with the native ones, and hop by a law of their own.

    Attributes:
        barrier: least barrier of a jump [J]; that of the native ions if None.
        attempt_frequency: ν [Hz]; that of the native ions if None.
    """

    barrier: float | None = None
    attempt_frequency: float | None = None

    def factor(self, native: JumpLaw, temperature: float) -> float:
        """D of these ions over that of the native ones."""
        barrier = native.mean_barrier if self.barrier is None else self.barrier
        frequency = native.attempt_frequency if self.attempt_frequency is None else self.attempt_frequency
        return (
            frequency
            / native.attempt_frequency
            * math.exp((native.mean_barrier - barrier) / (BOLTZMANN_CONSTANT * temperature))
        )


SecondIon = Frozen | MobileIon
"""How foreign ions sit that replace the native ones."""


@dataclass(frozen=True, kw_only=True)
class MobilityTask:
    """One landscape at all fillings and shares: on what its outcome depends.

    Attributes:
        glass: composition and units.
        model: of the landscape.
        lattice: sites along each edge.
        seed: of all landscapes.
        landscape: its number.
        temperatures: [K].
        fillings: of the accessible sites; none if not asked for.
        shares: of native ions; none if not asked for.
        frozen: which sites foreign ions keep; None if they move.
        jumps: law of the jumps of the native ions.
    """

    glass: Glass
    model: LandscapeModel
    lattice: int
    seed: int
    landscape: int
    temperatures: tuple[float, ...]
    fillings: tuple[float, ...]
    shares: tuple[float, ...]
    frozen: Frozen | None
    jumps: JumpLaw


def landscape_diffusion(
    glass: Glass | Composition | str,
    *,
    temperature: float | Sequence[float],
    filling: Sequence[float] | None = FILLINGS,
    second_ion: SecondIon | None = "frozen",
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

    Over the filling, D_σ = σ k_B T/(n q²) and D_chem = σ/(q² ∂n/∂μ) with ∂n/∂μ = β Σ f(1 − f)/V of one kind of ions.

    Where foreign ions replace native ones the total filling stays. Foreign ions that are mobile share every site alike
    with the native ones, as in equilibrium on one ladder of energies, so that in the mean neither hinders the other
    more than its like would, and D of either is that of the native glass with its own rates. "frozen" ones took the
    highest of the occupied sites and stay there, "random" ones any of these: both block their sites.

    Args:
        glass: a glass, a composition, or a formula.
        temperature: one or several [K]; of one, D at others follows from the barrier of the best path.
        filling: of the accessible sites, below 1; None for no D over the filling.
        second_ion: "frozen", "random" or a `MobileIon`; None for no D where ions are replaced.
        shares: native ions over all ions, up to 1; None for a choice.
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
        PercolationError: no landscape has a path, at any filling or share.
        IonscapeError: a landscape failed.
    """
    made = glass if isinstance(glass, Glass) else make_glass(glass)
    model = published_model(made.composition) if model is None else model
    law = jumps if jumps is not None else JumpLaw(barrier=model.least_barrier)
    if second_ion is not None and not isinstance(second_ion, MobileIon) and second_ion not in get_args(Frozen):
        remedy = f"choose one of {', '.join(get_args(Frozen))}, or give a MobileIon"
        raise InputError("is unknown", key="second_ion", value=shown(second_ion), remedy=remedy)
    temperatures = tuple(sorted({positive_number(value, key="temperature") for value in np.atleast_1d(temperature)}))
    fillings = () if filling is None else _below("filling", filling, 1.0)
    native = () if second_ion is None else _native_shares(shares, second_ion)
    if not (fillings or native):
        raise InputError("asks for nothing", key="filling", value=None, remedy="give fillings, or a second ion")
    count = whole_number(landscapes, key="landscapes", least=LEAST_LANDSCAPES)
    tasks = [
        MobilityTask(
            glass=made, model=model, lattice=whole_number(lattice, key="lattice", least=2), seed=rng, landscape=each,
            temperatures=temperatures, fillings=fillings, shares=native,
            frozen=None if isinstance(second_ion, MobileIon) else second_ion, jumps=law,
        )
        for each in range(count)
    ]  # fmt: skip
    outcomes = run(mobility_of_landscape, [(task,) for task in tasks], identity=CONTENTS, executor=executor,
                   store=store, report=progress)  # fmt: skip
    for outcome in outcomes:
        if outcome.failed:
            raise IonscapeError(f"a landscape failed: {outcome.error}")
    values = {name: np.array([outcome.value[name] for outcome in outcomes]) for name in outcomes[0].value}
    if not any((values[f"{part}_diffusion_coefficient"] > 0.0).any() for part in ("filling", "native")):
        raise PercolationError("no path of accessible sites leads through any of the landscapes")
    mobile = second_ion if isinstance(second_ion, MobileIon) else None
    factors = [0.0 if mobile is None else mobile.factor(law, value) for value in temperatures]
    return make_mobility(
        values, fillings=fillings, shares=native, temperatures=temperatures, foreign_factors=np.array(factors),
        second_ion="" if second_ion is None else "mobile" if mobile is not None else str(second_ion),
        native_density=ion_number_density(made.composition, lattice_constant=law.jump_distance).value,
        native_filling=1.0 - model.vacant_site_fraction, glass=made, lattice=lattice, seed=rng, title=title,
    )  # fmt: skip


def _below(key: str, given: Sequence[float], bound: float) -> tuple[float, ...]:
    values = tuple(sorted({positive_number(value, key=key) for value in given}))
    if not values or not values[-1] < bound:
        raise InputError(f"must be numbers between 0 and {bound:g}", key=key, value=list(values))
    return values


def _native_shares(given: Sequence[float] | None, second_ion: SecondIon) -> tuple[float, ...]:
    if given is None:
        return (1.0,) if isinstance(second_ion, MobileIon) else NATIVE_SHARES
    return check_shares(given)


def check_shares(given: Sequence[float]) -> tuple[float, ...]:
    """Native ions over all ions, in rising order.

    Raises:
        InputError: one is not above 0, or they do not end at 1.
    """
    values = tuple(sorted({positive_number(value, key="shares") for value in given}))
    if not values or values[-1] != 1.0:
        problem = "must be shares of native ions above 0, with 1, the native glass, among them"
        raise InputError(problem, key="shares", value=list(values))
    return values


def mobility_of_landscape(task: MobilityTask) -> dict[str, Any]:
    """D [m^2/s] of one landscape, 0 without a path, and its least barrier [J], NaN without one.

    Returns:
        `…_diffusion_coefficient`, `…_thermodynamic_factor` over temperatures and fillings (`filling_`) or shares
        (`native_`), `…_activation_energy` over these.
    """
    seed = child_seed(task.seed, task.landscape)
    landscape = generate_landscape(task.glass, lattice=task.lattice, model=task.model, rng=seed)
    varied = {
        "filling": [with_filling(landscape, filling) for filling in task.fillings],
        "native": [with_foreign(landscape, share, task.frozen, rng=child_seed(seed, FOREIGN)) for share in task.shares],
    }
    found: dict[str, Any] = {}
    for part, landscapes in varied.items():
        each = [_values(one, task) for one in landscapes]
        rows = range(len(task.temperatures))
        found[f"{part}_diffusion_coefficient"] = [[values[0][row] for values in each] for row in rows]
        found[f"{part}_thermodynamic_factor"] = [[values[1][row] for values in each] for row in rows]
        found[f"{part}_activation_energy"] = [values[2] for values in each]
    return found


def _values(landscape: Landscape, task: MobilityTask) -> tuple[list[float], list[float], float]:
    """D and the thermodynamic factor at each temperature, and the barrier of the best path."""
    try:
        barrier = activation_energy(landscape, jumps=task.jumps)
        sigma = conductivity(landscape, temperature=list(task.temperatures), jumps=task.jumps, electrodes=False)
    except PercolationError:
        return [0.0] * len(task.temperatures), [math.nan] * len(task.temperatures), math.nan
    density = landscape.ions / (landscape.accessible.size * task.jumps.jump_distance**3)
    thermal = BOLTZMANN_CONSTANT * np.array(task.temperatures)
    coefficients: FloatArray = sigma["conductivity"].values * thermal / (density * ELEMENTARY_CHARGE**2)
    # (n/k_B T) ∂μ/∂n = N/Σ f (1 − f), D_chem over D_σ
    factors = [landscape.ions / float(occupation_variances(landscape, value).sum()) for value in task.temperatures]
    return coefficients.tolist(), factors, barrier


def with_filling(landscape: Landscape, filling: float) -> Landscape:
    """The landscape with another number of ions, a share of its accessible sites."""
    ions = round(filling * landscape.accessible_sites)
    if not 0 < ions < landscape.accessible_sites:
        raise InputError("leaves no ion or no vacancy", key="shares", value=filling)
    return replace(landscape, ions=ions, fermi_energy=middle_of_gap(landscape.energies[landscape.accessible], ions))


def with_foreign(
    landscape: Landscape, share: float, frozen: Frozen | None, *, rng: np.random.SeedSequence
) -> Landscape:  # fmt: skip
    """The landscape as the native ions see it that are left of all: without the sites that frozen foreign ions keep."""
    replaced = round((1.0 - share) * landscape.ions)
    if frozen is None or replaced == 0:
        return landscape
    energies = landscape.energies.copy()
    inside = energies[landscape.accessible]
    occupied = np.argsort(inside, kind="stable")[: landscape.ions]
    if frozen == "random":
        occupied = np.random.default_rng(rng).permutation(occupied)
    inside[occupied[landscape.ions - replaced :]] = np.nan
    energies[landscape.accessible] = inside
    ions = landscape.ions - replaced
    return replace(landscape, energies=energies, ions=ions, fermi_energy=middle_of_gap(inside[~np.isnan(inside)], ions))
