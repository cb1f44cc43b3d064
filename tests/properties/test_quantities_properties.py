"""Properties of reading and showing quantities."""

from __future__ import annotations

import math
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ionscape.errors import InputError
from ionscape.files.quantities import DIMENSIONS, DimensionName, format_quantity, quantity

names = st.sampled_from(get_args(DimensionName))
magnitudes = st.floats(min_value=1e-30, max_value=1e30).flatmap(lambda size: st.sampled_from([size, -size]))


@given(value=magnitudes, name=names, digits=st.integers(min_value=2, max_value=12))
def test_what_is_shown_is_read_back_to_the_digits_shown(value: float, name: DimensionName, digits: int) -> None:
    assert quantity(format_quantity(value, name, digits=digits), name) == pytest.approx(value, rel=10.0 ** (1 - digits))


@given(value=magnitudes, name=names)
def test_numbers_in_si_units_are_kept_exactly(value: float, name: DimensionName) -> None:
    assert quantity(f"{value!r} {DIMENSIONS[name].unit}", name) == value


@given(celsius=st.floats(min_value=-273.15, max_value=1e4))
def test_celsius_and_kelvin_differ_by_their_offset(celsius: float) -> None:
    assert quantity(f"{celsius!r} degC", "temperature") == pytest.approx(celsius + 273.15, rel=1e-14, abs=1e-10)


@given(
    text=st.text(max_size=30) | st.from_regex(r"[0-9.eE+-]{1,6} ?[a-zA-Z0-9^*/()µ° -]{0,12}", fullmatch=True),
    name=names,
)
def test_any_text_is_read_or_refused_in_one_sentence(text: str, name: DimensionName) -> None:
    try:
        value = quantity(text, name)
    except InputError as error:
        message = str(error)
    else:
        assert math.isfinite(value)
        return
    assert message.endswith(".")
    assert "\n" not in message
