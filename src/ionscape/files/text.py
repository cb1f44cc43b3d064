"""Texts of files, and the sentences about files that cannot be read as text."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from ionscape.errors import InputError, nearest_name
from ionscape.files.kinds import kind_of

CONTROL_BYTES = re.compile(rb"[\x00-\x08\x0e-\x1f]")
"""Bytes that no text holds."""
NEAR = 0.6  # resemblance of names below which a suggestion misleads


def read_bytes(path: Path, most: int = -1, *, remedy: str | None = None) -> bytes:
    """The first bytes of a file, all of them without a limit.

    Args:
        path: of the file.
        most: how many.
        remedy: where it is not there; the name of a file nearby by default.

    Raises:
        InputError: the file does not exist, is a folder, or may not be read.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(most)
    except FileNotFoundError:
        missing = missing_file(path) if remedy is None else InputError("does not exist", file=str(path), remedy=remedy)
        raise missing from None
    except (OSError, ValueError) as error:
        if path.is_dir():
            raise InputError("is a folder", file=str(path), remedy="give the file in it") from None
        reason = getattr(error, "strerror", None) or str(error)
        remedy = remedy or "check its name and permissions"
        raise InputError(f"cannot be read ({reason})", file=str(path), remedy=remedy) from None


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, with or without byte order mark.

    Raises:
        InputError: the file does not exist, is a folder, may not be read, or is not UTF-8.
    """
    content = read_bytes(path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if (kind := kind_of(path)) is not None:
            raise kind.error(str(path)) from None
        problem = f"is not a text in UTF-8 (byte {error.start} is 0x{error.object[error.start]:02x})"
        raise InputError(problem, file=str(path), remedy="save it in UTF-8") from None


def read_named(path: Path, *, file: str | None = None, key: str | None = None) -> str:
    """The same of a file that another file names: the sentence starts with that file and its key.

    Raises:
        InputError: as of `read_text`.
    """
    try:
        return read_text(path)
    except InputError as error:
        raise error.replace(problem=f"{error.problem} ({path})", file=file, key=key) from None


def text_encoding(head: bytes) -> str | None:
    """Encoding of a text by its first bytes: UTF-8, UTF-16 with its mark, or else Latin-1; None for binary data."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if CONTROL_BYTES.search(head):
        return None
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8-sig"


def missing_file(path: Path) -> InputError:
    """The sentence about a file that does not exist; it names one of the same kind if that one is really near."""
    neighbours = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    kind = [name for name in neighbours if Path(name).suffix.lower() == path.suffix.lower()]
    nearest = nearest_name(path.name, kind, least=NEAR)
    remedy = f'the nearest file there is "{nearest}"' if nearest else "check its folder and name"
    return InputError("does not exist", file=str(path), remedy=remedy)
