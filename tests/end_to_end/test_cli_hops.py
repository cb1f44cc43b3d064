"""`ionscape hops`: from a file to a result, again from the store, its figures, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import ionscape as isc
from commands import call_here

HOPS = """
title = "Li, quick"
[glass]
alkali = "Li"
alkali_oxide_fraction = 0.33
borate_fraction = 0.5
[landscape]
energy_scale = "0.64 eV"
noise = 0.42
[hopping]
attempt_frequency = "4e14 Hz"
[kinetic_monte_carlo]
lattice = 6
landscapes = 2
temperatures = ["900 K", "1200 K"]
relative_error = 0.2
most_hops = 3e6
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hops")
    (folder / "li.toml").write_text(HOPS)
    words = ("hops", "li.toml", "--output", "hops.nc", "--summary", "hops.json", "--scheduler", "serial")
    return folder, call_here(*words, folder=folder)


def test_writes_result_summary_and_figures(done) -> None:
    folder, run = done
    assert run.returncode == 0, run.stderr
    assert "network" in run.stdout
    summary = json.loads((folder / "hops.json").read_text())
    assert [entry["temperature"] for entry in summary["hops"]] == [900.0, 1200.0]
    cold, warm = summary["hops"]
    assert 0.0 < cold["conductivity"] < warm["conductivity"]
    for name in ("hops-displacements.png", "hops-network.png"):
        assert (folder / name).stat().st_size > 10_000
    result = isc.load(folder / "hops.nc")
    assert isinstance(result, isc.HopsOfGlasses)
    data = result.dataset
    single = data["landscape_conductivity"].values
    assert data["conductivity"].values == pytest.approx(single.mean(axis=-1))
    # of two values the standard error is half their distance, and never below that of the two runs
    runs = np.sqrt((data["landscape_conductivity_error"].values ** 2).sum(axis=-1)) / 2.0
    scatter = np.abs(np.diff(single, axis=-1))[..., 0] / 2.0
    assert data["conductivity_error"].values == pytest.approx(np.maximum(scatter, runs))
    assert (data["network_ratio_error"].values * data["network_conductivity"].values >= 0.999999 * runs).all()


def test_part_is_that_of_the_verb(done) -> None:
    """The second landscape at 1200 K, made by hand."""
    folder, _ = done
    seed = np.random.SeedSequence([1, 2, 1])
    model = isc.LandscapeModel(energy_scale=0.64 * 1.602176634e-19, noise=0.42)
    landscape = isc.generate_landscape("0.33 Li2O 0.67 (0.5 B2O3 0.5 P2O5)", lattice=6, rng=seed, model=model)
    found = isc.kinetic_monte_carlo(
        landscape, temperature=1200.0, rng=isc.hopping.child_seed(seed, 2), relative_error=0.2, most_hops=3e6,
        jumps=isc.JumpLaw(barrier=model.least_barrier, attempt_frequency=4e14, jump_distance=5e-10),
    )  # fmt: skip
    stored = isc.load(folder / "hops.nc").dataset["landscape_diffusion_coefficient"].values[0, 1, 1]
    assert stored == pytest.approx(found.summary()["diffusion_coefficient"], rel=1e-12)


def test_a_run_again_takes_all_from_the_store_and_gives_the_same(done) -> None:
    folder, _ = done
    before = (folder / "hops.json").read_text()
    words = ("hops", "li.toml", "--output", "hops.nc", "--summary", "again.json", "--no-figure", "--processes", "2")
    again = call_here(*words, folder=folder)
    assert again.returncode == 0
    assert (folder / "again.json").read_text() == before


def test_summary_figure_export_check_and_schema_know_it(done) -> None:
    folder, _ = done
    for words in (
        ("summary", "hops.nc"), ("figure", "hops.nc", "network", "--output", "a.svg"),
        ("figure", "hops.nc", "displacements", "--output", "b.svg"), ("export", "hops.nc", "table.csv"),
        ("check", "li.toml"), ("schema", "hops"),
    ):  # fmt: skip
        ran = call_here(*words, folder=folder)
        assert ran.returncode == 0, (words, ran.stderr)
    assert (folder / "table.csv").read_text().startswith("x,temperature (K),conductivity (S/m)")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('["900 K", "1200 K"]', '["0 K"]', "kinetic_monte_carlo.temperatures[0]"),
        ("noise = 0.42", "noise = 0.42\nbarrier = -0.1", "landscape.barrier"),
        ('"4e14 Hz"', '"fit"', "cannot be fitted to hops"),
        ("relative_error = 0.2", "relative_error = 0.5", "kinetic_monte_carlo.relative_error"),
        ("noise = 0.42", "noise = 0.42\nvacant_site_fraction = 0.001", "kinetic_monte_carlo.lattice = 6: is too small"),
        ("fraction = 0.33", "fraction = 0.15", "cannot be used; the first: no path of accessible sites"),
        ("most_hops", "most_hop", "the nearest known key"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_and_status_2(old: str, new: str, words: str, tmp_path: Path) -> None:
    assert old in HOPS
    (tmp_path / "bad.toml").write_text(HOPS.replace(old, new))
    run = call_here("hops", "bad.toml", "--scheduler", "serial", "--quiet", folder=tmp_path)
    assert run.returncode == 2, run.stderr
    assert words in run.stderr
    assert run.stderr.count("\n") == 1


def test_too_few_hops_are_refused(tmp_path: Path) -> None:
    (tmp_path / "short.toml").write_text(HOPS.replace("most_hops = 3e6", "most_hops = 100"))
    run = call_here("hops", "short.toml", "--scheduler", "serial", "--quiet", folder=tmp_path)
    assert run.returncode == 1
    assert "too few to mean anything" in run.stderr
    assert run.stderr.count("\n") == 1


COULOMB = HOPS.replace("noise = 0.42", "noise = 0.1").replace(
    '"4e14 Hz"', '"4e14 Hz"\ncoulomb = { relative_permittivity = 7 }'
)


def test_ions_that_repel_each_other_are_followed_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "li.toml").write_text(COULOMB.replace("3e6", "3e5").replace('"900 K", ', ""))
    words = ("hops", "li.toml", "--output", "hops.nc", "--summary", "hops.json", "--scheduler", "serial")
    run = call_here(*words, folder=tmp_path)
    assert run.returncode == 0, run.stderr
    assert "relative permittivity 7" in " ".join(run.stdout.split())
    assert (tmp_path / "hops-density-of-states.png").stat().st_size > 10_000
    first = json.loads((tmp_path / "hops.json").read_text())
    assert first["relative_permittivity"] == 7.0
    (entry,) = first["hops"]
    assert abs(entry["energy_drift"]) < 4.0 * entry["energy_drift_error"]
    data = isc.load(tmp_path / "hops.nc").dataset
    assert data["landscape_vacant_density_of_states"].dims == ("x", "temperature", "landscape", "energy")
    kept = sorted((tmp_path / "hops.runs").iterdir())
    again = call_here(*words, folder=tmp_path)
    assert again.returncode == 0
    assert sorted((tmp_path / "hops.runs").iterdir()) == kept
    assert json.loads((tmp_path / "hops.json").read_text()) == first


@pytest.mark.parametrize(
    ("command", "old", "new", "words"),
    [
        ("spectrum", "", "", "the network behind conductivity spectra knows no interactions; leave it out here"),
        ("mobility", "", "", "the network behind D(n, T) knows no interactions; leave it out here"),
        ("conductivity", "", "", "hopping.coulomb: belongs to hops in time"),
        ("hops", "= 7", "= 0", "hopping.coulomb.relative_permittivity = 0"),
        ("hops", "relative_permittivity", "permittivity", 'the nearest known key is "relative_permittivity"'),
        ("hops", "lattice = 6", 'lattice = 6\nensemble = "grand canonical"', "does not go with coulomb in [hopping]"),
        ("hops", "noise = 0.1", 'noise = 0.1\ntransverse_faces = "open"', "does not go with open faces in [landscape]"),
        ("hops", "lattice = 6", "lattice = 101", "kinetic_monte_carlo.lattice = 101: has too many sites"),
    ],
)
def test_a_coulomb_interaction_where_it_cannot_be_is_one_sentence(
    command: str, old: str, new: str, words: str, tmp_path: Path
) -> None:
    (tmp_path / "bad.toml").write_text(COULOMB.replace(old, new) if old else COULOMB)
    run = call_here(command, "bad.toml", "--quiet", folder=tmp_path)
    assert run.returncode == 2, run.stderr
    assert words in run.stderr
    assert run.stderr.count("\n") == 1


def test_a_run_begins_beyond_its_share_and_says_so(tmp_path: Path) -> None:
    text = HOPS.replace("most_hops = 3e6", 'budget = "100 ms"').replace("relative_error = 0.2", "relative_error = 0.29")
    (tmp_path / "short.toml").write_text(text)
    run = call_here(
        "hops", "short.toml", "--scheduler", "serial", "--no-figure", "--summary", "s.json", folder=tmp_path
    )
    assert run.returncode == 0, run.stderr
    summary = json.loads((tmp_path / "s.json").read_text())
    assert "took more hops than their share of the budget" in " ".join(summary["warnings"])
    assert all(0.3 < entry["network_ratio"] < 1.3 for entry in summary["hops"])


def test_a_temperature_that_is_too_slow_leaves_a_gap_and_a_remark(tmp_path: Path) -> None:
    text = HOPS.replace('["900 K", "1200 K"]', '["150 K", "1200 K"]').replace("most_hops = 3e6", "most_hops = 2e5")
    (tmp_path / "cold.toml").write_text(text)
    run = call_here("hops", "cold.toml", "--scheduler", "serial", "--output", "c.nc", "--summary", "s.json",
                    folder=tmp_path)  # fmt: skip
    assert run.returncode == 0, run.stderr
    summary = json.loads((tmp_path / "s.json").read_text())
    cold, hot = summary["hops"]
    assert cold["conductivity"] is None
    assert 0.0 < cold["network_conductivity"] < hot["network_conductivity"]
    assert hot["conductivity"] > 0.0
    (said,) = [text for text in summary["warnings"] if text.startswith("At 150 K")]
    assert "there is no mean without them" in said
    assert call_here("summary", "c.nc", folder=tmp_path).returncode == 0
