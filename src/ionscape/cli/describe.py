"""`ionscape check`, `ionscape schema` and `ionscape cite`: what a file says, what it may say, and what to cite."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ionscape.references import REFERENCES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ionscape.experiment import Experiment, Stage


class FilePart(StrEnum):
    """What has a schema."""

    experiment = "experiment"
    measurement = "measurement"
    series = "series"


def schema_command(
    part: Annotated[
        FilePart, typer.Argument(help="experiment, measurement or series.")
    ] = FilePart.experiment,
) -> None:
    """Print the JSON schema of experiment files, of series files or of the table [measurement]."""
    from ionscape.experiment import experiment_schema
    from ionscape.series.settings import series_schema
    from ionscape.sims.settings import measurement_schema

    makers = {
        FilePart.experiment: experiment_schema,
        FilePart.measurement: measurement_schema,
        FilePart.series: series_schema,
    }
    typer.echo(json.dumps(makers[part](), indent=2))


def cite_command() -> None:
    """Print the references whose physics the program implements."""
    for reference in REFERENCES:
        typer.echo(reference)


def check_command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Experiment, a TOML file.", show_default=False)],
) -> None:
    """Check an experiment file and describe it in a few lines."""
    from ionscape.experiment import load_experiment

    for line in describe(load_experiment(file)):
        typer.echo(line)


def describe(experiment: Experiment) -> Iterator[str]:
    """Yield the lines of a short description: sample, ions, stages."""
    from ionscape.quantities import format_quantity

    sample = experiment.sample
    yield experiment.title
    native = ", ".join(f"{name} {density:.4g} 1/m^3" for name, density in sample.native.items())
    yield (
        f"  sample: {format_quantity(sample.thickness, 'length')} thick, "
        f"{format_quantity(sample.illuminated_area, 'area')} illuminated, native {native}"
    )
    for name, ion in experiment.ions.items():
        yield f"  ion {name}: charge {ion.charge:+d}, diffusion model {ion.diffusion.model}"
    for number, stage in enumerate(experiment.stages, start=1):
        yield (
            f"  stage {number}: {_stage_text(stage)}, {format_quantity(stage.temperature, 'temperature', digits=5)}, "
            f"{format_quantity(stage.duration, 'time', digits=5)}"
            + (f", other diffusion models for {', '.join(stage.diffusion)}" if stage.diffusion else "")
        )


def _stage_text(stage: Stage) -> str:
    """Return what drives the ions in one stage."""
    from ionscape.quantities import format_quantity

    if stage.kind == "irradiation":
        current = stage.beam_current
        limit = "" if current is None else f" and a beam of {format_quantity(current, 'current')}"
        return f"irradiation with {stage.beam}, source at {format_quantity(stage.source_potential, 'voltage')}{limit}"
    if stage.kind == "contact":
        what = "blocking contact" if stage.composition is None else "contact with " + ", ".join(stage.composition)
        return f"{what} at {format_quantity(stage.potential, 'voltage')}"
    return "storage, open circuit"
