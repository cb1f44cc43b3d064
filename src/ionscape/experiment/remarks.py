"""What in an experiment is allowed but may be a slip."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from ionscape.diffusivity import trapped_offset
from ionscape.experiment.checks import contact_densities, diffusion_paths, network_charge
from ionscape.experiment.cross_terms import LARGEST_COUPLING
from ionscape.experiment.data import ExperimentData
from ionscape.experiment.diffusion import SiteEnergySpecification, counted_ions, is_immobile
from ionscape.experiment.native_glass import first_stage_with, immobile_ions, motionless_ions, native_coefficient
from ionscape.experiment.unusual import unusual_values
from ionscape.remarks import Kind, Name, Remark

NEGLIGIBLE = 0.01
"""Relative difference of two conductivities that drives no current worth a remark."""

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


def _charge(remark: Remark, name: Name) -> str:
    n = remark.numbers
    why = "" if n["given"] else ", since none is given"
    table, expected = n["table"], n["expected"]
    known_by = f"{n['usual_of']} usually has" if n["usual_of"] else "its name says"
    remedy = f"write {n['ion']} = {expected} in {name(table)}" if table else f"give it charge = {expected}"
    return (
        f"The ion {n['ion']} has the charge {n['charge']:+d}{why}, but {known_by} {expected:+d}: {remedy},"
        " unless another species is meant."
    )


CHARGE = Kind("charge", _charge)
ABSENT = Kind(
    "absent_ion",
    "The ion {ion} is described but never present: it is not native and in no beam or contact. Name it there, or leave"
    " [{0}] out.",
)
NOT_NEUTRAL = Kind(
    "charged_salt",
    "The native ions are not neutral although {ions} can move, and the network is taken to carry the rest: for a salt"
    " without fixed charge, change the densities in {path[sample.native]}.",
)
TRAPPED_OFFSET = Kind(
    "assumed_trapped_offset",
    "The trapped branch of {ion} is centred two full widths at half maximum, {offset:energy 4}, below the mobile one,"
    " as always; the documents of version 0.1.0 said π times the width, {described:energy 4}, which holds for"
    ' cosine-squared only: state trapped_offset = "{offset:energy 4}", or the one you mean.',
)
OPPOSITE_CHARGES = Kind(
    "opposite_charges",
    "{0} names {others}, whose charge is opposite to that of {ion}: ions of opposite charge do not share sites.",
)
UNREACHED = Kind(
    "unreached_time",
    "{0} is {time:time 5}, after the end of stage {stage}, which lasts {duration:time 5}: check both.",
)
IMMOBILE_DEPOSIT = Kind("immobile_deposit", "{0} names {ion}, which is immobile and never arrives there: leave it out.")
ABSENT_DEPOSIT = Kind(
    "absent_deposit",
    "{0} names {ion}, which is neither native nor enters the sample, and never arrives there: leave it out.",
)
SHORT_CIRCUIT = Kind(
    "short_circuit",
    "{0} is 0 V, which short-circuits the sample: {ion} diffuses faster than the ions that it replaces, and the"
    " diffusion potential drives a current to the back electrode. Leave it out for a melt without electrodes, where no"
    " current flows.",
)

NOTHING_TO_COUPLE = Kind(
    "nothing_to_couple",
    "{path[cross_terms]} acts between ions of equal charge number that move, and couples no two that meet in this"
    " experiment: leave it out, or name others.",
)

COUPLING_LIMITED = Kind(
    "coupling_limited",
    "{path[cross_terms]} leaves ions less than {share:percent 1} of their diffusion to mix with: it is calculated with"
    " that, since a front that mixes less would be thinner than the ions are.",
)


def experiment_remarks(experiment: ExperimentData) -> tuple[Remark, ...]:
    """What a reader must know of an experiment."""
    return (
        *_charges(experiment),
        *_absent_ions(experiment),
        *_network_charge(experiment),
        *_trapped_offsets(experiment),
        *unusual_values(experiment),
        *_unreached(experiment),
        *_fermi_level_counts(experiment),
        *_deposits(experiment),
        *_short_circuits(experiment),
        *_cross_terms(experiment),
    )


def _charges(experiment: ExperimentData) -> Iterator[Remark]:
    for name, ion in experiment.ions.items():
        yield from charge_remarks(name, ion.charge, given="charge" in ion.model_fields_set, path=f"ions.{name}.charge")


def charge_remarks(name: str, charge: int, *, given: bool, path: str, table: str = "") -> Iterator[Remark]:
    """Yield that a charge is not the one that its name tells; nothing if it is, or if the name tells none.

    Args:
        name: of the ion.
        charge: charge number.
        given: whether it stands in the file.
        path: of the charge.
        table: of the charges, in which its name is the key; empty where the ion has a table of its own.
    """
    expected, usual_of = _expected_charge(name)
    if expected is not None and charge != expected:
        yield CHARGE(path, ion=name, charge=charge, given=given, expected=expected, usual_of=usual_of, table=table)


def _expected_charge(name: str) -> tuple[int | None, str]:
    """Charge number that stands in the name of an ion, or else the usual one of its element, and that element."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None, ""
    if found["sign"] or found["signs"]:
        size = int(found["size"] or 1) if found["sign"] else len(found["signs"])
        return (size if "+" in name else -size), ""
    for charge, elements in USUAL_CHARGES.items():
        if found["element"] in elements:
            return charge, found["element"]
    return None, ""


def _absent_ions(experiment: ExperimentData) -> Iterator[Remark]:
    """That an ion is described which the sample never holds, as after a slip in the name of a beam."""
    for name in experiment.ions:
        if experiment.sample.native.get(name, 0.0) == 0.0 and not any(
            name in stage.newcomers for stage in experiment.stages
        ):
            yield ABSENT(f"ions.{name}", ion=name)


def _network_charge(experiment: ExperimentData) -> Iterator[Remark]:
    """That the network carries what is left of the charge of a salt."""
    immobile = immobile_ions(experiment)
    anions = [name for name in experiment.sample.native if experiment.ions[name].charge < 0 and name not in immobile]
    if anions and network_charge(experiment):
        yield NOT_NEUTRAL("sample.native", ions=tuple(anions))


def _trapped_offsets(experiment: ExperimentData) -> Iterator[Remark]:
    """That the place of a Gaussian trapped branch is assumed: the documents of 0.1.0 described another one."""
    own = (
        (name, specification)
        for index in range(len(experiment.stages))
        for name, specification in experiment.diffusion_specifications(index).items()
        if isinstance(specification, SiteEnergySpecification)
    )
    seen: set[str] = set()
    for name, table in own:
        if table.shape != "gaussian" or table.trapped_fraction == 0.0 or table.width is None or name in seen:
            continue
        if table.trapped_offset is not None:
            continue
        seen.add(name)
        offset, described = trapped_offset(table.width, shape="gaussian"), math.pi * table.width
        yield TRAPPED_OFFSET(ion=name, offset=offset, described=described)


def _unreached(experiment: ExperimentData) -> Iterator[Remark]:
    """That a stage ends before its programme does."""
    for index, stage in enumerate(experiment.stages):
        for key, programme in stage.programmes.items():
            for number, setpoint in enumerate(programme):
                if setpoint.time > stage.duration:
                    yield UNREACHED(f"stages[{index}].{key}[{number}].time", time=setpoint.time, stage=index + 1,
                                    duration=stage.duration)  # fmt: skip
                    break


def _fermi_level_counts(experiment: ExperimentData) -> Iterator[Remark]:
    """That ions of opposite charge are counted for one Fermi level."""
    for path, name, specification in diffusion_paths(experiment):
        charge, counts = experiment.ions[name].charge, counted_ions(specification)
        others = tuple(other for other in counts if experiment.ions[other].charge * charge < 0)
        if others:
            yield OPPOSITE_CHARGES(f"{path}.fermi_level_counts", ion=name, others=others)


def _deposits(experiment: ExperimentData) -> Iterator[Remark]:
    """That ions are named for the back electrode that cannot come there."""
    stages = [experiment.diffusion_specifications(index) for index in range(len(experiment.stages))]
    motionless = motionless_ions(experiment) if experiment.back_electrode.deposits else frozenset[str]()
    for name in experiment.back_electrode.deposits or ():
        if name in motionless or all(is_immobile(specifications[name]) for specifications in stages):
            yield IMMOBILE_DEPOSIT("back_electrode.deposits", ion=name)
        elif first_stage_with(experiment, name) is None:
            yield ABSENT_DEPOSIT("back_electrode.deposits", ion=name)


def _short_circuits(experiment: ExperimentData) -> Iterator[Remark]:
    """That a current flows without a voltage.

    The diffusion potential drives it to the back electrode where the ions of the contact conduct better than those that
    they replace; otherwise away from it, and that electrode gives no ions.
    """
    immobile = immobile_ions(experiment)
    replaced = {name: density for name, density in experiment.sample.native.items() if name not in immobile}
    for index, stage in enumerate(experiment.stages):
        held = contact_densities(experiment, index)
        if held is None or stage.surface_law().potential != 0.0:
            continue
        strength = {
            name: ion.charge**2 * native_coefficient(experiment, name, index).coefficient
            for name, ion in experiment.ions.items()
        }
        if _total(strength, held) > _total(strength, replaced) * (1.0 + NEGLIGIBLE):
            fastest = max((name for name in held if held[name] > 0.0), key=lambda name: strength[name])
            yield SHORT_CIRCUIT(f"stages[{index}].potential", ion=fastest)


def _total(strength: Mapping[str, float], densities: Mapping[str, float]) -> float:
    return sum(strength[name] * density for name, density in densities.items())


def _cross_terms(experiment: ExperimentData) -> Iterator[Remark]:
    """That cross terms act between no ions."""
    if not experiment.cross_terms.given:
        return
    charges = {
        name: ion.charge
        for name, ion in experiment.ions.items()
        if name not in immobile_ions(experiment) and first_stage_with(experiment, name) is not None
    }
    if not experiment.cross_terms.coefficients(charges):
        yield NOTHING_TO_COUPLE("cross_terms")
    elif experiment.cross_terms.beyond:
        yield COUPLING_LIMITED("cross_terms", share=1.0 - LARGEST_COUPLING)
