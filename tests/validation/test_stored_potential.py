"""Potential of a sample into which no current flows: the diffusion potential, on every grid, in both models.

With J_i = -D_i (n_i' + Z_i n_i psi') and no current, psi' = -sum Z_i D_i n_i' / sum Z_i^2 D_i n_i (psi in k_B T/e).
In a glass whose network holds the charge density C, with two ions of constant D that stay neutral, the integral has a
closed form in the densities at the two faces alone.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from experiments import Final, constant, contact, experiment, final_state, irradiation, melt, run, storage
from ionscape.constants import BOLTZMANN_CONSTANT, ELEMENTARY_CHARGE

THERMAL = BOLTZMANN_CONSTANT * 323.15 / ELEMENTARY_CHARGE
DENSITY = 1e28
SLOW, FAST = 1e-19, 1e-17

BEAM = irradiation("Rb", 0.5, 1800.0)
HISTORIES = {
    "beam": [BEAM],
    "melt": [contact(0.5, 1800.0, composition={"Rb": 1.0})],
    "melt, open circuit": [melt(1800.0, composition={"Rb": 1.0})],
    "beam, storage": [BEAM, storage(60.0)],
}
CHARGED = {
    "melt, short circuit": [contact(0.0, 1800.0, composition={"Rb": 1.0})],
    "beam, blocking contact": [BEAM, contact(0.0, 60.0, blocking=True)],
}
"""The diffusion potential charges faces that no ion passes until the electrodes have the same potential."""


def stored(history: str, *, charge: int, model: str, growth: float) -> Final:
    """A glass with Li, into which Rb (or a slow ion of charge 2 of that name) has come, after a minute of storage."""
    described = experiment(
        ions={"Li": constant(FAST), "Rb": constant(SLOW)},
        charges={"Rb": charge},
        native={"Li": DENSITY},
        thickness=2e-6,
        stages=[*{**HISTORIES, **CHARGED}[history], storage(60.0)],
        grid={"growth": growth},
    )
    return run(described, model=model)


def diffusion_potential(state: Final, charge: int, beside: float = 0.0) -> float:
    """phi(0) - phi(L) [V] of the densities at both faces, or some distance beside them [m]."""
    places = (int(np.searchsorted(state.depth, beside)), int(np.searchsorted(state.depth, state.depth[-1] - beside)))
    front, back = (DENSITY * float(state.fraction["Li"][place]) for place in places)
    if charge == 1:
        conducting = [FAST * n + SLOW * (DENSITY - n) for n in (front, back)]
        return THERMAL * math.log(conducting[1] / conducting[0])
    # n_Rb = (C - n_Li) / Z: the integrand is (D_Li - D_Rb) dn / (Z D_Rb C + (D_Li - Z D_Rb) n)
    conducting = [charge * SLOW * DENSITY + (FAST - charge * SLOW) * n for n in (front, back)]
    return THERMAL * (FAST - SLOW) / (FAST - charge * SLOW) * math.log(conducting[1] / conducting[0])


@pytest.mark.parametrize("charge", [1, 2])
@pytest.mark.parametrize("model", ["full", "electroneutral"])
@pytest.mark.parametrize("history", HISTORIES)
def test_a_stored_sample_shows_its_diffusion_potential_whatever_the_last_cell(
    history: str, model: str, charge: int
) -> None:
    surfaces = []
    for growth in (1.3, 1.02):
        state = stored(history, charge=charge, model=model, growth=growth)
        surfaces.append(state.surface_potential)
        # the charge of the front is resolved by the cells: a fraction of a millivolt
        assert surfaces[-1] == pytest.approx(diffusion_potential(state, charge), rel=3e-3, abs=3e-4)
        assert state.surface_potential > 0.02
    assert surfaces[0] == pytest.approx(surfaces[1], rel=2e-3)


@pytest.mark.parametrize("charge", [1, 2])
@pytest.mark.parametrize("history", CHARGED)
def test_what_charges_a_closed_face_stays_there(history: str, charge: int) -> None:
    """To disconnect an electrode changes no potential; from there on it changes as the glass between the faces does.

    A tenth of a volt that the double layers of the faces made up for is not lost because cells are large.
    """
    surfaces = []
    for growth in (1.3, 1.02):
        state = stored(history, charge=charge, model="full", growth=growth)
        before = final_state(state.result, stage=len(state.result.experiment.stages) - 2)
        stages, potential = (state.result.dataset[key].values for key in ("stage", "surface_potential"))
        assert before.surface_potential == 0.0
        assert potential[stages == stages[-1]][0] == pytest.approx(0.0, abs=1e-3)
        # ten Debye lengths from the faces the glass is neutral, and the profile has hardly changed
        change = diffusion_potential(state, charge, 0.3e-9) - diffusion_potential(before, charge, 0.3e-9)
        assert abs(change) > 5e-3
        assert state.surface_potential == pytest.approx(change, abs=1.5e-3)
        surfaces.append(state.surface_potential)
    assert surfaces[0] == pytest.approx(surfaces[1], rel=1e-3)


@pytest.mark.parametrize("history", CHARGED)
def test_the_electroneutral_model_has_no_charge_that_stays(history: str) -> None:
    state = stored(history, charge=1, model="electroneutral", growth=1.1)
    assert state.surface_potential == pytest.approx(diffusion_potential(state, 1), rel=3e-3)


def test_a_blocking_contact_leaves_the_electroneutral_glass_its_diffusion_potential() -> None:
    """No current charges the contact: it has its own potential, the glass between the faces that of its densities."""
    state = run(experiment(
        ions={"Li": constant(FAST), "Rb": constant(SLOW)}, native={"Li": DENSITY}, thickness=2e-6,
        stages=[BEAM, contact(0.0, 60.0, blocking=True)],
    ), model="electroneutral")  # fmt: skip
    assert state.surface_potential == 0.0
    potential = state.result.dataset["potential"].values[-1]
    assert potential[0] - potential[-1] == pytest.approx(diffusion_potential(state, 1), rel=1e-3)
    assert np.all(state.result.dataset["current"].values[state.result.dataset["stage"].values == 1][1:] == 0.0)
