"""Properties of landscapes and of percolation that hold for every glass."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import constants

from ionscape.errors import PercolationError
from ionscape.hopping import (
    Landscape,
    LandscapeModel,
    activation_energy,
    chemical_potential,
    conductivity,
    critical_path,
    density_of_states,
    generate_landscape,
    occupations,
)

EV = constants.electron_volt


@st.composite
def landscapes(draw: st.DrawFn) -> Landscape:
    alkali = draw(st.sampled_from(["Li", "Na", "K"]))
    y = draw(st.integers(min_value=30, max_value=46)) / 100
    x = draw(st.integers(min_value=0, max_value=10)) / 10
    sizes = [draw(st.integers(min_value=5, max_value=9)) for _ in range(3)]
    model = LandscapeModel(
        energy_scale=draw(st.floats(min_value=0.1, max_value=2.0)) * EV,
        noise=draw(st.sampled_from([0.0, 0.1, 0.5])),
        barrier=draw(st.sampled_from([0.0, 0.1])),
        transverse_faces=draw(st.sampled_from(["periodic", "open"])),
    )
    formula = f"{y} {alkali}2O {1 - y} ({x} B2O3 {1 - x} P2O5)"
    return generate_landscape(formula, lattice=sizes, rng=draw(st.integers(min_value=0, max_value=2**32)), model=model)


def energy_or_none(landscape: Landscape, direction: int = 0) -> float | None:
    try:
        return activation_energy(landscape, direction=direction)
    except PercolationError:
        return None


@settings(max_examples=50)
@given(landscape=landscapes())
def test_counter_charges_are_shares_of_whole_charges(landscape: Landscape) -> None:
    # Every unit gives away its whole charge or, without an open site, nothing: the sum is a whole number.
    units = landscape.glass.units.fractions
    total = np.nansum(landscape.counter_charge)
    assert landscape.charge_parts[~landscape.accessible].sum() == 0
    if units["P4"] == 0.0:
        assert np.all(landscape.charge_parts <= 0)
        assert np.all(landscape.charge_parts >= -24 * 840)
    assert total == pytest.approx(round(float(total)), abs=1e-9)


@settings(max_examples=40)
@given(landscape=landscapes(), factor=st.floats(min_value=0.1, max_value=10.0))
def test_activation_energy_is_proportional_to_the_energy_scale(landscape: Landscape, factor: float) -> None:
    found = energy_or_none(landscape)
    assume(found is not None)
    scaled = dataclasses.replace(
        landscape,
        energies=landscape.energies * factor,
        fermi_energy=landscape.fermi_energy * factor,
        model=dataclasses.replace(landscape.model, energy_scale=landscape.model.energy_scale * factor),
    )
    assert activation_energy(scaled) == pytest.approx(factor * found, rel=1e-12, abs=0.0)  # type: ignore[operator]


def same(one: float | None, other: float | None) -> bool:
    """Whether both are the same number to rounding, or both do not exist."""
    if one is None or other is None:
        return one is other
    return abs(one - other) <= 1e-12 * abs(other)


@settings(max_examples=40)
@given(landscape=landscapes(), direction=st.integers(min_value=0, max_value=2))
def test_activation_energy_under_symmetries(landscape: Landscape, direction: int) -> None:
    """Electrodes exchanged, axes exchanged, ions and vacancies exchanged, all energies shifted."""
    found = energy_or_none(landscape, direction)
    flipped = dataclasses.replace(
        landscape,
        energies=np.flip(landscape.energies, direction).copy(),
    )
    assert same(energy_or_none(flipped, direction), found)
    turned = dataclasses.replace(
        landscape,
        energies=np.moveaxis(landscape.energies, direction, 0).copy(),
    )
    assert same(energy_or_none(turned, 0), found)
    if found is not None:
        inverted = dataclasses.replace(landscape, energies=-landscape.energies, fermi_energy=-landscape.fermi_energy)
        assert activation_energy(inverted, direction=direction) == pytest.approx(found, rel=1e-12, abs=0.0)
        shifted = dataclasses.replace(
            landscape, energies=landscape.energies + EV, fermi_energy=landscape.fermi_energy + EV
        )
        assert activation_energy(shifted, direction=direction) == pytest.approx(found, rel=1e-9, abs=0.0)
        critical = critical_path(landscape, direction=direction).activation_energy
        assert critical == pytest.approx(found, rel=1e-12, abs=0.0)


@settings(max_examples=40)
@given(landscape=landscapes())
def test_more_links_never_raise_the_activation_energy(landscape: Landscape) -> None:
    faces = {
        name: energy_or_none(dataclasses.replace(landscape, periodic=name == "periodic"))
        for name in ("periodic", "open")
    }
    if faces["open"] is not None:
        assert faces["periodic"] is not None
        assert faces["periodic"] <= faces["open"]
    if faces["periodic"] is not None:
        assert faces["periodic"] >= landscape.model.barrier * landscape.model.energy_scale


@settings(max_examples=40)
@given(landscape=landscapes(), temperature=st.floats(min_value=50.0, max_value=2000.0))
def test_occupations_sum_to_the_ions_and_fall_with_energy(landscape: Landscape, temperature: float) -> None:
    filled = occupations(landscape, temperature)[landscape.accessible]
    assert filled.sum() == pytest.approx(landscape.ions, rel=1e-12)
    assert np.all((filled >= 0.0) & (filled <= 1.0))
    order = np.argsort(landscape.energies[landscape.accessible], kind="stable")
    assert np.all(np.diff(filled[order]) <= 0.0)
    energies = landscape.energies[landscape.accessible]
    level = chemical_potential(landscape, temperature)
    reach = 40.0 * constants.k * temperature
    assert energies.min() - reach <= level <= energies.max() + reach


@settings(max_examples=20, deadline=None)  # the first one compiles
@given(landscape=landscapes(), temperature=st.floats(min_value=100.0, max_value=3000.0))
def test_bounds_enclose_the_conductivity(landscape: Landscape, temperature: float) -> None:
    # lower <= value <= upper, to the last digit: where no link is left out all three are equal but for rounding
    try:
        found = conductivity(landscape, temperature=[temperature, 3000.0])
    except PercolationError:
        return
    assert np.all(found["lower_bound"].values <= found["conductivity"].values)
    assert np.all(found["conductivity"].values <= found["upper_bound"].values)


@settings(max_examples=30)
@given(landscape=landscapes(), bins=st.integers(min_value=1, max_value=60))
def test_density_of_states_counts_every_site(landscape: Landscape, bins: int) -> None:
    states = density_of_states(landscape, bins=bins)
    assert float(states.share.sum()) == pytest.approx(1.0, rel=1e-12)
    assert np.all(states.density.to_numpy() >= 0.0)
