"""Diffusion coefficients D(n, T): constant, from a distribution of site energies, tabulated; populations of sites."""

from ionscape.diffusivity.branches import (
    Branch,
    Histogram,
    full_width_at_half_maximum,
    trapped_offset,
    width_of_full_width,
)
from ionscape.diffusivity.landscape import LandscapeDiffusion
from ionscape.diffusivity.models import (
    ConstantDiffusion,
    DiffusionModel,
    SiteEnergyDiffusion,
    TableDiffusion,
    site_energy_diffusion,
)
from ionscape.diffusivity.populations import (
    Levels,
    PopulationDiffusion,
    SiteSystem,
    release_rate_of_hops,
)
from ionscape.diffusivity.site_energies import SiteEnergyDistribution, site_distribution
from ionscape.diffusivity.table import log_diffusion_table

__all__ = [
    "Branch",
    "ConstantDiffusion",
    "DiffusionModel",
    "Histogram",
    "LandscapeDiffusion",
    "Levels",
    "PopulationDiffusion",
    "SiteEnergyDiffusion",
    "SiteEnergyDistribution",
    "SiteSystem",
    "TableDiffusion",
    "full_width_at_half_maximum",
    "log_diffusion_table",
    "release_rate_of_hops",
    "site_distribution",
    "site_energy_diffusion",
    "trapped_offset",
    "width_of_full_width",
]
