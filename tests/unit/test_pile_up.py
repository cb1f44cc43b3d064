"""Where ions pile up to densities that no solid has: what is said, and how errors and balances are judged."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray

from ionscape.transport.newton import close_balance, unit_of_error
from ionscape.transport.pile_up import DENSEST_SOLID, pile_up_clause, pile_up_remarks


def states(largest: float) -> xarray.Dataset:
    """Two ions at two times in three cells; the second ion is densest in the last cell, at the end."""
    density = np.full((2, 3, 2), 1e27)
    density[1, 2, 1] = largest
    return xarray.Dataset(
        {"density": (("time", "depth", "ion"), density)},
        coords={"time": [0.0, 3600.0], "depth": [1e-9, 1e-6, 2e-6], "ion": ["Na", "F"]},
    )


def test_the_bound_is_diamond() -> None:
    """Density 3.515 g/cm^3 over 12.011 g/mol."""
    assert pytest.approx(3.515e6 / 12.011 * 6.02214076e23, rel=0.03) == DENSEST_SOLID


def test_what_a_solid_can_hold_is_not_remarked() -> None:
    assert pile_up_remarks(states(1e29)) == ()
    assert pile_up_clause(states(1e29)) == ""


def test_a_pile_up_is_remarked_with_ion_density_and_place() -> None:
    (remark,) = pile_up_remarks(states(5e33))
    assert remark.code == "piled_up"
    assert remark.numbers == {"ion": "F", "density": 5e33, "depth": 2e-6, "time": 3600.0}
    for words in ("F piles up to 5e+33 1/m^3", "depth of 2 ", "after 1 h", "back_electrode.deposits"):
        assert words in str(remark)


def test_a_failure_names_the_ion_the_bound_and_a_remedy() -> None:
    clause = pile_up_clause(states(5e33))
    for words in ("F piles up to 5e+33 1/m^3", "2000 nm", "1.8e+29 1/m^3", "back_electrode.deposits"):
        assert words in clause


def test_what_a_balance_lacks_goes_to_the_densest_cell() -> None:
    """Afterwards the cells have gained what passed the faces, and no other cell has changed."""
    rng = np.random.default_rng(0)
    size, before = np.array([1e-9, 2e-9, 1e-12]), rng.random((3, 2))
    y = before + rng.random((3, 2))
    y[2] = [1e6, 3e6]
    surface, back = np.array([[2e-10, 0.0]]), np.array([[0.0, 1e-10]])
    substeps = SimpleNamespace(values=np.zeros((1, 3, 3)), known=before, surface=surface, back=back)
    substeps.values[0, :, :2] = y
    problem = SimpleNamespace(cells=SimpleNamespace(size=size), medium=SimpleNamespace(ions=(0, 1)))
    plain: Any = getattr(close_balance, "py_func", close_balance)
    plain(0, 5.0, substeps, problem)
    gained = size @ (substeps.values[0, :, :2] - before)
    assert gained == pytest.approx([1e-9, -5e-10], rel=1e-6)
    assert np.array_equal(substeps.values[0, :2, :2], y[:2])


@pytest.mark.parametrize(("density", "unit"), [(0.0, 1.0), (1.9, 1.0), (20.0, 10.0), (1e7, 5e6)])
def test_errors_are_judged_in_units_of_what_is_dense(density: float, unit: float) -> None:
    plain: Any = getattr(unit_of_error, "py_func", unit_of_error)
    assert plain(density) == unit
