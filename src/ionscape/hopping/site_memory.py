"""How long sites remember whether they were taken: the trace of the occupation correlations of a network.

Mean occupations near equilibrium follow C dψ/dt = −K ψ, ψ = δn/C (`response`). So ⟨δn_i(t) δn_j(0)⟩ is the element ij
of exp(−K C⁻¹ t) C, whose transform over positive times is C (K + iωC)⁻¹ C. Of that the trace is wanted,

    T(ω) = Re tr [C (K + iωC)⁻¹ C] = Σ_i Re ∫₀^∞ ⟨δn_i(t) δn_i(0)⟩ e^{−iωt} dt.

In a part of the network that hangs together the number of ions is constant: K has the null vector 1, which adds
Σ C²/Σ C/(iω) to the trace. Its real part is 0 at every ω > 0 and a peak of no width at ω = 0, an artefact of the finite
lattice; it is taken out before anything is solved.

The trace of a matrix M is the mean of zᵀ M z over vectors z of random signs (Hutchinson 1990), or the sum over unit
vectors. For each z the solutions of (K + sC) x = s C z at real shifts, which all z share but for the load, with z
itself for s → ∞, span a space in which every frequency is a small dense system. With x of it T = x* K x: positive, and
right to second order in the error of x.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from ionscape.arrays import FloatArray

from .network import CLASSES, Method, solve_loads, sums
from .periodic import PeriodicLinks
from .reduction_kernels import IntArray
from .response import MOST_DECADES, SHIFTS_PER_DECADE, grounded, stationary
from .union_find import order_by_class

SETTLED = 1e-4
"""Lower shifts are left out where the trace rises by less from each to the next,"""
SETTLED_FOR = 6
"""so many times in a row."""
BLOCK = 1 << 17
"""Links whose strains are formed at once; bounds the memory."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SiteMemory:
    """The small systems of all vectors z.

    Attributes:
        stiffness: of the space of each (z, k, k).
        storage: of it (z, k, k).
        loads: of it (z, k).
        lowest: least shift of the space.
        highest: largest one.
    """

    stiffness: FloatArray = field(repr=False)
    storage: FloatArray = field(repr=False)
    loads: FloatArray = field(repr=False)
    lowest: float
    highest: float

    def at(self, frequency: FloatArray) -> FloatArray:
        """Re zᵀ C (K + iωC)⁻¹ C z, null vector left out, at angular frequencies (z, n)."""
        nothing = np.zeros(self.loads.shape[1])
        found = np.empty((len(self.loads), frequency.size))
        for number, (stiffness, storage, load) in enumerate(zip(self.stiffness, self.storage, self.loads, strict=True)):
            best = np.array([stationary(1j * omega, stiffness, storage, -load, nothing) for omega in frequency])
            found[number] = np.einsum("ni,ij,nj->n", best.conj(), stiffness, best).real
        return found

    def halved(self) -> SiteMemory:
        """The space of every second solution, z and the last one among them: what it is worse by tells the error."""
        size = self.loads.shape[1]
        kept = sorted({0, size - 1, *range(size - 1, 0, -2)})
        # the basis is made of differences of solutions: those of two steps are sums
        steps = np.array([[float(low <= place < high) for place in range(size)]
                          for low, high in zip(kept, [*kept[1:], size], strict=True)])  # fmt: skip
        return SiteMemory(
            stiffness=steps @ self.stiffness @ steps.T, storage=steps @ self.storage @ steps.T,
            loads=self.loads @ steps.T, lowest=self.lowest, highest=self.highest,
        )  # fmt: skip


def solve_memory(
    joined: PeriodicLinks, logarithms: FloatArray, capacitances: FloatArray, vectors: FloatArray, *,
    lowest: float | None, method: Method = "automatic", per_decade: int = SHIFTS_PER_DECADE,
) -> SiteMemory:  # fmt: skip
    """Solve a network with loads Cz at shifts from its fastest rate down.

    Args:
        joined: its links, at least one.
        logarithms: ln g of each (m,).
        capacitances: of the nodes, at least 0 (nodes,).
        vectors: z (z, nodes).
        lowest: angular frequency from which on the trace is wanted; None for all, down to 0.
        method: as of `solve_network`.
        per_decade: shifts to a decade.

    Raises:
        NetworkError: a solution failed.
    """
    conductances = np.exp(logarithms)
    part, parts = parts_of(joined)
    vectors = neutral(vectors, capacitances, part, parts)
    loads = vectors * capacitances
    order, _ = order_by_class(logarithms, CLASSES)
    highest = fastest_rate(joined, conductances, capacitances)
    end = -MOST_DECADES if lowest is None else math.log10(min(lowest, highest)) - 1.0
    solutions, traces = [vectors], [0.0]
    shift, still = highest, 0
    for shift in 10.0 ** np.arange(math.log10(highest) + 0.5, end, -1.0 / per_decade):
        unit = float(shift) * float(capacitances.max())
        number, stored, rest = grounded(joined, order, logarithms, conductances, capacitances, float(shift),
                                        strongest=math.log(unit), unit=unit)  # fmt: skip
        if stored.size == parts:
            break  # no link is weak enough to matter
        collected = np.array([sums(number, load, stored.size) for load in loads]) * (float(shift) / unit)
        found = neutral(solve_loads(rest, collected, method)[:, number], capacitances, part, parts)
        solutions.append(found)
        traces.append(float(np.sum(found * loads)) / float(shift))
        still = still + 1 if traces[-1] - traces[-2] < SETTLED * traces[-1] else 0
        if lowest is None and still == SETTLED_FOR:
            break
    # differences, which are of the size that belongs to their own frequency; the last solution itself
    basis = np.array([*(one - other for one, other in pairwise(solutions)), solutions[-1]])
    basis = basis.transpose(1, 0, 2)
    return SiteMemory(
        stiffness=np.array([_stiffness(joined, conductances, each) for each in basis]),
        storage=np.array([(each * capacitances) @ each.T for each in basis]),
        loads=np.einsum("zkn,zn->zk", basis, loads),
        lowest=float(shift), highest=highest,
    )  # fmt: skip


def parts_of(joined: PeriodicLinks) -> tuple[IntArray, int]:
    """The part of the network that each node hangs together with (nodes,), and how many there are."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(joined.first.size), (joined.first, joined.second)), (joined.nodes, joined.nodes))
    parts, part = connected_components(links, directed=False)
    return part.astype(np.int32), int(parts)


def neutral(vectors: FloatArray, capacitances: FloatArray, part: IntArray, parts: int) -> FloatArray:
    """Vectors (z, nodes) less their mean by capacitance in each part: nothing of the null vectors is left."""
    stored = sums(part, capacitances, parts)
    # below the least number a site stores nothing, and counts for nothing
    share = np.divide(capacitances, stored[part], out=np.zeros(part.size), where=stored[part] > 0.0)
    return np.array([vector - sums(part, share * vector, parts)[part] for vector in vectors])


def fastest_rate(joined: PeriodicLinks, conductances: FloatArray, capacitances: FloatArray) -> float:
    """A bound on the rates of the network: twice the largest Σ g/C of a node (Gershgorin)."""
    leaving = sums(joined.first, conductances, joined.nodes) + sums(joined.second, conductances, joined.nodes)
    stores = capacitances > 0.0
    return 2.0 * float(np.max(leaving[stores] / capacitances[stores]))


def _stiffness(joined: PeriodicLinks, conductances: FloatArray, basis: FloatArray) -> FloatArray:
    """Σ g ∇x ∇x of vectors (k, nodes)."""
    found = np.zeros((len(basis), len(basis)))
    for begin in range(0, conductances.size, BLOCK):
        links = slice(begin, begin + BLOCK)
        strain = basis[:, joined.second[links]] - basis[:, joined.first[links]]
        found += (strain * conductances[links]) @ strain.T
    return found
