"""Everything of a project that can be taken away: figures with their numbers, results, documents, the script."""

from __future__ import annotations

import io
import re
import threading
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ionscape.errors import IonscapeError
from ionscape.files.writing import write_bytes

from .drawing import Plot, to_csv
from .drawing_matplotlib import draw
from .reading import is_of_sample, name_after_project, read_profile
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
    from matplotlib import rc_context

    output = io.BytesIO()
    # without a date and random names, equal figures are equal files
    metadata = {"Date": None} if form == "svg" else {}
    with _DRAWING, rc_context({"svg.hashsalt": plot.name}):
        draw(plot).savefig(output, format=form, dpi=RESOLUTION, metadata=metadata)
    return output.getvalue()


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
    from .plots_measurement import balance_plot, calibrated_plot, counts_plot, crater_plot, raw_counts_plot

    found = measure(project.document.path)
    for scan in found.scans.values():
        yield crater_plot(scan)
    if found.profile is None and found.raw is not None:
        yield raw_counts_plot(found.raw)
    profile = found.profile or read_profile(project)
    if profile is not None:
        yield counts_plot(profile)
        yield calibrated_plot(profile)
        yield balance_plot(profile)


def _experiment(project: Project) -> Iterable[Plot]:
    from .plots_simulation import diffusion_plot, site_energy_plot
    from .reading import read_experiment

    experiment = read_experiment(project.document.path)
    yield diffusion_plot(experiment)
    sites = site_energy_plot(experiment)
    if sites is not None:
        yield sites


def _simulations(project: Project) -> Iterable[Plot]:
    from dataclasses import replace

    from ionscape.transport import load_result

    from .plots_simulation import current_plot, diffusion_depth_plot, potential_plot, profile_plot

    profile = read_profile(project)
    for path in project.results("simulations/*.nc"):
        result = load_result(path)
        measured = profile if profile is not None and is_of_sample(profile, result.experiment) else None
        number, end = path.name.removesuffix(".nc"), float(result.dataset["time"].values[-1])
        for plot in (
            profile_plot(result, end, profile=measured), potential_plot(result, end), diffusion_depth_plot(result, end),
            current_plot(result, end),
        ):  # fmt: skip
            yield replace(plot, name=f"{number}-{plot.name}")


def _fit(project: Project) -> Iterable[Plot]:
    from ionscape.figures.fit_values import data_sets, profiled
    from ionscape.inference import load_fit_result

    from . import plots_fit

    path = project.result("fit.nc")
    if path is None:
        return
    result = load_fit_result(path, with_problem=False)
    name_after_project(result, project.folder)
    single: tuple[Callable[..., Any], ...] = (
        plots_fit.fit_plot, plots_fit.residual_plot, plots_fit.fit_diffusion_plot,
        plots_fit.fit_activation_energy_plot, plots_fit.fit_site_energy_plot,
    )  # fmt: skip
    for number in range(len(data_sets(result))):
        for make in single:
            plot = make(result, number)
            if plot is not None:
                yield plot
    yield plots_fit.correlation_plot(result)
    for place in profiled(result):
        yield plots_fit.likelihood_plot(result, place)


def _glass(project: Project) -> Iterable[Plot]:
    from ionscape.series import load_series_result

    from .plots_glass import series_plots, units_plot
    from .reading import read_series

    if project.series.text.strip():
        yield units_plot(read_series(project.series.path))
    path = project.result("series.nc")
    if path is not None:
        yield from series_plots(load_series_result(path))
