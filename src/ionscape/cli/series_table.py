"""The result of a series of glasses as tables: energies and attempt frequencies, then conductivities."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

from ionscape.cli.table import NO_VALUE, print_table, print_warnings
from ionscape.constants import NORMAL_95
from ionscape.files.quantities import with_error

if TYPE_CHECKING:
    import xarray
    from rich.console import Console

    from ionscape.series import SeriesResult

TEMPERATURES_PER_TABLE = 4


Columns = list[tuple[str, Sequence[str]]]
"""Of a table: headings of two lines, each with a cell per composition."""


def print_result(result: SeriesResult) -> None:
    """Print the tables, what was fitted and the warnings."""
    from rich.console import Console

    console = Console(soft_wrap=True)
    print_series(Console(), result)
    for line in _remarks(result.dataset):
        console.print(line, highlight=False, markup=False)
    print_warnings(result.warnings)


def print_series(console: Console, result: SeriesResult) -> None:
    """Print energies and attempt frequencies, then conductivities, with 95 % intervals, a line per composition."""
    from rich.table import Column

    data = result.dataset
    conductivities = _conductivity_columns(data)
    starts = range(0, len(conductivities), TEMPERATURES_PER_TABLE)
    for columns in (
        _energy_columns(data), *(conductivities[first : first + TEMPERATURES_PER_TABLE] for first in starts),
    ):  # fmt: skip
        if columns:
            headings, cells = zip(*columns, strict=True)
            rows = ([f"{x:.4g}", *rest] for x, *rest in zip(data["x"].values, *cells, strict=True))
            print_table(console, str(data.attrs["title"]), [Column("x", justify="right"), *headings], rows)


def _energy_columns(data: xarray.Dataset) -> Columns:
    """Activation energy, slope of the conductivity and attempt frequency, as far as they were calculated."""
    from ionscape.series.result import landscapes_with_path

    columns: Columns = []
    for name, heading, single in (
        ("activation_energy", "E_a ± 95 %\n/ eV", "landscape_activation_energy"),
        ("arrhenius_energy", "slope of ln σT ± 95 %\n/ eV", "landscape_conductivity"),
    ):
        if name in data and bool(data[name].notnull().any()):
            count = landscapes_with_path(data, single)
            pairs = zip(data[name].values, data[f"{name}_error"].values, strict=True)
            columns.append((heading, [_mean(value, error, count, least_decimals=2) for value, error in pairs]))
    if "conductivity" in data:
        columns.append((_frequency_heading(data), _frequencies(data)))
    return columns


def _conductivity_columns(data: xarray.Dataset) -> Columns:
    """Decadic logarithms of the mean conductivity in S/cm, a column for each temperature."""
    from ionscape.series.result import landscapes_with_path

    count = landscapes_with_path(data, "landscape_conductivity")
    columns: Columns = []
    for place, kelvin in enumerate(data["temperature"].values if "temperature" in data else ()):
        values, errors = (data[f"log10_conductivity{end}"].values[:, place] for end in ("", "_error"))
        cells = [
            _mean(value - 2.0, error, count, least_decimals=1) for value, error in zip(values, errors, strict=True)
        ]
        columns.append((f"log σ ± 95 %\n{kelvin:.5g} K", cells))
    return columns


def _frequency_heading(data: xarray.Dataset) -> str:
    with_errors = any(str(origin) != "given" for origin in data["attempt_frequency_origin"].values)
    return f"attempt frequency{' ± 95 %' if with_errors else ''}\n/ Hz"


def _frequencies(data: xarray.Dataset) -> list[str]:
    """Those of the conductivities, fitted ones as powers of ten since their logarithm is what has an error."""
    cells: list[str] = []
    for value, error, origin in zip(
        data["attempt_frequency"].values, data["attempt_frequency_error"].values,
        data["attempt_frequency_origin"].values, strict=True,
    ):  # fmt: skip
        if str(origin) == "given":
            cells.append(f"{value:.4g}")
        elif math.isfinite(error):
            cells.append(_power_of_ten(value, error))
        else:
            cells.append(f"10^{math.log10(value):.1f} {origin}")
    return cells


def _power_of_ten(value: float, error: float) -> str:
    """A number and half of its 95 % interval as a power of ten.

    The error is the number times the standard error of its natural logarithm, which is normal.
    """
    decades = NORMAL_95 * error / value / math.log(10.0)
    return f"10^({_with_error(math.log10(value), decades)})" if decades > 0.0 else f"{value:.4g}"


def _mean(value: float, error: float, landscapes: int, *, least_decimals: int) -> str:
    """A mean and half of its 95 % interval by Student's t; of few landscapes no more digits than it allows."""
    from ionscape.series.averages import student_factor
    from ionscape.series.remarks import FEWEST_LANDSCAPES

    half = student_factor(landscapes) * error
    if landscapes >= FEWEST_LANDSCAPES or not (math.isfinite(value) and half > 0.0):
        return _with_error(value, half)
    decimals = max(least_decimals, -math.floor(math.log10(half)))
    return f"{value:.{decimals}f} ± {half:.{decimals}f}"


def _with_error(value: float, error: float) -> str:
    shown, deviation = with_error(value, error)
    return shown if deviation == NO_VALUE else f"{shown} ± {deviation}"


def _remarks(data: xarray.Dataset) -> Generator[str]:
    """What the tables mean, and what was fitted to measurements, a line each."""
    from ionscape.series.result import landscapes_with_path

    meanings: dict[str, list[str]] = {}
    for single, what in (("landscape_activation_energy", "E_a"), ("landscape_conductivity", "log σ and slope")):
        if count := landscapes_with_path(data, single):
            meanings.setdefault(_meaning(count), []).append(what)
    for meaning, names in meanings.items():
        yield f"± of {', '.join(names)}: {meaning}"
    if "conductivity" in data:
        yield "log σ: log10 of the mean conductivity in S/cm; files hold it in S/m"
        if any(str(origin) != "given" for origin in data["attempt_frequency_origin"].values):
            yield (
                "± of the attempt frequency, 95 % in decades, is common to all temperatures and not part of that of"
                " log σ"
            )
    if "energy_scale_error" in data.attrs:
        yield from _energy_scale(data)
    if "common_attempt_frequency" in data and float(data["common_attempt_frequency"]) > 0.0:
        value, error = (float(data[f"common_attempt_frequency{end}"]) for end in ("", "_error"))
        used = any(str(origin) == "fitted to all" for origin in data["attempt_frequency_origin"].values)
        shown = _power_of_ten(value, error) if math.isfinite(error) else f"10^{math.log10(value):.1f}"
        what = "one attempt frequency for all measured conductivities (± 95 %)"
        yield f"{what}{'' if used else ', not used here'}: {shown} Hz"


def _meaning(landscapes: int) -> str:
    """Of the number behind ±."""
    if landscapes == 1:
        return "none, there is one landscape"
    return f"half of the 95 % interval of the mean over {landscapes} landscapes, by Student's t"


def _energy_scale(data: xarray.Dataset) -> Generator[str]:
    """Energy scale and noise that were fitted, with their 95 % intervals, and how well."""
    from ionscape.series.averages import student_factor

    numbers = data.attrs
    # their errors are raised to the scatter of the measurements where that is larger
    freedom = int(numbers["energy_scale_degrees_of_freedom"])
    factor = student_factor(freedom + 1) if freedom else NORMAL_95
    scale = _with_error(float(numbers["energy_scale"]), factor * float(numbers["energy_scale_error"]))
    noise = _with_error(float(numbers["noise"]), factor * float(numbers["noise_error"]))
    points = data.sizes["energy_scale_point"]
    yield f"fitted to {points} measured activation energies (± 95 %): energy scale {scale} eV, noise {noise}"
    yield (
        f"of this fit: χ² = {float(numbers['energy_scale_chi_square']):.3g} for"
        f" {int(numbers['energy_scale_degrees_of_freedom'])} degrees of freedom, correlation of both"
        f" {float(numbers['energy_scale_noise_correlation']):.3f}"
    )
