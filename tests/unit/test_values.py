"""Tables as values: made from SI floats, replaced by path, written as a text that says the same."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, reject, settings
from hypothesis import strategies as st

import ionscape as isc
from ionscape.diffusivity import ConstantDiffusion, DiffusionModel, site_energy_diffusion
from ionscape.experiment import (
    ConstantSpecification,
    Experiment,
    Ion,
    Irradiation,
    Sample,
    SiteEnergySpecification,
    Storage,
    TableSpecification,
)
from ionscape.files.description import describe, example_table
from ionscape.files.fields import IN_FILE
from ionscape.files.quantities import DIMENSIONS, quantity
from ionscape.files.table import Table
from ionscape.files.validation import read_table
from ionscape.files.values import parts_following, read_scalar, scalars, text_of
from ionscape.inference.settings import FitTable
from ionscape.profiling.settings import MeasurementTable
from ionscape.series.hops_settings import CALCULATIONS, HopsTable
from ionscape.series.settings import SeriesTable
from strategies import random_experiment

EV = 1.602176634e-19


def made_in_python(**diffusion) -> Experiment:
    """An experiment of SI floats that no text says; diffusion models may be other ones."""
    constant = ConstantSpecification(
        coefficient=2.67e-22, reference_temperature=323.15, activation_energy=0.65 * EV, model="constant"
    )
    return Experiment(
        sample=Sample(thickness=2e-4, illuminated_area=28.26e-6, relative_permittivity=7.0, native={"Li": 1.4e28}),
        ions={
            "Li": Ion(diffusion=diffusion.get("Li", constant.replace({"coefficient": 5.8e-19}))),
            "Rb": Ion(diffusion=diffusion.get("Rb", constant)),
        },
        stages=(
            Irradiation(kind="irradiation", beam="Rb", source_potential=15.0, temperature=323.15, duration=3600.0),
            Storage(kind="storage", temperature=278.0, duration=60.0),
        ),
    )


def tables_in(table: object) -> list[Table]:
    """A table and all tables in it."""
    if isinstance(table, Table):
        inner = [each for name in type(table).model_fields for each in tables_in(getattr(table, name))]
        return [table, *inner]
    entries = table.values() if isinstance(table, dict) else table if isinstance(table, tuple) else ()
    return [each for entry in entries for each in tables_in(entry)]


@pytest.fixture(scope="module")
def whole_tables(examples_folder: Path) -> list[Table]:
    """All tables of the examples, as they were read."""
    found: list[Table] = []
    for path in sorted([*examples_folder.glob("*.toml"), *examples_folder.glob("measurements/*.toml")]):
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        if "sample" in data:
            found.append(isc.load_experiment(path))
        if "measurement" in data:
            found.append(read_table(MeasurementTable, data["measurement"], file=None, context=IN_FILE))
        if "fit" in data:
            found.append(read_table(FitTable, data["fit"], file=None, context=IN_FILE))
        if "glass" in data:
            table = HopsTable if any(name in data for name in CALCULATIONS) else SeriesTable
            found.append(read_table(table, data, file=None, context=IN_FILE))
    return found


def test_every_table_of_the_examples_is_read_from_its_own_dump(whole_tables) -> None:
    tables = [table for whole in whole_tables for table in tables_in(whole)]
    assert len({type(table) for table in tables}) > 20
    for table in tables:
        assert type(table).model_validate(table.model_dump()) == table


def test_every_table_of_the_examples_is_read_from_its_own_text(whole_tables) -> None:
    for table in (table for whole in whole_tables for table in tables_in(whole)):
        again = read_table(type(table), tomllib.loads(table.to_toml()), file=None, context=IN_FILE)
        assert again == table


def any_experiment(seed: int) -> Experiment:
    try:
        return isc.parse_experiment(random_experiment(np.random.default_rng(seed)))
    except isc.InputError:
        reject()  # a contact of one in some hundred would hold an ion that cannot move


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
@example(854)  # of a composition without an ion that carries as much as an immobile one would
def test_any_experiment_is_read_from_its_own_text_and_dump(seed: int) -> None:
    experiment = any_experiment(seed)
    again = isc.parse_experiment(experiment.to_toml())
    assert again == experiment
    assert Experiment.model_validate(experiment.model_dump()) == experiment
    assert again.warnings == experiment.warnings


@settings(max_examples=8)
@given(st.integers(0, 2**32 - 1))
def test_every_scalar_of_an_experiment_can_be_replaced(seed: int) -> None:
    """By its own value, by another one in SI units and by the same as a text; everything else stays as it is."""
    experiment = any_experiment(seed)
    for path, scalar in scalars(experiment).items():
        assert experiment.replace({path: scalar.value}) == experiment
        try:
            changed = experiment.replace({path: scalar.value * 1.0000001})
        except isc.InputError:
            continue  # at a bound
        found = scalars(changed)
        assert found.pop(path).value == scalar.value * 1.0000001
        following = parts_following(experiment, path, scalar.value * 1.0000001)  # of a melt or a composition
        assert {other: found.pop(other).value for other in following} == following
        assert found == {other: each for other, each in scalars(experiment).items() if other not in (path, *following)}
        text = f"{scalar.value * 1.0000001!r} {scalar.unit}" if scalar.dimension else scalar.value * 1.0000001
        assert experiment.replace({path: text}) == changed


@pytest.mark.parametrize("name", sorted(DIMENSIONS))
@given(value=st.floats(1e-40, 1e40))
def test_quantities_are_written_to_the_last_digit(name, value: float) -> None:
    assert quantity(text_of(value, name), name) == value


def test_an_experiment_needs_no_text() -> None:
    experiment = made_in_python()
    assert isc.parse_experiment(experiment.source) == experiment
    changed = experiment.replace({"stages[0].source_potential": "20 V", "ions.Li.diffusion.coefficient": 5e-19})
    assert changed.stages[0].source_potential == 20.0
    assert changed.ions["Li"].diffusion.coefficient == 5e-19
    assert experiment.stages[0].source_potential == 15.0
    result = isc.simulate(changed)
    assert isc.parse_experiment(result.dataset.attrs["experiment"]) == changed


def test_a_number_without_a_unit_stays_an_error_in_a_file() -> None:
    text = made_in_python().to_toml().replace('"15 V"', "15")
    with pytest.raises(isc.InputError, match="is a number without a unit"):
        isc.parse_experiment(text)


def test_tables_whole_keys_and_entries_can_be_replaced(mono_cait_file: Path) -> None:
    experiment = isc.load_experiment(mono_cait_file)
    weaker = experiment.replace({"stages[0].beam_current": "2 nA", "grid.cell": 0.5e-9, "title": "weak"})
    assert weaker.stages[0].beam_current == pytest.approx(2e-9, rel=1e-15)
    assert (weaker.grid.cell, weaker.title) == (0.5e-9, "weak")
    back = weaker.replace({"stages[0].beam_current": None, "grid": {}, "title": experiment.title})
    assert back == experiment
    storage = {"kind": "storage", "temperature": "5 degC", "duration": 3600.0}
    longer = experiment.replace({"stages": (*experiment.stages, storage)})
    assert longer.stages[1] == Storage(kind="storage", temperature=278.15, duration=3600.0)
    mixed = experiment.replace({"sample.native.Rb": 1e27})
    assert mixed.sample.native == {**experiment.sample.native, "Rb": 1e27}


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("stages[0].sourcepotential", "stages[0].source_potential"),
        ("ions.Li.difusion.width", "ions.Li.diffusion.width"),
        ("ions.K.charge", "ions."),
        ("stages[7].duration", "stages[0].duration"),
        ("sample.thickness.value", "sample.thickness"),
        ("", ""),
    ],
)
def test_an_unknown_path_names_the_nearest(mono_cait_file: Path, path: str, nearest: str) -> None:
    with pytest.raises(isc.InputError) as caught:
        isc.load_experiment(mono_cait_file).replace({path: 1.0})
    assert caught.value.key == path
    assert nearest in str(caught.value.remedy)


def three_ions(**fractions: float) -> Experiment:
    diffusion = ConstantSpecification(coefficient=1e-20, reference_temperature=320.0, activation_energy=1e-19)
    return Experiment(
        sample=Sample(thickness=1e-3, illuminated_area=1e-4, relative_permittivity=7.0, native={"Li": 1e28}),
        ions={name: Ion(diffusion=diffusion) for name in ("Li", "Na", "K", "Rb")},
        stages=(Irradiation(beam=fractions, source_potential=10.0, temperature=320.0, duration=3600.0),),
    )


@pytest.mark.parametrize(
    ("values", "beam"),
    [
        ({"Rb": 0.4}, {"Na": 0.15, "K": 0.45, "Rb": 0.4}),  # the others keep their ratio of 1 : 3
        ({"Rb": 1.0}, {"Na": 0.0, "K": 0.0, "Rb": 1.0}),
        ({"Rb": 0.5, "K": 0.3}, {"Na": 0.2, "K": 0.3, "Rb": 0.5}),
        ({"Na": 0.5, "K": 0.3, "Rb": 0.2}, {"Na": 0.5, "K": 0.3, "Rb": 0.2}),
        ({"Rb": 0.2}, {"Na": 0.2, "K": 0.6, "Rb": 0.2}),
    ],
)
def test_fractions_share_what_others_leave(values: dict[str, float], beam: dict[str, float]) -> None:
    experiment = three_ions(Na=0.2, K=0.6, Rb=0.2)
    stage = experiment.replace({f"stages[0].beam.{name}": value for name, value in values.items()}).stages[0]
    assert isinstance(stage, Irradiation)
    assert stage.beam == pytest.approx(beam, abs=1e-15)
    assert set(stage.newcomers) == {name for name, fraction in beam.items() if fraction}


def test_a_time_that_passes_the_next_is_told_in_hours() -> None:
    programme = [{"time": 3600.0 * hour, "value": 5.0 + hour} for hour in (0, 1, 2)]
    experiment = three_ions(Na=1.0).replace({"stages[0].source_potential": programme})
    with pytest.raises(isc.InputError, match=r'potential\[2\].time = "2 h": must not be before .* 3 h'):
        experiment.replace({"stages[0].source_potential[1].time": "3 h"})


def test_a_pair_that_mixes_faster_than_independent_ions_is_remarked_on() -> None:
    pairs = {"Li-Na": -0.5, "Na-K": 0.5}
    remarks = three_ions(Na=1.0).replace({"cross_terms.pairs": pairs}).remarks
    assert [remark.about for remark in remarks if remark.code == "unusual_value"] == [("cross_terms.pairs.Li-Na",)]


def test_the_other_of_two_ions_follows_from_nothing_too() -> None:
    stage = three_ions(Na=0.0, K=1.0).replace({"stages[0].beam.K": 0.7}).stages[0]
    assert isinstance(stage, Irradiation)
    assert stage.beam == pytest.approx({"Na": 0.3, "K": 0.7}, abs=1e-15)
    assert parts_following(three_ions(Na=0.4, K=0.6), "stages[0].beam.K", 0.7) == {"stages[0].beam.Na": 0.3}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"Rb": 1.2}, "stages[0].beam.Rb = 1.2: must be at least 0 and at most 1"),
        ({"Rb": 0.8, "K": 0.4}, "stages[0].beam: has fractions that leave less than nothing for Na"),
        ({"Na": 0.1, "K": 0.1, "Rb": 0.1}, "stages[0].beam: has fractions that add up to 0.3"),
    ],
)
def test_fractions_that_cannot_be_shared_out_are_named(values: dict[str, float], words: str) -> None:
    with pytest.raises(isc.InputError) as caught:
        three_ions(Na=0.2, K=0.6, Rb=0.2).replace({f"stages[0].beam.{name}": value for name, value in values.items()})
    assert words in str(caught.value)


def test_a_replaced_experiment_is_checked_as_a_whole(mono_cait_file: Path) -> None:
    experiment = isc.load_experiment(mono_cait_file)
    with pytest.raises(isc.InputError, match=r"must be greater than 0, since Rb") as caught:
        experiment.replace({"stages[0].source_potential": -15.0})
    assert (caught.value.key, caught.value.file) == ("stages[0].source_potential", str(mono_cait_file))


def test_the_text_of_the_file_is_the_source_as_long_as_it_says_the_same(mono_cait_file: Path) -> None:
    text = mono_cait_file.read_text(encoding="utf-8")
    experiment = isc.load_experiment(mono_cait_file)
    assert experiment.source == text
    assert experiment.replace({"sample.relative_permittivity": 7}).source == text
    copied = experiment.model_copy(update={"title": "another"})
    replaced = experiment.replace({"title": "another"})
    changed = isc.load_experiment(mono_cait_file)
    changed.ions["Li"] = Ion(charge=1, diffusion=experiment.ions["Rb"].diffusion)
    for other in (copied, replaced, changed):
        assert other != experiment
        assert isc.parse_experiment(other.source) == other
        assert isc.parse_experiment(other.self_contained_source()) == other


def test_the_numbers_of_a_file_are_part_of_the_value(tmp_path: Path) -> None:
    (tmp_path / "rb.csv").write_text("density (1/cm^3), coefficient (cm^2/s)\n0, 1e-18\n1.4e22, 3e-18\n")
    made = made_in_python().to_toml()
    start, end = made.index("[ions.Rb.diffusion]"), made.index("[[stages]]")
    table = 'model = "table"\nfile = "rb.csv"\nreference_temperature = "323.15 K"\nactivation_energy = "0.6 eV"\n'
    experiment = isc.parse_experiment(f"{made[:start]}[ions.Rb.diffusion]\n{table}\n{made[end:]}", folder=tmp_path)
    assert isc.parse_experiment(experiment.to_toml(), folder=tmp_path / "nowhere") == experiment
    assert Experiment.model_validate(experiment.model_dump()) == experiment
    other = experiment.replace({"ions.Rb.diffusion.coefficients[1]": 4e-22})
    assert other.ions["Rb"].diffusion.coefficients[1] == 4e-22
    assert isc.parse_experiment(other.self_contained_source(), folder=tmp_path / "nowhere") == other


@dataclass(frozen=True, kw_only=True)
class Exponential:
    """D(n, T) = D exp(steepness (n/1.4e28 − 1)) with an activation energy that falls with density."""

    coefficient_at_bulk: float = 5.8e-19
    steepness: float = 3.0
    fermi_level_counts: tuple[str, ...] | None = None

    @property
    def density_limit(self) -> float:
        return 1.6e28

    @property
    def jumps(self) -> tuple[float, ...]:
        return ()

    def coefficient(self, density, temperature):
        filled = np.minimum(np.asarray(density), self.density_limit) / 1.4e28
        energy = self.activation_energy(density) / 1.380649e-23
        arrhenius = np.exp(-energy * (1.0 / temperature - 1.0 / 323.15))
        return self.coefficient_at_bulk * np.exp(self.steepness * (filled - 1.0)) * arrhenius

    def activation_energy(self, density):
        return EV * (0.7 - 0.05 * np.asarray(density) / 1.4e28)


def as_table(model: DiffusionModel, temperature: float, knots: int = 2001) -> TableSpecification:
    """The table of D that a user would have made by hand."""
    densities = np.linspace(0.0, 1.6e28, knots)
    return TableSpecification(
        model="table", densities=tuple(densities.tolist()),
        coefficients=tuple(model.coefficient(densities, temperature).tolist()),
        reference_temperature=temperature, activation_energy=0.65 * EV,
    )  # fmt: skip


def test_an_own_diffusion_model_is_simulated_as_its_table_is() -> None:
    own = made_in_python(Li=Exponential())
    table = made_in_python(Li=as_table(Exponential(), 323.15)).replace(
        {"stages[1].diffusion": {"Li": as_table(Exponential(), 278.0)}}
    )
    result, expected = isc.simulate(own), isc.simulate(table)
    for name in ("density", "collected_charge", "current"):
        scale = float(np.abs(expected.dataset[name]).max())
        difference = np.abs(result.dataset[name].values[-1] - expected.dataset[name].values[-1])
        assert float(difference.max()) < 1e-5 * scale
    stored = isc.parse_experiment(result.dataset.attrs["experiment"])
    assert {stored.ions["Li"].diffusion.model, stored.stages[1].diffusion["Li"].model} == {"table"}
    for index, stage in enumerate(stored.stages):
        densities = np.linspace(0.0, 1.6e28, 777)
        found = stored.diffusion_model("Li", index).coefficient(densities, stage.temperature)
        np.testing.assert_allclose(found, Exponential().coefficient(densities, stage.temperature), rtol=1e-7)


def test_models_of_the_package_can_be_given_too() -> None:
    keys = {"bulk_coefficient": 5.8e-19, "reference_temperature": 323.15, "activation_energy": 0.65 * EV,
            "width": 0.16 * EV}  # fmt: skip
    described = made_in_python(Li=SiteEnergySpecification(model="site-energies", **keys))
    given_ = made_in_python(Li=site_energy_diffusion(bulk_density=1.4e28, **keys))
    assert (
        float(np.abs(isc.simulate(given_).dataset["density"] - isc.simulate(described).dataset["density"]).max()) == 0
    )
    immobile = made_in_python(Rb=ConstantDiffusion(coefficient_at_reference=1e-22, reference_temperature=323.15))
    assert isc.parse_experiment(immobile.to_toml()).ions["Rb"].diffusion.coefficient == 1e-22


def test_an_own_model_stays_what_it_is_when_something_else_is_replaced() -> None:
    model = ConstantDiffusion(
        coefficient_at_reference=1e-20, reference_temperature=300.0, activation_energy_value=1e-19
    )
    changed = made_in_python().replace({"ions.Li.diffusion": model}).replace({"stages[0].duration": 60.0})
    assert changed.diffusion_model("Li", 0) is model
    assert changed == changed.replace({"title": changed.title})


def test_an_own_model_that_gives_no_number_is_refused() -> None:
    with pytest.raises(isc.InputError, match="of the diffusion model of Li"):
        made_in_python().replace({"ions.Li.diffusion": Exponential(coefficient_at_bulk=float("nan"))})
    with pytest.raises(isc.InputError, match=r"ions\.Li\.diffusion.*must be a table"):
        made_in_python().replace({"ions.Li.diffusion": 5e-19})


def test_what_can_be_varied_is_named(mono_cait_file: Path) -> None:
    experiment = isc.load_experiment(mono_cait_file)
    assert read_scalar(experiment, "stages[0].source_potential").unit == "V"
    with pytest.raises(isc.InputError, match="is a whole number and cannot be varied"):
        read_scalar(experiment.replace({"ions.Li.charge": 1}), "ions.Li.charge")


@pytest.mark.parametrize("model", [Experiment, MeasurementTable, FitTable, SeriesTable])
def test_the_description_names_every_key_and_examples_are_valid(model: type[Table]) -> None:
    todo, done = [model], set()
    while todo:
        table = todo.pop()
        done.add(table)
        assert list(describe(table)) == list(table.model_fields)
        for key in describe(table).values():
            value = key.value.entry if key.value.entry is not None else key.value
            todo += [inner for inner in value.tables if inner not in done]
            assert key.description
    assert len(done) > 3
    if model is not SeriesTable:  # which needs one of two tables
        filled = {"parameters": {"a.b": {"lower": 0.0, "upper": 1.0}}} if model is FitTable else {}
        if model is Experiment:
            filled = {"ions": {"Li": example_table(Ion), "Rb": example_table(Ion)}}
        assert read_table(model, example_table(model) | filled, file=None, context=IN_FILE)
