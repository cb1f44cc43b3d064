"""Bosi 2021 (eq. 10): where the current of the conductance network flows, summed along one axis of the lattice."""

from comparison import size

import ionscape as isc
from ionscape.figures import current_map, save

landscape = isc.generate_landscape(
    "0.33 Li2O 0.67 (0.5 B2O3 0.5 P2O5)", lattice=size(page=50, full=100, coarse=20), rng=1
)
save(current_map(isc.current_distribution(landscape, temperature=293.15)), "current_map.png")
