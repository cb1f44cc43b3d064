"""Whatever stands in an experiment file, it is read or refused in one sentence."""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.errors import InputError, toml_value
from ionscape.experiment import load_experiment, parse_experiment

QUANTITIES = ["2 mm", "-2 mm", "0 nm", "3 h", "300 K", "-300 degC", "1e28 1/m^3", "1 eV", "15 V", "1 nA", "1e-20 m^2/s"]
WORDS = ["Li", "Rb", "Cs", "constant", "table", "site-energies", "irradiation", "contact", "storage", "gaussian"]

scalars = (
    st.sampled_from([*QUANTITIES, *WORDS])
    | st.integers(min_value=-3, max_value=3)
    | st.floats()
    | st.booleans()
    | st.text(max_size=8)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=5), inner),
    max_leaves=5,
)


def places(data: Any) -> Iterator[tuple[Any, Any]]:
    """Every container and key in nested data."""
    keys = list(data) if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else []
    for key in keys:
        yield data, key
        yield from places(data[key])


def as_text(data: dict[str, Any]) -> str:
    return "\n".join(f"{json.dumps(key, ensure_ascii=False)} = {toml_value(value)}" for key, value in data.items())


def read_or_refused(text: str) -> None:
    try:
        experiment = parse_experiment(text, file="rb.toml", folder="/nowhere")
    except InputError as error:
        message = str(error)
    else:
        assert experiment.diffusion_models(len(experiment.stages) - 1).keys() == experiment.ions.keys()
        return
    assert message.startswith("rb.toml: ")
    assert message.endswith(".")
    assert "\n" not in message


@pytest.fixture(scope="module")
def double_cait(double_cait_file_of_module: Path) -> dict[str, Any]:
    return tomllib.loads(double_cait_file_of_module.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def double_cait_file_of_module(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue("examples_folder") / "rb-cs-double-cait.toml"


@given(choice=st.data())
def test_any_value_at_any_key_is_read_or_refused(double_cait: dict[str, Any], choice: st.DataObject) -> None:
    data = copy.deepcopy(double_cait)
    container, key = choice.draw(st.sampled_from(list(places(data))))
    container[key] = choice.draw(values)
    read_or_refused(as_text(data))


@given(choice=st.data())
def test_any_missing_key_is_read_or_refused(double_cait: dict[str, Any], choice: st.DataObject) -> None:
    data = copy.deepcopy(double_cait)
    container, key = choice.draw(st.sampled_from(list(places(data))))
    del container[key]
    read_or_refused(as_text(data))


@given(choice=st.data())
def test_any_added_key_is_read_or_refused(double_cait: dict[str, Any], choice: st.DataObject) -> None:
    data = copy.deepcopy(double_cait)
    tables = [data] + [container[key] for container, key in places(data) if isinstance(container[key], dict)]
    table = choice.draw(st.sampled_from(tables))
    table[choice.draw(st.sampled_from(WORDS) | st.text(max_size=8))] = choice.draw(values)
    read_or_refused(as_text(data))


@given(text=st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_experiment(text, file="rb.toml")


def test_data_survive_being_written(double_cait: dict[str, Any], double_cait_file: Path) -> None:
    again = parse_experiment(as_text(double_cait))
    assert again.model_dump() == load_experiment(double_cait_file).model_dump()
