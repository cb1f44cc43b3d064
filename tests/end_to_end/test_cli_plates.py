"""`ionscape stress` and `ionscape modes` through the real command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import call_here

EXAMPLE = "examples/strengthened-aluminosilicate.toml"


@pytest.fixture(scope="module")
def result(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plates")
    done = call_here("simulate", repository / EXAMPLE, "--output", "glass.nc", "--no-figure", folder=folder)
    assert done.returncode == 0, done.stderr
    return folder / "glass.nc"


def test_two_baths_make_a_deep_layer_and_then_a_strong_surface(result: Path):
    folder = result.parent
    done = call_here("stress", result, "--output", "stress.png", "--summary", "stress.json", "--csv", "stress.csv",
                     folder=folder)  # fmt: skip
    assert done.returncode == 0, done.stderr
    summary = json.loads((folder / "stress.json").read_text(encoding="utf-8"))
    first, second = summary["stages"]
    assert summary["surface_stress"] == second["surface_stress"] < 1.5 * first["surface_stress"] < 0.0
    assert 0.0 < first["central_stress"] < second["central_stress"] == summary["central_stress"]
    assert summary["depth_of_layer"] == pytest.approx(first["depth_of_layer"], rel=0.1)
    assert (folder / "stress.png").stat().st_size > 10_000
    assert (folder / "stress.csv").read_text(encoding="utf-8").startswith("time (s),depth (m),stress (Pa)")


def test_the_layer_guides_light(result: Path):
    folder = result.parent
    done = call_here("modes", result, "--wavelength", "632.8 nm", "--output", "modes.png", "--summary", "modes.json",
                     folder=folder)  # fmt: skip
    assert done.returncode == 0, done.stderr
    summary = json.loads((folder / "modes.json").read_text(encoding="utf-8"))
    for polarisation in ("TE", "TM"):
        found = summary[polarisation]["effective_index"]
        assert len(found) > 5
        assert found == sorted(found, reverse=True)
        assert max(summary[polarisation]["estimated_error"]) < 1e-6
    # compression raises the index for fields across the plane more
    assert summary["TM"]["effective_index"][0] > summary["TE"]["effective_index"][0]
    assert (folder / "modes.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["modes", "--wavelength", "632.8"], "without a unit"),
        (["modes", "--wavelength", "1 mm"], "guides no mode at this wavelength"),
        (["stress", "--output", "stress.doc"], "--output"),
        (["stress", "--no-figure", "--output", "stress.png"], "contradicts --no-figure"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(result: Path, arguments: list[str], sentence: str):
    verb, *options = arguments
    done = call_here(verb, result, *options, folder=result.parent)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
