"""Physical constants in SI units: CODATA 2022, as plain floats so that no import of scipy is needed."""

from __future__ import annotations

from typing import Final

ELEMENTARY_CHARGE: Final = 1.602176634e-19
"""e [C], exact."""

BOLTZMANN_CONSTANT: Final = 1.380649e-23
"""k_B [J/K], exact."""

AVOGADRO_CONSTANT: Final = 6.02214076e23
"""N_A [1/mol], exact."""

VACUUM_PERMITTIVITY: Final = 8.8541878188e-12
"""ε0 [F/m]."""

ELECTRON_VOLT: Final = ELEMENTARY_CHARGE
"""1 eV [J]."""
