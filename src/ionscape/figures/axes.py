"""The axes of quantities that several figures show: words, symbol, unit and its size, each stated once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from ionscape.constants import ELECTRON_VOLT

from .plot import Axis, Curve, axis_in
from .style import LOWEST_DECADES, axis_unit

if TYPE_CHECKING:
    import xarray

NANOMETRE, MICROMETRE = 1e-9, 1e-6
PER_CUBIC_NANOMETRE = 1e27  # 1/m^3

DEPTH = Axis(label="depth", unit="nm", size=NANOMETRE, si_unit="m")
SPUTTER_TIME = Axis(label="sputter time", unit="s")
DENSITY = Axis(label="density", unit="nm⁻³", size=PER_CUBIC_NANOMETRE, si_unit="1/m^3", limits=(0.0, None))
FERMI_DENSITY = Axis(label="density that sets the Fermi level", unit="nm⁻³", size=PER_CUBIC_NANOMETRE, si_unit="1/m^3")
DIFFUSION = Axis(symbol="D", unit="m²/s", si_unit="m^2/s", log=True)
ACTIVATION = Axis(symbol="E_act", unit="eV", size=ELECTRON_VOLT, si_unit="J")
SITE_ENERGY = Axis(label="site energy from transport threshold", unit="eV", size=ELECTRON_VOLT, si_unit="J")
MOBILE_ENERGY = Axis(label="site energy from the middle of the mobile sites", symbol="E", unit="eV", si_unit="J",
                     size=ELECTRON_VOLT)  # fmt: skip
SITES = Axis(symbol="S(E)/n_bulk", unit="eV⁻¹", size=1.0 / ELECTRON_VOLT, si_unit="1/J", limits=(0.0, None))
SITES_PER_VOLUME = Axis(
    symbol="S(E)", unit="eV⁻¹ nm⁻³", size=PER_CUBIC_NANOMETRE / ELECTRON_VOLT, si_unit="1/(m^3 J)", limits=(0.0, None)
)
BORATE_FRACTION = Axis(label="borate fraction", symbol="x", limits=(-0.03, 1.03))
MIXING_RATIO = Axis(label="mixing ratio", symbol="x", limits=(-0.03, 1.03))


def ratio_axis(data: xarray.Dataset) -> Axis:
    """The axis of the mixing ratio x of a series, by what its coordinate says that it is."""
    meaning = str(data["x"].attrs.get("long_name", ""))
    return BORATE_FRACTION if not meaning or meaning.startswith("B2O3") else MIXING_RATIO


def depth_axis(limit: float) -> Axis:
    """The axis of depths from the surface to `limit` [m]."""
    return axis_in(axis_unit(limit, "length"), "depth", "m", limits=(0.0, limit))


def decades(curves: Iterable[Curve]) -> tuple[float | None, float | None]:
    """Limits of a logarithmic axis: whole decades, not further down than is of use."""
    values = np.concatenate([np.empty(0), *(curve.y for curve in curves)])
    positive = values[np.isfinite(values) & (values > 0.0)]
    if not positive.size:
        return None, None
    highest = float(positive.max())
    lowest = max(float(positive.min()), highest * 10.0**-LOWEST_DECADES)
    return 10.0 ** float(np.floor(np.log10(lowest))), 10.0 ** float(np.ceil(np.log10(highest * 1.001)))
