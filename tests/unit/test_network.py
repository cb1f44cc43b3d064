"""Kirchhoff's equations on networks whose answer is known by other means."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.errors import InputError, NetworkError, PercolationError
from ionscape.hopping import (
    Lattice,
    Links,
    Network,
    conductance_network,
    conductivity,
    generate_landscape,
    network,
    solve_network,
)
from oracles import kron_conductance

METHODS = ("iterative", "direct")
LANDSCAPE = generate_landscape("0.33 Li2O 0.67 (0.4 B2O3 0.6 P2O5)", lattice=8, rng=1)


def lattice_network(shape, *, spread=0.0, rng=None, open_share=1.0, faces="periodic"):
    """A cubic lattice with ln g = 0, or normal with a standard deviation, between its two end planes."""
    rng = rng or np.random.default_rng(0)
    lattice = Lattice(shape=shape, periodic=faces == "periodic")
    joined = Links(lattice=lattice, accessible=rng.random(shape) < open_share, electrodes=0)
    nodes = np.arange(joined.sites, dtype=np.int32) + 2
    nodes[joined.source], nodes[joined.drain] = 0, 1
    return Network(
        nodes=joined.sites + 2, first=nodes[joined.first], second=nodes[joined.second],
        logarithms=spread * rng.standard_normal(joined.first.size), source=0, drain=1,
    )  # fmt: skip


def make_network(links, *, nodes, source, drain):
    first, second, conductances = zip(*links, strict=True)
    return Network(
        nodes=nodes, first=np.array(first, dtype=np.int32), second=np.array(second, dtype=np.int32),
        logarithms=np.log(np.array(conductances)), source=source, drain=drain,
    )  # fmt: skip


def dense_conductance(problem):
    """By numpy's dense solver: right where conductances are of similar size."""
    laplacian = np.zeros((problem.nodes, problem.nodes))
    weights = np.exp(problem.logarithms)
    for i, j, g in zip(problem.first, problem.second, weights, strict=True):
        laplacian[[i, j], [i, j]] += g
        laplacian[[i, j], [j, i]] -= g
    connected = [node for node in range(problem.nodes) if laplacian[node, node] > 0.0]
    inner = [node for node in connected if node not in (problem.source, problem.drain)]
    potentials = np.zeros(problem.nodes)
    potentials[problem.source] = 1.0
    potentials[inner] = np.linalg.solve(laplacian[np.ix_(inner, inner)], -laplacian[inner, problem.source])
    return laplacian[problem.source] @ potentials


@pytest.mark.parametrize("shape", [(2, 3, 3), (5, 4, 4), (12, 12, 12)])
@pytest.mark.parametrize("method", METHODS)
def test_a_homogeneous_lattice_has_parallel_rows_in_series(shape, method):
    planes, *across = shape
    solution = solve_network(lattice_network(shape), method=method)
    assert solution.log_conductance == pytest.approx(np.log(np.prod(across) / (planes - 1)), abs=1e-9)
    assert (solution.lower, solution.upper) == pytest.approx((1.0, 1.0), abs=1e-9)


def test_a_chain_adds_resistances():
    rng = np.random.default_rng(3)
    conductances = 10.0 ** rng.uniform(-30.0, 5.0, 40)
    links = [(k, k + 1, g) for k, g in enumerate(conductances)]
    solution = solve_network(make_network(links, nodes=41, source=0, drain=40), tolerance=1e-9)
    expected = -np.log(np.sum(1.0 / conductances))
    assert solution.log_conductance == pytest.approx(expected, abs=2e-9)


def test_a_wheatstone_bridge():
    # R of the five-resistor bridge by the closed formula: all 1 except g5, and one arm 2
    g1, g2, g3, g4, g5 = 1.0, 2.0, 3.0, 4.0, 5.0  # source-a, source-b, a-drain, b-drain, a-b
    expected = (g1 * g2 * (g3 + g4) + g3 * g4 * (g1 + g2) + g5 * (g1 + g2) * (g3 + g4)) / (
        (g1 + g3) * (g2 + g4) + g5 * (g1 + g2 + g3 + g4)
    )
    links = [(0, 2, g1), (0, 3, g2), (2, 1, g3), (3, 1, g4), (2, 3, g5)]
    solution = solve_network(make_network(links, nodes=4, source=0, drain=1))
    assert np.exp(solution.log_conductance) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_star_mesh_elimination_agrees_with_a_dense_solution(method):
    problem = lattice_network((7, 6, 6), spread=1.0, open_share=0.8, rng=np.random.default_rng(1))
    solution = solve_network(problem, method=method)
    assert np.exp(solution.log_conductance) == pytest.approx(
        dense_conductance(problem), rel=1e-12 if method == "direct" else 1e-9
    )


def test_a_complete_elimination_agrees_with_a_dense_solution(monkeypatch):
    monkeypatch.setattr(network, "HIGHEST_DEGREE", 400)
    problem = lattice_network((7, 6, 6), spread=1.0, rng=np.random.default_rng(2))
    solution = solve_network(problem)
    assert solution.method == "elimination"
    assert np.exp(solution.log_conductance) == pytest.approx(dense_conductance(problem), rel=1e-12)


def test_conductances_over_sixty_decades_agree_with_the_kron_reduction():
    # which only adds positive numbers, and so keeps its digits
    problem = lattice_network((8, 8, 8), spread=25.0, open_share=0.7, rng=np.random.default_rng(4))
    assert np.ptp(problem.logarithms) > 60.0 * np.log(10.0)
    exact = kron_conductance(problem)
    for tolerance in (1e-2, 1e-5):
        solution = solve_network(problem, tolerance=tolerance)
        ratio = np.exp(exact - solution.log_conductance)
        assert solution.lower - 1e-9 <= ratio <= solution.upper + 1e-9
        assert solution.upper - solution.lower <= tolerance


def test_current_is_conserved_at_every_node_of_the_complete_network():
    problem = lattice_network((9, 8, 8), spread=8.0, rng=np.random.default_rng(5))
    solution = solve_network(problem, tolerance=1e-6)
    currents = solution.currents(problem)
    arriving = np.bincount(problem.second, weights=currents, minlength=problem.nodes)
    arriving -= np.bincount(problem.first, weights=currents, minlength=problem.nodes)
    assert arriving[0] == pytest.approx(-1.0, abs=1e-5)
    assert arriving[1] == pytest.approx(1.0, abs=1e-5)
    # currents of deleted links, bounded by the tolerance, are all that is missing
    assert np.max(np.abs(arriving[2:])) < 1e-3
    assert -1e-9 <= solution.potentials.min() <= solution.potentials.max() <= 1.0 + 1e-9


def test_exchanged_electrodes_carry_the_same_current():
    problem = lattice_network((8, 7, 7), spread=10.0, open_share=0.8, rng=np.random.default_rng(6))
    swapped = Network(
        nodes=problem.nodes, first=problem.first, second=problem.second, logarithms=problem.logarithms,
        source=problem.drain, drain=problem.source,
    )  # fmt: skip
    one, other = (solve_network(item, tolerance=1e-8) for item in (problem, swapped))
    assert one.log_conductance == pytest.approx(other.log_conductance, abs=2e-8)


def test_a_stronger_link_never_lowers_the_conductance():
    # Rayleigh's monotonicity
    rng = np.random.default_rng(7)
    problem = lattice_network((6, 5, 5), spread=6.0, rng=rng)
    before = solve_network(problem, tolerance=1e-8).log_conductance
    for link in rng.integers(0, problem.logarithms.size, 10):
        logarithms = problem.logarithms.copy()
        logarithms[link] += 3.0
        stronger = Network(
            nodes=problem.nodes, first=problem.first, second=problem.second, logarithms=logarithms, source=0, drain=1
        )
        assert solve_network(stronger, tolerance=1e-8).log_conductance >= before - 2e-8


def test_no_path_is_said():
    with pytest.raises(PercolationError, match="no path"):
        solve_network(make_network([(0, 2, 1.0), (3, 1, 1.0)], nodes=4, source=0, drain=1))


@pytest.mark.parametrize("wrong", [lambda x: x * 1.001, lambda x: np.clip(x, 0.2, None), lambda x: x + 2.0])
def test_a_wrong_solution_is_an_error_and_no_number(monkeypatch, wrong):
    right = network._factorise
    monkeypatch.setattr(network, "_factorise", lambda rest: wrong(right(rest)))
    problem = lattice_network((6, 6, 6), spread=2.0)
    with pytest.raises(NetworkError, match="is wrong"):
        solve_network(problem, method="direct")


def test_iterations_that_do_not_converge_give_way_to_the_factorisation(monkeypatch):
    monkeypatch.setattr(network, "MOST_ITERATIONS", 2)
    problem = lattice_network((6, 6, 6), spread=2.0)
    assert solve_network(problem).method == "elimination, sparse factorisation"
    with pytest.raises(NetworkError, match="did not converge"):
        solve_network(problem, method="iterative")


def test_bounds_that_cannot_be_met_are_said(monkeypatch):
    monkeypatch.setattr(network, "WIDEST", 5.0)
    problem = lattice_network((8, 8, 8), spread=8.0)
    with pytest.raises(NetworkError, match="bounds of a conductance"):
        solve_network(problem, tolerance=1e-12)


@pytest.mark.parametrize("method", ["cholesky", None, 3])
def test_an_unknown_method_is_refused(method):
    with pytest.raises(InputError, match=r"method = .*is not a method of the solver; choose one of automatic"):
        solve_network(lattice_network((4, 4, 4)), method=method)
    with pytest.raises(InputError, match="method"):
        conductivity(LANDSCAPE, temperature=300.0, method=method)


@pytest.mark.parametrize("tolerance", [0.0, 1.0, -1e-3, float("nan"), None, "1e-3"])
def test_a_tolerance_out_of_range_is_refused(tolerance):
    with pytest.raises(InputError, match="tolerance"):
        solve_network(lattice_network((4, 4, 4)), tolerance=tolerance)


@pytest.mark.parametrize("value", [-1e14, 0.0, float("inf"), None, "1e14", True])
def test_frequencies_and_temperatures_that_are_no_positive_numbers_are_refused(value):
    with pytest.raises(InputError, match="attempt_frequency"):
        conductance_network(LANDSCAPE, temperature=300.0, attempt_frequency=value)
    with pytest.raises(InputError, match="temperature"):
        conductivity(LANDSCAPE, temperature=value)
    with pytest.raises(InputError, match="temperature"):
        conductivity(LANDSCAPE, temperature=[300.0, value])


def test_a_conductivity_too_small_for_a_number_is_refused():
    # 0.7 eV or more, so that log10 of the Boltzmann factor is -0.7 * 11604.5 / 8 / ln 10 = -441 at 8 K, or less
    with pytest.raises(
        InputError, match=r"temperature = 8\.0: gives a conductivity of 10\^-[45]\d\d S/m.*give a higher one"
    ):
        conductivity(LANDSCAPE, temperature=[300.0, 8.0])
    network, _ = conductance_network(LANDSCAPE, temperature=8.0, attempt_frequency=4e14)
    assert np.isfinite(solve_network(network).log_conductance)
