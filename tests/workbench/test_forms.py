"""Forms say what the models of the file format say, and write what the file's reader reads."""

import pytest

from ionscape.errors import InputError, MissingKey
from ionscape.experiment import ConstantSpecification, Contact, Irradiation, Sample, SiteEnergySpecification
from ionscape.experiment.models import Experiment
from ionscape.experiment.unusual import UNUSUAL
from ionscape.files.description import describe, example_table, is_kind, kind_key, kind_of_table
from ionscape.inference.settings import FitTable
from ionscape.profiling.settings import MeasurementTable
from ionscape.workbench.form_controls import mark_of
from ionscape.workbench.form_fields import (
    control_of,
    entry_of,
    field_problem,
    help_of,
    parse_entry,
    placeholder_of,
    show_entry,
)
from ionscape.workbench.forms import mistakes_line, numbers_of, structure
from ionscape.workbench.wording import page_words

MODELS = (Experiment, Sample, Irradiation, Contact, SiteEnergySpecification, MeasurementTable, FitTable)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_key_of_a_model_is_described_by_the_model_itself(model):
    described = describe(model)
    assert set(described) == set(model.model_fields)
    for name, key in described.items():
        field = model.model_fields[name]
        assert key.required == (field.is_required() or is_kind(key))
        assert help_of(key).startswith(field.description or "")


def test_bounds_units_choices_and_defaults_come_from_the_model():
    thickness = describe(Sample)["thickness"]
    assert (control_of(thickness.value), thickness.example) == ("quantity", "2.325 mm")
    assert placeholder_of(thickness) == "such as 2.325 mm"
    assert "greater than 0" in help_of(thickness)
    assert "A number with its unit, such as 2.325 mm." in help_of(thickness)
    assert control_of(describe(Sample)["relative_permittivity"].value) == "number"
    native = entry_of(describe(Sample)["native"])
    assert (native.value.kind, native.required, native.table) == ("quantity", True, None)
    sites = describe(SiteEnergySpecification)
    assert sites["shape"].value.words == ("cosine-squared", "gaussian")
    assert placeholder_of(sites["excess_sites"]) == "0.1"
    assert placeholder_of(describe(FitTable)["fit_depth_scale"]) == "true"
    assert placeholder_of(describe(FitTable)["observed_charge"]) == "not given"
    assert control_of(describe(MeasurementTable)["bulk_region"].value) == "list"
    stages = describe(Experiment)["stages"].value
    assert control_of(stages) == "tables"
    assert [kind_of_table(model) for model in stages.entry.tables] == ["irradiation", "contact", "storage"]
    assert kind_key(ConstantSpecification) == "model"


@pytest.mark.parametrize("model", [Irradiation, Sample, SiteEnergySpecification])
def test_example_of_a_table_is_valid(model):
    model.model_validate(example_table(model))


def test_example_of_a_table_keeps_what_is_known():
    made = example_table(SiteEnergySpecification, like={"activation_energy": "0.7 eV", "coefficient": "1 m^2/s"})
    assert made["activation_energy"] == "0.7 eV"
    assert "coefficient" not in made


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        (" 2 mm ", "quantity", "2 mm"),
        ("", "quantity", None),
        ("7", "number", 7),
        ("0.10", "number", 0.1),
        ("−1", "integer", -1),
        ("1,5", "number", "1,5"),
        ("4 nm, 110 nm", "list", ["4 nm", "110 nm"]),
        ('[["1 um", "2 um"]]', "value", [["1 um", "2 um"]]),
        ("1.5 nm", "value", "1.5 nm"),
    ],
)
def test_text_of_a_control_becomes_the_value_of_the_file(text, kind, value):
    assert parse_entry(text, kind) == value
    assert parse_entry(show_entry(value, kind), kind) == value


def test_structure_changes_with_tables_and_kinds_only():
    data = {"sample": {"thickness": "1 mm", "native": {"Li": "1"}}, "stages": [{"kind": "storage", "duration": "1 h"}]}
    same = {"sample": {"thickness": "2 mm", "native": {"Li": "2"}}, "stages": [{"kind": "storage", "duration": "2 h"}]}
    assert structure(data) == structure(same)
    assert structure(data) != structure({**data, "stages": [{"kind": "contact"}]})
    assert structure(data) != structure({**data, "sample": {"native": {"Li": "1", "Na": "1"}}})


def test_markers_are_paths():
    assert mark_of("stages[0].duration") == "form-stages[0].duration"


@pytest.mark.parametrize(
    ("model", "key", "value", "told"),
    [
        (Sample, "thickness", "-2 mm", 'a.toml: x.thickness = "-2 mm": must be greater than 0'),
        (Sample, "native", {"Li": "3 kg"}, 'a.toml: x.native.Li = "3 kg": is of dimension [mass]'),
        (SiteEnergySpecification, "shape", "round", 'a.toml: x.shape = "round": is not known; choose'),
        (MeasurementTable, "bulk_region", ["4 nm", "far"], 'a.toml: x.bulk_region[1] = "far": does not start'),
    ],
)
def test_a_value_is_checked_by_itself(model, key, value, told):
    error = field_problem(model, key, value, path=f"x.{key}", file="a.toml")
    assert error is not None
    assert str(error).startswith(told)


def test_good_and_absent_values_have_no_sentence():
    assert field_problem(Sample, "thickness", "2 mm", path="sample.thickness") is None
    assert field_problem(Sample, "thickness", None, path="sample.thickness") is None


def test_mistakes_are_counted_and_named():
    wrong, missing = InputError("must be less", key="x", value=1), MissingKey("x", example='"2 mm"')
    assert mistakes_line({}) == ""
    assert mistakes_line({"stages[0].beam_current": wrong}) == "1 mistake: stage 1 beam current"
    assert mistakes_line({"sample.thickness": wrong, "title": wrong}) == "2 mistakes: sample thickness, title"
    found = mistakes_line({"sample.thickness": missing, "title": wrong, "stages": missing})
    assert found == "1 mistake: title. Still missing: sample thickness, stages"


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("measurement.fit_region[1]", "fit region, to"),
        ("stages[1].temperature", "stage 2 temperature"),
        ('fit.parameters."ions.Li.diffusion.width".lower', "Li width Γ lower"),
        ("measurement.crater_scans[0]", "crater scan 1"),
    ],
)
def test_errors_name_fields_as_the_page_does(key, shown):
    assert (
        page_words(InputError("is too low", file="analysis.toml", key=key, value="1")) == f'{shown} = "1": is too low.'
    )
    # names of files and values stay
    told = page_words(
        InputError("is a number", file="a.toml", key=key, remedy='write sample.toml, or "sample.thickness"')
    )
    assert told == f'a.toml: {shown}: is a number; write sample.toml, or "sample.thickness".'


def test_what_is_missing_is_asked_for_with_an_example():
    missing = MissingKey("thickness", key="sample.thickness", file="analysis.toml", example='"2 mm"')
    assert str(missing) == 'analysis.toml: sample.thickness: is missing; add it, for example thickness = "2 mm".'
    assert page_words(missing) == "Please give: sample thickness, such as 2 mm."
    assert page_words(MissingKey("stages", key="stages", example=None)).startswith("There are no stages yet")


def test_remarks_name_fields_as_the_page_does():
    remark = UNUSUAL("sample.thickness", value=2.325, bound=0.1, dimension="length", reason="unlike any sample")
    assert page_words(remark) == "sample thickness is 2.325 m, more than 100 mm, unlike any sample: check its unit."
    assert str(remark).startswith("sample.thickness is 2.325 m")


def test_numbers_of_a_table_are_found_with_their_units():
    table = {"kind": "x", "a": "1 nm", "b": {"c": 0.5}, "on": True, "d": ["1 nm", "2 nm"], "e": "Rb"}
    assert dict(numbers_of("t", table)) == {"t.a": "1 nm", "t.b.c": 0.5, "t.d": ["1 nm", "2 nm"]}


def test_tables_that_are_always_shown_may_begin():
    begun = {"sample": {"thickness": "1 mm"}}
    assert structure({}) != structure(begun)
    assert structure({}, always=("sample",)) == structure(begun, always=("sample",))
    native = {"sample": {"native": {"Li": "1"}}}
    assert structure({}, always=("sample",)) != structure(native, always=("sample",))
