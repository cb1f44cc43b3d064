"""Texts of files, and the sentences about files that cannot be read as text."""

from __future__ import annotations

from pathlib import Path

from ionscape.errors import InputError, nearest_name
from ionscape.files.kinds import kind_of

NEAR = 0.6  # resemblance of names below which a suggestion misleads


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, with or without byte order mark.

    Raises:
        InputError: the file does not exist, is a folder, may not be read, or is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise missing_file(path) from None
    except IsADirectoryError:
        raise InputError("is a folder", file=str(path), remedy="give the file in it") from None
    except UnicodeDecodeError as error:
        if (kind := kind_of(path)) is not None:
            raise kind.error(str(path)) from None
        problem = f"is not a text in UTF-8 (byte {error.start} is 0x{error.object[error.start]:02x})"
        raise InputError(problem, file=str(path), remedy="save it in UTF-8") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        remedy = "check its name and permissions"
        raise InputError(f"cannot be read ({reason})", file=str(path), remedy=remedy) from None


def missing_file(path: Path) -> InputError:
    """The sentence about a file that does not exist; it names one of the same kind if that one is really near."""
    neighbours = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    kind = [name for name in neighbours if Path(name).suffix.lower() == path.suffix.lower()]
    nearest = nearest_name(path.name, kind, least=NEAR)
    remedy = f'the nearest file there is "{nearest}"' if nearest else "check its folder and name"
    return InputError("does not exist", file=str(path), remedy=remedy)
