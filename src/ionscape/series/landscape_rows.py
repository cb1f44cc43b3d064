"""Spectra, hops in time and D(n, T) as tables of texts, for the command line and the workbench alike."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ionscape.constants import ELECTRON_VOLT
from ionscape.diffusivity.landscape import ORIGINS
from ionscape.files.quantities import with_error
from ionscape.files.table_files import Rows

if TYPE_CHECKING:
    from ionscape.hopping import Mobility

    from .hops_result import HopsOfGlasses
    from .spectra_result import SpectraOfGlasses

NO_VALUE = "-"
HOPS_SHOWN: Mapping[str, str] = {
    "conductivity": "σ / S/m",
    "network_ratio": "σ / σ of the network",
    "diffusion_coefficient": "D_σ / m²/s",
    "tracer_diffusion_coefficient": "tracer D / m²/s",
    "haven_ratio": "Haven ratio",
}
SPECTRUM_SHOWN = ("T / K", "σ(0) / S/m", "σ(∞) / S/m", "τ / s", "estimated error")


def spectra_rows(result: SpectraOfGlasses) -> Rows:
    """Dc and high-frequency conductivities of each composition and temperature."""
    summary = result.summary()
    rows: list[tuple[str, ...]] = []
    for entry in summary["spectra"]:
        value, error = entry["dc_conductivity"], entry["dc_conductivity_error"]
        direct = " ± ".join(with_error(value, error)) if math.isfinite(error) else f"{value:.4g}"
        rows.append((f"{entry['x']:.4g}", f"{entry['temperature']:.5g}", direct,
                     f"{entry['high_frequency_conductivity']:.4g}", f"{entry['relaxation_time']:.3g}",
                     f"{entry['estimated_error']:.1g}"))  # fmt: skip
    return Rows(title=_over_landscapes(summary, "one landscape"), head=("x", *SPECTRUM_SHOWN), rows=tuple(rows))


def hops_rows(result: HopsOfGlasses) -> Rows:
    """Means of each composition and temperature with their standard errors."""
    summary = result.summary()
    rows = tuple((f"{entry['x']:.4g}", f"{entry['temperature']:.5g}", *hops_cells(entry)) for entry in summary["hops"])
    title = _over_landscapes(summary, "standard errors of the run")
    permittivity = summary.get("relative_permittivity")
    if permittivity is not None:
        title += f"; Coulomb interaction, relative permittivity {permittivity:.4g}"
    return Rows(title=title, head=("x", "T / K", *hops_shown(summary["hops"][0]).values()), rows=rows)


def hops_shown(entry: Mapping[str, Any]) -> Mapping[str, str]:
    """What is shown of an entry, by name; of ions that repel each other the drift of their energy too."""
    return {**HOPS_SHOWN, **({"energy_drift": "energy drift / kT"} if "energy_drift" in entry else {})}


def hops_cells(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Each of `hops_shown` with its standard error."""
    found = ((entry[name], entry[f"{name}_error"]) for name in hops_shown(entry))
    return tuple(" ± ".join(with_error(value, error)) if math.isfinite(value) else NO_VALUE for value, error in found)


def mobility_rows(result: Mobility) -> tuple[Rows, ...]:
    """D of each temperature and share with its standard error; a table of each origin, whose title says it."""
    summary = result.summary()
    title = summary["title"] or str(result.dataset.attrs["glass"])
    tables: list[Rows] = []
    for origin in result.origins:
        axis, head = ("filling", "filling") if origin == "filling" else ("share", "native share")
        rows = tuple(
            (f"{point['temperature']:.5g}", f"{point[axis]:.4g}", f"{point['diffusion_coefficient']:.3g}",
             f"{point['diffusion_coefficient_error']:.1g}", _barrier(point["activation_energy"]))
            for point in summary["points"] if axis in point
        )  # fmt: skip
        tables.append(Rows(title=f"{title}, D {ORIGINS[origin]}",
                           head=("T / K", head, "D / m²/s", "± 1 σ", "barrier / eV"), rows=rows))  # fmt: skip
    return tuple(tables)


def _barrier(energy: float) -> str:
    """An activation energy in eV; there is none without a path."""
    return f"{energy / ELECTRON_VOLT:.3f}" if math.isfinite(energy) else NO_VALUE


def _over_landscapes(summary: Mapping[str, Any], of_one: str) -> str:
    """The title, with what the errors are of."""
    count = summary["landscapes"]
    return f"{summary['title']} ({f'standard errors over {count} landscapes' if count > 1 else of_one})"
