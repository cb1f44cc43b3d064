"""Populations of ions on the energies of their sites, cell by cell: what one implicit substep makes of them.

An ion i is released from a level over the threshold of transport and captured by its empty sites
(`diffusivity.populations`):

    dn_i/dt = kappa_i (theta_i v - e n_i),        v = S - sum_j n_j,        sum over the levels: -dJ_i/dx.

In an implicit substep of length s that starts from n_i*, each level is known once the activities theta are,

    n_i = b_i + alpha_i theta_i v,    v = (S - sum_j b_j) / A,    A = 1 + sum_j alpha_j theta_j,
    b_i = n_i* / (1 + s kappa_i e),   alpha_i = s kappa_i / (1 + s kappa_i e),

and theta follows from the densities of the ions in the cell, which stay the unknowns of the transport equations: the
flux of an ion is that of its activity, with a constant diffusion coefficient. With g_i = sum alpha_i v and
h_ik = sum alpha_i alpha_k v / A over the levels, density_i = sum b_i + theta_i g_i, and

    d density_i / d theta_k = delta_ik g_i - theta_i h_ik,

a matrix whose columns are dominated by their diagonal. An ion of which less is wanted than the levels keep gets a
negative activity, on the straight line of slope g_i, and takes no sites then: Newton's method may pass there.

Letters: n, S, v in units of the density scale; e = exp((E - E_F)/k_B T); kappa [1/s]; P ions with populations, G
systems of sites, L levels (of the longest system), a an ion's place among those of its system.
"""

from __future__ import annotations

import math
from typing import Any

from ionscape.arrays import FloatArray
from ionscape.compiled import inlined_kernel, inner_kernel, summing_kernel

from .arrays import Problem, Ramp, State
from .copying import copy
from .level_arrays import LEAST_VACANCY, Populations
from .ramp import weight_of_node
from .runge_kutta import RungeKutta

CLOSE_ENOUGH = 1e-5
"""Relative error of a density from which one more step of Newton's method, without looking again, is exact ..."""
SETTLED = 1e-11
"""... and that of the populations that are kept."""
ROUNDING = 1e-13
"""Error of a scaled density that always is."""
MOST_ITERATIONS = 40
LARGEST_FILLING = 0.9
"""Share of the vacancies of a cell that one iteration of Newton's method may fill."""


@inner_kernel
def begin_step(populations: Populations) -> None:
    """The first substep is the state itself."""
    copy(populations.values[0], populations.held)
    copy(populations.rates[0], populations.rate)


@inner_kernel
def warm(ramp: Ramp, share: float, populations: Populations) -> None:
    """Factors and release rates at the temperature after a share of a piece, in place."""
    sites, tables = populations.sites, populations.log_factor
    low, high = ramp.ends[0], ramp.ends[1]
    temperature = ramp.temperature[0] + share * (ramp.temperature[1] - ramp.temperature[0])
    place = (low - temperature) / (low - high) * (high / temperature)
    for g in range(sites.factor.shape[0]):
        for level in range(sites.factor.shape[1]):
            sites.factor[g, level] = 0.0
    for p in range(sites.release.shape[0]):
        sites.release[p] = 0.0
    for m in range(tables.shape[0]):
        weight = weight_of_node(ramp.nodes, m, place)
        for g in range(sites.factor.shape[0]):
            for level in range(sites.factor.shape[1]):
                sites.factor[g, level] += weight * tables[m, g, level]
        for p in range(sites.release.shape[0]):
            sites.release[p] += weight * populations.log_release[m, p]
    for g in range(sites.factor.shape[0]):
        for level in range(sites.factor.shape[1]):
            sites.factor[g, level] = math.exp(sites.factor[g, level])
    for p in range(sites.release.shape[0]):
        sites.release[p] = math.exp(sites.release[p])


@summing_kernel
def prepare_levels(substep: int, step: float, method: RungeKutta, populations: Populations) -> None:
    """b, alpha and S - sum b of a substep."""
    sites, base, free, kept = populations.sites, populations.base, populations.free, populations.kept
    stay, capture, held, rates = populations.stay, populations.capture, populations.held, populations.rates
    scale = step * method.diagonal
    longest = held.shape[2]
    for g in range(sites.counts.shape[0]):
        for a in range(sites.counts[g]):
            p = sites.members[g, a]
            pace = scale * sites.release[p]
            for level in range(longest):
                stay[p, level] = 1.0 / (1.0 + pace * sites.factor[g, level])
                capture[p, level] = pace * stay[p, level]
    for k in range(held.shape[0]):
        for g in range(sites.counts.shape[0]):
            for level in range(longest):
                free[k, g, level] = sites.sites[g, level]
            for a in range(sites.counts[g]):
                p = sites.members[g, a]
                for level in range(longest):
                    base[k, p, level] = held[k, p, level]
                for s in range(substep):
                    weight = step * method.a[substep, s]
                    for level in range(longest):
                        base[k, p, level] += weight * rates[s, k, p, level]
                total = 0.0
                for level in range(longest):
                    base[k, p, level] *= stay[p, level]
                    free[k, g, level] -= base[k, p, level]
                    total += base[k, p, level]
                kept[k, p] = total
            for level in range(longest):
                free[k, g, level] = max(free[k, g, level], 0.0)


@summing_kernel
def sum_levels(k: int, g: int, populations: Populations) -> None:
    """Vacancies of a system in a cell for its theta, with g and the matrix of the derivatives by theta."""
    sites, capture, theta = populations.sites, populations.capture, populations.theta
    free, vacancy, gain, matrix = populations.free, populations.vacancy, populations.gain, populations.matrix
    levels, count = sites.levels[g], sites.counts[g]
    # rows of their own are what the compiler makes vectors of
    empty, part, spare = free[k, g], vacancy[0], vacancy[1]
    for level in range(levels):
        part[level] = 1.0
    for a in range(count):
        p = sites.members[g, a]
        t = max(theta[k, p], 0.0)
        own = capture[p]
        for level in range(levels):
            part[level] += own[level] * t
    for level in range(levels):
        inverse = 1.0 / part[level]
        part[level] = empty[level] * inverse
        spare[level] = empty[level] * inverse * inverse
    for a in range(count):
        p = sites.members[g, a]
        own = capture[p]
        total = 0.0
        for level in range(levels):
            total += own[level] * part[level]
        gain[a] = max(total, 1e-300)
        for b in range(a + 1):
            q = sites.members[g, b]
            other = capture[q]
            both = 0.0
            for level in range(levels):
                both += own[level] * other[level] * spare[level]
            matrix[a, b] = -max(theta[k, p], 0.0) * both if theta[k, q] > 0.0 else 0.0
            matrix[b, a] = -max(theta[k, q], 0.0) * both if theta[k, p] > 0.0 else 0.0
        matrix[a, a] += gain[a]


@inlined_kernel
def invert(matrix: FloatArray, count: int) -> None:
    """Inverse of the left half of a matrix of ``count`` rows into its right half, by elimination without pivots."""
    for a in range(count):
        for b in range(count):
            matrix[a, count + b] = 1.0 if a == b else 0.0
    for c in range(count):
        pivot = 1.0 / matrix[c, c]
        for b in range(2 * count):
            matrix[c, b] *= pivot
        for a in range(count):
            if a != c:
                factor = matrix[a, c]
                for b in range(2 * count):
                    matrix[a, b] -= factor * matrix[c, b]


@inlined_kernel
def find_theta(k: int, g: int, accuracy: float, populations: Populations) -> None:
    """Activities of the ions of a system in a cell, for which its levels hold the ``wanted`` densities.

    Newton's method; where that would leave the positive numbers, theta = wanted / g, which comes nearer from wherever
    it starts, since g falls with every theta. Leaves the inverse of the derivatives in ``matrix``, vacancies and g.
    """
    sites, theta = populations.sites, populations.theta
    gain, matrix, wanted = populations.gain, populations.matrix, populations.wanted
    count = sites.counts[g]
    for a in range(count):
        p = sites.members[g, a]
        if wanted[a] <= 0.0:
            theta[k, p] = 0.0
        elif theta[k, p] <= 0.0:
            theta[k, p] = 1e-12
    for iteration in range(MOST_ITERATIONS):
        sum_levels(k, g, populations)
        close = iteration == MOST_ITERATIONS - 1
        if not close:
            close = True
            for a in range(count):
                if wanted[a] > 0.0:
                    missing = wanted[a] - theta[k, sites.members[g, a]] * gain[a]
                    close = close and abs(missing) <= accuracy * wanted[a] + ROUNDING
        invert(matrix, count)
        if close:
            return
        inside = True
        for a in range(count):
            p = sites.members[g, a]
            if wanted[a] > 0.0:
                change = 0.0
                for b in range(count):
                    q = sites.members[g, b]
                    if wanted[b] > 0.0:
                        change += matrix[a, count + b] * (wanted[b] - theta[k, q] * gain[b])
                inside = inside and change > -0.9 * theta[k, p]
                matrix[a, 0] = theta[k, p] + change
        for a in range(count):
            if wanted[a] > 0.0:
                theta[k, sites.members[g, a]] = matrix[a, 0] if inside else wanted[a] / gain[a]


@inner_kernel
def find_activities(y: FloatArray, problem: Problem, populations: Populations) -> None:
    """What flows, in every cell, and its derivatives by the densities.

    Where more ions are wanted than there are sites, activities go on along their last tangent: no iterate of Newton's
    method may take such densities for a solution.
    """
    native, ions = problem.medium.native, problem.medium.ions
    sites, activity, slope = populations.sites, populations.activity, populations.slope
    for k in range(y.shape[0]):
        for i in range(len(ions)):
            activity[k, i] = native[i] + y[k, i]
            for j in range(len(ions)):
                slope[k, i, j] = 1.0 if i == j else 0.0
        for g in range(sites.counts.shape[0]):
            part = want(k, g, y, native, populations)
            find_theta(k, g, CLOSE_ENOUGH, populations)
            count, matrix, wanted = sites.counts[g], populations.matrix, populations.wanted
            for a in range(count):
                p = sites.members[g, a]
                i = sites.ion[p]
                value = populations.theta[k, p] if wanted[a] > 0.0 else wanted[a] / populations.gain[a]
                for b in range(count):
                    q = sites.members[g, b]
                    j = sites.ion[q]
                    slope[k, i, j] = sites.unit[p] * matrix[a, count + b]
                    if wanted[a] > 0.0 and wanted[b] > 0.0:
                        missing = wanted[b] / part - populations.theta[k, q] * populations.gain[b]
                        value += matrix[a, count + b] * missing
                activity[k, i] = sites.unit[p] * value
            for a in range(count):
                p = sites.members[g, a]
                populations.theta[k, p] = activity[k, sites.ion[p]] / sites.unit[p]


@inner_kernel
def follow_update(update: FloatArray, populations: Populations) -> None:
    """Move the activities along their slopes when densities go down by ``update``: where the next search begins."""
    theta, slope, sites = populations.theta, populations.slope, populations.sites
    for k in range(theta.shape[0]):
        for p in range(theta.shape[1]):
            i = sites.ion[p]
            change = 0.0
            for j in range(slope.shape[2]):
                change += slope[k, i, j] * update[k, j]
            change /= sites.unit[p]
            if change < 0.9 * theta[k, p]:
                theta[k, p] -= change


@inlined_kernel
def want(k: int, g: int, y: FloatArray, native: FloatArray, populations: Populations) -> float:
    """Densities less what the levels keep, of the ions of a system in a cell; no more than there are empty sites.

    Returns the part of what is asked for that they can have.
    """
    sites, wanted = populations.sites, populations.wanted
    empty, asked = 0.0, 0.0
    for level in range(sites.levels[g]):
        empty += populations.free[k, g, level]
    for a in range(sites.counts[g]):
        p = sites.members[g, a]
        i = sites.ion[p]
        wanted[a] = native[i] + y[k, i] - populations.kept[k, p]
        asked += max(wanted[a], 0.0)
    most = max((1.0 - LEAST_VACANCY) * empty, LEAST_VACANCY)
    if asked <= most:
        return 1.0
    part = most / asked
    for a in range(sites.counts[g]):
        wanted[a] *= part if wanted[a] > 0.0 else 1.0
    return part


@inlined_kernel
def fitting_part(
    k: int, g: int, y: FloatArray, filled: Any, problem: Problem, populations: Populations
) -> float:  # fmt: skip
    """The part of a change by which a system of sites in a cell would fill up all but a tenth of its vacancies."""
    native, sites = problem.medium.native, populations.sites
    empty = 0.0
    for level in range(sites.levels[g]):
        empty += sites.sites[g, level]
    for a in range(sites.counts[g]):
        i = sites.ion[sites.members[g, a]]
        empty -= max(native[i] + y[k, i], 0.0)
    return LARGEST_FILLING * max(empty, 0.0) / filled if filled > LARGEST_FILLING * empty and filled > 0.0 else 1.0


@inner_kernel
def stay_within_sites(y: FloatArray, update: FloatArray, problem: Problem, populations: Populations) -> bool:
    """Shorten the update, which is taken off, of cells that would fill up, in place; True when any was."""
    sites = populations.sites
    shortened = False
    for k in range(y.shape[0]):
        for g in range(sites.counts.shape[0]):
            filled = 0.0
            for a in range(sites.counts[g]):
                filled -= update[k, sites.ion[sites.members[g, a]]]
            part = fitting_part(k, g, y, filled, problem, populations)
            if part < 1.0:
                shortened = True
                for a in range(sites.counts[g]):
                    update[k, sites.ion[sites.members[g, a]]] *= part
    return shortened


@inner_kernel
def guess_within_sites(y: FloatArray, guess: FloatArray, problem: Problem, populations: Populations) -> None:
    """Bring a guess nearer to ``y`` in cells that it would fill up, in place."""
    sites = populations.sites
    for k in range(y.shape[0]):
        for g in range(sites.counts.shape[0]):
            filled = 0.0
            for a in range(sites.counts[g]):
                i = sites.ion[sites.members[g, a]]
                filled += guess[k, i] - y[k, i]
            part = fitting_part(k, g, y, filled, problem, populations)
            if part < 1.0:
                for a in range(sites.counts[g]):
                    i = sites.ion[sites.members[g, a]]
                    guess[k, i] = y[k, i] + part * (guess[k, i] - y[k, i])


@summing_kernel
def settle_levels(substep: int, step: float, y: FloatArray, problem: Problem, populations: Populations) -> None:
    """Populations and their rates after a substep of length ``step`` that has converged to ``y``.

    Their sums are the densities up to rounding, however exact theta is: what the levels do not keep is shared out as
    alpha v.
    """
    native, sites = problem.medium.native, populations.sites
    for k in range(y.shape[0]):
        for g in range(sites.counts.shape[0]):
            want(k, g, y, native, populations)
            find_theta(k, g, SETTLED, populations)
            for a in range(sites.counts[g]):
                p = sites.members[g, a]
                wanted = native[sites.ion[p]] + y[k, sites.ion[p]] - populations.kept[k, p]
                theta = wanted / populations.gain[a]
                for level in range(sites.levels[g]):
                    base = populations.base[k, p, level]
                    value = base + theta * populations.capture[p, level] * populations.vacancy[0, level]
                    populations.values[substep, k, p, level] = value
                    populations.rates[substep, k, p, level] = (value - base / populations.stay[p, level]) / step


@summing_kernel
def level_error(k: int, method: RungeKutta, populations: Populations) -> float:
    """Estimated error of the populations of a cell per unit of the step: half of the ions on wrong levels, at worst.

    Each level has damped what its own rate is fast for (Hosea & Shampine 1996).
    """
    worst = 0.0
    rates = populations.rates
    for p in range(rates.shape[2]):
        total = 0.0
        for level in range(rates.shape[3]):
            error = 0.0
            for j in range(method.nodes.shape[0]):
                error += method.weights_error[j] * rates[j, k, p, level]
            total += abs(error) * populations.stay[p, level]
        worst = max(worst, 0.5 * total)
    return worst


@inner_kernel
def keep_levels(state: State, last: int, problem: Problem, populations: Populations) -> None:
    """Take the populations of the last substep for those of the state, whose densities are positive by now."""
    copy(populations.held, populations.values[last])
    copy(populations.rate, populations.rates[last])
    native, sites, held = problem.medium.native, populations.sites, populations.held
    for k in range(held.shape[0]):
        for p in range(held.shape[1]):
            fill_levels(held[k, p], native[sites.ion[p]] + state.y[k, sites.ion[p]])
        for g in range(sites.counts.shape[0]):
            empty_full_levels(k, g, populations)


@inner_kernel
def fill_levels(held: FloatArray, density: float) -> None:
    """Let levels hold a density, none of them less than nothing."""
    total, positive = 0.0, 0.0
    for level in range(held.shape[0]):
        total += held[level]
        positive += max(held[level], 0.0)
    if positive == total and abs(total - density) <= ROUNDING:
        return
    factor = max(density, 0.0) / positive if positive > 0.0 else 0.0
    for level in range(held.shape[0]):
        held[level] = max(held[level], 0.0) * factor


@inner_kernel
def empty_full_levels(k: int, g: int, populations: Populations) -> None:
    """Move what is above the number of sites of a level of a cell to the empty sites of the others."""
    sites, held = populations.sites, populations.held
    over, empty = 0.0, 0.0
    for level in range(sites.levels[g]):
        there = 0.0
        for a in range(sites.counts[g]):
            there += held[k, sites.members[g, a], level]
        over += max(there - sites.sites[g, level], 0.0)
        empty += max(sites.sites[g, level] - there, 0.0)
    if over <= 0.0 or empty <= 0.0:
        return
    for level in range(sites.levels[g]):
        there = 0.0
        for a in range(sites.counts[g]):
            there += held[k, sites.members[g, a], level]
        populations.vacancy[0, level] = max(sites.sites[g, level] - there, 0.0) / empty
        populations.vacancy[1, level] = min(1.0, sites.sites[g, level] / there) if there > 0.0 else 1.0
    for a in range(sites.counts[g]):
        p = sites.members[g, a]
        moved = 0.0
        for level in range(sites.levels[g]):
            moved += held[k, p, level] * (1.0 - populations.vacancy[1, level])
            held[k, p, level] *= populations.vacancy[1, level]
        for level in range(sites.levels[g]):
            held[k, p, level] += moved * populations.vacancy[0, level]
