"""A Python script that does again what was clicked: the same functions, files and options, the same digits."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ionscape.datasets import stored_attributes
from ionscape.errors import IonscapeError
from ionscape.inference import FURTHER
from ionscape.inference.remarks import STOPPED
from ionscape.profiling.profile import STATED
from ionscape.provenance import package_version
from ionscape.remarks import of_kinds, stored_remarks

from .landscapes import CALCULATIONS
from .project import DOCUMENT_FILE, SERIES_FILE
from .reading import read_document, what_is_fitted
from .tasks import CHOICES

if TYPE_CHECKING:
    from pathlib import Path

    from .jobs import Job
    from .project import Project

SCRIPT_FILE = "analysis.py"
"""Name of the script, beside the TOML files of the project."""
FOLDER = "reproduced"
"""Where the script writes, so that the results of the workbench stay."""

_HEAD = '''"""{title}: what was done in the workbench, as calls of the package.

Lies beside {document} of the project; run it with `python {script}`. What it calculates is written into the
folder {folder}, and compared with the results of the workbench: they are the same to the last digit with the same
versions of the package (then {version}) and its libraries on the same kind of machine.
"""
'''

_SAME = '''
def compare(name: str) -> None:
    """Say whether a result is that of the workbench."""
    stored = PROJECT / "results" / name
    if not stored.is_file():
        print(f"{name}: written")
        return
    pair = [xarray.load_dataset(folder / name, engine="h5netcdf") for folder in (RESULTS, PROJECT / "results")]
    # how long it took is the one thing that may differ
    here, there = (data.drop_vars("stage_wall_time", errors="ignore") for data in pair)
    same = here.equals(there)
    print(f"{name}: {'the same to the last digit' if same else 'DIFFERS from that of the workbench'}")
'''


Texts = dict[str, str]
"""Constants that the script needs, by name."""


def project_script(project: Project, jobs: Sequence[Job]) -> str:
    """Write the script that makes the results of a project again.

    Args:
        project: with its documents and results.
        jobs: of the project, the earliest first; they say with which options a result was made.

    Returns:
        Text of a Python file. Where a document has changed since a result was made, the script holds the text of then.
    """
    texts: Texts = {}
    steps = [
        *_calibration(project),
        *_simulations(project, jobs, texts),
        *_fit(project, jobs, texts),
        *_series(project, jobs, texts),
        *_landscapes(project, jobs, texts),
    ]
    body = [line for step in steps for line in ("", *(f"    {line}" for line in step))]
    executor = ["from ionscape.scaleout import make_executor"] if any("make_executor" in line for line in body) else []
    hops = ["from ionscape.series import parse_hops_file"] if any("parse_hops_file" in line for line in body) else []
    title = project.title.replace("\\", "/").replace('"', "'")
    head = _HEAD.format(title=title, document=DOCUMENT_FILE, script=SCRIPT_FILE, folder=FOLDER,
                        version=package_version())  # fmt: skip
    lines = [head, "from pathlib import Path", ""]
    lines += ["import xarray", "", "import ionscape as isc", *executor, *hops, ""] if steps else []
    lines += ["PROJECT = Path(__file__).resolve().parent", f'RESULTS = PROJECT / "{FOLDER}"']
    for name, text in texts.items():
        lines += ["", f"{name} = {_quoted(text)}"]
    lines += [
        *(["", "", _SAME.strip()] if steps else []),
        "",
        "",
        "def main() -> None:",
        '    """Make the results again."""',
    ]
    lines += ["    RESULTS.mkdir(exist_ok=True)", *(body or ["    # nothing has been calculated yet"])]
    lines += ["", "", "# parts of a fit and of a series run in processes of their own, which read this file again"]
    lines += ['if __name__ == "__main__":', "    main()", ""]
    return "\n".join(lines)


def _calibration(project: Project) -> Iterable[Sequence[str]]:
    attributes = _attributes(project.result("profile.nc"))
    if attributes is None or _file_of(attributes) != project.document.get("measurement.file"):
        return  # what the document names is not calibrated yet
    method = str(attributes.get("density_method", ""))
    given = project.document.get("measurement.density_method")
    usual = (given or _usual_method(), STATED)
    option = f", density_method={method!r}" if method and method not in usual else ""
    yield (
        "# counts to densities",
        f'profile = isc.calibrate(isc.load_measurement(PROJECT / "{DOCUMENT_FILE}"){option})',
        *_written("profile", "profile.nc"),
    )


def _file_of(attributes: Mapping[str, Any]) -> object:
    """The export of a calibrated profile, as the document named it."""
    try:
        return json.loads(str(attributes.get("settings")))["file"]
    except (ValueError, TypeError, KeyError):
        return None


def _simulations(project: Project, jobs: Sequence[Job], texts: Texts) -> Iterable[Sequence[str]]:
    options = {job.identifier: job.options for job in jobs if job.kind == "simulate"}
    for path in project.results("simulations/*.nc"):
        number, _, rest = path.name.partition(".")
        if rest != "nc":
            continue  # one that was stopped
        attributes = stored_attributes(path)
        if attributes is None:
            continue
        values = options.get(number, {}).get("values") or {}
        label = options.get(number, {}).get("label")
        yield (
            f"# simulation {number}" + (f": {' '.join(str(label).split())}" if label else ""),
            '(RESULTS / "simulations").mkdir(exist_ok=True)',
            *_experiment(project, number, str(attributes["experiment"]), values, texts),
            f"result = isc.simulate(experiment{_settings(str(attributes['settings']))})",
            *_written("result", f"simulations/{path.name}"),
        )


def _experiment(project: Project, number: str, stored: str, values: Mapping[str, float], texts: Texts) -> Iterable[str]:
    """Lines that make the experiment of a simulation."""
    from ionscape.experiment import load_experiment, parse_experiment

    try:
        changed = read_document(project.document.path, load_experiment).replace(values)
        # a title changes no number
        same = changed == parse_experiment(stored).replace({"title": changed.title})
    except (IonscapeError, OSError):
        same = False
    if not same:
        texts[f"EXPERIMENT_{number}"] = stored
        yield f"# {DOCUMENT_FILE} has changed since"
        yield f"experiment = isc.parse_experiment(EXPERIMENT_{number})"
        return
    yield f'experiment = isc.load_experiment(PROJECT / "{DOCUMENT_FILE}")'
    if values:
        plain = {str(name): float(value) for name, value in values.items()}
        yield f"experiment = experiment.replace({plain!r})"


def _settings(stored: str) -> str:
    """The argument `settings` of `simulate`, with what differs from its usual values."""
    from ionscape.transport import Settings

    usual = asdict(Settings())
    changed = {key: value for key, value in json.loads(stored).items() if key in usual and usual[key] != value}
    if not changed:
        return ""
    return f", settings=isc.Settings({', '.join(f'{key}={value!r}' for key, value in changed.items())})"


def _fit(project: Project, jobs: Sequence[Job], texts: Texts) -> Iterable[Sequence[str]]:
    attributes = _attributes(project.result("fit.nc"))
    if attributes is None:
        return
    source = str(attributes.get("source", ""))
    same = what_is_fitted(_data(source)) == what_is_fitted(_data(project.document.text))
    done = [job for job in jobs if "results/fit.nc" in job.results]
    begun = next((job for job in reversed(done) if job.kind == "fit"), None)
    options = begun.options if begun is not None else {}
    after = [job for job in done if begun is not None and job.kind != "fit" and job.ended >= begun.ended]
    lines = ["# the fit"]
    if same:
        lines.append(f'problem = isc.load_fit(PROJECT / "{DOCUMENT_FILE}")')
    else:
        texts["FIT"] = source
        lines += [
            f"# {DOCUMENT_FILE} has changed since: the document of then, beside it as it names files of the project",
            'document = PROJECT / "analysis-of-the-fit.toml"',
            'document.write_text(FIT, encoding="utf-8")',
            "problem = isc.load_fit(document)",
        ]
    if of_kinds(stored_remarks(attributes), STOPPED):
        lines.append("# that of the workbench was stopped: here it goes to its end, and the numbers differ")
    lines += ["with make_executor() as executor:", *(f"    {line}" for line in _fit_calls(source, options, after))]
    lines += _written("result", "fit.nc")
    lines += [
        'for name, found in result.summary()["parameters"].items():',
        """    print(f"  {name} = {found['value']:.5g} ± {found['error']:.2g} {found['unit']}".rstrip())""",
    ]
    for path in (*project.results("report.html"), *project.results("report.pdf")):
        lines.append(f'isc.write_report(result, RESULTS / "{path.name}", result_file=RESULTS / "fit.nc")')
        lines.append(f'print("{path.name}: written into", RESULTS)')
    yield lines


def _fit_calls(source: str, options: Mapping[str, Any], after: Sequence[Job]) -> list[str]:
    """Least squares, and what was done after it."""
    settings = _data(source).get("fit", {})
    method = options.get("method") or settings.get("method", "least-squares")
    starts = f"starts={options['starts']!r}, " if options.get("starts") is not None else ""
    check = "" if method == "least-squares" else ", check_intervals=False"
    calls = [f"result = isc.fit(problem, {starts}executor=executor{check})"]
    further: list[tuple[str, Mapping[str, Any]]] = [] if check == "" else [(method, options)]
    further += [(job.kind, job.options) for job in after]
    for kind, given in further:
        chosen = "".join(f"{name}={given[name]!r}, " for name in CHOICES[kind] if given.get(name) is not None)
        calls.append(f"result = isc.{FURTHER[kind].__name__}(result, {chosen}executor=executor)")
    return calls


def _series(project: Project, jobs: Sequence[Job], texts: Texts) -> Iterable[Sequence[str]]:
    attributes = _attributes(project.result("series.nc"))
    if attributes is None:
        return
    source = str(attributes.get("source", ""))
    lines = ["# the series of glasses"]
    if _data(source) == _data(project.series.text):
        lines.append(f'series = isc.load_series(PROJECT / "{SERIES_FILE}")')
    else:
        texts["SERIES"] = source
        lines += [f"# {SERIES_FILE} has changed since", "series = isc.parse_series(SERIES, folder=PROJECT)"]
    job = next((job for job in reversed(jobs) if "results/series.nc" in job.results), None)
    landscapes = job.options.get("landscapes") if job is not None else None
    if landscapes is not None:
        lines.append(f"series = series.with_landscapes({int(landscapes)})")
    lines += ["series_result = isc.run_series(series)", *_written("series_result", "series.nc")]
    yield lines


def _landscapes(project: Project, jobs: Sequence[Job], texts: Texts) -> Iterable[Sequence[str]]:
    for kind, calculation in CALCULATIONS.items():
        name = f"{kind}.nc"
        job = next((job for job in reversed(jobs) if f"results/{name}" in job.results), None)
        if job is None or project.result(name) is None:
            continue
        texts[kind.upper()] = str(job.options["source"])
        yield (
            f"# {calculation.title} of the landscapes of a glass",
            f"{kind} = isc.{calculation.run}(parse_hops_file({kind.upper()}, folder=PROJECT))",
            *_written(kind, name),
        )


def _written(variable: str, name: str) -> tuple[str, str]:
    return f'{variable}.to_netcdf(RESULTS / "{name}")', f'compare("{name}")'


def _attributes(path: Path | None) -> dict[str, Any] | None:
    """Attributes of a result; None if it is not there or cannot be read."""
    return None if path is None else stored_attributes(path)


def _data(text: str) -> dict[str, Any]:
    """What a document says; its title changes no number."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {"text": text}
    data.pop("title", None)
    return data


def _usual_method() -> str:
    from ionscape.profiling.settings import MeasurementTable

    return str(MeasurementTable.model_fields["density_method"].default)


def _quoted(text: str) -> str:
    """A text as a constant over several lines, whatever is in it."""
    if "'''" in text or "\\" in text or "\r" in text or not text.endswith("\n"):
        return repr(text)
    return f"'''\\\n{text}'''"
