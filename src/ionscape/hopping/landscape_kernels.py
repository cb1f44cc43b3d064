"""Arithmetic of the site energy landscape: counter charges of the network former units, and energies."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ionscape.compiled import kernel

#: Parts of an elementary charge in which counter charges are counted: the least common multiple of 1 to 8, so that a
#: charge of -4 to 4 shared equally by up to eight sites is a whole number, and sums of such shares are exact.
CHARGE_PARTS = 840


@kernel
def assign_counter_charges(
    open_sites: NDArray[np.uint8],
    unit_choice: NDArray[np.float64],
    neighbour_choice: NDArray[np.uint64],
    cumulative: NDArray[np.float64],
    charge: NDArray[np.int64],
    sharing: NDArray[np.int64],
    counter_charge: NDArray[np.int16],
) -> int:
    """Counter charges of the ion sites, Bosi 2021 Fig. 2; returns the number of charged units without an open site.

    The unit at (i, j, k) stands in the middle of the ion sites (i..i+1, j..j+1, k..k+1), periodic in all directions. A
    unit of charge q takes min(k, z) of its z open sites at random, all z for k = 0, and gives q / min(k, z) to each.

    letter  meaning                                                               shape
    u       unit_choice, uniform in [0, 1): the unit is the first kind whose      (nx, ny, nz)
            cumulative fraction exceeds it
    r       neighbour_choice, 64 random bits: its digits r mod z, (r div z) mod   (nx, ny, nz)
            (z - 1), ... pick the sites one by one (bias below 1e-15)
    c       cumulative, cumulative fractions of the kinds                         (kinds,)
    q       charge, in elementary charges                                         (kinds,)
    k       sharing, sites that share the charge; 0 for all open ones             (kinds,)
            counter_charge, in 1/840 of an elementary charge, zero at first       (nx, ny, nz)
    """
    nx, ny, nz = open_sites.shape
    opened = open_sites.reshape(-1)
    u = unit_choice.reshape(-1)
    choice = neighbour_choice.reshape(-1)
    total = counter_charge.reshape(-1)
    last_kind = len(cumulative) - 1
    corners = np.empty(8, np.int64)
    chosen = np.empty(8, np.int64)
    unshared = 0
    for x in range(nx):
        next_x = x + 1 if x + 1 < nx else 0
        for y in range(ny):
            next_y = y + 1 if y + 1 < ny else 0
            row = (x * ny + y) * nz
            row_x = (next_x * ny + y) * nz
            row_y = (x * ny + next_y) * nz
            row_xy = (next_x * ny + next_y) * nz
            for z in range(nz):
                site = row + z
                kind = 0
                for index in range(last_kind):
                    kind += u[site] >= cumulative[index]
                q = charge[kind] * CHARGE_PARTS
                if q == 0:
                    continue
                next_z = z + 1 if z + 1 < nz else 0
                corners[0] = site
                corners[1] = row + next_z
                corners[2] = row_y + z
                corners[3] = row_y + next_z
                corners[4] = row_x + z
                corners[5] = row_x + next_z
                corners[6] = row_xy + z
                corners[7] = row_xy + next_z
                count = 0
                for index in range(8):
                    # Written in any case, kept if open: a branch here would be mispredicted every second time.
                    chosen[count] = corners[index]
                    count += opened[corners[index]]
                if count == 0:
                    unshared += 1
                    continue
                sharers = sharing[kind]
                if sharers == 0 or sharers >= count:
                    sharers = count
                else:
                    r = choice[site]
                    for taken in range(sharers):
                        left = np.uint64(count - taken)
                        picked = taken + np.int64(r % left)
                        r //= left
                        chosen[taken], chosen[picked] = chosen[picked], chosen[taken]
                part = np.int16(q // sharers)
                for index in range(sharers):
                    total[chosen[index]] += part
    return unshared


@kernel
def site_energies(
    open_sites: NDArray[np.uint8],
    counter_charge: NDArray[np.int16],
    energy_scale: float,
    noise: float,
    energies: NDArray[np.float64],
) -> None:
    """ε = V0 (Q + σ η) in place of η, NaN at blocked sites: Bosi 2021 (2).

    letter  meaning                                              shape
    Q       counter_charge / 840                                 (n,)
    V0      energy_scale [J]
    σ       noise, in units of V0
    η, ε    energies: standard normal numbers on entry, [J] after (n,)
    """
    for site in range(len(energies)):
        if open_sites[site]:
            energies[site] = energy_scale * (counter_charge[site] / CHARGE_PARTS + noise * energies[site])
        else:
            energies[site] = math.nan
