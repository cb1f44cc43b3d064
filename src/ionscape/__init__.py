"""ionscape: how ions move in glasses, from depth profiles to site energies and from composition to conductivity.

>>> import ionscape as isc
>>> experiment = isc.load_experiment("rb-mono-cait.toml")  # doctest: +SKIP
>>> result = isc.simulate(experiment)  # doctest: +SKIP
>>> result.summary()["stages"][0]["front_depth"]  # doctest: +SKIP
"""

from typing import Any

from ionscape.lazy import lazy_names

_load, __all__ = lazy_names(__name__, __file__)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from ionscape.provenance import package_version

        return package_version()
    return _load(name)


def __dir__() -> list[str]:
    return __all__
