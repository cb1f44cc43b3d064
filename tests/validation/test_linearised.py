"""Storage and flux about a state, judged by the impedance of a uniform glass: a resistance beside a capacity."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse.linalg import spsolve

from experiments import constant, contact, experiment
from ionscape.constants import ELEMENTARY_CHARGE, VACUUM_PERMITTIVITY
from ionscape.transport import Settings, make_grid
from ionscape.transport.arrays import POTENTIAL_LIMITED
from ionscape.transport.linearised import linearise
from ionscape.transport.stage_arrays import make_scales, make_stage

NATIVE, COEFFICIENT, BIAS = 1.4e28, 1e-17, 2.0
THICKNESS, PERMITTIVITY = 1e-6, 8.0


def test_uniform_glass_is_a_resistance_beside_a_capacity() -> None:
    described = experiment(
        ions={"Li": constant(COEFFICIENT)}, native={"Li": NATIVE}, thickness=THICKNESS,
        stages=[contact(BIAS, 60.0, composition={"Li": 1.0})],
        grid={"cell": 20e-9, "zone": 0.5e-6, "surface_cell": 5e-9, "growth": 1.3},
    ).replace({"sample.relative_permittivity": PERMITTIVITY})  # fmt: skip
    grid, scales = make_grid(described), make_scales(described)
    problem = make_stage(
        described, 0, scales=scales, cells=grid.cells(), start=0.0, surface_displacement=0.0, back_field=0.0,
        present=np.ones(1, dtype=bool), settings=Settings(),
    ).problem  # fmt: skip
    y = np.zeros((len(grid.size), 2))
    y[:, 1] = BIAS * (1.0 - grid.depth / THICKNESS)

    conductivity = NATIVE * ELEMENTARY_CHARGE * COEFFICIENT * problem.medium.thermal
    permittivity = PERMITTIVITY * VACUUM_PERMITTIVITY
    relaxation = permittivity / conductivity
    small = linearise(problem, y, POTENTIAL_LIMITED, time=relaxation)
    for frequency in np.array([1e-3, 1.0, 1e3]) / relaxation:
        turned = 1j * frequency
        change = spsolve(
            turned * small.storage + small.flux, -(turned * small.stored_by_potential + small.flux_by_potential)
        ).reshape(y.shape)
        # through the back electrode: drift of the ions that arrive, and the displacement of the last half cell
        field = change[-1, 1] / problem.cells.distance[-1]
        density = change[-1, 0] * NATIVE
        ionic = conductivity * (field + density / NATIVE * BIAS / THICKNESS)
        current = ionic + turned * permittivity * field
        assert current * THICKNESS == pytest.approx(conductivity + turned * permittivity, rel=1e-6)
