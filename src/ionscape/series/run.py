"""Run a series: every landscape of every composition, averaged."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import InputError
from ionscape.scaleout import Executor, RunStore, Tally, Task, make_executor

from .dataset import make_series_result
from .fit import EnergyScaleFit, fit_energy_scale
from .load import Series, landscape_model, too_few_sites
from .remarks import Averages
from .result import SeriesResult
from .settings import NetworkTable, PercolationTable
from .tasks import calculate, network_task, outcomes_by_key, percolation_task

if TYPE_CHECKING:
    from ionscape.hopping import LandscapeModel


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The tasks of a series, and which composition each belongs to: shape (compositions, landscapes)."""

    percolation: list[list[Task]]
    network: list[list[Task]]

    def ordered(self) -> list[Task]:
        """All tasks, the larger ones first, so that no process is left with a large one at the end."""
        tasks = [task for row in (*self.percolation, *self.network) for task in row]
        return sorted(tasks, key=_work, reverse=True)


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
    with _one_of(executor, scheduler, processes) as chosen:
        fitted: EnergyScaleFit | None = None
        model = series.model
        if model is None:
            fitted = fit_energy_scale(series, executor=chosen, store=kept, progress=progress)
            model = landscape_model(series.settings, energy_scale=fitted.energy_scale, noise=fitted.noise)
        plan = make_plan(series, model)
        tasks = plan.ordered()
        outcomes = chosen.map(calculate, tasks, store=kept, progress=progress)
    found = outcomes_by_key(outcomes)
    settings = series.settings
    energies = _gathered(plan.percolation, found, "activation_energy")
    percolates = _gathered(plan.network, found, "percolates") > 0.0
    if settings.percolation is not None:
        _check_paths(series, settings.percolation, "percolation", np.isfinite(energies))
    if settings.network is not None:
        _check_temperatures(series, _gathered(plan.network, found, "too_cold"))
        _check_paths(series, settings.network, "network", percolates)
    return make_series_result(
        series.with_model(model),
        Averages(
            activation_energy=energies,
            fermi_energy=_gathered(plan.percolation or plan.network, found, "fermi_energy"),
            conductivity=_gathered(plan.network, found, "conductivity"),
            percolates=percolates,
            lower_bound=_gathered(plan.network, found, "lower_bound"),
            upper_bound=_gathered(plan.network, found, "upper_bound"),
            methods=tuple(sorted({found[task.key]["method"] for row in plan.network for task in row})),
        ),
        fitted=fitted,
    )


def make_plan(series: Series, model: LandscapeModel) -> Plan:
    """The tasks of all compositions and landscapes."""
    settings = series.settings
    seed = settings.random.seed
    percolation, network = settings.percolation, settings.network
    return Plan(
        percolation=[
            [
                percolation_task(
                    glass, model, lattice=percolation.lattice, directions=percolation.directions, seed=seed,
                    landscape=number,
                )
                for number in range(percolation.landscapes)
            ]
            for glass in series.glasses
        ] if percolation is not None else [],
        network=[
            [
                network_task(
                    glass, model, lattice=network.lattice, directions=network.directions, seed=seed,
                    landscape=number, temperatures=network.temperatures,
                )
                for number in range(network.landscapes)
            ]
            for glass in series.glasses
        ] if network is not None else [],
    )  # fmt: skip


@contextmanager
def _one_of(executor: Executor | None, scheduler: str | None, processes: int | None) -> Generator[Executor]:
    if executor is not None:
        yield executor
        return
    with make_executor(scheduler, processes) as made:
        yield made


def _work(task: Task) -> float:
    """Of a task, in sites; a conductivity takes about as long as ten searches for a path."""
    arguments: Any = task.arguments
    temperatures = len(arguments.get("temperatures", ())) * 10 or 1
    return arguments["lattice"] ** 3 * arguments["directions"] * temperatures


def _gathered(rows: list[list[Task]], found: dict[str, Any], name: str) -> FloatArray:
    """Values by composition and landscape, and further axes of their own; empty without tasks."""
    return np.array([[np.asarray(found[task.key][name]) for task in row] for row in rows], dtype=float)


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

    for glass, row in zip(series.glasses, percolates, strict=True):
        if row.any() and row.mean() >= table.least_percolating_fraction:
            continue
        composition = glass.composition
        found = (
            f"{int(row.sum())} of {row.size} {'landscapes' if row.shape[-1] == 1 else 'landscapes and directions'}"
            f" ({row.mean():.0%}) have a path from face to face at x = {composition.borate_fraction:g}"
        )
        if accessible_fraction(composition, series.settings.landscape.vacant_site_fraction) < SITE_THRESHOLD:
            raise too_few_sites(series.settings, composition, found, file=series.file)
        raise InputError(
            f"is too small: {found}", file=series.file, key=f"{name}.lattice", value=table.lattice,
            remedy=f"give a larger lattice, or another {name}.least_percolating_fraction",
        )  # fmt: skip
