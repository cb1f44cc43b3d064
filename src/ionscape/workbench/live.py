"""Profiles while a slider moves: one warm process that answers the latest request only."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import IonscapeError

from .opening import preset
from .processes import Worker

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from ionscape.experiment import Experiment
    from ionscape.transport.grid import Grid


TOLERANCE = 3e-3
"""Relative tolerance of the time steps: ten times that of results, and still below the width of a line."""
MOST_CELLS = 350
"""The cells of a result may be more; fronts then move by a thousandth."""
WARM_UP = "rb-mono-cait.toml"
"""Preset that is simulated first, so that everything is loaded and compiled."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LiveProfile:
    """Densities at the ends of the stages.

    Attributes:
        depth: of the cells [m], shape (cells,).
        time: of the stage ends [s], shape (stages,).
        ions: names.
        density: [1/m^3], shape (stages, ions, cells).
        wall_time: that the simulation took [s].
    """

    depth: FloatArray
    time: FloatArray
    ions: tuple[str, ...]
    density: FloatArray
    wall_time: float


@dataclass(frozen=True, kw_only=True, eq=False)
class _Request:
    text: str
    values: Mapping[str, float]
    folder: str
    file: str | None


class LiveModel:
    """The electroneutral model of an experiment with other values, in a process that stays; starts with first use."""

    def __init__(self) -> None:
        """Nothing is started yet."""
        self._lane = ThreadPoolExecutor(1, thread_name_prefix="live-model")
        self._latest: _Request | None = None
        self._worker: Worker | None = None
        self._closed = False

    def warm_up(self) -> Future[LiveProfile | None]:
        """Start the process before it is needed; the answer comes when it is warm."""
        return self.request(preset(WARM_UP).decode(), {})

    def request(
        self, text: str, values: Mapping[str, float], *, folder: str = ".", file: str | None = None
    ) -> Future[LiveProfile | None]:
        """Ask for the profiles of an experiment; returns at once.

        Args:
            text: of an experiment file.
            values: that take the place of those in it, in SI units by path.
            folder: where CSV files lie to which the text refers.
            file: name of the file, for messages.

        Returns:
            The profiles to be; None comes if a later request took its place. Its exception is what the package raises.
        """
        if self._closed:
            nothing: Future[LiveProfile | None] = Future()
            nothing.set_result(None)
            return nothing
        self._latest = _Request(text=text, values=dict(values), folder=folder, file=file)
        return self._lane.submit(self._answer, self._latest)

    def close(self) -> None:
        """End the process; requests that wait get None."""
        self._closed = True
        self._lane.shutdown()
        if self._worker is not None:
            self._worker.connection.close()
            self._worker.end(grace=1.0)

    def _answer(self, request: _Request) -> LiveProfile | None:
        if self._closed or request is not self._latest:
            return None
        if self._worker is None or not self._worker.process.is_alive():
            self._worker = Worker(_serve, name="ionscape-live", leads=False)
        connection = self._worker.connection
        try:
            connection.send(request)
            while not connection.poll(0.5):
                if self._closed:
                    return None
            answer = connection.recv()
        except (EOFError, OSError):
            raise IonscapeError("The process of the live model ended unexpectedly; move the slider again.") from None
        if isinstance(answer, BaseException):
            raise answer
        return answer


def _serve(connection: Connection) -> None:
    """Answer requests until the other end is closed; called in a `Worker`."""
    known: dict[tuple[str, str], Experiment] = {}
    while True:
        try:
            request = connection.recv()
        except (EOFError, OSError):
            return
        try:
            answer: Any = _simulated(request, known)
        except IonscapeError as error:
            if hasattr(error, "partial"):
                error.partial = None  # pyright: ignore[reportAttributeAccessIssue]
            answer = error
        except Exception as error:  # noqa: BLE001 - the next request may be better
            answer = IonscapeError(f"{type(error).__name__}: {error}")
        connection.send(answer)


def coarse_grid(experiment: Experiment) -> Grid:
    """The grid of a result, with larger cells where it has many."""
    from ionscape.experiment import GridSpecification
    from ionscape.transport.grid import make_grid

    usual = make_grid(experiment)
    if usual.size.size <= MOST_CELLS:
        return usual
    given = experiment.grid
    table = GridSpecification.model_construct(
        cell=usual.cell * usual.size.size / MOST_CELLS,
        zone=given.zone,
        surface_cell=given.surface_cell,
        growth=given.growth,
    )
    return make_grid(experiment.model_copy(update={"grid": table}))


def _simulated(request: _Request, known: dict[tuple[str, str], Experiment]) -> LiveProfile:
    from ionscape.experiment import parse_experiment
    from ionscape.transport import Settings, simulate

    from .reading import parse_document

    began = time.perf_counter()
    key = (request.text, request.folder)
    if key not in known:
        known.clear()
        known[key] = parse_document(request.text, parse_experiment, file=request.file, folder=request.folder)
    experiment = known[key].replace(request.values)
    settings = Settings(model="electroneutral", relative_tolerance=TOLERANCE, snapshots_per_stage=2)
    data = simulate(experiment, settings=settings, grid=coarse_grid(experiment)).dataset
    stages = np.asarray(data["stage"].values)
    ends = [int(np.flatnonzero(stages == number)[-1]) for number in range(len(experiment.stages))]
    return LiveProfile(
        depth=np.asarray(data["depth"].values, dtype=float),
        time=np.asarray(data["time"].values, dtype=float)[ends],
        ions=tuple(map(str, data["ion"].values)),
        density=np.asarray(data["density"].transpose("time", "ion", "depth").values, dtype=float)[ends],
        wall_time=time.perf_counter() - began,
    )
