"""What has to fit together in an experiment, beyond what each table can check for itself."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ionscape.errors import InputError, nearest_name, toml_value
from ionscape.experiment.diffusion import (
    ConstantSpecification,
    DiffusionSpecification,
    SiteEnergySpecification,
    is_immobile,
)
from ionscape.experiment.fields import reject

if TYPE_CHECKING:
    from ionscape.experiment.models import Contact, Experiment, Irradiation

# Sums of charges that cancel exactly leave rounding errors of this relative size at most.
CHARGE_TOLERANCE = 1e-9


def check_experiment(experiment: Experiment) -> None:
    """Refuse an experiment whose parts do not fit together.

    Raises:
        PydanticCustomError: the first problem, with the path of its key.
    """
    if not experiment.stages:
        remedy = 'describe at least one stage in [[stages]] with its kind: "irradiation", "contact" or "storage"'
        reject("must not be empty", field="stages", remedy=remedy)
    for key, name in _ions_used(experiment):
        if name not in experiment.ions:
            nearest = nearest_name(name, experiment.ions)
            other = f', or use the nearest described ion "{nearest}"' if nearest else ""
            remedy = f"describe it in [ions.{name}]{other}"
            reject(f'uses the ion "{name}", which is not described', field=key, remedy=remedy)
    _check_bulk_density(experiment)
    for index, stage in enumerate(experiment.stages):
        if stage.kind == "irradiation":
            _check_irradiation(experiment, stage, index)
        elif stage.kind == "contact":
            _check_contact(experiment, stage, index)
        _check_temperature(experiment, index)
    _check_grid(experiment)


def contact_densities(experiment: Experiment, stage_index: int) -> dict[str, float] | None:
    """See `Experiment.contact_densities`."""
    stage = experiment.stages[stage_index]
    if stage.kind != "contact" or stage.composition is None:
        return None
    charge_held, charge_of_fractions = _contact_charges(experiment, stage, stage_index)
    if charge_of_fractions != 0.0:
        total = charge_held / charge_of_fractions
    else:
        # Nothing is to be balanced: the ions that the contact holds are as dense as those they replace.
        total = sum(experiment.sample.native[name] for name in _replaced_ions(experiment, stage, stage_index))
    return {name: total * fraction for name, fraction in stage.composition.items()}


def source_with_attachments(source: str, attachments: dict[str, str]) -> str:
    """A TOML text with a table [attachments] at its end, unless it has one or needs none."""
    import tomllib

    if not attachments or "attachments" in tomllib.loads(source):
        return source
    lines = [f"{toml_value(name)} = {toml_value(text)}" for name, text in attachments.items()]
    return source.rstrip("\n") + "\n\n[attachments]\n" + "\n".join(lines) + "\n"


def _ions_used(experiment: Experiment) -> Iterator[tuple[str, str]]:
    """Key and name of every place where an ion is named."""
    for name in experiment.sample.native:
        yield f"sample.native.{name}", name
    for ion_name, ion in experiment.ions.items():
        yield from _ions_counted(f"ions.{ion_name}.diffusion", ion.diffusion)
    for index, stage in enumerate(experiment.stages):
        path = f"stages[{index}]"
        if stage.kind == "irradiation":
            yield f"{path}.beam", stage.beam
        elif stage.kind == "contact":
            for name in stage.composition or {}:
                yield f"{path}.composition.{name}", name
        for name, specification in stage.diffusion.items():
            yield f"{path}.diffusion.{name}", name
            yield from _ions_counted(f"{path}.diffusion.{name}", specification)
    for index, name in enumerate(experiment.back_electrode.deposits or ()):
        yield f"back_electrode.deposits[{index}]", name


def _ions_counted(path: str, specification: DiffusionSpecification) -> Iterator[tuple[str, str]]:
    if isinstance(specification, ConstantSpecification):
        return
    for index, name in enumerate(specification.fermi_level_counts or ()):
        yield f"{path}.fermi_level_counts[{index}]", name


def _check_bulk_density(experiment: Experiment) -> None:
    if experiment.bulk_density > 0.0:
        return
    paths = [(f"ions.{name}.diffusion", ion.diffusion) for name, ion in experiment.ions.items()]
    for index, stage in enumerate(experiment.stages):
        paths += [(f"stages[{index}].diffusion.{name}", entry) for name, entry in stage.diffusion.items()]
    for path, specification in paths:
        if isinstance(specification, SiteEnergySpecification):
            problem = "needs a native density of mobile ions, but all native ions are immobile"
            reject(problem, field=path, remedy="give one of the native ions a diffusion coefficient greater than 0")


def _check_irradiation(experiment: Experiment, stage: Irradiation, index: int) -> None:
    charge = experiment.ions[stage.beam].charge
    if charge * stage.source_potential < 0.0:
        sign = "greater" if charge > 0 else "less"
        problem = f"must be {sign} than 0, since {stage.beam} has the charge {charge:+d}"
        remedy = "change the sign of the potential or the charge of the ion"
        reject(problem, field=f"stages[{index}].source_potential", remedy=remedy)
    if is_immobile(experiment.diffusion_specifications(index)[stage.beam]):
        problem = "is an immobile ion in this stage, which cannot enter the sample"
        remedy = f"give {stage.beam} a diffusion coefficient greater than 0"
        reject(problem, field=f"stages[{index}].beam", remedy=remedy)


def _check_temperature(experiment: Experiment, index: int) -> None:
    """Every diffusion coefficient must be a number at the temperature of the stage."""
    for name, model in experiment.diffusion_models(index).items():
        try:
            model.coefficient(experiment.bulk_density, experiment.stages[index].temperature)
        except InputError as error:
            problem = f"is out of reach of the diffusion model of {name}, which {error.problem}"
            reject(problem, field=f"stages[{index}].temperature", remedy=error.remedy)


def _check_contact(experiment: Experiment, stage: Contact, index: int) -> None:
    if stage.composition is None:
        return
    charge_held, charge_of_fractions = _contact_charges(experiment, stage, index)
    if _sign(charge_held) != _sign(charge_of_fractions):
        problem = (
            f"has a mean charge number of {charge_of_fractions:+.3g}, with which no density makes up for the ions"
            f" that it replaces, whose charges add up to {charge_held:+.3g} per m^3"
        )
        remedy = "change the fractions so that their mean charge has the sign of the charge of the native ions"
        reject(problem, field=f"stages[{index}].composition", remedy=remedy)


def _contact_charges(experiment: Experiment, stage: Contact, index: int) -> tuple[float, float]:
    """Charge number density that the contact has to hold [1/m^3] and mean charge number of its composition."""
    native = experiment.sample.native
    replaced = _replaced_ions(experiment, stage, index)
    held = [experiment.ions[name].charge * native[name] for name in replaced]
    parts = [experiment.ions[name].charge * fraction for name, fraction in (stage.composition or {}).items()]
    return _sum_or_zero(held), _sum_or_zero(parts)


def _replaced_ions(experiment: Experiment, stage: Contact, index: int) -> list[str]:
    """Native ions whose density at the surface the contact sets: mobile ones, and those in its composition."""
    specifications = experiment.diffusion_specifications(index)
    named = stage.composition or {}
    return [name for name in experiment.sample.native if name in named or not is_immobile(specifications[name])]


def _sum_or_zero(terms: list[float]) -> float:
    total = math.fsum(terms)
    return 0.0 if abs(total) <= CHARGE_TOLERANCE * math.fsum(abs(term) for term in terms) else total


def _sign(value: float) -> int:
    return (value > 0.0) - (value < 0.0)


def _check_grid(experiment: Experiment) -> None:
    grid, thickness = experiment.grid, experiment.sample.thickness
    for key, value in (("cell", grid.cell), ("zone", grid.zone), ("surface_cell", grid.surface_cell)):
        if value is not None and value > thickness:
            remedy = f"give at most the thickness of the sample, {thickness:g} m"
            reject("is larger than the sample", field=f"grid.{key}", remedy=remedy)
    if grid.surface_cell is not None and grid.cell is not None and grid.surface_cell > grid.cell:
        remedy = f"give at most the size of the other cells, {grid.cell:g} m"
        reject("is larger than the cells behind it", field="grid.surface_cell", remedy=remedy)
