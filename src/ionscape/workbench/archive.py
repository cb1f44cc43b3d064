"""Everything of a project that can be taken away: figures with their numbers, results, documents, the script."""

from __future__ import annotations

import io
import re
import threading
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ionscape.errors import IonscapeError
from ionscape.figures.plot import Plot, to_csv
from ionscape.figures.render_matplotlib import draw
from ionscape.figures.style import figure_bytes
from ionscape.files.writing import write_bytes

from .landscapes import CALCULATIONS
from .reading import is_of_sample, name_after_project, read_document, read_profile
from .script import SCRIPT_FILE, project_script

if TYPE_CHECKING:
    from .jobs import Job
    from .project import Project

Form = Literal["svg", "png", "csv"]
FORMS: tuple[Form, ...] = ("svg", "png", "csv")
MEDIA_TYPES = {"svg": "image/svg+xml", "png": "image/png", "csv": "text/csv"}
RESOLUTION = 200  # dots per inch
_DRAWING = threading.Lock()  # matplotlib's text layout is not for several threads at a time


@dataclass(frozen=True, kw_only=True, eq=False)
class Figure:
    """A figure of the project.

    Attributes:
        group: page that it belongs to.
        plot: what it shows; its name, within the group, is that of the files.
    """

    group: str
    plot: Plot

    @property
    def name(self) -> str:
        """Name of its files, without extension."""
        name = f"{self.group}-{self.plot.name}" if not self.plot.name.startswith(self.group) else self.plot.name
        return re.sub(r'[/\\:*?"<>|\x00-\x1f]', "_", name)  # data sets have any names


def figures(project: Project) -> list[Figure]:
    """All figures that the project has numbers for; takes up to a few seconds."""
    found: list[Figure] = []
    for group, make in (
        ("measurement", _measurement),
        ("experiment", _experiment),
        ("simulation", _simulations),
        ("fit", _fit),
        ("glass", _glass),
    ):
        try:
            plots = list(make(project))
        except (IonscapeError, OSError):
            continue  # a document that is not finished has no figures; its page says why
        found += [Figure(group=group, plot=plot) for plot in plots]
    return found


def picture(plot: Plot, form: Form) -> bytes:
    """A figure as SVG or PNG, or its numbers as CSV."""
    if form == "csv":
        return to_csv(plot).encode()
    with _DRAWING:
        return figure_bytes(draw(plot), form, dpi=RESOLUTION)


def write_archive(project: Project, jobs: Sequence[Job], path: Path) -> None:
    """Write a zip file with documents, uploads, results, all figures and the script.

    Unpacked, it is a folder of the command line, and a project of the workbench again.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in _files(project):
            archive.write(project.folder / name, name)
        archive.writestr(SCRIPT_FILE, project_script(project, jobs))
        for figure in figures(project):
            for form in FORMS:
                archive.writestr(f"figures/{figure.name}.{form}", picture(figure.plot, form))
    write_bytes(path, buffer.getvalue())


def packed(paths: Sequence[Path]) -> bytes:
    """Files as a zip; the first one at its root, the others beside it as they lie."""
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            archive.write(path, path.relative_to(paths[0].parent).as_posix())
    return output.getvalue()


def _files(project: Project) -> Iterable[str]:
    """Documents, uploads and results, relative to the project."""
    for path in (*project.documents(), project.folder / "project.json"):
        yield path.name
    for path in (*project.uploads(), *project.results()):
        yield project.relative(path)


def _measurement(project: Project) -> Iterable[Plot]:
    from .measuring import measure
    from .plots import crater_plot, measured_plots

    found = measure(project.document.path)
    yield from map(crater_plot, found.scans.values())
    yield from measured_plots(found.profile, found.raw)
    if found.profile is None:
        yield from measured_plots(read_profile(project))


def _experiment(project: Project) -> Iterable[Plot]:
    from .plots import experiment_plots

    experiment = project.look().experiment
    return [] if experiment is None else experiment_plots(experiment)


def _simulations(project: Project) -> Iterable[Plot]:
    from ionscape.figures.registry import plots_of
    from ionscape.transport import load_result

    from .plots import plots_at

    profile = read_profile(project)
    for path in project.results("simulations/*.nc"):
        result = load_result(path)
        measured = profile if profile is not None and is_of_sample(profile, result.experiment) else None
        number, end = path.name.removesuffix(".nc"), float(result.dataset["time"].values[-1])
        views = {plot.name: plot for plot in plots_of("simulation", result)}
        views.pop("overview", None)  # it joins the others
        # at the end, with the measurement
        views["profiles"] = plots_at(result, end, profile=measured)[0]
        for plot in views.values():
            yield replace(plot, name=f"{number}-{plot.name}")


def _fit(project: Project) -> Iterable[Plot]:
    from ionscape.figures.fit_values import data_sets
    from ionscape.figures.registry import plots_of
    from ionscape.inference import load_fit_result

    path = project.result("fit.nc")
    if path is None:
        return
    result = load_fit_result(path, with_problem=False)
    name_after_project(result, project.folder)
    yield from plots_of("fit", result, data_sets=len(data_sets(result)))


def _glass(project: Project) -> Iterable[Plot]:
    import ionscape
    from ionscape.figures.glass import series_units
    from ionscape.figures.registry import plots_of
    from ionscape.series import load_series, load_series_result

    if project.series.text.strip():
        yield series_units(read_document(project.series.path, load_series))
    path = project.result("series.nc")
    if path is not None:
        yield from plots_of("series", load_series_result(path))
    for kind, calculation in CALCULATIONS.items():
        path = project.result(f"{kind}.nc")
        if path is not None:
            yield from plots_of(calculation.owner, getattr(ionscape, calculation.load)(path))
