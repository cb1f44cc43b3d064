"""Copies of the examples of which the costliest are coarser, where a test is not about their numbers."""

from __future__ import annotations

import shutil
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
CHANGES = {
    "li-borophosphate-hops.toml": {
        "lattice = 10\n": "lattice = 6\n",
        "lattice = 20\n": "lattice = 6\n",
        "lattice = 30\n": "lattice = 8\n",
        "= 6e7": "= 5e6",
        "_error = 0.05": "_error = 0.2",
        '"600 K", "800 K", ': "",
    },
    "mixed-alkali-series.toml": {"lattice = 50\n": "lattice = 10\n", "lattice = 35\n": "lattice = 8\n"},
    "rb-mono-fit.toml": {"[fit]\n": '[fit]\nstarts = 1\ncell = "1 nm"\n'},
    "li-borophosphate-series.toml": {"lattice = 100\n": "lattice = 20\n", "lattice = 35\n": "lattice = 12\n"},
}
"""What stands in the copy of a file for what stands in the example."""


def copy_coarser_examples(folder: Path) -> Path:
    """All examples in a folder that does not exist yet; gives the folder."""
    shutil.copytree(EXAMPLES, folder)
    for name, changes in CHANGES.items():
        text = (folder / name).read_text(encoding="utf-8")
        for there, here in changes.items():
            assert text.count(there) == 1, f"{name}: {there}"
            text = text.replace(there, here)
        (folder / name).write_text(text, encoding="utf-8")
    return folder
