"""Every example runs as it is shipped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import ionscape as isc

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


EXPERIMENTS = [
    path
    for path in sorted(EXAMPLES.glob("*.toml"))
    if not path.stem.endswith(("-fit", "-series", "-hops"))  # by the tests of fits and of conductivities
]


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_experiment_files_run(path: Path) -> None:
    result = isc.simulate(isc.load_experiment(path))
    densities = result.dataset["density"].values
    assert np.isfinite(densities).all()
    assert (densities >= 0.0).all()
    assert np.abs(result.dataset["balance_error"].values).max() <= 1e-10


def test_the_list_of_examples_names_every_file() -> None:
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    for path in EXAMPLES.iterdir():
        if path.name not in {"README.md", "__pycache__"}:
            assert f"`{path.name}" in listed, path.name


def test_readable_twin_is_one_page_and_stands_alone() -> None:
    text = (EXAMPLES / "npp_in_one_page.py").read_text(encoding="utf-8")
    assert text.count("\n") < 150
    assert "ionscape" not in [
        line.split()[1].split(".")[0] for line in text.splitlines() if line.startswith(("import", "from"))
    ]
