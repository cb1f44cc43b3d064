from ionscape.figures.coefficients import diffusion_coefficients as diffusion_coefficients
from ionscape.figures.currents import current_and_charge as current_and_charge, overview as overview
from ionscape.figures.energies import (
    local_populations as local_populations,
    site_energy_distribution as site_energy_distribution,
)
from ionscape.figures.film import movie as movie
from ionscape.figures.fit_parameters import (
    fit_starts as fit_starts,
    likelihood_profiles as likelihood_profiles,
    parameter_correlation as parameter_correlation,
    posterior_corner as posterior_corner,
)
from ionscape.figures.fit_readings import fitted_readings as fitted_readings
from ionscape.figures.fits import (
    fitted_activation_energies as fitted_activation_energies,
    fitted_diffusion_coefficients as fitted_diffusion_coefficients,
    fitted_profile as fitted_profile,
    fitted_site_energies as fitted_site_energies,
)
from ionscape.figures.glass import (
    glass_overview as glass_overview,
    units_against_mixing_ratio as units_against_mixing_ratio,
)
from ionscape.figures.mobility import landscape_mobility as landscape_mobility
from ionscape.figures.spectra import conductivity_spectra as conductivity_spectra, scaled_spectra as scaled_spectra
from ionscape.figures.hops import (
    hop_conductivities as hop_conductivities,
    hop_density_of_states as hop_density_of_states,
    hop_displacements as hop_displacements,
)
from ionscape.figures.landscapes import critical_path_figure as critical_path_figure, current_map as current_map
from ionscape.figures.measurement import (
    calibrated_profile as calibrated_profile,
    crater_scans as crater_scans,
    raw_counts as raw_counts,
)
from ionscape.figures.plates import (
    index_figure as index_figure,
    modes_figure as modes_figure,
    result_modes as result_modes,
    stress_figure as stress_figure,
)
from ionscape.figures.profiles import (
    depth_profiles as depth_profiles,
    diffusion_over_depth as diffusion_over_depth,
    potential as potential,
)
from ionscape.figures.relaxation import relaxation_rates as relaxation_rates
from ionscape.figures.reference import reference_arrhenius as reference_arrhenius
from ionscape.figures.series import (
    activation_energies as activation_energies,
    arrhenius_plot as arrhenius_plot,
    conductivities as conductivities,
)
from ionscape.figures.style import ion_styles as ion_styles, save as save
from ionscape.figures.sweeps import swept_values as swept_values
