"""Files of other programs that are known, yet not read: each is named, with the way out."""

from __future__ import annotations

import re
from pathlib import Path

from ionscape.errors import InputError
from ionscape.files.columns import row_cells
from ionscape.files.kinds import kind_of_file

from .text import decoded_head

NEWER_IONTOF = (".itax", ".itmx", ".ita7", ".itm7")
EXPORT = "export the profile from SurfaceLab as text"
ONE_AXIS = (
    "interpolate all ions to one time axis, multiply the rates by the counting time of a data point, and save a table"
    ' with a header such as "sputter time (s), 7Li, 85Rb"'
)

_SECTION = re.compile(r"\*{3}\s*[A-Z][A-Z /_-]*\s*\*{3}\s*[;,\t]*\s*$")
_TIME = re.compile(r"(?:sputter\s*)?time\s*[\[(]", re.IGNORECASE)
_LINES = 200


def refuse_unread(path: Path, head: bytes) -> None:
    """Refuse a file that is known but not read.

    Args:
        path: of the file.
        head: its first bytes.

    Raises:
        InputError: what it is, and what to do.
    """
    if path.suffix.lower() in NEWER_IONTOF:
        raise InputError(f"is a measurement of SurfaceLab 7 ({path.suffix.lower()}), which is not read",
                         file=str(path), remedy=EXPORT)  # fmt: skip
    kind = kind_of_file(path, head)
    if kind is not None:
        raise kind.error(str(path))
    if _is_cameca(head):
        raise InputError(
            "is a Cameca depth profile, which is not read: each ion has its own times, and intensities are rates",
            file=str(path), remedy=ONE_AXIS,
        )  # fmt: skip


def _is_cameca(head: bytes) -> bool:
    """Whether a text has the sections of a Cameca export or, without these, a time in front of every rate."""
    lines = decoded_head(head[: 1 << 16]).splitlines()[:_LINES]
    sections = [line.strip() for line in lines if _SECTION.match(line.strip())]
    if any("DATA" in line for line in sections):
        return True
    return any(_has_own_times(line) for line in lines)


def _has_own_times(line: str) -> bool:
    cells = [cell.lower() for cell in row_cells(line, next((sign for sign in ";\t," if sign in line), None))]
    times = [cell for cell in cells if _TIME.match(cell)]
    return len(times) > 1 and len(set(times)) == 1 and any("/s" in cell or "cps" in cell for cell in cells)
