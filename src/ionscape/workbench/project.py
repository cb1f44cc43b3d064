"""A project: a folder with the files of the command line, saved at every change; knows nothing of web pages."""

from __future__ import annotations

import json
import os
import re
import threading
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, cast

from ionscape.errors import InputError
from ionscape.files.writing import write_bytes, write_text

from .document import Document
from .landscapes import LANDSCAPES_FILE, hops_problems
from .reading import Looked, look_at, series_problems

FORMAT = "ionscape project 1"
DOCUMENT_FILE = "analysis.toml"
SERIES_FILE = "series.toml"
FOLDERS = ("uploads", "results", "jobs")
LARGEST_UPLOAD = 512 * 2**20
"""Bytes that an uploaded file may have."""
LONGEST_NAME = 100
"""Characters of the name of an uploaded file without its extension."""
LONGEST_BYTES = 180
"""Bytes of the whole name: file systems count bytes, most take 255, and temporary names are longer."""
LONGEST_EXTENSION = 12
_RESERVED = {
    "con", "prn", "aux", "nul", "conin_", "conout_",
    *(f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"),
}  # fmt: skip
"""Names that Windows takes for devices, with any extension."""

Subscriber = Callable[[str], None]


def beginning_file(folder: Path, identifier: str) -> Path:
    """The fit that a job goes on from, as it was before the job changed it."""
    return folder / "jobs" / f"{identifier}.beginning.nc"


def open_project(folder: str | Path) -> Project:
    """Open a project, which is made if it is not there; only one workbench at a time may have it open.

    Args:
        folder: of the project; an empty or absent one becomes a new project.

    Raises:
        InputError: it cannot be made or written to, holds something else, is open already, or a file in it is damaged.
    """
    from filelock import FileLock, Timeout

    try:
        place = Path(folder).expanduser().resolve()
        with suppress(FileNotFoundError):
            os.lstat(place)
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"is no name for a folder ({reason})", value=str(folder),
                         remedy="choose another folder for the project") from None  # fmt: skip
    if place.exists() and not place.is_dir():
        raise InputError("is a file, not a folder", value=str(folder), remedy="choose another folder for the project")
    if place.is_dir() and any(place.iterdir()) and not (place / "project.json").is_file():
        known = (place / DOCUMENT_FILE).is_file() or (place / SERIES_FILE).is_file()
        if not known:
            raise InputError("is a folder with other files in it, not a project", value=str(folder),
                             remedy="choose an empty folder, or the name of a new one")  # fmt: skip
    try:
        place.mkdir(parents=True, exist_ok=True)
        for name in FOLDERS:
            (place / name).mkdir(exist_ok=True)
    except OSError as error:
        raise InputError(f"the folder cannot be made ({error.strerror})", value=str(folder),
                         remedy="choose another folder for the project") from None  # fmt: skip
    lock = FileLock(place / ".lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise InputError("is open in another workbench already", value=str(folder),
                         remedy="use that one, or end it first") from None  # fmt: skip
    except OSError as error:
        raise InputError(f"the folder takes no files ({error.strerror})", value=str(folder),
                         remedy="change its permissions or choose another folder") from None  # fmt: skip
    try:
        return Project(place, lock)
    except BaseException:
        lock.release()
        raise


class Project:
    """An open project; `open_project` makes it. Its methods may be called from any thread.

    Attributes:
        folder: absolute path.
        document: `analysis.toml`: experiment, measurement and fit.
        series: `series.toml`: a series of glasses.
        landscapes: `landscapes.toml`: what is calculated of their landscapes.
    """

    def __init__(self, folder: Path, lock: Any) -> None:
        """Read the files of the folder."""
        self.folder = folder
        self._lock_file = lock
        self._lock = threading.RLock()
        self._subscribers: list[Subscriber] = []
        self._about = self._read_about()
        self.document = Document(folder / DOCUMENT_FILE, changed=lambda: self.changed("document"))
        self.series = Document(folder / SERIES_FILE, changed=lambda: self.changed("series"))
        self.landscapes = Document(folder / LANDSCAPES_FILE, changed=lambda: self.changed("landscapes"))

    @property
    def title(self) -> str:
        """That of the document, or the name of the folder."""
        title = self.document.get("title")
        return title if isinstance(title, str) and title else self.folder.name

    @property
    def assumed(self) -> frozenset[str]:
        """Paths of values of the document that the workbench has assumed, and nobody has changed or confirmed."""
        with self._lock:
            assumed = _assumed_values(self._about)
        return _still_assumed(assumed, self.document)

    def assume(self, values: Mapping[str, Any]) -> None:
        """Remember that values, which are written into the document now, are assumed.

        Args:
            values: texts or numbers by path.
        """
        with self._lock:
            self._write_about({**self._about, "assumed": {**_assumed_values(self._about), **values}})

    def confirm(self, *paths: str) -> None:
        """Let values that were assumed be ones that are known."""
        with self._lock:
            kept = {known: value for known, value in _assumed_values(self._about).items() if known not in paths}
            self._write_about({**self._about, "assumed": kept})
        self.changed("document")

    def forget_assumed(self, *, kept: tuple[str, ...]) -> None:
        """Forget what was assumed, as other values come in its place, but for paths that begin with one of `kept`."""
        with self._lock:
            values = {path: value for path, value in _assumed_values(self._about).items() if path.startswith(kept)}
            self._write_about({**self._about, "assumed": values})

    def close(self) -> None:
        """Let others open the project."""
        self._lock_file.release()

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Call a function after every change, from the thread that made it.

        Args:
            callback: gets what changed: "document", "series", "landscapes", "uploads", "results" or "jobs".

        Returns:
            A function that ends it.
        """
        with self._lock:
            self._subscribers.append(callback)

        def end() -> None:
            with self._lock:
                if callback in self._subscribers:
                    self._subscribers.remove(callback)

        return end

    def changed(self, what: str) -> None:
        """Tell the subscribers that something changed."""
        with self._lock:
            subscribers = list(self._subscribers)
        for subscriber in subscribers:
            subscriber(what)

    def add_upload(self, name: str, data: bytes | Path, *, limit: int = LARGEST_UPLOAD) -> Path:
        """Keep an uploaded file as it is.

        Args:
            name: as the browser gives it; what could lead out of the folder is removed from it.
            data: content, or a file to copy.
            limit: most bytes that are accepted.

        Returns:
            Where it is, in `uploads`. A file of another content is never replaced: the new one gets a number.

        Raises:
            InputError: it is empty, too large or cannot be read.
        """
        size = len(data) if isinstance(data, bytes) else data.stat().st_size
        shown = safe_name(name)
        if size > limit:
            raise InputError(f"is too large ({size / 2**20:.4g} MiB)", file=shown,
                             bound=f"at most {limit / 2**20:.4g} MiB are taken",
                             remedy="leave out what is not needed, or start with a larger --upload-limit")  # fmt: skip
        if size == 0:
            raise InputError("is empty", file=shown, remedy="export it again")
        content = data if isinstance(data, bytes) else data.read_bytes()
        with self._lock:
            folder = self.folder / "uploads"
            path = Path(shown)
            for number in range(1, 10_000):
                target = folder / (shown if number == 1 else f"{path.stem}-{number}{path.suffix}")
                if not os.path.lexists(target):
                    break
                if _holds(target, content) and self._is_own(target):
                    return target
            else:
                raise InputError("is there too often", file=shown, remedy="rename the file")
            self.inside(Path("uploads") / target.name)
            write_bytes(target, content)
        self.changed("uploads")
        return target

    def remove_upload(self, path: Path) -> None:
        """Remove an uploaded file that no document names.

        Raises:
            InputError: it is none, or in use.
        """
        target = self.inside(Path("uploads") / path.name)
        if not target.is_file():
            raise InputError("is not there any more", file=path.name)
        if self.in_use(target):
            raise InputError("is in use", file=path.name, remedy="take it out of the measurement or the series first")
        target.unlink()
        self.changed("uploads")

    def in_use(self, path: Path) -> bool:
        """Whether a document names an uploaded file."""
        return any(self.relative(path) in document.text for document in (self.document, self.series))

    def same_upload(self, content: bytes) -> Path | None:
        """An uploaded file with this content, whatever its name; None if there is none."""
        return next((path for path in self.uploads() if _holds(path, content)), None)

    def uploads(self) -> list[Path]:
        """The uploaded files by name; what `foreign` names is left out."""
        return self._entries("uploads", "*")

    def documents(self) -> list[Path]:
        """The documents that are there."""
        all_three = (self.document, self.series, self.landscapes)
        return [document.path for document in all_three if document.path.is_file()]

    def foreign(self) -> dict[str, str]:
        """What lies in the folders of the project and is not used: why, by its name relative to the folder."""
        found: dict[str, str] = {}
        folders = [self.folder / name for name in FOLDERS[:2]]
        linked = [folder for folder in folders if folder.is_symlink()]
        for path in (*linked, *_walked(folder for folder in folders if folder not in linked)):
            problem = self._problem_of(path)
            if problem is not None:
                name = path.relative_to(self.folder).as_posix()
                found[name.encode("utf-8", "replace").decode()] = problem
        return found

    def relative(self, path: Path) -> str:
        """A path as it stands in the document: relative to the folder, with forward slashes.

        Raises:
            InputError: it lies outside.
        """
        return self.inside(path).relative_to(self.folder).as_posix()

    def inside(self, name: str | Path) -> Path:
        """The absolute path of something in the project.

        Args:
            name: relative to the folder.

        Raises:
            InputError: it lies outside.
        """
        parts = str(name)
        try:
            target = (self.folder / parts).resolve()
        except (OSError, RuntimeError, ValueError):  # a loop of links, or a name that no file can have
            target = self.folder.parent
        if not target.is_relative_to(self.folder):
            raise InputError("lies outside of the project", value=parts, remedy="name a file of the project")
        return target

    def result_path(self, name: str) -> Path:
        """Where a result lies or is to be written, such as "fit.nc" or "simulations/0001.nc"; its folder is made.

        Raises:
            InputError: it lies outside of the folder of the results.
        """
        folder = self.folder / "results"
        target = self.inside(Path("results") / name)
        if not target.is_relative_to(folder) or target == folder:
            raise InputError("lies outside of the project", value=name, remedy="name a result of the project")
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    def results(self, pattern: str = "**/*") -> list[Path]:
        """The results that are there, by name; those being written are left out."""
        return self._entries("results", pattern)

    def result(self, name: str) -> Path | None:
        """A result that is there; None if it is not, or lies elsewhere."""
        path = self.folder / "results" / name
        return path if self._is_own(path) else None

    def look(self) -> Looked:
        """What is wrong with the document, as the command line would say it, and the experiment that it describes.

        What shows only when files are read (exports, crater scans) comes from `ionscape.workbench.reading`.
        """
        return look_at(self.document.data, folder=self.folder)

    def series_problem(self) -> dict[str, InputError]:
        """What is wrong with the series of glasses: errors by key; empty if it is not begun."""
        return series_problems(self.series.text, folder=self.folder)

    def landscapes_problem(self) -> dict[str, InputError]:
        """What is wrong with what is asked of the landscapes: errors by key."""
        return hops_problems(self.series.text, self.landscapes.data, folder=self.folder)

    def _entries(self, folder: str, pattern: str) -> list[Path]:
        found = (self.folder / folder).glob(pattern)
        return sorted(path for path in found if not path.name.startswith(".") and self._is_own(path))

    def _is_own(self, path: Path) -> bool:
        """Whether a path is that of a regular file in the project, links followed."""
        try:
            return path.is_file() and self._problem_of(path) is None
        except (OSError, ValueError):
            return False

    def _problem_of(self, path: Path) -> str | None:
        """Why something in the folder is not used; None if it is, or is not there."""
        try:
            str(path).encode("utf-8")
            if not os.path.lexists(path) or (path.is_dir() and not path.is_symlink()):
                return None
            target = path.resolve()
            if not target.is_relative_to(self.folder):
                return "a link that leads out of the project"
            if not target.exists():
                return "a link that leads nowhere"
            return None if target.is_file() or target.is_dir() else "no regular file"
        except UnicodeEncodeError:
            return "a name that is no text"
        except (OSError, RuntimeError, ValueError):
            return "a link that leads nowhere"

    def _read_about(self) -> dict[str, Any]:
        path = self.folder / "project.json"
        if path.is_file():
            try:
                about = json.loads(path.read_text(encoding="utf-8"))
                if about["format"] == FORMAT and about["created"]:
                    return about
            except (OSError, ValueError, KeyError, TypeError):
                pass
            raise InputError("is not the description of a project that this version can read", file=str(path),
                             remedy="use a newer version, or remove this file")  # fmt: skip
        about = {
            "format": FORMAT,
            "title": self.folder.name,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        self._write_about(about)
        return about

    def _write_about(self, about: dict[str, Any]) -> None:
        write_text(self.folder / "project.json", json.dumps(about, indent=2) + "\n")
        self._about = about


def assumed_in(folder: Path) -> frozenset[str]:
    """`Project.assumed` of a project that another process has open."""
    try:
        about = json.loads((folder / "project.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return frozenset()
    return _still_assumed(_assumed_values(about), Document(folder / DOCUMENT_FILE, changed=lambda: None))


def _still_assumed(values: Mapping[str, Any], document: Document) -> frozenset[str]:
    return frozenset(path for path, value in values.items() if document.get(path) == value)


def _assumed_values(about: Mapping[str, Any]) -> dict[str, Any]:
    values = about.get("assumed")
    return dict(cast(Mapping[str, Any], values)) if isinstance(values, Mapping) else {}


def safe_name(name: str) -> str:
    """A name for a file that cannot lead anywhere else, and that every system takes.

    Without folders, control characters, what a command line would take for an option, and a leading dot; shortened.
    """
    last = PureWindowsPath(PurePosixPath(unicodedata.normalize("NFC", name)).name).name
    kept = re.sub(r"[^\w .+()=,-]", "_", last).strip(" .")
    stem, dot, extension = kept.rpartition(".")
    if not dot:
        stem, extension = kept, ""
    stem = re.sub(r"^-", "_", stem.strip(" .")) or "upload"
    if stem.partition(".")[0].rstrip().lower() in _RESERVED:
        stem = f"_{stem}"
    extension = extension[:LONGEST_EXTENSION].rstrip(" ")
    ending = f".{extension}" if extension else ""
    stem = _cut(stem[: LONGEST_NAME - len(extension)], LONGEST_BYTES - len(ending.encode()))
    return f"{stem}{ending}"


def _cut(text: str, most: int) -> str:
    """As much of a text as has a number of bytes, at least one character of it."""
    return text.encode()[:most].decode(errors="ignore").rstrip(" .")


def _holds(path: Path, content: bytes) -> bool:
    """Whether a file has a content; False for one that cannot be read."""
    try:
        return path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content
    except OSError:
        return False


def _walked(folders: Iterable[Path]) -> Iterator[Path]:
    """All that lies in folders and those within them; links are not followed."""
    for folder in folders:
        for place, inner, names in os.walk(folder):
            yield from (Path(place) / name for name in sorted([*inner, *names]))
