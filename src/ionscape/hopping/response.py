"""The complex conductivity of a periodic network of conductances whose nodes store charge, over many decades.

With ψ the change of the electrochemical potential over the force, e = 1 in links along the field, K the Laplacian of
the conductances g and C the capacitances of the nodes, mean occupations follow (K + iωC) ψ = b, and

    σ(ω) = Σ g (e + ∇ψ)² + iω Σ C ψ²

is stationary at the solution. So a ψ of a small space that holds good approximations gives σ with the square of their
error. The space is made of the dc solution and of solutions of (K + sC) ψ = b at real shifts s, two to the decade,
which are those of a network with a conductance sC from every node to ground: real, positive definite, and solved as the
dc network is (`network`). σ(ω) is then a function of Stieltjes, as the true one is: positive, causal, no resonances.

As without a frequency, links far stronger than all that matters at a shift are contracted: a potential that falls
along the strongest links so that their force vanishes is subtracted first (`periodic`).

Units are the caller's: σ in those of the conductances, frequencies in those of conductance over capacitance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray

from .iteration_kernels import RemainingNetwork
from .network import CLASSES, Method, solve_remaining, sums
from .periodic import PeriodicLinks, solve_periodic
from .periodic_kernels import unwound
from .reduction_kernels import IntArray, contract
from .union_find import order_by_class

ComplexArray = NDArray[np.complex128]

SHIFTS_PER_DECADE = 2
"""One per decade is 2e-2 off, two 1e-4."""
DECADES_ABOVE = 6.0
"""Links so much stronger than the bottleneck, and than what charges the nodes, have no force across them."""
SETTLED = 1e-6
"""Where σ of a shift is so near to that of dc, lower shifts are dc."""
PLATEAU = 1e-3
"""The same where no lowest frequency is asked for."""
MOST_DECADES = 60.0
"""Below the attempt frequency."""
BLOCK = 16
"""Frequencies that are evaluated at once; bounds the memory."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Response:
    """Solutions of a network at dc and at real shifts, which span those at all frequencies.

    Attributes:
        joined: the links.
        conductances: of them (m,).
        capacitances: of the nodes (nodes,).
        shifts: s, falling; the last one is 0 (k,).
        potentials: ψ of the nodes at each of them (k, nodes).
        powers: σ at each of them times the number of sites (k,).
        lower: lower bound of the dc value, as a ratio to it.
        upper: upper bound of it.
    """

    joined: PeriodicLinks = field(repr=False)
    conductances: FloatArray = field(repr=False)
    capacitances: FloatArray = field(repr=False)
    shifts: FloatArray
    potentials: FloatArray = field(repr=False)
    powers: FloatArray
    lower: float
    upper: float

    def at(self, frequency: FloatArray | ComplexArray) -> ComplexArray:
        """σ times the number of sites at angular frequencies, 0 among them (n,); a real shift s is −i s."""
        return _evaluate(self, np.asarray(frequency, dtype=np.complex128))

    def halved(self) -> Response:
        """The space of every second solution, dc among them: what it is worse by tells the error of the whole."""
        every = slice(None, None, -2)
        return replace(self, shifts=self.shifts[every][::-1], potentials=self.potentials[every][::-1],
                       powers=self.powers[every][::-1])  # fmt: skip

    @property
    def relaxation(self) -> float:
        """Time τ of σ ≈ σ(0) (1 + iωτ) at low frequencies: Σ C ψ²/σ(0) with the dc solution."""
        return float(self.capacitances @ self.potentials[-1] ** 2) / float(self.powers[-1])


def solve_response(
    joined: PeriodicLinks, logarithms: FloatArray, capacitances: FloatArray, *, lowest: float | None, highest: float,
    tolerance: float = 1e-6, method: Method = "automatic", per_decade: int = SHIFTS_PER_DECADE,
) -> Response:  # fmt: skip
    """Solve a network at dc and at shifts that cover a range of angular frequencies.

    Args:
        joined: its links.
        logarithms: ln g of each (m,).
        capacitances: of the nodes, at least 0 (nodes,).
        lowest: angular frequency above 0 from which on σ is wanted; None for where it begins to leave that of dc.
        highest: up to which it is.
        tolerance: of the bounds of the dc value.
        method: as of `solve_network`.
        per_decade: shifts to a decade.

    Raises:
        PercolationError: no way leads around the lattice.
        NetworkError: a solution failed.
    """
    conductances = np.exp(logarithms)
    steady = solve_periodic(joined, logarithms, tolerance=tolerance, method=method)
    direct = math.exp(steady.log_conductance)
    order, _ = order_by_class(logarithms, CLASSES)
    places, _, _ = unwound(order, joined.first, joined.second, joined.forces.astype(np.int32), joined.nodes)
    # half a step beyond either end
    end = -MOST_DECADES if lowest is None else math.log10(lowest) - 0.5
    exponents = np.arange(math.log10(highest) + 0.5, end, -1.0 / per_decade)
    shifts: list[float] = []
    potentials: list[FloatArray] = []
    powers: list[float] = []
    for shift in 10.0**exponents:
        found = _shifted(joined, order, logarithms, conductances, capacitances, places, float(shift),
                         bottleneck=steady.bottleneck, method=method)  # fmt: skip
        power = _power(joined, conductances, found) + shift * float(capacitances @ found**2)
        shifts.append(float(shift))
        potentials.append(found)
        powers.append(power)
        if power - direct < (SETTLED if lowest is not None else PLATEAU) * direct:
            break
    return Response(
        joined=joined, conductances=conductances, capacitances=capacitances, shifts=np.array([*shifts, 0.0]),
        potentials=np.array([*potentials, _neutral(joined, capacitances, steady.potentials)]),
        powers=np.array([*powers, direct]), lower=steady.lower, upper=steady.upper,
    )  # fmt: skip


def _shifted(
    joined: PeriodicLinks, order: IntArray, logarithms: FloatArray, conductances: FloatArray, capacitances: FloatArray,
    places: IntArray, shift: float, *, bottleneck: float, method: Method,
) -> FloatArray:  # fmt: skip
    """ψ of (K + sC) ψ = b at a real shift s > 0."""
    first, second = joined.first, joined.second
    charging = math.log(shift * float(capacitances.max()))
    # a scale in which the imbalance of a node is judged: that of the currents at this frequency
    unit = math.exp(max(bottleneck, min(charging, float(logarithms.max()))))
    number, stored, rest = grounded(joined, order, logarithms, conductances, capacitances, shift,
                                    strongest=max(bottleneck, charging), unit=unit)  # fmt: skip
    count = stored.size
    # the middle of the charge of a cluster has place 0, so that the force does not charge the cluster as a whole
    middle = sums(number, capacitances * places, count)
    offsets = places - np.divide(middle, stored, out=np.zeros(count), where=stored > 0.0)[number]
    forces = joined.forces + offsets[first] - offsets[second]
    one, other = number[first], number[second]
    apart = one != other
    driven = conductances[apart] * forces[apart] / unit
    load = sums(one[apart], driven, count) - sums(other[apart], driven, count)
    solution, _, _ = solve_remaining(rest._replace(load=load), method)
    return solution[number] - offsets


def grounded(
    joined: PeriodicLinks, order: IntArray, logarithms: FloatArray, conductances: FloatArray, capacitances: FloatArray,
    shift: float, *, strongest: float, unit: float,
) -> tuple[IntArray, FloatArray, RemainingNetwork]:  # fmt: skip
    """The network of K + sC, with a conductance sC from every node to ground, without a load.

    Args:
        joined: its links.
        order: of them, by falling conductance.
        logarithms: ln g of each (m,).
        conductances: g of each (m,).
        capacitances: of the nodes (nodes,).
        shift: s.
        strongest: ln of what matters; links by `DECADES_ABOVE` stronger are contracted.
        unit: of the conductances of the network.

    Returns:
        The cluster of each node (nodes,), the capacitance of each cluster (clusters,), and their network.
    """
    from scipy.sparse import coo_array

    first, second, nodes = joined.first, joined.second, joined.nodes
    clusters, _ = contract(order, logarithms, first, second, nodes, strongest + DECADES_ABOVE * math.log(10.0))
    heads = clusters == np.arange(nodes)
    number = (np.cumsum(heads) - 1).astype(np.int32)[clusters]
    count = int(np.count_nonzero(heads))
    stored = sums(number, capacitances, count)
    one, other = number[first], number[second]
    apart = one != other
    one, other, weights = one[apart], other[apart], conductances[apart]
    ends = np.concatenate((one, other, np.arange(count))), np.concatenate((other, one, np.full(count, count)))
    values = np.concatenate((weights, weights, shift * stored)) / unit
    matrix = coo_array((values, ends), (count, count + 1)).tocsr()
    starts, targets = matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32)
    return number, stored, RemainingNetwork(starts, targets, matrix.data, np.zeros(count))


def _neutral(joined: PeriodicLinks, capacitances: FloatArray, potentials: FloatArray) -> FloatArray:
    """The dc solution such that no part that hangs together is charged: the limit of low frequencies."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(joined.first.size), (joined.first, joined.second)), (joined.nodes, joined.nodes))
    parts, part = connected_components(links, directed=False)
    stored = sums(part, capacitances, parts)
    charge = sums(part, capacitances * potentials, parts)
    return potentials - np.divide(charge, stored, out=np.zeros(parts), where=stored > 0.0)[part]


def _power(joined: PeriodicLinks, conductances: FloatArray, potentials: FloatArray) -> float:
    """Σ g (e + ∇ψ)²."""
    drops = joined.forces + potentials[joined.second] - potentials[joined.first]
    return float(conductances @ drops**2)


def _evaluate(response: Response, frequency: ComplexArray) -> ComplexArray:
    """The stationary value of σ in the space of the solutions, by the quadratic form of the best ψ."""
    joined, conductances, capacitances = response.joined, response.conductances, response.capacitances
    steady = response.potentials[-1]
    changes = response.potentials[:-1] - response.potentials[1:]  # of the size that belongs to their own frequency
    strain = changes[:, joined.second] - changes[:, joined.first]
    left = joined.forces + steady[joined.second] - steady[joined.first]
    stiffness, storage = (strain * conductances) @ strain.T, (changes * capacitances) @ changes.T
    pull, charge = strain @ (conductances * left), changes @ (capacitances * steady)
    rates, found = 1j * frequency, np.empty(frequency.size, dtype=np.complex128)
    for begin in range(0, frequency.size, BLOCK):
        block = slice(begin, begin + BLOCK)
        best = np.array([stationary(rate, stiffness, storage, pull, charge) for rate in rates[block]])
        dissipated = _weighted_squares(conductances, left, best, strain)
        found[block] = dissipated + rates[block] * _weighted_squares(capacitances, steady, best, changes)
    return found


def stationary(
    rate: complex, stiffness: FloatArray, storage: FloatArray, pull: FloatArray, charge: FloatArray
) -> ComplexArray:
    """How much of each change makes σ at one frequency stationary.

    Args:
        rate: iω.
        stiffness: of the changes, (k, k).
        storage: of them, (k, k).
        pull: of each on the rest of σ through the links (k,).
        charge: the same through the capacitances (k,).
    """
    scale = 1.0 / np.sqrt(np.maximum(np.diag(stiffness) + abs(rate) * np.diag(storage), 1e-300))
    matrix = scale[:, None] * (stiffness + rate * storage) * scale
    return scale * np.linalg.lstsq(matrix, -scale * (pull + rate * charge), rcond=1e-13)[0]


def _weighted_squares(
    weights: FloatArray, constant: FloatArray, best: ComplexArray, changes: FloatArray
) -> ComplexArray:
    """Σ w (constant + best changes)² for each row of `best`."""
    real, imaginary = constant + best.real @ changes, best.imag @ changes
    difference = np.einsum("ij,ij,j->i", real, real, weights) - np.einsum("ij,ij,j->i", imaginary, imaginary, weights)
    return difference + 2j * np.einsum("ij,ij,j->i", real, imaginary, weights)
