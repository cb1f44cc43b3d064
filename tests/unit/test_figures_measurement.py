"""Figures of measurements: what is drawn is read back from the artists."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from ionscape.figures.lettering import plain_formula
from ionscape.figures.measurement import calibrated_profile, channel_styles, crater_scans, raw_counts
from ionscape.figures.style import ion_styles
from ionscape.profiling import DepthProfile, calibrate, load_measurement

LONG = "A long title of a measurement for $5 that tells of the sample, the glass, the beam, and the operator's dog"


@pytest.fixture(scope="module")
def profile(examples_folder: Path) -> DepthProfile:
    measurement = load_measurement(examples_folder / "rb-mono-fit.toml")
    scans = (measurement.crater_scans * 2)[:5]
    return calibrate(dataclasses.replace(measurement, title=LONG, crater_scans=scans), resamples=100)


def test_counts_have_the_colours_of_their_elements(profile: DepthProfile) -> None:
    figure = raw_counts(profile)
    figure.draw_without_rendering()
    lines = {line.get_label(): line for line in figure.axes[0].lines if not str(line.get_label()).startswith("_")}
    assert list(lines) == ["⁶Li⁺", "Li⁺", "Rb⁺", "⁸⁷Rb⁺"]
    assert lines["Li⁺"].get_color() == lines["⁶Li⁺"].get_color() == ion_styles(["Li"])["Li"].colour
    assert lines["Li⁺"].get_linestyle() == lines["Rb⁺"].get_linestyle() == "-"
    assert lines["⁶Li⁺"].get_linestyle() == lines["⁸⁷Rb⁺"].get_linestyle() == "--"
    assert "\n" in figure.get_suptitle()


def test_saturated_channels_and_long_legends(profile: DepthProfile) -> None:
    import xarray

    data = profile.dataset
    counts = data["channel_counts"].values.copy()
    counts[:5, 2] = 3.5 * 16384
    one = data.assign(channel_counts=(("depth", "channel"), counts))
    labels = raw_counts(DepthProfile(dataset=one)).axes[0].get_legend_handles_labels()[1]
    assert [label for label in labels if "saturated" in label] == ["Rb⁺ saturated"]
    many = xarray.concat(
        [data.assign_coords(channel=[f"{name}{k}" for name in ("C_", "Si_", "B_", "H_")])[["channel_counts"]]
         for k in range(2, 6)], dim="channel",
    )  # fmt: skip
    crowded = data.drop_vars(["channel_counts", "channel"]).merge(many, join="exact")
    crowded.attrs = data.attrs
    figure = raw_counts(DepthProfile(dataset=crowded))
    figure.draw_without_rendering()
    assert len(figure.legends[0].get_texts()) == 16
    assert len({style.colour for style in channel_styles([str(k) for k in range(16)])}) == 16


def test_the_profile_explains_its_bands(profile: DepthProfile) -> None:
    figure = calibrated_profile(profile)
    figure.draw_without_rendering()
    upper, lower = figure.axes
    legend = upper.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        "Li", "Rb", "95 %, statistical", "between the normalisations"
    ]  # fmt: skip
    assert any("= 1.4×10²⁸ m⁻³" in text.get_text() for text in upper.texts)
    assert figure.get_suptitle().splitlines()[-1] == "method: charge-balance"
    assert lower.get_ylim()[1] < 10.0
    assert any("cut off: up to" in text.get_text() for text in lower.texts)


def test_many_crater_scans_stand_in_two_columns(profile: DepthProfile) -> None:
    assert profile.crater is not None
    figure = crater_scans(profile.crater)
    figure.draw_without_rendering()
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert len(shown) == 5
    assert len({round(axes.get_position().x0, 2) for axes in shown}) == 2
    assert shown[0].get_title(loc="left") == "rb-mono-a-crater-1.csv"
    step = profile.crater.steps[0]
    assert shown[0].get_title(loc="right") == f"{step.depth * 1e9:.2f} ± {step.error * 1e9:.2f} nm"
    assert f"{profile.crater.depth * 1e9:.2f} ± {profile.crater.error * 1e9:.2f} nm" in figure.get_suptitle()


@pytest.mark.parametrize(
    ("channel", "formula"),
    [
        ("^6Li+", "⁶Li⁺"),
        ("6Li+", "⁶Li⁺"),
        ("Cs_2+", "Cs₂⁺"),
        ("Rb2O+", "Rb₂O⁺"),
        ("^13CH_5N_2+", "¹³CH₅N₂⁺"),
        ("Li-6", "Li-6"),
        ("total", "total"),
        ("price $", "price $"),
    ],
)
def test_names_are_typeset(channel: str, formula: str) -> None:
    assert plain_formula(channel) == formula
