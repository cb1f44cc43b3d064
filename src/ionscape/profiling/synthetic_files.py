"""Files of a synthetic measurement, as instruments write them: export, crater scans, measurement file, truth."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.errors import toml_value

from .raw import RawProfile
from .resolution import DepthResponse, GaussianResponse, MixingRoughnessInformationResponse

if TYPE_CHECKING:
    from .synthesis import SyntheticMeasurement


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


def write_files(measurement: SyntheticMeasurement, folder: Path, name: str) -> Path:
    """All files of a measurement; returns the path of the TOML file."""
    with (folder / f"{name}.txt").open("w", newline="", encoding="ascii") as file:
        file.write(surfacelab_text(measurement.raw))
    scans = [f"{name}-crater-{number}.csv" for number in range(1, len(measurement.crater_scans) + 1)]
    for scan_name, scan in zip(scans, measurement.crater_scans, strict=True):
        points = zip(scan.lateral * 1e6, scan.height * 1e9, strict=True)
        lines = ["Lateral (um),Height (nm)", *(f"{x:.3f},{height:.3f}" for x, height in points), ""]
        (folder / scan_name).write_text("\n".join(lines), encoding="ascii")
    truth = json.dumps(_truth_as_mapping(measurement), indent=1)
    (folder / f"{name}-truth.json").write_text(truth + "\n", encoding="utf-8")
    experiment = measurement.profile.experiment
    if experiment is not None:
        (folder / f"{name}-experiment.toml").write_text(experiment, encoding="utf-8")
    path = folder / f"{name}.toml"
    path.write_text(_measurement_toml(measurement, name, scans), encoding="utf-8")
    return path


def _measurement_toml(measurement: SyntheticMeasurement, name: str, scans: list[str]) -> str:
    """The file with `[measurement]`; the regions of the profile are left to be found."""
    profile = measurement.profile
    table = {"file": f"{name}.txt", "format": "surfacelab", **measurement.table(), "crater_scans": scans}
    if profile.experiment is not None:
        del table["native"]
        table.pop("charges", None)
    title = f"{profile.title}, synthetic measurement".removeprefix(", ")
    lines = [f"title = {toml_value(title)}"]
    if profile.experiment is not None:
        lines.append(f"experiment = {toml_value(f'{name}-experiment.toml')}")
    lines += ["", "[measurement]", *(f"{key} = {toml_value(value)}" for key, value in table.items()), ""]
    return "\n".join(lines)


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


def _truth_as_mapping(measurement: SyntheticMeasurement) -> dict[str, Any]:
    """Truth and instrument in SI units, as they go into a JSON file."""
    truth = measurement.truth
    ions = [str(name) for name in truth["ion"].values]
    by_ion = ("density", "density_unconvolved", "sensitivity_factor", "incorporated")
    single = ("sputter_rate", "crater_depth", "bulk_density")
    return {
        "note": "synthetic: the truth of a synthetic measurement, in SI units",
        **{key: float(truth[key].values) for key in single},
        "scan_depth": truth["scan_depth"].values.tolist(),
        "depth": truth["depth"].values.tolist(),
        **{key: {ion: truth[key].sel(ion=ion).values.tolist() for ion in ions} for key in by_ion},
        "instrument": dataclasses.asdict(measurement.instrument),
    }
