"""ionscape: how ions move in glasses, from depth profiles to site energies and from composition to conductivity.

>>> import ionscape as isc
>>> experiment = isc.load_experiment("rb-mono-cait.toml")  # doctest: +SKIP
>>> result = isc.simulate(experiment)  # doctest: +SKIP
>>> result.summary()["stages"][0]["front_depth"]  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str

    from ionscape import figures, relations
    from ionscape.diffusivity import SiteEnergyDistribution, site_energy_diffusion
    from ionscape.errors import (
        ConvergenceError,
        FitError,
        InputError,
        IonscapeError,
        NetworkError,
        PercolationError,
        SimulationInterrupted,
    )
    from ionscape.experiment import Experiment, experiment_schema, load_experiment, parse_experiment
    from ionscape.glass import (
        Composition,
        Glass,
        make_glass,
        network_former_units,
        parse_composition,
        read_literature,
        select_series,
    )
    from ionscape.hopping import (
        CriticalPath,
        CurrentDistribution,
        Landscape,
        LandscapeModel,
        activation_energy,
        chemical_potential,
        conductivity,
        critical_path,
        current_distribution,
        density_of_states,
        generate_landscape,
        occupations,
        published_model,
    )
    from ionscape.inference import (
        FitProblem,
        FitResult,
        compare,
        fit,
        load_fit,
        load_fit_result,
        make_fit,
        profile_likelihood,
        sample_posterior,
    )
    from ionscape.profiling import (
        DepthProfile,
        GaussianResponse,
        Instrument,
        Measurement,
        MixingRoughnessInformationResponse,
        RawProfile,
        calibrate,
        inspect,
        load_measurement,
        load_profile,
        make_measurement,
        make_raw_profile,
        read_raw_profile,
        synthesise,
        write_raw_profile,
    )
    from ionscape.report import write_report
    from ionscape.results import load
    from ionscape.series import (
        SeriesResult,
        fit_energy_scale,
        load_series,
        load_series_result,
        parse_series,
        run_series,
    )
    from ionscape.sweeps import load_sweep, sweep
    from ionscape.transport import Progress, Settings, SimulationResult, load_result, simulate

_HOMES = {
    "Composition": "glass",
    "ConvergenceError": "errors",
    "CriticalPath": "hopping",
    "CurrentDistribution": "hopping",
    "DepthProfile": "profiling",
    "Experiment": "experiment",
    "FitError": "errors",
    "FitProblem": "inference",
    "FitResult": "inference",
    "GaussianResponse": "profiling",
    "Glass": "glass",
    "InputError": "errors",
    "Instrument": "profiling",
    "IonscapeError": "errors",
    "Landscape": "hopping",
    "LandscapeModel": "hopping",
    "Measurement": "profiling",
    "MixingRoughnessInformationResponse": "profiling",
    "NetworkError": "errors",
    "PercolationError": "errors",
    "Progress": "transport",
    "RawProfile": "profiling",
    "SeriesResult": "series",
    "Settings": "transport",
    "SimulationInterrupted": "errors",
    "SimulationResult": "transport",
    "SiteEnergyDistribution": "diffusivity",
    "activation_energy": "hopping",
    "calibrate": "profiling",
    "chemical_potential": "hopping",
    "compare": "inference",
    "conductivity": "hopping",
    "critical_path": "hopping",
    "current_distribution": "hopping",
    "density_of_states": "hopping",
    "experiment_schema": "experiment",
    "fit": "inference",
    "fit_energy_scale": "series",
    "generate_landscape": "hopping",
    "inspect": "profiling",
    "load": "results",
    "load_experiment": "experiment",
    "load_fit": "inference",
    "load_fit_result": "inference",
    "load_measurement": "profiling",
    "load_profile": "profiling",
    "load_result": "transport",
    "load_series": "series",
    "load_series_result": "series",
    "load_sweep": "sweeps",
    "make_fit": "inference",
    "make_glass": "glass",
    "make_measurement": "profiling",
    "make_raw_profile": "profiling",
    "network_former_units": "glass",
    "occupations": "hopping",
    "parse_composition": "glass",
    "parse_experiment": "experiment",
    "parse_series": "series",
    "profile_likelihood": "inference",
    "published_model": "hopping",
    "read_literature": "glass",
    "read_raw_profile": "profiling",
    "run_series": "series",
    "sample_posterior": "inference",
    "select_series": "glass",
    "simulate": "transport",
    "site_energy_diffusion": "diffusivity",
    "sweep": "sweeps",
    "synthesise": "profiling",
    "write_raw_profile": "profiling",
    "write_report": "report",
}
_MODULES = ("figures", "relations")

__all__ = [
    "Composition",
    "ConvergenceError",
    "CriticalPath",
    "CurrentDistribution",
    "DepthProfile",
    "Experiment",
    "FitError",
    "FitProblem",
    "FitResult",
    "GaussianResponse",
    "Glass",
    "InputError",
    "Instrument",
    "IonscapeError",
    "Landscape",
    "LandscapeModel",
    "Measurement",
    "MixingRoughnessInformationResponse",
    "NetworkError",
    "PercolationError",
    "Progress",
    "RawProfile",
    "SeriesResult",
    "Settings",
    "SimulationInterrupted",
    "SimulationResult",
    "SiteEnergyDistribution",
    "__version__",
    "activation_energy",
    "calibrate",
    "chemical_potential",
    "compare",
    "conductivity",
    "critical_path",
    "current_distribution",
    "density_of_states",
    "experiment_schema",
    "figures",
    "fit",
    "fit_energy_scale",
    "generate_landscape",
    "inspect",
    "load",
    "load_experiment",
    "load_fit",
    "load_fit_result",
    "load_measurement",
    "load_profile",
    "load_result",
    "load_series",
    "load_series_result",
    "load_sweep",
    "make_fit",
    "make_glass",
    "make_measurement",
    "make_raw_profile",
    "network_former_units",
    "occupations",
    "parse_composition",
    "parse_experiment",
    "parse_series",
    "profile_likelihood",
    "published_model",
    "read_literature",
    "read_raw_profile",
    "relations",
    "run_series",
    "sample_posterior",
    "select_series",
    "simulate",
    "site_energy_diffusion",
    "sweep",
    "synthesise",
    "write_raw_profile",
    "write_report",
]


def __getattr__(name: str) -> Any:
    # public names are loaded where they are first used, so that importing the package stays quick
    if name in _HOMES:
        return getattr(import_module(f"ionscape.{_HOMES[name]}"), name)
    if name in _MODULES:
        return import_module(f"ionscape.{name}")
    if name == "__version__":
        from ionscape.provenance import package_version

        return package_version()
    raise AttributeError(f"module 'ionscape' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
