"""The rubidium example as one document of a project, with its exports."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
EXPERIMENT = (EXAMPLES / "rb-mono-cait.toml").read_text(encoding="utf-8")


def one_document(
    fit: Mapping[str, Any] | None = None, *, experiment: str = EXPERIMENT, exports: Path | str = "uploads"
) -> str:
    """Experiment, measurement and fit of the example in one text.

    Args:
        fit: in place of its table [fit].
        experiment: text in place of its experiment.
        exports: folder in which the counts and the scans of the crater lie.
    """
    data = tomllib.loads((EXAMPLES / "rb-mono-fit.toml").read_text(encoding="utf-8"))
    del data["experiment"]
    table = data["measurement"]
    table["file"], *table["crater_scans"] = (
        (Path(exports) / Path(name).name).as_posix() for name in (table["file"], *table["crater_scans"])
    )
    return tomlkit.dumps({**tomllib.loads(experiment), **data, **({} if fit is None else {"fit": fit})})


def fill(project: Any, text: str = "") -> None:
    """Upload the exports of the example to a project, and give it a document: by default the one of the example."""
    for path in sorted((EXAMPLES / "measurements").glob("rb-mono-a*")):
        if path.suffix != ".json":
            project.add_upload(path.name, path)
    project.document.replace(text or one_document())
