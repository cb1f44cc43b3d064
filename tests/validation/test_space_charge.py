"""Space charge at faces that let no ion pass, on the automatic grid, against Poisson's and Boltzmann's equations.

For ions of charge 1 and density n in a fixed charge, with psi = e phi / kT of the face against the glass and the Debye
length lambda, the charge of a layer at rest is e n q, q = lambda sqrt(2 (exp(-psi) - 1 + psi)) (Gouy and Chapman; for
psi >> 1 the depletion layer of Mott and Schottky).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from experiments import Final, constant, contact, experiment, final_state, irradiation, run, storage
from ionscape.constants import BOLTZMANN_CONSTANT, ELEMENTARY_CHARGE, VACUUM_PERMITTIVITY
from ionscape.experiment import Experiment
from ionscape.transport import make_grid

DENSITY, PERMITTIVITY = 1e28, 7.0
THERMAL = BOLTZMANN_CONSTANT * 323.15 / ELEMENTARY_CHARGE
LENGTH = math.sqrt(PERMITTIVITY * VACUUM_PERMITTIVITY * THERMAL / (ELEMENTARY_CHARGE * DENSITY))


def charge_of_layer(psi: float) -> float:
    """q [m] of a layer over which psi falls, positive where the face repels the ions."""
    return LENGTH * math.sqrt(2.0 * max(math.expm1(-psi) + psi, 0.0)) if abs(psi) > 1e-5 else LENGTH * abs(psi)


def drop_of_pile(q: float) -> float:
    """-psi of the layer in which a charge q [m] has piled up."""
    return float(brentq(lambda psi: charge_of_layer(-psi) - q, 0.0, 200.0)) if q > 0.0 else 0.0


def charge_of_two_layers(potential: float) -> float:
    """q of ions that have left one face for the other, both closed: the two drops add up to the potential [V]."""

    def excess(emptied: float) -> float:
        return emptied + drop_of_pile(charge_of_layer(emptied)) - potential / THERMAL

    return charge_of_layer(float(brentq(excess, 1e-9, potential / THERMAL)))


def glass(stages: list[dict[str, Any]], *, coefficient: float = 1e-14, **options: Any) -> Experiment:
    """Sodium in a glass of 1 um, or of another thickness."""
    return experiment(
        ions={"Na": constant(coefficient)}, native={"Na": DENSITY}, stages=stages, relative_permittivity=PERMITTIVITY,
        **({"thickness": 1e-6} | options),
    )  # fmt: skip


def charge_at_surface(state: Final) -> float:
    """q of the displacement at the surface [m]."""
    field = (state.surface_potential - state.potential[0]) / (0.5 * state.size[0])
    return PERMITTIVITY * VACUUM_PERMITTIVITY * field / (ELEMENTARY_CHARGE * DENSITY)


@pytest.mark.parametrize("growth", [1.15, 1.03])
@pytest.mark.parametrize("potential", [0.02, 0.1, 1.0, 10.0, 100.0])
def test_a_blocking_anode_empties_a_layer(potential: float, growth: float) -> None:
    state = run(glass([contact(potential, 1e4, blocking=True), storage(60.0)], grid={"growth": growth}))
    expected = charge_of_layer(potential / THERMAL)
    assert state.collected["Na"] == pytest.approx(expected, rel=7e-3, abs=0)
    assert charge_at_surface(final_state(state.result, stage=0)) == pytest.approx(expected, rel=7e-3, abs=0)
    # disconnected, it keeps charge and potential
    assert state.surface_potential == pytest.approx(potential, rel=1e-3)


@pytest.mark.parametrize("growth", [1.15, 1.03])
@pytest.mark.parametrize("potential", [-0.02, -0.1, -1.0, -10.0])
def test_a_blocking_cathode_gathers_what_leaves_the_back(potential: float, growth: float) -> None:
    state = run(glass([contact(potential, 1e4, blocking=True), storage(60.0)], grid={"growth": growth}))
    expected = -charge_of_two_layers(-potential)
    assert charge_at_surface(final_state(state.result, stage=0)) == pytest.approx(expected, rel=7e-3, abs=0)
    assert set(state.collected.values()) == {0.0}
    assert state.surface_potential == pytest.approx(potential, rel=1e-3)


@pytest.mark.parametrize("potential", [-0.1, -1.0, -5.0])
def test_a_contact_that_draws_ions_out_empties_a_layer_at_the_back(potential: float) -> None:
    state = run(glass([contact(potential, 1e4, composition={"Na": 1.0}), storage(60.0)], coefficient=1e-15))
    assert state.injected["Na"] == pytest.approx(-charge_of_layer(-potential / THERMAL), rel=5e-3, abs=0)
    assert state.surface_potential == pytest.approx(potential, rel=1e-3)


@pytest.mark.parametrize(
    ("potential", "thickness", "coefficient", "duration"),
    [(1.0, 1e-6, 1e-17, 1e4), (15.0, 1e-5, 1e-18, 1e4), (15.0, 2e-3, 5.8e-19, 3.4e5)],
)
def test_ions_that_the_back_does_not_take_pile_up(
    potential: float, thickness: float, coefficient: float, duration: float
) -> None:
    """Ohm's law less the drop over the layer, which is at rest: dq/dt = (D / L) (e U / kT - drop(q))."""

    def rate(_: float, q: Any) -> list[float]:
        return [coefficient / thickness * (potential / THERMAL - drop_of_pile(float(q[0])))]

    expected = float(solve_ivp(rate, (0.0, duration), [0.0], method="LSODA", rtol=1e-9, atol=1e-20).y[0, -1])
    for growth in (1.15, 1.03):
        state = run(glass(
            [irradiation("Na", potential, duration), storage(1e-2 * duration)], coefficient=coefficient,
            thickness=thickness, deposits=[], grid={"growth": growth},
        ))  # fmt: skip
        assert state.injected["Na"] == pytest.approx(expected, rel=5e-3, abs=0)
        # what is left of the potential without a current is the drop over the layer
        assert state.surface_potential == pytest.approx(THERMAL * drop_of_pile(expected), rel=5e-3)


@pytest.mark.parametrize("cell", [1e-10, 1e-12, 1e-13])
def test_the_potential_of_a_stored_sample_has_the_layer_that_its_cells_do_not_resolve(cell: float) -> None:
    """Whatever charge large cells let pile up, its layer is that of Gouy and Chapman."""
    state = run(glass(
        [irradiation("Na", 15.0, 3.4e5), storage(3.4e3)], coefficient=5.8e-19, thickness=2e-3, deposits=[],
        grid={"surface_cell": cell},
    ))  # fmt: skip
    expected = THERMAL * drop_of_pile(state.injected["Na"])
    assert expected > 0.3
    assert state.surface_potential == pytest.approx(expected, rel=3e-3)


def test_an_emptied_layer_is_resolved_beside_a_wide_zone() -> None:
    """A beam has exchanged most of the sample before; the layer of the blocking anode is a thousandth of that."""
    described = experiment(
        ions={"Na": constant(1e-15), "K": constant(1e-17)}, native={"Na": DENSITY}, thickness=1e-6,
        stages=[irradiation("K", 1.0, 1e3), contact(5.0, 1e3, blocking=True), storage(60.0)],
    )  # fmt: skip
    state = run(described)
    assert state.surface_potential == pytest.approx(5.0, rel=2e-3)
    grid = make_grid(described)
    assert np.diff(grid.faces)[grid.depth < charge_of_layer(5.0 / THERMAL)].max() <= max(LENGTH / 3.0, 1.1e-11)
