"""Run a series: every landscape of every composition, averaged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import InputError
from ionscape.scaleout import Executor, RunStore, Tally, make_executor

from .averages import Averages
from .dataset import make_series_result
from .fit import EnergyScaleFit, fit_energy_scale
from .load import Series, landscape_model, too_few_sites
from .result import SeriesResult
from .settings import NetworkTable, PercolationTable
from .tasks import LandscapeTask, landscape_values


def run_series(
    series: Series,
    *,
    store: str | Path | None = None,
    executor: Executor | None = None,
    scheduler: str | None = None,
    processes: int | None = None,
    progress: Callable[[Tally], None] | None = None,
) -> SeriesResult:
    """Calculate activation energies and conductivities of all glasses of a series.

    Args:
        series: what `load_series` returns.
        store: folder where finished landscapes are kept; those found there are not calculated again. None keeps none.
        executor: of `make_executor`, to use one for several calls; None makes one of the next two.
        scheduler: None for processes on this machine, "serial", or the address of a Dask scheduler.
        processes: on this machine; None for one per core. In a script, several need `if __name__ == "__main__":`.
        progress: called at the start, and after every landscape; a fit of the energy scale comes before.

    Returns:
        Averages with their standard errors, and the values of every landscape. The numbers depend on the seed alone,
        not on the executor.

    Raises:
        InputError: too few landscapes have a path from face to face; says how many do. A temperature is so low that a
            conductivity is too small for a number.
        IonscapeError: a calculation failed, or the store cannot be written.
    """
    kept = None if store is None else RunStore(store)
    with make_executor(scheduler, processes, executor=executor) as chosen:
        fitted: EnergyScaleFit | None = None
        model = series.model
        if model is None:
            fitted = fit_energy_scale(series, executor=chosen, store=kept, progress=progress)
            model = landscape_model(series.settings, energy_scale=fitted.energy_scale, noise=fitted.noise)
        series = series.with_model(model)
        percolation, network = (
            _tasks(series, table) for table in (series.settings.percolation, series.settings.network)
        )
        found = landscape_values([*percolation, *network], executor=chosen, store=kept, progress=progress)
    paths, flows = found[: len(percolation)], found[len(percolation) :]
    count = len(series.glasses)
    settings = series.settings
    energies = _gathered(paths, count, "activation_energy")
    percolates = _gathered(flows, count, "percolates") > 0.0
    if settings.percolation is not None:
        _check_paths(series, settings.percolation, "percolation", np.isfinite(energies))
    if settings.network is not None:
        _check_temperatures(series, _gathered(flows, count, "too_cold"))
        _check_paths(series, settings.network, "network", percolates)
    return make_series_result(
        series,
        Averages(
            activation_energy=energies,
            fermi_energy=_gathered(paths or flows, count, "fermi_energy"),
            conductivity=_gathered(flows, count, "conductivity"),
            percolates=percolates,
            lower_bound=_gathered(flows, count, "lower_bound"),
            upper_bound=_gathered(flows, count, "upper_bound"),
            methods=tuple(sorted({value["method"] for value in flows})),
        ),
        fitted=fitted,
    )


def _tasks(series: Series, table: PercolationTable | NetworkTable | None) -> list[LandscapeTask]:
    """Those of a table of the file: all landscapes of one composition after the other."""
    if table is None:
        return []
    return [
        LandscapeTask(
            glass=glass,
            model=model,
            lattice=table.lattice,
            directions=table.directions,
            seed=series.settings.random.seed,
            landscape=number,
            temperatures=table.temperatures if isinstance(table, NetworkTable) else (),
            barriers=series.barriers.spread,
        )
        for glass, model in zip(series.glasses, series.models, strict=True)
        for number in range(table.landscapes)
    ]


def _gathered(found: list[dict[str, Any]], compositions: int, name: str) -> FloatArray:
    """Values by composition and landscape, and further axes of their own; empty without tasks."""
    values = np.array([value[name] for value in found], dtype=float)
    return values.reshape(compositions, -1, *values.shape[1:]) if found else values


def _check_temperatures(series: Series, too_cold: FloatArray) -> None:
    """Refuse temperatures at which a conductivity is too small for a number, shape (compositions, landscapes)."""
    network = series.settings.network
    assert network is not None
    if not np.isfinite(too_cold).any():
        return
    kelvin = float(np.nanmax(too_cold))
    place = int(np.argmin(np.abs(np.array(network.temperatures) - kelvin)))
    raise InputError(
        "gives a conductivity too small for a floating-point number",
        file=series.file, key=f"network.temperatures[{place}]", value=f"{kelvin:g} K", remedy="give a higher one",
    )  # fmt: skip


def _check_paths(series: Series, table: PercolationTable | NetworkTable, name: str, percolates: Any) -> None:
    """Refuse averages over too few landscapes.

    Args:
        series: what was calculated.
        table: with the least fraction.
        name: of the table in the file.
        percolates: whether there is a path, shape (compositions, landscapes, directions).
    """
    from ionscape.hopping.landscape import accessible_fraction
    from ionscape.hopping.percolation import SITE_THRESHOLD

    for ratio, glass, row in zip(series.mixing_ratios, series.glasses, percolates, strict=True):
        if row.any() and row.mean() >= table.least_percolating_fraction:
            continue
        composition = glass.composition
        found = (
            f"{int(row.sum())} of {row.size} {'landscapes' if row.shape[-1] == 1 else 'landscapes and directions'}"
            f" ({row.mean():.0%}) have a path from face to face at x = {ratio:g}"
        )
        if accessible_fraction(composition, series.settings.landscape.vacant_site_fraction) < SITE_THRESHOLD:
            raise too_few_sites(series.settings, composition, found, file=series.file)
        raise InputError(
            f"is too small: {found}", file=series.file, key=f"{name}.lattice", value=table.lattice,
            remedy="give a larger lattice, or another least_percolating_fraction",
        )  # fmt: skip
