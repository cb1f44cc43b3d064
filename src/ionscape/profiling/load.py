"""From a file to a `Measurement`: counts, crater scans and settings; whatever is wrong becomes one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ionscape.errors import InputError, nearest_name
from ionscape.experiment import Experiment, load_experiment, parse_experiment
from ionscape.files.fields import IN_FILE, InFile
from ionscape.files.text import read_named, read_text
from ionscape.files.toml import parse_toml
from ionscape.files.validation import read_table

from .concentration_table import ConcentrationTable, read_concentrations
from .crater_scan import CraterScan, read_crater_scan
from .raw import RawProfile
from .readers import FORMATS, read_raw_profile
from .settings import MeasurementTable

FILE_KEYS = ("title", "experiment", "measurement", "fit", "datasets")


@dataclass(frozen=True, kw_only=True, eq=False)
class Measurement:
    """A depth profile as it was measured, with all that is needed to calibrate it.

    Attributes:
        raw: the counts.
        crater_scans: profilometer scans across the crater.
        table: the table [measurement] as it stands in the file.
        settings: the same in SI units.
        native: bulk density of each mobile native ion [1/m^3], by name; empty if it is not known.
        charges: charge number of each ion that may occur, by name; ions that are not named have 1.
        title: shown in figures.
        file: name of the file it was read from; None if there is none.
        experiment: the experiment of the sample; None if there is none.
        source: text of the file it was read from.
        concentrations: the table where the file holds concentrations and no counts; None for counts.
    """

    raw: RawProfile
    crater_scans: tuple[CraterScan, ...] = ()
    table: Mapping[str, Any]
    settings: MeasurementTable
    native: Mapping[str, float] = field(default_factory=dict[str, float])
    charges: Mapping[str, int] = field(default_factory=dict[str, int])
    title: str = ""
    file: str | None = None
    experiment: Experiment | None = None
    source: str = ""
    concentrations: ConcentrationTable | None = None

    def with_settings(self, **changes: Any) -> Measurement:
        """The same measurement with other settings.

        Args:
            changes: keys of the table [measurement] with values as they stand in a file or in SI units, such as
                `bulk_region=["110 nm", "160 nm"]`; None removes one.

        Raises:
            InputError: an unknown key, or a value that cannot be used.
        """
        table = {key: value for key, value in {**self.table, **changes}.items() if value is not None}
        settings = validate_settings(table, file=self.file, context=None)
        native, charges = self.native, self.charges
        if self.experiment is None:
            native, charges = dict(settings.native or {}), dict(settings.charges)
        return replace(self, table=table, settings=settings, native=native, charges=charges)


def load_measurement(path: str | Path) -> Measurement:
    """Read a measurement.

    Args:
        path: a TOML file with a table [measurement], or an export of the instrument itself, which has no settings yet.
            The experiment stands in the same file, or in one that it names; export, crater scans and that file are
            looked for in its folder.

    Raises:
        InputError: a file cannot be read, or something in it cannot be used.
    """
    path = Path(path)
    if path.suffix.lower() != ".toml":
        return make_measurement(read_raw_profile(path), {}, title=path.stem)
    text = read_text(path)
    data = _parsed(text, file=str(path))
    if isinstance(data.get("measurement"), Mapping):
        _check_format(data["measurement"], file=str(path))
    table = data.get("measurement")
    if table is None:
        raise InputError("is missing", file=str(path), key="measurement",
                         remedy='add a table [measurement] with at least file = "..."')  # fmt: skip
    settings = validate_settings(table, file=str(path))
    folder = path.parent
    experiment = _experiment(data, path, text)
    native, charges = _sample(settings, experiment, file=str(path))
    raw, concentrations = _read(settings, folder, str(path))
    return Measurement(
        raw=raw,
        crater_scans=tuple(
            _located(read_crater_scan, folder / scan, file=str(path), key=f"measurement.crater_scans[{number}]")
            for number, scan in enumerate(settings.crater_scans)
        ),
        table=table,
        settings=settings,
        native=native,
        charges=charges,
        title=str(data.get("title", experiment.title if experiment else path.stem)),
        file=str(path),
        experiment=experiment,
        source=text,
        concentrations=concentrations,
    )


def _read(settings: MeasurementTable, folder: Path, file: str) -> tuple[RawProfile, ConcentrationTable | None]:
    """The counts, or the concentrations with their numbers in the place of counts."""
    path, key = folder / settings.file, "measurement.file"
    if settings.concentrations is None:
        return _located(read_raw_profile, path, settings.format, file=file, key=key), None
    table, sha256 = _located(read_concentrations, path, file=file, key=key)
    return table.raw(sha256), table


def _parsed(text: str, *, file: str) -> dict[str, Any]:
    data = parse_toml(text, file=file)
    if "measurement" not in data and ("sample" in data or "stages" in data):
        name = Path(file).name
        remedy = f'simulate it, or write a file with experiment = "{name}" and a table [measurement]'
        raise InputError("is an experiment file, not a measurement file", file=file, remedy=remedy)
    known = FILE_KEYS if "sample" not in data else tuple(dict.fromkeys([*FILE_KEYS, *Experiment.model_fields]))
    for key in data:
        if key not in known:
            nearest = nearest_name(key, known)
            remedy = f'the nearest known key is "{nearest}" (known are {", ".join(known)})'
            raise InputError("is an unknown key", file=file, key=key, remedy=remedy)
    return data


def make_measurement(
    raw: RawProfile | str | Path,
    table: Mapping[str, Any],
    *,
    crater_scans: Sequence[CraterScan | str | Path] = (),
    title: str = "",
) -> Measurement:
    """Join counts and crater scans that are at hand already.

    Args:
        raw: the counts, or the path of an export or of a table of concentrations.
        table: keys of a table [measurement] with values as they stand in a file, or in SI units; `file` may be absent.
        crater_scans: profilometer scans across the crater, or the paths of their files.
        title: shown in figures.

    Raises:
        InputError: an unknown key, or a value that cannot be used; a file that cannot be read.

    Examples:
        >>> counts = isc.read_raw_profile("m.txt")  # doctest: +SKIP
        >>> known = {"native": {"Li": "1.4e28 1/m^3"}, "sputter_rate": {"value": "0.22 nm/s", "error": "2 pm/s"}}
        >>> profile = isc.calibrate(isc.make_measurement(counts, known))  # doctest: +SKIP
    """
    scans = tuple(scan if isinstance(scan, CraterScan) else read_crater_scan(scan) for scan in crater_scans)
    name = Path(raw.file if isinstance(raw, RawProfile) else raw).name
    whole = {"file": name or "counts", **table}
    settings = validate_settings(whole, file=None, context=None)
    concentrations = None
    if not isinstance(raw, RawProfile):
        raw, concentrations = _read(settings.model_copy(update={"file": str(raw)}), Path(), "")
    elif settings.concentrations is not None:
        raise InputError("belongs to a table of concentrations, not to counts", key="measurement.concentrations",
                         remedy="give the path of the table, or leave it out")  # fmt: skip
    return Measurement(
        raw=raw,
        crater_scans=scans,
        table=whole,
        settings=settings,
        native=dict(settings.native or {}),
        charges=dict(settings.charges),
        title=title,
        concentrations=concentrations,
    )


def validate_settings(table: object, *, file: str | None, context: InFile | None = IN_FILE) -> MeasurementTable:
    """The table [measurement] in SI units.

    Args:
        table: its keys.
        file: name of the file, for messages.
        context: None if the table comes from Python, where quantities may be SI floats.

    Raises:
        InputError: an unknown key, or a value that cannot be used.
    """
    return read_table(MeasurementTable, table, file=file, context=context, below="measurement")


def _experiment(data: Mapping[str, Any], path: Path, text: str) -> Experiment | None:
    """The experiment in the same document, or in the file that it names."""
    name = data.get("experiment")
    if "sample" in data:
        if name is not None:
            raise InputError("stands beside a table [sample]", file=str(path), key="experiment", value=name,
                             remedy="leave one of them out")  # fmt: skip
        return parse_experiment(text, file=str(path), folder=path.parent)
    if name is None:
        return None
    if not isinstance(name, str):
        raise InputError("must be the name of an experiment file", file=str(path), key="experiment", value=name,
                         remedy="put it in quotation marks")  # fmt: skip
    try:
        return _located(load_experiment, path.parent / name, file=str(path), key="experiment")
    except InputError as error:
        if error.code != "measurement_file":
            raise
        raise error.replace(
            file=str(path), key="experiment", value=name, remedy="name the file with the sample and the stages"
        ) from None


def _check_format(table: Mapping[str, Any], *, file: str) -> None:
    """Refuse an unknown format where it stands, not where the export is read."""
    name = table.get("format")
    known = [each.NAME for each in FORMATS]
    if isinstance(name, str) and name not in known:
        remedy = f'the nearest is "{nearest_name(name, known)}" (known are {", ".join(known)}), or leave it out'
        raise InputError("is not a format of depth profiles", file=file, key="measurement.format", value=name,
                         remedy=remedy)  # fmt: skip


def _located(read: Any, path: Path, *arguments: Any, file: str, key: str) -> Any:
    """Read a file; if it does not exist, the sentence starts with the file and key that name it."""
    if not path.exists():
        read_named(path, file=file, key=key)
    return read(path, *arguments)


def _sample(
    settings: MeasurementTable, experiment: Experiment | None, *, file: str
) -> tuple[dict[str, float], dict[str, int]]:
    """Bulk density of the native ions and the charge numbers, from the experiment or from the settings."""
    if experiment is None:
        return dict(settings.native or {}), dict(settings.charges)
    for key in ("native", "charges"):
        if key in settings.model_fields_set:
            raise InputError("stands in the experiment already", file=file, key=f"measurement.{key}",
                             remedy="leave it out here, or leave out the experiment")  # fmt: skip
    ions = experiment.ions
    native = {
        name: density for name, density in experiment.sample.native.items() if name not in experiment.immobile_ions
    }
    charges = {name: ion.charge for name, ion in ions.items()}
    return native, charges
