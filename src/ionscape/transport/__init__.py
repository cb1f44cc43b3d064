"""The Nernst-Planck-Poisson solver: from an experiment to densities and potential over depth and time.

The way of the data: `zone` and `space_charge` estimate what `grid` has to resolve, `mesh` moves the cells with the
fronts, `stage_arrays` and `pieces` turn a stage into arrays, `fluxes`, `cross_terms` and `equations` hold the physics,
`levels` that of populations on the energies of sites, `newton`, `block_tridiagonal`, `integrate` and `runge_kutta`
solve it, `tangents` carry derivatives along, `run` runs the stages, `solution`, `exchange`, `summary`,
`population_figures` and `plate_results` hold the result.
"""

from typing import TYPE_CHECKING, Any

from .exchange import front_figures
from .plate_results import PlateStress, plate_stress, refractive_index, waveguide_modes
from .population_figures import effective_diffusion, population_overlap
from .settings import Progress, Settings
from .solution import SimulationResult, load_result
from .variation import Variation

if TYPE_CHECKING:
    from .entropy import entropy_production
    from .grid import Grid, make_grid
    from .run import simulate

__all__ = [
    "Grid",
    "PlateStress",
    "Progress",
    "Settings",
    "SimulationResult",
    "Variation",
    "effective_diffusion",
    "entropy_production",
    "front_figures",
    "load_result",
    "make_grid",
    "plate_stress",
    "population_overlap",
    "refractive_index",
    "simulate",
    "waveguide_modes",
]


def __getattr__(name: str) -> Any:
    # the compiler is loaded only when something is simulated
    if name == "simulate":
        from .run import simulate

        return simulate
    if name == "entropy_production":
        from .entropy import entropy_production

        return entropy_production
    if name in ("Grid", "make_grid"):
        from . import grid

        return getattr(grid, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
