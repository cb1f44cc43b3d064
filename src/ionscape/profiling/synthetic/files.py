"""Files of a synthetic measurement, as instruments write them: export, crater scans, measurement file, truth."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ionscape.errors import toml_value
from ionscape.files.writing import write_text
from ionscape.profiling.crater_scan import CraterScan
from ionscape.profiling.raw import RawProfile
from ionscape.profiling.resolution import DepthResponse, GaussianResponse, MixingRoughnessInformationResponse


def surfacelab_header(names: list[str], masses: list[float | None]) -> tuple[str, ...]:
    """The four lines above the numbers."""
    shown = ["N/A" if mass is None else f"{mass:.4f}" for mass in masses]
    head = ("#Data Point #", "Sputter Time (s)", "Dose (ions)", "Fluence (ions/cm^2)")
    return (
        "# Profile Smoothing is Disabled",
        "\t".join(["#", "", "", "", *names, ""]),
        "\t".join(["#", "", "", "", *shown, ""]),
        "\t".join([*head, *["Intensity"] * len(names), ""]),
    )


def surfacelab_text(raw: RawProfile) -> str:
    """The whole export, with the line ends of the instrument's program."""
    assert raw.sputter_time is not None
    columns = [raw.sputter_time, raw.columns["Dose (ions)"], raw.columns["Fluence (ions/cm^2)"], *raw.intensity]
    rows = [
        "\t".join([str(number), *(f"{value:.6g}" for value in row), ""])
        for number, row in enumerate(np.column_stack(columns), start=1)
    ]
    return "\r\n".join([*raw.header, *rows, ""])


def write_files(
    folder: Path,
    name: str,
    *,
    raw: RawProfile,
    crater_scans: tuple[CraterScan, ...],
    table: Mapping[str, object],
    truth: Mapping[str, object],
    title: str = "",
    experiment: str | None = None,
) -> Path:
    """All files of a measurement; returns the path of the TOML file.

    Args:
        folder: an existing one.
        name: with which the names of all files begin.
        raw: the export.
        crater_scans: of the profilometer.
        table: keys of the table [measurement] without names of files; the regions of the profile are left to be found.
        truth: what goes into the JSON file.
        title: of the sample.
        experiment: text of the experiment file; None if there is none.
    """
    write_text(folder / f"{name}.txt", surfacelab_text(raw))
    scans = [f"{name}-crater-{number}.csv" for number in range(1, len(crater_scans) + 1)]
    for scan_name, scan in zip(scans, crater_scans, strict=True):
        points = zip(scan.lateral * 1e6, scan.height * 1e9, strict=True)
        lines = ["Lateral (um),Height (nm)", *(f"{x:.3f},{height:.3f}" for x, height in points), ""]
        write_text(folder / scan_name, "\n".join(lines))
    write_text(folder / f"{name}-truth.json", json.dumps(truth, indent=1) + "\n")
    keys = {"file": f"{name}.txt", "format": "surfacelab", **table, "crater_scans": scans}
    lines = [f"title = {toml_value(f'{title}, synthetic measurement'.removeprefix(', '))}"]
    if experiment is not None:
        write_text(folder / f"{name}-experiment.toml", experiment)
        lines.append(f"experiment = {toml_value(f'{name}-experiment.toml')}")
        keys = {key: value for key, value in keys.items() if key not in ("native", "charges")}
    lines += ["", "[measurement]", *(f"{key} = {toml_value(value)}" for key, value in keys.items()), ""]
    path = folder / f"{name}.toml"
    write_text(path, "\n".join(lines))
    return path


def in_micrometres(region: tuple[float, float]) -> list[str]:
    """A region [m] as it stands in a file."""
    return [f"{edge * 1e6:.6g} um" for edge in region]


def response_table(response: DepthResponse) -> object:
    """The response as it stands in a table [measurement]; None for one of another kind."""
    if isinstance(response, GaussianResponse):
        return f"{response.sigma * 1e9:.6g} nm"
    if isinstance(response, MixingRoughnessInformationResponse):
        return {
            "model": "mixing-roughness-information",
            "mixing_length": f"{response.mixing_length * 1e9:.6g} nm",
            "roughness": f"{response.roughness * 1e9:.6g} nm",
            "information_depth": f"{response.information_depth * 1e9:.6g} nm",
        }
    return None
