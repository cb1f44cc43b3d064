"""Balances of boron, phosphorus and charge, and readable formulas, for any glass."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from ionscape.errors import InputError
from ionscape.glass import ALKALI, Composition, network_former_units, parse_composition

fractions = st.floats(0.0, 1.0)
compositions = st.builds(
    Composition,
    alkali=st.sampled_from(ALKALI),
    alkali_oxide_fraction=st.floats(1e-4, 0.75),
    borate_fraction=fractions,
)


@given(glass=compositions, limit=fractions, first=fractions, second=fractions)
def test_balances_are_exact(glass: Composition, limit: float, first: float, second: float) -> None:
    # All phosphate as P(0) and all borate with one charge carry 3 (1 - x) + x.
    assume(glass.ions_per_cation <= 3.0 - 2.0 * glass.borate_fraction)
    units = network_former_units(
        glass,
        tetrahedral_borate_limit=limit,
        phosphate_disproportionation=first,
        pyrophosphate_disproportionation=second,
    )
    assert units.balance(glass).largest < 1e-14
    assert all(0.0 <= value <= 1.0 for value in units.fractions.values())
    assert math.fsum(units.fractions.values()) == pytest.approx(1.0, abs=1e-14)
    # A glass has either positive units or ones that only appear once all borate has its charge.
    assert units["P4"] == 0.0 or units["B2"] + units["P2"] + units["P1"] + units["P0"] == 0.0


@given(borate=fractions, excess=st.floats(1.0 + 1e-9, 10.0))
def test_more_charge_than_units_is_refused(borate: float, excess: float) -> None:
    ions = excess * (3.0 - 2.0 * borate)
    glass = Composition(alkali="Li", alkali_oxide_fraction=ions / (1.0 + ions), borate_fraction=borate)
    with pytest.raises(InputError, match="charges at most"):
        network_former_units(glass)


@given(glass=compositions, step=st.floats(0.0, 1e-3))
@example(  # where rounding errors made a fraction of -6e-17, which was refused
    glass=Composition(alkali="Li", alkali_oxide_fraction=0.099609375, borate_fraction=0.375), step=7.889680897869745e-05
)
def test_units_are_continuous_in_x(glass: Composition, step: float) -> None:
    other_x = min(1.0, glass.borate_fraction + step)
    other = Composition(alkali=glass.alkali, alkali_oxide_fraction=glass.alkali_oxide_fraction, borate_fraction=other_x)
    assume(max(glass.ions_per_cation, other.ions_per_cation) <= 3.0 - 2.0 * other_x)
    before, after = network_former_units(glass).as_array(), network_former_units(other).as_array()
    # Slopes are bounded: a unit of x moves at most three charges of a phosphate unit and as much again.
    assert abs(after - before).max() <= 6.0 * step + 1e-12


@given(glass=compositions)
def test_formula_is_read_back(glass: Composition) -> None:
    found = parse_composition(glass.formula)
    assert found.alkali == glass.alkali
    assert found.alkali_oxide_fraction == pytest.approx(glass.alkali_oxide_fraction, abs=2e-6)
    assert found.borate_fraction == pytest.approx(glass.borate_fraction, abs=2e-6)


@given(text=st.text(alphabet="0123456789./ ()[]{}LiNaKBPO-–%_,", max_size=40))
def test_any_text_gives_a_composition_or_one_sentence(text: str) -> None:
    message = ""
    try:
        parse_composition(text)
    except InputError as error:
        message = str(error)
    assert "\n" not in message
