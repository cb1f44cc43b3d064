"""Ions that share sites of different energies: how fast they mix, and what is left of one that is replaced.

On a level at the energy E, counted from the Fermi level of the native glass, with S sites of which v are empty and
e = exp(E/k_B T), ions i with the release rates κ_i and the activities θ_i (1 for the ions of the native glass together)
obey ∂n_i/∂t = κ_i (θ_i v − e n_i) (`ionscape.diffusivity.PopulationDiffusion`). All of this follows from it, without
transport: activities are given.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ionscape.arguments import finite, non_negative, positive
from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT
from ionscape.errors import InputError


def mixing_rate(
    energy: ArrayLike, *, release_rate: ArrayLike, activity: ArrayLike, fast_activity: ArrayLike,
    temperature: ArrayLike,
) -> FloatArray:  # fmt: skip
    """Rate Γ at which a level takes up its final ratio of a slow and a fast ion; 1/Γ is the time of mixing.

        Γ = κ e (1 + R/(1 + L)),    e = exp(E/k_B T),    L = θ_fast/e,    R = θ_slow/e

    ======  =====================================================================  =======  =====
    E       `energy` of the level, from the Fermi level of the native glass        J        (...)
    κ       `release_rate` of the slow ion from a site at that Fermi level         1/s      (...)
    θ_slow  `activity` of the slow ion                                             1        (...)
    θ_fast  `fast_activity`, of the other one                                      1        (...)
    T       `temperature`                                                          K        (...)
    Γ       rate: what is missing of the final ratio falls by exp(−Γ t)            1/s      (...)
    ======  =====================================================================  =======  =====

    Far below the Fermi level and with θ_slow + θ_fast = 1 it is κ e/θ_fast: after a time t, levels are mixed down to
    k_B T ln(κ t/θ_fast) below it. Valid for constant activities and a fast ion that follows at once, κ_fast much
    greater than κ.

    Raises:
        InputError: a rate or temperature that is not positive, or a negative activity.

    Source: rate equation of the slow ion with n_fast = L v and S = n_slow + (1 + L) v.
    """
    relative = np.exp(_reduced(energy, temperature))
    slow, fast = non_negative("activity", activity), non_negative("fast_activity", fast_activity)
    return positive("release_rate", release_rate) * relative * (1.0 + slow / (relative + fast))


def recaptured_share(
    *, release_rate: ArrayLike, activity: ArrayLike, other_release_rate: ArrayLike, other_activity: ArrayLike
) -> FloatArray:
    """Share P of the sites that an ion leaves and takes again, where another ion competes for them.

        P = κ_1 θ_1/(κ_1 θ_1 + κ_2 θ_2)

    ======  =====================================================================  =======  =====
    κ_1     `release_rate` of the ion                                              1/s      (...)
    θ_1     its `activity`                                                         1        (...)
    κ_2     `other_release_rate`                                                   1/s      (...)
    θ_2     `other_activity`                                                       1        (...)
    P       share                                                                  1        (...)
    ======  =====================================================================  =======  =====

    An ion that is being replaced leaves deep levels with the rate κ_1 e (1 − P). Where P is small, release limits how
    fast (`release_limited_density`); where it is near 1, the ion stays in equilibrium with its sites, and mobility
    does. Valid for levels far below the Fermi level, on which the ion that comes stays.

    Raises:
        InputError: a negative number, or no ion that could take the sites.

    Source: the rates of capture by an empty site.
    """
    own = non_negative("release_rate", release_rate) * non_negative("activity", activity)
    other = non_negative("other_release_rate", other_release_rate) * non_negative("other_activity", other_activity)
    if np.any(own + other <= 0.0):
        raise InputError("leaves the sites empty, as no ion has any either", key="other_activity",
                         value=other_activity, remedy="give one of the two ions a rate and an activity")  # fmt: skip
    return own / (own + other)


def release_limited_density(
    energy: ArrayLike, sites: ArrayLike, *, release_rate: float, time: ArrayLike, temperature: float
) -> FloatArray:
    """Density of ions that their sites have not released after a time: the least that a plateau can hold.

        n(t) = Σ S(E) exp(−κ e t),    e = exp(E/k_B T)

    ======  =====================================================================  =======  ========
    E       `energy` of the levels, from the Fermi level of the native glass       J        (levels,)
    S       `sites` on the levels                                                  1/m³     (levels,)
    κ       `release_rate` from a site at that Fermi level                         1/s
    t       `time` since the sites have been surrounded by another ion             s        (...)
    T       `temperature`                                                          K
    n       density                                                                1/m³     (...)
    ======  =====================================================================  =======  ========

    Valid where the other ion takes the sites (`recaptured_share` is small); otherwise more is left. Time counts from
    when that is so, which is some time after half of the ions have gone.

    Raises:
        InputError: lists of unequal lengths, a rate or temperature that is not positive, a negative time or density.

    Source: the first equation of this module without capture, all sites being taken at first; those above the Fermi
    level are left within 1/κ.
    """
    relative = np.exp(_reduced(energy, temperature))
    held = non_negative("sites", sites)
    if relative.ndim != 1 or relative.shape != held.shape:
        raise InputError("must be a list as long as energy", key="sites", value=np.shape(held))
    elapsed = non_negative("time", time)
    return np.exp(-positive("release_rate", release_rate) * elapsed[..., None] * relative) @ held


def _reduced(energy: ArrayLike, temperature: ArrayLike) -> FloatArray:
    return finite("energy", energy) / (BOLTZMANN_CONSTANT * positive("temperature", temperature))
