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
from ionscape.figures import (
    diffusion_coefficients,
    diffusion_over_depth,
    fitted_activation_energies,
    fitted_diffusion_coefficients,
    fitted_profile,
    fitted_site_energies,
    parameter_correlation,
    potential,
)
from ionscape.figures.energies import all_site_energies
from ionscape.figures.lettering import plain_formula
from ionscape.figures.plot import (
    Axis,
    Curve,
    Field,
    Label,
    Mark,
    Panel,
    Plot,
    Region,
    SecondAxis,
    entry,
    grid_layout,
    region_rows,
    to_csv,
)
from ionscape.figures.registry import FIGURES, figures_of, plots_of
from ionscape.figures.render_matplotlib import draw
from ionscape.figures.render_plotly import moved_regions, on_dark, to_plotly
from ionscape.workbench.live import LiveProfile
from ionscape.workbench.plots import live_plot, plots_at
from synthetic_result import BULK, FIRST_FRONT, HOUR, synthetic_result

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def result():
    return synthetic_result()


@pytest.fixture
def simple() -> Plot:
    x = np.array([1.0, 2.0, 3.0])
    panel = Panel(
        title="a <b> & c", horizontal=Axis(label="depth", unit="nm", size=1e-9, si_unit="m"),
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
    return Plot(name="simple", panels=(panel,))


@pytest.fixture
def everything(simple: Plot) -> Plot:
    """A plot with all that there is, in four panels."""
    x = np.array([0.0, 1.0, 2.0])
    bars = Panel(
        title="$x$ & <y>", horizontal=Axis(label="kind", ticks=("a", "$b$", "c")), vertical=Axis(symbol="n/n_bulk"),
        curves=(Curve(name="bars", x=x, y=x, kind="bars", notes=("0", "1", "2")), entry("some", kind="band"),
                Curve(name="stems", x=x, y=x, kind="stems"), Curve(name="steps", x=x, y=x, kind="step")),
        legend="beside",
    )  # fmt: skip
    field = Panel(
        horizontal=Axis(ticks=("p", "q")), vertical=Axis(ticks=("p", "q")), legend="",
        field=Field(values=np.array([[1.0, -0.5], [np.nan, 1.0]]), colours="RdBu_r", limits=(-1.0, 1.0), label="r",
                    written=True),
    )  # fmt: skip
    texts = Panel(
        horizontal=Axis(label="time", unit="s"), vertical=Axis(label="$"), legend="above", legend_title="what",
        upper=SecondAxis(axis=Axis(label="depth", unit="nm"), at=x, values=2.0 * x),
        labels=(Label(text="$ <here>", symbol="E_F", x=0.5, y=1.0, frame=("panel", "data")),),
        curves=(Curve(name="$line", x=x, y=x, marker="D", filled=False, end_label="$end"),
                Curve(name="across", x=x, y=x, lower=0.5 * x, upper=1.5 * x, kind="band", sideways=True)),
    )  # fmt: skip
    return Plot(name="all", title="all of <it> for $ 1", panels=(*simple.panels, bars, field, texts),
                layout=((0, 0), (1, 2), (3, -1)), heights=(2.0, 1.0, 1.0), legend="above", size=(7.0, 9.0))  # fmt: skip


def curve_of(plot: Plot, name: str) -> Curve:
    found, *_ = (curve for curve in plot.curves if curve.name == name and curve.kind != "band")
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


def test_everything_can_be_drawn_for_a_file_and_a_page(everything, tmp_path):
    isc.figures.save(draw(everything), tmp_path / "all.svg")
    assert "<svg" in (tmp_path / "all.svg").read_text(encoding="utf-8")
    for dark in (False, True):
        figure = to_plotly(everything, dark=dark)
        text = json.dumps(figure, allow_nan=False)
        assert "<y>" not in text
        assert "<i>E</i><sub>F</sub>" in text
    layout = figure["layout"]
    axes = [layout[f"{name}axis{number}"]["domain"] for name in "xy" for number in ("", "2", "3", "4")]
    assert axes[0] == [0.0, 1.0]
    assert axes[1][1] < axes[2][0]
    assert axes[5] == axes[6]
    assert axes[4][0] > axes[5][1] > axes[5][0] > axes[7][1]
    named = [trace["name"] for trace in figure["data"] if trace.get("showlegend")]
    assert len(named) == len(set(named)) > 4


def test_panels_stand_where_the_layout_says():
    assert grid_layout(5, 2) == ((0, 1), (2, 3), (4, -1))
    assert grid_layout(5, 2, downwards=True) == ((0, 3), (1, 4), (2, -1))


def test_bars_of_regions_do_not_cover_each_other():
    ends = [(0.0, 2.0), (3.0, 4.0), (1.0, 3.5), (3.6, 5.0)]
    regions = [Region(name=f"{start}", start=start, end=end) for start, end in ends]
    assert region_rows(regions) == [0, 0, 1, 1]


def test_table_in_si_units_and_of_several_panels(simple):
    panel = simple.panels[0]
    si = list(csv.reader(io.StringIO(to_csv(simple, si=True))))
    assert (si[0][0], si[1][0], si[0][1]) == ("depth (m)", "1e-09", "Li (m²/s)")
    both = to_csv(Plot(name="two", panels=(panel, panel))).splitlines()[0]
    assert both.count("a <b> & c: Li (m²/s)") == 2
    stated = Plot(name="draws", panels=(panel,), table={"a (m)": [1.0], "b": [2.0, 3.0]})
    assert to_csv(stated).splitlines() == ["a (m),b", "1,2", ",3"]


def test_every_figure_of_the_registry_is_public_and_gives_data(result):
    for figure in FIGURES:
        assert figure.function in isc.figures.__all__
        assert figure.shows
        assert getattr(isc.figures, figure.function).__doc__
    assert {entry.name for entry in FIGURES} >= {"overview", "counts", "posterior", "arrhenius"}
    plots = plots_of("simulation", result.of_plate())
    assert len(plots) == len(figures_of("simulation"))
    assert len({plot.name for plot in plots}) == len(plots)
    names = [plot.name for plot in plots_of("fit", hand_made(names=("a", "b")), data_sets=2)]
    assert len(names) == len(set(names)) == 2 * 4 + 2  # no profile likelihood, no draws


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
    plot = plots_at(result, 100 * HOUR)[0]
    rubidium = curve_of(plot, "Rb")
    front = float(np.interp(-0.5, -rubidium.y, rubidium.x))
    assert front * plot.panels[0].horizontal.size == pytest.approx(FIRST_FRONT, rel=0.05)
    absolute = plots_at(result, 100 * HOUR, normalised=False)[0]
    assert absolute.panels[0].vertical.unit == "nm⁻³"
    assert curve_of(absolute, "Rb").y == pytest.approx(rubidium.y * BULK / 1e27)


def test_compared_runs_are_told_apart(result):
    plot = plots_at(result, 300 * HOUR, others=[("0001", result)])[0]
    assert {"Rb", "Rb, 0001"} <= {curve.name for curve in plot.curves}
    assert "total, 0001" not in {curve.name for curve in plot.curves}


def test_time_outside_the_simulation_is_an_error(result):
    with pytest.raises(InputError, match="outside the simulated interval"):
        plots_at(result, 1e9)


def test_potential_ends_at_zero_at_the_back(result):
    whole = potential.plot(result, [100 * HOUR]).panels[-1]
    assert whole.curves[0].y[-1] == 0.0
    assert whole.curves[0].x[-1] * whole.horizontal.size == pytest.approx(result.experiment.sample.thickness, rel=1e-3)
    assert plots_at(result, 100 * HOUR)[3].panels[0].marks[-1].value > 0.0


def test_coefficients_over_depth_are_those_of_the_local_densities(result):
    plot = diffusion_over_depth.plot(result, [50 * HOUR])
    assert curve_of(plot, "Rb").y == pytest.approx(2.67e-22)  # the constant of the file, at its own temperature
    lithium = curve_of(plot, "Li").y
    assert lithium[-1] == pytest.approx(5.8e-19, rel=0.02)  # native glass behind the front
    assert lithium[0] < 1e-3 * lithium[-1]


def test_coefficients_over_density_reach_the_bulk_value_of_the_file():
    experiment = isc.load_experiment(EXAMPLES / "rb-cs-double-cait.toml")
    plot = diffusion_coefficients.plot(experiment)
    assert curve_of(plot, "Li, stage 1").y[-1] == pytest.approx(5.8e-19, rel=1e-9)
    assert curve_of(plot, "Cs, stage 3").y == pytest.approx(3.1e-23)
    assert "Rb: Rb + Li" in plot.panels[0].horizontal.label
    with pytest.raises(InputError, match="no such stage"):
        diffusion_coefficients.plot(experiment, [7])


def test_site_energies_hold_all_sites_and_the_fermi_level_of_the_native_glass():
    plot = all_site_energies(isc.load_experiment(EXAMPLES / "rb-mono-cait.toml"))
    assert plot is not None
    sites = curve_of(plot, "Li")
    assert np.trapezoid(sites.y, sites.x) == pytest.approx(1.10, rel=1e-3)  # ions and 10 % excess sites
    occupied = next(curve for curve in plot.curves if curve.kind == "band")
    assert np.trapezoid(occupied.y, occupied.x) == pytest.approx(1.0, rel=1e-3)
    assert plot.panels[0].marks[0].value == pytest.approx(-0.65, abs=1e-6)
    assert all_site_energies(isc.load_experiment(EXAMPLES / "molten-salt-exchange.toml")) is None
    populated = all_site_energies(isc.load_experiment(EXAMPLES / "rb-cs-double-populations.toml"))
    assert populated is not None
    assert [panel.title for panel in populated.panels] == ["sites borate, shared by Li, Rb, Cs"]


def test_live_profile_lies_over_the_last_run(result):
    depth = np.linspace(0.1e-9, 150e-9, 300)
    density = np.array([[np.full(300, 0.25 * BULK), np.full(300, 0.75 * BULK)]])
    found = LiveProfile(depth=depth, time=np.array([HOUR]), ions=("Li", "Rb"), density=density, wall_time=0.1)
    plot = live_plot(result.experiment, found, reference=result)
    assert curve_of(plot, "Rb").y == pytest.approx(0.75)
    assert curve_of(plot, "Rb, last run").strength < 1.0


def test_plots_of_a_fit_hold_its_numbers():
    found = hand_made()
    profile = fitted_profile.plot(found)
    measured = curve_of(profile, "Li measured, ± 1 σ of counting")
    data = found.dataset
    assert measured.y * 1e27 == pytest.approx(data["measured_0"].values[:, 0])
    assert (measured.upper - measured.y) * 1e27 == pytest.approx(1e26, rel=1e-9)
    assert curve_of(profile, "Rb residual").y == pytest.approx(data["residual_0"].values[:, 1])
    coefficient = curve_of(fitted_diffusion_coefficients.plot(found), "Li").y
    assert coefficient == pytest.approx(data["diffusion_coefficient_0_Li"].values)
    electron_volt = 1.602176634e-19
    energies = curve_of(fitted_activation_energies.plot(found), "Li").y
    assert energies == pytest.approx(data["activation_energy_0_Li"].values / electron_volt)
    assert curve_of(fitted_site_energies.plot(found), "Li").y.max() > 0.0
    matrix = parameter_correlation.plot(found)
    assert matrix.panels[0].field is not None
    assert matrix.panels[0].field.values[0, 2] == pytest.approx(0.99)
    assert math.isclose(float(to_csv(matrix).splitlines()[1].split(",")[3]), 0.99)
    with pytest.raises(InputError, match="no such data set"):
        fitted_profile.plot(found, 3)
