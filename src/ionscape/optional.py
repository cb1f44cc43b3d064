"""Optional parts of the package: what each extra installs and enables, and the sentence said where it is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType

from ionscape.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Extra:
    """One extra of the package.

    Attributes:
        modules: that are imported; each has the name of the distribution it comes from.
        enables: what can be done with it, as the end of a sentence.
    """

    modules: tuple[str, ...]
    enables: str


EXTRAS: Mapping[str, Extra] = MappingProxyType(
    {
        "workbench": Extra(
            modules=("nicegui", "plotly", "tomlkit", "filelock"), enables="the pages of `ionscape workbench`"
        ),
        "dask": Extra(modules=("distributed",), enables="ensembles on a Dask cluster"),
        "ita": Extra(modules=("pySPM",), enables="reading ION-TOF .ita files"),
        "samplers": Extra(modules=("emcee",), enables="the posterior of a fit by Markov chains"),
    }
)
"""By name, as in `pip install "ionscape[NAME]"`."""


def install_command(extra: str) -> str:
    """What installs an extra."""
    return f'pip install "ionscape[{extra}]"'


def require_extra(
    extra: str,
    *,
    file: str | None = None,
    key: str | None = None,
    value: object = None,
    alternative: str | None = None,
) -> None:
    """Make sure that the modules of an extra can be imported.

    Args:
        extra: one of `EXTRAS`.
        file: that needs it.
        key: of the setting that needs it.
        value: of that setting.
        alternative: what to do instead of installing it.

    Raises:
        InputError: a module is not installed, or cannot be imported; it says what to install.
    """
    for name in EXTRAS[extra].modules:
        try:
            import_module(name)
        except ImportError as error:
            missing = isinstance(error, ModuleNotFoundError) and error.name == name
            reason = "which is not installed" if missing else f"which cannot be imported ({error})"
            remedy = f"install it with `{install_command(extra)}`"
            raise InputError(
                f"needs {name}, {reason}", file=file, key=key, value=value,
                remedy=remedy if alternative is None else f"{remedy}, or {alternative}",
            ) from None  # fmt: skip
