"""What in an experiment is allowed but may be a slip, one sentence each."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ionscape.constants import ELEMENTARY_CHARGE
from ionscape.diffusivity import trapped_offset
from ionscape.experiment.checks import diffusion_paths
from ionscape.experiment.diffusion import ConstantSpecification, SiteEnergySpecification, is_immobile
from ionscape.experiment.native import first_stage_with, motionless_ions
from ionscape.experiment.unusual import unusual_values

if TYPE_CHECKING:
    from ionscape.experiment.models import Experiment

USUAL_CHARGES = {
    1: ("H", "Li", "Na", "K", "Rb", "Cs", "Ag"),
    2: ("Be", "Mg", "Ca", "Sr", "Ba", "Ra", "Zn", "Cd", "Pb", "Ni"),
    3: ("Al", "Ga", "In", "Sc", "Y", "La", "Gd", "Lu"),
    -1: ("F", "Cl", "Br", "I"),
    -2: ("O", "S", "Se"),
}
"""Charge numbers of elements that are nearly always found as this ion in glasses, crystals and melts."""

_NAME = re.compile(
    r"\d*(?P<element>[A-Z][a-z]?)"  # behind the mass number, as in 7Li ...
    r"(?:\d*|(?P<size>[1-9]?)(?P<sign>[+-])|(?P<signs>\+\++|--+))"  # ... or before it, or before the charge: Ca2+, Ca++
)


def experiment_warnings(experiment: Experiment) -> tuple[str, ...]:
    """What a reader must know of an experiment, one sentence each."""
    charges = (
        charge_warning(name, ion.charge, given="charge" in ion.model_fields_set)
        for name, ion in experiment.ions.items()
    )
    return (
        *(sentence for sentence in charges if sentence),
        *_absent_warnings(experiment),
        *_network_warnings(experiment),
        *_offset_warnings(experiment),
        *unusual_values(experiment),
        *_count_warnings(experiment),
        *_deposit_warnings(experiment),
    )


def charge_warning(name: str, charge: int, *, given: bool, table: str = "") -> str:
    """That a charge is not the one that its name tells; empty if it is, or if the name tells none.

    Args:
        name: of the ion.
        charge: charge number.
        given: whether it stands in the file.
        table: of the charges, in which its name is the key; empty where the ion has a table of its own.
    """
    expected, told = _expected_charge(name)
    if expected is None or charge == expected:
        return ""
    why = "" if given else ", since none is given"
    remedy = f"write {name} = {expected} in {table}" if table else f"give it charge = {expected}"
    return (
        f"The ion {name} has the charge {charge:+d}{why}, but {told} {expected:+d}: {remedy}, unless another"
        " species is meant."
    )


def _expected_charge(name: str) -> tuple[int | None, str]:
    """Charge number that stands in the name of an ion, or else the usual one of its element, and how it is known."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None, ""
    if found["sign"] or found["signs"]:
        size = int(found["size"] or 1) if found["sign"] else len(found["signs"])
        return (size if "+" in name else -size), "its name says"
    for charge, elements in USUAL_CHARGES.items():
        if found["element"] in elements:
            return charge, f"{found['element']} usually has"
    return None, ""


def _absent_warnings(experiment: Experiment) -> Iterator[str]:
    """That an ion is described which the sample never holds, as after a slip in the name of a beam."""
    for name in experiment.ions:
        if experiment.sample.native.get(name, 0.0) == 0.0 and not any(
            name in stage.newcomers for stage in experiment.stages
        ):
            yield (
                f"The ion {name} is described but never present: it is not native and in no beam or contact. Name it"
                f" there, or leave [ions.{name}] out."
            )


def _network_warnings(experiment: Experiment) -> Iterator[str]:
    """That the network carries what is left of the charge of a salt."""
    anions = [
        name
        for name in experiment.sample.native
        if experiment.ions[name].charge < 0 and name not in experiment.immobile_ions
    ]
    if anions and experiment.network_charge:
        yield (
            f"{', '.join(anions)} {'is' if len(anions) == 1 else 'are'} mobile, but the native ions are not neutral,"
            " and the network is taken to carry the rest: for a salt without fixed charge, change the densities in"
            " sample.native."
        )


def _offset_warnings(experiment: Experiment) -> Iterator[str]:
    """That the place of a Gaussian trapped branch is assumed: the documents of 0.1.0 described another one."""
    seen: set[str] = set()
    for index in range(len(experiment.stages)):
        for name, specification in experiment.diffusion_specifications(index).items():
            if not isinstance(specification, SiteEnergySpecification) or name in seen:
                continue
            if specification.shape != "gaussian" or specification.trapped_fraction == 0.0:
                continue
            if specification.trapped_offset is not None:
                continue
            seen.add(name)
            offset = trapped_offset(specification.width, shape="gaussian") / ELEMENTARY_CHARGE
            described = math.pi * specification.width / ELEMENTARY_CHARGE
            yield (
                f"The trapped branch of {name} is centred two full widths at half maximum, {offset:.4g} eV, below the"
                f" mobile one, as always; the documents of version 0.1.0 said π times the width, {described:.4g} eV,"
                f' which holds for cosine-squared only: state trapped_offset = "{offset:.4g} eV", or the one you mean.'
            )


def _count_warnings(experiment: Experiment) -> Iterator[str]:
    """That ions of opposite charge are counted for one Fermi level."""
    for path, name, specification in diffusion_paths(experiment):
        if isinstance(specification, ConstantSpecification):
            continue
        charge = experiment.ions[name].charge
        counts = specification.fermi_level_counts or ()
        others = [other for other in counts if experiment.ions[other].charge * charge < 0]
        if others:
            yield (
                f"{path}.fermi_level_counts names {', '.join(others)}, whose charge is opposite to that of {name}: ions"
                " of opposite charge do not share sites."
            )


def _deposit_warnings(experiment: Experiment) -> Iterator[str]:
    """That ions are named for the back electrode that cannot come there."""
    stages = [experiment.diffusion_specifications(index) for index in range(len(experiment.stages))]
    motionless = motionless_ions(experiment) if experiment.back_electrode.deposits else frozenset[str]()
    for name in experiment.back_electrode.deposits or ():
        if name in motionless or all(is_immobile(specifications[name]) for specifications in stages):
            yield f"back_electrode.deposits names {name}, which is immobile and never arrives there: leave it out."
        elif first_stage_with(experiment, name) is None:
            yield (
                f"back_electrode.deposits names {name}, which is neither native nor enters the sample, and never"
                " arrives there: leave it out."
            )
