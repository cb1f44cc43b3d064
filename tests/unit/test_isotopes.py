"""Isotopes: the table against figures of CIAAW and AME2020, ratios against counts drawn with known abundances."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ionscape.errors import InputError
from ionscape.profiling.isotope_ratios import isotope_ratio
from ionscape.profiling.isotopes import ELEMENTS, ISOTOPES, abundances, isotope_mass, most_abundant
from ionscape.profiling.raw import RawProfile
from ionscape.profiling.readers.build import make_channel

PULSES = 16384


def profile(**counts: np.ndarray) -> RawProfile:
    """A profile of channels named by their isotopes, such as Li7."""
    names: dict[str, np.ndarray] = {}
    for name, values in counts.items():
        element = name.rstrip("0123456789")
        names[f"^{name.removeprefix(element)}{element}+"] = values
    points = len(next(iter(counts.values())))
    return RawProfile(
        file="drawn.txt",
        format="drawn",
        sha256="",
        sputter_time=np.arange(1.0, points + 1.0),
        channels=tuple(make_channel(name, column=column) for column, name in enumerate(names, 1)),
        intensity=np.array([values.astype(float) for values in names.values()]),
    )


def test_the_elements_that_are_needed_are_there() -> None:
    needed = "H Li B C N O F Na Mg Al Si P S Cl K Ca Ti Cr Fe Ni Cu Zn Ge As Br Rb Sr Y Zr Ag In Sn Sb Te I Cs Ba"
    assert {*needed.split(), "La", "Ta", "W", "Au", "Pb", "Bi"} <= set(ELEMENTS)


@pytest.mark.parametrize("element", ELEMENTS)
def test_abundances_add_up_and_lie_in_their_intervals(element: str) -> None:
    table = [ISOTOPES[name] for name in ELEMENTS[element]]
    assert sum(isotope.abundance for isotope in table) == pytest.approx(1.0, abs=2e-4)
    assert math.fsum(abundances(element).values()) == pytest.approx(1.0, abs=1e-12)
    for isotope in table:
        assert abs(isotope.mass - isotope.mass_number) < 0.11
        if isotope.interval is not None:
            # That of 36S, 0.0001, is given with one digit.
            assert isotope.interval[0] - 5e-5 <= isotope.abundance <= isotope.interval[1] + 5e-5


# Standard atomic weights (CIAAW 2021, abridged or conventional values).
@pytest.mark.parametrize(
    ("element", "weight", "tolerance"),
    [("Li", 6.94, 0.005), ("B", 10.81, 0.005), ("C", 12.011, 0.001), ("O", 15.999, 0.001), ("Si", 28.085, 0.001),
     ("Cl", 35.45, 0.006), ("K", 39.098, 0.001), ("Rb", 85.468, 0.001), ("Ag", 107.87, 0.005), ("Sn", 118.71, 0.01),
     ("Cs", 132.91, 0.005), ("Pb", 207.2, 0.1), ("Na", 22.990, 0.001), ("S", 32.06, 0.01)],
)  # fmt: skip
def test_masses_and_abundances_give_the_atomic_weight(element: str, weight: float, tolerance: float) -> None:
    found = sum(fraction * isotope_mass(name) for name, fraction in abundances(element).items())
    assert found == pytest.approx(weight, abs=tolerance)


def test_lithium_can_be_overridden() -> None:
    assert dict(abundances("Li")) == pytest.approx({"6Li": 0.0759, "7Li": 0.9241})
    assert dict(abundances("Li", {"6Li": 0.95, "41K": 0.5})) == pytest.approx({"6Li": 0.95, "7Li": 0.05})
    assert abundances("K", {"40K": 0.0})["39K"] == pytest.approx(0.932581 / (0.932581 + 0.067302))


@pytest.mark.parametrize(
    "overrides", [{"6Li": 1.2}, {"6Li": -0.1}, {"6Li": 0.6, "7Li": 0.6}, {"6Li": 0.1, "7Li": 0.1}, {"8Li": 0.1}]
)
def test_impossible_abundances_are_refused(overrides: dict[str, float]) -> None:
    with pytest.raises(InputError):
        abundances("Li", overrides)


def test_unknown_elements_name_the_nearest() -> None:
    with pytest.raises(InputError, match="the nearest is"):
        most_abundant("Lj")


@pytest.mark.parametrize("level", [2.0, 40.0, 5000.0])
def test_natural_counts_have_a_chi_square_of_one_at_any_level(level: float) -> None:
    rng = np.random.default_rng(3)
    course = level * (1.0 + 0.8 * np.sin(np.linspace(0.0, 9.0, 4000)))
    raw = profile(Rb87=rng.poisson(course * 0.2783 / 0.7217), Rb85=rng.poisson(course))
    ratio = isotope_ratio(raw, "^87Rb+", "^85Rb+", pulses=None)
    assert ratio.expected == pytest.approx(0.2783 / 0.7217)
    assert abs(ratio.mean - ratio.expected) < 4.0 * ratio.mean_error
    # The scatter of a reduced chi-square of 4000 points is 0.022.
    assert ratio.chi_square_constant == pytest.approx(1.0, abs=0.1)
    assert ratio.chi_square_expected == pytest.approx(1.0, abs=0.1)
    assert ratio.verdict == "natural"


def test_poisson_corrected_counts_have_a_chi_square_of_one() -> None:
    rng = np.random.default_rng(5)

    def measured(mean: float) -> np.ndarray:
        return -PULSES * np.log1p(-rng.binomial(PULSES, -np.expm1(-mean / PULSES), 3000) / PULSES)

    raw = profile(Rb87=measured(30000 * 0.2783 / 0.7217), Rb85=measured(30000))
    ratio = isotope_ratio(raw, "^87Rb+", "^85Rb+", pulses=PULSES)
    assert ratio.chi_square_constant == pytest.approx(1.0, abs=0.12)
    assert abs(ratio.mean - ratio.expected) < 4.0 * ratio.mean_error
    uncorrected = isotope_ratio(raw, "^87Rb+", "^85Rb+", pulses=None)
    assert uncorrected.chi_square_constant > 1.5


def test_the_error_of_the_mean_is_its_scatter() -> None:
    rng = np.random.default_rng(8)
    means, errors = [], []
    for _ in range(200):
        raw = profile(Li6=rng.poisson(80.0, 50), Li7=rng.poisson(1000.0, 50))
        ratio = isotope_ratio(raw, "^6Li+", "^7Li+", pulses=None)
        means.append(ratio.mean)
        errors.append(ratio.mean_error)
    # The standard deviation of 200 draws is known to 5 %.
    assert np.mean(errors) == pytest.approx(np.std(means), rel=0.2)


def test_saturation_interference_enrichment_and_darkness_are_told_apart() -> None:
    rng = np.random.default_rng(11)
    course = np.linspace(200.0, 20000.0, 300)
    rare, main = rng.poisson(course * 0.0759 / 0.9241), rng.poisson(course)

    def verdict(numerator: np.ndarray, denominator: np.ndarray, overrides: dict[str, float] | None = None) -> str:
        raw = profile(Li6=numerator, Li7=denominator)
        return isotope_ratio(raw, "^6Li+", "^7Li+", pulses=None, overrides=overrides).verdict

    assert verdict(rare, main) == "natural"
    assert verdict(rare, np.minimum(main, 8000)) == "interference or saturation"
    assert verdict(rare + rng.poisson(500.0, 300), main) == "interference or saturation"
    assert verdict(rng.poisson(course * 19.0), main) == "constant but not natural"
    assert verdict(rng.poisson(course * 19.0), main, {"6Li": 0.95}) == "natural"
    assert verdict(0 * rare, main) == "too few counts"
    assert verdict(0 * rare, 0 * main) == "too few counts"


def test_channels_of_different_elements_or_clusters_have_no_isotope_ratio() -> None:
    raw = profile(Li6=np.ones(3), Rb85=np.ones(3))
    with pytest.raises(InputError, match="not another isotope of Li"):
        isotope_ratio(raw, "^6Li+", "^85Rb+", pulses=None)
    with pytest.raises(InputError, match="nearest channel"):
        isotope_ratio(raw, "^6Li+", "^7Li+", pulses=None)
