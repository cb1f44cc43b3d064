"""Plots: the numbers are those of the results, whoever draws them."""

import csv
import io
import json
import math
from pathlib import Path

import numpy as np
import pytest

import ionscape as isc
from fit_results import hand_made
from ionscape.errors import InputError
from ionscape.workbench.plots import (
    Axis,
    Curve,
    Mark,
    Plot,
    Region,
    correlation_plot,
    current_plot,
    diffusion_depth_plot,
    diffusion_plot,
    draw,
    fit_activation_energy_plot,
    fit_diffusion_plot,
    fit_plot,
    fit_site_energy_plot,
    live_plot,
    moved_regions,
    on_dark,
    plain_formula,
    potential_plot,
    profile_plot,
    residual_plot,
    site_energy_plot,
    to_csv,
    to_plotly,
)
from synthetic_result import BULK, FIRST_FRONT, HOUR, synthetic_result

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def result():
    return synthetic_result()


@pytest.fixture
def simple() -> Plot:
    x = np.array([1.0, 2.0, 3.0])
    return Plot(
        name="simple", title="a <b> & c", horizontal=Axis(label="depth", unit="nm", size=1e-9),
        vertical=Axis(label="D", unit="m²/s", log=True, limits=(0.1, 100.0)),
        curves=(
            Curve(name="Li", x=x, y=np.array([1.0, 0.0, 100.0])),
            Curve(name="Rb", x=x, y=np.array([2.0, np.nan, 4.0]), lower=np.array([1.0, np.nan, 3.0]),
                  upper=np.array([3.0, np.nan, 5.0]), kind="points"),
            Curve(name="band", x=np.array([1.0, 4.0]), y=np.ones(2), lower=np.ones(2), upper=2 * np.ones(2),
                  kind="band"),
        ),
        regions=(Region(name="bulk", start=1.0, end=2.0), Region(name="fit", start=1.5, end=3.0)),
        marks=(Mark(name="level", value=2.0), Mark(name="bar", value=10.0, across="horizontal")),
    )  # fmt: skip


def curve_of(plot: Plot, name: str) -> Curve:
    (found,) = (curve for curve in plot.curves if curve.name == name and curve.kind != "band")
    return found


def test_plotly_gets_plain_json_in_which_a_logarithmic_axis_has_no_zero(simple):
    for dark in (False, True):
        figure = to_plotly(simple, dark=dark, editable=True)
        json.dumps(figure, allow_nan=False)
    lines = [trace for trace in figure["data"] if trace.get("mode") == "lines" and trace["name"] == "Li"]
    assert lines[0]["y"] == [1.0, None, 100.0]
    assert figure["layout"]["yaxis"]["range"] == [-1.0, 2.0]
    assert figure["layout"]["title"]["text"] == "a &lt;b&gt; &amp; c"


def test_nothing_can_be_sent_elsewhere(simple):
    config = to_plotly(simple)["config"]
    assert not config["showSendToCloud"]
    assert not config["showEditInChartStudio"]
    assert not config["displaylogo"]


def test_table_has_units_shares_abscissas_and_leaves_unknown_numbers_empty(simple):
    rows = list(csv.reader(io.StringIO(to_csv(simple))))
    assert rows[0] == ["depth (nm)", "Li (m²/s)", "Rb (m²/s)", "Rb lower (m²/s)", "Rb upper (m²/s)", "depth (nm)",
                       "band lower (m²/s)", "band upper (m²/s)"]  # fmt: skip
    assert rows[2] == ["2", "0", "", "", "", "4", "1", "2"]
    assert rows[3] == ["3", "100", "4", "3", "5", "", "", ""]


def test_region_that_is_dragged_comes_back_in_si_units_and_in_order(simple):
    assert to_plotly(simple, editable=True)["config"]["edits"] == {"shapePosition": True}
    assert "edits" not in to_plotly(simple)["config"]
    moved = moved_regions(simple, {"shapes[0].x0": 2.5, "shapes[0].x1": 0.5, "shapes[0].y0": 0.1})
    assert set(moved) == {"bulk"}
    assert moved["bulk"] == pytest.approx((0.5e-9, 2.5e-9))
    assert moved_regions(simple, {"xaxis.range[0]": 0.0}) == {}
    shapes = [{"x0": 1.0, "x1": 2.0}, {"x0": 1.5, "x1": 4.0}]
    assert moved_regions(simple, {"shapes": shapes}) == {"fit": pytest.approx((1.5e-9, 4e-9))}


def test_dragged_regions_that_overlap_have_bars_of_their_own(simple):
    first, second = to_plotly(simple, editable=True)["layout"]["shapes"][:2]
    assert first["y0"] >= second["y1"]


def test_every_plot_can_be_drawn_for_a_file(simple, tmp_path):
    isc.figures.save(draw(simple), tmp_path / "simple.svg")
    assert "<svg" in (tmp_path / "simple.svg").read_text(encoding="utf-8")


def test_dark_ground_gets_light_lines_and_keeps_light_colours():
    assert on_dark("#f0e442") == "#f0e442"
    for colour in ("black", "#332288", "#661100"):
        red, green, blue = (int(on_dark(colour)[place : place + 2], 16) / 255 for place in (1, 3, 5))
        assert 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.4


def test_names_of_channels_become_formulas():
    assert plain_formula("^6Li+") == "⁶Li⁺"
    assert plain_formula("Cs_2+") == "Cs₂⁺"
    assert plain_formula("total <x>") == "total <x>"


def test_profiles_are_those_of_the_result(result):
    plot = profile_plot(result, 100 * HOUR)
    rubidium = curve_of(plot, "Rb")
    front = float(np.interp(-0.5, -rubidium.y, rubidium.x))
    assert front * plot.horizontal.size == pytest.approx(FIRST_FRONT, rel=0.05)
    absolute = profile_plot(result, 100 * HOUR, normalised=False)
    assert absolute.vertical.unit == "nm⁻³"
    assert curve_of(absolute, "Rb").y == pytest.approx(rubidium.y * BULK / 1e27)


def test_compared_runs_are_told_apart(result):
    plot = profile_plot(result, 300 * HOUR, others=[("0001", result)])
    assert {"Rb", "Rb, 0001"} <= {curve.name for curve in plot.curves}
    assert "total, 0001" not in {curve.name for curve in plot.curves}


def test_time_outside_the_simulation_is_an_error(result):
    with pytest.raises(InputError, match="outside the simulated interval"):
        profile_plot(result, 1e9)


def test_potential_ends_at_zero_at_the_back(result):
    whole = potential_plot(result, 100 * HOUR, whole=True)
    assert whole.curves[0].y[-1] == 0.0
    assert whole.curves[0].x[-1] * whole.horizontal.size == pytest.approx(result.experiment.sample.thickness, rel=1e-3)
    assert current_plot(result, 100 * HOUR).marks[-1].value > 0.0


def test_coefficients_over_depth_are_those_of_the_local_densities(result):
    plot = diffusion_depth_plot(result, 50 * HOUR)
    assert curve_of(plot, "Rb").y == pytest.approx(2.67e-22)  # the constant of the file, at its own temperature
    lithium = curve_of(plot, "Li").y
    assert lithium[-1] == pytest.approx(5.8e-19, rel=0.02)  # native glass behind the front
    assert lithium[0] < 1e-3 * lithium[-1]


def test_coefficients_over_density_reach_the_bulk_value_of_the_file():
    experiment = isc.load_experiment(EXAMPLES / "rb-cs-double-cait.toml")
    plot = diffusion_plot(experiment)
    assert curve_of(plot, "Li, stage 1").y[-1] == pytest.approx(5.8e-19, rel=1e-9)
    assert curve_of(plot, "Cs, stage 3").y == pytest.approx(3.1e-23)
    assert "Rb: Rb + Li" in plot.horizontal.label
    with pytest.raises(InputError, match="no such stage"):
        diffusion_plot(experiment, [7])


def test_site_energies_hold_all_sites_and_the_fermi_level_of_the_native_glass():
    experiment = isc.load_experiment(EXAMPLES / "rb-mono-cait.toml")
    plot = site_energy_plot(experiment)
    assert plot is not None
    sites = curve_of(plot, "Li")
    assert np.trapezoid(sites.y, sites.x) == pytest.approx(1.10, rel=1e-3)  # ions and 10 % excess sites
    occupied = next(curve for curve in plot.curves if curve.kind == "band")
    assert np.trapezoid(occupied.y, occupied.x) == pytest.approx(1.0, rel=1e-3)
    assert plot.marks[0].value == pytest.approx(-0.65, abs=1e-6)
    assert site_energy_plot(experiment, "Rb") is None
    with pytest.raises(InputError, match="no such ion"):
        site_energy_plot(experiment, "K")


def test_live_profile_lies_over_the_last_run(result):
    depth = np.linspace(0.1e-9, 150e-9, 300)
    densities = {"Li": np.full(300, 0.25 * BULK), "Rb": np.full(300, 0.75 * BULK)}
    plot = live_plot(result.experiment, depth, densities, reference=result, title="live")
    assert curve_of(plot, "Rb").y == pytest.approx(0.75)
    assert curve_of(plot, "Rb, last run").strength < 1.0


def test_plots_of_a_fit_hold_its_numbers():
    found = hand_made()
    measured = curve_of(fit_plot(found), "Li measured")
    data = found.dataset
    assert measured.y * 1e27 == pytest.approx(data["measured_0"].values[:, 0])
    assert (measured.upper - measured.y) * 1e27 == pytest.approx(1e26, rel=1e-9)
    assert curve_of(residual_plot(found), "Rb").y == pytest.approx(data["residual_0"].values[:, 1])
    assert curve_of(fit_diffusion_plot(found), "Li").y == pytest.approx(data["diffusion_coefficient_0_Li"].values)
    electron_volt = 1.602176634e-19
    energies = curve_of(fit_activation_energy_plot(found), "Li").y
    assert energies == pytest.approx(data["activation_energy_0_Li"].values / electron_volt)
    assert fit_site_energy_plot(found) is not None
    matrix = correlation_plot(found)
    assert matrix.matrix is not None
    assert matrix.matrix[0, 2] == pytest.approx(0.99)
    assert math.isclose(float(to_csv(matrix).splitlines()[1].split(",")[3]), 0.99)
    with pytest.raises(InputError, match="no such data set"):
        fit_plot(found, 3)
