"""What has to fit together in an experiment, beyond what each table can check for itself."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from ionscape.errors import InputError, nearest_name, toml_value
from ionscape.experiment.cross_terms import check_pairs
from ionscape.experiment.data import ExperimentData
from ionscape.experiment.diffusion import (
    DiffusionSpecification,
    PopulationSpecification,
    SiteEnergySpecification,
    counted_ions,
    is_immobile,
)
from ionscape.experiment.native_glass import motionless_ions
from ionscape.experiment.programme import values_of
from ionscape.experiment.site_checks import check_sites
from ionscape.experiment.stages import Stage, SurfaceLaw
from ionscape.files.fields import reject
from ionscape.files.quantities import format_quantity

# Sums of charges that cancel exactly leave rounding errors of this relative size at most ...
ROUNDING = 1e-9
# ... and those of fractions that are written with three digits or more errors of this one.
NEUTRAL = 1e-3


def check_experiment(experiment: ExperimentData) -> None:
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
            reject(f'uses the ion "{name}", which is not described', field=key, remedy=remedy, code="unknown_ion")
    check_pairs(experiment.cross_terms.pairs or (), _charges(experiment))
    check_sites(experiment, diffusion_paths(experiment))
    _check_reference_densities(experiment)
    for index in range(len(experiment.stages)):
        _check_temperature(experiment, index)
    for index, stage in enumerate(experiment.stages):
        _check_beam(experiment, stage, index)
        _check_composition(experiment, stage.surface_law(), index)
        _check_filling(experiment, index)
    _check_plate(experiment)
    _check_grid(experiment)


def contact_densities(experiment: ExperimentData, stage_index: int) -> dict[str, float] | None:
    """See `Experiment.contact_densities`."""
    composition = experiment.stages[stage_index].surface_law().composition
    if composition is None:
        return None
    charges, native = _charges(experiment), _replaced_ions(experiment, stage_index)
    held, mean = _net_charge(charges, native, ROUNDING), _net_charge(charges, composition, NEUTRAL)
    if mean != 0.0:
        return {name: held / mean * fraction for name, fraction in composition.items()}
    # A neutral composition has any density: its ions are as dense as those they replace.
    total = sum(native.values())
    fractions = _balanced(charges, composition, held / total if total else 0.0)
    return {name: total * fraction for name, fraction in fractions.items()}


def network_charge(experiment: ExperimentData) -> float:
    """See `Experiment.network_charge`."""
    return -_net_charge(_charges(experiment), experiment.sample.native, ROUNDING) or 0.0


def source_with_attachments(source: str, attachments: Mapping[str, str]) -> str:
    """A TOML text with a table [attachments] at its end, unless it has one or needs none."""
    import tomllib

    if not attachments or "attachments" in tomllib.loads(source):
        return source
    lines = [f"{toml_value(name)} = {toml_value(text)}" for name, text in attachments.items()]
    return source.rstrip("\n") + "\n\n[attachments]\n" + "\n".join(lines) + "\n"


def _ions_used(experiment: ExperimentData) -> Iterator[tuple[str, str]]:
    """Key and name of every place where an ion is named."""
    for name in experiment.sample.native:
        yield f"sample.native.{name}", name
    for ion_name, ion in experiment.ions.items():
        yield from _ions_counted(f"ions.{ion_name}.diffusion", ion.diffusion)
    for index, stage in enumerate(experiment.stages):
        path = f"stages[{index}]"
        for key, name in stage.ions_named():
            yield f"{path}.{key}", name
        for name, specification in stage.diffusion.items():
            yield f"{path}.diffusion.{name}", name
            yield from _ions_counted(f"{path}.diffusion.{name}", specification)
    for index, name in enumerate(experiment.back_electrode.deposits or ()):
        yield f"back_electrode.deposits[{index}]", name
    for key, weights in _plate_weights(experiment):
        for name in weights:
            yield f"{key}.{name}", name


def _plate_weights(experiment: ExperimentData) -> Iterator[tuple[str, Mapping[str, float]]]:
    """Key and values of what the glass does for each ion: how it strains and refracts."""
    if experiment.mechanics is not None:
        yield "mechanics.dilatation", experiment.mechanics.dilatation
    if experiment.optics is not None:
        yield "optics.index_change", experiment.optics.index_change


def _check_plate(experiment: ExperimentData) -> None:
    """Every ion that enters must do something to the glass, be it nothing."""
    entering = [name for stage in experiment.stages for _, name in stage.ions_named()]
    for key, weights in _plate_weights(experiment):
        for name in entering:
            if name not in weights and name not in experiment.sample.native:
                what = "a dilatation" if key.startswith("mechanics") else "an index change"
                reject(f'has no value for "{name}", which enters the glass', field=key,
                       remedy=f"give {what} of {name}, 0 if it does nothing")  # fmt: skip
    optics = experiment.optics
    if optics is not None and optics.elasto_optic is not None and experiment.mechanics is None:
        remedy = "describe the stress in a table [mechanics], or leave elasto_optic out"
        reject("needs the stress of the glass", field="optics.elasto_optic", remedy=remedy)


def _ions_counted(path: str, specification: DiffusionSpecification) -> Iterator[tuple[str, str]]:
    for index, name in enumerate(counted_ions(specification)):
        yield f"{path}.fermi_level_counts[{index}]", name


def _check_reference_densities(experiment: ExperimentData) -> None:
    """Site energies need mobile ions, and a reference density no larger than the native densities make the sites."""
    immobile = all(is_immobile(experiment.ions[name].diffusion) for name in experiment.sample.native)
    for path, name, specification in diffusion_paths(experiment):
        if not isinstance(specification, SiteEnergySpecification):
            continue
        if immobile:
            problem = "needs a native density of mobile ions, but all native ions are immobile"
            reject(problem, field=path, remedy="give one of the native ions a diffusion coefficient greater than 0")
        stated = specification.reference_density
        if stated is None and specification.sites is None:
            continue
        try:
            experiment.make_model(name, specification)
        except InputError as error:
            shown = None if stated is None else format_quantity(stated, "number density", digits=6)
            reject(
                error.problem, field=f"{path}.{error.key}", value=shown if error.key == "reference_density" else None,
                bound=error.bound, remedy=error.remedy,
            )  # fmt: skip


def diffusion_paths(experiment: ExperimentData) -> Iterator[tuple[str, str, DiffusionSpecification]]:
    """Path, ion and specification of every diffusion model, those of single stages last."""
    for name, ion in experiment.ions.items():
        yield f"ions.{name}.diffusion", name, ion.diffusion
    for index, stage in enumerate(experiment.stages):
        for name, specification in stage.diffusion.items():
            yield f"stages[{index}].diffusion.{name}", name, specification


def _check_beam(experiment: ExperimentData, stage: Stage, index: int) -> None:
    law = stage.surface_law()
    potentials = dict(values_of(getattr(stage, law.potential_key, law.potential or 0.0), law.potential_key))
    for name in law.beam_fractions:
        charge = experiment.ions[name].charge
        for key, potential in potentials.items():
            if charge * potential >= 0.0:
                continue
            sign = "greater" if charge > 0 else "less"
            problem = f"must be {sign} than 0, since {name} has the charge {charge:+d}"
            remedy = "change the sign of the potential or the charge of the ion"
            if len({experiment.ions[other].charge > 0 for other in law.beam_fractions}) > 1:
                remedy = "a beam has ions of one sign"
            reject(problem, field=f"stages[{index}].{key}", remedy=remedy)
        if is_immobile(experiment.diffusion_specifications(index)[name]):
            problem = "is an immobile ion in this stage, which cannot enter the sample"
            if not isinstance(law.beam, str):
                problem = f"holds {name}, {problem[3:]}"
            remedy = f"give {name} a diffusion coefficient greater than 0"
            reject(problem, field=f"stages[{index}].beam", remedy=remedy)


def _check_temperature(experiment: ExperimentData, index: int) -> None:
    """Every diffusion coefficient must be a number at the temperatures of the stage."""
    temperatures = dict(values_of(experiment.stages[index].temperature, f"stages[{index}].temperature"))
    for name, model in experiment.diffusion_models(index).items():
        for key, temperature in temperatures.items():
            try:
                found = model.coefficient(experiment.reference_density(name, index), temperature)
            except InputError as error:
                problem = f"is out of reach of the diffusion model of {name}, which {error.problem}"
                reject(problem, field=key, remedy=error.remedy)
            if not 0.0 <= float(np.asarray(found)) < math.inf:
                problem = f"makes a D of {float(np.asarray(found)):g} m^2/s of the diffusion model of {name}"
                reject(problem, field=key, remedy="check the model")


def _check_filling(experiment: ExperimentData, index: int) -> None:
    """A contact holds fewer ions with populations than they have sites."""
    law, held = experiment.stages[index].surface_law(), contact_densities(experiment, index) or {}
    specifications = experiment.diffusion_specifications(index)
    for name in experiment.sites:
        system = experiment.site_system(name)
        resolved = [ion for ion in system.ions if isinstance(specifications[ion], PopulationSpecification)]
        density, total = sum(held.get(ion, 0.0) for ion in resolved), system.distribution.total_sites
        if density >= total:
            shown, most = (format_quantity(value, "number density", digits=4) for value in (density, total))
            reject(
                f"asks the site system {name} to hold {shown} of {' and '.join(resolved)}",
                field=f"stages[{index}].{law.composition_key}", bound=f"must be less than the {most} of all sites",
                remedy=f"give sites.{name} more sites, or another composition",
            )  # fmt: skip


def _check_composition(experiment: ExperimentData, law: SurfaceLaw, index: int) -> None:
    if law.composition is None:
        return
    specifications, motionless = experiment.diffusion_specifications(index), motionless_ions(experiment)
    for name in law.composition:
        if is_immobile(specifications[name]) or name in motionless:
            problem = "belongs to an ion that is immobile in this stage and keeps its native density"
            remedy = f"leave {name} out, so that the fractions of the mobile ions add up to 1"
            reject(problem, field=f"stages[{index}].{law.composition_key}.{name}", remedy=remedy)
    charges, native = _charges(experiment), _replaced_ions(experiment, index)
    if law.composition_key == "melt" and len({charges[name] for name in law.composition}) > 1:
        shown = " and ".join(f"{name} {charges[name]:+d}" for name in law.composition)
        reject(
            f"has ions of different charge, {shown}, which the isotherm does not describe",
            field=f"stages[{index}].melt", remedy="give the composition of the glass surface instead",
        )  # fmt: skip
    held, mean = _net_charge(charges, native, ROUNDING), _net_charge(charges, law.composition, NEUTRAL)
    if _sign(mean) == _sign(held if mean != 0.0 else _net_charge(charges, native, NEUTRAL)):
        return
    if held == 0.0:
        shown = ", ".join(f"{name} {charges[name]:+d}" for name in law.composition)
        problem = (
            f"has a mean charge number of {mean:+.3g} ({shown}), while the native ions that it replaces are neutral"
        )
        remedy = "give cations and anions whose charges cancel"
        held_back = {name: part for name, part in native.items() if charges[name] * mean < 0.0}
        for parts in (law.composition, {**law.composition, **held_back}):
            if len({_sign(charges[name]) for name, part in parts.items() if part > 0.0}) > 1:
                shown = ", ".join(f"{name} = {part:.7g}" for name, part in _balanced(charges, parts, 0.0).items())
                remedy += f", such as composition = {{ {shown} }}"
                break
    else:
        found = "is neutral" if mean == 0.0 else f"has a mean charge number of {mean:+.3g}"
        problem = (
            f"{found}, with which no density makes up for the ions that it replaces, whose charges add up to"
            f" {held:+.3g} per m^3"
        )
        remedy = "change the fractions so that their mean charge has the sign of the charge of the native ions"
    reject(problem, field=f"stages[{index}].{law.composition_key}", remedy=remedy)


def _replaced_ions(experiment: ExperimentData, index: int) -> dict[str, float]:
    """Native ions whose density at the surface the contact sets, with it: those that are mobile in that stage."""
    specifications, motionless = experiment.diffusion_specifications(index), motionless_ions(experiment)
    return {
        name: density
        for name, density in experiment.sample.native.items()
        if name not in motionless and not is_immobile(specifications[name])
    }


def _charges(experiment: ExperimentData) -> dict[str, int]:
    return {name: ion.charge for name, ion in experiment.ions.items()}


def _net_charge(charges: Mapping[str, int], amounts: Mapping[str, float], tolerance: float) -> float:
    """Sum of charge number times amount; 0 where all but this part of it cancels."""
    terms = [charges[name] * amount for name, amount in amounts.items()]
    total = math.fsum(terms)
    return 0.0 if abs(total) <= tolerance * math.fsum(abs(term) for term in terms) else total


def _balanced(charges: Mapping[str, int], fractions: Mapping[str, float], mean: float) -> dict[str, float]:
    """Fractions that add up to 1 and have exactly this mean charge number, by one factor for all ions of a sign."""
    count = {
        sign: math.fsum(part for name, part in fractions.items() if _sign(charges[name]) == sign) for sign in (1, -1)
    }
    charge = {
        sign: math.fsum(abs(charges[name]) * part for name, part in fractions.items() if _sign(charges[name]) == sign)
        for sign in (1, -1)
    }
    both = count[1] * charge[-1] + count[-1] * charge[1]
    factor = {1: (charge[-1] + mean * count[-1]) / both, -1: (charge[1] - mean * count[1]) / both}
    return {name: factor[_sign(charges[name])] * part for name, part in fractions.items()}


def _sign(value: float) -> int:
    return (value > 0.0) - (value < 0.0)


def _check_grid(experiment: ExperimentData) -> None:
    grid, thickness = experiment.grid, experiment.sample.thickness
    if grid.kind == "moving":
        for key in ("cell", "zone", "surface_cell", "growth"):
            if getattr(grid, key) is not None:
                reject(
                    "gives cells of a fixed grid, and the grid is to move with the fronts", field=f"grid.{key}",
                    remedy='leave it out, or give kind = "fixed"',
                )  # fmt: skip
    for key, value in (("cell", grid.cell), ("zone", grid.zone), ("surface_cell", grid.surface_cell)):
        if value is not None and value > thickness:
            remedy = f"give at most the thickness of the sample, {thickness:g} m"
            reject("is larger than the sample", field=f"grid.{key}", remedy=remedy)
    if grid.surface_cell is not None and grid.cell is not None and grid.surface_cell > grid.cell:
        remedy = f"give at most the size of the other cells, {grid.cell:g} m"
        reject("is larger than the cells behind it", field="grid.surface_cell", remedy=remedy)
