"""Stress of a plate whose surface is stuffed or shrunk by an exchange of ions.

- `plate`: equilibrium of a plate whose free strain depends on the depth;
- `relaxation`: what viscous flow leaves of it in time.
"""

from .plate import PlateShape, misfit_strain, zero_crossing
from .relaxation import relaxed

__all__ = ["PlateShape", "misfit_strain", "relaxed", "zero_crossing"]
