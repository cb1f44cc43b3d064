"""Ways of the ions through a landscape: the critical path and the distribution of the current."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.constants import ELECTRON_VOLT
from ionscape.errors import InputError
from ionscape.figures.style import new_figure, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from ionscape.hopping import CriticalPath, CurrentDistribution

FAINTEST = 1e-4
"""Part of the current that a point of the map shows at least."""
PATH_COLOUR, BOTTLENECK_COLOUR = "#0072B2", "#D55E00"


def current_map(flow: CurrentDistribution, *, across: int | None = None) -> Figure:
    """Part of the current that flows through the sites, summed along one axis of the lattice.

    Args:
        flow: of `current_distribution`.
        across: axis along which is summed; None for the last one beside the field.

    Raises:
        InputError: `across` is the axis of the field, or no axis.
    """
    beside = [axis for axis in range(3) if axis != flow.direction]
    along = beside[-1] if across is None else across
    if along not in beside:
        raise InputError("must be an axis beside the field", key="across", value=across, bound=f"one of {beside}")
    shown = beside[0] if along == beside[1] else beside[1]
    summed = np.nansum(flow.currents, axis=along)
    # rows across, columns along the field
    picture = summed.T if flow.direction < shown else summed
    figure = new_figure(5.6, 4.6)
    axes = figure.subplots()
    from matplotlib.colors import LogNorm

    image = axes.imshow(
        np.maximum(picture, FAINTEST), origin="lower", cmap="magma", aspect="equal", norm=LogNorm(FAINTEST, 1.0)
    )
    axes.set_xlabel("along the field / sites")
    axes.set_ylabel("across / sites")
    figure.colorbar(image, ax=axes, label="part of the current")
    axes.set_title(f"{flow.temperature:g} K")
    return figure


def critical_path_figure(path: CriticalPath) -> Figure:
    """Barriers along the critical path, and the path itself seen from one side; the bottleneck is marked."""
    figure = new_figure(7.2, 3.4)
    profile, view = figure.subplots(1, 2, width_ratios=[1.5, 1.0])
    barriers = path.barriers / ELECTRON_VOLT
    steps = np.arange(1, barriers.size + 1)
    profile.vlines(steps, 0.0, barriers, color=PATH_COLOUR, lw=max(0.4, min(3.0, 120.0 / barriers.size)))
    profile.axhline(path.activation_energy / ELECTRON_VOLT, color=BOTTLENECK_COLOUR, lw=0.8, ls=(0, (4, 2)))
    profile.plot(steps[path.bottleneck], barriers[path.bottleneck], "o", color=BOTTLENECK_COLOUR, ms=5, zorder=4)
    tidy(profile, horizontal="jump along the path", vertical="barrier Δ / eV")
    profile.set_ylim(bottom=0.0)
    profile.set_title(f"Δc = {path.activation_energy / ELECTRON_VOLT:.3f} eV, {barriers.size} jumps")
    _draw_path(view, path)
    return figure


def _draw_path(axes: Axes, path: CriticalPath) -> None:
    """The path projected on the field direction and the first axis beside it; not joined where it leaves by a face."""
    beside = 1 if path.direction == 0 else 0
    along, across = path.sites[:, path.direction].astype(float), path.sites[:, beside].astype(float)
    jumps = np.abs(np.diff(path.sites, axis=0)).max(axis=1) > 1
    axes.plot(*_broken(along, across, jumps), color=PATH_COLOUR, lw=1.0)
    ends = slice(path.bottleneck, path.bottleneck + 2)
    axes.plot(along[ends], across[ends], "o-", color=BOTTLENECK_COLOUR, ms=4, zorder=4)
    tidy(axes, horizontal="along the field / sites", vertical="across / sites")
    axes.set_aspect("equal", adjustable="datalim")


def _broken(along: NDArray[Any], across: NDArray[Any], jumps: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Both coordinates with NaN where the path passes a periodic face."""
    places = np.flatnonzero(jumps) + 1
    return np.insert(along, places, np.nan), np.insert(across, places, np.nan)
