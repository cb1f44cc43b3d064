"""Densities below the surface as they are, before any instrument has looked at them, and as a response shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import InputError
from ionscape.profiling.resolution import DepthResponse

if TYPE_CHECKING:
    from ionscape.transport import SimulationResult

    from .instruments import Instrument


@dataclass(frozen=True, kw_only=True, eq=False)
class DensityProfile:
    """Number densities in cells below the surface; all that a synthetic measurement needs of a simulation.

    Attributes:
        edges: of the cells [m], from 0 at the surface rising, shape (cells + 1,).
        densities: cell averages [1/m^3] by ion, each of shape (cells,).
        bulk_density: of the mobile ions before the experiment [1/m^3].
        charges: charge numbers by ion; those that are not named have 1.
        experiment: text of the experiment file that it comes from; None if it comes from none.
        title: what it is a profile of.
    """

    edges: FloatArray
    densities: Mapping[str, FloatArray]
    bulk_density: float
    charges: Mapping[str, int] = field(default_factory=dict[str, int])
    experiment: str | None = None
    title: str = ""

    def __post_init__(self) -> None:
        """Check shapes and signs."""
        edges = self.edges
        if edges.ndim != 1 or len(edges) < 2 or edges[0] != 0.0 or not (np.diff(edges) > 0.0).all():
            raise InputError("must rise from 0 at the surface, two edges at least", key="edges")
        if not self.bulk_density > 0.0:
            raise InputError("must be greater than 0", key="bulk_density", value=self.bulk_density)
        for name, density in self.densities.items():
            if density.shape != (len(edges) - 1,):
                raise InputError(
                    f"has the shape {density.shape}", key=f"densities.{name}", remedy="give one density per cell"
                )
            if not (density >= 0.0).all():
                raise InputError("must not be negative", key=f"densities.{name}", value=float(density.min()))

    @property
    def native(self) -> dict[str, float]:
        """Density of each ion in the deepest cell [1/m^3], without those below a millionth of the bulk density."""
        deepest = {name: float(density[-1]) for name, density in self.densities.items()}
        return {name: density for name, density in deepest.items() if density > 1e-6 * self.bulk_density}


def profile_from_densities(
    edges: FloatArray,
    densities: Mapping[str, FloatArray],
    bulk_density: float,
    *,
    charges: Mapping[str, int] | None = None,
) -> DensityProfile:
    """A profile that is known without a simulation.

    Args:
        edges: of the cells [m], from 0 at the surface rising, shape (cells + 1,).
        densities: cell averages [1/m^3] by ion, each of shape (cells,).
        bulk_density: of the mobile ions before the experiment [1/m^3].
        charges: charge numbers by ion where they are not 1.

    Raises:
        InputError: edges that do not rise from 0, a shape that does not fit them, or a negative density.
    """
    return DensityProfile(
        edges=np.asarray(edges, dtype=np.float64),
        densities={name: np.asarray(density, dtype=np.float64) for name, density in densities.items()},
        bulk_density=float(bulk_density),
        charges=dict(charges or {}),
    )


def profile_from_result(result: SimulationResult, *, time: float | None = None) -> DensityProfile:
    """The densities of a simulation at the kept time nearest to `time` [s]; None means its end."""
    data = result.dataset
    times = np.asarray(data["time"].values, dtype=np.float64)
    chosen = len(times) - 1 if time is None else int(np.argmin(np.abs(times - time)))
    cells = np.asarray(data["density"].values[chosen], dtype=np.float64)
    edges = np.concatenate(([0.0], np.cumsum(np.asarray(data["cell_size"].values, dtype=np.float64))))
    names = [str(name) for name in data["ion"].values]
    return DensityProfile(
        edges=edges,
        # rounding may leave a density of -1e-300 behind a sharp front
        densities={name: np.maximum(cells[:, i], 0.0) for i, name in enumerate(names)},
        bulk_density=float(result.experiment.bulk_density),
        charges={name: result.experiment.ions[name].charge for name in names},
        experiment=result.experiment.self_contained_source(),
        title=result.experiment.title,
    )


def sputtered_depth(profile: DensityProfile, instrument: Instrument) -> tuple[FloatArray, FloatArray]:
    """Depth of each data point [m] and sputter rate there over its mean, both of shape (points,).

    With the rate r(x) of the composition, t(x) = ∫ dx/r(x); what is sputtered in the whole time is the crater depth.

    Raises:
        InputError: a relative rate of what is no ion of the profile.
    """
    steady = instrument.sputter_rate * instrument.sputter_time
    if not instrument.relative_rates:
        return steady, np.ones_like(steady)
    charges = {name: abs(profile.charges.get(name, 1)) * density for name, density in profile.densities.items()}
    for name in instrument.relative_rates:
        if name not in charges:
            raise InputError("is no ion of the profile", key=f"relative_rates.{name}", remedy=f"it has {[*charges]}")
    total = np.maximum(sum(charges.values()), np.finfo(float).tiny)
    rates = sum(instrument.relative_rates.get(name, 1.0) * charge for name, charge in charges.items()) / total
    deepest = instrument.crater_depth
    # below its last cell a profile goes on
    edges = np.append(profile.edges[profile.edges < deepest], deepest)
    rates = rates[np.minimum(np.arange(edges.size - 1), rates.size - 1)]
    times = np.append(0.0, np.cumsum(np.diff(edges) / rates))
    times *= instrument.total_time / times[-1]
    depth = np.interp(instrument.sputter_time, times, edges)
    place = np.clip(np.searchsorted(edges, depth, side="right") - 1, 0, rates.size - 1)
    local = (np.diff(edges) / np.diff(times))[place]
    return depth, local / instrument.sputter_rate


def convolved_densities(profile: DensityProfile, response: DepthResponse, depth: FloatArray) -> FloatArray:
    """Densities as a depth response shows them [1/m^3], shape (points, ions).

    Args:
        profile: what is there.
        response: of the instrument.
        depth: at which the densities are wanted [m], rising, shape (points,).

    Raises:
        InputError: the profile ends above the last depth.
    """
    if profile.edges[-1] < depth[-1]:
        raise InputError(
            f"ends at {profile.edges[-1]:.4g} m", key="profile", bound=f"the last data point is at {depth[-1]:.4g} m",
            remedy="give a deeper profile or lower maximum_depth",
        )  # fmt: skip
    # a simulated sample is millimetres thick: cells far below the crater have no part in it
    reach = depth[-1] + 12.0 * response.standard_deviation
    used = min(int(np.searchsorted(profile.edges, reach)) + 1, len(profile.edges) - 1)
    cells = np.column_stack([density[:used] for density in profile.densities.values()])
    return response.matrix(profile.edges[: used + 1], depth) @ cells
