"""Files of results: checked before the work, complete or absent after it."""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import re
import tempfile
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ionscape.errors import InputError

_FORMULA = re.compile(r"(^|[;\t\r\n])(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r])")
_TEMPORARY = re.compile(r"\..*\.(?P<place>[0-9a-f]{8})-(?P<process>[0-9]+)-[0-9]+(\.[^.]*)?")
_CLEARED: set[Path] = set()
STEM_KEPT = 60
"""Bytes of a name that its temporary one begins with."""


def check_output(
    path: str | Path, *, extensions: Sequence[str], key: str | None = None, overwrite: bool = True
) -> Path:
    """Return `path` as a `Path` once it is certain that a file of that kind can be written there.

    Raises:
        InputError: the extension is none of `extensions` (each with its dot, lower case), the folder does not exist or
            cannot be written to, the path is a folder, or the file exists and `overwrite` is false.
    """
    target = Path(path)
    if target.suffix.lower() not in extensions:
        raise InputError(
            f"has the unknown extension {target.suffix!r}" if target.suffix else "has no extension",
            key=key,
            value=str(target),
            remedy=f"end the name with {' or '.join(extensions)}",
        )
    folder = target.parent
    if not folder.is_dir():
        raise InputError(
            f"the folder {str(folder)!r} does not exist",
            key=key,
            value=str(target),
            remedy="create the folder or choose another",
        )
    try:
        with suppress(FileNotFoundError):
            os.lstat(target)
    except (OSError, ValueError) as error:  # too long for the file system, which counts bytes, or with a null
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"is no name for a file ({reason})", key=key, value=str(target),
                         remedy="choose another, shorter name") from None  # fmt: skip
    if target.is_dir():
        raise InputError("is a folder, not a file", key=key, value=str(target), remedy="add a file name")
    if not os.access(folder, os.W_OK) or (target.exists() and not os.access(target, os.W_OK)):
        raise InputError(
            "cannot be written to", key=key, value=str(target), remedy="change the permissions or choose another folder"
        )
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"the folder takes no file ({reason})", key=key, value=str(target), remedy="choose another folder"
        ) from None
    if target.exists() and not overwrite:
        raise InputError(
            "exists already", key=key, value=str(target), remedy="choose another name or allow it with --overwrite"
        )
    return target


def write_bytes(path: str | Path, content: bytes, *, durable: bool = False) -> None:
    """Write a file, complete or not at all; what is written is whole in memory before the disk is asked for it.

    Args:
        path: of the file; an earlier one is replaced.
        content: of the file.
        durable: see `atomic_output`.

    Raises:
        InputError: the disk does not take it; an earlier file is untouched.
    """
    with atomic_output(path, durable=durable) as temporary:
        temporary.write_bytes(content)


def write_text(path: str | Path, text: str, *, durable: bool = False) -> None:
    """Write a text in UTF-8, complete or not at all; raises and arguments as in `write_bytes`.

    What UTF-8 cannot say, such as a name of a file in another encoding, is written as the escape of JSON and Python.
    """
    write_bytes(path, text.encode("utf-8", "backslashreplace"), durable=durable)


@contextmanager
def atomic_output(path: str | Path, *, durable: bool = False) -> Generator[Path]:
    """Give a temporary path beside `path` to write to, and put it in place of `path` when the block ends well.

    The temporary name is hidden and keeps the extension. After an exception it is removed and an earlier file at
    `path` is untouched. What a killed process left is removed by the next one that writes into the folder.

    Args:
        path: of the file.
        durable: the content reaches the disk before the name does, so that it outlives a power cut too; takes some
            milliseconds.

    Raises:
        InputError: in place of an OSError in the block or after it, such as a disk that is full.
    """
    target = Path(path)
    remove_leftovers(target.parent)
    # threads of one process may write the same file at the same time
    maker = f"{_place()}-{os.getpid()}-{threading.get_ident()}"
    # a long name would be too long with what is added to it
    stem = target.stem.encode("utf-8", "surrogateescape")[:STEM_KEPT].decode("utf-8", "ignore")
    temporary = target.with_name(f".{stem}.{maker}{target.suffix}")
    try:
        yield temporary
        if durable:
            with temporary.open("r+b") as file:
                os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise InputError(
            f"cannot be written ({reason})", file=str(path), remedy="make room there, or choose another folder"
        ) from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def csv_cell(text: str) -> str:
    """A text as it may stand in a CSV file: none that a spreadsheet takes for a formula, which could run commands.

    Names come from files of others. An apostrophe before `=`, `+`, `-`, `@` or a tab makes them text again, also behind
    a semicolon or a tab, at which spreadsheets of some languages divide a line. Numbers stay as they are.

    >>> csv_cell("=1+1"), csv_cell("Rb (1/m^3)"), csv_cell("-1.5e-20")
    ("'=1+1", 'Rb (1/m^3)', '-1.5e-20')
    """
    try:
        float(text)
    except ValueError:
        return _FORMULA.sub(r"\1'", text)
    return text


def remove_leftovers(folder: Path) -> None:
    """Remove temporary files of `atomic_output` whose processes were killed; once in each process and folder."""
    folder = folder.absolute()
    # elsewhere there is no harmless way to ask whether a process is alive
    if folder in _CLEARED or os.name != "posix":
        return
    _CLEARED.add(folder)
    try:
        with os.scandir(folder) as entries:
            found = [match for entry in entries if (match := _TEMPORARY.fullmatch(entry.name))]
    except OSError:
        return  # the writer will say it better
    for match in found:
        # of a process on another machine that shares the folder nothing is known
        if match["place"] == _place() and not _alive(int(match["process"])):
            with suppress(OSError):
                (folder / match[0]).unlink()


@functools.cache
def _place() -> str:
    """Tells apart machines, and containers of one machine, that number their processes each for itself."""
    namespace = Path("/proc/self/ns/pid")
    inside = str(namespace.readlink()) if namespace.is_symlink() else ""
    return hashlib.sha256(f"{platform.node()} {inside}".encode()).hexdigest()[:8]


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass  # of another user
    return True
