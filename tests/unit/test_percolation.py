"""Percolation: activation energies against independent methods, critical paths, union-find."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import constants, sparse
from scipy.ndimage import label
from scipy.sparse import csgraph

from ionscape.errors import InputError, PercolationError
from ionscape.hopping import (
    ActivationEnergies,
    Landscape,
    LandscapeModel,
    Lattice,
    Links,
    activation_energy,
    critical_path,
    generate_landscape,
    links,
    sample_activation_energies,
)
from ionscape.hopping.jumps import barriers_between, jumps_of, link_barriers
from ionscape.hopping.union_find import bottleneck, connect

EV = constants.electron_volt
LITHIUM = "0.33 Li2O 0.67 (0.4 B2O3 0.6 P2O5)"


def plain_barriers(network: Links, landscape: Landscape) -> NDArray[np.float64]:
    """Bosi 2021 (8b), term by term."""
    energies = landscape.energies.reshape(-1)
    one, other = energies[network.first], energies[network.second]
    fermi = landscape.fermi_energy
    distances = np.abs(one - other) + np.abs(one - fermi) + np.abs(other - fermi)
    return landscape.model.barrier * landscape.model.energy_scale + 0.5 * distances


class SpanningTree:
    """scipy's minimum spanning tree, with two further nodes for the electrodes.

    Many links have equal weights, so that the tree is not unique, but the largest weight between two nodes in it is.
    """

    def __init__(self, network: Links, weights: NDArray[np.float64]) -> None:
        self.start, self.end = network.sites, network.sites + 1
        # Weights are shifted, since scipy takes zeros for no link; those to the electrodes are lower than all others.
        self.shift = weights.min() - 1.0
        source, drain = np.full(len(network.source), self.start), np.full(len(network.drain), self.end)
        # older versions of scipy find trees of graphs with indices of 32 bits only
        rows = np.concatenate((network.first, network.source, network.drain)).astype(np.int32)
        columns = np.concatenate((network.second, source, drain)).astype(np.int32)
        data = np.concatenate((weights - self.shift, np.full(len(source) + len(drain), 1e-3)))
        graph = sparse.coo_array((data, (rows, columns)), shape=(self.end + 1, self.end + 1)).tocsr()
        self.tree = csgraph.minimum_spanning_tree(graph)
        self.weights = (self.tree + self.tree.T).tocsr()

    def largest_weight(self, one: int, other: int) -> float:
        _, before = csgraph.breadth_first_order(self.tree, one, directed=False)
        largest = 0.0
        while other != one:
            previous = int(before[other])
            largest = max(largest, float(self.weights[previous, other]))
            other = previous
        return largest + self.shift


def by_bisection(network: Links, weights: NDArray[np.float64]) -> float:
    """Least weight up to which the links connect the electrodes, by cluster labels of subsets of the links."""
    ordered = np.sort(weights)
    low, high = 0, len(ordered) - 1
    while low < high:
        middle = (low + high) // 2
        kept = weights <= ordered[middle]
        graph = sparse.coo_array(
            (np.ones(kept.sum()), (network.first[kept], network.second[kept])), shape=(network.sites, network.sites)
        )
        _, cluster = csgraph.connected_components(graph, directed=False)
        if np.intersect1d(cluster[network.source], cluster[network.drain]).size:
            high = middle
        else:
            low = middle + 1
    return float(ordered[low])


@pytest.mark.parametrize("direction", [0, 1, 2])
@pytest.mark.parametrize("faces", ["periodic", "open"])
@pytest.mark.parametrize("shape", [(12, 12, 12), (8, 13, 10)])
def test_three_methods_give_the_same_activation_energy(direction: int, faces: str, shape: tuple[int, int, int]) -> None:
    model = LandscapeModel(energy_scale=0.64 * EV, noise=0.42, transverse_faces=faces)  # type: ignore[arg-type]
    landscape = generate_landscape(LITHIUM, lattice=shape, rng=12, model=model)
    network = links(landscape, direction)
    # scipy's weights are of order one, where its shift by one keeps the digits
    barriers = plain_barriers(network, landscape) / EV
    tree = SpanningTree(network, barriers)
    expected = tree.largest_weight(tree.start, tree.end)
    assert by_bisection(network, barriers) == pytest.approx(expected, rel=1e-9)
    assert activation_energy(landscape, direction=direction) / EV == pytest.approx(expected, rel=1e-9)
    path = critical_path(landscape, direction=direction)
    assert path.activation_energy / EV == pytest.approx(expected, rel=1e-9)
    # No detour between any two sites of the path, or between a site and an electrode, has a lower highest barrier.
    nodes = [tree.start, *np.ravel_multi_index(tuple(path.sites.T), shape).tolist(), tree.end]
    steps = [-math.inf, *(path.barriers / EV), -math.inf]
    for begin, end in itertools.combinations(range(0, len(nodes), 3), 2):
        assert max(steps[begin:end]) == pytest.approx(tree.largest_weight(nodes[begin], nodes[end]), rel=1e-9)


def test_cluster_labels_on_the_lattice_give_the_same_activation_energy() -> None:
    # With all energies above the Fermi level the farther site of a link decides: percolation of sites instead of links,
    # which scipy's labels of connected regions find by themselves.
    landscape = generate_landscape(LITHIUM, lattice=16, rng=3)
    lifted = np.abs(landscape.energies - landscape.fermi_energy)
    model = landscape.model
    landscape = dataclasses.replace(landscape, energies=lifted, fermi_energy=0.0, periodic=False)
    candidates = np.sort(lifted[landscape.accessible])

    def percolates(level: float) -> bool:
        clusters, _ = label(landscape.accessible & (lifted <= level))
        return bool(np.intersect1d(clusters[0][clusters[0] > 0], clusters[-1][clusters[-1] > 0]).size)

    low, high = 0, len(candidates) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if percolates(candidates[middle]) else (middle + 1, high)
    expected = candidates[low] + model.barrier * model.energy_scale
    assert activation_energy(landscape) == pytest.approx(expected, rel=1e-12, abs=0.0)


def test_barriers_term_by_term() -> None:
    landscape = generate_landscape(LITHIUM, lattice=10, rng=1)
    network = links(landscape)
    found = barriers_between(landscape, jumps_of(landscape), network.first, network.second)
    assert found == pytest.approx(plain_barriers(network, landscape), rel=1e-12, abs=0.0)


@pytest.mark.parametrize(
    ("one", "other", "expected"), [(1.0, 3.0, 3.5), (-1.0, 3.0, 4.5), (-1.0, -3.0, 3.5), (0.0, 0.0, 0.5)]
)
def test_barrier_of_a_link_by_hand(one: float, other: float, expected: float) -> None:
    # Ambegaokar, Halperin and Langer: on one side of the Fermi level the farther site decides, across it the distance.
    ends = np.array([0], np.int32), np.array([1], np.int32)
    assert link_barriers(*ends, np.array([one, other]), 0.0, 0.5)[0] == expected


def test_critical_path_is_a_path() -> None:
    landscape = generate_landscape(LITHIUM, lattice=30, rng=7)
    for direction in range(3):
        path = critical_path(landscape, direction=direction)
        along = path.sites[:, direction]
        assert (along[0], along[-1]) == (0, 29)
        assert np.all((along[1:-1] > 0) & (along[1:-1] < 29))
        steps = np.abs(np.diff(path.sites, axis=0))
        assert np.all(np.minimum(steps, 30 - steps).sum(axis=1) == 1)
        assert landscape.accessible[tuple(path.sites.T)].all()
        assert len(np.unique(path.sites, axis=0)) == len(path.sites)
        assert len(path.barriers) == len(path.sites) - 1
        assert path.barriers.max() == path.barriers[path.bottleneck]
        for energy in (path.activation_energy, activation_energy(landscape, direction=direction)):
            assert path.barriers[path.bottleneck] == pytest.approx(energy, rel=1e-12, abs=0.0)


def test_chain_of_sites() -> None:
    # One open row: the only path takes every site, the bottleneck is the largest barrier.
    landscape = generate_landscape(LITHIUM, lattice=(30, 4, 4), rng=1)
    accessible = np.zeros((30, 4, 4), np.bool_)
    accessible[:, 2, 1] = True
    energies = np.where(accessible, np.random.default_rng(1).normal(size=accessible.shape), np.nan) * EV
    chain = dataclasses.replace(landscape, energies=energies, fermi_energy=0.1 * EV)
    path = critical_path(chain)
    assert np.array_equal(path.sites, [(x, 2, 1) for x in range(30)])
    row = energies[:, 2, 1]
    ends = np.stack((row[1:], row[:-1], np.full(29, 0.1 * EV)))
    expected = 0.064 * EV + np.ptp(ends, axis=0)
    assert path.barriers == pytest.approx(expected, rel=1e-12, abs=0.0)
    assert activation_energy(chain) == pytest.approx(expected.max(), rel=1e-12, abs=0.0)
    with pytest.raises(PercolationError, match="along axis 1"):
        activation_energy(chain, direction=1)
    with pytest.raises(PercolationError, match="no path of accessible sites"):
        critical_path(chain, direction=1)


@pytest.mark.parametrize("seed", range(20))
def test_bottleneck_without_sorting_is_that_of_the_sorted_links(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = Links(lattice=Lattice(shape=(9, 9, 9)), accessible=rng.random((9, 9, 9)) < 0.5, electrodes=seed % 3)
    count = len(network.first)
    # spread evenly, over many decades, and with many equal values
    weights = (rng.random(count), np.exp(30.0 * rng.normal(size=count)), rng.integers(0, 4, count).astype(float))
    ends = (network.source, network.drain, network.sites, network.first, network.second)
    for weight in (*weights, np.ones(count)):
        order = np.argsort(weight, kind="stable")
        position = connect(*ends, order)
        assert bottleneck(*ends, weight) == (-1 if position < 0 else order[position])


def test_connect_finds_no_link_where_there_is_no_path() -> None:
    first, second = np.array([0, 2], np.int32), np.array([1, 3], np.int32)
    source, drain = np.array([0], np.int32), np.array([3], np.int32)
    order = np.array([1, 0])
    assert connect(source, drain, 4, first, second, order) == -1
    assert connect(source, drain[:0], 4, first, second, order) == -1
    assert bottleneck(source, drain, 4, first, second, np.array([1.0, 2.0])) == -1
    assert bottleneck(source, drain, 4, first[:0], second[:0], np.empty(0)) == -1
    # electrodes of several nodes count as connected in themselves
    assert connect(np.array([0, 2], np.int32), np.array([1], np.int32), 4, first, second, order) == 1


def test_glass_with_too_few_sites_says_so() -> None:
    # accessible: 0.15 / 0.85 / 0.95 = 0.186 of the sites, below the site percolation threshold of the cubic lattice
    model = LandscapeModel(energy_scale=0.64 * EV, noise=0.42)
    glass = "0.15 Li2O 0.85 B2O3"
    with pytest.raises(PercolationError, match=r"0.186 of the sites are accessible, below the percolation threshold"):
        activation_energy(generate_landscape(glass, lattice=20, rng=1, model=model))
    with pytest.raises(PercolationError, match="none of 3 landscapes of 20 x 20 x 20 sites"):
        sample_activation_energies(glass, lattice=20, landscapes=3, rng=1, model=model)


def test_samples_are_single_landscapes() -> None:
    sample = sample_activation_energies(LITHIUM, lattice=14, landscapes=4, directions=3, rng=6)
    seeds = np.random.SeedSequence(6).spawn(4)
    for index, seed in enumerate(seeds):
        landscape = generate_landscape(LITHIUM, lattice=14, rng=seed)
        for direction in range(3):
            assert sample.values[index, direction] == activation_energy(landscape, direction=direction)
    assert sample.percolating_fraction == 1.0
    for change in ({"landscapes": 0}, {"directions": 4}):
        with pytest.raises(InputError, match=next(iter(change))):
            sample_activation_energies(LITHIUM, lattice=14, rng=6, **change)  # type: ignore[arg-type]


def test_averages_of_samples() -> None:
    values = np.array([[1.0, 3.0], [np.nan, 4.0], [np.nan, np.nan]])
    sample = ActivationEnergies(values=values, directions=(0, 1), lattice=(5, 5, 5))
    assert sample.percolating_fraction == 0.5
    assert np.array_equal(sample.of_landscapes, [2.0, 4.0])
    assert sample.mean == 3.0
    assert sample.scatter == pytest.approx(math.sqrt(2.0))
    assert sample.mean_error == pytest.approx(1.0)
    alone = dataclasses.replace(sample, values=values[:1])
    assert math.isnan(alone.mean_error)
