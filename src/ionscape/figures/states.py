"""What the figures read from a result: states at any time, the exchanged zone, who is mobile and who came when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ionscape.errors import InputError

if TYPE_CHECKING:
    import xarray as xr

    from ionscape.experiment import Experiment

Array = NDArray[np.float64]


class Result(Protocol):
    """What a figure needs of a simulation: the stored states and the experiment they belong to."""

    @property
    def dataset(self) -> xr.Dataset:
        """The stored states; their layout is that of the result of `simulate`."""
        ...

    @property
    def experiment(self) -> Experiment:
        """What was simulated."""
        ...


@dataclass(frozen=True, kw_only=True)
class State:
    """The sample at one time.

    Attributes:
        time: from the start of the first stage [s].
        stage: counted from 0.
        depth: centres of the cells, shape (cells,) [m].
        density: shape (cells, ions) [1/m^3].
        potential: shape (cells,) [V].
        surface_potential: [V].
        last_cell: size of the cell at the back electrode, whose potential is zero [m].
        ions: the names that belong to the columns of `density`.
    """

    time: float
    stage: int
    depth: Array
    density: Array
    potential: Array
    surface_potential: float
    last_cell: float
    ions: tuple[str, ...]

    def of(self, ion: str) -> Array:
        """Density of one ion [1/m^3] (cells,)."""
        return self.density[:, self.ions.index(ion)]


def values(dataset: xr.Dataset, name: str) -> Array:
    """Return a variable or coordinate of the dataset as a plain array of floats."""
    data: Any = dataset[name].to_numpy()
    return np.asarray(data, dtype=np.float64)


def ion_names(dataset: xr.Dataset) -> tuple[str, ...]:
    """Return the names of the ions in the order of the dataset."""
    names: Any = dataset["ion"].to_numpy()
    return tuple(str(name) for name in names)


def stage_numbers(dataset: xr.Dataset) -> NDArray[np.int64]:
    """Return the stage (from 0) that every stored time belongs to (times,)."""
    data: Any = dataset["stage"].to_numpy()
    return np.asarray(data, dtype=np.int64)


def stage_ends(dataset: xr.Dataset) -> dict[int, float]:
    """Return the last stored time [s] of each stage that was reached."""
    times, stages = values(dataset, "time"), stage_numbers(dataset)
    return {int(stage): float(times[stages == stage].max()) for stage in np.unique(stages)}


def state_at(dataset: xr.Dataset, time: float) -> State:
    """Return the state at `time` [s], linear in time between the two stored states around it.

    Raises:
        InputError: `time` lies outside the simulated interval.
    """
    times, stages = values(dataset, "time"), stage_numbers(dataset)
    slack = 1e-9 * float(times[-1] - times[0])
    if not times[0] - slack <= time <= times[-1] + slack:
        raise InputError(
            "lies outside the simulated interval",
            key="time",
            value=f"{time / 3600:.6g} h",
            bound=f"must be between {times[0] / 3600:.6g} h and {times[-1] / 3600:.6g} h",
            remedy="choose a time between these",
        )
    # The state at a boundary belongs to the stage that ends there, hence the search from the left.
    after = min(int(np.searchsorted(times, time - slack, side="left")), times.size - 1)
    before = max(after - 1, 0)
    gap = float(times[after] - times[before])
    weight = 1.0 if gap <= 0 else min(max((time - float(times[before])) / gap, 0.0), 1.0)

    def between(name: str) -> Array:
        pair = values(dataset.isel(time=[before, after]), name)
        return (1 - weight) * pair[0] + weight * pair[1]

    return State(
        time=time,
        stage=int(stages[after]),
        depth=values(dataset, "depth"),
        density=between("density"),
        potential=between("potential"),
        surface_potential=float(between("surface_potential")),
        last_cell=float(values(dataset, "cell_size")[-1]),
        ions=ion_names(dataset),
    )


def mobile_ions(experiment: Experiment) -> tuple[str, ...]:
    """Return the ions that can move in at least one stage: all but those whose D is always zero, or as good as zero."""
    from ionscape.experiment import is_immobile
    from ionscape.experiment.native_glass import motionless_ions

    stages = [experiment.diffusion_specifications(stage) for stage in range(len(experiment.stages))]
    motionless = motionless_ions(experiment)
    return tuple(
        name
        for name in experiment.ions
        if name not in motionless and not all(is_immobile(stage[name]) for stage in stages)
    )


def exchanging_ions(result: Result) -> tuple[str, ...]:
    """Return the native ions to which fractions of bulk refer: those that take part in the exchange of any stage.

    Mobile native ions that stay where they are, such as calcium where only sodium is replaced, are left out.
    """
    from ionscape.transport.exchange import exchanging_ions

    dataset = result.dataset
    ends = [state_at(dataset, time).density for time in stage_ends(dataset).values()]
    return exchanging_ions(result.experiment, ion_names(dataset), values(dataset, "depth"), np.array(ends))


def bulk_density(experiment: Experiment, exchanging: Sequence[str] | None = None) -> float:
    """Return the density [1/m^3] to which fractions of bulk refer: the native one of the ions that are exchanged.

    Args:
        experiment: what is described.
        exchanging: what `exchanging_ions` tells; without it, all mobile native ions, and in a glass without mobile ions
            of its own all native ions.
    """
    native = experiment.sample.native
    if exchanging:
        return sum(native[name] for name in exchanging)
    return experiment.bulk_density or sum(native.values())


def reference_density(experiment: Experiment, curve: str, exchanging: Sequence[str] | None = None) -> float:
    """Return the density [1/m^3] by which a curve of a profile is divided to be a fraction.

    For an ion it is the native density of the ions that are exchanged and have the sign of its charge, so that cations
    and anions of a salt each begin at 1; for curves that are no ion, and without such ions, it is `bulk_density`.
    """
    charges = {name: ion.charge for name, ion in experiment.ions.items()}
    native, immobile = experiment.sample.native, experiment.immobile_ions
    counted = exchanging or [name for name in native if name not in immobile]
    own = sum(native[name] for name in counted if charges[name] * charges.get(curve, 0) > 0)
    return own or bulk_density(experiment, exchanging)


def has_mobile_salt(experiment: Experiment) -> bool:
    """Whether both cations and anions are mobile in the native glass."""
    return all(any(_native_density(experiment, charge)) for charge in (1, -1))


def _native_density(experiment: Experiment, charge: int) -> list[float]:
    """Native densities of the mobile ions whose charge has the sign of `charge`."""
    ions, immobile = experiment.ions, experiment.immobile_ions
    return [
        density
        for name, density in experiment.sample.native.items()
        if ions[name].charge * charge > 0 and name not in immobile
    ]


def arrival_order(experiment: Experiment, last_stage: int | None = None) -> tuple[str, ...]:
    """Return the mobile ions in the order in which they came: native ions first, then stage by stage."""
    mobile = mobile_ions(experiment)
    stages = experiment.stages if last_stage is None else experiment.stages[: last_stage + 1]
    arrivals = [*experiment.sample.native, *(name for stage in stages for name in stage.newcomers)]
    return tuple(name for name in dict.fromkeys(arrivals) if name in mobile)


def exchanged_depth(state: State, initial: State, names: Sequence[str]) -> float | None:
    """Return how deep [m] the composition has changed by half of its largest change; None where nothing changed.

    Looked for in the half of the sample next to the surface, because ions may also pile up at the back electrode.
    """
    columns = [state.ions.index(name) for name in names]
    change = np.abs(state.density - initial.density)[:, columns]
    scale = float(initial.density[:, columns].sum(axis=1).max())
    near = state.depth <= 0.5 * (state.depth[0] + state.depth[-1])
    largest = change[near].max(axis=0)
    deep = [
        float(state.depth[near][change[near, column] >= 0.5 * largest[column]].max())
        for column in range(len(columns))
        if largest[column] > 1e-3 * scale
    ]
    return max(deep) if deep else None


def shown_depth(states: Sequence[State], initial: State, names: Sequence[str]) -> float:
    """Return the depth [m] of a sample up to which profiles are drawn: about 1.5 times that of the deepest front.

    A front with a long tail gets the room that it needs. All of the sample is shown where its deeper half has changed
    too; where ions enter that were not there, in more than a twentieth of the thickness, since ions pile up at the back
    as well. As long as there is no front it is 100 nm of a sample that such ions enter, and all of another.
    """
    thickness = float(initial.depth[-1] + initial.depth[0])
    columns = [initial.ions.index(name) for name in names]
    scale = float(initial.density[:, columns].sum(axis=1).max())
    changed = np.array([
        np.abs(state.density - initial.density)[:, columns].max(axis=1) > 0.02 * scale for state in states
    ])  # fmt: skip
    entering = not initial.density[:, columns].max(axis=0).all()
    back = initial.depth >= 0.5 * thickness
    lengths = np.gradient(initial.depth)  # of the cells, near enough
    if entering:
        lengths[-1] = 0.0
    if (changed[:, back] @ lengths[back]).max() > (0.05 * thickness if entering else 0.0):
        return thickness
    fronts = [front for state in states if (front := exchanged_depth(state, initial, names)) is not None]
    if not fronts:
        return min(thickness, 1e-7) if entering else thickness
    tail = float(initial.depth[~back & changed.any(axis=0)].max(initial=0.0))
    return min(thickness, max(1.5 * max(fronts), 1.1 * tail))
