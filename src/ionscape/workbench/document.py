"""A TOML file that keeps its comments and order while single values of it change, saved at every change."""

from __future__ import annotations

import copy
import threading
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from ionscape.errors import InputError
from ionscape.files.description import step
from ionscape.files.text import read_text
from ionscape.files.toml import parse_toml
from ionscape.files.writing import write_text
from ionscape.wording import Part, join_path, split_path

UNDO_STEPS = 200
MOST_INLINE = 5
"""Entries of a table that is still written within braces."""

Maker = Callable[[Any, tuple[Part, ...], Any], Any]
"""Makes a value for a place in a document: the value, the parts of its path, the container it comes into."""


def plain_copy(value: Any, _parts: tuple[Part, ...], _container: Any) -> Any:
    """A value of plain data, which is the same everywhere."""
    return copy.deepcopy(value)


class Document:
    """A TOML file of a project. Its methods may be called from any thread.

    Attributes:
        path: of the file; it appears with the first change.
        revision: grows by one with every change.
    """

    def __init__(self, path: Path, *, changed: Callable[[], None]) -> None:
        """Read the file if it is there.

        Raises:
            InputError: it is not TOML, or no file.
        """
        if path.exists() and not path.is_file():
            raise InputError("is not a regular file", file=str(path), remedy="move it away")
        self.path = path
        self.revision = 0
        self._changed = changed
        self._lock = threading.RLock()
        self._earlier: list[str] = []
        self._text = read_text(path) if path.exists() else ""
        self._data = parse_toml(self._text, file=path.name)
        self._stamp = self._stamp_of_file()

    @property
    def text(self) -> str:
        """As it stands in the file."""
        return self._text

    @property
    def data(self) -> dict[str, Any]:
        """A copy as plain data."""
        return copy.deepcopy(self._data)

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._earlier)

    def get(self, path: str, default: Any = None) -> Any:
        """The value at a path, as plain data; `default` if there is none."""
        node: Any = self._data
        for part in split_path(path):
            node = step(node, part)
        return default if node is None else copy.deepcopy(node)

    def set(self, path: str, value: Any) -> None:
        """Write a value; None removes it, and tables that become empty by that.

        Args:
            path: as in the package's messages; tables on the way are made.
            value: text, number, boolean, list, or table.

        Raises:
            InputError: the path leads through something that is no table, or to a list entry that does not exist.
        """
        self.set_many({path: value})

    def set_many(self, values: Mapping[str, Any], *, follows: bool = False) -> None:
        """Write several values as one change; see `set`.

        Args:
            values: by path.
            follows: part of the change before it, with which it is taken back.
        """

        def edit(document: Any, make: Maker) -> None:
            for path, value in values.items():
                set_at(document, split_path(path), value, make)

        self._edit(edit, remember=not follows)

    def insert(self, path: str, index: int, table: Any) -> None:
        """Put an entry into a list, which is made if it is not there; `index` as in Python's `list.insert`."""
        parts = split_path(path)

        def edit(document: Any, make: Maker) -> None:
            entries = _list_at(document, parts, make)
            entries.insert(index, make(table, (*parts, index), entries))

        self._edit(edit)

    def move(self, path: str, index: int, to: int) -> None:
        """Move an entry of a list to another place, counted without it."""

        def edit(document: Any, make: Maker) -> None:
            entries = _list_at(document, split_path(path), make)
            if not 0 <= index < len(entries):
                raise InputError("does not exist", key=f"{path}[{index}]", remedy="name an entry of the list")
            entries.insert(to, entries.pop(index))

        self._edit(edit)

    def replace(self, text: str) -> None:
        """Write another text.

        Raises:
            InputError: it is not TOML; nothing is changed.
        """
        parse_toml(text, file=self.path.name)
        with self._lock:
            self._write(text)
        self._changed()

    def undo(self) -> bool:
        """Take back the last change; False if there is none."""
        with self._lock:
            if not self._earlier:
                return False
            text = self._earlier.pop()
            self._write(text, remember=False)
        self._changed()
        return True

    def refresh(self) -> bool:
        """Read the file again if another program has changed it; True if so.

        Raises:
            InputError: it is no longer TOML.
        """
        with self._lock:
            stamp = self._stamp_of_file()
            if stamp in (None, self._stamp):
                return False
            text = read_text(self.path)
            data = parse_toml(text, file=self.path.name)
            self._stamp = stamp
            if text == self._text:
                return False
            self._remember(self._text)
            self._text, self._data = text, data
            self.revision += 1
        self._changed()
        return True

    def _edit(self, edit: Callable[[Any, Maker], None], *, remember: bool = True) -> None:
        """Apply a change to the text and to the plain data, which must agree afterwards."""
        import tomlkit
        from tomlkit.exceptions import TOMLKitError

        with self._lock:
            self.refresh()
            plain = copy.deepcopy(self._data)
            edit(plain, plain_copy)
            if plain == self._data:
                return
            try:
                document = tomlkit.parse(self._text)
                edit(document, _styled)
                text = tomlkit.dumps(document)
                agrees = tomllib.loads(text) == plain
            except (TOMLKitError, ValueError, TypeError, LookupError, AttributeError):
                text, agrees = "", False
            if not agrees:
                # what matters is the values; comments are lost only where the library cannot place them
                text = tomlkit.dumps(plain)
            self._write(text, remember=remember)
        self._changed()

    def _write(self, text: str, *, remember: bool = True) -> None:
        data = parse_toml(text, file=self.path.name)
        write_text(self.path, text)
        if remember:
            self._remember(self._text)
        self._text, self._data = text, data
        self._stamp = self._stamp_of_file()
        self.revision += 1

    def _remember(self, text: str) -> None:
        self._earlier.append(text)
        del self._earlier[:-UNDO_STEPS]

    def _stamp_of_file(self) -> tuple[int, int] | None:
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size


def set_at(root: Any, parts: tuple[Part, ...], value: Any, make: Maker = plain_copy) -> None:
    """Write or remove the value at a path of plain or styled data; see `Document.set`."""
    if not parts:
        raise InputError("is no path of a value", value="", remedy="name a key")
    if value is None:
        _remove(root, parts)
        return
    node: Any = root
    for depth, part in enumerate(parts[:-1]):
        inner = step(node, part)
        if inner is None:
            if isinstance(part, int) or not isinstance(node, Mapping):
                raise _no_place(parts[: depth + 1])
            cast(Any, node)[part] = make({}, parts[: depth + 1], node)
            inner = cast(Any, node)[part]
        node = inner
    last = parts[-1]
    fits = (
        isinstance(node, Mapping) if isinstance(last, str) else isinstance(node, list) and last < len(cast(Any, node))
    )
    if not fits:
        raise _no_place(parts)
    cast(Any, node)[last] = make(value, parts, node)


def _remove(root: Any, parts: tuple[Part, ...]) -> None:
    """Remove a value, and the tables around it that become empty."""
    nodes = [root]
    for part in parts[:-1]:
        node = step(nodes[-1], part)
        if node is None:
            return
        nodes.append(node)
    for depth in reversed(range(len(parts))):
        node, part = nodes[depth], parts[depth]
        if step(node, part) is None:
            return
        del node[part]
        if len(node) or depth == 0 or isinstance(parts[depth - 1], int):
            return


def _list_at(root: Any, parts: tuple[Part, ...], make: Maker) -> Any:
    """The list at a path, which is made if it is not there."""
    node = root
    for part in parts:
        node = step(node, part)
        if node is None:
            # a list of tables is made by its first entry, which cannot be told from an empty list yet
            set_at(root, parts, [], make)
            return _list_at(root, parts, make)
    if not isinstance(node, list):
        raise _no_place(parts)
    return cast(Any, node)


def _no_place(parts: Sequence[Part]) -> InputError:
    return InputError("has no place in the document", key=join_path(parts), remedy="name an existing table or list")


def _styled(value: Any, parts: tuple[Part, ...], container: Any) -> Any:
    """A value as people write it: stages and tables of few levels with headers, small tables in braces."""
    import tomlkit
    from tomlkit.items import AoT, InlineTable, Table

    if isinstance(value, Mapping):
        entries = cast(Mapping[str, Any], value)
        old = None if isinstance(parts[-1], int) else step(container, parts[-1])
        inline = isinstance(container, InlineTable) or isinstance(old, InlineTable)
        inline = inline or (isinstance(parts[-1], int) and not isinstance(container, AoT))
        # [ions.Li.diffusion] rather than a long line in braces
        headed = (parts[0] == "ions" and len(parts) <= 3) or (parts[0] == "sites" and len(parts) <= 2)
        replaces = isinstance(old, Table) or isinstance(container, AoT)
        if len(parts) > 1 and not headed and not replaces:
            inline = inline or (0 < len(entries) <= MOST_INLINE and _is_flat(entries))
        made: Any = tomlkit.inline_table() if inline else tomlkit.table()
        for name, entry in entries.items():
            made[name] = _styled(entry, (*parts, name), made)
        return made
    if isinstance(value, list | tuple):
        items = list(cast(Sequence[Any], value))
        if len(parts) == 1 and items and all(isinstance(item, Mapping) for item in items):
            array_of_tables = tomlkit.aot()
            for number, item in enumerate(items):
                array_of_tables.append(_styled(item, (*parts, number), array_of_tables))
            return array_of_tables
        if len(parts) == 1 and not items and parts[0] == "stages":
            return tomlkit.aot()
        array = tomlkit.array()
        for number, item in enumerate(items):
            array.append(_styled(item, (*parts, number), array))
        return array
    return tomlkit.item(value)


def _is_flat(entries: Mapping[str, Any]) -> bool:
    return not any(isinstance(entry, Mapping) for entry in entries.values())
