"""Figures of glasses: what is in them."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.errors import InputError
from ionscape.figures.glass import glass_overview, units_against_mixing_ratio
from ionscape.glass import make_glass, network_former_units, parse_composition
from ionscape.hopping import generate_landscape

FORMULA = "0.33 Li2O 0.67 (0.4 B2O3 0.6 P2O5)"


def test_overview_has_units_and_density_of_states():
    landscape = generate_landscape(FORMULA, lattice=20, rng=1)
    left, right = glass_overview(landscape.glass, landscape).axes
    assert [bar.get_height() for bar in left.patches] == pytest.approx([0.4, 0.5075, 0.0925], abs=1e-4)
    energy, density = right.lines[0].get_data()
    assert np.trapezoid(density, energy) == pytest.approx(1.0, abs=0.01)
    labels = [text.get_text() for text in right.get_legend().get_texts()]
    assert any("E_" in label for label in labels)
    assert "Q ≈ −1" in labels
    assert not right.texts  # nothing is written onto the curves


def test_units_alone():
    assert len(glass_overview(make_glass("0.4 K2O 0.6 B2O3")).axes) == 1


def test_units_over_the_mixing_ratio():
    (axes,) = units_against_mixing_ratio("Li", 0.33, points=71).axes
    lines = {line.get_label(): line.get_data() for line in axes.lines}
    borate, tetrahedral = lines["B⁽⁴⁾"]
    assert np.nanmax(tetrahedral) == pytest.approx(3 / 7)
    assert tetrahedral[30] == pytest.approx(borate[30])
    # Too many ions for a borate: the lines end, but there is a figure.
    (axes,) = units_against_mixing_ratio("Na", 0.55, points=21).axes
    assert np.isnan(axes.lines[0].get_ydata()[-1])
    with pytest.raises(InputError, match="charges at most"):
        units_against_mixing_ratio("Na", 0.8)
    with pytest.raises(InputError, match="greater than 0"):
        units_against_mixing_ratio("Na", 1.8)


def test_units_of_other_parameters():
    def units_of(borate: float):
        glass = parse_composition(f"0.33 Li2O 0.67 ({borate} B2O3 {1 - borate} P2O5)")
        return network_former_units(glass, tetrahedral_borate_limit=0.2)

    (axes,) = units_against_mixing_ratio("Li", 0.33, units_of=units_of, points=11).axes
    assert np.nanmax(axes.lines[0].get_ydata()) == pytest.approx(0.2)
