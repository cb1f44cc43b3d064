"""Analytic relations of ion transport in glass: formulas that need no simulation, and solutions that test one.

All arguments and results are SI floats or arrays. The modules are

- `conduction`: Nernst-Einstein relation, Debye length, dielectric relaxation, the native current;
- `foreign_diffusion`: the foreign diffusion coefficient that a measured profile implies;
- `onsager`: Onsager coefficients, effective and tracer diffusion coefficients, Haven ratio;
- `exchange`: sharp-front charge law, steady electroneutral diffusion front;
- `diffusion_free`: profiles without diffusion (Welge's construction), shocks and their speed;
- `populations`: mixing of ions on sites of different energies, what release leaves of a plateau;
- `solutions`: flux inlet, diffusion potentials, thermal exchange, depletion at a blocking anode.
"""

from ionscape.relations._arguments import DiffusionOfFraction
from ionscape.relations.conduction import (
    debye_length,
    dielectric_relaxation_time,
    diffusion_coefficient_from_conductivity,
    ionic_conductivity,
    native_bulk_current,
    partial_conductivity,
    thermal_voltage,
)
from ionscape.relations.diffusion_free import (
    DiffusionFreeProfile,
    Shock,
    diffusion_free_profile,
    fractional_flow,
    rankine_hugoniot_speed,
)
from ionscape.relations.exchange import (
    logistic_wave_fraction,
    sharp_front_current,
    sharp_front_depth,
    sharp_front_time,
    travelling_wave_fraction,
    travelling_wave_position,
    travelling_wave_width,
)
from ionscape.relations.foreign_diffusion import foreign_diffusion_coefficient, reduced_potential_gradient
from ionscape.relations.onsager import (
    HAVEN_RATIO_COUPLED,
    HAVEN_RATIO_DILUTE,
    check_onsager_matrix,
    effective_diffusion_coefficients,
    effective_from_tracer,
    haven_ratio,
    ideal_chemical_potential_derivatives,
    onsager_matrix,
    tracer_diffusion_coefficients,
    tracer_from_effective,
)
from ionscape.relations.populations import mixing_rate, recaptured_share, release_limited_density
from ionscape.relations.solutions import (
    bi_ionic_potential,
    depletion_time,
    depletion_width,
    final_depletion_width,
    flux_inlet_fraction,
    henderson_potential,
    interdiffusion_coefficient,
)

__all__ = [
    "HAVEN_RATIO_COUPLED",
    "HAVEN_RATIO_DILUTE",
    "DiffusionFreeProfile",
    "DiffusionOfFraction",
    "Shock",
    "bi_ionic_potential",
    "check_onsager_matrix",
    "debye_length",
    "depletion_time",
    "depletion_width",
    "dielectric_relaxation_time",
    "diffusion_coefficient_from_conductivity",
    "diffusion_free_profile",
    "effective_diffusion_coefficients",
    "effective_from_tracer",
    "final_depletion_width",
    "flux_inlet_fraction",
    "foreign_diffusion_coefficient",
    "fractional_flow",
    "haven_ratio",
    "henderson_potential",
    "ideal_chemical_potential_derivatives",
    "interdiffusion_coefficient",
    "ionic_conductivity",
    "logistic_wave_fraction",
    "mixing_rate",
    "native_bulk_current",
    "onsager_matrix",
    "partial_conductivity",
    "rankine_hugoniot_speed",
    "recaptured_share",
    "reduced_potential_gradient",
    "release_limited_density",
    "sharp_front_current",
    "sharp_front_depth",
    "sharp_front_time",
    "thermal_voltage",
    "tracer_diffusion_coefficients",
    "tracer_from_effective",
    "travelling_wave_fraction",
    "travelling_wave_position",
    "travelling_wave_width",
]
