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
    from ionscape.errors import ConvergenceError, InputError, IonscapeError, SimulationInterrupted
    from ionscape.experiment import Experiment, experiment_schema, load_experiment, parse_experiment
    from ionscape.transport import Progress, Settings, SimulationResult, load_result, simulate

_HOMES = {
    "ConvergenceError": "errors",
    "Experiment": "experiment",
    "InputError": "errors",
    "IonscapeError": "errors",
    "Progress": "transport",
    "Settings": "transport",
    "SimulationInterrupted": "errors",
    "SimulationResult": "transport",
    "SiteEnergyDistribution": "diffusivity",
    "experiment_schema": "experiment",
    "load_experiment": "experiment",
    "load_result": "transport",
    "parse_experiment": "experiment",
    "simulate": "transport",
    "site_energy_diffusion": "diffusivity",
}
_MODULES = ("figures", "relations")

__all__ = [
    "ConvergenceError",
    "Experiment",
    "InputError",
    "IonscapeError",
    "Progress",
    "Settings",
    "SimulationInterrupted",
    "SimulationResult",
    "SiteEnergyDistribution",
    "__version__",
    "experiment_schema",
    "figures",
    "load_experiment",
    "load_result",
    "parse_experiment",
    "relations",
    "simulate",
    "site_energy_diffusion",
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
