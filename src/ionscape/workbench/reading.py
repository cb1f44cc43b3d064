"""How the one document of a project is read: by the same functions as on the command line."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from ionscape.errors import InputError, MissingKey
from ionscape.experiment.load import MEASUREMENT_TABLES, of_experiment
from ionscape.files.description import list_at, step, table_at
from ionscape.files.quantities import DIMENSIONS, quantity
from ionscape.files.text import read_text
from ionscape.files.toml import parse_toml
from ionscape.wording import split_path

from .document import Document
from .named_files import check_named_files, refused_files
from .wording import page_words

if TYPE_CHECKING:
    from ionscape.experiment import Experiment
    from ionscape.inference import FitResult
    from ionscape.profiling import DepthProfile


NOT_OF_THE_EXPERIMENT = MEASUREMENT_TABLES

Result = TypeVar("Result")
Entry = TypeVar("Entry")


def once_per_file(read: Callable[..., Result]) -> Callable[..., Result]:
    """A function that reads a file, and does so again only when the file has changed."""

    @lru_cache(maxsize=8)
    def kept(path: Path, _stamp: tuple[int, int], *more: Any) -> Result:
        return read(path, *more)

    @wraps(read)
    def found(path: Path, *more: Any) -> Result:
        if not path.is_file():
            return read(path, *more)
        status = path.stat()
        return kept(path, (status.st_mtime_ns, status.st_size), *more)

    return found


def about_experiment(found: Mapping[str, Entry]) -> dict[str, Entry]:
    """Those entries whose paths belong to the experiment of a document, not to its measurement or fit."""
    return {path: entry for path, entry in found.items() if not path.startswith(NOT_OF_THE_EXPERIMENT)}


def read_document(path: str | Path, load: Callable[[Path], Result]) -> Result:
    """What a function of the package, such as `load_experiment` or `load_fit`, reads in a document of a project.

    Args:
        path: of the document, in whose folder its files lie.
        load: that function.

    Raises:
        InputError: something in it, or in a file that it names, cannot be used; the sentence names it as the page does,
            without its folder.
    """
    path = Path(path)
    try:
        check_named_files(parse_toml(read_text(path), file=str(path)), root=path.parent, file=path.name)
        return load(path)
    except InputError as error:
        if error.file == str(path):
            error.file = path.name
        raise


def remarks_of(experiment: Experiment | None) -> list[str]:
    """What in an experiment is allowed but may be a slip, in the words of the page."""
    return [] if experiment is None else list(map(page_words, experiment.remarks))


def parse_document(text: str, parse: Callable[..., Result], *, file: str | None, folder: str | Path) -> Result:
    """The text of a document of a project, read by `parse_experiment` or `parse_series`.

    Raises:
        InputError: something in it, or in a file that it names, cannot be used.
    """
    check_named_files(parse_toml(text, file=file), root=Path(folder), file=file or "")
    return parse(text, file=file, folder=folder)


def read_fit_result(path: str | Path, document: str | Path) -> FitResult:
    """The stored result of a fit; its problem is None if the document is not that of the fit any more.

    Raises:
        InputError: the result cannot be read.
    """
    from dataclasses import replace

    from ionscape.inference import load_fit, load_fit_result

    stored = load_fit_result(path, with_problem=False)  # it could stand in another folder
    name_after_project(stored, Path(document).parent)
    source = str(stored.dataset.attrs.get("source", ""))
    try:
        now, then = (_same_fit(parse_toml(text, file=None)) for text in (read_text(Path(document)), source))
        # the text of then: another spelling, or other values to start from, make it no other fit
        problem = replace(read_document(document, load_fit), source=source) if now == then else None
    except InputError:
        problem = None
    return replace(stored, problem=problem)


class ProfileSource(Protocol):
    """What of a project is needed to read its profile."""

    @property
    def document(self) -> Document:
        """The document that names the export."""
        ...

    def result(self, name: str) -> Path | None:
        """A result that is there."""
        ...


def read_profile(project: ProfileSource) -> DepthProfile | None:
    """The stored profile of a project, if it is of the export that the document names now; otherwise None.

    Raises:
        InputError: it cannot be read.
    """
    path = project.result("profile.nc")
    if path is None:
        return None
    profile = _loaded_profile(path)
    table = json.loads(str(profile.dataset.attrs["settings"]))
    return profile if table.get("file") == project.document.get("measurement.file") else None


def is_of_sample(profile: DepthProfile, experiment: Experiment) -> bool:
    """Whether a profile is of a sample with the ions and native densities of an experiment.

    Over another one it must not be drawn: the same axis would mean another thing.
    """
    data = profile.dataset
    charges, natives = data["charge_number"].values, data["bulk_density"].values
    newcomers = {ion for stage in experiment.stages for ion in stage.newcomers if experiment.ions[ion].charge > 0}
    if not newcomers <= set(profile.ions):
        return False
    for ion, charge, native in zip(profile.ions, charges, natives, strict=True):
        described = experiment.ions.get(ion)
        if described is None or described.charge != charge:
            return False
        mobile = ion not in experiment.immobile_ions  # the others are none of a calibration's native ions
        described_density = experiment.sample.native.get(ion, 0.0) if mobile else 0.0
        if not math.isclose(described_density, float(native), rel_tol=1e-6):
            return False
    return True


@once_per_file
def _loaded_profile(path: Path) -> DepthProfile:
    from ionscape.profiling import load_profile

    return load_profile(path)


def name_after_project(result: FitResult, folder: Path) -> None:
    """Give a fit without a title that of its project: its document is called the same in every one."""
    with suppress(InputError):
        if not parse_toml(str(result.dataset.attrs.get("source", "")), file=None).get("title"):
            result.dataset.attrs["title"] = folder.resolve().name


def what_is_fitted(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data of a document without what changes nothing in the problem of its fit."""
    kept = {key: value for key, value in data.items() if key != "title"}
    if isinstance(kept.get("fit"), dict):
        kept["fit"] = {key: value for key, value in kept["fit"].items() if key not in ("method", "starts")}
    return kept


def _same_fit(data: Mapping[str, Any]) -> Any:
    """What is fitted: values whatever their spelling, without those from which free parameters start."""
    kept = copy.deepcopy(what_is_fitted(data))
    for name in table_at(data, "fit", "parameters"):
        *tables, last = split_path(name.rpartition(":")[2])
        node: Any = kept
        for part in tables:
            node = step(node, part)
        if isinstance(node, dict) and last in node:
            node[last] = "free"
        entry = kept["fit"]["parameters"][name]
        if isinstance(entry, dict):
            entry.pop("start", None)
    return _as_values(kept)


def _as_values(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {key: _as_values(value) for key, value in cast(Mapping[str, Any], data).items()}
    if isinstance(data, list):
        return [_as_values(value) for value in cast(list[Any], data)]
    return _value_of(data) if isinstance(data, str) else data


@lru_cache(maxsize=1024)
def _value_of(text: str) -> object:
    """A number with a unit as dimension and size in SI units; any other text as it is."""
    if any(digit in text for digit in "0123456789"):
        for name in DIMENSIONS:
            try:
                return name, f"{quantity(text, name):.10g}"
            except InputError:
                continue
    return text


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What can be said of a document without its exports.

    Attributes:
        errors: what is wrong with it, by key; parts that are not begun are left out.
        experiment: that it describes; None if it does not, or wrongly.
    """

    errors: dict[str, InputError]
    experiment: Experiment | None = None


def look_at(data: Mapping[str, Any], *, folder: Path, file: str = "analysis.toml") -> Looked:
    """Look at a document as far as that goes without its exports.

    Args:
        data: of the document.
        folder: in which it lies.
        file: its name, for sentences.
    """
    from ionscape.inference.problem import validate_fit
    from ionscape.profiling.load import validate_settings

    from .missing import missing_keys

    refused = refused_files(data, root=folder, file=file)
    found: dict[str, InputError] = dict(refused)
    described, experiment = of_experiment(data), None
    if set(described) - {"title"} and not any(key.startswith("ions.") for key in refused):
        experiment = _note(found, lambda: experiment_of(data, folder=folder, file=file))
        # the reader stops at the first key that is missing; a form wants to know them all
        missing = missing_keys(described, file=file)
        parts = {key for key, error in found.items()
                 if isinstance(error, MissingKey) and any(f"{key}." in one for one in missing)}  # fmt: skip
        found = {key: error for key, error in found.items() if key not in parts and key not in missing} | missing
    if "measurement" in data:
        _note(found, lambda: validate_settings(data["measurement"], file=file))
        _note_missing_files(found, data["measurement"], folder=folder, file=file)
    if "fit" in data:
        _note(found, lambda: validate_fit(data["fit"], file=file))
    return Looked(errors=found, experiment=experiment)


def experiment_of(data: Mapping[str, Any], *, folder: Path, file: str) -> Experiment:
    """The experiment of the data of a document.

    Raises:
        InputError: something in it cannot be used.
    """
    import tomlkit

    from ionscape.experiment import parse_experiment

    described = of_experiment(data)
    check_named_files(described, root=folder, file=file)
    return parse_experiment(tomlkit.dumps(described), file=file, folder=folder)


def fit_problems(path: str | Path) -> dict[str, InputError]:
    """What is wrong with the whole document for a fit, its files included: errors by key; takes up to a second."""
    from ionscape.inference import load_fit

    found: dict[str, InputError] = {}
    _note(found, lambda: read_document(path, load_fit))
    return found


def series_problems(text: str, *, folder: Path, file: str = "series.toml") -> dict[str, InputError]:
    """What is wrong with a series of glasses: errors by key; none if there is no text."""
    from ionscape.series.load import parse_series

    found: dict[str, InputError] = {}
    if text.strip():
        _note(found, lambda: parse_document(text, parse_series, file=file, folder=folder))
    return found


def _note(found: dict[str, InputError], attempt: Callable[[], Result]) -> Result | None:
    try:
        return attempt()
    except InputError as error:
        found.setdefault(error.key or "", error)
        return None


def _note_missing_files(found: dict[str, InputError], table: object, *, folder: Path, file: str) -> None:
    scans = {f"measurement.crater_scans[{number}]": scan for number, scan in enumerate(list_at(table, "crater_scans"))}
    for key, name in {"measurement.file": table_at(table).get("file"), **scans}.items():
        if key not in found and isinstance(name, str) and not (folder / name).is_file():
            found[key] = InputError("does not exist", file=file, key=key, value=name, remedy="upload it again")
