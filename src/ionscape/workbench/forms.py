"""Forms made from the models of the file format: every control writes its key and shows the sentence about it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from typing import Any

from nicegui import ui

from ionscape.errors import InputError, MissingKey
from ionscape.files.description import Key, describe, example_table, is_kind, kind_key, kind_of_table
from ionscape.files.fields import Keyed
from ionscape.wording import join_path, label_of, name_of, split_path
from ionscape.workbench.form_controls import HEADER, Controls, mark_of
from ionscape.workbench.form_fields import control_of, entry_of, help_of
from ionscape.workbench.parts import FIELD, TIP, button, grid, row, text_button

WIDE = ("mapping", "union", "table", "tables", "value")  # kinds that take the whole width


class Form(Controls):
    """Controls for keys of a document, made from the models that read it.

    After every change of the document call `update`; where tables or entries were added or removed, `structure`
    differs and the form has to be built again.
    """

    # tables ----------------------------------------------------------------------------------------------------------

    def table(self, path: str, model: type[Keyed], *, only: Collection[str] | None = None) -> None:
        """Add the keys of a table.

        Args:
            path: of the table; empty for the document itself.
            model: that reads it.
            only: keys to show; None for all.
        """
        keys = [key for key in describe(model).values() if not is_kind(key) and (only is None or key.name in only)]
        with grid("1fr 1fr"):
            # values first: tables and entries take the whole width
            for key in sorted(keys, key=_is_wide):
                self.add(join_path((*split_path(path), key.name)), key)

    def key(self, path: str, model: type[Keyed]) -> None:
        """Add one key of a table by its path."""
        self.add(path, describe(model)[str(split_path(path)[-1])])

    def add(self, path: str, key: Key, *, label: str = "") -> None:
        """Add the control of one key, under a label of its own or that of the key."""
        label = label or label_of(key.name)
        kind = control_of(key.value)
        with ui.element("div").style("grid-column: 1 / -1; min-width: 0" if _is_wide(key) else "min-width: 0"):
            if kind == "mapping":
                self._mapping(path, key, label)
            elif kind == "union":
                self._union(path, key, label)
            elif kind == "table":
                self._optional_table(path, key, label)
            elif kind == "tables":
                self.tables(path, key)
            else:
                self.simple(path, key, label)

    def section(self, path: str, header: Callable[[], str], *, opened: bool = True) -> ui.expansion:
        """Add a section that folds, with a place for sentences about the table as a whole; use it as a context."""
        expansion = ui.expansion(header(), value=self.open_sections.get(path, opened)).classes("w-full")
        expansion.props(f"dense dense-toggle header-class='{HEADER}' expand-separator")
        expansion.on_value_change(lambda event: self.open_sections.__setitem__(path, bool(event.value)))
        expansion.mark(f"section-{path}")
        if len(split_path(path)) > 1:
            expansion.classes("q-pl-sm")
        self._headers.append((expansion, header))
        with expansion:
            self.place_for_errors(path)
        return expansion

    # controls --------------------------------------------------------------------------------------------------------

    def _mapping(self, path: str, key: Key, label: str) -> None:
        """Entries by name, each with a control, and a way to add one."""
        entries = self.document.get(path) or {}
        if entries:
            ui.label(label).classes("workbench-note").tooltip(help_of(key))
        self.place_for_errors(path)
        for name in entries if isinstance(entries, Mapping) else ():
            inner = join_path((*split_path(path), str(name)))
            with ui.row().classes("w-full no-wrap items-start").style("gap: 2px; margin-bottom: 6px"):
                with ui.element("div").style("flex: 1 1 0; min-width: 0"):
                    self._entry(inner, str(name), entry_of(key))
                button("close", f"remove {name}", partial(self.edit, inner, None), f"remove-{inner}")
        self._adder(path, key, label, entries)

    def _entry(self, path: str, name: str, entry: Key) -> None:
        if entry.value.kind == "union":
            self._union(path, entry, name)
        elif entry.value.kind == "table":
            with self.section(path, lambda: name):
                self.table(path, entry.value.tables[0])
        else:
            self.simple(path, entry, name)

    def _adder(self, path: str, key: Key, label: str, entries: Any) -> None:
        """A control that adds an entry to a mapping."""
        names = self.names.get(key.name)
        known = [name for name in (names() if names else ()) if name not in (entries or {})]
        if names is not None and not known:
            return
        text = f"{label}: add"

        def add(name: object) -> None:
            name = str(name or "").strip()
            if name and name not in (self.document.get(path) or {}):
                self.add_entry(path, name, entry_of(key))

        mark = f"add-{path}"
        if names is not None:
            select = ui.select(known, label=text, on_change=lambda event: add(event.value)).props(
                f"{FIELD} options-dense"
            )
            select.classes("w-full").mark(mark).props["aria-label"] = text
            with select:
                ui.tooltip(help_of(key)).props(TIP)
            return
        with row(2):
            entry = ui.input(label=text).props(FIELD).classes("col").mark(f"{mark}-name")
            entry.on("keydown.enter", lambda: add(entry.value))
            button("add", text, lambda: add(entry.value), mark)

    def add_entry(self, path: str, name: str, entry: Key) -> None:
        """Add an entry to a mapping; a form of its own kind may know a better one to begin with."""
        if entry.value.tables:
            made = example_table(entry.value.tables[0])
        elif entry.example is not None:
            made = entry.example
        else:
            made = 1.0 if entry.value.kind in ("number", "integer") else ""
        self.begin(join_path((*split_path(path), name)), made)

    def begin(self, path: str, value: Any, *, known: Collection[str] = ()) -> None:
        """Write something to begin with; its numbers are marked as assumed.

        Args:
            path: where it is written.
            value: of the document.
            known: keys of a table whose values somebody has given.
        """
        self.assume({path: value}, known=known)
        self.edit(path, value)

    def assume(self, values: Mapping[str, Any], *, known: Collection[str] = ()) -> None:
        """Remember the numbers among values that are about to be written, but those of the known keys, as assumed."""
        if self.which == "document":
            found = {path: each for outer, value in values.items() for path, each in numbers_of(outer, value)}
            self.session.project.assume({path: each for path, each in found.items()
                                         if str(split_path(path)[-1]) not in known})  # fmt: skip

    def _union(self, path: str, key: Key, label: str) -> None:
        """A choice of the kind, and the keys of the table of that kind."""
        by_kind = {kind_of_table(model): model for model in key.value.tables}
        place = join_path((*split_path(path), kind_key(key.value.tables[0])))
        current = self.document.get(place)
        with (
            ui.element("div")
            .classes("w-full")
            .style("border-left: 2px solid rgba(128, 128, 128, 0.35); padding-left: 8px; display: grid; gap: 8px")
        ):
            select = ui.select(
                [*([] if key.required else [""]), *by_kind], value=current if current in by_kind else None,
                label=f"{label}: {label_of(kind_key(key.value.tables[0]))}",
            )  # fmt: skip
            select.props(FIELD + " options-dense").classes("w-full").mark(mark_of(place))
            select.props["aria-label"] = " ".join(label_of(str(part)) for part in split_path(place))
            with select:
                ui.tooltip(help_of(key)).props(TIP)
            self.place_for_errors(path)

            def choose(kind: object) -> None:
                if str(kind or "") not in by_kind:
                    self.edit(path, None)
                elif kind != self.document.get(place):
                    like = self._given(path)
                    made = self.converted(by_kind[str(kind)], like)
                    self.begin(path, made, known=[key for key, each in made.items() if each in like.values()])

            select.on_value_change(lambda event: choose(event.value))
            if current in by_kind:
                self.table(path, by_kind[current])

    def _given(self, path: str) -> dict[str, Any]:
        """The keys of a table that are not assumed."""
        table = self.document.get(path)
        assumed = self.session.project.assumed if self.which == "document" else ()
        return {key: value for key, value in (table.items() if isinstance(table, Mapping) else ())
                if join_path((*split_path(path), key)) not in assumed}  # fmt: skip

    def converted(self, model: type[Keyed], like: Mapping[str, Any]) -> dict[str, Any]:
        """A table of another kind that keeps what both kinds have."""
        return example_table(model, like=like)

    def _optional_table(self, path: str, key: Key, label: str) -> None:
        """A table that may be absent: a button to add it, or its keys."""
        model = key.value.tables[0]
        if self.document.get(path) is None and not key.required:
            self.place_for_errors(path)
            begin = lambda: self.begin(path, key.example or example_table(model))  # noqa: E731
            text_button(f"add {label}", begin, f"add-{path}", icon="add", tip=help_of(key))
            return
        with row(2):
            ui.label(label).classes("workbench-note").tooltip(help_of(key))
            if not key.required:
                button("close", f"remove {label}", partial(self.edit, path, None), f"remove-{path}")
        self.place_for_errors(path)
        self.table(path, model)

    # lists of tables -------------------------------------------------------------------------------------------------

    def tables(
        self, path: str, key: Key, *, header: Callable[[int], str] | None = None,
        new: Callable[[type[Keyed]], tuple[dict[str, Any], Collection[str]]] | None = None,
    ) -> None:  # fmt: skip
        """Add a list of tables whose entries can be added, removed, copied and moved.

        Args:
            path: of the list.
            key: of the list.
            header: name of an entry, counted from 0.
            new: a table of a model to begin with, and those of its keys that are known.
        """
        entries, of_entry = self.document.get(path) or [], key.value.entry
        assert of_entry is not None
        by_kind = {kind_of_table(model): model for model in of_entry.tables}
        if path not in self._bound:  # of a section around it
            self.place_for_errors(path)
        for number, entry in enumerate(entries):
            inner = f"{path}[{number}]"
            with self.section(inner, partial(header or partial(_numbered, label_of(key.name)), number)):
                self._entry_buttons(path, number, len(entries))
                model = of_entry.table_of(entry)
                if model is not None:
                    self.table(inner, model)
        with ui.row().style("gap: 4px"):
            for kind, model in by_kind.items():
                add = text_button(kind, partial(self._add_table, path, model, new), f"add-{path}-{kind}", icon="add")
                add.props["aria-label"] = f"add {kind}"

    def _add_table(
        self, path: str, model: type[Keyed],
        new: Callable[[type[Keyed]], tuple[dict[str, Any], Collection[str]]] | None,
    ) -> None:  # fmt: skip
        made, known = (example_table(model), ()) if new is None else new(model)
        self.assume({f"{path}[{len(self.document.get(path) or [])}]": made}, known=known)
        self._insert(path, None, made)

    def _entry_buttons(self, path: str, number: int, count: int) -> None:
        inner = f"{path}[{number}]"
        with ui.row().classes("w-full justify-end").style("gap: 0; margin-top: -4px"):
            up = button("arrow_upward", "move up", lambda: self.document.move(path, number, number - 1), f"up-{inner}")
            up.set_enabled(number > 0)
            down = button(
                "arrow_downward", "move down", lambda: self.document.move(path, number, number + 1), f"down-{inner}"
            )
            down.set_enabled(number < count - 1)
            button("content_copy", "copy", lambda: self._insert(path, number + 1, self.document.get(inner)),
                   f"copy-{inner}")  # fmt: skip
            button("delete", "remove", lambda: self.edit(inner, None), f"remove-{inner}")

    def _insert(self, path: str, index: int | None, table: Any) -> None:
        self.document.insert(path, len(self.document.get(path) or []) if index is None else index, table)


def structure(
    data: Any, mappings: Collection[str] = ("native", "composition", "melt", "pairs", "channels", "parameters"),
    *, always: Collection[str] = (),
) -> Any:  # fmt: skip
    """What decides which controls a form has: tables, lengths of lists of tables, kinds, names of entries.

    Args:
        data: of the document.
        mappings: keys whose entries have controls of their own.
        always: tables whose controls are there whether they are begun or not.
    """
    if isinstance(data, Mapping):
        return tuple(
            (key, tuple(value) if key in mappings and isinstance(value, Mapping)
             else value if key in ("kind", "model") else structure(value, mappings))
            for key, value in data.items()
            if (isinstance(value, Mapping) and (key not in always or structure(value, mappings)))
            or key in ("kind", "model") or _holds_tables(value)
        )  # fmt: skip
    if isinstance(data, list):
        return tuple(structure(entry, mappings) for entry in data)
    return None


def mistakes_line(mistakes: Mapping[str, InputError]) -> str:
    """How many mistakes there are and where, and what is still missing, in a line; empty without any.

    Args:
        mistakes: errors of the package by path.
    """
    missing = [name_of(path) for path, error in mistakes.items() if isinstance(error, MissingKey)]
    wrong = [name_of(path) for path, error in mistakes.items() if not isinstance(error, MissingKey)]
    told = [f"{len(wrong)} mistake{'s' if len(wrong) > 1 else ''}: {', '.join(wrong)}"] if wrong else []
    return ". ".join([*told, *([f"Still missing: {', '.join(missing)}"] if missing else [])])


def numbers_of(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The numbers, with or without a unit, of a value of a document by their paths; a list of them counts as one."""
    if isinstance(value, Mapping):
        for key, entry in value.items():
            yield from numbers_of(join_path((*split_path(path), str(key))), entry)
    elif _is_number(value) or (isinstance(value, list) and value and all(map(_is_number, value))):
        yield path, value


def _is_number(value: object) -> bool:
    if isinstance(value, str):
        return value[:1].isdigit() or (value[:1] in "+-." and value[1:2].isdigit())
    return isinstance(value, int | float) and not isinstance(value, bool)


def _holds_tables(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(entry, Mapping) for entry in value)


def _is_wide(key: Key) -> bool:
    return control_of(key.value) in WIDE


def _numbered(label: str, number: int) -> str:
    return f"{label} {number + 1}"
