"""Figures of runs whose conditions change within a stage: conditions, coefficients, cut currents, equal charges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ionscape import figures
from ionscape.figures.coefficients import stage_entries
from ionscape.transport import SimulationResult
from synthetic_result import HOUR, SyntheticResult, synthetic_result


def changed(**values: Any) -> SyntheticResult:
    """The hand-made result, as one of an experiment whose first stage has other values."""
    result = synthetic_result()
    replaced = {f"stages[0].{key}": value for key, value in values.items()}
    return SyntheticResult(dataset=result.dataset, experiment=result.experiment.replace(replaced))


def line(*points: tuple[float, float]) -> list[dict[str, float]]:
    """A programme of straight lines."""
    return [{"time": time, "value": value} for time, value in points]


def test_the_overview_shows_what_was_applied() -> None:
    result = changed(source_potential=line((0.0, 5.0), (HOUR, 15.0)), temperature=line((0.0, 300.0), (HOUR, 320.0)))
    plot = figures.overview.plot(result)
    potential, temperature = plot.panels[5:]
    assert potential.curves[0].y[[0, 1]] == pytest.approx([5.0, 15.0])
    assert temperature.curves[0].y[[0, 1]] == pytest.approx([300.0, 320.0])
    assert potential.horizontal.limits == plot.panels[2].horizontal.limits
    assert plot.layout[2:] == ((5, 4), (6, 4), (2, 4), (3, 4))


def test_coefficients_are_drawn_for_the_ends_of_a_programme() -> None:
    experiment = changed(temperature=line((0.0, 313.15), (HOUR, 333.15))).experiment
    panel = figures.diffusion_coefficients.plot(experiment, 0).panels[0]
    cold, hot = (next(c for c in panel.curves if c.name == f"Rb, stage 1, {at} K") for at in ("313.15", "333.15"))
    # Arrhenius's law by hand: 0.65 eV over k_B (1/313.15 K - 1/333.15 K)
    assert hot.y[0] / cold.y[0] == pytest.approx(np.exp(0.65 / 8.617333262e-5 * (1 / 313.15 - 1 / 333.15)), rel=1e-6)
    titles = [entry.name for entry in stage_entries(experiment)]
    assert titles == [f"stage {stage}, {ion} irradiation, {temperature} K" for stage, ion, temperature in
                      [(1, "Rb", "313.15"), (1, "Rb", "333.15"), (2, "Cs", "323.15")]]  # fmt: skip


def test_of_a_logged_temperature_the_extremes_are_drawn() -> None:
    logged = line(*((number * HOUR, 323.15 + number % 4) for number in range(20)))
    entries = stage_entries(changed(temperature=logged).experiment, 0)
    assert [entry.name[-8:] for entry in entries] == ["323.15 K", "326.15 K"]


def test_stages_without_any_difference_share_a_line() -> None:
    experiment = synthetic_result().experiment
    first = experiment.stages[0]
    repeated = experiment.replace({"stages": (first, experiment.stages[1], first)})
    names = {curve.name for curve in figures.diffusion_coefficients.plot(repeated).panels[0].curves if curve.x.size}
    assert {"Li, stage 1", "Li, stage 2", "Li, stage 3"} <= names  # caesium is there in the third
    twice = experiment.replace({"stages": (first, first)})
    assert [entry.name for entry in stage_entries(twice)] == ["stages 1 and 2, Rb irradiation"]


class TestCutCurrents:
    def test_the_height_of_what_is_cut_is_written(self) -> None:
        peaked = synthetic_result()
        after = int(np.flatnonzero(peaked.dataset["stage"].to_numpy() == 1)[0])
        peaked.dataset["current"][1] = 2e-7
        peaked.dataset["current"][after] = -5e-7
        peaked = SyntheticResult(  # both within a thousandth of their stages
            dataset=peaked.dataset.assign_coords(time=_sooner(peaked.dataset["time"].to_numpy(), 1, after)),
            experiment=peaked.experiment,
        )
        panel = figures.current_and_charge.plot(peaked).panels[0]
        assert {label.text for label in panel.labels} >= {"↑ 200 nA", "↓ −500 nA"}
        low, high = panel.vertical.limits
        assert low is not None
        assert high is not None
        assert -3.0 < low < 0.0
        assert 8.5 < high < 12.0

    def test_a_brief_current_that_is_little_higher_is_drawn_whole(self) -> None:
        peaked = synthetic_result()
        peaked.dataset["current"][0] = 15e-9
        panel = figures.current_and_charge.plot(peaked).panels[0]
        assert not any("↑" in label.text for label in panel.labels)
        assert panel.vertical.limits[1] == pytest.approx(15.75, abs=1e-6)


def _sooner(times: np.ndarray, *places: int) -> np.ndarray:
    """Times of which some lie just behind those before them."""
    moved = times.copy()
    for place in places:
        moved[place] = times[place - 1] + 1.0
    return moved


def test_equal_charges_of_two_ions_take_turns() -> None:
    """Half a beam each: of two dashed lines on each other only one could be seen."""
    result = synthetic_result()
    charge = result.dataset["injected_charge"].to_numpy()
    charge[:, 1] = charge[:, 2] = 0.5 * charge.sum(axis=1)
    result.dataset["injected_charge"][:] = charge
    panel = figures.current_and_charge.plot(result).panels[1]
    lithium, rubidium, caesium = panel.curves
    assert lithium.line == "solid"

    def drawn(pattern: Any) -> set[int]:
        """Tenths of the period that dashes cover."""
        ends = np.cumsum([0.0, *pattern[1]]) / sum(pattern[1])
        places = (np.arange(30) + 0.5) / 30
        return {k for k, at in enumerate(places) if np.searchsorted(ends, at) % 2 == 1}

    assert drawn(rubidium.line)
    assert drawn(caesium.line)
    assert not drawn(rubidium.line) & drawn(caesium.line)


def test_a_spreadsheet_keeps_the_times_at_which_conditions_change() -> None:
    synthetic = changed(source_potential=line((0.0, 5.0), (HOUR, 15.0)))
    times = synthetic.dataset["time"].to_numpy().copy()
    times[5] = HOUR
    result = SimulationResult(dataset=synthetic.dataset.assign_coords(time=times), experiment=synthetic.experiment)
    cells = result.dataset.sizes["depth"]
    assert result.at_most(cells * times.size) is result
    fewer = result.at_most(cells * 10).dataset["time"].to_numpy()
    assert {0.0, HOUR, 100 * HOUR, 300 * HOUR} <= set(fewer)
    assert len(fewer) <= 13
