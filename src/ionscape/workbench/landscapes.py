"""What is asked of the landscapes of a glass: spectra, hops in time, D(n, T); each as the hops file of its command.

A project keeps the tables of these calculations in one document, and only what differs from `Calculation.quick`. Glass,
landscape, rates and seed are those of its series of glasses. Together they are a hops file.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticCustomError

from ionscape.errors import InputError
from ionscape.files.toml import parse_toml

from .reading import parse_document

if TYPE_CHECKING:
    from ionscape.figures.registry import Owner
    from ionscape.series import HopsFile

LANDSCAPES_FILE = "landscapes.toml"
OF_THE_SERIES = ("glass", "landscape", "hopping", "random")
"""Tables of a hops file that the series has."""
COMPOSITION = "glass.borate_fraction"
"""The only one of these in the document of the calculations: a composition, the middle one of the series if absent."""


@dataclass(frozen=True, kw_only=True)
class Calculation:
    """What can be calculated of the landscapes.

    Attributes:
        kind: of its jobs, the command, and the name of the result without extension.
        title: on the page.
        table: of the hops file that asks for it.
        keys: of the table that the page shows, by their paths in it.
        quick: what stands in the table where nothing is given.
        owner: the kind of the result among those that have figures.
        run: name of the function of `ionscape` that calculates it.
        load: name of the function of `ionscape` that reads the result.
    """

    kind: str
    title: str
    table: str
    keys: tuple[str, ...]
    quick: Mapping[str, Any]
    owner: Owner
    run: str
    load: str


_LANDSCAPES = ("lattice", "landscapes", "temperatures")
_QUICK: Mapping[str, Any] = {"lattice": 10, "landscapes": 2}
CALCULATIONS: Mapping[str, Calculation] = {
    each.kind: each
    for each in (
        Calculation(
            kind="spectrum", title="Spectrum", table="spectrum",
            keys=(*_LANDSCAPES, "frequencies.from", "frequencies.to", "frequencies.per_decade",
                  "thickness", "area",
                  "relative_permittivity"),
            quick={**_QUICK, "temperatures": ["300 K", "400 K"], "frequencies": {"from": "1 mHz"}, "thickness": "1 mm",
                   "area": "1 cm^2"},
            owner="spectra of glasses", run="run_spectra", load="load_spectra",
        ),
        Calculation(
            kind="hops", title="Hops in time", table="kinetic_monte_carlo",
            keys=(*_LANDSCAPES, "ensemble", "cap", "relative_error", "budget", "tracer"),
            quick={**_QUICK, "temperatures": ["600 K", "800 K"], "relative_error": 0.05, "tracer": False},
            owner="hops of glasses", run="run_hops", load="load_hops_result",
        ),
        Calculation(
            kind="mobility", title="D(n, T)", table="mobility",
            keys=(*_LANDSCAPES, "filling", "second_ion.mobility", "second_ion.barrier", "shares"),
            quick={**_QUICK, "temperatures": ["323 K", "393 K"]},
            owner="mobility", run="run_mobility", load="load_mobility",
        ),
    )
}  # fmt: skip
"""By their kinds."""


def hops_text(series: Mapping[str, Any], given: Mapping[str, Any], calculation: Calculation) -> str:
    """The hops file of a calculation, as the command line reads it.

    Args:
        series: data of the series of glasses.
        given: data of the document of the calculations.
        calculation: which of them.
    """
    import tomlkit

    made: dict[str, Any] = {key: series[key] for key in ("title", *OF_THE_SERIES) if key in series}
    glass = made.get("glass")
    if isinstance(glass, Mapping):
        chosen = _table(given, "glass").get("borate_fraction")
        ratio = "mixing_ratio" if "formula" in glass else "borate_fraction"
        x = _middle(glass.get(ratio)) if chosen is None else chosen
        made["glass"] = {**glass, **({} if x is None else {ratio: x})}
        if isinstance(made.get("title"), str) and isinstance(x, int | float):
            made["title"] = f"{made['title']}, x = {x:.4g}"
    made[calculation.table] = {**calculation.quick, **_table(given, calculation.table)}
    return tomlkit.dumps(made)


def parse_hops(text: str, *, folder: str | Path) -> HopsFile:
    """What a hops file of the project says.

    Raises:
        InputError: something in it, or in a file that it names, cannot be used.
    """
    from ionscape.series import parse_hops_file

    return parse_document(text, parse_hops_file, file=LANDSCAPES_FILE, folder=folder)


def hops_problems(series: str, given: Mapping[str, Any], *, folder: Path) -> dict[str, InputError]:
    """What is wrong with the calculations: errors by key; none if there is no series.

    Args:
        series: text of the series of glasses.
        given: data of the document of the calculations.
        folder: of the project.
    """
    found: dict[str, InputError] = {}
    if not series.strip():
        return found
    data = parse_toml(series, file=None)
    for calculation in CALCULATIONS.values():
        try:
            parse_hops(hops_text(data, given, calculation), folder=folder)
        except InputError as error:
            found.setdefault(error.key or "", error)
    return found


def _table(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = data.get(name)
    return table if isinstance(table, Mapping) else {}


def _middle(borate_fraction: object) -> float | None:
    """The middle one of mixing ratios as they stand in a file; None where they cannot be read."""
    from ionscape.series.glass_settings import MixingRatios

    with suppress(PydanticCustomError):
        ratios = sorted(MixingRatios().read(borate_fraction))
        return ratios[len(ratios) // 2]
    return None
