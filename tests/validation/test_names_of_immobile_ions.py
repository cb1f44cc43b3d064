"""What an immobile native ion is called does not matter: glasses of two and three native ions, against Ohm's law."""

from __future__ import annotations

import math

import pytest

import ionscape as isc
from experiments import constant, experiment, irradiation, run, site_energies
from ionscape.constants import BOLTZMANN_CONSTANT, ELEMENTARY_CHARGE

COEFFICIENT, FOREIGN, TEMPERATURE = 5.8e-19, 1e-20, 323.15
THICKNESS, AREA, POTENTIAL, DURATION = 5e-3, 28.26e-6, 100.0, 2.4e4
GLASSES = {
    "Na-Ca": {"Na": 1.0e28, "Ca": 0.5e28},
    "Na-K": {"Na": 0.8e28, "K": 0.6e28},
    "Li-Na-K": {"Li": 0.5e28, "Na": 0.6e28, "K": 0.3e28},
}
"""Native densities [1/m^3]: the first ion conducts, the others stay where they are."""


def exchanged(native: dict[str, float], immobile: float, *, reverse: bool = False) -> isc.SimulationResult:
    """Rubidium replaces the first ion of a glass whose other ions have a D [m^2/s] by name."""
    first, *others = native
    order = [*reversed(native)] if reverse else [*native]
    still = {"model": "constant", "coefficient": "0 m^2/s"} if immobile == 0.0 else constant(immobile)
    ions = {name: site_energies(COEFFICIENT) if name == first else still for name in order}
    return run(experiment(
        ions={**ions, "Rb": constant(FOREIGN)}, native={name: native[name] for name in order},
        charges={"Ca": 2} if "Ca" in others else None, thickness=THICKNESS, area=AREA,
        stages=[irradiation("Rb", POTENTIAL, DURATION)], grid={"kind": "fixed", "cell": 0.5e-9, "zone": 60e-9},
    )).result  # fmt: skip


def expected_charge(density: float) -> tuple[float, float]:
    """Current at the start [A] and charge that has passed [C], of a sharp front in series with the rest of the glass.

    The zone behind the front, x = Q/(e n A) deep, has the resistance of the foreign ion, so that
    L Q + (D_1/D_2 − 1) Q²/(2 e n A) = σ A U t. It takes less than a thousandth of the potential here, as does the
    diffusion potential k_B T/e ln(D_1/D_2) of the front.
    """
    conductivity = ELEMENTARY_CHARGE**2 * density * COEFFICIENT / (BOLTZMANN_CONSTANT * TEMPERATURE)
    current = conductivity * POTENTIAL * AREA / THICKNESS
    quadratic = (COEFFICIENT / FOREIGN - 1.0) / (2.0 * ELEMENTARY_CHARGE * density * AREA * THICKNESS)
    return current, (math.sqrt(1.0 + 4.0 * quadratic * current * DURATION) - 1.0) / (2.0 * quadratic)


@pytest.mark.parametrize("name", GLASSES)
def test_what_an_immobile_native_ion_is_called_does_not_matter(name: str) -> None:
    """D = 0, 1e-40 and 1e-26 m^2/s: one current, to a millionth, and the charge of the front by hand."""
    native = GLASSES[name]
    first = next(iter(native))
    current, charge = expected_charge(native[first])
    found = {immobile: exchanged(native, immobile) for immobile in (0.0, 1e-40, 1e-26)}
    reference = found[0.0].dataset
    for immobile, result in found.items():
        data = result.dataset
        assert result.experiment.bulk_density == native[first]
        assert float(data["current"][1]) == pytest.approx(current, rel=1e-5)
        assert float(data["collected_charge"].sel(ion=first)[-1]) == pytest.approx(charge, rel=1e-3)
        # what has left the zone is what has passed
        left = float((native[first] - data["density"].sel(ion=first)[-1]) @ data["cell_size"])
        assert ELEMENTARY_CHARGE * AREA * left == pytest.approx(charge, rel=1e-3)
        for key in ("current", "collected_charge"):
            last, same = (float(each[key][-1].sum()) for each in (data, reference))
            assert last == pytest.approx(same, rel=1e-6), (key, immobile)


def test_the_order_of_the_native_ions_does_not_matter() -> None:
    native = GLASSES["Li-Na-K"]
    one, other = (exchanged(native, 1e-26, reverse=reverse).dataset for reverse in (False, True))
    assert float(one["current"][-1]) == pytest.approx(float(other["current"][-1]), rel=1e-9)
