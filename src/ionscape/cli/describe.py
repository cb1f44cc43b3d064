"""`ionscape check` and `ionscape schema`: what a file says, and what it may say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ionscape.cli.terminal import say
from ionscape.files.quantities import format_quantity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ionscape.experiment import Experiment
    from ionscape.series import HopsFile, Series


FilePart = Literal["experiment", "measurement", "fit", "series", "hops"]


def schema_command(
    part: Annotated[FilePart, typer.Argument(help="experiment, measurement, fit, series or hops.")] = "experiment",
) -> None:
    """Print the JSON schema of experiment, series or hops files, or of the tables [measurement] or [fit]."""
    from ionscape.experiment import experiment_schema
    from ionscape.inference.settings import fit_schema
    from ionscape.profiling.settings import measurement_schema
    from ionscape.series.hops_settings import hops_schema
    from ionscape.series.settings import series_schema

    makers = {
        "experiment": experiment_schema,
        "measurement": measurement_schema,
        "fit": fit_schema,
        "series": series_schema,
        "hops": hops_schema,
    }
    say(json.dumps(makers[part](), indent=2))


def check_command(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="Experiment, series of glasses or hops, a TOML file.", show_default=False),
    ],
) -> None:
    """Check an experiment file, a series file or a hops file, and describe it in a few lines."""
    from ionscape.experiment import load_experiment
    from ionscape.files.text import read_text
    from ionscape.files.toml import parse_toml

    data = parse_toml(read_text(file), file=str(file))
    if any(name in data for name in ("kinetic_monte_carlo", "spectrum", "mobility")):
        from ionscape.series import load_hops_file

        lines = describe_hops(load_hops_file(file))
    elif "glass" in data and "sample" not in data:
        from ionscape.series import load_series

        lines = describe_series(load_series(file))
    else:
        lines = describe(load_experiment(file))
    for line in lines:
        say(line)


def describe_hops(given: HopsFile) -> list[str]:
    """What a hops file asks for, in a few lines."""
    ratios = ", ".join(f"{x:g}" for x in given.settings.glass.mixing_ratios)
    lines = [
        given.title,
        f"glasses: {given.settings.glass.in_words}, x = {ratios}",
    ]
    lines.append(f"least barrier: {given.barriers.in_words(given.glasses, given.settings.glass.mixing_ratios)}")
    for name, table in given.settings.tables.items():
        kelvins = ", ".join(f"{kelvin:.5g} K" for kelvin in table.temperatures)
        what = {"kinetic_monte_carlo": "hops in time", "spectrum": "spectra", "mobility": "D(n, T)"}[name]
        lines.append(f"{what}: {table.landscapes} landscapes of {table.lattice}³ sites at {kelvins}")
    if given.settings.kinetic_monte_carlo is not None:
        table = given.kinetic_monte_carlo
        most = f"{table.most_hops:.2g} hops" if table.budget is None else "its part of the budget"
        lines.append(f"each run of hops until {table.relative_error:.2%} or {most}")
    return lines


def describe_series(series: Series) -> Iterator[str]:
    """Yield the lines of a short description: glasses, landscape, what is calculated, measurements."""
    from ionscape.constants import ELECTRON_VOLT
    from ionscape.hopping import published_parameters
    from ionscape.series.remarks import file_remarks, lattice_remarks

    settings, model = series.settings, series.model
    yield series.title
    x = series.mixing_ratios
    span = f"x = {x[0]:g}" if len(x) == 1 else f"{len(x)} compositions, x = {min(x):g} to {max(x):g}"
    yield f"  glasses: {settings.glass.in_words}, {span}"
    if model is None:
        yield "  landscape: energy scale and noise fitted to measured activation energies"
    else:
        published = settings.landscape.energy_scale is None
        origin = f", published for {published_parameters(series.glasses[0].composition).glasses}" if published else ""
        yield f"  landscape: energy scale {model.energy_scale / ELECTRON_VOLT:.4g} eV, noise {model.noise:g}{origin}"
    yield f"  least barrier: {series.barriers.in_words(series.glasses, x)}"
    for table, what in ((settings.percolation, "activation energies"), (settings.network, "conductivities")):
        if table is not None:
            yield f"  {what}: {table.landscapes} landscapes of {table.lattice}³ sites for each composition"
    if settings.network is not None:
        kelvins = ", ".join(f"{temperature:.5g} K" for temperature in settings.network.temperatures)
        frequency = settings.hopping.attempt_frequency
        shown = "fitted" if isinstance(frequency, str) else f"{frequency:g} Hz"
        yield f"  temperatures: {kelvins}; attempt frequency {shown}"
    if series.literature is not None:
        found = series.literature
        left_out, not_judged = len(found.left_out), len(found.not_judged)
        yield f"  measured: {len(found.glasses)} glasses, {left_out} left out, {not_judged} not judged"
    for warning in (*file_remarks(series), *lattice_remarks(settings)):
        yield f"warning: {warning}"


def describe(experiment: Experiment) -> Iterator[str]:
    """Yield the lines of a short description: sample, ions, stages; and a warning of what may be a slip."""
    from ionscape.experiment.native_glass import native_conduction
    from ionscape.experiment.programme import in_words

    sample = experiment.sample
    yield experiment.title
    native = ", ".join(f"{name} {density:.4g} 1/m^3" for name, density in sample.native.items())
    yield (
        f"  sample: {format_quantity(sample.thickness, 'length')} thick, "
        f"{format_quantity(sample.illuminated_area, 'area')} illuminated, native {native}"
    )
    charge = experiment.network_charge
    yield f"  fixed charge of the network: {f'{charge:+.4g} e/m^3' if charge else 'none, the native ions are neutral'}"
    for name, ion in experiment.ions.items():
        mobility = _mobility(experiment, name)
        model = getattr(ion.diffusion, "model", type(ion.diffusion).__name__)
        yield f"  ion {name}: charge {ion.charge:+d}, diffusion model {model}, {mobility}"
    for name in experiment.sites:
        yield from _describe_sites(experiment, name)
    for number, stage in enumerate(experiment.stages, start=1):
        yield (
            f"  stage {number}: {stage.in_short()}, {in_words(stage.temperature, 'temperature', digits=5)}, "
            f"{format_quantity(stage.duration, 'time', digits=5)}"
            + (f", other diffusion models for {', '.join(stage.diffusion)}" if stage.diffusion else "")
        )
        found = native_conduction(experiment, number - 1) if stage.drives else None
        if found is not None:
            current = (
                "" if found.current is None else f"current {format_quantity(found.current, 'current')} by Ohm's law, "
            )
            when = " at the start" if stage.programmes else ""
            yield (
                f"    native glass{when}: {current}conductivity {format_quantity(found.conductivity, 'conductivity')},"
                f" Debye length {format_quantity(found.debye_length, 'length', digits=3)}"
            )
    cross = experiment.cross_terms
    if cross.haven_ratio is not None:
        yield f"  cross terms: Haven ratio {cross.haven_ratio:g}"
    elif cross.pairs:
        yield f"  cross terms: {', '.join(f'{pair} {value:g}' for pair, value in cross.pairs.items())}"
    deposits = experiment.back_electrode.deposits
    leaving = "every ion that arrives leaves" if deposits is None else f"{', '.join(deposits) or 'no ion'} leaves"
    yield f"  back electrode: grounded, {leaving}"
    for warning in experiment.warnings:
        yield f"warning: {warning}"


def _describe_sites(experiment: Experiment, name: str) -> Iterator[str]:
    """Yield a line about a site system, and one about each ion on it whose population is resolved."""
    from ionscape.constants import BOLTZMANN_CONSTANT, ELECTRON_VOLT
    from ionscape.diffusivity import PopulationDiffusion

    system, temperature = experiment.site_system(name), experiment.stages[0].first_temperature
    sites, kelvin = system.distribution.total_sites, format_quantity(temperature, "temperature", digits=5)
    levels = system.levels(0.25 * BOLTZMANN_CONSTANT * temperature)
    mobile = system.distribution.branches[0].centre
    level = (levels.fermi_level(system.native_density, temperature) - mobile) / ELECTRON_VOLT
    held, filled = " and ".join(experiment.sites[name].holds), system.native_density / sites
    yield (
        f"  site system {name}: {sites:.4g} sites/m^3, {filled:.4g} of them filled by native {held}; ions"
        f" {', '.join(system.ions)}; Fermi level {level:+.4f} eV from the middle of the mobile sites at {kelvin}"
    )
    for ion in system.ions:
        model = experiment.diffusion_model(ion, 0)
        if isinstance(model, PopulationDiffusion):
            rate = format_quantity(model.release_rate(temperature), "rate")
            yield (
                f"    population of {ion}: release rate {rate} at {kelvin},"
                f" hops of {format_quantity(model.hop_length, 'length')}"
            )


def _mobility(experiment: Experiment, name: str) -> str:
    """Return D of an ion in the native glass, in the first stage that has it, and where it holds."""
    from ionscape.experiment.native_glass import first_coefficient

    found = first_coefficient(experiment, name)
    if found.coefficient == 0.0:
        return "immobile"
    temperature = experiment.stages[found.stage].first_temperature
    return (
        f"D {format_quantity(found.coefficient, 'diffusion coefficient')} at"
        f" {format_quantity(temperature, 'temperature', digits=5)} in the native glass"
    )
