"""Profiles while a slider moves: one warm process that answers the latest request only."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import IonscapeError

from .processes import Worker

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from ionscape.experiment import Experiment
    from ionscape.transport.grid import Grid


TOLERANCE = 3e-3
"""Relative tolerance of the time steps: ten times that of results, and still below the width of a line."""
MOST_CELLS = 350
"""The cells of a result may be more; fronts then move by a thousandth."""
WARM_UP = """
[sample]
thickness = "1 mm"
illuminated_area = "28 mm^2"
relative_permittivity = 7
native = { Li = "1e28 1/m^3" }
[ions.Li.diffusion]
model = "constant"
coefficient = "1e-18 m^2/s"
reference_temperature = "300 K"
activation_energy = "0.6 eV"
[ions.K.diffusion]
model = "constant"
coefficient = "1e-21 m^2/s"
reference_temperature = "300 K"
activation_energy = "0.6 eV"
[[stages]]
kind = "irradiation"
beam = "K"
source_potential = "10 V"
temperature = "300 K"
duration = "1 h"
"""


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


@dataclass(frozen=True, kw_only=True)
class _Request:
    text: str
    values: Mapping[str, float]
    folder: str
    file: str | None


class LiveModel:
    """The electroneutral model of an experiment with other values, in a process that stays; starts with first use."""

    def __init__(self) -> None:
        """Nothing is started yet."""
        self._woken = threading.Condition()
        self._waiting: tuple[_Request, Future[LiveProfile | None]] | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def warm_up(self) -> Future[LiveProfile | None]:
        """Start the process before it is needed; the answer comes when it is warm."""
        return self.request(WARM_UP, {})

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
        future: Future[LiveProfile | None] = Future()
        with self._woken:
            if self._closed:
                future.set_result(None)
                return future
            dropped, self._waiting = (
                self._waiting,
                (_Request(text=text, values=dict(values), folder=folder, file=file), future),
            )
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True, name="live-model")
                self._thread.start()
            self._woken.notify()
        if dropped is not None:
            dropped[1].set_result(None)
        return future

    def close(self) -> None:
        """End the process; requests that wait get None."""
        with self._woken:
            self._closed = True
            dropped, self._waiting = self._waiting, None
            self._woken.notify()
        if dropped is not None:
            dropped[1].set_result(None)
        if self._thread is not None:
            self._thread.join(timeout=10.0)

    def _work(self) -> None:
        worker: Worker | None = None
        while True:
            with self._woken:
                while self._waiting is None and not self._closed:
                    self._woken.wait()
                if self._waiting is None:
                    break
                (request, future), self._waiting = self._waiting, None
            if worker is None or not worker.process.is_alive():
                worker = Worker(_serve, name="ionscape-live", leads=False)
            self._answer(worker.connection, request, future)
        if worker is not None:
            worker.connection.close()
            worker.end(grace=1.0)

    def _answer(self, connection: Connection, request: _Request, future: Future[LiveProfile | None]) -> None:
        try:
            connection.send(request)
            while not connection.poll(0.5):
                if self._closed:
                    future.set_result(None)
                    return
            answer = connection.recv()
        except (EOFError, OSError):
            answer = IonscapeError("The process of the live model ended unexpectedly; move the slider again.")
        if isinstance(answer, BaseException):
            future.set_exception(answer)
        else:
            future.set_result(answer)


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
