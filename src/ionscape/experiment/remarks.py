"""What in an experiment is allowed but may be a slip, one sentence each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ionscape.experiment.diffusion import is_immobile

if TYPE_CHECKING:
    from ionscape.experiment.models import Experiment, Ion

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
    charges = (_charge_warning(name, ion) for name, ion in experiment.ions.items())
    return (*(sentence for sentence in charges if sentence), *_network_warnings(experiment))


def _charge_warning(name: str, ion: Ion) -> str:
    """That a charge is not the one that its name tells; empty if it is, or if the name tells none."""
    expected, told = _expected_charge(name)
    if expected is None or ion.charge == expected:
        return ""
    why = "" if "charge" in ion.model_fields_set else ", since none is given"
    return (
        f"The ion {name} has the charge {ion.charge:+d}{why}, but {told} {expected:+d}: give it charge = {expected},"
        " unless another species is meant."
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


def _network_warnings(experiment: Experiment) -> Iterator[str]:
    """That the network carries what is left of the charge of a salt."""
    anions = [
        name
        for name in experiment.sample.native
        if experiment.ions[name].charge < 0 and not is_immobile(experiment.ions[name].diffusion)
    ]
    if anions and experiment.network_charge:
        yield (
            f"{', '.join(anions)} {'is' if len(anions) == 1 else 'are'} mobile, but the native ions are not neutral,"
            " and the network is taken to carry the rest: for a salt without fixed charge, change the densities in"
            " sample.native."
        )
