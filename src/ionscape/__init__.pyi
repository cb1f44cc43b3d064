from ionscape import figures as figures, relations as relations
from ionscape.diffusivity import (
    SiteEnergyDistribution as SiteEnergyDistribution,
    site_energy_diffusion as site_energy_diffusion,
)
from ionscape.errors import (
    ConvergenceError as ConvergenceError,
    FitError as FitError,
    HoppingError as HoppingError,
    InputError as InputError,
    IonscapeError as IonscapeError,
    NetworkError as NetworkError,
    PercolationError as PercolationError,
    SimulationInterrupted as SimulationInterrupted,
)
from ionscape.experiment import (
    Experiment as Experiment,
    experiment_schema as experiment_schema,
    load_experiment as load_experiment,
    parse_experiment as parse_experiment,
)
from ionscape.glass import (
    Composition as Composition,
    Glass as Glass,
    estimated_glass_transition as estimated_glass_transition,
    make_glass as make_glass,
    network_former_units as network_former_units,
    parse_composition as parse_composition,
    read_literature as read_literature,
    select_series as select_series,
)
from ionscape.hopping import (
    BarrierDistribution as BarrierDistribution,
    ConductivitySpectrum as ConductivitySpectrum,
    CoulombInteraction as CoulombInteraction,
    CriticalPath as CriticalPath,
    CurrentDistribution as CurrentDistribution,
    Hops as Hops,
    JumpLaw as JumpLaw,
    Landscape as Landscape,
    LandscapeModel as LandscapeModel,
    MobileIon as MobileIon,
    Mobility as Mobility,
    SiteEnergies as SiteEnergies,
    activation_energy as activation_energy,
    activation_of_maximum as activation_of_maximum,
    barrier_of_glass_transition as barrier_of_glass_transition,
    chemical_potential as chemical_potential,
    conductivity as conductivity,
    conductivity_spectrum as conductivity_spectrum,
    critical_path as critical_path,
    current_distribution as current_distribution,
    density_of_states as density_of_states,
    generate_landscape as generate_landscape,
    hopping_spectrum as hopping_spectrum,
    hops_of_two_ions as hops_of_two_ions,
    kinetic_monte_carlo as kinetic_monte_carlo,
    landscape_diffusion as landscape_diffusion,
    landscape_from_energies as landscape_from_energies,
    load_hops as load_hops,
    load_mobility as load_mobility,
    load_spectrum as load_spectrum,
    occupations as occupations,
    published_model as published_model,
    random_barrier_conductivity as random_barrier_conductivity,
    spin_lattice_relaxation as spin_lattice_relaxation,
)
from ionscape.inference import (
    FitProblem as FitProblem,
    FitResult as FitResult,
    compare as compare,
    fit as fit,
    load_fit as load_fit,
    load_fit_result as load_fit_result,
    make_fit as make_fit,
    profile_likelihood as profile_likelihood,
    sample_posterior as sample_posterior,
)
from ionscape.optics import (
    InverseWkb as InverseWkb,
    SlabModes as SlabModes,
    inverse_wkb as inverse_wkb,
    slab_modes as slab_modes,
)
from ionscape.reference import (
    Reference as Reference,
    load_reference as load_reference,
    read_impedance as read_impedance,
    reference_from_conductivities as reference_from_conductivities,
    reference_from_spectra as reference_from_spectra,
)
from ionscape.profiling import (
    DepthProfile as DepthProfile,
    GaussianResponse as GaussianResponse,
    Instrument as Instrument,
    Measurement as Measurement,
    MixingRoughnessInformationResponse as MixingRoughnessInformationResponse,
    RawProfile as RawProfile,
    calibrate as calibrate,
    inspect as inspect,
    load_measurement as load_measurement,
    load_profile as load_profile,
    make_measurement as make_measurement,
    make_raw_profile as make_raw_profile,
    read_raw_profile as read_raw_profile,
    synthesise as synthesise,
    write_raw_profile as write_raw_profile,
)
from ionscape.report import write_report as write_report
from ionscape.results import load as load
from ionscape.series import (
    HopsOfGlasses as HopsOfGlasses,
    SpectraOfGlasses as SpectraOfGlasses,
    SeriesResult as SeriesResult,
    fit_energy_scale as fit_energy_scale,
    load_hops_file as load_hops_file,
    load_hops_result as load_hops_result,
    load_spectra as load_spectra,
    load_series as load_series,
    load_series_result as load_series_result,
    parse_series as parse_series,
    run_hops as run_hops,
    run_mobility as run_mobility,
    run_series as run_series,
    run_spectra as run_spectra,
)
from ionscape.sweeps import load_sweep as load_sweep, sweep as sweep
from ionscape.transport import (
    PlateStress as PlateStress,
    Progress as Progress,
    Settings as Settings,
    SimulationResult as SimulationResult,
    effective_diffusion as effective_diffusion,
    entropy_production as entropy_production,
    load_result as load_result,
    plate_stress as plate_stress,
    population_overlap as population_overlap,
    refractive_index as refractive_index,
    simulate as simulate,
    waveguide_modes as waveguide_modes,
)

__version__: str
