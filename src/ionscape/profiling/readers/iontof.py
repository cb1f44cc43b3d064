"""Binary files of ION-TOF instruments, .ita and .itm, read by pySPM (optional extra `ita`).

A .ita file holds an image per mass interval and scan; the sum over an image is a data point of the profile. A .itm
file holds single events, from which pySPM gives no profile: SurfaceLab has to make a .ita file or an export of it.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np

from ionscape.errors import InputError
from ionscape.optional import require_extra
from ionscape.profiling.raw import Channel, RawProfile

from .build import Places, build_profile, distinct_channels, make_channel
from .text import file_hash

NAME = "iontof"
DESCRIPTION = "ION-TOF .ita file through pySPM"
EXTENSIONS = (".ita", ".itm")

SIGNATURE = b"ITStrF01"
EXPORT = "export the profile from SurfaceLab as text"


def recognises(path: Path, head: bytes) -> bool:
    """Whether a file is one of ION-TOF's by its signature or extension.

    Args:
        path: of the file.
        head: its first bytes.
    """
    return head.startswith(SIGNATURE) or path.suffix.lower() in EXTENSIONS


def read(path: Path) -> RawProfile:
    """Read the depth profile of a .ita file.

    Raises:
        InputError: pySPM is not installed or cannot read the file, or the file holds no profile.
    """
    if path.suffix.lower() == ".itm":
        remedy = f"reconstruct it to a .ita file or {EXPORT}"
        raise InputError("holds single events and no profile", file=str(path), remedy=remedy)
    require_extra("ita", file=str(path), alternative=EXPORT)
    library: Any = importlib.import_module("pySPM")
    try:
        # pySPM states no errors of its own: a file that it does not know ends in whatever its code meets.
        document = library.ITA(str(path))
        masses, scans, sputter_time = document.get_masses(), int(document.Nscan), _sputter_time(document)
        images = [_profile_of(document, interval, scans) for interval in range(len(masses))]
    except Exception as error:  # noqa: BLE001
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(f"cannot be read by pySPM ({reason})", file=str(path), remedy=EXPORT) from None
    if scans < 1 or not masses:
        raise InputError("holds no depth profile", file=str(path), remedy=EXPORT)
    return build_profile(
        file=str(path),
        format=NAME,
        sha256=file_hash(path),
        channels=distinct_channels(
            [_channel(entry, number) for number, entry in enumerate(masses, 1)], file=str(path), line=1
        ),
        intensity=np.array(images),
        columns={"Data Point #": np.arange(1.0, scans + 1.0)},
        # The file states the total alone; each scan stands at the start of its cycle, as in SurfaceLab's exports.
        scales={"time": (1, np.arange(float(scans)) * (sputter_time / scans))},
        places=Places(),
    )


def _sputter_time(document: Any) -> float:
    """Total sputter time [s]."""
    return float(document.get_value("Analysis.SputterTime")["float"])


def _profile_of(document: Any, interval: int, scans: int) -> list[float]:
    return [float(np.sum(document.get_image(interval, scan))) for scan in range(scans)]


def _channel(entry: dict[str, Any], column: int) -> Channel:
    name = str(entry.get("assign") or entry.get("desc") or f"mass interval {column}")
    mass = float(entry.get("cmass") or 0.0)
    return make_channel(name, column=column, mass=mass if mass > 0.0 else None)
