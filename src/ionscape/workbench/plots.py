"""Every plot of the workbench but those of glasses; see `drawing` for what a plot is and who draws it."""

from ionscape.workbench.drawing import Axis, Curve, Mark, Plot, Region, plain_formula, to_csv
from ionscape.workbench.drawing_matplotlib import draw
from ionscape.workbench.drawing_plotly import moved_regions, on_dark, to_plotly
from ionscape.workbench.plots_fit import (
    correlation_plot,
    fit_activation_energy_plot,
    fit_diffusion_plot,
    fit_plot,
    fit_site_energy_plot,
    likelihood_plot,
    residual_plot,
)
from ionscape.workbench.plots_measurement import (
    balance_plot,
    calibrated_plot,
    counts_plot,
    crater_plot,
    raw_counts_plot,
)
from ionscape.workbench.plots_simulation import (
    current_plot,
    diffusion_depth_plot,
    diffusion_plot,
    live_plot,
    potential_plot,
    profile_plot,
    shown_depth_of,
    site_energy_plot,
)

__all__ = [
    "Axis",
    "Curve",
    "Mark",
    "Plot",
    "Region",
    "balance_plot",
    "calibrated_plot",
    "correlation_plot",
    "counts_plot",
    "crater_plot",
    "current_plot",
    "diffusion_depth_plot",
    "diffusion_plot",
    "draw",
    "fit_activation_energy_plot",
    "fit_diffusion_plot",
    "fit_plot",
    "fit_site_energy_plot",
    "likelihood_plot",
    "live_plot",
    "moved_regions",
    "on_dark",
    "plain_formula",
    "potential_plot",
    "profile_plot",
    "raw_counts_plot",
    "residual_plot",
    "shown_depth_of",
    "site_energy_plot",
    "to_csv",
    "to_plotly",
]
