"""D of the landscapes of a lithium borate glass against another calculation, at 60³ sites and three seeds each."""

from __future__ import annotations

import numpy as np
import pytest

import ionscape as isc
from ionscape.constants import ELECTRON_VOLT

GLASS, LATTICE, LANDSCAPES = "0.30 Li2O 0.70 B2O3", 60, 3


def test_fewer_ions_on_the_same_sites_are_faster() -> None:
    """Barriers within the scatter of landscapes, 0.03 eV; ln D in units of that at a filling of 0.95 within 0.7."""
    fillings = [0.6, 0.8, 0.9, 0.95, 0.98]
    found = isc.landscape_diffusion(GLASS, temperature=323.0, filling=fillings, second_ion=None,
                                    lattice=LATTICE, landscapes=LANDSCAPES).dataset  # fmt: skip
    barriers = found["activation_energy"].values / ELECTRON_VOLT
    assert barriers == pytest.approx([0.510, 0.559, 0.672, 0.774, 0.908], abs=0.03)
    logarithms = np.log(found["diffusion_coefficient"].values[0])
    assert logarithms - logarithms[3] == pytest.approx([10.1, 8.1, 3.8, 0.0, -4.9], abs=0.7)


def test_foreign_ions_in_the_highest_sites_block_the_native_ones() -> None:
    """The barrier rises with the share that has been replaced; at 0.3 no path is left."""
    shares = [0.7, 0.8, 0.9, 0.95, 1.0]
    found = isc.landscape_diffusion(GLASS, temperature=323.0, filling=None, shares=shares, lattice=LATTICE,
                                    landscapes=LANDSCAPES).dataset  # fmt: skip
    barriers = found["native_activation_energy"].values / ELECTRON_VOLT
    assert barriers[1:] == pytest.approx([0.999, 0.836, 0.777, 0.774], abs=0.05)
    assert found["native_landscapes_with_path"].values[0] <= 1
