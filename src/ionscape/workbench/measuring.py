"""What the page of the measurement shows of a document: files, channels, crater, calibrated profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from ionscape.errors import InputError
from ionscape.files.description import list_at, table_at
from ionscape.files.text import read_text
from ionscape.files.toml import parse_toml
from ionscape.wording import join_path

from .named_files import refused_files
from .reading import once_per_file, read_document

if TYPE_CHECKING:
    from ionscape.profiling import DepthProfile, RawProfile
    from ionscape.profiling.crater import StepHeight
    from ionscape.profiling.crater_scan import CraterScan
    from ionscape.profiling.inspection import Inspection

Role = Literal["export", "crater scan"]

MOBILE_ELEMENTS = ("H", "Li", "Na", "K", "Rb", "Cs", "Cu", "Ag", "Tl")
"""Elements whose ions move in glasses: those of an export are suggested as ions where no experiment names them."""
RESOLUTION = "measurement.depth_resolution"
USUAL_RESOLUTION = "2 nm"
"""Standard deviation of the depth response that is written for a new export; usual with slow sputter ions."""
ASSUMED_RESOLUTION = "assumed; the width of site energies depends on it: enter that of the instrument"


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """What could be made of the measurement of a document; what could not is None, with a sentence.

    Attributes:
        table: the table [measurement] as it stands in the document.
        raw: the export.
        inspection: of the export.
        scans: of the crater, evaluated where possible, by their place in the document.
        profile: calibrated.
        errors: by path of the document.
    """

    table: Mapping[str, Any] = field(default_factory=dict[str, Any])
    raw: RawProfile | None = None
    inspection: Inspection | None = None
    scans: Mapping[int, StepHeight | CraterScan] = field(default_factory=dict[int, Any])
    profile: DepthProfile | None = None
    errors: Mapping[str, InputError] = field(default_factory=dict[str, InputError])


def measure(document: Path) -> Measured:
    """Read the files of a measurement and calibrate it, as far as that is possible; takes about half a second.

    Args:
        document: `analysis.toml` of a project.
    """
    from ionscape.profiling import calibrate, load_measurement
    from ionscape.profiling.inspection import inspect

    table = measurement_table(document)
    if not table:
        return Measured()
    errors = dict(refused_files({"measurement": table}, root=document.parent, file=document.name))
    raw = _raw(document, table, errors)
    inspection = None
    if raw is not None and "concentrations" not in table:
        try:
            pulses = table.get("pulses_per_point")
            inspection = inspect(raw, pulses=pulses if isinstance(pulses, int) and pulses > 0 else None)
        except InputError as error:
            errors["measurement.pulses_per_point"] = error
    scans = _scans(document, table, errors)
    profile = None
    if raw is not None:
        try:
            # sentences name the document, whatever its parts are read from
            profile = calibrate(replace(read_document(document, load_measurement), file=document.name))
        except InputError as error:
            errors.setdefault(_full_key(error.key), error)
    return Measured(table=table, raw=raw, inspection=inspection, scans=scans, profile=profile, errors=errors)


def measurement_table(document: Path) -> dict[str, Any]:
    """The table [measurement] of a document; empty if there is none."""
    if not document.is_file():
        return {}
    return dict(table_at(parse_toml(read_text(document), file=document.name), "measurement"))


def role_of_file(path: Path) -> Role:
    """Whether a file is an export of the instrument or a scan across a crater.

    Raises:
        InputError: it is neither, with the sentence of the reader that it fits better.
    """
    from ionscape.profiling import read_raw_profile
    from ionscape.profiling.crater_scan import read_crater_scan

    try:
        read_raw_profile(path)
    except InputError as error:
        try:
            read_crater_scan(path)
        except InputError as other:
            # a profilometer writes one height per place
            raise (other if _has_two_columns(path) else error) from None
        return "crater scan"
    return "export"


def changes_for_file(path: str, role: Role, data: Mapping[str, Any], raw: RawProfile | None = None) -> dict[str, Any]:
    """What a new file changes in a document: values by path.

    Args:
        path: of the file as it stands in the document.
        role: of the file.
        data: of the document.
        raw: the export, if it is one.
    """
    table = table_at(data, "measurement")
    if role == "crater scan":
        known = list_at(table, "crater_scans")
        # scans of one crater come in any order when they are dropped together
        added = sorted([*known, path], key=str) if known == sorted(known, key=str) else [*known, path]
        return {} if path in known else {"measurement.crater_scans": added}
    changes: dict[str, Any] = {"measurement.file": path}
    if table.get("file") != path:
        # they belong to the old export
        changes |= {f"measurement.{key}": None for key in ("channels", "saturated", "format", "pulses_per_point")}
    if not table.get("depth_resolution"):
        changes[RESOLUTION] = USUAL_RESOLUTION
    if raw is not None and not _has_experiment(data):
        changes["measurement.channels"] = suggested_channels(raw) or None
    return changes


def is_named(path: str, data: Mapping[str, Any]) -> bool:
    """Whether a document names a file as its export or as a crater scan."""
    table = table_at(data, "measurement")
    return path == table.get("file") or path in list_at(table, "crater_scans")


def suggested_channels(raw: RawProfile) -> dict[str, list[str]]:
    """Channels of the ions that may move in a glass, all isotopes of an element together."""
    return {element: names for element, names in channels_by_element(raw).items() if element in MOBILE_ELEMENTS}


def channels_by_element(raw: RawProfile) -> dict[str, list[str]]:
    """Channels of monatomic ions, all isotopes of an element together."""
    found: dict[str, list[str]] = {}
    for channel in raw.channels:
        element = _element(raw, channel.name)
        if element is not None:
            found.setdefault(element, []).append(channel.name)
    return found


def export_elements(document: Path) -> tuple[str, ...]:
    """Elements of the monatomic ions of a document's export; none if it cannot be read."""
    table = measurement_table(document)
    raw = _raw(document, table, dict(refused_files({"measurement": table}, root=document.parent, file=document.name)))
    return () if raw is None else tuple(channels_by_element(raw))


def unused_elements(raw: RawProfile, data: Mapping[str, Any]) -> list[str]:
    """Elements that may move in a glass and of which no channel counts to any ion."""
    assigned = assignment(raw, data)
    return [element for element, names in suggested_channels(raw).items() if not any(assigned[name] for name in names)]


def changes_for_experiment(data: Mapping[str, Any], raw: RawProfile | None) -> dict[str, Any]:
    """What the measurement must leave to the experiment once there is one: densities, charges, suggested channels.

    Densities go over where the experiment has none of its own.
    """
    table = table_at(data, "measurement")
    if not _has_experiment(data):
        return {}
    changes: dict[str, Any] = {f"measurement.{key}": None for key in ("native", "charges") if key in table}
    for ion, density in table_at(table, "native").items():
        if ion in data["ions"] and ion not in table_at(data, "sample", "native"):
            changes[join_path(("sample", "native", ion))] = density
    if raw is not None and "channels" in table and table["channels"] == suggested_channels(raw):
        changes["measurement.channels"] = None
    return changes


def known_ions(data: Mapping[str, Any]) -> tuple[str, ...]:
    """Ions that the experiment names, or the measurement where there is no experiment."""
    if isinstance(data.get("ions"), Mapping):
        return tuple(map(str, data["ions"]))
    tables = (table_at(data, "measurement", key) for key in ("native", "charges", "channels"))
    return tuple(dict.fromkeys(str(name) for table in tables for name in table))


def assignment(raw: RawProfile, data: Mapping[str, Any]) -> dict[str, str]:
    """The ion to which each channel of ions counts, empty for none: as the document has it, or by the element."""
    given = table_at(data, "measurement").get("channels")
    names = [channel.name for channel in raw.channels if channel.kind not in ("ratio", "total")]
    found = dict.fromkeys(names, "")
    if isinstance(given, Mapping):
        for ion in cast(Mapping[str, Any], given):
            for name in list_at(given, ion):
                if name in found:
                    found[str(name)] = str(ion)
        return found
    by_element = {ion.rstrip("+-0123456789"): ion for ion in known_ions(data)}
    return {name: by_element.get(_element(raw, name) or "", "") for name in names}


def channels_of(assigned: Mapping[str, str]) -> dict[str, list[str]]:
    """The key `channels` for an assignment."""
    found: dict[str, list[str]] = {}
    for name, ion in assigned.items():
        if ion:
            found.setdefault(ion, []).append(name)
    return found


def region_text(ends: tuple[float, float], unit: Literal["nm", "µm"]) -> list[str]:
    """A region in SI units as it stands in a document; what lies before the beginning is cut off."""
    size = {"nm": 1e-9, "µm": 1e-6}[unit]
    return [f"{max(end, 0.0) / size:.4g} {unit}" for end in sorted(ends)]


def moved_crater_regions(step: StepHeight, moved: Mapping[str, tuple[float, float]]) -> dict[str, Any]:
    """Changes of the document for dragged regions of a crater scan, which then hold for all scans.

    Args:
        step: the scan as it was drawn.
        moved: ends [m] by name: `valley`, `surface 1`, ...
    """
    low, high = float(step.levelled.lateral.min()), float(step.levelled.lateral.max())

    def text(ends: tuple[float, float]) -> list[str]:
        return region_text((min(max(ends[0], low), high), min(max(ends[1], low), high)), "µm")

    changes: dict[str, Any] = {}
    if "valley" in moved:
        changes["measurement.valley_region"] = text(moved["valley"])
    if any(name.startswith("surface") for name in moved):
        ends = [moved.get(f"surface {number}", found) for number, found in enumerate(step.regions.surface, start=1)]
        changes["measurement.surface_regions"] = [text(each) for each in ends]
    return changes


def _has_experiment(data: Mapping[str, Any]) -> bool:
    return isinstance(data.get("ions"), Mapping) and isinstance(data.get("sample"), Mapping)


def _element(raw: RawProfile, name: str) -> str | None:
    channel = raw.channels[raw.index(name)]
    return channel.species.element if channel.kind == "ion" and channel.species is not None else None


def _raw(document: Path, table: Mapping[str, Any], errors: dict[str, InputError]) -> RawProfile | None:
    from ionscape.profiling.concentration_table import read_concentrations

    name, kind = table.get("file"), table.get("format")
    if not isinstance(name, str) or not name or "measurement.file" in errors:
        return None
    path = document.parent / name
    try:
        if "concentrations" in table:
            return read_concentrations(path)[0].raw("")
        return cached_raw_profile(path, kind if isinstance(kind, str) else None)
    except InputError as error:
        errors["measurement.format" if kind else "measurement.file"] = error
    except ValueError as error:  # a name that no file can have
        errors["measurement.file"] = InputError(str(error), key="measurement.file", value=name)
    return None


@once_per_file
def cached_raw_profile(path: Path, kind: str | None = None) -> RawProfile:
    """An export of an instrument.

    Raises:
        InputError: it cannot be read.
    """
    from ionscape.profiling import read_raw_profile

    return read_raw_profile(path, kind)


def _scans(
    document: Path, table: Mapping[str, Any], errors: dict[str, InputError]
) -> dict[int, StepHeight | CraterScan]:
    """The scans with their step heights; where a region cannot be used, with those that are found."""
    from ionscape.profiling.crater import crater_depth
    from ionscape.profiling.crater_scan import read_crater_scan
    from ionscape.profiling.load import validate_settings

    surface, valley = None, None
    try:
        settings = validate_settings({"file": "counts", **table}, file=document.name)
        surface, valley = settings.surface_regions, settings.valley_region
    except InputError:
        pass  # the document's own check says it
    found: dict[int, StepHeight | CraterScan] = {}
    for number, name in enumerate(list_at(table, "crater_scans")):
        if f"measurement.crater_scans[{number}]" in errors:
            continue
        try:
            scan = read_crater_scan(document.parent / str(name))
        except (InputError, ValueError) as error:
            found_wrong = error if isinstance(error, InputError) else InputError(str(error))
            errors[f"measurement.crater_scans[{number}]"] = found_wrong
            continue
        found[number] = scan
        for regions in ((surface, valley), (None, None)):
            try:
                found[number] = crater_depth([scan], surface_regions=regions[0], valley_region=regions[1]).steps[0]
                break
            except InputError as error:
                key = error.key if error.key in ("surface_regions", "valley_region") else f"crater_scans[{number}]"
                errors.setdefault(f"measurement.{key}", error)
    return found


def _full_key(key: str | None) -> str:
    from ionscape.profiling.settings import MeasurementTable

    if not key:
        return "measurement"
    return f"measurement.{key}" if key.split("[")[0] in MeasurementTable.model_fields else key


def _has_two_columns(path: Path) -> bool:
    try:
        last = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1]
    except (OSError, IndexError):
        return False
    return any(len(last.split(delimiter)) == 2 for delimiter in (None, ",", ";", "\t"))
