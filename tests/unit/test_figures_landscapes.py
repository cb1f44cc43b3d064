"""Figures of the critical path and of the current."""

from __future__ import annotations

import numpy as np
import pytest

from ionscape.errors import InputError
from ionscape.figures import critical_path_figure, current_map
from ionscape.hopping import CriticalPath, CurrentDistribution


def flow(direction=0):
    currents = np.full((3, 4, 5), np.nan)
    line = [1, 2, 3]
    line[direction] = slice(None)
    currents[tuple(line)] = 1.0  # all current in one straight line of sites
    return CurrentDistribution(potentials=currents, currents=currents, direction=direction, temperature=300.0)


@pytest.mark.parametrize(("direction", "shape", "row"), [(0, (4, 3), 2), (1, (3, 4), 1), (2, (3, 5), 1)])
def test_the_field_points_to_the_right(direction, shape, row):
    image = current_map(flow(direction)).axes[0].images[0].get_array()
    assert image.shape == shape
    assert (image[row] == 1.0).all()
    assert image.sum() == pytest.approx(shape[1], rel=1e-2)


def test_the_axis_of_the_sum_is_beside_the_field():
    assert current_map(flow(0), across=1).axes[0].images[0].get_array().shape == (5, 3)
    with pytest.raises(InputError, match="beside the field"):
        current_map(flow(0), across=0)


def test_the_bottleneck_is_marked_and_a_face_is_not_crossed_by_a_line():
    path = CriticalPath(
        sites=np.array([[0, 0, 0], [1, 0, 0], [1, 9, 0], [2, 9, 0]]), barriers=np.array([1.0, 3.0, 2.0]) * 1.6e-20,
        activation_energy=4.8e-20, bottleneck=1, direction=0,
    )  # fmt: skip
    profile, view = critical_path_figure(path).axes
    assert profile.get_title(loc="left") == "Δc = 0.300 eV, 3 jumps"
    assert profile.lines[0].get_xydata()[0] == pytest.approx([2.0, 0.3], rel=2e-3)
    across = view.lines[0].get_ydata()
    assert list(np.isnan(across)) == [False, False, True, False, False]
