"""Figures of an experiment as it stands in the document, or with values that are being typed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ionscape.errors import InputError
from ionscape.figures import diffusion_coefficients
from ionscape.figures.energies import all_site_energies
from ionscape.figures.plot import Plot
from ionscape.workbench.document import split_path
from ionscape.workbench.reading import NOT_OF_THE_EXPERIMENT, read_experiment

if TYPE_CHECKING:
    from ionscape.experiment import Experiment as ReadExperiment


def _with_draft(path: str, draft: Mapping[str, Any]) -> ReadExperiment:
    """The experiment of a document with some values replaced."""
    import tomlkit

    from ionscape.experiment import parse_experiment
    from ionscape.files.toml import parse_toml

    file = Path(path)
    data: Any = parse_toml(file.read_text(encoding="utf-8"), file=file.name)
    for key, value in draft.items():
        *outer, last = split_path(key)
        node = data
        try:
            for part in outer:
                node = node[part]
            if value is None:
                node.pop(last, None)
            else:
                node[last] = value
        except (LookupError, TypeError, AttributeError):
            continue  # its table is not there yet
    kept = {key: value for key, value in data.items() if key not in NOT_OF_THE_EXPERIMENT}
    return parse_experiment(tomlkit.dumps(kept), file=file.name, folder=file.parent)


def plots_of(path: str, draft: Mapping[str, Any]) -> tuple[Plot, Plot | None] | None:
    """Both figures of a document with some values replaced; None if it cannot be used."""
    try:
        experiment = _with_draft(path, draft) if draft else read_experiment(path)
        return diffusion_coefficients.plot(experiment), all_site_energies(experiment)
    except InputError:
        return None
