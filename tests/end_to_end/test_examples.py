"""Every example runs as it is shipped."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import ionscape as isc

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MEASUREMENTS = {"rb-mono-fit"}  # tried by the tests of calibration and fits
EXPERIMENTS = [
    path
    for path in sorted(EXAMPLES.glob("*.toml"))
    if path.stem not in MEASUREMENTS and not path.stem.endswith("-series")  # series: by the tests of conductivities
]


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_experiment_files_run(path: Path) -> None:
    result = isc.simulate(isc.load_experiment(path))
    densities = result.dataset["density"].values
    assert np.isfinite(densities).all()
    assert (densities >= 0.0).all()
    assert np.abs(result.dataset["balance_error"].values).max() <= 1e-10


def test_double_cait_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "figure.png"
    script("double_cait_figure5").main(["--quick", "--output", str(output)])
    printed = capsys.readouterr().out
    assert output.stat().st_size > 10_000
    for text in ("2.4e-23", "3.8e-23", "mean Rb in the zone", "Li front at the end"):
        assert text in printed


def test_borophosphate_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script("borophosphate_figures").main(["--quick", "--folder", str(tmp_path)])
    printed = capsys.readouterr().out
    assert len(list(tmp_path.glob("*.png"))) >= 8
    for text in ("Li 0.33", "Na 0.35", "Na 0.40", "extrapolated"):
        assert text in printed


def test_readable_twin_is_one_page_and_stands_alone() -> None:
    text = (EXAMPLES / "npp_in_one_page.py").read_text(encoding="utf-8")
    assert text.count("\n") < 150
    assert "ionscape" not in [
        line.split()[1].split(".")[0] for line in text.splitlines() if line.startswith(("import", "from"))
    ]
