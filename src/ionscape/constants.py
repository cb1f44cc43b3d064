"""Physical constants in SI units (CODATA 2022) and levels of intervals: plain floats, so that scipy is not needed."""

from __future__ import annotations

from typing import Final

__all__ = [
    "AVOGADRO_CONSTANT",
    "BOLTZMANN_CONSTANT",
    "ELECTRON_VOLT",
    "ELEMENTARY_CHARGE",
    "ICE_POINT",
    "VACUUM_PERMITTIVITY",
]

ELEMENTARY_CHARGE: Final = 1.602176634e-19
"""e [C], exact."""

BOLTZMANN_CONSTANT: Final = 1.380649e-23
"""k_B [J/K], exact."""

AVOGADRO_CONSTANT: Final = 6.02214076e23
"""N_A [1/mol], exact."""

VACUUM_PERMITTIVITY: Final = 8.8541878188e-12
"""ε0 [F/m]."""

ICE_POINT: Final = 273.15
"""0 °C [K], exact."""

ELECTRON_VOLT: Final = ELEMENTARY_CHARGE
"""1 eV [J]."""

NORMAL_95: Final = 1.959963984540054
"""Half the width of the central 95 % of a normal distribution, in standard deviations."""

CHI_SQUARE_95: Final = 3.841458820694124
"""Rise of chi-square at the ends of a 95 % interval of one parameter: the square of `NORMAL_95`."""

CHI_SQUARE_68: Final = 1.0
"""The same at one standard deviation, which is what "68 %" stands for everywhere; it holds 68.27 %."""

PERCENTILES_95: Final = (2.5, 97.5)
"""Percentiles at the ends of a 95 % interval."""

PERCENTILES_68: Final = (15.865, 84.135)
"""Percentiles one standard deviation to either side of a normal distribution."""
