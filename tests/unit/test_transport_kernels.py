"""The kernels of the transport solver, one by one, against arithmetic that is not theirs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

from called_kernels import assemble, restore_positivity, solve
from ionscape.diffusivity import log_diffusion_table, site_energy_diffusion
from ionscape.experiment import parse_experiment
from ionscape.transport import Settings, make_grid
from ionscape.transport.arrays import BEAM_LIMITED, POTENTIAL_LIMITED, State, make_workspace
from ionscape.transport.block_tridiagonal import LANES
from ionscape.transport.fluxes import OUTFLOW_SMOOTHING, bernoulli, face_coefficient, log_coefficient, outflow
from ionscape.transport.newton import beam_regime, damp_oscillation
from ionscape.transport.runge_kutta import METHODS, backward_euler
from ionscape.transport.stage_arrays import make_scales, make_stage

ELECTRON_VOLT = 1.602176634e-19


@pytest.mark.parametrize("w", [0.0, 1e-12, -1e-5, 0.049999, 0.050001, -0.05, 0.7, -3.0, 40.0, -40.0, 800.0, -800.0])
def test_bernoulli_function(w: float) -> None:
    value, slope = bernoulli(w)
    expected = 1.0 if w == 0.0 else (w / math.expm1(w) if w < 700 else 0.0)
    assert value == pytest.approx(expected, rel=4e-15, abs=1e-300)
    if abs(w) > 0.05:
        # dB/dw = (1 - B e^w) / (e^w - 1); for w > 0 multiplied by e^-w above and below
        if w < 0.0:
            exact = (1.0 - expected * math.exp(w)) / math.expm1(w)
        else:
            exact = -(math.exp(-w) - expected) / math.expm1(-w)
        assert slope == pytest.approx(exact, rel=1e-13, abs=1e-300)
    else:
        # the series B' = -1/2 + w/6 - w^3/180 + w^5/5040 - ...
        assert slope == pytest.approx(-0.5 + w / 6 - w**3 / 180 + w**5 / 5040, rel=1e-13, abs=0)


def test_bernoulli_symmetry() -> None:
    for w in np.linspace(-30, 30, 301):
        # the kernels take the right side: its error is that of w
        assert bernoulli(-w)[0] == pytest.approx(bernoulli(w)[0] + w, abs=4e-16 * max(abs(w), 1.0))


@pytest.mark.parametrize(("donor", "receiver"), [(1.0, 2.0), (2.0, 1.0), (5.0, 5.0), (1e-24, 1e-18), (1e-18, 1e-24)])
def test_face_coefficient(donor: float, receiver: float) -> None:
    value, by_donor, by_receiver = face_coefficient(donor, receiver)
    if receiver > donor:
        assert value == pytest.approx(2.0 / (1.0 / donor + 1.0 / receiver), rel=1e-14, abs=0)
    else:
        assert value == pytest.approx((donor**2 + receiver**2) / (donor + receiver), rel=1e-14, abs=0)
    # homogeneous of degree one: Euler's theorem binds the slopes to the value
    assert by_donor * donor + by_receiver * receiver == pytest.approx(value, rel=1e-13, abs=0)
    h = 1e-6 * donor
    if donor != receiver:
        difference = (face_coefficient(donor + h, receiver)[0] - face_coefficient(donor - h, receiver)[0]) / (2 * h)
        assert by_donor == pytest.approx(difference, rel=1e-8, abs=1e-9)


def test_face_coefficient_is_smooth_at_equality() -> None:
    below = face_coefficient(1.0, 1.0 - 1e-9)
    above = face_coefficient(1.0, 1.0 + 1e-9)
    assert below == pytest.approx(above, abs=1e-8)
    assert face_coefficient(1.0, 1.0) == pytest.approx((1.0, 0.5, 0.5), abs=1e-15)


def test_face_coefficient_neither_locks_nor_leaks() -> None:
    assert face_coefficient(1.0, 0.0)[0] == 1.0  # an empty receiver does not lock an invading ion
    assert face_coefficient(1e-6, 1.0)[0] < 2.0000001e-6  # a donor of trapped ions gives almost none


def test_outflow_is_the_positive_part_with_continuous_slope() -> None:
    for charge in (1.0, 2.0):
        smoothing = charge * OUTFLOW_SMOOTHING
        assert outflow(-3.0, smoothing) == (0.0, 0.0)
        assert outflow(0.5, smoothing) == (0.5, 1.0)
        for edge in (0.0, smoothing):
            low, high = (outflow(edge + side * 1e-8 * smoothing, smoothing) for side in (-1.0, 1.0))
            assert low == pytest.approx(high, abs=1e-7)
        for u in np.linspace(0, 2 * smoothing, 41):
            assert 0.0 <= outflow(u, smoothing)[0] <= u * 1.2


def test_table_of_the_kernel_is_the_pchip_interpolation_of_the_model() -> None:
    n_bulk = 1.4e28
    model = site_energy_diffusion(
        bulk_density=n_bulk, bulk_coefficient=5.8e-19, reference_temperature=323.15,
        activation_energy=0.65 * ELECTRON_VOLT, width=0.16 * ELECTRON_VOLT, excess_sites=0.1, trapped_fraction=0.1,
        trapped_width=0.05 * ELECTRON_VOLT,
    )  # fmt: skip
    limit = model.density_limit
    assert limit is not None
    values, slopes = log_diffusion_table(model, temperature=323.15, maximum_density=limit)
    knots = np.stack([values, slopes * limit / 4096], axis=-1)
    inverse = 4096 * n_bulk / limit
    densities = np.random.default_rng(3).uniform(0.0, 1.0999, 500)
    reference = PchipInterpolator(np.linspace(0.0, limit / n_bulk, 4097), values)
    for n in densities:
        value, slope = log_coefficient(knots, inverse, n)
        assert value == pytest.approx(float(reference(n)), abs=1e-10)
        assert slope == pytest.approx(float(reference.derivative()(n)), rel=1e-7, abs=1e-6)
    assert log_coefficient(knots, inverse, -0.1) == (values[0], 0.0)
    assert log_coefficient(knots, inverse, 2.0) == (values[-1], 0.0)
    # band edges, where ln D has a vertical tangent, lie at 0, 0.1 and 1.1
    edges = np.array([0.0, 0.1, 1.1])
    away = densities[np.abs(densities[:, None] - edges).min(axis=1) > 0.02]
    exact = np.log(model.coefficient(away * n_bulk, 323.15))
    for n, expected in zip(away, exact, strict=True):
        assert log_coefficient(knots, inverse, n)[0] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("ions", [1, 2, 3, 4])
def test_block_elimination_solves_dense_systems(ions: int) -> None:
    rng = np.random.default_rng(ions)
    cells, m = 17, ions + 1
    work = make_workspace(cells, ions)
    work.lower[:], work.upper[:] = rng.normal(size=(2, cells, m, m))
    # some diagonals need an exchange of rows
    work.diagonal[:] = rng.normal(size=(cells, m, m)) + 4 * np.roll(np.eye(m), 1, axis=0)
    work.lower[:] *= 0.01
    work.diagonal[:, 0, 0] = 1e-6
    work.residual[:] = rng.normal(size=(cells, m))
    others = rng.normal(size=(cells, m, 2, LANES))
    dense = np.zeros((cells * m, cells * m))
    for k in range(cells):
        rows = slice(k * m, (k + 1) * m)
        dense[rows, rows] = work.diagonal[k]
        if k > 0:
            dense[rows, (k - 1) * m : k * m] = work.lower[k]
        if k < cells - 1:
            dense[rows, (k + 1) * m : (k + 2) * m] = work.upper[k]
    expected = np.linalg.solve(dense, work.residual.ravel())
    expected_others = np.linalg.solve(dense, others.reshape(cells * m, -1))
    assert solve(work, others, tuple(range(ions)))
    assert work.residual.ravel() == pytest.approx(expected, rel=1e-7, abs=1e-8)
    assert others.reshape(cells * m, -1) == pytest.approx(expected_others, rel=1e-7, abs=1e-8)
    assert np.any(work.pivots != np.arange(m))


def test_singular_block_is_reported() -> None:
    work = make_workspace(3, 1)
    for array in (work.lower, work.diagonal, work.upper, work.residual):
        array[:] = 0.0
    assert not solve(work, np.zeros((3, 2, 1, LANES)), (0,))


STAGES = {
    "beam": 'kind = "irradiation"\nbeam = "C"\nsource_potential = "0.5 V"',
    "limited": 'kind = "irradiation"\nbeam = "C"\nsource_potential = "0.5 V"\nbeam_current = "1 nA"',
    "contact": 'kind = "contact"\npotential = "3 V"\ncomposition = { C = 0.6, A = 0.4 }',
    "melt": 'kind = "contact"\ncomposition = { C = 0.6, A = 0.4 }',
    "blocking": 'kind = "contact"\npotential = "3 V"\nblocking = true',
    "storage": 'kind = "storage"',
}


def experiment_text(stage: str) -> str:
    return f"""
[sample]
thickness = "1 um"
illuminated_area = "1 mm^2"
relative_permittivity = 7
native = {{ A = "1e25 1/m^3", B = "2e25 1/m^3", X = "3e24 1/m^3" }}
[ions.A.diffusion]
model = "site-energies"
bulk_coefficient = "1e-17 m^2/s"
reference_temperature = "400 K"
activation_energy = "0.7 eV"
width = "0.15 eV"
trapped_fraction = 0.1
trapped_width = "0.06 eV"
fermi_level_counts = ["A", "B"]
[ions.B]
charge = 2
[ions.B.diffusion]
model = "constant"
coefficient = "3e-18 m^2/s"
reference_temperature = "400 K"
activation_energy = "0.7 eV"
[ions.C.diffusion]
model = "table"
densities = ["0 1/m^3", "1e25 1/m^3", "3e25 1/m^3"]
coefficients = ["1e-20 m^2/s", "4e-19 m^2/s", "1e-18 m^2/s"]
reference_temperature = "400 K"
activation_energy = "0.7 eV"
[ions.X]
charge = -1
[ions.X.diffusion]
model = "constant"
coefficient = "1e-19 m^2/s"
reference_temperature = "400 K"
activation_energy = "0.7 eV"
[back_electrode]
deposits = ["A", "C"]
[[stages]]
temperature = "400 K"
duration = "1 h"
{STAGES[stage]}
"""


@pytest.mark.parametrize("stage", list(STAGES))
@pytest.mark.parametrize("cross_terms", ["", "[cross_terms]\npairs = { A-C = 0.6 }\n"])
def test_jacobian_is_exact(stage: str, cross_terms: str) -> None:
    """Every derivative against central differences of the residual, at a state without symmetry."""
    text = experiment_text(stage) + cross_terms + '[grid]\ncell = "100 nm"\nzone = "500 nm"\nsurface_cell = "10 nm"\n'
    experiment = parse_experiment(text, file="x.toml")
    scales = make_scales(experiment)
    cells = make_grid(experiment).cells()
    arrays = make_stage(
        experiment, 0, scales=scales, cells=cells, start=0.0, surface_displacement=0.01e-9, back_field=1e4,
        present=np.ones(4, dtype=bool), settings=Settings(holding_tolerance=1e-3),
    )  # fmt: skip
    rng = np.random.default_rng(5)
    count, m = len(cells.size), 5
    y = np.empty((count, m))
    y[:, :4] = rng.uniform(0.1, 0.5, size=(count, 4))
    y[:, 4] = rng.uniform(0.02, 0.3, size=count)
    known = rng.uniform(0.1, 0.5, size=(count, 4))
    step = 2.0e3

    def evaluate(state: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        work = make_workspace(count, 4)
        assemble(state, known, step, arrays.problem, POTENTIAL_LIMITED, work)
        return work.residual, work.lower, work.diagonal, work.upper

    residual, lower, diagonal, upper = evaluate(y)
    rounding = 1e-16 / 1e-5 * np.abs(residual).max()
    for k in range(count):
        for b in range(m):
            h = 1e-5
            ahead, behind = y.copy(), y.copy()
            ahead[k, b] += h
            behind[k, b] -= h
            difference = (evaluate(ahead)[0] - evaluate(behind)[0]) / (2 * h)
            analytic = np.zeros_like(difference)
            analytic[k] = diagonal[k, :, b]
            if k > 0:
                analytic[k - 1] = upper[k - 1, :, b]
            if k < count - 1:
                analytic[k + 1] = lower[k + 1, :, b]
            assert difference == pytest.approx(analytic, rel=1e-6, abs=4 * rounding)


@pytest.mark.parametrize(("name", "order"), [("esdirk3", 3), ("esdirk4", 4), ("tr-bdf2", 2)])
def test_runge_kutta_order_conditions(name: str, order: int) -> None:
    method = METHODS[name]()
    a, c, b = method.a, method.nodes, method.a[-1]
    conditions = {1: [(b.sum(), 1.0)], 2: [(b @ c, 1 / 2)], 3: [(b @ c**2, 1 / 3), (b @ a @ c, 1 / 6)]}
    conditions[4] = [(b @ c**3, 1 / 4), ((b * c) @ a @ c, 1 / 8), (b @ a @ c**2, 1 / 12), (b @ a @ a @ c, 1 / 24)]
    for p in range(1, order + 1):
        for left, right in conditions[p]:
            assert left == pytest.approx(right, abs=1e-14)
    # the embedded solution has one order less (for TR-BDF2 one more), and the methods are stiffly accurate
    embedded = b - method.weights_error
    assert embedded.sum() == pytest.approx(1.0, abs=1e-14)
    assert embedded @ c == pytest.approx(0.5, abs=1e-14)
    assert np.diag(a)[1:] == pytest.approx(method.diagonal, abs=1e-15)
    # L-stability: R(infinity) = 0, from R(z) = 1 + z b (1 - z A)^-1 1
    z = -1e9
    stability = 1 + z * b @ np.linalg.solve(np.eye(len(c)) - z * a, np.ones(len(c)))
    assert abs(stability) < 1e-5


def test_backward_euler_has_no_error_estimate() -> None:
    assert not backward_euler().weights_error.any()


def test_beam_regime_passes_between_its_three_states() -> None:
    experiment = parse_experiment(experiment_text("limited"), file="x.toml")
    scales = make_scales(experiment)
    arrays = make_stage(
        experiment, 0, scales=scales, cells=make_grid(experiment).cells(), start=0.0, surface_displacement=0.0,
        back_field=0.0, present=np.ones(4, dtype=bool), settings=Settings(),
    )  # fmt: skip
    boundaries = arrays.problem.boundaries
    window = boundaries.beam_flux / boundaries.holding
    for mode in (0, 1, 2):
        settled = mode
        for _ in range(3):
            settled = beam_regime(settled, 0.5 - 5 * window, boundaries)
        assert settled == BEAM_LIMITED
        for _ in range(3):
            settled = beam_regime(settled, 0.5 - 0.5 * window, boundaries)
        assert settled == POTENTIAL_LIMITED


def test_oscillating_updates_are_shortened_to_the_secant() -> None:
    before = np.array([[0.2, 0.1], [1.0, 0.0]])
    update = np.array([[-0.2, 0.1], [0.5, 0.0]])
    assert damp_oscillation(update, before, 1)
    assert update == pytest.approx(np.array([[-0.1, 0.1], [0.5, 0.0]]), rel=1e-15)
    assert not damp_oscillation(np.array([[0.1, 0.0]]), np.array([[0.2, 0.0]]), 1)


NATIVE = np.array([0.7])


def make_state(densities: list[float]) -> State:
    y = np.zeros((len(densities), 2))
    y[:, 0] = np.array(densities) - NATIVE
    one = np.zeros(1)
    return State(
        y, y.copy(), y[:, :1].copy(), one.copy(), one.copy(), one.copy(), one.copy(), np.zeros(5), np.zeros(5, np.int64)
    )


@pytest.mark.parametrize(
    "densities", [[1.0, -1e-9, 0.5], [-1e-3, 1e-4, 1.0], [0.0, -1e-5, 0.0, 1e-6, 0.2], [1e-4, -2e-4, 1.0, -1e-6]]
)
def test_negative_densities_are_filled_conservatively(densities: list[float]) -> None:
    state = make_state(densities)
    size = np.linspace(1.0, 2.0, len(densities))
    moved = float(state.y[:, 0] @ size)
    restore_positivity(state, size, NATIVE)
    assert (NATIVE[0] + state.y[:, 0] >= 0.0).all()
    assert float(state.y[:, 0] @ size) == pytest.approx(moved, rel=1e-14, abs=0)


def test_more_left_than_there_was_is_taken_back() -> None:
    state = make_state([0.0, -1e-6])
    state.back_rate[0], state.departed[0] = 1.0, 5.0
    restore_positivity(state, np.array([1.0, 2.0]), NATIVE)
    assert (NATIVE[0] + state.y[:, 0]).tolist() == [0.0, 0.0]
    assert state.departed[0] == pytest.approx(5.0 - 2e-6, rel=1e-14, abs=0)
