"""Order of the time integrators: equal steps from one smooth state, no error control."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from called_kernels import accept, attempt_step
from experiments import FloatArray, constant, contact, experiment, irradiation, table
from ionscape.experiment import Experiment
from ionscape.transport.arrays import TIME, Control, State, Substeps, make_workspace
from ionscape.transport.grid import make_grid
from ionscape.transport.integrate import FINISHED, advance
from ionscape.transport.pieces import changes_over, make_piece
from ionscape.transport.run import _start_state
from ionscape.transport.runge_kutta import METHODS, backward_euler
from ionscape.transport.settings import Settings
from ionscape.transport.stage_arrays import make_scales

BULK_DENSITY = 1.4e28
STEPS = (8, 16, 32, 64)


def interdiffusion() -> Experiment:
    """Two ions that exchange through the whole of a thin sample, D of one rising with its density."""
    densities = np.linspace(0.0, 1.0, 5) * BULK_DENSITY
    return experiment(
        ions={"Na": constant(1e-18), "K": table(densities, 2e-19 * np.exp(np.linspace(0.0, 1.0, 5)))},
        native={"Na": BULK_DENSITY},
        thickness=100e-9,
        stages=[contact(0.02, 8e3, composition={"Na": 0.3, "K": 0.7})],
        grid={"cell": 2e-9, "zone": 100e-9, "surface_cell": 2e-9},
    )


def moving_front() -> Experiment:
    """A resolved front that travels at constant potential."""
    return experiment(
        ions={"Li": constant(5.8e-19), "Rb": constant(2.67e-22)},
        native={"Li": BULK_DENSITY},
        stages=[irradiation("Rb", 15.0, 2e5)],
        grid={"cell": 0.5e-9, "zone": 50e-9},
    )


class FixedSteps:
    """One stage of an experiment: integrated adaptively and tightly to a start time, from there on by equal steps."""

    def __init__(self, described: Experiment, *, start: float, span: float, model: str) -> None:
        settings = Settings(model=model)  # type: ignore[arg-type]
        grid = make_grid(described)
        scales = make_scales(described)
        count, ions = len(grid.size), len(scales.names)
        y = np.zeros((count, ions + 1))  # departures from the native densities, and the potential
        pieces = described.in_pieces()
        stage = make_piece(
            pieces, 0, changes=changes_over([pieces], 0), scales=scales, cells=grid.cells(), start=0.0,
            surface_displacement=0.0, back_field=0.0, present=scales.native > 0.0, settings=settings,
        )  # fmt: skip
        self.problem, self.ramp, self.span = stage.problem, stage.ramp, span
        self.shape = (count, ions)
        self.work = make_workspace(count, ions)
        self.zone = grid.depth < grid.zone
        self.begin = _start_state(stage, y, np.zeros(ions), np.zeros(ions))
        status = 0
        for _ in range(200):
            status = advance(
                self.begin, start, start, 256, METHODS["esdirk4"](), backward_euler(), self.problem, self.ramp,
                self.control(1e-7), self.work, None, None,
            )  # fmt: skip
            if status == FINISHED:
                break
        assert status == FINISHED

    def control(self, tolerance: float) -> Control:
        return Control(
            tolerance=tolerance, newton=1e-3 * tolerance, weights=np.ones(self.shape[0]), smallest_step=1e-9
        )  # fmt: skip

    def densities(self, method: str, steps: int) -> FloatArray:
        """Densities in the zone after equal steps, and the amounts that passed the faces [1, 1e-9 m]."""
        count, ions = self.shape
        state = State(*(array.copy() for array in self.begin))
        scheme = METHODS[method]()
        number = len(scheme.nodes)
        stages = Substeps(
            np.empty((number, count, ions + 1)), np.empty((number, count, ions)), np.empty((number, ions)),
            np.empty((number, ions)), np.empty((count, ions)), np.zeros(number, dtype=np.int64),
        )  # fmt: skip
        step = self.span / steps
        for _ in range(steps):
            error = attempt_step(state, step, scheme, stages, self.problem, self.ramp, self.control(1e-9), self.work)
            assert error >= 0.0, "Newton's method failed"
            accept(state, step, error, scheme, stages, self.problem)
            state.clock[TIME] += step
        passed = np.concatenate([state.entered, state.departed]) / 1e-9
        return np.concatenate([state.y[self.zone, :ions].ravel(), passed])


def ramped(described: Experiment) -> Experiment:
    """A rise of temperature and potential over its stage, which is 20 times as steep as in most experiments."""
    stage = described.stages[0]
    key = "source_potential" if stage.kind == "irradiation" else "potential"
    rises = {"temperature": (310.0, 335.0), key: (0.8 * getattr(stage, key), 1.3 * getattr(stage, key))}
    return described.replace({
        f"stages[0].{name}": [{"time": 0.0, "value": low}, {"time": stage.duration, "value": high}]
        for name, (low, high) in rises.items()
    })  # fmt: skip


CASES: dict[str, dict[str, Any]] = {
    "interdiffusion": {"described": interdiffusion, "start": 1e3, "span": 4e3},
    "front": {"described": moving_front, "start": 1e5, "span": 2e4},
    "front on a ramp": {"described": lambda: ramped(moving_front()), "start": 1e5, "span": 2e4},
}


@pytest.mark.parametrize("model", ["full", "electroneutral"])
@pytest.mark.parametrize("case", list(CASES))
def test_order_of_the_integrators(case: str, model: str) -> None:
    chosen = CASES[case]
    problem = FixedSteps(chosen["described"](), start=chosen["start"], span=chosen["span"], model=model)
    reference = problem.densities("esdirk4", 8 * STEPS[-1])
    print(f"\n{case}, {model}: largest error after equal steps (order)")
    found = {}
    for method in METHODS:
        errors = [float(np.max(np.abs(problem.densities(method, steps) - reference))) for steps in STEPS]
        found[method] = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
        orders = ["", *(f"({order:.2f})" for order in found[method])]
        print(
            f"   {method:8}" + "".join(f"  {n}: {e:.1e} {o:6}" for n, e, o in zip(STEPS, errors, orders, strict=True))
        )
    for method, order in (("tr-bdf2", 2), ("esdirk3", 3), ("esdirk4", 4)):
        # over a factor of eight in the step; stiffness takes a little off the highest order at the smallest errors
        assert float(np.mean(found[method])) == pytest.approx(order, abs=0.25)
