"""Levels of site systems and their Fermi level, against a calculation with other levels."""

import numpy as np
import pytest

from experiments import borate
from ionscape.constants import BOLTZMANN_CONSTANT, ELECTRON_VOLT
from ionscape.diffusivity import (
    Branch,
    PopulationDiffusion,
    SiteEnergyDistribution,
    SiteSystem,
    release_rate_of_hops,
)
from ionscape.errors import InputError

BULK = 1.4e28


# physics of the exact figures: E_F − E_0 of that distribution at 323.15 K, calculated independently
@pytest.mark.parametrize(("filling", "expected"), [(1.0, 0.1355861), (0.5, -0.0277887)])
def test_the_fermi_level_at_finite_temperature(filling: float, expected: float) -> None:
    """Within a few microelectronvolts with fine levels; of second order in their spacing."""
    system = borate("Li", "Rb")
    errors = []
    for spacing in (8e-3, 4e-3, 5e-4):
        levels = system.levels(spacing * ELECTRON_VOLT)
        assert levels.sites.sum() == pytest.approx(1.1 * BULK, rel=1e-12)
        errors.append(levels.fermi_level(filling * BULK, 323.15) / ELECTRON_VOLT - expected)
    assert abs(errors[2]) < 2e-6
    assert abs(errors[1]) < 0.3 * abs(errors[0]) + 2e-6


def test_the_fermi_level_holds_what_it_should() -> None:
    """The sum of the Fermi-Dirac occupations is the density, however full or empty the sites are."""
    levels = borate("Li", "Rb").levels(0.014 * ELECTRON_VOLT)
    thermal = BOLTZMANN_CONSTANT * 278.0
    for density in (1e-6 * BULK, 0.3 * BULK, 1.0999999 * BULK):
        level = levels.fermi_level(density, 278.0)
        held = (levels.sites / (1.0 + np.exp((levels.energy - level) / thermal))).sum()
        assert held == pytest.approx(density, rel=1e-12)
    with pytest.raises(InputError, match="does not fit on the sites"):
        levels.fermi_level(1.2 * BULK, 300.0)


def test_hop_length_and_release_rate_belong_together() -> None:
    """κ of hops of 4 Å, and the length of that rate again."""
    system = borate("Li", "Rb")
    rate = release_rate_of_hops(hop_length=4e-10, coefficient=2.67e-22, native_density=BULK, vacant_density=0.1 * BULK)
    assert rate == pytest.approx(0.10, rel=2e-3)
    ion = PopulationDiffusion(
        sites=system, coefficient_at_reference=2.67e-22, reference_temperature=323.15,
        activation_energy_value=0.86 * ELECTRON_VOLT, release_rate_at_reference=rate,
    )  # fmt: skip
    assert ion.hop_length == pytest.approx(4e-10, rel=1e-12)
    ratio = ion.coefficient(0.0, 393.0) / 2.67e-22
    assert ion.release_rate(393.0) == pytest.approx(rate * ratio)


def test_a_system_needs_empty_sites() -> None:
    """Nothing could move on full sites."""
    distribution = SiteEnergyDistribution(branches=(Branch(centre=0.0, width=1e-20, weight=BULK),))
    with pytest.raises(InputError, match="leaves no site empty"):
        SiteSystem(name="full", distribution=distribution, native_density=BULK, ions=("Li",))
