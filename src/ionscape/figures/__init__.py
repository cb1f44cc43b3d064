"""Figures of measurements, simulations, fits and glasses.

Every function that draws returns a matplotlib Figure and touches no global state; its attribute `plot` is the function
that gives the same figure as data (`ionscape.figures.plot.Plot`). matplotlib is loaded when the first is drawn.
"""

from ionscape.figures.currents import current_and_charge, overview
from ionscape.figures.energies import diffusion_coefficients, local_populations, site_energy_distribution
from ionscape.figures.fit_parameters import (
    fit_starts,
    likelihood_profiles,
    parameter_correlation,
    posterior_corner,
)
from ionscape.figures.fits import (
    fitted_activation_energies,
    fitted_diffusion_coefficients,
    fitted_profile,
    fitted_site_energies,
)
from ionscape.figures.glass import glass_overview, units_against_mixing_ratio
from ionscape.figures.landscapes import critical_path_figure, current_map
from ionscape.figures.measurement import calibrated_profile, crater_scans, raw_counts
from ionscape.figures.movie import movie
from ionscape.figures.profiles import depth_profiles, diffusion_over_depth, potential
from ionscape.figures.series import activation_energies, arrhenius_plot, conductivities
from ionscape.figures.style import ion_styles, save

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
    "units_against_mixing_ratio",
]
