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
    from ionscape.errors import ConvergenceError, FitError, InputError, IonscapeError, SimulationInterrupted
    from ionscape.experiment import Experiment, experiment_schema, load_experiment, parse_experiment
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
    from ionscape.report import write_report
    from ionscape.sims import (
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
        read_raw_profile,
        synthesise,
    )
    from ionscape.sweeps import sweep
    from ionscape.transport import Progress, Settings, SimulationResult, load_result, simulate

_HOMES = {
    "ConvergenceError": "errors",
    "DepthProfile": "sims",
    "Experiment": "experiment",
    "FitError": "errors",
    "FitProblem": "inference",
    "FitResult": "inference",
    "GaussianResponse": "sims",
    "InputError": "errors",
    "Instrument": "sims",
    "IonscapeError": "errors",
    "Measurement": "sims",
    "MixingRoughnessInformationResponse": "sims",
    "Progress": "transport",
    "RawProfile": "sims",
    "Settings": "transport",
    "SimulationInterrupted": "errors",
    "SimulationResult": "transport",
    "SiteEnergyDistribution": "diffusivity",
    "calibrate": "sims",
    "compare": "inference",
    "experiment_schema": "experiment",
    "fit": "inference",
    "inspect": "sims",
    "load_experiment": "experiment",
    "load_fit": "inference",
    "load_fit_result": "inference",
    "load_measurement": "sims",
    "load_profile": "sims",
    "load_result": "transport",
    "make_fit": "inference",
    "make_measurement": "sims",
    "parse_experiment": "experiment",
    "profile_likelihood": "inference",
    "read_raw_profile": "sims",
    "sample_posterior": "inference",
    "simulate": "transport",
    "site_energy_diffusion": "diffusivity",
    "sweep": "sweeps",
    "synthesise": "sims",
    "write_report": "report",
}
_MODULES = ("figures", "relations")

__all__ = [
    "ConvergenceError",
    "DepthProfile",
    "Experiment",
    "FitError",
    "FitProblem",
    "FitResult",
    "GaussianResponse",
    "InputError",
    "Instrument",
    "IonscapeError",
    "Measurement",
    "MixingRoughnessInformationResponse",
    "Progress",
    "RawProfile",
    "Settings",
    "SimulationInterrupted",
    "SimulationResult",
    "SiteEnergyDistribution",
    "__version__",
    "calibrate",
    "compare",
    "experiment_schema",
    "figures",
    "fit",
    "inspect",
    "load_experiment",
    "load_fit",
    "load_fit_result",
    "load_measurement",
    "load_profile",
    "load_result",
    "make_fit",
    "make_measurement",
    "parse_experiment",
    "profile_likelihood",
    "read_raw_profile",
    "relations",
    "sample_posterior",
    "simulate",
    "site_energy_diffusion",
    "sweep",
    "synthesise",
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
