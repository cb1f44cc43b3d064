"""Figures of a hand-made result: what is drawn is read back from the artists."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from ionscape import figures
from ionscape.errors import InputError
from ionscape.experiment import Experiment, load_experiment, parse_experiment
from ionscape.figures import states, style
from ionscape.figures.coefficients import stage_entries
from ionscape.figures.currents import stage_marks
from ionscape.figures.film import frame_times, pictures, pictures_with_populations
from ionscape.figures.profiles import DensityScale, profile_curves, stage_title, zone_name
from ionscape.figures.render_matplotlib import draw, draw_panel, place_labels
from synthetic_result import (
    BULK,
    CAESIUM_FRONT,
    EXPERIMENT,
    FIRST_FRONT,
    HOUR,
    PLATEAU,
    SECOND_FRONT,
    SyntheticResult,
    population_result,
    synthetic_result,
)

MICROMETRE = "\N{GREEK SMALL LETTER MU}m"

MIXED_CHARGES = """
title = "calcium for sodium"
sample = { thickness = "1 mm", illuminated_area = "1 cm^2", relative_permittivity = 7, native = { Na = "1e28 1/m^3", O = "1e28 1/m^3" } }
ions.Na.diffusion = { model = "constant", coefficient = "1e-18 m^2/s", reference_temperature = "300 K", activation_energy = "1 eV" }
ions.Ca = { charge = 2, diffusion = { model = "constant", coefficient = "1e-20 m^2/s", reference_temperature = "300 K", activation_energy = "1 eV" } }
ions.O = { charge = -1, diffusion = { model = "constant", coefficient = "0 m^2/s" } }
stages = [{ kind = "contact", potential = "10 V", composition = { Ca = 1.0 }, temperature = "300 K", duration = "1 h" }]
"""  # noqa: E501


@pytest.fixture(scope="module")
def result() -> SyntheticResult:
    return synthetic_result()


@pytest.fixture(scope="module")
def populated() -> SyntheticResult:
    return population_result()


@pytest.fixture(scope="module")
def experiment(result: SyntheticResult) -> Experiment:
    return result.experiment


def lines(figure: Figure, panel: int = 0) -> dict[str, np.ndarray]:
    """Labelled lines of a panel as arrays of shape (2, points)."""
    return {
        str(line.get_label()): np.asarray(line.get_data(), dtype=float)
        for line in figure.axes[panel].lines
        if not str(line.get_label()).startswith("_")
    }


def crossing(line: np.ndarray, level: float) -> float:
    """First abscissa at which a curve passes a level."""
    index = int(np.flatnonzero(np.diff(np.sign(line[1] - level)))[0])
    (x0, x1), (y0, y1) = line[0, index : index + 2], line[1, index : index + 2]
    return float(x0 + (level - y0) * (x1 - x0) / (y1 - y0))


class TestDepthProfiles:
    def test_shows_the_end_of_every_stage(self, result: SyntheticResult) -> None:
        figure = figures.depth_profiles(result)
        assert len(figure.axes) == 2
        first, second = lines(figure, 0), lines(figure, 1)
        assert set(first) == {"Li", "Rb", "total"}  # Cs has not come yet
        assert set(second) == {"Li", "Rb", "Cs", "total"}
        half = (1 + PLATEAU) / 2
        assert crossing(first["Li"], half) == pytest.approx(FIRST_FRONT * 1e9, abs=0.3)
        assert crossing(second["Li"], 0.515) == pytest.approx(SECOND_FRONT * 1e9, abs=0.3)
        assert crossing(second["Cs"], 0.3) == pytest.approx(CAESIUM_FRONT * 1e9, abs=0.3)
        np.testing.assert_allclose(second["total"][1], 1, rtol=1e-12)

    def test_panels_above_each_other_share_one_name(self, result: SyntheticResult) -> None:
        figure = figures.depth_profiles(result)
        assert not any(axes.get_ylabel() for axes in figure.axes)
        assert "fraction of bulk" in figure.get_supylabel()
        assert figures.depth_profiles(synthetic_result(stages=1)).axes[0].get_ylabel().startswith("fraction of bulk")

    def test_depth_ends_at_one_and_a_half_times_the_front(self, result: SyntheticResult) -> None:
        figure = figures.depth_profiles(result)
        assert figure.axes[1].get_xlim()[1] == pytest.approx(1.5 * SECOND_FRONT * 1e9, rel=0.02)
        assert figure.axes[1].get_xlabel() == "depth / nm"

    def test_densities_are_per_cubic_nanometre(self, result: SyntheticResult) -> None:
        figure = figures.depth_profiles(result, [100 * HOUR], normalised=False)
        assert lines(figure)["total"][1].max() == pytest.approx(BULK * 1e-27)
        assert "nm" in figure.axes[0].get_ylabel()

    def test_chosen_times_darken(self, result: SyntheticResult) -> None:
        figure = figures.depth_profiles(result, [90 * HOUR, 30 * HOUR])
        drawn = [line for line in figure.axes[0].lines if line.get_label() == "Li"]
        colours = [to_rgb(line.get_color()) for line in drawn]
        assert len(colours) == 2
        assert sum(colours[0]) > sum(colours[1])
        fronts = [crossing(np.asarray(line.get_data()), 0.55) for line in drawn]
        assert fronts == sorted(fronts)

    @pytest.mark.parametrize("time", [-1.0, 301 * HOUR])
    def test_refuses_a_time_outside_the_run(self, result: SyntheticResult, time: float) -> None:
        with pytest.raises(InputError, match="between 0 h and 300 h"):
            figures.depth_profiles(result, [time])

    def test_shows_the_stages_that_were_reached(self) -> None:
        assert len(figures.depth_profiles(synthetic_result(stages=1)).axes) == 1

    def test_counts_charges_and_leaves_immobile_ions_out(self) -> None:
        experiment = parse_experiment(MIXED_CHARGES)
        density = np.array([[0.2e28, 0.4e28, 1e28], [1e28, 0.0, 1e28]])
        state = states.State(
            time=0.0, stage=0, depth=np.array([1e-9, 3e-9]), density=density, potential=np.zeros(2),
            surface_potential=0.0, last_cell=2e-9, ions=("Na", "Ca", "O"),
        )  # fmt: skip
        curves = profile_curves(experiment, state)
        assert set(curves) == {"Na", "Ca", "charge"}
        np.testing.assert_allclose(curves["charge"], 1e28)


class TestDiffusionCoefficients:
    def test_meets_the_bulk_values_of_the_file(self, experiment: Experiment) -> None:
        figure = figures.diffusion_coefficients(experiment, 0)
        axes = figure.axes[0]
        assert axes.get_yscale() == "log"
        ends = [float(line.get_ydata()[-1]) for line in axes.lines if np.size(line.get_ydata())]
        assert ends == pytest.approx([5.8e-19, 2.67e-22], rel=1e-6)
        assert np.ptp(np.asarray(axes.lines[1].get_ydata(), dtype=float)) == 0

    def test_overlays_the_stages_with_different_lines(self, experiment: Experiment) -> None:
        axes = figures.diffusion_coefficients(experiment).axes[0]
        assert sum(line.get_xdata().size > 0 for line in axes.lines) == 5  # Li, Rb; Li, Rb, Cs
        assert axes.lines[0].get_linestyle() == "-"
        assert axes.lines[2].get_linestyle() == "--"
        assert axes.lines[0].get_color() == axes.lines[2].get_color()
        assert "Rb + Li" in axes.get_xlabel()
        assert sorted(text.get_text() for text in axes.texts) == ["Cs", "Li", "Rb"]

    def test_every_curve_is_labelled_where_the_temperature_sets_them_apart(self) -> None:
        stage = '{ kind = "contact", potential = "10 V", composition = { Ca = 1.0 }, duration = "1 h", temperature = '
        two_stages = f'stages = [{stage}"300 K" }}, {stage}"400 K" }}]'
        experiment = parse_experiment(MIXED_CHARGES[: MIXED_CHARGES.index("stages = ")] + two_stages)
        axes = figures.diffusion_coefficients(experiment).axes[0]
        assert sorted(text.get_text() for text in axes.texts) == ["Ca", "Ca", "Na", "Na"]
        titles = [entry.name for entry in stage_entries(experiment)]
        assert titles == ["stage 1, Ca contact, 300 K", "stage 2, Ca contact, 400 K"]

    def test_refuses_an_unknown_stage(self, experiment: Experiment) -> None:
        with pytest.raises(InputError, match="no such stage"):
            figures.diffusion_coefficients(experiment, 2)

    def test_labels_do_not_touch(self) -> None:
        axes = Figure().subplots()
        axes.set_yscale("log")
        axes.set_ylim(1e-20, 1e-10)
        place_labels(axes, [(1e-15, "d", "k"), (1e-15, "e", "k")], gap=0.1)
        assert sorted(float(text.xy[1]) for text in axes.texts) == pytest.approx([0.45, 0.55])  # type: ignore[attr-defined]
        for text in list(axes.texts):
            text.remove()
        place_labels(axes, [(1e-10, "a", "k"), (1e-10, "b", "k"), (2e-20, "c", "k")], gap=0.1)
        heights = sorted(float(text.xy[1]) for text in axes.texts)  # type: ignore[attr-defined]
        assert np.diff(heights).min() > 0.1 - 1e-9
        assert heights[-1] <= 1 + 1e-9


class TestSiteEnergies:
    def test_shaded_areas_are_the_fractions(self, experiment: Experiment) -> None:
        axes = figures.site_energy_distribution(experiment, "Li", 0, 0.85).axes[0]
        stays, moved = (area(collection) for collection in axes.collections)
        assert moved == pytest.approx(0.85, abs=2e-3)
        assert stays == pytest.approx(0.15, abs=2e-3)
        energy, sites = lines(axes.figure)["all sites"]
        assert np.trapezoid(sites, energy) == pytest.approx(1.1, abs=1e-3)

    def test_marks_fermi_level_and_width(self, experiment: Experiment) -> None:
        figure = figures.site_energy_distribution(experiment, "Li", 0)
        marks = [float(line.get_xdata()[0]) for line in figure.axes[0].lines if "full:" in str(line.get_label())]
        assert marks[0] == pytest.approx(-0.65, abs=1e-9)
        assert any("251 meV" in text.get_text() for text in figure.axes[0].texts)  # π/2 · 0.16 eV

    def test_all_but_the_trapped_have_moved_unless_said_otherwise(self, experiment: Experiment) -> None:
        axes = figures.site_energy_distribution(experiment, "Li", 1).axes[0]
        assert area(axes.collections[1]) == pytest.approx(0.97, abs=2e-3)

    @pytest.mark.parametrize(
        ("branches", "moved", "entries"),
        [
            (1, None, ["Li that has moved, 100 %", "all sites", "full"]),
            (1, 0.0, ["Li that stays", "all sites", "full"]),
            (1, 0.5, ["Li that stays", "Li that has moved, 50 %", "all sites", "full", "depleted"]),
            (2, None, ["Li that stays", "Li that has moved, 90 %", "all sites", "full", "depleted"]),
        ],
    )
    def test_the_legend_names_what_is_there_and_is_whole(self, branches, moved, entries) -> None:
        """With one branch nothing stays behind; a name that is long leaves room for fewer columns."""
        text = EXPERIMENT if branches == 2 else re.sub(r"trapped_\w+ = .*\n", "", EXPERIMENT)
        for name in ("Li", "lithium-on-its-own-sites"):
            renamed = re.sub(r"\bLi\b(?!3)", name, text)
            drawn = figures.site_energy_distribution(parse_experiment(renamed), name, 0, moved)
            labels = [label.get_text() for label in drawn.legends[0].get_texts()]
            assert len(labels) == len(entries)
            for label, entry in zip(labels, entries, strict=True):
                assert entry.replace("Li", name) in label
            drawn.canvas.draw()
            box = drawn.legends[0].get_window_extent()
            assert 0.0 <= box.x0 < box.x1 <= drawn.bbox.x1

    @pytest.mark.parametrize(
        ("ion", "stage", "moved", "message"),
        [
            ("Na", 0, 0.5, "no such ion"),
            ("Li", 7, 0.5, "no such stage"),
            ("Rb", 0, 0.5, "no site energy distribution"),
            ("Li", 0, 1.5, "between 0 and 1"),
        ],
    )
    def test_refuses(self, experiment: Experiment, ion: str, stage: int, moved: float, message: str) -> None:
        with pytest.raises(InputError, match=message):
            figures.site_energy_distribution(experiment, ion, stage, moved)


def area(collection: object) -> float:
    """Area of a shaded region by the shoelace formula."""
    total = 0.0
    for path in collection.get_paths():  # type: ignore[attr-defined]
        x, y = path.vertices.T
        total += 0.5 * abs(float(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))))
    return total


class TestLocalPopulations:
    def test_areas_are_local_densities_in_order_of_arrival(self, result: SyntheticResult) -> None:
        axes = figures.local_populations(result, 300 * HOUR, 20e-9).axes[0]
        names = [str(collection.get_label()) for collection in axes.collections]
        assert names == ["Li", "Rb", "Cs"]
        assert [area(one) for one in axes.collections] == pytest.approx([0.03, 0.37, 0.60], abs=4e-3)
        middles = [float(one.get_paths()[0].vertices[:, 1].mean()) for one in axes.collections]
        assert middles == sorted(middles)  # later ions sit higher

    def test_one_panel_per_time(self, result: SyntheticResult) -> None:
        figure = figures.local_populations(result, [0, 100 * HOUR, 300 * HOUR], 20e-9)
        assert [axes.get_title(loc="left") for axes in figure.axes] == ["0 h", "100 h", "300 h"]
        assert {text.get_text() for text in figure.axes[1].texts} >= {"Li 0.10", "Rb 0.90"}

    def test_refuses_a_depth_outside_the_sample(self, result: SyntheticResult) -> None:
        with pytest.raises(InputError, match="outside the sample"):
            figures.local_populations(result, 0.0, 1.0)

    def test_refuses_an_experiment_without_site_energies(self, result: SyntheticResult) -> None:
        plain = SyntheticResult(dataset=result.dataset, experiment=parse_experiment(MIXED_CHARGES))
        with pytest.raises(InputError, match="no ion with a site energy distribution"):
            figures.local_populations(plain, 0.0, 1e-9)


class TestPopulations:
    """What is drawn of ions with populations: nothing of a D(n), as they have none."""

    def test_energies_are_those_of_the_sites_that_the_ions_share(self, populated: SyntheticResult) -> None:
        """E_F of the native glass lies 0.1355861 eV above the middle of the mobile sites, by another program."""
        for ion in ("Li", "Rb"):
            panel = figures.site_energy_distribution.plot(populated.experiment, ion).panels[0]
            curves = {curve.name: curve for curve in panel.curves}
            held, sites = curves["Li of the native glass"], curves["all sites"]
            assert panel.marks[0].value == pytest.approx(0.1355861, abs=1e-5)
            assert np.trapezoid(held.y, held.x) == pytest.approx(1.0, abs=1e-4)
            assert np.trapezoid(sites.y, sites.x) == pytest.approx(1.1, abs=1e-4)
        with pytest.raises(InputError, match="whose populations are calculated"):
            figures.site_energy_distribution(populated.experiment, moved_fraction=0.5)

    def test_diffusion_coefficients_are_effective_ones_over_depth(self, populated: SyntheticResult) -> None:
        panel = figures.overview.plot(populated).panels[1]
        lithium, rubidium = panel.curves
        fraction = populated.dataset["density"].values[-1, : lithium.y.size, 0] / BULK
        assert panel.title == "effective diffusion coefficients"
        assert lithium.y == pytest.approx(5.8e-19 * fraction, rel=1e-9)
        assert rubidium.y[:100] == pytest.approx(2.67e-22, rel=1e-9)
        early = figures.diffusion_over_depth.plot(populated, [10 * HOUR]).panels[0]
        assert early.remark == "populations of 0 h"
        warmer = [{"time": "0 h", "value": "323.15 K"}, {"time": "100 h", "value": "343.15 K"}]
        ramp = SyntheticResult(
            dataset=populated.dataset, experiment=populated.experiment.replace({"stages[0].temperature": warmer})
        )
        warm = figures.diffusion_over_depth.plot(ramp).panels[0].curves[1]
        arrhenius = np.exp(-0.86 / 8.617333e-5 * (1 / 343.15 - 1 / 323.15))
        assert warm.y[:100] == pytest.approx(2.67e-22 * arrhenius, rel=1e-5)
        coefficients = figures.diffusion_coefficients.plot(populated.experiment).panels[0]
        assert "at activity 1: Li, Rb" in coefficients.horizontal.label


class TestCurrentAndPotential:
    def test_current_in_nanoampere_and_charge_in_millicoulomb(self, result: SyntheticResult) -> None:
        figure = figures.current_and_charge(result)
        current, charge = figure.axes
        assert current.get_ylabel() == "current / nA"
        assert charge.get_ylabel() == "charge / mC"
        assert charge.get_xlabel() == "time / h"
        last = {name: line[1, -1] for name, line in lines(figure, 1).items()}
        assert set(last) == {"Li, back", "Rb, surface", "Cs, surface"}
        assert last["Li, back"] == pytest.approx(last["Rb, surface"] + last["Cs, surface"])
        assert "positive towards the back" in charge.get_legend().get_title().get_text()
        assert 100.0 in [float(np.asarray(line.get_xdata())[0]) for line in current.lines]  # end of the first stage

    def test_every_stage_has_its_number_and_its_last_current(self) -> None:
        varied = synthetic_result()
        stages, current = varied.dataset["stage"].to_numpy(), varied.dataset["current"].to_numpy()
        current[np.flatnonzero(stages == 0)[-1]], current[-1] = 8e-9, -2.5e-12
        varied.dataset["current"][:] = current
        axes = figures.current_and_charge(varied).axes[0]
        assert [text.get_text() for text in axes.texts] == ["1", "2"]
        assert axes.get_title("left").splitlines() == [
            "1  Rb irradiation: 8 nA at the end", "2  Cs irradiation: -2.5 pA at the end"
        ]  # fmt: skip

    def test_short_stages_share_a_mark(self) -> None:
        assert stage_marks({0: 1.0, 1: 2.0, 2: 3.0, 3: 100.0}) == [("1\N{EN DASH}3", 1.5), ("4", 51.5)]
        assert stage_marks({0: 2.0, 1: 12.0, 2: 22.0}) == [("1", 1.0), ("2", 7.0), ("3", 17.0)]

    def test_a_long_legend_of_charges_stays_on_the_page(self) -> None:
        crowded = synthetic_result()
        names = {"Li": "native_lithium", "Rb": "rubidium", "Cs": "caesium"}
        text = synthetic_result().experiment.source
        for short, long in names.items():
            text = re.sub(rf"\b{short}\b", long, text)
        dataset = crowded.dataset.assign_coords(ion=[names[str(name)] for name in crowded.dataset["ion"].to_numpy()])
        for variable in ("injected_charge", "collected_charge"):
            dataset[variable][:] = 1e-3
        figure = figures.current_and_charge(SyntheticResult(dataset=dataset, experiment=parse_experiment(text)))
        figure.draw_without_rendering()
        legend = figure.axes[1].get_legend()
        assert len(legend.get_texts()) == 6
        box = legend.get_window_extent()
        assert box.x0 >= 0.0
        assert box.x1 <= figure.bbox.x1
        assert box.y1 <= figure.axes[0].get_window_extent().y0

    def test_the_first_moment_does_not_set_the_scale(self) -> None:
        peaked = synthetic_result()
        peaked.dataset["current"][0] = 1e-3
        assert figures.current_and_charge(peaked).axes[0].get_ylim()[1] < 20

    def test_potential_reaches_from_surface_to_ground(self, result: SyntheticResult) -> None:
        near, whole = figures.potential(result).axes
        assert near.get_xlabel() == "depth / nm"
        assert whole.get_xlabel() == "depth / mm"
        depth, volts = whole.lines[0].get_data()
        assert (depth[0], volts[0]) == (0, 15)
        assert (depth[-1], volts[-1]) == (pytest.approx(2.325), 0)

    def test_overview_has_no_empty_panel(self, result: SyntheticResult) -> None:
        figure = figures.overview(result)
        assert len(figure.axes) == 5
        assert all(axes.lines for axes in figure.axes)
        assert figure.get_suptitle() == result.experiment.title

    def test_everything_can_be_drawn_of_the_very_first_state(self, result: SyntheticResult, tmp_path: Path) -> None:
        start = SyntheticResult(dataset=result.dataset.isel(time=[0]), experiment=result.experiment)
        for number, make in enumerate((figures.overview, figures.current_and_charge, figures.potential)):
            figures.save(make(start), tmp_path / f"{number}.png")


SALT = """
[sample]
thickness = "10 um"
illuminated_area = "1 cm^2"
relative_permittivity = 8
native = { Ca = "1e24 1/m^3", Na = "1e24 1/m^3", F = "3e24 1/m^3" }
[ions.Ca]
charge = 2
diffusion = { model = "constant", coefficient = "1e-15 m^2/s", reference_temperature = "500 K", activation_energy = "0 J" }
[ions.Na]
charge = 1
diffusion = { model = "constant", coefficient = "1e-15 m^2/s", reference_temperature = "500 K", activation_energy = "0 J" }
[ions.F]
charge = -1
diffusion = { model = "constant", coefficient = "1e-15 m^2/s", reference_temperature = "500 K", activation_energy = "0 J" }
[back_electrode]
deposits = []
[[stages]]
kind = "contact"
blocking = true
potential = "10 mV"
temperature = "500 K"
duration = "1 h"
"""  # noqa: E501


def salt_state(factors: np.ndarray) -> states.State:
    """The native salt in 100 equal cells, its densities multiplied by a factor in each."""
    return states.State(
        time=0.0, stage=0, depth=(np.arange(100) + 0.5) * 1e-7, density=factors * [1e24, 1e24, 3e24],
        potential=np.zeros(100), surface_potential=0.0, last_cell=1e-7, ions=("Ca", "Na", "F"),
    )  # fmt: skip


class TestStates:
    def test_interpolates_between_stored_states(self, result: SyntheticResult) -> None:
        times = result.dataset["time"].to_numpy()
        state = states.state_at(result.dataset, float(0.25 * times[3] + 0.75 * times[4]))
        expected = 0.25 * result.dataset["density"][3] + 0.75 * result.dataset["density"][4]
        np.testing.assert_allclose(state.density, expected, rtol=1e-12)

    def test_a_boundary_belongs_to_the_stage_that_ends(self, result: SyntheticResult) -> None:
        assert states.state_at(result.dataset, 100 * HOUR).stage == 0
        assert states.state_at(result.dataset, 100 * HOUR + 1).stage == 1
        assert states.stage_ends(result.dataset) == {0: 100 * HOUR, 1: 300 * HOUR}

    def test_arrival_order(self, experiment: Experiment) -> None:
        assert states.arrival_order(experiment) == ("Li", "Rb", "Cs")
        assert states.arrival_order(experiment, 0) == ("Li", "Rb")
        mixed = parse_experiment(MIXED_CHARGES)
        assert states.arrival_order(mixed) == ("Na", "Ca")
        assert states.mobile_ions(mixed) == ("Na", "Ca")
        assert states.bulk_density(mixed) == pytest.approx(1e28)

    def test_a_pile_up_at_the_back_does_not_widen_the_picture(self, result: SyntheticResult) -> None:
        piled = result.dataset.copy(deep=True)
        piled["density"][-1, -1, 0] = 3 * BULK
        initial = states.state_at(piled, 0.0)
        shown = states.shown_depth([states.state_at(piled, 300 * HOUR)], initial, ("Li", "Rb", "Cs"))
        assert shown == pytest.approx(1.5 * SECOND_FRONT, rel=0.02)

    def test_cations_and_anions_each_begin_at_one(self, experiment: Experiment) -> None:
        salt = parse_experiment(SALT)
        assert [states.reference_density(salt, name) for name in ("Ca", "Na", "F")] == pytest.approx([2e24, 2e24, 3e24])
        assert {states.reference_density(experiment, name) for name in ("Li", "Rb", "Cs", "total")} == {BULK}

    @pytest.mark.parametrize(
        ("first", "last", "shown"),
        [(1.0, 1.0, 1e-5), (1.5, 0.5, 1e-5), (0.5, 1.0, 1.5e-6)],  # no front, both ends, a front at the surface only
    )
    def test_a_salt_is_shown_as_a_whole_unless_only_its_surface_changes(self, first, last, shown) -> None:
        factors = np.ones((100, 1))
        factors[:10], factors[-1] = first, last
        states_shown = [salt_state(np.ones((100, 1))), salt_state(factors)]
        found = states.shown_depth(states_shown[1:], states_shown[0], ("Ca", "Na", "F"))
        assert found == pytest.approx(shown, rel=0.1)

    @pytest.mark.parametrize(("highest", "scale"), [(5.0, "linear"), (500.0, "log")])
    def test_what_piles_up_at_an_electrode_does_not_flatten_the_rest(self, highest, scale) -> None:
        salt, factors = parse_experiment(SALT), np.ones((100, 1))
        factors[0] = highest
        densities = DensityScale(experiment=salt, exchanging=(), limit=1e-5)
        curves = densities.curves(salt_state(factors))
        axes = Figure().subplots()
        draw_panel(axes, densities.panel(curves))
        assert axes.get_yscale() == scale
        assert "like charge" in axes.get_ylabel()
        (fluoride,) = (curve for curve in curves if curve.name == "F")
        assert fluoride.y[50] == pytest.approx(1.0)
        assert zone_name(salt, 1e-5) == "whole sample"
        assert zone_name(salt, 1e-6) == "zone below the surface"

    def test_constant_coefficients_set_no_fermi_level(self, experiment: Experiment) -> None:
        assert "no coefficient depends" in figures.diffusion_coefficients(parse_experiment(SALT)).axes[0].get_xlabel()
        assert "Fermi level" in figures.diffusion_coefficients(experiment).axes[0].get_xlabel()

    def test_stages_are_named_by_what_they_bring(self, experiment: Experiment) -> None:
        mixed = parse_experiment(MIXED_CHARGES)
        blocking = mixed.replace({"stages": [{**mixed.stages[0].model_dump(), "composition": None, "blocking": True}]})
        assert stage_title(experiment, 1) == "stage 2, Cs irradiation"
        assert stage_title(mixed, 0) == "stage 1, Ca contact"
        assert stage_title(blocking, 0) == "stage 1, blocking contact"


class TestStyle:
    def test_elements_keep_their_colour_and_differ_in_line_too(self) -> None:
        names = ["Li", "Na", "K", "Rb", "Cs", "H", "Ag", "Ca", "OH", "X", "Y"]
        styles = figures.ion_styles(names)
        assert styles["Li"].colour == "#0072B2"
        assert figures.ion_styles(["Rb", "Li"])["Li"] == styles["Li"]
        assert len({look.colour for look in styles.values()}) == len(names)
        assert len({look.line for look in styles.values()}) == len(names)

    @pytest.mark.parametrize(
        ("maximum", "unit"), [(8.5e-9, "nA"), (4e-10, "pA"), (6e-10, "nA"), (-8.5e-9, "nA"), (0.0, "fA"), (3.0, "A")]
    )
    def test_current_units(self, maximum: float, unit: str) -> None:
        assert style.axis_unit(maximum, "current", least=0.5).unit == unit

    @pytest.mark.parametrize(("maximum", "unit"), [(1.5e-7, "nm"), (1e-6, "nm"), (5e-6, MICROMETRE), (2.325e-3, "mm")])
    def test_length_units(self, maximum: float, unit: str) -> None:
        assert style.axis_unit(maximum, "length").unit == unit


class TestSave:
    @pytest.mark.parametrize("extension", [".png", ".svg", ".pdf"])
    def test_same_figure_same_bytes(self, result: SyntheticResult, tmp_path: Path, extension: str) -> None:
        paths = [tmp_path / f"{name}{extension}" for name in "ab"]
        for path in paths:
            figures.save(figures.depth_profiles(result), path)
        first, second = (path.read_bytes() for path in paths)
        assert first == second
        assert len(first) > 5000
        assert sorted(tmp_path.iterdir()) == paths  # no temporary file left

    def test_refuses_other_extensions(self, tmp_path: Path) -> None:
        for name in ("a.jpeg", "a"):
            with pytest.raises(InputError, match=r"\.png or \.svg or \.pdf"):
                figures.save(Figure(), tmp_path / name)
        assert not list(tmp_path.iterdir())

    def test_refuses_a_missing_folder(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="does not exist"):
            figures.save(Figure(), tmp_path / "nowhere" / "a.png")

    def test_global_state_stays_untouched(self) -> None:
        program = (
            "import sys; sys.path.insert(0, sys.argv[1]); from synthetic_result import synthetic_result\n"
            "from ionscape import figures; figures.overview(synthetic_result())\n"
            "sys.exit('matplotlib.pyplot' in sys.modules)"
        )
        folder = Path(__file__).parent.parent
        subprocess.run([sys.executable, "-c", program, str(folder)], check=True)


class TestMovie:
    def test_mp4_holds_the_frames(self, result: SyntheticResult, tmp_path: Path) -> None:
        import imageio_ffmpeg

        path = tmp_path / "film.mp4"
        figures.movie(result, path, frames=12, frames_per_second=6)
        count, seconds = imageio_ffmpeg.count_frames_and_secs(str(path))
        assert count == 12
        assert seconds == pytest.approx(2.0)
        assert [entry.name for entry in tmp_path.iterdir()] == ["film.mp4"]

    def test_no_line_leaves_the_axis_at_any_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Ions pile up together at one time in the middle, none of them beyond the native density."""
        crowded = synthetic_result()
        dataset = crowded.dataset.copy(deep=True)
        middle = dataset.sizes["time"] // 2
        dataset["density"][middle, 0, :] = 0.9 * BULK
        drawn: list[Figure] = []
        module = sys.modules[pictures.__module__]
        monkeypatch.setattr(module, "draw", lambda plot: drawn.append(draw(plot)) or drawn[-1])
        next(pictures(SyntheticResult(dataset=dataset, experiment=crowded.experiment), 4))
        assert drawn[0].axes[0].get_ylim()[1] >= 3 * 0.9

    def test_gif_moves(self, result: SyntheticResult, tmp_path: Path) -> None:
        path = tmp_path / "film.gif"
        figures.movie(result, path, frames=6)
        with Image.open(path) as picture:
            assert getattr(picture, "n_frames", 1) == 6
            first = np.asarray(picture.convert("RGB"))
            picture.seek(5)
            assert (np.asarray(picture.convert("RGB")) != first).any()

    def test_populations_stand_beside_the_profile_at_the_kept_times(self, populated: SyntheticResult) -> None:
        """Of the native glass and of the end, each for half of the film."""
        drawn = list(pictures_with_populations(populated, 20e-9, 4))
        assert len(drawn) == 4
        assert (drawn[0] == drawn[1]).all()
        assert (drawn[2] == drawn[3]).all()
        assert (drawn[1] != drawn[2]).any()

    def test_frames_are_equidistant_within_each_stage(self, experiment: Experiment) -> None:
        times = frame_times(experiment, {0: 100 * HOUR, 1: 300 * HOUR}, 0.0, 61)
        assert times.size == 61
        assert times[0] == 0
        assert times[20] == pytest.approx(100 * HOUR)
        np.testing.assert_allclose(np.diff(times), 5 * HOUR)

    def test_storage_is_shortened(self, double_cait_file: Path) -> None:
        double = load_experiment(double_cait_file)
        ends = {0: 100 * HOUR, 1: 2000 * HOUR, 2: 2100 * HOUR}
        times = frame_times(double, ends, 0.0, 211)
        storage = (times > 100 * HOUR) & (times <= 2000 * HOUR)
        assert int(storage.sum()) == pytest.approx(19, abs=2)

    @pytest.mark.parametrize(
        ("name", "options", "message"),
        [
            ("film.avi", {}, r"\.mp4 or \.gif"),
            ("film.mp4", {"frames": 1}, "2 or more"),
            ("film.mp4", {"frames_per_second": 0.0}, "greater than 0"),
            ("film.mp4", {"depth": 20e-9}, "has no populations"),
        ],
    )
    def test_refuses(
        self, result: SyntheticResult, tmp_path: Path, name: str, options: dict[str, float], message: str
    ) -> None:
        with pytest.raises(InputError, match=message):
            figures.movie(result, tmp_path / name, **options)  # type: ignore[arg-type]
        assert not list(tmp_path.iterdir())
