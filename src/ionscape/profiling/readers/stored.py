"""Profiles stored by this package: NetCDF, which is HDF5 and can be read by any program that knows either."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.datasets import load_checked, write_dataset
from ionscape.errors import InputError
from ionscape.files.writing import check_output
from ionscape.profiling.raw import Channel, ChannelKind, RawProfile
from ionscape.profiling.species import parse_species

from .build import Places, build_profile
from .text import read_head

if TYPE_CHECKING:
    import xarray

NAME = "stored"
DESCRIPTION = "NetCDF (HDF5) written by ionscape"
EXTENSIONS = (".nc", ".h5")

CONTENT = "ionscape raw profile"
SIGNATURE = b"\x89HDF\r\n\x1a\n"


def recognises(path: Path, head: bytes) -> bool:
    """Whether a file is HDF5 by its signature.

    Args:
        path: not used.
        head: first bytes of the file.
    """
    del path
    return head.startswith(SIGNATURE)


def write_raw_profile(raw: RawProfile, path: str | Path) -> Path:
    """Store a profile with everything that stood in its file.

    Args:
        raw: profile.
        path: of the file to write, ending in .nc or .h5.

    Returns:
        The path.

    Raises:
        InputError: the file cannot be written there.
    """
    import xarray

    target = check_output(path, extensions=EXTENSIONS)
    variables: dict[str, Any] = {
        "intensity": (("channel", "point"), np.ascontiguousarray(raw.intensity), {"units": "1"}),
        "channel_name": ("channel", np.array([channel.name for channel in raw.channels], dtype=object)),
        "channel_kind": ("channel", np.array([channel.kind for channel in raw.channels], dtype=object)),
        "channel_species": (
            "channel",
            np.array([channel.species.name if channel.species else "" for channel in raw.channels], dtype=object),
        ),
        "channel_column": ("channel", np.array([channel.column for channel in raw.channels])),
        "channel_mass": (
            "channel",
            np.array([np.nan if channel.mass is None else channel.mass for channel in raw.channels]),
            {"units": "u"},
        ),
    }
    if raw.sputter_time is not None:
        variables["sputter_time"] = ("point", raw.sputter_time, {"units": "s"})
    if raw.depth is not None:
        variables["depth"] = ("point", raw.depth, {"units": "m"})
    for number, (name, values) in enumerate(raw.columns.items()):
        variables[f"column_{number}"] = ("point", np.ascontiguousarray(values), {"name_in_file": name})
    attributes = {
        "content": CONTENT,
        "file": raw.file,
        "format": raw.format,
        "sha256": raw.sha256,
        "header": json.dumps(raw.header),
        "comments": json.dumps(raw.comments),
        "smoothing": json.dumps(raw.smoothing),
    }
    dataset = xarray.Dataset(variables, attrs=attributes)
    # Checksums, so that a damaged file cannot pass for a measurement.
    numbers = [str(name) for name, variable in dataset.variables.items() if variable.dtype.kind == "f"]
    write_dataset(dataset, target, encoding={name: {"fletcher32": True} for name in numbers})
    return target


def read(path: Path) -> RawProfile:
    """Read a profile that `write_raw_profile` wrote; `file`, `format` and `sha256` are those of the original export.

    Raises:
        InputError: the file is damaged or holds something else.
    """
    read_head(path)
    dataset = load_checked(path, remedy="write it again from the export")
    if dataset.attrs.get("content") != CONTENT:
        remedy = "give the export of the instrument or a file written by write_raw_profile"
        raise InputError("holds no raw depth profile", file=str(path), remedy=remedy)
    try:
        return _profile(dataset, file=str(path))
    except (KeyError, ValueError, TypeError, IndexError) as error:
        problem = f"lacks a part of the profile ({error})"
        raise InputError(problem, file=str(path), remedy="write it again from the export") from None


def _profile(dataset: xarray.Dataset, *, file: str) -> RawProfile:
    described = [dataset[f"channel_{part}"].values for part in ("name", "kind", "species", "column", "mass")]
    channels = tuple(_channel(*parts) for parts in zip(*described, strict=True))
    scales: dict[str, tuple[int, FloatArray]] = {}
    for number, (what, name) in enumerate((("time", "sputter_time"), ("depth", "depth")), start=1):
        if name in dataset:
            scales[what] = (number, cast(FloatArray, dataset[name].values))
    if not scales:
        raise KeyError("sputter_time")
    columns = {
        str(variable.attrs["name_in_file"]): cast(FloatArray, variable.values)
        for name, variable in dataset.data_vars.items()
        if str(name).startswith("column_")
    }
    return build_profile(
        file=str(dataset.attrs["file"]) or file,
        format=str(dataset.attrs["format"]),
        sha256=str(dataset.attrs["sha256"]),
        channels=channels,
        intensity=cast(FloatArray, dataset["intensity"].values),
        columns=columns,
        scales=scales,
        places=Places(),
        header=json.loads(dataset.attrs["header"]),
        comments=json.loads(dataset.attrs["comments"]),
        smoothing=json.loads(dataset.attrs["smoothing"]),
    )


def _channel(name: str, kind: str, species: str, column: int, mass: float) -> Channel:
    if kind not in get_args(ChannelKind):
        raise ValueError(f"unknown kind of channel {kind!r}")
    return Channel(
        name=str(name),
        kind=cast(ChannelKind, kind),
        species=parse_species(species) if species else None,
        mass=None if np.isnan(mass) else float(mass),
        column=int(column),
    )
