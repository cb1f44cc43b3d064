"""One landscape of one composition: what an ensemble calculates in one go, as plain data.

The random numbers of a landscape follow from the seed of the series, the purpose and the number of the landscape, not
from the composition: neighbouring compositions share them, so that differences along a series are smooth.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.errors import InputError, IonscapeError, PercolationError
from ionscape.provenance import package_version, settings_text, text_hash
from ionscape.scaleout import Outcome, Task

if TYPE_CHECKING:
    from ionscape.glass import Glass
    from ionscape.hopping import LandscapeModel

PERCOLATION, NETWORK = 0, 1
"""Purposes, by which landscapes get random numbers of their own."""

CONTENTS = 2
"""Of what a task returns: outcomes that a store holds from before a change of it are not found."""

REFERENCE_FREQUENCY = 1e14  # Hz
REFERENCE_DISTANCE = 5e-10  # m
"""For which conductivities are calculated: they are proportional to the first and to the inverse of the second."""


def random_numbers(seed: int, purpose: int, landscape: int) -> np.random.SeedSequence:
    """Of one landscape, whatever its composition."""
    return np.random.SeedSequence([seed, purpose, landscape])


def percolation_task(
    glass: Glass, model: LandscapeModel, *, lattice: int, directions: int, seed: int, landscape: int
) -> Task:
    """Activation energies of one landscape, see `calculate_activation_energy`."""
    return _task("percolation", glass=glass, model=model, lattice=lattice, directions=directions, seed=seed,
                 landscape=landscape)  # fmt: skip


def network_task(
    glass: Glass,
    model: LandscapeModel,
    *,
    lattice: int,
    directions: int,
    seed: int,
    landscape: int,
    temperatures: tuple[float, ...],
) -> Task:
    """Conductivities of one landscape, see `calculate_conductivity`."""
    return _task("network", glass=glass, model=model, lattice=lattice, directions=directions, seed=seed,
                 landscape=landscape, temperatures=temperatures)  # fmt: skip


def _task(purpose: str, **arguments: Any) -> Task:
    """A task; its key holds all on which the outcome depends, so that series may share a store."""
    key = f"{purpose} {text_hash(json.dumps([settings_text(arguments), package_version(), CONTENTS]))}"
    return Task(key=key, arguments={"purpose": purpose, **arguments})


def calculate(purpose: str, **arguments: Any) -> dict[str, Any]:
    """Do a task of either purpose, so that one ensemble holds both."""
    return (calculate_activation_energy if purpose == "percolation" else calculate_conductivity)(**arguments)


def outcomes_by_key(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Values of the tasks by key.

    Raises:
        IonscapeError: some failed.
    """
    failed = [outcome for outcome in outcomes if outcome.failed]
    if failed:
        raise IonscapeError(f"{len(failed)} of {len(outcomes)} landscapes failed; the first: {failed[0].error}")
    return {outcome.key: outcome.value for outcome in outcomes}


def calculate_activation_energy(
    glass: Glass, model: LandscapeModel, *, lattice: int, directions: int, seed: int, landscape: int
) -> dict[str, Any]:
    """Activation energy of one landscape.

    Args:
        glass: composition and units.
        model: of the landscape.
        lattice: sites along each edge.
        directions: how many directions of the field.
        seed: of the series.
        landscape: its number.

    Returns:
        `activation_energy` [J] by direction, NaN without a path; `fermi_energy` [J]; `unshared_units`.
    """
    from ionscape.hopping import activation_energy, generate_landscape

    made = generate_landscape(glass, lattice=lattice, rng=random_numbers(seed, PERCOLATION, landscape), model=model)
    energies = np.full(directions, np.nan)
    for direction in range(directions):
        try:
            energies[direction] = activation_energy(made, direction=direction)
        except PercolationError:
            continue  # counted, and refused where too many are: see `run_series`
    return {
        "activation_energy": energies,
        "fermi_energy": float(made.fermi_energy),
        "unshared_units": int(made.unshared_units),
    }


def calculate_conductivity(
    glass: Glass,
    model: LandscapeModel,
    *,
    lattice: int,
    directions: int,
    seed: int,
    landscape: int,
    temperatures: tuple[float, ...],
) -> dict[str, Any]:
    """Conductivities of one landscape for the reference frequency and distance.

    Args:
        glass: composition and units.
        model: of the landscape.
        lattice: sites along each edge.
        directions: how many directions of the field.
        seed: of the series.
        landscape: its number.
        temperatures: [K].

    Returns:
        `conductivity`, `lower_bound`, `upper_bound` [S/m] by direction and temperature, NaN without a path;
        `percolates` by direction; `too_cold` [K], a temperature at which the conductivity is too small for a number,
        NaN if there is none; `method`; `fermi_energy` [J].
    """
    from ionscape.hopping import conductivity, generate_landscape

    made = generate_landscape(glass, lattice=lattice, rng=random_numbers(seed, NETWORK, landscape), model=model)
    names = ("conductivity", "lower_bound", "upper_bound")
    values = {name: np.full((directions, len(temperatures)), np.nan) for name in names}
    percolates = np.zeros(directions, np.bool_)
    methods: set[str] = set()
    too_cold = math.nan
    for direction in range(directions):
        try:
            data = conductivity(
                made, temperature=temperatures, attempt_frequency=REFERENCE_FREQUENCY,
                jump_distance=REFERENCE_DISTANCE, direction=direction,
            )  # fmt: skip
        except PercolationError:
            continue  # counted, and refused where too many are: see `run_series`
        except InputError as error:
            if error.key != "temperature":
                raise
            # an outcome that failed has a sentence only; `run_series` says in which key the temperature stands
            too_cold = float(error.value)  # pyright: ignore[reportArgumentType]
            break
        percolates[direction] = True
        for name in names:
            values[name][direction] = data[name].values
        methods |= {str(text) for text in data["method"].values}
    return {
        **values,
        "percolates": percolates,
        "too_cold": too_cold,
        "method": "; ".join(sorted(methods)),
        "fermi_energy": float(made.fermi_energy),
    }
