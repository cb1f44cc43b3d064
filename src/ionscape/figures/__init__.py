"""Figures of measurements, simulations, fits and glasses.

Every function that draws returns a matplotlib Figure and touches no global state; its attribute `plot` is the function
that gives the same figure as data (`ionscape.figures.plot.Plot`). matplotlib is loaded when the first is drawn.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ionscape.figures.currents import current_and_charge, overview
    from ionscape.figures.energies import diffusion_coefficients, local_populations, site_energy_distribution
    from ionscape.figures.film import movie
    from ionscape.figures.fit_parameters import fit_starts, likelihood_profiles, parameter_correlation, posterior_corner
    from ionscape.figures.fits import (
        fitted_activation_energies,
        fitted_diffusion_coefficients,
        fitted_profile,
        fitted_site_energies,
    )
    from ionscape.figures.glass import glass_overview, units_against_mixing_ratio
    from ionscape.figures.landscapes import critical_path_figure, current_map
    from ionscape.figures.measurement import calibrated_profile, crater_scans, raw_counts
    from ionscape.figures.profiles import depth_profiles, diffusion_over_depth, potential
    from ionscape.figures.series import activation_energies, arrhenius_plot, conductivities
    from ionscape.figures.style import ion_styles, save
    from ionscape.figures.sweeps import swept_values

_HOMES = {
    "activation_energies": "series",
    "arrhenius_plot": "series",
    "calibrated_profile": "measurement",
    "conductivities": "series",
    "crater_scans": "measurement",
    "critical_path_figure": "landscapes",
    "current_and_charge": "currents",
    "current_map": "landscapes",
    "depth_profiles": "profiles",
    "diffusion_coefficients": "energies",
    "diffusion_over_depth": "profiles",
    "fit_starts": "fit_parameters",
    "fitted_activation_energies": "fits",
    "fitted_diffusion_coefficients": "fits",
    "fitted_profile": "fits",
    "fitted_site_energies": "fits",
    "glass_overview": "glass",
    "ion_styles": "style",
    "likelihood_profiles": "fit_parameters",
    "local_populations": "energies",
    "movie": "film",
    "overview": "currents",
    "parameter_correlation": "fit_parameters",
    "posterior_corner": "fit_parameters",
    "potential": "profiles",
    "raw_counts": "measurement",
    "save": "style",
    "site_energy_distribution": "energies",
    "swept_values": "sweeps",
    "units_against_mixing_ratio": "glass",
}

__all__ = [
    "activation_energies",
    "arrhenius_plot",
    "calibrated_profile",
    "conductivities",
    "crater_scans",
    "critical_path_figure",
    "current_and_charge",
    "current_map",
    "depth_profiles",
    "diffusion_coefficients",
    "diffusion_over_depth",
    "fit_starts",
    "fitted_activation_energies",
    "fitted_diffusion_coefficients",
    "fitted_profile",
    "fitted_site_energies",
    "glass_overview",
    "ion_styles",
    "likelihood_profiles",
    "local_populations",
    "movie",
    "overview",
    "parameter_correlation",
    "posterior_corner",
    "potential",
    "raw_counts",
    "save",
    "site_energy_distribution",
    "swept_values",
    "units_against_mixing_ratio",
]


def __getattr__(name: str) -> Any:
    # what draws is loaded where it is first used: the command line only reads the names of the figures
    if name in _HOMES:
        return getattr(import_module(f"ionscape.figures.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'ionscape.figures' has no attribute {name!r}")
