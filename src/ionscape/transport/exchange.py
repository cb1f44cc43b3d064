"""Which native ions an experiment exchanges, how much of them stays, and where the front of the exchange is.

Native ions that stay where they are, such as calcium in a glass whose sodium is replaced, take no part: fractions of
bulk and fronts refer to the others alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.experiment import Experiment

SKIPPED_DEPTH = 2e-9
"""Depth from which the plateau is averaged [m]: the first nanometres are a sputter transient in every measurement."""

UNCHANGED_WITHIN = 0.05
"""Glass behind a front is unchanged where its native fraction differs from one by no more."""

LEAST_CHANGE = 1e-3
"""Part of a native ion that must have left some depth for it to be exchanged at all ..."""

LEAST_SHARE = 0.5
"""... and part of what the ion that is exchanged most has lost, for it to be one of the exchanged ones."""


def mobile_native_ions(experiment: Experiment) -> tuple[str, ...]:
    """Native ions that can move, all native ones if none can."""
    immobile = experiment.immobile_ions
    return tuple(name for name in experiment.sample.native if name not in immobile) or tuple(experiment.sample.native)


def exchanged_ions(
    experiment: Experiment, names: Sequence[str], depth: FloatArray, density: FloatArray
) -> tuple[str, ...]:
    """Native ions that have been replaced: those that lost at least half as large a part as the one that lost most.

    Looked for in the half of the sample next to the surface, because ions may also pile up at the back electrode.

    Args:
        experiment: what was simulated.
        names: of the ions in `density`.
        depth: of the cells, shape (cells,) [m].
        density: of one or several times, shape (..., cells, ions) [1/m^3].

    Returns:
        Names in the order of the sample; empty where nothing has been exchanged.
    """
    near = depth <= 0.5 * (depth[0] + depth[-1])
    states = density[..., near, :].reshape(-1, density.shape[-1])
    lost = {
        name: 1.0 - float(native_fraction(experiment, names, states, [name]).min(initial=1.0))
        for name in mobile_native_ions(experiment)
        if name in names
    }
    first = max(lost, key=lambda name: lost[name], default="")
    if not first or lost[first] < LEAST_CHANGE:
        return ()
    charges = {name: experiment.ions[name].charge for name in lost}
    return tuple(
        name for name, part in lost.items() if part >= LEAST_SHARE * lost[first] and charges[name] * charges[first] > 0
    )


def exchanging_ions(
    experiment: Experiment, names: Sequence[str], depth: FloatArray, density: FloatArray
) -> tuple[str, ...]:
    """Native ions that take part in the exchange: those that are replaced, and those whose amount changes as much.

    All mobile ones in a salt, whose ions come and go together, and where nothing has changed. Arguments as those of
    `exchanged_ions`.
    """
    mobile = mobile_native_ions(experiment)
    exchanged = exchanged_ions(experiment, names, depth, density)
    if not exchanged or len({experiment.ions[name].charge > 0 for name in mobile}) > 1:
        return mobile
    near = depth <= 0.5 * (depth[0] + depth[-1])
    change = {
        name: abs(experiment.ions[name].charge)
        * float(np.abs(density[..., near, names.index(name)] - experiment.sample.native[name]).max(initial=0.0))
        for name in mobile
        if name in names
    }
    most = max(change.values())
    return tuple(name for name in mobile if name in exchanged or change.get(name, 0.0) >= LEAST_SHARE * most)


def native_fraction(
    experiment: Experiment, names: Sequence[str], density: FloatArray, native: str | Sequence[str]
) -> FloatArray:
    """How much of native ions has stayed at each depth, 1 in the unchanged glass, shape (cells,).

    It is the charge of these ions over that in the native glass; of one ion, its density over the native one. Where
    ions of both signs move, it is their share of the charge of all mobile ions of their sign over the native share: a
    salt that is diluted or piles up at an electrode takes its ions along unexchanged, which is no front.

    Args:
        experiment: what was simulated.
        names: of the columns of `density`.
        density: shape (cells, ions) [1/m^3].
        native: name of the ion, or names of several of one sign; they must be mobile in a salt.
    """
    chosen = [native] if isinstance(native, str) else list(native)
    immobile = experiment.immobile_ions
    charges = {name: ion.charge for name, ion in experiment.ions.items() if name not in immobile}
    first = chosen[0]
    salt = first in charges and any(charge * charges[first] < 0 for charge in charges.values())

    def charge_of(ions: Sequence[str]) -> tuple[FloatArray, float]:
        weights = np.array([abs(experiment.ions[name].charge) for name in ions], dtype=float)
        at_first = np.array([experiment.sample.native.get(name, 0.0) for name in ions])
        return density[:, [names.index(name) for name in ions]] @ weights, float(at_first @ weights)

    if not salt and len(chosen) == 1:
        return density[:, names.index(first)] / experiment.sample.native[first]
    held, at_first = charge_of(chosen)
    if not salt:
        return held / at_first
    together, together_at_first = charge_of([name for name, charge in charges.items() if charge * charges[first] > 0])
    native_share = at_first / together_at_first
    # where no such ion is left, nothing says that this one was replaced
    share = np.divide(held, together, out=np.full_like(held, native_share), where=together > 0.0)
    return share / native_share


@dataclass(frozen=True, kw_only=True)
class Front:
    """The front of an exchange; None for what does not exist.

    Attributes:
        depth: where the native fraction passes one half [m].
        width: between 16 and 84 % of the step from plateau to bulk [m].
        plateau: mean native fraction from 2 nm to half the depth.
        reasons: why a figure does not exist, by its attribute: the end of a sentence.
    """

    depth: float | None = None
    width: float | None = None
    plateau: float | None = None
    reasons: dict[str, str]


def find_front(depth: FloatArray, fraction: FloatArray) -> Front:
    """The front in a native fraction over depth; see `front_figures`."""
    front = _first_crossing(depth, fraction, 0.5)
    if front is None:
        lowest = float(fraction.min(initial=1.0))
        return _no_front(
            f"the native ions have nowhere fallen below one half of their density (at the least {100 * lowest:.3g} %)"
            if lowest >= 0.5
            else "the native ions have fallen below one half of their density as far as the back electrode"
        )
    zone = (depth > SKIPPED_DEPTH) & (depth < 0.5 * front)
    plateau = _mean_over_depth(depth[zone], fraction[zone])
    base = plateau if plateau is not None else float(fraction[0])
    low = _first_crossing(depth, fraction, base + 0.16 * (1.0 - base), around=front)
    high = _first_crossing(depth, fraction, base + 0.84 * (1.0 - base), around=front)
    if high is None:
        return _no_front("the native ions do not come back to their density behind the exchanged zone")
    width = None if low is None else high - low
    unchanged = (depth >= high) & (np.abs(fraction - 1.0) <= UNCHANGED_WITHIN)
    behind = float(np.diff(depth)[unchanged[1:] & unchanged[:-1]].sum())
    if behind < (width if width is not None else high):
        return _no_front("too little unchanged glass lies behind the exchanged zone")
    reasons: dict[str, str] = {}
    if width is None:
        reasons["width"] = "the profile does not fall to 16 % of its step above the plateau"
    if plateau is None:
        reasons["plateau"] = f"the exchanged zone of {front * 1e9:.3g} nm is not deeper than 4 nm"
    return Front(depth=front, width=width, plateau=plateau, reasons=reasons)


def _no_front(reason: str) -> Front:
    return Front(reasons=dict.fromkeys(("depth", "width", "plateau"), reason))


def front_figures(depth: FloatArray, fraction: FloatArray) -> tuple[float | None, float | None, float | None]:
    """Depth and 16-84 % width of the front [m] and the plateau before it, of a native fraction over depth.

    A front lies between a zone on the side of the surface that has lost more than half of the native ions and unchanged
    glass (within 5 %). Behind the 84 % point there must be at least as much unchanged glass as the front is wide.
    So neither a layer at the back electrode nor a slope through the whole sample is a front.

    Args:
        depth: shape (points,) [m].
        fraction: native density over that of the bulk, shape (points,).

    Returns:
        None where the profile has no front; the plateau also where it would be no deeper than 2 nm.
    """
    found = find_front(depth, fraction)
    return found.depth, found.width, found.plateau


def _mean_over_depth(depth: FloatArray, values: FloatArray) -> float | None:
    if len(depth) < 2:
        return float(values[0]) if len(depth) else None
    means = 0.5 * (values[1:] + values[:-1])
    return float(np.average(means, weights=np.diff(depth)))


def _first_crossing(depth: FloatArray, fraction: FloatArray, level: float, around: float | None = None) -> float | None:
    """Depth at which the fraction rises through a level, the one nearest to ``around`` if given.

    Linear between centres.
    """
    rising = np.flatnonzero((fraction[:-1] < level) & (fraction[1:] >= level))
    if len(rising) == 0:
        return None
    steps = (level - fraction[rising]) / (fraction[rising + 1] - fraction[rising])
    crossings = depth[rising] + steps * (depth[rising + 1] - depth[rising])
    best = 0 if around is None else int(np.argmin(np.abs(crossings - around)))
    crossing = float(crossings[best])
    return crossing if math.isfinite(crossing) else None
