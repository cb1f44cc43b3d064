"""Measurement files that cannot be used: one sentence with file, key, value and remedy for each."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import ionscape as isc
from ionscape.errors import InputError
from ionscape.files.description import describe
from ionscape.files.fields import IN_FILE
from ionscape.profiling.settings import MeasurementTable

SCANS = r"crater_scans = .*"
LAYER = '{ sputter_rate = { value = "0.2 nm/s", error = "0 nm/s" }%s }'
KNOWN = {"native": {"Li": "1.4e28 1/m^3"}, "sputter_rate": {"value": "0.2 nm/s", "error": "0.002 nm/s"}}


@pytest.fixture
def folder(examples_folder: Path, tmp_path: Path) -> Path:
    target = tmp_path / "examples"
    shutil.copytree(examples_folder, target, ignore=shutil.ignore_patterns("*.py"))
    return target


@pytest.mark.parametrize(
    ("pattern", "replacement", "sentence"),
    [
        ('format = "surfacelab"', 'format = "surfacelabs"', 'measurement.format = "surfacelabs": is not a format'),
        ('format = "surfacelab"', "abundances = { Li6 = 0.5 }", 'abundances.Li6 = 0.5: is not .* as in "6Li"'),
        ('format = "surfacelab"', "abundances = { 6Li = 0.5, 7Li = 0.6 }", "measurement.abundances: .* add up to 1.1"),
        ('format = "surfacelab"', "charges = { Rb = 0 }", "measurement.charges.Rb = 0: must not be 0"),
        (r"surface_regions = .*", 'surface_regions = ["20 um", "150 um"]', r'= "20 um": must be a list.*\[\["20 um", '),
        (SCANS, 'crater_scans = "c1.csv"', r'write crater_scans = \["c1.csv"\]'),
        (SCANS, 'crater_scans = ["a.csv", "a.csv"]', r'crater_scans\[1\] = "a.csv": is listed twice'),
        (r'\["\^6Li\+", "Li\+"\]', '"Li+"', r'channels.Li = "Li\+": must be a list; write Li = \["Li\+"\]'),
        (r"bulk_region = .*", 'bulk_region = ["110 nm"]', r'bulk_region = \["110 nm"\]: has too few values; write '),
        (r"bulk_region = .*", 'bulk_region = ["1 nm", "2 nm", "3 nm"]', "bulk_region.*has too many values; write "),
        (r"depth_resolution = .*", "depth_resolution = 2", "depth_resolution = 2: is a number without a unit.*2 nm"),
        (r"depth_resolution = .*", 'depth_resolution = "2 eV"', 'depth_resolution = "2 eV"'),
        (r"depth_resolution = .*", "resamples = 5", "resamples = 5: must be at least 100; give a larger one"),
        (r"depth_resolution = .*", "resamples = 50000", "resamples = 50000: must be at most 20000; give a smaller"),
        (r"depth_resolution = .*", "seed = -1", "seed = -1: must be at least 0"),
        (SCANS, "layers = [" + LAYER % ', until = "2 min"' + "]", 'until = "2 min": belongs to every layer but'),
        (SCANS, f"layers = [{LAYER % ''}, {LAYER % ''}]", r"layers\[0\].until: is missing"),
        (
            SCANS,
            f"""layers = [{LAYER % ', until = "2 min"'}, {LAYER % ', until = "60 s"'}, {LAYER % ""}]""",
            r'layers\[1\].until = "60 s": must rise',
        ),
        (
            SCANS,
            'profilometer_error = 0.01\nsputter_rate = { value = "1 nm/s", error = "0 nm/s" }',
            "profilometer_error = 0.01: contradicts sputter_rate",
        ),
        ("rb-mono-cait.toml", "rb-mono-fit.toml", 'experiment = "rb-mono-fit.toml": is a measurement file, not an exp'),
        ("rb-mono-cait.toml", "something else.toml", "does not exist.*check its folder"),
    ],
)
def test_a_mistake_in_the_file(folder: Path, pattern: str, replacement: str, sentence: str) -> None:
    path = folder / "rb-mono-fit.toml"
    text, changed = re.subn(pattern, replacement.replace("\\", r"\\"), path.read_text(encoding="utf-8"), count=1)
    assert changed == 1
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=sentence) as caught:
        isc.load_measurement(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_file_of_the_other_kind_is_called_by_its_name(examples_folder: Path) -> None:
    with pytest.raises(InputError, match="is an experiment file, not a measurement file"):
        isc.load_measurement(examples_folder / "rb-mono-cait.toml")
    with pytest.raises(InputError, match="is a measurement file, not an experiment file"):
        isc.load_experiment(examples_folder / "rb-mono-fit.toml")


def test_examples_in_messages_are_valid() -> None:
    for key in describe(MeasurementTable).values():
        if key.example is not None:
            table = MeasurementTable.model_validate({"file": "m.txt", key.name: key.example}, context=IN_FILE)
            assert getattr(table, key.name) is not None


def test_a_measurement_is_made_of_paths(examples_folder: Path) -> None:
    files = examples_folder / "measurements"
    known = {"native": KNOWN["native"], "channels": {"Li": ["^6Li+", "Li+"], "Rb": ["Rb+", "^87Rb+"]}}
    scans = [files / f"rb-mono-a-crater-{number}.csv" for number in (1, 2, 3)]
    measurement = isc.make_measurement(str(files / "rb-mono-a.txt"), known, crater_scans=scans)
    assert measurement.raw.points == 420
    assert len(measurement.crater_scans) == 3


def test_what_cannot_be_synthesised_is_told() -> None:
    instrument = isc.Instrument(sputter_rate=1e-10, yields={"Li": 1.0}, points=3, interval=1.0)
    with pytest.raises(InputError, match="must be a simulation or a profile of densities, not str"):
        isc.synthesise("rb.nc", instrument, rng=1)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="yields: must give the counts of each ion"):
        isc.Instrument(sputter_rate=1e-10, yields=None, points=3, interval=1.0)  # type: ignore[arg-type]


def test_charges_of_a_synthetic_measurement_are_in_its_table() -> None:
    from ionscape.profiling.synthetic import profile_from_densities

    edges = np.linspace(0.0, 200e-9, 201)
    front = np.arange(200) < 50
    profile = profile_from_densities(
        edges, {"Na": np.where(front, 0.0, 1e28), "Ca": np.where(front, 5e27, 0.0)}, 1e28, charges={"Ca": 2}
    )
    instrument = isc.Instrument(sputter_rate=2e-10, yields={"Na": 3000.0, "Ca": 900.0}, points=100, maximum_depth=1e-7)
    table = isc.synthesise(profile, instrument, rng=1).table()
    assert table["charges"] == {"Ca": 2}


def test_one_document_holds_experiment_measurement_and_fit(examples_folder, tmp_path):
    import re
    import shutil

    from ionscape.experiment import load_experiment
    from ionscape.files.values import read_scalar
    from ionscape.inference import load_fit

    shutil.copytree(examples_folder / "measurements", tmp_path / "measurements")
    experiment = (examples_folder / "rb-mono-cait.toml").read_text(encoding="utf-8")
    rest = re.sub(r"^(title|experiment) = .*\n", "", (examples_folder / "rb-mono-fit.toml").read_text(encoding="utf-8"),
                  flags=re.MULTILINE)  # fmt: skip
    document = tmp_path / "analysis.toml"
    document.write_text(experiment + "\n" + rest, encoding="utf-8")
    apart, together = load_fit(examples_folder / "rb-mono-fit.toml"), load_fit(document)
    assert together.parameters == apart.parameters
    assert (together.datasets[0].intensity == apart.datasets[0].intensity).all()
    changed = load_experiment(document).replace({"ions.Li.diffusion.width": 3e-20})
    assert read_scalar(changed, "ions.Li.diffusion.width").value == pytest.approx(3e-20, abs=0.0)
    assert "measurement" not in changed.source
    document.write_text('experiment = "other.toml"\n' + document.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(InputError, match=r"experiment.*stands beside a table \[sample\]"):
        load_fit(document)
    document.write_text(experiment.replace("[sample]", "[sampel]", 1) + "\n" + rest, encoding="utf-8")
    with pytest.raises(InputError, match=r"unknown key"):
        load_fit(document)
