"""Ways of the ions through a landscape: the critical path and the distribution of the current."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.constants import ELECTRON_VOLT
from ionscape.errors import InputError

from .plot import Axis, Curve, Field, Mark, Panel, Plot
from .render_matplotlib import Drawing

if TYPE_CHECKING:
    from ionscape.hopping import CriticalPath, CurrentDistribution

FAINTEST = 1e-4
"""Part of the current that a point of the map shows at least."""
PATH_COLOUR, BOTTLENECK_COLOUR = "#0072B2", "#D55E00"
ALONG, ACROSS = Axis(label="along the field", unit="sites"), Axis(label="across", unit="sites")


@Drawing
def current_map(flow: CurrentDistribution, *, across: int | None = None) -> Plot:
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
    field = Field(values=summed.T if flow.direction < shown else summed, colours="magma", limits=(FAINTEST, 1.0),
                  log=True, label="part of the current")  # fmt: skip
    panel = Panel(title=f"{flow.temperature:g} K", horizontal=ALONG, vertical=ACROSS, field=field)
    return Plot(name="current-map", panels=(panel,), size=(5.6, 4.6))


@Drawing
def critical_path_figure(path: CriticalPath) -> Plot:
    """Barriers along the critical path, and the path itself seen from one side; the bottleneck is marked."""
    barriers, neck = path.barriers / ELECTRON_VOLT, path.bottleneck
    steps, highest = np.arange(1.0, barriers.size + 1.0), path.activation_energy / ELECTRON_VOLT
    bottleneck: dict[str, Any] = {"name": "bottleneck", "kind": "points", "colour": BOTTLENECK_COLOUR, "order": 2.0}
    profile = Panel(
        title=f"Δc = {highest:.3f} eV, {barriers.size} jumps", legend="",
        horizontal=Axis(label="jump along the path"), vertical=Axis(label="barrier Δ", unit="eV", limits=(0.0, None)),
        curves=(
            Curve(name="barrier", x=steps, y=barriers, kind="stems", colour=PATH_COLOUR,
                  thickness=max(0.4, min(3.0, 120.0 / barriers.size))),
            Curve(x=steps[[neck]], y=barriers[[neck]], thickness=4.7, **bottleneck),
        ),
        marks=(Mark(value=highest, across="horizontal", line=(0, (4, 2)), colour=BOTTLENECK_COLOUR, thickness=0.8),),
    )  # fmt: skip
    beside = 1 if path.direction == 0 else 0
    along, across = path.sites[:, path.direction].astype(float), path.sites[:, beside].astype(float)
    # the path is not joined where it leaves by a periodic face
    breaks = np.flatnonzero(np.abs(np.diff(path.sites, axis=0)).max(axis=1) > 1) + 1
    ends = slice(neck, neck + 2)
    stretch: dict[str, Any] = {**bottleneck, "kind": "line", "marker": "o"}
    view = Panel(
        horizontal=ALONG, vertical=ACROSS, square=True, legend="",
        curves=(
            Curve(name="path", x=np.insert(along, breaks, np.nan), y=np.insert(across, breaks, np.nan),
                  colour=PATH_COLOUR, thickness=1.0),
            Curve(x=along[ends], y=across[ends], thickness=1.8, **stretch),
        ),
    )  # fmt: skip
    return Plot(name="critical-path", panels=(profile, view), layout=((0, 1),), widths=(1.5, 1.0), size=(7.2, 3.4))
