"""Populations of one piece of glass, to which nothing flows, against exact solutions."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from called_kernels import relax_levels
from experiments import borate, constant, experiment, storage
from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT
from ionscape.transport import Settings
from ionscape.transport.arrays import Problem, State
from ionscape.transport.grid import cells_of
from ionscape.transport.level_arrays import Populations, Sites, make_populations
from ionscape.transport.runge_kutta import METHODS
from ionscape.transport.stage_arrays import make_scales, make_stage

BULK = 1.4e28
NO_THETA = np.zeros(0)


class Box:
    """A cell whose ions share one system of sites."""

    def __init__(self, *, sites: Any, factor: Any, release: Any, held: Any) -> None:
        held = np.atleast_2d(np.asarray(held, dtype=float))
        count = len(held)
        names = ["Li", "Na", "K"][:count]
        described = experiment(ions={name: constant(1e-20) for name in names}, native={names[0]: 1e28},
                               stages=[storage(1.0)])  # fmt: skip
        self.problem: Problem = make_stage(
            described, 0, scales=make_scales(described), cells=cells_of(np.array([1e-9])), start=0.0,
            surface_displacement=0.0, back_field=0.0, present=np.ones(count, dtype=np.bool_), settings=Settings(),
        ).problem  # fmt: skip
        self.native = self.problem.medium.native
        arrays = Sites(
            ion=np.arange(count), members=np.arange(count)[None], counts=np.array([count]),
            levels=np.array([held.shape[1]]), sites=np.array([sites], dtype=float),
            factor=np.array([factor], dtype=float), release=np.array(release, dtype=float), unit=np.ones(count),
        )  # fmt: skip
        self.populations: Populations = make_populations(arrays, held[None], substeps=3, ions=count)
        # as after a step, exact rates
        vacant = arrays.sites[0] - held.sum(axis=0)
        theta = self.populations.theta[0]
        self.populations.rate[0] = arrays.release[:, None] * (
            theta[:, None] * vacant - arrays.factor[0] * held
        )  # fmt: skip
        zeros = np.zeros(count)
        self.state = State(
            y=np.zeros((1, count + 1)), previous=np.zeros((1, count + 1)), derivative=np.zeros((1, count)),
            surface_rate=zeros, back_rate=zeros, entered=zeros, departed=zeros, clock=np.zeros(5),
            counters=np.zeros(5, dtype=np.int64),
        )  # fmt: skip

    def relax(self, time: float, steps: int, theta: Any = NO_THETA) -> FloatArray:
        """The populations after a time, shape (ions, levels)."""
        densities: FloatArray = self.populations.held.sum(axis=2)[None]
        if len(theta):
            vacant = self.populations.sites.sites[0] - self.populations.held[0].sum(axis=0)
            rates = np.asarray(theta)[:, None] * vacant - self.populations.sites.factor[0] * self.populations.held[0]
            self.populations.rate[0] = self.populations.sites.release[:, None] * rates
        relax_levels(densities - self.native, steps, time / steps, METHODS["tr-bdf2"](), self.state, self.problem,
                     self.populations, np.asarray(theta, dtype=float))  # fmt: skip
        return self.populations.held[0]


def two_levels() -> Box:
    """One ion on two levels, whose exchange follows a Riccati equation."""
    return Box(sites=[0.6, 0.5], factor=[math.exp(-4.0), math.exp(1.0)], release=[2.0], held=[[0.2, 0.4]])


def test_one_ion_on_two_levels_follows_the_solution_of_riccati() -> None:
    """Second order in the step, and the exact equilibrium at last."""
    exact = 0.497431852420102
    errors = [abs(two_levels().relax(0.7, steps)[0, 0] - exact) for steps in (10, 20, 40)]
    assert errors[2] < 3e-5
    assert math.log2(errors[0] / errors[1]) == pytest.approx(2.0, abs=0.3)
    assert math.log2(errors[1] / errors[2]) == pytest.approx(2.0, abs=0.2)
    box = two_levels()
    assert box.relax(1e3, 50)[0, 0] == pytest.approx(0.558464942233684, abs=1e-9)
    assert box.populations.theta[0, 0] == pytest.approx(0.246265269968284, rel=1e-8)


def test_two_ions_of_held_activities_fill_a_level_as_the_exact_solution_says() -> None:
    """Linear equations of two ions that compete for the same sites."""

    def error(steps: int) -> float:
        box = Box(sites=[1.0], factor=[0.3], release=[3.0, 0.4], held=[[0.5], [0.2]])
        found = box.relax(1.5, steps, theta=[0.8, 0.05])
        return float(np.abs(found[:, 0] - [0.59671449, 0.1736609]).max())

    assert error(200) < 1e-5
    assert math.log2(error(25) / error(50)) == pytest.approx(2.0, abs=0.3)


def test_ions_that_share_a_box_end_in_the_same_ratio_on_every_level() -> None:
    """The mixed-alkali glass in equilibrium: activities are x and 1 - x when as many ions are there as at first."""
    factor = np.exp(np.linspace(-6.0, 3.0, 8))
    sites = np.linspace(1.0, 2.0, 8) * 0.1
    total = (sites / (1.0 + factor)).sum()
    light = 0.5 * sites * [1, 1, 1, 0, 0, 0, 0, 0]
    heavy = np.zeros(8)
    heavy[3:] = (total - light.sum()) / 5.0 * 0.999
    heavy = np.minimum(heavy, 0.9 * sites)
    heavy *= (total - light.sum()) / heavy.sum()
    box = Box(sites=sites, factor=factor, release=[5.0, 1e-2], held=[light, heavy])
    found = box.relax(1e9, 60)
    x = light.sum() / total
    assert found[0] / found.sum(axis=0) == pytest.approx(np.full(8, x), abs=1e-9)
    assert box.populations.theta[0] == pytest.approx([x, 1.0 - x], rel=1e-8)


def test_lithium_left_behind_by_ions_that_stay_where_they_were_caught() -> None:
    """The limit in which nothing of the foreign ion is released: exact figures for D of lithium in a shared zone.

    Where the foreign ion takes sites in the order in which they are empty, D_Li/D_bulk = θ_Li n_b/n_Li.
    """
    levels = borate("Li", "Rb").levels(0.5 * BOLTZMANN_CONSTANT * 323.15)  # as simulations have by default
    factor = np.exp((levels.energy - levels.fermi_level(BULK, 323.15)) / (BOLTZMANN_CONSTANT * 323.15))
    sites = levels.sites / BULK
    native = np.array([sites / (1.0 + factor), np.zeros(len(sites))])
    left, coefficients = np.array([1.0, 0.9, 0.5, 0.2, 0.11]), []
    box = Box(sites=sites, factor=factor, release=[1e12, 1e-14], held=native)
    for before, after in itertools.pairwise(left):
        path = np.linspace(before, after, 201)[1:]
        densities = np.stack([path, 1.0 - path], axis=1)[:, None] - box.native
        relax_levels(densities, len(path), 1.0, METHODS["tr-bdf2"](), box.state, box.problem, box.populations,
                     NO_THETA)  # fmt: skip
        coefficients.append(box.populations.theta[0, 0] / after)
    assert coefficients == pytest.approx([0.4028, 0.01584, 6.985e-4, 3.014e-5], rel=0.01)


@given(
    seed=st.integers(0, 10**6), count=st.integers(1, 3), log_step=st.floats(-6.0, 9.0), steps=st.integers(1, 12),
)  # fmt: skip
def test_populations_stay_between_nothing_and_the_sites(seed: int, count: int, log_step: float, steps: int) -> None:
    """However long the steps and however far apart the rates are; and no ion is lost."""
    rng = np.random.default_rng(seed)
    levels = 12
    sites = rng.uniform(0.0, 1.0, levels) ** 3 + 1e-6
    shares = rng.dirichlet(np.ones(count + 1), size=levels).T[:count]
    held = shares * sites
    box = Box(sites=sites, factor=np.exp(rng.uniform(-25.0, 5.0, levels)),
              release=10.0 ** rng.uniform(-6.0, 3.0, count), held=held)  # fmt: skip
    densities = held.sum(axis=1)
    found = box.relax(10.0**log_step, steps)
    assert found.min() >= 0.0
    assert (found.sum(axis=0) - sites).max() <= 1e-12
    assert found.sum(axis=1) == pytest.approx(densities, rel=1e-11, abs=1e-13)
