"""What a native ion that cannot move is called changes nothing, and fronts are those of the ions that are exchanged."""

from __future__ import annotations

import math

import numpy as np
import pytest

import ionscape as isc
from experiments import constant, experiment, irradiation, run, site_energies
from ionscape.constants import BOLTZMANN_CONSTANT, ELEMENTARY_CHARGE

SODIUM, CALCIUM, COEFFICIENT = 1e28, 5e27, 5.8e-19
THICKNESS, AREA, POTENTIAL = 1e-4, 28.26e-6, 2.0
NATIVE = {"Na": SODIUM, "Ca": CALCIUM}


def sodium_glass(calcium: float | None, order: tuple[str, ...] = ("Ca", "Na")) -> isc.SimulationResult:
    """Potassium enters a glass in which calcium has a D [m^2/s]; without it, calcium is no ion at all."""
    immobile = {"model": "constant", "coefficient": "0 m^2/s"}
    ions = {"Na": site_energies(COEFFICIENT), "K": constant(2.67e-22)}
    if calcium is not None:
        ions |= {"Ca": constant(calcium) if calcium else immobile}
    return run(experiment(
        ions=ions, charges={"Ca": 2} if calcium is not None else None, thickness=THICKNESS, area=AREA,
        native={name: NATIVE[name] for name in order if name in ions}, stages=[irradiation("K", POTENTIAL, 3e5)],
        grid={"kind": "fixed"},
    )).result  # fmt: skip


@pytest.fixture(scope="module")
def without() -> isc.SimulationResult:
    return sodium_glass(None)


def test_the_current_of_a_sodium_glass_is_ohms_law_whatever_calcium_is_called(without: isc.SimulationResult) -> None:
    """sigma = e² n D/k_B T of sodium alone, with the coefficient that is given: it sits on sites of its own."""
    conductivity = ELEMENTARY_CHARGE**2 * SODIUM * COEFFICIENT / (BOLTZMANN_CONSTANT * 323.15)
    expected = conductivity * POTENTIAL * AREA / THICKNESS
    reference = without.summary()["stages"][0]
    for calcium, tolerance in ((0.0, 1e-9), (1e-40, 1e-9), (1e-26, 1e-3)):
        result = sodium_glass(calcium)
        (stage,) = result.summary()["stages"]
        assert stage["initial_current"] == pytest.approx(expected, rel=0.02)
        assert stage["exchanged_ions"] == ["Na"]
        keys = ("initial_current", "final_current", "collected_charge", "front_depth", "front_width", "plateau")
        for key in (*keys, "zone_voltage"):
            assert stage[key] == pytest.approx(reference[key], rel=tolerance), (key, calcium)
        assert result.experiment.warnings == without.experiment.warnings == ()
        assert stage["missing"] == {}


def test_a_front_is_that_of_the_ion_that_is_replaced_in_any_order() -> None:
    """Calcium that moves a little, but stays, is mobile and named first: the front is that of sodium all the same."""
    found = [sodium_glass(1e-24, order).summary()["stages"][0] for order in (("Ca", "Na"), ("Na", "Ca"))]
    result = sodium_glass(1e-24)
    assert result.experiment.immobile_ions == frozenset()
    last = result.dataset.isel(time=-1)
    fraction = last["density"].sel(ion="Na").values / SODIUM
    crossing = float(np.interp(0.5, fraction, last["depth"].values))  # sodium rises monotonically
    for stage in found:
        assert stage["exchanged_ions"] == ["Na"]
        assert stage["front_depth"] == pytest.approx(crossing, rel=0.01)
        assert stage["front_depth"] == pytest.approx(found[0]["front_depth"], rel=1e-9)
        assert math.isfinite(stage["zone_voltage"])


def test_several_ions_that_are_replaced_are_counted_together() -> None:
    """Two equal sodium ions by two names: front and plateau are those of one."""
    one, two = (
        run(experiment(
            ions={name: constant(1e-18) for name in names} | {"K": constant(1e-22)},
            native={name: SODIUM / len(names) for name in names}, thickness=THICKNESS, area=AREA,
            stages=[irradiation("K", POTENTIAL, 3e5)], grid={"kind": "fixed"},
        )).result.summary()["stages"][0]
        for names in (("Na",), ("Na", "23Na"))
    )  # fmt: skip
    assert two["exchanged_ions"] == ["Na", "23Na"]
    for key in ("front_depth", "front_width", "plateau", "zone_voltage"):
        assert two[key] == pytest.approx(one[key], rel=1e-4, abs=1e-12)


def test_figures_that_do_not_exist_say_why() -> None:
    short = run(experiment(
        ions={"Na": constant(1e-18), "K": constant(1e-18)}, native={"Na": SODIUM}, thickness=THICKNESS, area=AREA,
        stages=[{"kind": "storage", "temperature": "300 K", "duration": "1 h"}, irradiation("K", POTENTIAL, 1e-3)],
    )).result.summary()["stages"]  # fmt: skip
    assert short[0]["front_depth"] is None
    assert (
        short[0]["missing"]["front_depth"] == short[0]["missing"]["zone_voltage"] == "no native ion has been replaced"
    )
    assert "one half" in short[1]["missing"]["plateau"] or "replaced" in short[1]["missing"]["plateau"]
    for stage in short:
        absent = {key for key, value in stage.items() if value is None}
        assert absent == set(stage["missing"])
