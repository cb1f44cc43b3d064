"""A Python script that does again what was clicked: the same functions, files and options, the same digits."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ionscape.datasets import stored_attributes
from ionscape.errors import InputError, IonscapeError
from ionscape.inference.remarks import STOPPED
from ionscape.provenance import package_version
from ionscape.remarks import of_kinds, stored_remarks

from .project import DOCUMENT_FILE, SERIES_FILE
from .reading import what_is_fitted

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


@dataclass(frozen=True, kw_only=True)
class _Step:
    """Some lines of the script.

    Attributes:
        lines: of the body, without indentation.
        imports: that they need.
        texts: constants that they need, by name.
    """

    lines: tuple[str, ...]
    imports: tuple[str, ...] = ()
    texts: Mapping[str, str] | None = None


def project_script(project: Project, jobs: Sequence[Job]) -> str:
    """Write the script that makes the results of a project again.

    Args:
        project: with its documents and results.
        jobs: of the project, the earliest first; they say with which options a result was made.

    Returns:
        Text of a Python file. Where a document has changed since a result was made, the script holds the text of then.
    """
    steps = [
        *_calibration(project),
        *_simulations(project, jobs),
        *_fit(project, jobs),
        *_series(project, jobs),
    ]
    needed = {"import xarray"} if steps else set[str]()
    needed.update(name for step in steps for name in step.imports)
    title = project.title.replace("\\", "/").replace('"', "'")
    head = _HEAD.format(title=title, document=DOCUMENT_FILE, script=SCRIPT_FILE, folder=FOLDER,
                        version=package_version())  # fmt: skip
    lines = [head, "from pathlib import Path", "", *_sorted_imports(needed), ""]
    lines += ["PROJECT = Path(__file__).resolve().parent", f'RESULTS = PROJECT / "{FOLDER}"']
    for step in steps:
        for name, text in (step.texts or {}).items():
            lines += ["", f"{name} = {_quoted(text)}"]
    lines += ["", _SAME if steps else "", "", "def main() -> None:", '    """Make the results again."""']
    lines += ["    RESULTS.mkdir(exist_ok=True)"]
    if not steps:
        lines.append("    # nothing has been calculated yet")
    for step in steps:
        lines += ["", *(f"    {line}" if line else "" for line in step.lines)]
    lines += ["", "", "# parts of a fit and of a series run in processes of their own, which read this file again"]
    lines += ['if __name__ == "__main__":', "    main()", ""]
    text = "\n".join(lines)
    while "\n\n\n\n" in text:
        text = text.replace("\n\n\n\n", "\n\n\n")
    return text


def _calibration(project: Project) -> Iterable[_Step]:
    attributes = _attributes(project.result("profile.nc"))
    if attributes is None or _file_of(attributes) != project.document.get("measurement.file"):
        return  # what the document names is not calibrated yet
    method = str(attributes.get("density_method", ""))
    given = project.document.get("measurement.density_method")
    option = f", density_method={method!r}" if method and method != (given or _usual_method()) else ""
    yield _Step(
        lines=(
            "# counts to densities",
            f'profile = isc.calibrate(isc.load_measurement(PROJECT / "{DOCUMENT_FILE}"){option})',
            *_written("profile", "profile.nc"),
        ),
        imports=("import ionscape as isc",),
    )


def _file_of(attributes: Mapping[str, Any]) -> object:
    """The export of a calibrated profile, as the document named it."""
    try:
        return json.loads(str(attributes.get("settings")))["file"]
    except (ValueError, TypeError, KeyError):
        return None


def _simulations(project: Project, jobs: Sequence[Job]) -> Iterable[_Step]:
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
        made, texts = _experiment(project, number, str(attributes["experiment"]), values)
        name = f"simulations/{path.name}"
        yield _Step(
            lines=(
                f"# simulation {number}" + (f": {' '.join(str(label).split())}" if label else ""),
                '(RESULTS / "simulations").mkdir(exist_ok=True)',
                *made,
                f"result = isc.simulate(experiment{_settings(str(attributes['settings']))})",
                *_written("result", name),
            ),
            imports=("import ionscape as isc",),
            texts=texts,
        )


def _experiment(
    project: Project, number: str, stored: str, values: Mapping[str, float]
) -> tuple[list[str], dict[str, str]]:
    """Lines that make the experiment of a simulation, and texts they need."""
    from ionscape.experiment import parse_experiment

    from .reading import read_experiment

    try:
        changed = read_experiment(project.document.path).replace(values)
        # a title changes no number
        same = changed == parse_experiment(stored).replace({"title": changed.title})
    except (IonscapeError, OSError):
        same = False
    if not same:
        text = f"EXPERIMENT_{number}"
        note = f"# {DOCUMENT_FILE} has changed since"
        return [note, f"experiment = isc.parse_experiment({text})"], {text: stored}
    lines = [f'experiment = isc.load_experiment(PROJECT / "{DOCUMENT_FILE}")']
    if values:
        lines.append(f"experiment = experiment.replace({_plain(values)})")
    return lines, {}


def _settings(stored: str) -> str:
    """The argument `settings` of `simulate`, with what differs from its usual values."""
    from ionscape.transport import Settings

    usual = asdict(Settings())
    changed = {key: value for key, value in json.loads(stored).items() if key in usual and usual[key] != value}
    if not changed:
        return ""
    return f", settings=isc.Settings({', '.join(f'{key}={value!r}' for key, value in changed.items())})"


def _fit(project: Project, jobs: Sequence[Job]) -> Iterable[_Step]:
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
    texts: dict[str, str] = {}
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
    imports = ["import ionscape as isc", "from ionscape.scaleout import make_executor"]
    for path in (*project.results("report.html"), *project.results("report.pdf")):
        lines.append(f'isc.write_report(result, RESULTS / "{path.name}", result_file=RESULTS / "fit.nc")')
        lines.append(f'print("{path.name}: written into", RESULTS)')
    yield _Step(lines=tuple(lines), imports=tuple(imports), texts=texts)


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
        names = ("parameters", "points") if kind == "profile-likelihood" else ("draws", "seed")
        verb = "profile_likelihood" if kind == "profile-likelihood" else "sample_posterior"
        chosen = "".join(f"{name}={given[name]!r}, " for name in names if given.get(name) is not None)
        calls.append(f"result = isc.{verb}(result, {chosen}executor=executor)")
    return calls


def _series(project: Project, jobs: Sequence[Job]) -> Iterable[_Step]:
    attributes = _attributes(project.result("series.nc"))
    if attributes is None:
        return
    source = str(attributes.get("source", ""))
    texts: dict[str, str] = {}
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
    yield _Step(lines=tuple(lines), imports=("import ionscape as isc",), texts=texts)


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


def _plain(values: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{str(name)!r}: {float(value)!r}" for name, value in values.items()) + "}"


def _quoted(text: str) -> str:
    """A text as a constant over several lines, whatever is in it."""
    if "'''" in text or "\\" in text or "\r" in text or not text.endswith("\n"):
        return repr(text)
    return f"'''\\\n{text}'''"


def _sorted_imports(names: Iterable[str]) -> list[str]:
    """`import` before `from`; names of one module joined."""
    plain = sorted(name for name in names if name.startswith("import "))
    joined: dict[str, list[str]] = {}
    for name in names:
        if name.startswith("from "):
            module, _, wanted = name.removeprefix("from ").partition(" import ")
            joined.setdefault(module, []).append(wanted)
    found = [f"from {module} import {', '.join(sorted(set(joined[module])))}" for module in sorted(joined)]
    third = [name for name in plain if name == "import xarray"]
    return [*third, "", *(name for name in plain if name not in third), *found] if third else [*plain, *found]


def check_script(text: str) -> None:
    """Refuse a script that Python does not read.

    Raises:
        InputError: which would be a fault of this module.
    """
    try:
        compile(text, SCRIPT_FILE, "exec")
    except SyntaxError as error:
        raise InputError(f"is not valid Python ({error})", file=SCRIPT_FILE) from None
