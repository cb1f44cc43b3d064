"""What has to fit together in an experiment whose ions share site systems."""

from __future__ import annotations

from collections.abc import Iterable

from ionscape.errors import InputError, nearest_name
from ionscape.experiment.data import ExperimentData
from ionscape.experiment.diffusion import DiffusionSpecification, PopulationSpecification, system_of
from ionscape.experiment.sites import check_name
from ionscape.files.fields import reject
from ionscape.files.quantities import format_quantity

Models = Iterable[tuple[str, str, DiffusionSpecification]]
"""Path, ion and specification of diffusion models."""


def check_sites(experiment: ExperimentData, models: Models) -> None:
    """Refuse site systems that do not fit their ions, and ions that do not fit their systems.

    Args:
        experiment: whose ions are described.
        models: all its diffusion models, those of single stages last.

    Raises:
        PydanticCustomError: the first problem, with the path of its key.
    """
    models = tuple(models)
    for path, _, specification in models:
        _check_known(experiment, path, system_of(specification))
    holder: dict[str, str] = {}
    for name in experiment.sites:
        check_name(name)
        _check_held(experiment, name, holder)
    first: dict[str, str] = dict(holder)
    for path, ion, specification in models:
        _check_one_system(experiment, path, ion, system_of(specification), first, holder)
    for name in experiment.sites:
        if not any(system_of(specification) == name for _, _, specification in models):
            remedy = f'leave it out, or give its ions a diffusion model with sites = "{name}"'
            reject("has no ions: no diffusion model refers to it", field=f"sites.{name}", remedy=remedy)
        _check_populations(experiment, name, models)
        _check_charges(experiment, name)


def _check_known(experiment: ExperimentData, path: str, system: str | None) -> None:
    if system is None or system in experiment.sites:
        return
    nearest = nearest_name(system, experiment.sites)
    other = f', or use the nearest described one, "{nearest}"' if nearest else ""
    reject(f'refers to the site system "{system}", which is not described', field=f"{path}.sites",
           remedy=f"describe it in [sites.{system}]{other}")  # fmt: skip


def _check_held(experiment: ExperimentData, system: str, holder: dict[str, str]) -> None:
    """The native ions of a system: each on one system, fewer than its sites."""
    table, native = experiment.sites[system], experiment.sample.native
    for index, ion in enumerate(table.holds):
        field = f"sites.{system}.holds[{index}]"
        if ion not in native:
            nearest = nearest_name(ion, native)
            remedy = f'give its density in sample.native, or name the native ion "{nearest}"'
            if ion in experiment.ions:
                remedy = "leave it out: an ion that enters sits on the sites to which its diffusion model refers"
            reject(f"names {ion}, which is not native", field=field, remedy=remedy)
        if ion in holder:
            reject(f"names {ion}, which the system {holder[ion]} holds too", field=field,
                   remedy="name each ion in one system")  # fmt: skip
        holder[ion] = system
    held = sum(native[ion] for ion in table.holds)
    if table.density is not None and not table.density > held:
        shown, ions = format_quantity(held, "number density", digits=6), " and ".join(table.holds)
        reject("is too small", field=f"sites.{system}.density", bound=f"must be more than the {shown} of {ions}",
               remedy="give the density of all sites, the empty ones too")  # fmt: skip
    try:
        experiment.site_system(system)
    except InputError as error:
        reject(error.problem, field=f"sites.{system}", bound=error.bound, remedy=error.remedy)


def _check_one_system(
    experiment: ExperimentData, path: str, ion: str, system: str | None, first: dict[str, str], holder: dict[str, str]
) -> None:
    """Each ion on one system in all stages, which holds it if it is native."""
    if system is None:
        return
    other = first.setdefault(ion, system)
    if other != system:
        held = f"is held by the system {other}" if holder.get(ion) == other else f"is on the system {other} elsewhere"
        reject(f"puts {ion} on a second site system, while it {held}", field=f"{path}.sites",
               remedy=f'give sites = "{other}", or the same system in both places')  # fmt: skip
    if ion in experiment.sample.native and ion not in holder:
        reject(f"puts the native ion {ion} on the site system {system}, which does not hold it", field=f"{path}.sites",
               remedy=f"add {ion} to sites.{system}.holds")  # fmt: skip


def _check_populations(experiment: ExperimentData, system: str, models: Models) -> None:
    """Where one population is resolved, those of all ions on the same sites are, in every stage."""
    ions = experiment.site_system(system).ions
    on_it = [each for each in models if each[1] in ions]
    resolved = [each for each in on_it if isinstance(each[2], PopulationSpecification)]
    if not resolved:
        return
    for path, ion, specification in on_it:
        if not isinstance(specification, PopulationSpecification):
            own = any(other == ion for _, other, _ in resolved)
            who = "its population in other stages" if own else f"the population of {resolved[0][1]}"
            problem = f"is no population, but {ion} sits on the site system {system}, on which {who} is resolved"
            reject(problem, field=path, remedy='give model = "populations" to all ions of a system, in every stage')
    spacings = {specification.level_spacing for _, _, specification in resolved
                if isinstance(specification, PopulationSpecification)}  # fmt: skip
    if len(spacings) > 1:
        path = next(path for path, _, specification in reversed(resolved)
                    if getattr(specification, "level_spacing", None) is not None)  # fmt: skip
        reject(f"differs between the ions of the site system {system}, which have the same levels",
               field=f"{path}.level_spacing", remedy="give all of them the same one, or none")  # fmt: skip


def _check_charges(experiment: ExperimentData, system: str) -> None:
    ions = experiment.site_system(system).ions
    charges = {name: experiment.ions[name].charge for name in ions}
    for name in ions[1:]:
        if charges[name] * charges[ions[0]] < 0:
            problem = (
                f"has ions of opposite charge, {ions[0]} with {charges[ions[0]]:+d} and {name} with {charges[name]:+d},"
                " which do not share sites"
            )
            reject(problem, field=f"sites.{system}", remedy="describe a system of its own for one of them")
