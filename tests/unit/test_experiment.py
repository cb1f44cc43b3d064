"""The experiment file: what it means, and one clear sentence for everything that is wrong in it."""

from __future__ import annotations

import json
import pickle
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from experiments import constant, contact
from ionscape.diffusivity import Branch, ConstantDiffusion, SiteEnergyDiffusion, TableDiffusion
from ionscape.errors import InputError, nearest_name
from ionscape.experiment import (
    Contact,
    Experiment,
    GridSpecification,
    Irradiation,
    Sample,
    SiteEnergySpecification,
    Storage,
    experiment_schema,
    load_experiment,
    parse_experiment,
)
from ionscape.files.toml import parse_toml
from ionscape.provenance import package_version, provenance_attributes, settings_text, text_hash

EV = 1.602176634e-19

HEAD = """
title = "Rb@glass"
[sample]
thickness = "2.325 mm"
illuminated_area = "28.26 mm^2"
relative_permittivity = 7
native = { Li = "1.4e28 1/m^3" }
[chamber]
aperture_distance = "9 mm"
[ions.Li]
[ions.Li.diffusion]
model = "site-energies"
bulk_coefficient = "5.8e-19 m^2/s"
reference_temperature = "50 degC"
activation_energy = "0.65 eV"
width = "0.16 eV"
trapped_fraction = 0.10
trapped_width = "0.05 eV"
[ions.Rb]
[ions.Rb.diffusion]
model = "constant"
coefficient = "2.67e-22 m^2/s"
reference_temperature = "323.15 K"
activation_energy = "62.7 kJ/mol"
"""
IRRADIATION = """
[[stages]]
kind = "irradiation"
beam = "Rb"
source_potential = "15 V"
temperature = "50 degC"
duration = "94.46 h"
"""
CONTACT = """
[[stages]]
kind = "contact"
potential = "1 kV"
temperature = "250 degC"
duration = "30 min"
"""
RB_WITH_SITE_ENERGIES = """
[stages.diffusion.Rb]
model = "site-energies"
bulk_coefficient = "2.67e-22 m^2/s"
reference_temperature = "323.15 K"
activation_energy = "0.65 eV"
width = "0.1432 eV"
trapped_fraction = 0.10
trapped_width = "0.05 eV"
fermi_level_counts = ["Rb", "Li"]
reference_density = "1.33e28 1/m^3"
"""
RB = HEAD + IRRADIATION
GLASS = parse_experiment(RB)
FLUORINE = {"charge": -1, "diffusion": {"model": "constant", "coefficient": 0.0}}
IMMOBILE = 'model = "constant"\ncoefficient = "0 m^2/s"\n'
TABLE = 'model = "table"\nfile = "rb.csv"\nreference_temperature = "323.15 K"\nactivation_energy = "0.6 eV"\n'
CSV = "density (1/m^3), coefficient (m^2/s)\n0, 1e-24\n1.4e28, 2e-22\n"


def with_model(table: str, text: str = RB) -> str:
    """The experiment with another diffusion model of Rb."""
    found = re.sub(r'model = "constant"\n(.+\n){3}', lambda _: table, text, count=1)
    assert found != text
    return found


def changed(old: str, new: str, text: str = RB) -> str:
    assert old in text
    return text.replace(old, new, 1)


def under_contact(changes: Mapping[str, Any], **options: Any) -> Experiment:
    """The glass with other values and one stage under a contact: composition={...} or blocking=True."""
    return GLASS.replace({**changes, "stages": [contact(1000.0, 1800.0, temperature=523.15, **options)]})


def message_of(text: str, folder: Path | str = ".") -> str:
    with pytest.raises(InputError) as caught:
        parse_experiment(text, file="rb.toml", folder=folder)
    message = str(caught.value)
    assert caught.value.exit_status == 2
    assert message.endswith(".")
    assert "\n" not in message
    assert "pydantic" not in message
    assert "validation error" not in message
    return message


def test_the_mono_cait_file_is_read_in_si_units(mono_cait_file: Path) -> None:
    experiment = load_experiment(mono_cait_file)
    assert experiment.title == "Rb@Li3B7O12"
    assert experiment.sample.thickness == pytest.approx(2.325e-3)
    assert experiment.sample.illuminated_area == pytest.approx(28.26e-6)
    assert experiment.sample.relative_permittivity == 7.0
    assert experiment.sample.native == {"Li": 1.4e28}
    assert experiment.chamber.aperture_distance == pytest.approx(8e-3)
    assert {name: ion.charge for name, ion in experiment.ions.items()} == {"Li": 1, "Rb": 1}
    (stage,) = experiment.stages
    assert isinstance(stage, Irradiation)
    assert (stage.beam, stage.source_potential, stage.beam_current) == ("Rb", 15.0, None)
    assert stage.temperature == 323.15
    assert stage.duration == pytest.approx(94.46 * 3600)
    assert experiment.back_electrode.deposits is None
    assert experiment.grid == GridSpecification()
    assert experiment.source == mono_cait_file.read_text(encoding="utf-8")
    assert experiment.file == str(mono_cait_file)
    assert experiment.bulk_density == 1.4e28
    models = experiment.diffusion_models(0)
    assert list(models) == ["Li", "Rb"]
    assert isinstance(models["Li"], SiteEnergyDiffusion)
    assert float(models["Li"].coefficient(1.4e28, 323.15)) == pytest.approx(5.8e-19)
    assert models["Li"].prefactor == pytest.approx(7.96e-9, rel=1e-3)
    assert isinstance(models["Rb"], ConstantDiffusion)
    assert float(models["Rb"].coefficient(0.0, 323.15)) == pytest.approx(2.67e-22)


def test_a_stage_replaces_models_for_its_own_length(double_cait_file: Path) -> None:
    experiment = load_experiment(double_cait_file)
    assert [stage.kind for stage in experiment.stages] == ["irradiation", "storage", "irradiation"]
    assert isinstance(experiment.stages[1], Storage)
    assert experiment.duration == pytest.approx((94.46 + 48 + 203.12) * 3600)
    first, last = experiment.diffusion_models(0), experiment.diffusion_models(2)
    assert isinstance(first["Rb"], ConstantDiffusion)
    rubidium = last["Rb"]
    assert isinstance(rubidium, SiteEnergyDiffusion)
    assert rubidium.fermi_level_counts == ("Rb", "Li")
    # n_bulk is the native density of all mobile ions, also for an ion that is not native.
    assert float(rubidium.coefficient(1.4e28, 323.15)) == pytest.approx(2.67e-22)
    trapped = [models["Li"].distribution.branches[1].weight for models in (first, last)]  # type: ignore[attr-defined]
    assert trapped == pytest.approx([0.10 * 1.4e28, 0.03 * 1.4e28])
    assert experiment.diffusion_models(1)["Li"].density_limit == pytest.approx(1.1 * 1.4e28)


def test_units_and_defaults() -> None:
    experiment = parse_experiment(changed('[chamber]\naperture_distance = "9 mm"\n', ""))
    assert experiment.chamber.aperture_distance == 8e-3
    lithium, rubidium = (experiment.ions[name].diffusion for name in ("Li", "Rb"))
    assert isinstance(lithium, SiteEnergySpecification)
    assert lithium.reference_temperature == pytest.approx(323.15)
    assert lithium.excess_sites == 0.10
    assert lithium.shape == "cosine-squared"
    assert rubidium.activation_energy == pytest.approx(0.65 * EV, rel=1e-3)  # 62.7 kJ/mol per particle
    assert experiment.file is None


def test_data_are_frozen() -> None:
    experiment = parse_experiment(RB)
    with pytest.raises(ValidationError):
        experiment.sample.thickness = 1.0  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(experiment)).source == RB


def test_a_model_made_directly_reports_through_pydantic() -> None:
    values = {"illuminated_area": "28 mm^2", "relative_permittivity": 7, "native": {"Li": "1e28 1/m^3"}}
    assert Sample(thickness="2 mm", **values).thickness == pytest.approx(2e-3)  # type: ignore[arg-type]
    assert Sample(thickness=2e-3, **values).thickness == 2e-3  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="must be greater than 0"):
        Sample(thickness=-2e-3, **values)  # type: ignore[arg-type]


def test_only_mobile_ions_count_as_bulk() -> None:
    oxygen = {"charge": -2, "diffusion": FLUORINE["diffusion"]}
    experiment = GLASS.replace({"sample.native": {"Li": 1e28, "O": 5e27}, "ions.O": oxygen})
    assert experiment.bulk_density == 1e28
    assert float(experiment.diffusion_models(0)["O"].coefficient(5e27, 300.0)) == 0.0


def test_contact_and_back_electrode() -> None:
    text = HEAD + CONTACT + "composition = { Rb = 0.75, Li = 0.25 }\n[back_electrode]\ndeposits = ['Li']\n"
    experiment = parse_experiment(text)
    (stage,) = experiment.stages
    assert isinstance(stage, Contact)
    assert (stage.potential, stage.blocking) == (1000.0, False)
    assert stage.composition == {"Rb": 0.75, "Li": 0.25}
    assert experiment.back_electrode.deposits == ("Li",)
    assert experiment.contact_densities(0) == pytest.approx({"Rb": 0.75 * 1.4e28, "Li": 0.25 * 1.4e28})
    blocked = parse_experiment(HEAD + CONTACT + "blocking = true\n")
    assert blocked.contact_densities(0) is None


MELT = """
[[stages]]
kind = "contact"
melt = { Rb = 0.9, Li = 0.1 }
isotherm = { entering = "Rb", equilibrium_constant = 0.2, exponent = 1.5 }
temperature = "250 degC"
duration = "30 min"
"""
ISOTHERM = 'isotherm = { entering = "Rb", equilibrium_constant = 0.2, exponent = 1.5 }\n'


def test_a_contact_without_a_potential_is_at_open_circuit() -> None:
    fixed = CONTACT.replace('potential = "1 kV"\n', "") + "composition = { Rb = 0.75, Li = 0.25 }\n"
    for text, words in ((fixed, "contact with Rb, Li, open circuit"), (MELT, "59.7 % Rb and 40.3 % Li in the surface")):
        experiment = parse_experiment(HEAD + text)
        (stage,) = experiment.stages
        law = stage.surface_law()
        assert (law.potential, law.touches, law.blocks, stage.drives) == (None, True, False, True)
        assert words in stage.in_short()
        assert stage.newcomers == ("Rb", "Li")
        assert experiment.warnings == ()
        assert parse_experiment(experiment.to_toml()) == experiment
    held = (0.2 * 9.0) ** (1.0 / 1.5)
    assert experiment.contact_densities(0)["Rb"] == pytest.approx(1.4e28 * held / (1.0 + held))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (ISOTHERM, "", ["stages[0].melt", "needs an isotherm", "composition of the surface"]),
        (ISOTHERM, "isotherm = {}\n", ["stages[0].isotherm.entering"]),
        (ISOTHERM, 'isotherm = { entering = "Rb" }\n', ["stages[0].isotherm.equilibrium_constant"]),
        (", exponent = 1.5", "", ["stages[0].isotherm.exponent"]),
        ("exponent", "n", ["stages[0].isotherm.n", "unknown key", "exponent"]),
        ("= 0.2", "= 0", ["equilibrium_constant", "greater than 0"]),
        ("= 0.2", "= -1", ["equilibrium_constant", "greater than 0"]),
        ("= 0.2", '= "0.2"', ["equilibrium_constant", "number without quotation marks"]),
        ("= 1.5", "= 0", ["exponent", "greater than 0"]),
        ("= 1.5", "= inf", ["exponent", "finite"]),
        ('entering = "Rb"', 'entering = "Cs"', ["stages[0].isotherm.entering", "not in the melt", "Rb, Li"]),
        ("Li = 0.1", "Li = 0.2", ["stages[0].melt", "add up to 1.1"]),
        ("{ Rb = 0.9, Li = 0.1 }", "{ Rb = 1.0 }", ["stages[0].melt", "names 1 ions", "the isotherm is one of two"]),
        ("{ Rb = 0.9, Li = 0.1 }", "{ Rb = 0.8, Li = 0.1, Na = 0.1 }", ["names 3 ions", "composition of"]),
        ("Li = 0.1", "Na = 0.1", ["stages[0].melt.Na", "not described"]),
        ("melt =", "composition =", ["stages[0].isotherm", "belongs to a melt"]),
        (ISOTHERM, ISOTHERM + "composition = { Rb = 1.0 }\n", ["both a composition and a melt", "only one"]),
        (ISOTHERM, ISOTHERM + "blocking = true\n", ["both a melt and blocking", "only one"]),
        ("melt = { Rb = 0.9, Li = 0.1 }\n" + ISOTHERM, "blocking = true\n",
         ["stages[0].potential", "lets no ion pass", 'kind = "storage"']),
        ("melt = { Rb = 0.9, Li = 0.1 }\n" + ISOTHERM, "", ["neither a composition, nor a melt, nor blocking"]),
    ],
)  # fmt: skip
def test_a_mistake_in_a_melt_is_one_sentence(old: str, new: str, said: list[str]) -> None:
    message = message_of(changed(old, new, HEAD + MELT))
    for words in said:
        assert words in message


def test_ions_of_different_charge_have_no_isotherm() -> None:
    with pytest.raises(InputError, match=r"stages\[0\].melt: has ions of different charge, Rb \+2 and Li \+1"):
        parse_experiment(HEAD + MELT).replace({"ions.Rb.charge": 2})


def test_a_current_without_a_voltage_is_remarked_on() -> None:
    """At 0 V a sample is short-circuited: where the ions that enter conduct better, the back electrode takes ions."""
    held = under_contact({}, composition={"Rb": 1.0}).replace({"stages[0].potential": 0.0})
    faster = held.replace({"ions.Rb.diffusion.coefficient": 1e-17})
    (warning,) = faster.warnings
    assert warning.startswith("stages[0].potential is 0 V, which short-circuits the sample: Rb diffuses faster")
    for quiet in (held, faster.replace({"stages[0].potential": 1.0}), faster.replace({"stages[0].potential": None})):
        assert quiet.warnings == ()


def test_a_contact_keeps_the_surface_neutral() -> None:
    # Divalent ions are half as dense; an immobile anion stays whatever the contact holds.
    glass = under_contact({"sample.native.F": 1.4e28, "ions.F": FLUORINE, "ions.Rb.charge": 2}, composition={"Rb": 1.0})
    assert glass.contact_densities(0) == pytest.approx({"Rb": 0.7e28})
    mobile, held = {"ions.F.diffusion": constant(1e-20)}, "stages[0].composition"
    electrolyte = glass.replace({**mobile, held: {"Li": 0.5, "F": 0.5}})
    assert electrolyte.contact_densities(0) == pytest.approx({"Li": 1.4e28, "F": 1.4e28})
    with pytest.raises(InputError, match="composition"):
        electrolyte.replace({held: {"Li": 0.6, "F": 0.4}})


ANION = {"charge": -1, "diffusion": constant(1e-20)}
SALT = under_contact(
    {"sample.native": {"Rb": 1e24, "F": 2e24}, "ions.Rb.charge": 2, "ions.F": ANION},
    composition={"Rb": 0.3333333, "F": 0.6666667},
)


@pytest.mark.parametrize(
    ("composition", "expected"),
    [
        ({"Rb": 0.3333333, "F": 0.6666667}, {"Rb": 1e24, "F": 2e24}),
        ({"Rb": 0.3333, "F": 0.6667}, {"Rb": 1e24, "F": 2e24}),  # four digits leave 1e-4 of charge, which is shared out
        ({"Rb": 0.333, "F": 0.667}, {"Rb": 1e24, "F": 2e24}),
        ({"Li": 0.5, "F": 0.5}, {"Li": 1.5e24, "F": 1.5e24}),  # as many ions as there were
    ],
)
def test_a_contact_holds_a_neutral_salt_as_dense_as_the_one_it_replaces(composition, expected) -> None:
    experiment = SALT.replace({"stages[0].composition": composition})
    found = experiment.contact_densities(0)
    assert found is not None
    assert found == pytest.approx(expected, rel=1e-12)
    assert abs(sum(experiment.ions[name].charge * density for name, density in found.items())) < 1e-12 * 3e24
    assert experiment.network_charge == 0.0


def test_rounded_fractions_do_not_make_a_density_of_their_rounding() -> None:
    # the native salt itself is rounded: 1e20 of 1e24 charges are left, and the network carries the opposite
    experiment = SALT.replace({"sample.native": {"Rb": 3.333e23, "F": 6.667e23}})
    assert experiment.contact_densities(0) == pytest.approx({"Rb": 3.333e23, "F": 6.667e23}, rel=1e-12)
    assert experiment.network_charge == pytest.approx(1e20)


@pytest.mark.parametrize(
    ("composition", "words"),
    [
        ({"Rb": 1.0}, ["mean charge number of +2", "are neutral", "such as composition = { Rb = 0.3333333, F = 0.66"]),
        ({"Li": 0.6, "F": 0.4}, ["mean charge number of +0.2", "such as composition = { Li = 0.5, F = 0.5 }"]),
        ({"Rb": 0.33, "F": 0.67}, ["such as composition = { Rb = 0.3333333, F = 0.6666667 }"]),
    ],
)
def test_what_a_contact_cannot_hold_on_a_neutral_salt_is_said_with_what_it_could(composition, words) -> None:
    with pytest.raises(InputError) as caught:
        SALT.replace({"stages[0].composition": composition})
    message = str(caught.value)
    assert all(word in message for word in words), message
    suggested = re.search(r"composition = \{.*\}", message)
    assert suggested is not None
    held = parse_toml(suggested.group(), file=None)["composition"]
    assert SALT.replace({"stages[0].composition": held}).contact_densities(0) is not None


def test_a_neutral_composition_cannot_replace_charged_ions() -> None:
    with pytest.raises(InputError, match="is neutral, with which no density"):
        SALT.replace({"sample.native": {"Rb": 1e24}})


def test_negative_ions_need_a_negative_potential() -> None:
    text = changed("[ions.Rb]\n", "[ions.Rb]\ncharge = -1\n")
    assert "stages[0].source_potential" in message_of(text)
    experiment = parse_experiment(changed('"15 V"', '"-15 V"', text))
    assert experiment.ions["Rb"].charge == -1


def test_grid() -> None:
    text = RB + '[grid]\ncell = "0.25 nm"\nzone = "80 nm"\nsurface_cell = "0.05 nm"\ngrowth = 1.03\n'
    grid = parse_experiment(text).grid
    assert (grid.cell, grid.zone, grid.surface_cell) == pytest.approx((0.25e-9, 80e-9, 0.05e-9))
    assert grid.growth == 1.03


# What is replaced, by what, and the words that the sentence must contain.
PROBLEMS = [
    ('"2.325 mm"', '"-2 mm"', ["rb.toml: sample.thickness", '"-2 mm"', "greater than 0", '"2.325 mm"']),
    ('"2.325 mm"', '"0 mm"', ["sample.thickness", "greater than 0"]),
    ('"2.325 mm"', "2.325", ["sample.thickness = 2.325", "without a unit", '"2.325 mm"']),
    ('"2.325 mm"', '"2.325 s"', ["sample.thickness", "is a time where a length is expected"]),
    ('"2.325 mm"', "nan", ["sample.thickness", "without a unit"]),
    ('"2.325 mm"', '"inf mm"', ["sample.thickness", "finite"]),
    ('thickness = "2.325 mm"', "", ["sample.thickness", "is missing", 'thickness = "2.325 mm"']),
    ("thickness", "thicknes", ["sample.thicknes", "unknown key", '"thickness"']),
    ("[sample]", "[samle]", ["samle", "unknown key", '"sample"']),
    ('title = "Rb@glass"', "title = 3", ["title = 3", "must be a text"]),
    ('"28.26 mm^2"', '"0 mm^2"', ["sample.illuminated_area", "greater than 0"]),
    ("relative_permittivity = 7", "relative_permittivity = 0.5", ["relative_permittivity = 0.5", "at least 1"]),
    ("relative_permittivity = 7", 'relative_permittivity = "7"', ["must be a number without quotation marks"]),
    ("relative_permittivity = 7", "relative_permittivity = true", ["must be a number"]),
    ("relative_permittivity = 7", "relative_permittivity = inf", ["must be finite"]),
    ("relative_permittivity = 7", f"relative_permittivity = 1{'0' * 400}", ["must be finite"]),
    ('{ Li = "1.4e28 1/m^3" }', "{}", ["sample.native", "must not be empty"]),
    ('{ Li = "1.4e28 1/m^3" }', "3", ["sample.native = 3", "must be a table"]),
    ('{ Li = "1.4e28 1/m^3" }', '{ Li = "0 1/m^3" }', ["sample.native.Li", "greater than 0"]),
    ("{ Li = ", "{ Lj = ", ["sample.native.Lj", "not described", '"Li"', "[ions.Lj]"]),
    ("{ Li = ", '{ "L i" = ', ["sample.native.L i", "not the name of an ion"]),
    ('"9 mm"', '"0 mm"', ["chamber.aperture_distance", "greater than 0"]),
    ('"site-energies"', '"site-energy"', ["ions.Li.diffusion.model", '"site-energy"', '"site-energies"']),
    ('model = "site-energies"\n', "", ["ions.Li.diffusion", "has no model", '"table"']),
    ('"5.8e-19 m^2/s"', '"0 m^2/s"', ["ions.Li.diffusion.bulk_coefficient", "greater than 0"]),
    ('"0.65 eV"', '"-0.65 eV"', ["ions.Li.diffusion.activation_energy", "at least 0"]),
    ('"0.65 eV"', '"65 eV"', ["ions.Li.diffusion.activation_energy", "too large", "lower the activation energy"]),
    ('width = "0.16 eV"', 'width = "0 eV"', ["ions.Li.diffusion.width", "greater than 0"]),
    ("trapped_fraction = 0.10", "trapped_fraction = 1.0", ["trapped_fraction = 1.0", "less than 1", "no mobile ions"]),
    ("trapped_fraction = 0.10", "trapped_fraction = -0.1", ["trapped_fraction = -0.1", "at least 0"]),
    ('trapped_width = "0.05 eV"', "", ["ions.Li.diffusion.trapped_width", "is missing"]),
    ("trapped_fraction", "excess_sites = -0.1\ntrapped_fraction", ["excess_sites = -0.1", "at least 0"]),
    ("trapped_fraction", 'shape = "gaussian"\nexcess_sites = 0\ntrapped_fraction', ["excess_sites = 0", "Gaussian"]),
    ("trapped_fraction", 'shape = "gausian"\ntrapped_fraction', ['shape = "gausian"', '"gaussian"']),
    ("trapped_fraction", 'fermi_level_counts = ["Li", "K"]\ntrapped_fraction', ["fermi_level_counts[1]", '"K"']),
    ("trapped_fraction", 'fermi_level_counts = ["Li", "Li"]\ntrapped_fraction', ["counts[1]", "counted twice"]),
    ("trapped_fraction", "fermi_level_counts = []\ntrapped_fraction", ["fermi_level_counts", "must not be empty"]),
    ("trapped_fraction", 'fermi_level_counts = "Li"\ntrapped_fraction', ["fermi_level_counts", "must be a list"]),
    ('"2.67e-22 m^2/s"', '"-1 m^2/s"', ["ions.Rb.diffusion.coefficient", "at least 0"]),
    ('"2.67e-22 m^2/s"', '"0 m^2/s"', ['stages[0].beam = "Rb"', "immobile"]),
    ('activation_energy = "62.7 kJ/mol"', "", ["ions.Rb.diffusion.activation_energy", "is missing"]),
    ('"323.15 K"', '"-300 degC"', ["reference_temperature", '"-300 degC"', "greater than 0 K"]),
    ('"323.15 K"', '"1 K"', ["stages[0].temperature", "too large", "Rb"]),
    ("[ions.Rb]\n", "[ions.Rb]\ncharge = 0\n", ["ions.Rb.charge = 0", "must not be 0"]),
    ("[ions.Rb]\n", "[ions.Rb]\ncharge = 1.5\n", ["ions.Rb.charge = 1.5", "whole number"]),
    ("[ions.Rb]\n", '[ions.Rb]\ncharge = "1"\n', ["ions.Rb.charge", "whole number"]),
    ("[ions.Rb]\n", '[ions.Rb]\ncharge = "+2"\n', ['ions.Rb.charge = "+2"', "write charge = 2."]),
    ("[ions.Rb]\n", "[ions.Rb]\ncharge = 2.0\n", ["ions.Rb.charge = 2.0", "write charge = 2."]),
    ("[ions.Rb]\n", "[ions.Cs]\n[ions.Rb]\n", ["ions.Cs.diffusion", "is missing"]),
    ('"irradiation"', '"iradiation"', ["stages[0].kind", '"iradiation"', 'nearest is "irradiation"']),
    ('kind = "irradiation"\n', "", ["stages[0]", "has no kind", '"storage"']),
    ('beam = "Rb"', 'beam = "rB"', ['stages[0].beam = "rB"', "not described", '"Rb"']),
    ('beam = "Rb"', "", ["stages[0].beam", "is missing"]),
    ('"15 V"', '"0 V"', ["stages[0].source_potential", "must not be 0"]),
    ('"15 V"', '"-15 V"', ["stages[0].source_potential", "greater than 0", "+1"]),
    ('"15 V"', '"15 V"\nbeam_current = "-2 nA"', ["stages[0].beam_current", "greater than 0"]),
    ('"94.46 h"', '"0 h"', ["stages[0].duration", "greater than 0"]),
    ("duration", "duratoin", ["stages[0].duratoin", "unknown key", '"duration"']),
    ('temperature = "50 degC"\ndur', 'temperature = "0 K"\ndur', ["stages[0].temperature", "greater than 0 K"]),
    ("[[stages]]", "[stages]", ["stages", "must be a list", "[[stages]]"]),
    ("[[stages]]", "[[stages]", ["line ", "column ", "not valid TOML"]),
    ("[[stages]]", "[stages]\n[[stages]]", ["line 27:", "write [[stages]]"]),
    ("[[stages]]", "[stages]\n[stages]", ["line 27", "write [[stages]]"]),
    ("[ions.Rb]\n", "[ions.Li]\n", ["line 19:", "the table [ions.Li] a second time", "below one of the two"]),
    ('model = "constant"', 'model = "constant"\nmodel = "table"', ["line 22:", 'the key "model" a second time']),
    ('duration = "94.46 h"', 'duration = "1 h"\nduration = "2 h"', ["line 32:", 'the key "duration" a second time']),
]


@pytest.mark.parametrize(("old", "new", "said"), PROBLEMS)
def test_every_problem_is_one_sentence(old: str, new: str, said: list[str]) -> None:
    message = message_of(changed(old, new))
    for words in ["rb.toml: ", *said]:
        assert words in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD, ["stages", "is missing"]),
        ("stages = []" + HEAD, ["stages", "must not be empty", "[[stages]]"]),
        (HEAD + CONTACT, ["stages[0]", "neither", "blocking = true"]),
        (HEAD + CONTACT + "blocking = true\ncomposition = { Rb = 1.0 }", ["stages[0]", "both"]),
        (HEAD + CONTACT + 'blocking = "yes"', ["stages[0].blocking", "true or false"]),
        (HEAD + CONTACT + "composition = { Rb = 0.5, Li = 0.4 }", ["stages[0].composition", "0.9"]),
        (HEAD + CONTACT + "composition = { Rb = 1.5, Li = -0.5 }", ["stages[0].composition.Rb = 1.5", "at most 1"]),
        (HEAD + CONTACT + "composition = { Rx = 1.0 }", ["stages[0].composition.Rx", '"Rb"']),
        (
            with_model(IMMOBILE, HEAD) + CONTACT + "composition = { Li = 0.9, Rb = 0.1 }",
            ["stages[0].composition.Rb = 0.1", "immobile in this stage", "leave Rb out"],
        ),
        (
            HEAD + CONTACT + f"composition = {{ Rb = 1.0 }}\n[stages.diffusion.Rb]\n{IMMOBILE}",
            ["stages[0].composition.Rb", "immobile in this stage"],
        ),
        (RB + f"[stages.diffusion.Na]\n{IMMOBILE}", ["stages[0].diffusion.Na", "not described"]),
        (RB + '[stages.diffusion.Rb]\nmodel = "constant"\n', ["stages[0].diffusion.Rb.coefficient", "is missing"]),
        (RB + f"[stages.diffusion.Rb]\n{IMMOBILE}", ["stages[0].beam", "immobile"]),
        (RB + "[back_electrode]\ndeposits = ['Na']", ["back_electrode.deposits[0]", '"Na"', "not described"]),
        (RB + "[cross_terms]\nhaven_ratio = 0.0", ["cross_terms.haven_ratio = 0", "greater than 0 and at most 1"]),
        (RB + "[cross_terms]\nhaven_ratio = 1.1", ["cross_terms.haven_ratio = 1.1", "at most 1", "independent ions"]),
        (RB + "[cross_terms]\npairs = { Li-Rb = 1.5 }", ["cross_terms.pairs.Li-Rb = 1.5", "at most 1", "entropy"]),
        (RB + "[cross_terms]\nhaven_ratio = 0.5\npairs = { Li-Rb = 0.5 }", ["cross_terms", "both"]),
        (RB + "[cross_terms]\npairs = { Li-Na = 0.5 }", ["cross_terms.pairs.Li-Na", "described", "Li, Rb"]),
        (RB + "[cross_terms]\npairs = { LiRb = 0.5 }", ["cross_terms.pairs", "LiRb"]),
        (RB + "[cross_terms]\npairs = { Li-Li = 0.5 }", ["cross_terms.pairs.Li-Li", "twice"]),
        (RB + "[cross_terms]\npairs = { Li-Rb = 0.5, Rb-Li = 0.4 }", ["cross_terms.pairs.Rb-Li", "Li-Rb"]),
        (
            RB.replace("[ions.Rb]\n", "[ions.Rb]\ncharge = 2\n") + "[cross_terms]\npairs = { Li-Rb = 0.5 }",
            ["cross_terms.pairs.Li-Rb", "different charge numbers, +1 and +2"],
        ),
        (RB + '[grid]\ncell = "3 mm"', ["grid.cell", "larger than the sample"]),
        (RB + '[grid]\ncell = "1 nm"\nsurface_cell = "2 nm"', ["grid.surface_cell", "larger than the cells"]),
        (RB + "[grid]\ngrowth = 0.5", ["grid.growth", "at least 1"]),
        (
            RB + CONTACT.replace("contact", "storage"),
            ["stages[1].potential", "one of kind contact", 'kind = "contact"'],
        ),
        (RB + CONTACT.replace("potential", "source_potential"), ["stages[1].source_potential", '"potential"']),
        (RB + IRRADIATION + CONTACT + 'beam = "Rb"', ["stages[2].beam", "unknown key"]),
        (
            HEAD.replace("[ions.Rb]\n", "[ions.Rb]\ncharge = -1\n") + CONTACT + "composition = { Rb = 1.0 }",
            ["stages[0].composition", "mean charge number of -1", "sign"],
        ),
        (
            with_model(f"{IMMOBILE}[ions.Na.diffusion]\n{IMMOBILE}").replace("{ Li", "{ Na"),
            ["ions.Li.diffusion", "all native ions are immobile"],
        ),
    ],
)
def test_every_problem_between_tables_is_one_sentence(text: str, said: list[str]) -> None:
    message = message_of(text)
    for words in said:
        assert words in message


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "rb-mono.toml").write_text(RB, encoding="utf-8")
    (tmp_path / "latin.toml").write_bytes('title = "Gläser"'.encode("latin-1"))
    for name, said in (
        ("rb-momo.toml", ["rb-momo.toml: does not exist", '"rb-mono.toml"']),
        (".", ["is a folder"]),
        ("latin.toml", ["not a text in UTF-8"]),
        ("nowhere/rb.toml", ["does not exist"]),
    ):
        with pytest.raises(InputError) as caught:
            load_experiment(tmp_path / name)
        for words in said:
            assert words in str(caught.value)


def test_a_byte_order_mark_is_allowed(tmp_path: Path) -> None:
    path = tmp_path / "rb.toml"
    path.write_text(RB, encoding="utf-8-sig")
    assert load_experiment(path).title == "Rb@glass"


def test_a_table_comes_from_a_file_beside_the_experiment(tmp_path: Path) -> None:
    (tmp_path / "rb.csv").write_text("# from a fit\nCoefficient (cm^2/s), Density (cm^-3)\n\n1e-20,0\n2e-18, 1.4e22\n")
    (tmp_path / "rb.toml").write_text(with_model(TABLE), encoding="utf-8")
    experiment = load_experiment(tmp_path / "rb.toml")
    model = experiment.diffusion_models(0)["Rb"]
    assert isinstance(model, TableDiffusion)
    np.testing.assert_allclose(model.densities, (0.0, 1.4e28))
    np.testing.assert_allclose(model.coefficient([0.0, 1.4e28], 323.15), [1e-24, 2e-22])
    assert list(experiment.attachments) == ["rb.csv"]


def test_an_experiment_with_a_table_can_be_made_self_contained(tmp_path: Path) -> None:
    (tmp_path / "rb.csv").write_text(CSV, encoding="utf-8")
    text = with_model(TABLE)
    experiment = parse_experiment(text, folder=tmp_path)
    alone = experiment.self_contained_source()
    assert alone.startswith(text.rstrip())
    again = parse_experiment(alone, folder=tmp_path / "nowhere")
    assert again.attachments == {"rb.csv": CSV}
    assert again.self_contained_source() == alone
    assert again.diffusion_models(0)["Rb"].density_limit == 1.4e28
    assert again.ions == experiment.ions
    assert parse_experiment(RB).self_contained_source() == RB


def test_attachments_are_complete_or_absent() -> None:
    message = message_of(with_model(TABLE) + '[attachments]\n"rb2.csv" = "x"\n')
    assert "ions.Rb.diffusion.file" in message
    assert '"rb2.csv"' in message


def test_a_table_can_stand_in_the_file() -> None:
    lists = 'densities = ["0 1/m^3", "1e28 1/m^3"]\ncoefficients = ["1e-24 m^2/s", "1e-22 m^2/s"]\n'
    experiment = parse_experiment(with_model(changed('file = "rb.csv"\n', lists, TABLE)))
    assert float(experiment.diffusion_models(0)["Rb"].coefficient(1e28, 323.15)) == pytest.approx(1e-22)


@pytest.mark.parametrize(
    ("lists", "said"),
    [
        ("", ["ions.Rb.diffusion", "one source"]),
        ('densities = ["0 1/m^3", "1 1/m^3"]\n', ["one source"]),
        (
            'file = "a.csv"\ndensities = ["0 1/m^3", "1 1/m^3"]\ncoefficients = ["1 m^2/s", "1 m^2/s"]\n',
            ["one source"],
        ),
        ('densities = ["0 1/m^3"]\ncoefficients = ["1 m^2/s"]\n', ["densities", "two or more"]),
        ('densities = ["1 1/m^3", "0 1/m^3"]\ncoefficients = ["1 m^2/s", "1 m^2/s"]\n', ["densities[1]", "greater"]),
        (
            'densities = ["0 1/m^3", "-1 1/m^3"]\ncoefficients = ["1 m^2/s", "1 m^2/s"]\n',
            ["densities[1]", "at least 0"],
        ),
        ('densities = ["0 1/m^3", "1 1/m^3"]\ncoefficients = ["0 m^2/s", "1 m^2/s"]\n', ["coefficients[0]"]),
        ("densities = [0, 1]\ncoefficients = [1, 2]\n", ["densities[0] = 0", "without a unit"]),
    ],
)
def test_unusable_lists_are_one_sentence(lists: str, said: list[str]) -> None:
    message = message_of(with_model(changed('file = "rb.csv"\n', lists, TABLE)))
    for words in said:
        assert words in message


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (None, ["rb.toml: ions.Rb.diffusion.file", "does not exist"]),
        ("", ["rb.csv: ", "no line of numbers"]),
        ("density (1/m^3), coefficient (m^2/s)\n0, 1e-24\n", ["rb.csv: ", "1 lines"]),
        ("density (1/m^3), coeficient (m^2/s)\n0,1\n", ["line 1, column 2", '"coefficient"']),
        ("density, coefficient (m^2/s)\n0,1\n", ["line 1, column 1", "with its unit"]),
        ("density (mm), coefficient (m^2/s)\n0,1\n", ["line 1, column 1", "is a length"]),
        ("density (1/m^3), density (1/m^3)\n0,1\n", ["line 1, column 2", "twice"]),
        ("density (1/m^3)\n0\n", ["line 1", "lacks the column coefficient"]),
        (CSV + "\n2e28, abc\n", ["line 5, column 2", '"abc"', "not a number"]),
        (CSV + "2e28\r3, 1e-20\n", ["line 4", "1 values for 2"]),
        (CSV + "2e28\n", ["line 4", "1 values for 2"]),
        (CSV + "2e28, 0\n", ["line 4, column 2", "greater than 0"]),
        (CSV + "nan, 1e-20\n", ["line 4, column 1", "finite"]),
        (CSV + "1e28, 1e-20\n", ["line 4", "not greater than that of the line before"]),
        (CSV.replace("0, 1e-24", "-1, 1e-24"), ["line 2, column 1", "at least 0"]),
    ],
)
def test_unusable_tables_name_line_and_column(tmp_path: Path, table: str | None, said: list[str]) -> None:
    if table is not None:
        (tmp_path / "rb.csv").write_text(table, encoding="utf-8", newline="")
    message = message_of(with_model(TABLE), folder=tmp_path)
    for words in said:
        assert words in message


def test_the_schema_describes_every_key() -> None:
    schema = experiment_schema()
    assert json.loads(json.dumps(schema)) == schema
    assert "null" not in json.dumps(schema)
    tables = [schema, *schema["$defs"].values()]
    assert len(tables) >= 11
    for table in tables:
        assert table["additionalProperties"] is False
        for key, entry in table["properties"].items():
            assert entry.get("description") or "$ref" in entry, key
            if "x-dimension" in entry:
                assert entry["type"] == "string"
                assert isinstance(entry.get("default", ""), str)
                assert entry["examples"]
                assert entry["x-unit"]
    thickness = schema["$defs"]["Sample"]["properties"]["thickness"]
    assert thickness["examples"] == ["2.325 mm"]
    assert thickness["x-bounds"] == {"exclusiveMinimum": 0.0}
    assert set(schema["required"]) == {"sample", "ions", "stages"}


def test_the_examples_of_the_schema_are_valid() -> None:
    schema = experiment_schema()
    lines = {
        name: "\n".join(
            f"{key} = {json.dumps(entry['examples'][0])}"
            for key, entry in schema["$defs"][name]["properties"].items()
            if "x-dimension" in entry or entry.get("type") == "number"
        )
        for name in ("SiteEnergySpecification", "GridSpecification")
    }
    text = with_model('model = "site-energies"\n' + lines["SiteEnergySpecification"] + "\n")
    experiment = parse_experiment(text + "[grid]\n" + lines["GridSpecification"])
    assert isinstance(experiment, Experiment)


def test_provenance() -> None:
    attributes = provenance_attributes(source=RB, settings={"tolerance": np.float64(1e-4), "cells": (1, 2)})
    assert attributes["experiment"] == RB
    assert attributes["experiment_sha256"] == text_hash(RB)
    assert len(attributes["experiment_sha256"]) == 64
    assert json.loads(attributes["settings"]) == {"tolerance": 1e-4, "cells": [1, 2]}
    assert attributes["ionscape_version"] == package_version()
    nested = {"branch": Branch(centre=-1.0, width=0.5, weight=2.0), "option": None}
    assert json.loads(settings_text(nested))["branch"]["width"] == 0.5
    assert settings_text({"b": 1, "a": 2}) == settings_text({"a": 2, "b": 1})
    assert text_hash("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


TEXTBOOK_CHARGES = {
    "H": 1, "Li": 1, "Na": 1, "K": 1, "Rb": 1, "Cs": 1, "Ag": 1, "Mg": 2, "Ca": 2, "Sr": 2, "Ba": 2, "Zn": 2, "Al": 3,
    "F": -1, "Cl": -1, "Br": -1, "I": -1, "O": -2, "S": -2, "Ca2+": 2, "Cl-": -1, "6Li": 1, "Rb87": 1, "O--": -2,
}  # fmt: skip


def with_ion(name: str, charge: str) -> Experiment:
    """The contact experiment with one ion alone, called so."""
    text = f"""
        [sample]
        thickness = "1 mm"
        illuminated_area = "1 cm^2"
        relative_permittivity = 7
        native = {{ "{name}" = "1e28 1/m^3" }}
        [ions."{name}"]
        {charge}
        diffusion = {{ model = "constant", coefficient = "0 m^2/s" }}
        [[stages]]
        kind = "storage"
        temperature = "300 K"
        duration = "1 h"
    """
    return parse_experiment(text)


@pytest.mark.parametrize(("name", "usual"), TEXTBOOK_CHARGES.items())
def test_a_charge_that_is_not_the_usual_one_is_warned_of(name: str, usual: int) -> None:
    assert with_ion(name, f"charge = {usual}").warnings == ()
    for wrong in {-usual, usual + (1 if usual > 0 else -1)}:
        (sentence,) = with_ion(name, f"charge = {wrong}").warnings
        assert f"has the charge {wrong:+d}, but" in sentence
        assert f"give it charge = {usual}, unless" in sentence
    forgotten = with_ion(name, "").warnings
    assert forgotten == () if usual == 1 else "since none is given" in forgotten[0]


@pytest.mark.parametrize("name", ["X", "Cu", "NH4+", "SO42-", "OH", "Fe"])
def test_nothing_is_said_of_an_ion_without_a_usual_charge(name: str) -> None:
    assert with_ion(name, "charge = 2").warnings == with_ion(name, "charge = -2").warnings == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            '"1.4e28 1/m^3"',
            '"1.4e28 cm^-3"',
            ["sample.native is 1.4e+34 1/m^3, more than 1e+29 1/m^3", "check its unit"],
        ),
        ('"2.325 mm"', '"2.325 m"', ["sample.thickness is 2.325 m, more than 100 mm"]),
        ('"28.26 mm^2"', '"28.26 m^2"', ["sample.illuminated_area is 28.26 m^2"]),
        (
            'temperature = "50 degC"\ndur',
            'temperature = "50 K"\ndur',
            ["stages[0].temperature is 50 K, less than 100 K"],
        ),
        ('temperature = "50 degC"\ndur', 'temperature = "2500 K"\ndur', ["is 2500 K, more than 2000 K"]),
        ('"0.16 eV"', '"0.16 meV"', ["ions.Li.diffusion.width is 0.16 meV, less than 5 meV"]),
        ('"0.16 eV"', '"1.6 eV"', ["ions.Li.diffusion.width is 1.6 eV, more than 1 eV"]),
        ("trapped_fraction", "excess_sites = 10\ntrapped_fraction", ["excess_sites is 10, more than 3", "its value"]),
        ('"2.67e-22 m^2/s"', '"2.67e-6 m^2/s"', ["D of Rb in stages[0] is 2.67e-06 m^2/s, more than 1e-07 m^2/s"]),
    ],
)
def test_a_value_far_from_all_glasses_is_warned_of(old: str, new: str, said: list[str]) -> None:
    assert parse_experiment(RB).warnings == ()
    (sentence,) = parse_experiment(changed(old, new)).warnings
    assert all(words in sentence for words in said), sentence
    assert sentence.endswith(".")


def test_the_assumed_place_of_a_gaussian_trapped_branch_is_warned_of() -> None:
    gaussian = 'shape = "gaussian"\nwidth = "0.16 eV"'
    (sentence,) = parse_experiment(changed('width = "0.16 eV"', gaussian)).warnings
    assert sentence.startswith("The trapped branch of Li is centred two full widths at half maximum, 0.7535 eV, below")
    assert "0.5027 eV" in sentence  # π · 0.16 eV, what the documents once said
    stated = gaussian + '\ntrapped_offset = "0.7535 eV"'
    assert parse_experiment(changed('width = "0.16 eV"', stated)).warnings == ()


def test_nothing_is_said_of_the_examples() -> None:
    files = [*(Path(__file__).parents[2] / "examples").glob("*.toml")]
    experiments = [load_experiment(file) for file in files if "[sample]" in file.read_text(encoding="utf-8")]
    assert experiments
    assert {experiment.warnings for experiment in experiments} == {()}


def test_ions_that_cannot_do_what_they_are_named_for_are_warned_of() -> None:
    counting = {"ions.F": FLUORINE, "ions.Li.diffusion.fermi_level_counts": ["Li", "F"]}
    absent, sentence = GLASS.replace(counting).warnings
    assert absent.startswith("The ion F is described but never present")
    assert sentence.startswith("ions.Li.diffusion.fermi_level_counts names F, whose charge is opposite to that of Li")
    absent, sentence = GLASS.replace({"ions.F": FLUORINE, "back_electrode.deposits": ["Li", "F"]}).warnings
    assert sentence.startswith("back_electrode.deposits names F, which is immobile")
    absent, sentence = under_contact({"back_electrode.deposits": ["Rb"]}, blocking=True).warnings
    assert "ion Rb is described but never present: it is not native and in no beam or contact" in absent
    assert sentence.startswith("back_electrode.deposits names Rb, which is neither native nor enters")


def test_ions_that_are_in_the_sample_or_come_into_it_are_present() -> None:
    brought = under_contact({}, composition={"Rb": 1.0})
    native = under_contact({"sample.native.Rb": 1e20}, blocking=True)
    for present in (GLASS, brought, native):
        assert not any("never present" in warning for warning in present.warnings)


def test_reference_density_is_the_native_one_of_the_ions_that_are_counted() -> None:
    """Two native cations on sites of their own have their own reference density, others that of all that are like."""
    mobile = {"diffusion": constant(1e-20)}
    described = GLASS.replace({"sample.native": {"Li": 0.9e28, "Na": 0.5e28}, "ions.Na": mobile})
    assert described.warnings == ()
    assert described.reference_density("Li") == described.native_fermi_density("Li", 0) == 0.9e28
    assert described.reference_density("Na") == 0.5e28
    assert described.reference_density("Rb") == described.bulk_density == pytest.approx(1.4e28)
    model = described.diffusion_model("Li", 0)
    assert model.coefficient(0.9e28, 323.15) == pytest.approx(5.8e-19, rel=1e-6, abs=0)
    assert model.density_limit == pytest.approx(1.1 * 0.9e28, rel=1e-12)

    counted = described.replace({"ions.Li.diffusion.fermi_level_counts": ["Li", "Na"]})
    assert counted.warnings == ()
    assert counted.reference_density("Li") == counted.reference_density("Li", 0) == pytest.approx(1.4e28)

    calcium = {"ions.Ca": {"charge": 2, **mobile}}
    with_calcium = GLASS.replace({"sample.native": {"Li": 0.9e28, "Ca": 0.5e28}, **calcium})
    assert with_calcium.reference_density("Li") == 0.9e28
    assert with_calcium.reference_density("Rb") == 0.9e28  # of all ions of charge 1
    # no native ion has the charge 2: those of its sign
    assert GLASS.replace(calcium).reference_density("Ca") == 1.4e28


def test_models_of_stages_have_their_own_reference_density() -> None:
    """What counts rubidium and lithium in the second stage refers to both, whoever is counted in the first."""
    described = parse_experiment(HEAD + IRRADIATION + IRRADIATION + RB_WITH_SITE_ENERGIES)
    assert described.reference_density("Rb", 1) == 1.4e28
    model = described.diffusion_model("Rb", 1)
    assert model.coefficient(1.33e28, 323.15) == pytest.approx(2.67e-22, rel=1e-6, abs=0)
    # sites are counted in units of the native density, whatever the reference
    assert model.density_limit == pytest.approx(1.1 * 1.4e28, rel=1e-12)
    assert model.jumps == pytest.approx([0.1 * 1.4e28], rel=1e-12)
    activation_energy = model.activation_energy([1.33e28, 1.4e28]) / 1.602176634e-19
    assert activation_energy[0] == pytest.approx(0.65, rel=1e-9)
    assert activation_energy[1] < 0.65


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ("0 1/m^3", ["greater than 0", "1.33e28 1/m^3"]),
        ("-1e28 1/m^3", ["greater than 0"]),
        ("1.55e28 1/m^3", ["at most 1.54e+28 1/m^3", "excess_sites"]),
        ("1.33e22 nm", ["number density"]),
    ],
)
def test_a_reference_density_without_sites_is_one_sentence(stated: str, said: list[str]) -> None:
    text = HEAD + IRRADIATION + IRRADIATION + RB_WITH_SITE_ENERGIES.replace("1.33e28 1/m^3", stated)
    message = message_of(text)
    assert "stages[1].diffusion.Rb.reference_density" in message
    assert "\n" not in message
    for words in said:
        assert words in message


def test_an_ion_as_good_as_immobile_counts_as_immobile() -> None:
    """Calcium that would move by 1e-15 m belongs to the glass, whatever its D; one that moves a nanometre does not."""
    found = {
        coefficient: under_contact(
            {
                "sample.native": {"Ca": 5e27, "Li": 1.4e28},
                "ions.Ca": {"charge": 2, "diffusion": constant(coefficient)},
            },
            composition={"Rb": 1.0},
        )
        for coefficient in (0.0, 1e-40, 1e-22)
    }
    for coefficient in (0.0, 1e-40):
        assert found[coefficient].immobile_ions == {"Ca"}
        assert found[coefficient].bulk_density == 1.4e28
        assert found[coefficient].contact_densities(0) == {"Rb": 1.4e28}
    assert found[1e-22].immobile_ions == frozenset()
    assert found[1e-22].contact_densities(0) == {"Rb": pytest.approx(2.4e28)}
    for described in found.values():
        assert described.reference_density("Li") == described.reference_density("Rb") == 1.4e28


def test_anions_take_no_sites_of_cations() -> None:
    described = GLASS.replace({"sample.native.F": 1.4e28, "ions.F": ANION})
    assert described.warnings == ()
    assert described.bulk_density == 2.8e28
    assert described.reference_density("Li") == described.reference_density("F") == 1.4e28
    model = described.diffusion_models(0)["Li"]
    assert model.coefficient(1.4e28, 323.15) == pytest.approx(5.8e-19, rel=1e-6, abs=0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '[measurement]\nfile = "measurements\\rb-mono-a.txt"\n',
            ["measurement.file", "backslash in a path", "\\r is"],
        ),
        ('[measurement]\ncrater_scans = ["a.csv", "m\\b.csv"]\n', ["measurement.crater_scans[1]", "\\b is a control"]),
        ('experiment = "cases\\new.toml"\n', ["experiment", "\\n is a control character"]),
        ('[ions.Li.diffusion]\nfile = "tables\\table.csv"\n', ["ions.Li.diffusion.file", "\\t is a control character"]),
        ('[datasets]\na = "m\\first.toml"\n', ["datasets.a", "\\f is a control character"]),
        ('[fit]\ncurrent_curve = { file = "m\\n.csv" }\n', ["fit.current_curve.file"]),
        ('[glass]\nmeasured_units = "m\\nmr.csv"\n', ["glass.measured_units"]),
        ('[experiment]\nfile = "\\table.csv"\n', ["experiment.file"]),
        (
            '[measurement]\nfile = "C:\\Users\\me\\rb.txt"\n',
            ["line 2", '("C:\\Users\\me\\rb.txt", where \\U begins a code)'],
        ),
        ('file = "data\\measured.txt"\n', ["line 1", '("data\\measured.txt", where \\m begins a code)']),
        ('file = "C:\\data\\"\nother = 1\n', ["line 1", "has a backslash in a path"]),
        ('file = "data\\"\nother = 1\n', ["line 1", '("data\\")']),
        ('files = ["a.txt", "C:\\x41.txt"]\n', ['("C:\\x41.txt", where \\x begins a code)']),
    ],
)
def test_a_backslash_in_a_path_is_said(text: str, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        parse_toml(text, file="f.toml")
    sentence = str(caught.value)
    for word in (*words, "f.toml", "write / or put the path in single quotes"):
        assert word in sentence


def test_a_backslash_that_is_meant_stays() -> None:
    text = 'title = "two\\nlines"\n[measurement]\nfile = \'C:\\new\\rb.txt\'\nother = "C:\\\\new"\n'
    data = parse_toml(text, file=None)
    assert data == {"title": "two\nlines", "measurement": {"file": "C:\\new\\rb.txt", "other": "C:\\new"}}


def test_long_names_and_lists_are_cut_in_messages() -> None:
    name = 100_000 * "k"
    start = time.perf_counter()
    for error in (
        InputError("is an unknown key", key=f"sample.{name}", value=name, remedy=f'the nearest is "{name}"'),
        InputError(f"has the key {name} twice", bound=name),
        InputError(" ".join(50_000 * ["k"])),
    ):
        assert len(str(error)) < 1600
    assert nearest_name(name, ["thickness"]) == "thickness"
    with pytest.raises(InputError) as caught:
        parse_experiment(RB.replace("[sample]", f'[sample]\n"{name}" = 1'))
    assert len(str(caught.value)) < 500
    assert f"{60 * 'k'}" in str(caught.value)
    numbers = "densities = [" + 1_000_000 * "1, " + "1]\n"
    for text in (numbers, numbers.replace("densities = [", 'densities = [\n"1 nm", ')):
        with pytest.raises(InputError, match=r"densities: has 100000\d values; at most 10000 are read"):
            parse_toml(text, file=None)
    with pytest.raises(InputError, match="has 1000001 lists and tables; at most 10000 are read"):
        parse_toml(f"surface_regions = [{1_000_000 * '[1, 2], '}]\n", file=None)
    # tomllib alone takes seconds for them, and pydantic ten
    assert time.perf_counter() - start < 8.0
