"""Light in an exchanged surface: refractive index over depth, guided modes of a planar waveguide, and the way back.

- `slab`: TE and TM modes by finite elements, with their errors, cut-off wavelengths and fields;
- `wkb`: the phase integral, its effective indices, and from measured ones to an index profile.
"""

from .index_profile import IndexProfile, index_profile
from .inverse_wkb import InverseWkb, inverse_wkb
from .modes import PolarisedModes, SlabModes
from .slab import followed_indices, slab_modes
from .wkb import wkb_effective_indices

__all__ = [
    "IndexProfile",
    "InverseWkb",
    "PolarisedModes",
    "SlabModes",
    "followed_indices",
    "index_profile",
    "inverse_wkb",
    "slab_modes",
    "wkb_effective_indices",
]
