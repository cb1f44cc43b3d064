"""Bosi 2021 (eq. 9): the path whose highest barrier, its bottleneck, is the activation energy of a landscape."""

from comparison import size

import ionscape as isc
from ionscape.figures import critical_path_figure, save

landscape = isc.generate_landscape(
    "0.33 Li2O 0.67 (0.5 B2O3 0.5 P2O5)", lattice=size(page=60, full=100, coarse=20), rng=1
)
save(critical_path_figure(isc.critical_path(landscape)), "critical_path.png")
