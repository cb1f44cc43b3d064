"""Fluxes between coupled ions at one face, against Onsager's matrix and exact means."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate

from called_kernels import assemble
from experiments import constant, experiment, irradiation, storage
from ionscape.transport import Settings
from ionscape.transport.arrays import make_workspace
from ionscape.transport.cross_terms import mean_density, mean_exponential
from ionscape.transport.fluxes import bernoulli
from ionscape.transport.grid import cells_of
from ionscape.transport.stage_arrays import make_scales, make_stage


@pytest.mark.parametrize("x", [0.0, 1e-9, 0.1, 0.2999999, 0.3000001, 1.0, 30.0, 900.0])
def test_mean_exponential_is_an_integral(x: float) -> None:
    """(1 - exp(-x))/x = int_0^1 exp(-x u) du, and its derivative - int u exp(-x u) du."""
    value, slope = mean_exponential(x)
    nodes, weights = np.polynomial.legendre.leggauss(200)
    u = 0.5 * (nodes + 1.0)
    assert value == pytest.approx(0.5 * weights @ np.exp(-x * u), rel=1e-12)
    assert slope == pytest.approx(-0.5 * weights @ (u * np.exp(-x * u)), rel=1e-10)


@pytest.mark.parametrize("w", [-30.0, -1.0, 0.0, 0.4, 5.0])
@pytest.mark.parametrize(("left", "right"), [(1.0, 0.2), (0.3, 0.3), (1e-9, 0.7)])
def test_mean_density_is_flux_over_force(w: float, left: float, right: float) -> None:
    def value_at(step: float, n_left: float, n_right: float) -> tuple[float, float, float, float]:
        b, slope = bernoulli(step)
        return mean_density(step, (b, b + step, slope), n_left, n_right)

    b, _ = bernoulli(w)
    force = math.log(left / right) - w
    value, by_left, by_right, by_step = value_at(w, left, right)
    if abs(force) > 1e-6:
        assert value == pytest.approx((b * left - (b + w) * right) / force, rel=1e-9)
    assert value > 0.0
    h = 1e-6
    for slope, shift in ((by_left, (0.0, left, 0.0)), (by_right, (0.0, 0.0, right)), (by_step, (1.0, 0.0, 0.0))):
        upper = value_at(w + h * shift[0], left + h * shift[1], right + h * shift[2])[0]
        lower = value_at(w - h * shift[0], left - h * shift[1], right - h * shift[2])[0]
        size = max(shift)
        assert slope == pytest.approx((upper - lower) / (2.0 * h * size), rel=1e-5, abs=1e-9 * value / size)


def test_a_mean_between_equal_forces_is_the_density_itself() -> None:
    b, slope = bernoulli(0.0)
    assert mean_density(0.0, (b, b, slope), 0.4, 0.4)[0] == pytest.approx(0.4, rel=1e-14)
    # logarithmic mean without a field
    expected = integrate.quad(lambda u: 0.2 ** (1.0 - u) * 0.9**u, 0.0, 1.0)[0]
    assert mean_density(0.0, (b, b, slope), 0.2, 0.9)[0] == pytest.approx(expected, rel=1e-12)


def test_fluxes_are_those_of_the_onsager_matrix() -> None:
    """Sum_j L_ij g_j with L from a_i and lambda_ij; three ions of charge 1, and a bystander of charge 2."""
    rng = np.random.default_rng(3)
    names = ("Li", "Na", "K", "Ca")
    charges = {"Ca": 2}
    pairs = {"Li-Na": 0.4, "Na-K": -0.8, "Li-K": 0.9}
    described = experiment(
        ions={name: constant(10.0 ** rng.uniform(-20, -18)) for name in names}, charges=charges, thickness=1e-7,
        native=dict.fromkeys(names, 2e27), stages=[storage(1.0)], cross_terms={"pairs": pairs},
    )  # fmt: skip
    problem = make_stage(
        described, 0, scales=make_scales(described), cells=cells_of(np.array([2e-9, 3e-9])), start=0.0,
        surface_displacement=0.0, back_field=0.0, present=np.ones(4, dtype=bool), settings=Settings(),
    ).problem  # fmt: skip
    y = np.column_stack([rng.uniform(0.05, 0.4, (2, 4)) - 0.25, [0.03, 0.01]])
    density = problem.medium.native + y[:, :4]
    number = problem.medium.charges
    force = -np.diff(np.log(density), axis=0)[0] - number * problem.medium.thermal * (y[1, 4] - y[0, 4])
    work = make_workspace(2, 4)
    assemble(
        y, y[:, :4].copy(), 1.0, problem._replace(medium=problem.medium._replace(coupling=np.zeros((0, 0)))), 0, work
    )
    strength = work.flux[1] / force
    matrix = np.diag(strength)
    for pair, value in pairs.items():
        i, j = (names.index(name) for name in pair.split("-"))
        group = strength[number == number[i]].sum()
        cross = value * strength[i] * strength[j] / group
        matrix[i, j] += cross
        matrix[j, i] += cross
        matrix[i, i] -= cross
        matrix[j, j] -= cross
    assert np.linalg.eigvalsh(matrix).min() > -1e-12 * strength.max()
    assemble(y, y[:, :4].copy(), 1.0, problem, 0, work)
    assert work.flux[1] == pytest.approx(matrix @ force, rel=1e-10)


@pytest.mark.parametrize("given", [{"haven_ratio": 1e-6}, {"pairs": {"Li-Rb": 1.0}}])
def test_ions_that_hardly_mix_are_calculated_as_mixing_a_little_and_that_is_said(given: dict[str, object]) -> None:
    ions = {"Li": constant(1e-18), "Rb": constant(1e-19)}
    glass = experiment(ions=ions, native={"Li": 1e28}, stages=[irradiation("Rb", 5.0, 3600.0)])
    described = glass.replace({"cross_terms": given})
    (remark,) = (remark for remark in described.remarks if remark.code == "coupling_limited")
    assert "less than 2 % of their diffusion" in str(remark)
    problem = make_stage(
        described, 0, scales=make_scales(described), cells=cells_of(np.full(4, 1e-9)), start=0.0,
        surface_displacement=0.0, back_field=0.0, present=np.ones(len(described.ions), dtype=bool), settings=Settings(),
    ).problem  # fmt: skip
    assert problem.medium.coupling.max() == 0.98
    codes = {remark.code for remark in glass.replace({"cross_terms.haven_ratio": 0.03}).remarks}
    assert "coupling_limited" not in codes
