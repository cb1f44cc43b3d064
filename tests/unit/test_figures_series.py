"""Figures of a series of glasses, drawn from datasets made by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import xarray
from matplotlib.figure import Figure

from ionscape.errors import InputError
from ionscape.figures import activation_energies, arrhenius_plot, conductivities
from ionscape.figures.plot import Axis, Curve, Panel
from ionscape.figures.render_matplotlib import draw_panel
from ionscape.series import SeriesResult


def result_of(temperatures: list[float], relative_error: float) -> SeriesResult:
    """Two glasses with σ of 1e-6 and 2e-6 S/m at all temperatures, one of them measured."""
    conductivity = np.outer([1e-6, 2e-6], np.ones(len(temperatures)))
    points = len(temperatures)
    data = xarray.Dataset(
        {
            "activation_energy": ("x", [0.7, 0.6]),
            "activation_energy_lower_95": ("x", [0.7 - 0.01 * relative_error, 0.6 - 0.02 * relative_error]),
            "activation_energy_upper_95": ("x", [0.7 + 0.01 * relative_error, 0.6 + 0.02 * relative_error]),
            "conductivity": (("x", "temperature"), conductivity),
            "conductivity_lower_95": (("x", "temperature"), conductivity / (1.0 + relative_error)),
            "conductivity_upper_95": (("x", "temperature"), conductivity * (1.0 + relative_error)),
            "attempt_frequency": ("x", [4e14, 4e14]),
            "fitted_attempt_frequency": ("x", [2e13, 5e14]),
            "fitted_attempt_frequency_error": ("x", [4e13, 1e14]),
            "measured_x": ("measured_glass", [0.0]),
            "measured_activation_energy": ("measured_glass", [0.72]),
            "measured_source": ("measured_glass", np.array(["Able A. 1980"], dtype=object)),
            "measured_point_glass": ("measured_point", np.zeros(points, dtype=int)),
            "measured_temperature": ("measured_point", temperatures),
            "measured_conductivity": ("measured_point", [1.1e-6] * points),
        },
        coords={"x": [0.0, 0.5], "temperature": temperatures},
        attrs={"title": "by hand", "alkali": "Li", "alkali_oxide_fraction": 0.33},
    )
    return SeriesResult(dataset=data)


def drawn_bars(values: list[float], low: list[float], high: list[float]) -> list[list[float]]:
    """Both ends of the error bars of points, as they are drawn."""
    axes = Figure().subplots()
    points = Curve(name="points", x=np.arange(len(values)), y=np.array(values), lower=np.array(low),
                   upper=np.array(high), kind="points")  # fmt: skip
    draw_panel(axes, Panel(horizontal=Axis(), vertical=Axis(), curves=(points,)))
    return [segment[:, 1].tolist() for bars in axes.containers for segment in bars.lines[2][0].get_segments()]


def test_bars_reach_from_end_to_end_of_intervals() -> None:
    bars = drawn_bars([1.0, 4.0, 1.0, 1.0], [0.5, 2.0, np.nan, 0.1], [2.0, 8.0, np.nan, np.inf])
    assert bars == [[0.5, 2.0], [2.0, 8.0], [1.0, 1.0], [1.0, 1.0]]
    assert drawn_bars([1.0], [np.nan], [np.nan]) == drawn_bars([1.0], [1.0], [1.0]) == []
    # ln ν is normal: a relative error of ln 2 / 1.96 is a factor of two either way
    result = result_of([303.0, 393.0], 0.1)
    result.dataset["fitted_attempt_frequency_error"][:] = (
        result.dataset["fitted_attempt_frequency"] * np.log(2) / 1.959964
    )
    fitted = conductivities.plot(result).panels[1].curves[0]
    assert fitted.ends is not None
    assert fitted.ends[0] == pytest.approx(fitted.y / 2.0, rel=1e-6)
    assert fitted.ends[1] == pytest.approx(fitted.y * 2.0, rel=1e-6)


def test_bars_are_the_95_percent_intervals_and_the_legend_says_so() -> None:
    result = result_of([303.0, 393.0], 0.1)
    data = result.dataset
    for figure, name, scale in (
        (activation_energies(result), "activation_energy", 1.0), (conductivities(result), "conductivity", 0.01),
        (arrhenius_plot(result), "conductivity", 0.01 * data["temperature"].values),
    ):  # fmt: skip
        ends = np.array([segment[:, 1] for segment in figure.axes[0].containers[0].lines[2][0].get_segments()])
        expected = [np.ravel(data[f"{name}_{end}_95"].values * scale) for end in ("lower", "upper")]
        for low, high in ends:
            assert np.isclose(expected[0], low).any()
            assert np.isclose(expected[1], high).any()
        assert any("95 %" in text.get_text() for text in figure.legends[0].get_texts())


def test_bars_and_legends_show_errors_only_where_there_are_any() -> None:
    for relative_error, containers in ((np.nan, 0), (3.0, 2)):
        result = result_of([303.0, 393.0], relative_error)
        (axes,) = arrhenius_plot(result).axes
        assert len(axes.containers) == containers
        model = [line for line in axes.lines if line.get_marker() == "o"]
        assert len({line.get_markersize() for line in model}) == 1  # a size has no meaning
        # an axis for the values, whatever the bars are
        assert axes.get_ylim()[0] > 0.01 * 1e-6 * 303.0 * 0.01
        measured = [line for line in axes.lines if line.get_marker() == "D"]
        assert measured[0].get_zorder() > max(line.get_zorder() for line in axes.lines if line.get_marker() == "o")
        figure = activation_energies(result)
        labels = [text.get_text() for text in figure.legends[0].get_texts()]
        assert ("model, mean and\n95 % interval" in labels) is bool(containers)


def test_labels_of_the_frequencies_do_not_touch() -> None:
    figure = conductivities(result_of([303.0, 393.0], 0.1))
    figure.canvas.draw()
    axis = figure.axes[1].yaxis
    boxes = [label.get_window_extent() for label in axis.get_ticklabels(which="both") if label.get_text()]
    seen = sorted((box.y0, box.y1) for box in boxes if box.height > 0.0)
    assert len(seen) >= 3
    assert all(low[1] < high[0] for low, high in pairwise(seen))


def test_one_temperature_gives_no_arrhenius_plot() -> None:
    with pytest.raises(InputError, match="temperature: is one only"):
        arrhenius_plot(result_of([303.0], 0.1))
