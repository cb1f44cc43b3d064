"""The grid that moves with the fronts: against the fixed one and against differences of whole simulations."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr

import ionscape as isc
from experiments import FloatArray, experiment, irradiation, site_energies
from experiments import constant as constant_coefficient
from ionscape.experiment import Experiment, load_experiment
from ionscape.files.values import read_scalar
from ionscape.transport import Settings, Variation, make_grid, simulate
from ionscape.transport import run as running
from ionscape.transport.integrate import GRID_STRAYED
from ionscape.transport.moving import positive_at_faces, redistribute

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
HOUR = 3600.0
NATIVE = 1.4e28


def thin_front(hours: float, *, trapped: float = 0.2, contrast: float = 1e6) -> Experiment:
    """A front of about a nanometre at 393 K, with a high plateau, as of potassium."""
    bulk = 3.9e-17
    return experiment(
        ions={
            "Li": site_energies(bulk, temperature=393.0, trapped_fraction=trapped),
            "K": constant_coefficient(bulk / contrast, temperature=393.0),
        },
        native={"Li": NATIVE},
        stages=[irradiation("K", 10.0, hours * HOUR, temperature=393.0)],
    )


def scaled(described: Experiment, path: str, factor: float) -> Experiment:
    return described.replace({path: read_scalar(described, path).value * factor})


def test_both_grids_agree_on_a_front_that_both_resolve() -> None:
    described = load_experiment(EXAMPLES / "rb-mono-cait.toml")
    moving, fixed = (isc.simulate(described.replace({"grid.kind": kind})) for kind in ("moving", "fixed"))
    assert "mesh_depth" in moving.dataset
    assert "mesh_depth" not in fixed.dataset
    (found,), (expected,) = moving.summary()["stages"], fixed.summary()["stages"]
    assert found["front_depth"] == pytest.approx(expected["front_depth"], abs=0.03e-9, rel=0.0)
    assert found["front_width"] == pytest.approx(expected["front_width"], rel=0.01)
    assert found["plateau"] == pytest.approx(expected["plateau"], abs=1e-3)
    assert found["collected_charge"] == pytest.approx(expected["collected_charge"], rel=5e-4)
    assert found["final_current"] == pytest.approx(expected["final_current"], rel=5e-4)
    assert found["balance_error"] < 1e-12
    assert found["steps"] < 0.7 * expected["steps"]
    densities = moving.dataset["density"].values[-1], fixed.dataset["density"].values[-1]
    assert np.abs(densities[0] - densities[1]).max() < 0.01 * NATIVE


def test_a_simulation_begins_again_with_the_cells_that_it_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The example asks for 160 of its 200 cells, which is too many where half of them are the limit."""
    described = load_experiment(EXAMPLES / "rb-mono-cait.toml")
    few = isc.simulate(described)
    monkeypatch.setattr("ionscape.transport.moving.MOST_ASKED", 0.5)
    many, given = isc.simulate(described), isc.simulate(described, grid=make_grid(described))
    assert [each.dataset.sizes["cell"] for each in (few, many, given)] == [200, 800, 200]
    assert np.array_equal(given.dataset["density"].values, few.dataset["density"].values)
    assert many.dataset["time"].values[0] == 0.0
    charges = [float(each.dataset["collected_charge"].values[-1].sum()) for each in (few, many)]
    assert charges[1] == pytest.approx(charges[0], rel=1e-3)


@pytest.mark.parametrize("model", ["full", "electroneutral"])
def test_amounts_at_the_common_depths_are_those_that_entered(model: str) -> None:
    result = simulate(load_experiment(EXAMPLES / "rb-mono-cait.toml"), settings=Settings(model=model))
    data = result.dataset
    charge = isc.constants.ELEMENTARY_CHARGE * result.experiment.sample.illuminated_area
    inside = (data["density"] * data["cell_size"]).sum("depth").sel(ion="Rb") * charge
    entered = data["injected_charge"].sel(ion="Rb")
    assert inside.values == pytest.approx(entered.values, rel=1e-9, abs=1e-12 * float(entered.max()))
    assert float(data["density"].min()) >= 0.0
    thickness = data["mesh_cell_size"].sum("cell").values
    assert thickness == pytest.approx(result.experiment.sample.thickness, rel=1e-12)


def test_second_stage_goes_on_with_the_cells_of_the_first() -> None:
    described = load_experiment(EXAMPLES / "rb-cs-double-cait.toml")
    result = isc.simulate(described)
    data = result.dataset
    stages = data["stage"].values
    end, start = np.flatnonzero(stages == 0)[-1], np.flatnonzero(stages == 1)[0]
    ends = data["mesh_depth"].values[[end, start]]
    assert np.abs(np.log(ends[1] / ends[0])).max() < 0.2
    assert np.abs(data["balance_error"].values).max() < 1e-12
    first, _, last = result.summary()["stages"]
    # the fixed grid with cells four times smaller than its own: 51.0846 nm and 101.235 nm, 7.23 nm wide
    assert first["front_depth"] < last["front_depth"]


@pytest.mark.parametrize("path", ["ions.K.diffusion.coefficient", "ions.Li.diffusion.trapped_fraction"])
def test_derivatives_at_a_cliff_are_those_of_whole_simulations(path: str) -> None:
    """A front of one nanometre over a plateau: with the grid taken as given, the first came out with the wrong sign."""
    described = thin_front(20.0)
    grid = replace(make_grid(described), moving=300)
    lower, upper = (scaled(described, path, factor) for factor in (1.0 - 1e-4, 1.0 + 1e-4))
    varied = simulate(
        described, grid=grid, variations=[Variation(name=path, lower=lower, upper=upper, spacing=2e-4)]
    ).dataset
    low, high = (simulate(scaled(described, path, factor), grid=grid).dataset for factor in (0.98, 1.02))
    for name in ("collected_charge", "injected_charge"):
        found = varied[f"{name}_slope"].values[-1].sum(axis=0)[0]
        expected = (high[name].values[-1].sum() - low[name].values[-1].sum()) / 0.04
        assert found == pytest.approx(expected, rel=0.03)
    # moments of the profile: the front moves, and the plateau rises
    depth, size = varied["depth"].values, varied["cell_size"].values
    near = depth < 60e-9
    for weight in (np.ones(near.sum()), depth[near] / 60e-9):
        found = weight * size[near] @ varied["density_slope"].values[-1, near, 0, 0]
        change = (high["density"].values[-1] - low["density"].values[-1])[near, 0] / 0.04
        assert found == pytest.approx(float(weight * size[near] @ change), rel=0.05)


def test_derivatives_along_both_grids_agree_where_the_front_is_wide() -> None:
    described = load_experiment(EXAMPLES / "rb-mono-cait.toml")
    paths = (
        "ions.Rb.diffusion.coefficient", "ions.Li.diffusion.width", "sample.thickness", "stages[0].source_potential",
        "stages[0].temperature", "stages[0].duration",
    )  # fmt: skip
    variations = [
        Variation(
            name=path, lower=scaled(described, path, 1.0 - 1e-4), upper=scaled(described, path, 1.0 + 1e-4),
            spacing=2e-4,
        )
        for path in paths
    ]  # fmt: skip
    moving, fixed = (
        simulate(described.replace({"grid.kind": kind}), variations=[
            replace(one, lower=one.lower.replace({"grid.kind": kind}), upper=one.upper.replace({"grid.kind": kind}))
            for one in variations
        ]).dataset
        for kind in ("moving", "fixed")
    )  # fmt: skip
    for name in ("collected_charge_slope", "injected_charge_slope", "current_slope"):
        found, expected = moving[name].values[-1], fixed[name].values[-1]
        largest = np.abs(expected).max(axis=tuple(range(expected.ndim - 1)))
        assert np.all(np.abs(found - expected).max(axis=tuple(range(expected.ndim - 1))) < 0.01 * largest), name
    # as a measurement with a resolution of a nanometre sees them
    faces = make_grid(described).faces
    at = np.arange(1.0, 70.0) * 1e-9
    seen = np.diff(ndtr((faces - at[:, None]) / 1e-9), axis=1)
    found, expected = (seen @ data["density_slope"].values[-1, :, 0] for data in (moving, fixed))
    assert np.all(np.abs(found - expected).max(axis=0) < 0.02 * np.abs(expected).max(axis=0))


def test_a_grid_that_strays_is_replaced_by_the_fixed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    described = load_experiment(EXAMPLES / "rb-mono-cait.toml")
    fixed = isc.simulate(described.replace({"grid.kind": "fixed"}))
    original = running.advance

    def strays(state, mark, end, limit, method, starter, problem, *others):
        status = original(state, mark, end, limit, method, starter, problem, *others)
        return GRID_STRAYED if problem.cells.velocity.size and state.clock[0] > HOUR else status

    monkeypatch.setattr(running, "advance", strays)
    result = isc.simulate(described)
    assert np.array_equal(result.dataset["density"].values, fixed.dataset["density"].values)
    (warning,) = result.summary()["warnings"]
    assert warning.startswith("The grid that moves with the fronts could not follow them after 1")
    assert [remark.code for remark in result.remarks] == ["grid_stayed"]
    with pytest.raises(isc.ConvergenceError, match="left the surface behind"):
        isc.simulate(described.replace({"grid.kind": "moving"}))


def test_a_grid_that_takes_too_many_steps_is_replaced_by_the_fixed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    described = load_experiment(EXAMPLES / "rb-mono-cait.toml")
    fixed = isc.simulate(described.replace({"grid.kind": "fixed"}))
    monkeypatch.setattr(running, "MOST_MOVING_STEPS", 40)
    result = isc.simulate(described)
    assert np.array_equal(result.dataset["density"].values, fixed.dataset["density"].values)
    assert [remark.code for remark in result.remarks] == ["grid_stayed"]
    assert isc.simulate(described.replace({"grid.kind": "moving"})).dataset.attrs["steps"] > 40


@pytest.mark.parametrize(
    ("changes", "moves"),
    [
        ({}, True),
        ({"grid.kind": "fixed"}, False),
        ({"grid.cell": 1e-9}, False),
        ({"grid.growth": 1.1}, False),
        ({"ions.Rb.diffusion.coefficient": 5e-18}, False),  # runs ahead: there is no front
        ({"ions.Rb.diffusion.coefficient": 5e-18, "grid.kind": "moving"}, True),
        ({"sample.thickness": 1e-7}, False),
    ],
)
def test_when_the_grid_moves(changes: dict[str, float | str], moves: bool) -> None:
    grid = make_grid(load_experiment(EXAMPLES / "rb-mono-cait.toml").replace(changes))
    assert (grid.moving is not None) == moves


def test_sizes_of_moving_cells_cannot_be_given() -> None:
    text = (EXAMPLES / "rb-mono-cait.toml").read_text(encoding="utf-8")
    with pytest.raises(isc.InputError) as caught:
        isc.parse_experiment(text + '\n[grid]\nkind = "moving"\nzone = "80 nm"\n', file="rb.toml")
    assert "grid.zone" in str(caught.value)
    assert 'kind = "fixed"' in str(caught.value)


@given(st.integers(0, 2**32 - 1))
def test_other_cells_keep_amounts_and_signs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    faces, others = (np.concatenate([[0.0], np.cumsum(rng.exponential(size=count))]) for count in (12, 30))
    others *= faces[-1] / others[-1]
    others[-1] = faces[-1]
    values = rng.exponential(size=(12, 2)) * (rng.random((12, 2)) < 0.7)
    charges = np.array([1.0, 2.0])
    found = redistribute(faces, values, positive_at_faces(faces, values, charges), others)
    assert np.diff(others) @ found == pytest.approx(np.diff(faces) @ values, rel=1e-12, abs=1e-12)
    assert found.min() >= -1e-12
    few = 0.3 * np.minimum(values[:, 0], 3.0)
    neutral = np.stack([10.0 - 2.0 * few, few], axis=1)
    kept = redistribute(faces, neutral, positive_at_faces(faces, neutral, charges), others)
    assert kept @ charges == pytest.approx(10.0, rel=1e-9)
    line = (faces[:-1] + faces[1:])[:, None]
    straight = redistribute(faces, line, 2.0 * faces[:, None], others)
    assert straight[:, 0] == pytest.approx(others[:-1] + others[1:], rel=1e-9)


def test_profile_on_other_cells_converges_fast() -> None:
    """Means of a smooth front over cells between those of the grid: of third order in their size."""

    def error(count: int) -> float:
        faces, others = np.linspace(0.0, 1.0, count + 1), np.linspace(0.0, 1.0, 3 * count + 2)

        def means(at: FloatArray) -> FloatArray:
            return np.diff(np.tanh(at * 4.0 - 2.0) / 4.0 + at)[:, None] / np.diff(at)[:, None]

        values = means(faces)
        found = redistribute(faces, values, positive_at_faces(faces, values, np.ones(1)), others)
        inner = slice(len(found) // 8, -len(found) // 8)
        return float(np.abs(found - means(others))[inner].max())

    assert error(160) < error(80) / 3.5
