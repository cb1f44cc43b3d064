"""Files that a run writes: checked before the work, complete or absent after it."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ionscape.errors import InputError


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


@contextmanager
def atomic_output(path: str | Path) -> Generator[Path]:
    """Give a temporary path beside `path` to write to, and put it in place of `path` when the block ends well.

    The temporary name keeps the extension, from which writers infer the format. After an exception it is removed and
    an earlier file at `path` is untouched.
    """
    target = Path(path)
    # threads of one process may write the same file at the same time
    temporary = target.with_name(f".{target.stem}.{os.getpid()}-{threading.get_ident()}{target.suffix}")
    try:
        yield temporary
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
