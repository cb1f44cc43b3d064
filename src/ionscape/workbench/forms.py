"""Forms made from the models of the file format: every control writes its key and shows the sentence about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from nicegui import ui
from nicegui.elements.mixins.value_element import ValueElement

from ionscape.experiment.fields import Table
from ionscape.workbench.document import join_path, split_path
from ionscape.workbench.form_fields import (
    FieldDescription,
    describe_field,
    describe_fields,
    example_table,
    field_problem,
    kind_key,
    kind_of_table,
    label_of,
    parse_entry,
    show_entry,
)

if TYPE_CHECKING:
    from ionscape.workbench.session import Session

TYPING_PAUSE = 350  # milliseconds after the last key before what is typed is drawn
FIELD = "dense outlined stack-label hide-bottom-space"

WIDE = ("mapping", "union", "table", "tables", "value")  # kinds that take the whole width

Names = Callable[[], Sequence[str]]


@dataclass(kw_only=True, eq=False)
class _Bound:
    """A control, the key that it writes, and where its sentence stands.

    Attributes:
        control: None for a place for sentences alone.
        show: what the control shows for a value.
        read: the value of what the control shows.
        error: place of the sentence.
        check: the sentence about a value by itself.
        before: of the document when the control got the focus.
        focused: whether the cursor is in it.
        typed: whether it holds something that is not written yet.
        silent: whether it is being set to what the document has.
    """

    control: ValueElement[Any] | None
    show: Callable[[Any], Any]
    read: Callable[[Any], Any]
    error: ui.label
    check: Callable[[Any], str | None] | None = None
    before: Any = None
    focused: bool = False
    typed: bool = False
    silent: bool = False


def mark_of(path: str) -> str:
    """Marker of the control of a key, for tests: `form-sample.thickness`."""
    return "form-" + re.sub(r"\s+", "_", path)


def button(icon: str, text: str, action: Callable[[], Any], mark: str) -> ui.button:
    """A small round button with a text for screen readers, shown as a tip as well."""
    made = ui.button(icon=icon, on_click=lambda: action()).props("flat dense round size=sm")
    made.props["aria-label"] = text
    made.mark(mark).tooltip(text)
    return made


class Form:
    """Controls for keys of a document, made from the models that read it.

    After every change of the document call `update`; where tables or entries were added or removed, `structure`
    differs and the form has to be built again.
    """

    def __init__(
        self,
        session: Session,
        *,
        document: Literal["document", "series"] = "document",
        names: Mapping[str, Names] | None = None,
        open_sections: dict[str, bool] | None = None,
        typing: Callable[[str, Any], Any] | None = None,
    ) -> None:
        """Begin a form without controls.

        Args:
            session: of the tab.
            document: which of the two documents is shown.
            names: by key, the names to choose from for texts and for the keys of mappings, such as ions.
            open_sections: which sections are open, by path; remembers what the user does.
            typing: gets path and value of what is being typed and not written yet.
        """
        self.session = session
        self.which: Literal["document", "series"] = document
        self.document = session.document(document)
        self.names = names or {}
        self.open_sections: dict[str, bool] = {} if open_sections is None else open_sections
        self._typing = typing
        self._bound: dict[str, list[_Bound]] = {}
        self._headers: list[tuple[ui.expansion, Callable[[], str]]] = []

    # values and sentences --------------------------------------------------------------------------------------------

    @property
    def errors(self) -> Mapping[str, str]:
        """Sentences about the document by path."""
        return self.session.errors if self.which == "document" else self.session.series_errors

    def edit(self, path: str, value: Any) -> None:
        """Write a value, or remove the key for None, and show what is to be said about it."""
        if self.document.get(path) == value:
            return
        change = self.session.edit if self.which == "document" else self.session.edit_series
        sentence = change(path, value)
        if sentence is not None and self.document.get(path) != value:
            self.session.notify(sentence, kind="negative")  # it was not written: no field can show it
        self.show_errors()

    def update(self) -> None:
        """Show the values and sentences of the document as it is now.

        A control that someone is in, or that holds what is not written yet, is left alone until that is over.
        """
        for path, bounds in self._bound.items():
            value = self.document.get(path)
            for bound in bounds:
                if bound.control is None or bound.focused or bound.typed:
                    continue
                if bound.read(bound.control.value) != value:
                    self._show(bound, value)
        for expansion, header in self._headers:
            expansion.set_text(header())
        self.show_errors()

    def show_errors(self) -> None:
        """Put every sentence under the control it belongs to, or the nearest one around it."""
        shown: dict[str, list[str]] = {path: [] for path in self._bound}
        for key, sentence in self.mistakes().items():
            place = self._nearest(key)
            if place is not None and sentence not in shown[place]:
                shown[place].append(sentence)
        for path, bounds in self._bound.items():
            text = " ".join(shown[path])
            for bound in bounds:
                bound.error.set_text(text)
                bound.error.set_visibility(bool(text))
                if bound.control is not None:
                    bound.control.props("error" if text else "", remove="" if text else "error")

    def mistakes(self) -> dict[str, str]:
        """Sentences by path: those about the document, and those about every value by itself.

        The reader of the file stops at the first mistake; the others are found field by field.
        """
        found = dict(self.errors)
        for path, bounds in self._bound.items():
            check = next((bound.check for bound in bounds if bound.check is not None), None)
            if check is not None and not any(key == path or _inside(key, path) for key in found):
                sentence = check(self.document.get(path))
                if sentence is not None:
                    found[path] = sentence
        return found

    def finish_typing(self) -> None:
        """Write what is typed and not written yet, before the controls are built again.

        What no longer has its place, as the value there is another one, is left.
        """
        for path, bounds in self._bound.items():
            for bound in bounds:
                if bound.typed and bound.control is not None:
                    bound.typed = False
                    if self.document.get(path) == bound.before:
                        self.edit(path, bound.read(bound.control.value))

    def homeless_errors(self) -> list[str]:
        """Sentences that belong to no control of this form."""
        return [sentence for key, sentence in self.errors.items() if self._nearest(key) is None]

    def _nearest(self, key: str) -> str | None:
        """The path of the control that shows the sentence about a key: its own, or that of the table around it."""
        parts = split_path(key)
        for count in range(len(parts), 0, -1):
            path = join_path(parts[:count])
            if path in self._bound:
                return path
        return None

    # tables ----------------------------------------------------------------------------------------------------------

    def table(
        self, path: str, model: type[Table], *, only: Collection[str] | None = None, skip: Collection[str] = ()
    ) -> None:
        """Add the keys of a table.

        Args:
            path: of the table; empty for the document itself.
            model: that reads it.
            only: keys to show; None for all.
            skip: keys to leave out.
        """
        with ui.element("div").classes("w-full").style("display: grid; grid-template-columns: 1fr 1fr; gap: 8px"):
            # values first: tables and entries take the whole width
            for description in sorted(describe_fields(model), key=lambda one: one.kind in WIDE):
                if description.key in skip or (only is not None and description.key not in only):
                    continue
                self.add(join_path((*split_path(path), description.key)), description)

    def key(self, path: str, model: type[Table]) -> None:
        """Add one key of a table by its path."""
        self.add(path, describe_field(model, str(split_path(path)[-1])))

    def add(self, path: str, description: FieldDescription) -> None:
        """Add the control of one key."""
        with ui.element("div").style(
            "grid-column: 1 / -1; min-width: 0" if description.kind in WIDE else "min-width: 0"
        ):
            if description.kind == "mapping":
                self._mapping(path, description)
            elif description.kind == "union":
                self._union(path, description)
            elif description.kind == "table":
                self._optional_table(path, description)
            elif description.kind == "tables":
                self.tables(path, description)
            else:
                self._simple(path, description)

    def section(self, path: str, header: Callable[[], str], *, opened: bool = True) -> ui.expansion:
        """Add a section that folds, with a place for sentences about the table as a whole; use it as a context."""
        expansion = ui.expansion(header(), value=self.open_sections.get(path, opened)).classes("w-full")
        expansion.props("dense dense-toggle header-class='text-weight-medium q-px-none' expand-separator")
        expansion.on_value_change(lambda event: self.open_sections.__setitem__(path, bool(event.value)))
        expansion.mark(f"section-{path}")
        if len(split_path(path)) > 1:
            expansion.classes("q-pl-sm")
        self._headers.append((expansion, header))
        with expansion:
            self.place_for_errors(path)
        return expansion

    def place_for_errors(self, path: str) -> None:
        """Add a line where sentences about a key are shown that have no control of their own."""
        self._bind(path, None, _error_label(), show=_same, read=_same)

    # controls --------------------------------------------------------------------------------------------------------

    def _simple(
        self, path: str, description: FieldDescription, *, label: str | None = None, accessible: str | None = None
    ) -> None:
        """A control for one value."""
        value = self.document.get(path)
        text = label or description.label
        names = self.names.get(description.key)
        control: ValueElement[Any]
        if description.kind == "flag":
            show, read = partial(_shown_flag, description.default), partial(self._read_flag, path, description.default)
            control = ui.checkbox(text, value=show(value)).props("dense")
        elif description.kind == "choice" or names is not None:
            words = list(description.choices or (names() if names else ()))
            show = partial(_shown_choice, description.default)
            options = [*words, *([value] if isinstance(value, str) and value not in words else [])]
            control = ui.select(options, label=text, value=show(value)).props(FIELD + " options-dense")
            read = partial(self._read_choice, path, description.default)
        else:
            show, read = partial(_shown, kind=description.kind), partial(_read, kind=description.kind)
            control = ui.input(label=text, value=show(value), placeholder=_placeholder(description))
            control.props(f"{FIELD} debounce={TYPING_PAUSE} autocomplete=off spellcheck=false")
        control.classes("w-full").mark(mark_of(path))
        name = accessible or " ".join(label_of(str(part)) for part in split_path(path))
        control.props["aria-label"] = name
        with control:
            ui.tooltip(description.help).props("delay=500 max-width=320px")
        error = _error_label()
        model, key = description.model, description.key
        check = None
        if model is not None and key in model.model_fields:
            check = partial(_problem_of, model, key, path, self.document.path.name)
        bound = self._bind(path, control, error, show=show, read=read, check=check)
        control.on_value_change(lambda event: self._changed(path, bound, event.value))
        if isinstance(control, ui.input):
            # the value of what is typed comes first: the control hands it out before it tells that it is finished
            control.on("focus", lambda: self._entered(path, bound), [])
            control.on("blur", lambda: self._left(path, bound), [])
            control.on("change", lambda: self._commit(path, bound), [])
            # without waiting for the pause in typing
            control.on("keydown.enter", lambda event: self._confirmed(path, bound, event.args),
                       js_handler="(event) => emit(event.target.value)")  # fmt: skip

    def _changed(self, path: str, bound: _Bound, shown: Any) -> None:
        """Write what was chosen; what is being typed waits until that is finished."""
        if bound.silent:
            return
        if bound.focused:
            bound.typed = bound.read(shown) != bound.before  # otherwise it was confirmed already
            if self._typing is not None:
                self._typing(path, bound.read(shown))
            return
        self.edit(path, bound.read(shown))
        self._settle(path, bound)

    def _entered(self, path: str, bound: _Bound) -> None:
        bound.focused = True
        if not bound.typed:
            bound.before = self.document.get(path)

    def _left(self, path: str, bound: _Bound) -> None:
        bound.focused = False
        typed = bound.typed
        self._commit(path, bound)
        if typed:
            # news from another tab may have crossed what was typed here: the field is told the outcome in any case
            self._show(bound, self.document.get(path), again=True)

    def _confirmed(self, path: str, bound: _Bound, shown: object) -> None:
        """Write what the control holds at the key Enter; the cursor stays in it."""
        bound.typed = False
        if isinstance(shown, str):
            self.edit(path, bound.read(shown))
            bound.before = self.document.get(path)

    def _commit(self, path: str, bound: _Bound) -> None:
        """Write what was typed, and show what the document has then."""
        if bound.typed and bound.control is not None:
            bound.typed = False
            self.edit(path, bound.read(bound.control.value))
            bound.before = self.document.get(path)
        self._settle(path, bound)

    def _settle(self, path: str, bound: _Bound) -> None:
        """Show what the document has, unless more is being typed."""
        if bound.control is None or bound.typed:
            return
        value = self.document.get(path)
        if bound.read(bound.control.value) != value:
            self._show(bound, value)

    def _show(self, bound: _Bound, value: Any, *, again: bool = False) -> None:
        assert bound.control is not None
        bound.silent = True
        try:
            if again:
                bound.control.set_value(f"{bound.show(value)} ")  # the same value would not be sent
            bound.control.set_value(bound.show(value))
        finally:
            bound.silent = False

    def _read_flag(self, path: str, default: str, shown: Any) -> bool | None:
        # what is not in the file and says the default stays out of it
        return None if self.document.get(path) is None and bool(shown) == (default == "true") else bool(shown)

    def _read_choice(self, path: str, default: str, shown: Any) -> Any:
        return None if self.document.get(path) is None and shown == default else shown

    def _mapping(self, path: str, description: FieldDescription) -> None:
        """Entries by name, each with a control, and a way to add one."""
        entries = self.document.get(path) or {}
        if entries:
            ui.label(description.label).classes("workbench-note").tooltip(description.help)
        self.place_for_errors(path)
        for name in entries if isinstance(entries, Mapping) else ():
            inner = join_path((*split_path(path), str(name)))
            with ui.row().classes("w-full no-wrap items-start").style("gap: 2px; margin-bottom: 6px"):
                with ui.element("div").style("flex: 1 1 0; min-width: 0"):
                    self._entry(inner, str(name), description)
                button("close", f"remove {name}", partial(self.edit, inner, None), f"remove-{inner}")
        self._adder(path, description, entries)

    def _entry(self, path: str, name: str, description: FieldDescription) -> None:
        entry = FieldDescription(
            key=description.key + ".", label=name, kind=description.entry, required=True, help=description.help,
            models=description.models, example=_first(description.example),
        )  # fmt: skip
        if description.entry == "union":
            self._union(path, entry)
        elif description.entry == "table":
            with self.section(path, lambda: name):
                self.table(path, description.models[0])
        else:
            self._simple(path, entry, label=name)

    def _adder(self, path: str, description: FieldDescription, entries: Any) -> None:
        """A control that adds an entry to a mapping."""
        names = self.names.get(description.key)
        known = [name for name in (names() if names else ()) if name not in (entries or {})]
        if names is not None and not known:
            return
        text = f"{description.label}: add"

        def add(name: object) -> None:
            name = str(name or "").strip()
            if name and name not in (self.document.get(path) or {}):
                self.edit(join_path((*split_path(path), name)), self._new_entry(path, name, description))

        mark = f"add-{path}"
        if names is not None:
            select = ui.select(known, label=text, on_change=lambda event: add(event.value)).props(
                f"{FIELD} options-dense"
            )
            select.classes("w-full").mark(mark).props["aria-label"] = text
            with select:
                ui.tooltip(description.help).props("delay=500 max-width=320px")
            return
        with ui.row().classes("w-full no-wrap items-center").style("gap: 2px"):
            entry = ui.input(label=text).props(FIELD).classes("col").mark(f"{mark}-name")
            entry.on("keydown.enter", lambda: add(entry.value))
            button("add", text, lambda: add(entry.value), mark)

    def _new_entry(self, path: str, name: str, description: FieldDescription) -> Any:
        if description.models:
            return self.example(description.models[0], path, name)
        example = description.example
        if isinstance(example, Mapping) and example:
            return next(iter(example.values()))
        return 1.0 if description.entry in ("number", "integer") else ""

    def example(self, model: type[Table], path: str, name: str) -> dict[str, Any]:
        """A table to begin with; a form of its own kind may know a better one."""
        del path, name
        return example_table(model)

    def _union(self, path: str, description: FieldDescription) -> None:
        """A choice of the kind, and the keys of the table of that kind."""
        by_kind = {kind_of_table(model): model for model in description.models}
        key = kind_key(description.models[0])
        value = self.document.get(path)
        current = value.get(key) if isinstance(value, Mapping) else None
        with (
            ui.element("div")
            .classes("w-full")
            .style("border-left: 2px solid rgba(128, 128, 128, 0.35); padding-left: 8px; display: grid; gap: 8px")
        ):
            select = ui.select(
                [*([] if description.required else [""]), *by_kind], value=current if current in by_kind else None,
                label=f"{description.label}: {label_of(key)}",
            )  # fmt: skip
            select.props(FIELD + " options-dense").classes("w-full").mark(mark_of(f"{path}.{key}"))
            name = " ".join(label_of(str(part)) for part in split_path(path))
            select.props["aria-label"] = f"{name} {label_of(key)}"
            with select:
                ui.tooltip(description.help).props("delay=500 max-width=320px")
            self._bind(path, None, _error_label(), show=_same, read=_same)

            def choose(kind: object) -> None:
                if str(kind or "") not in by_kind:
                    self.edit(path, None)
                elif kind != (self.document.get(f"{path}.{key}")):
                    before = self.document.get(path)
                    like = before if isinstance(before, Mapping) else {}
                    self.edit(path, self.converted(by_kind[str(kind)], like))

            select.on_value_change(lambda event: choose(event.value))
            if current in by_kind:
                self.table(path, by_kind[current])

    def converted(self, model: type[Table], like: Mapping[str, Any]) -> dict[str, Any]:
        """A table of another kind that keeps what both kinds have."""
        return example_table(model, like=like)

    def _optional_table(self, path: str, description: FieldDescription) -> None:
        """A table that may be absent: a button to add it, or its keys."""
        model = description.models[0]
        if self.document.get(path) is None and not description.required:
            self.place_for_errors(path)
            add = ui.button(f"add {description.label}", icon="add",
                            on_click=lambda: self.edit(path, description.example or example_table(model)))  # fmt: skip
            add.props("flat dense size=sm").mark(f"add-{path}").tooltip(description.help)
            return
        with ui.row().classes("w-full items-center no-wrap").style("gap: 2px"):
            ui.label(description.label).classes("workbench-note").tooltip(description.help)
            if not description.required:
                button("close", f"remove {description.label}", partial(self.edit, path, None), f"remove-{path}")
        self.place_for_errors(path)
        self.table(path, model)

    # lists of tables -------------------------------------------------------------------------------------------------

    def tables(
        self, path: str, description: FieldDescription, *, header: Callable[[int], str] | None = None,
        new: Callable[[type[Table]], dict[str, Any]] | None = None,
    ) -> None:  # fmt: skip
        """Add a list of tables whose entries can be added, removed, copied and moved.

        Args:
            path: of the list.
            description: of its key.
            header: name of an entry, counted from 0.
            new: a table of a model to begin with.
        """
        entries = self.document.get(path) or []
        by_kind = {kind_of_table(model): model for model in description.models}
        self.place_for_errors(path)
        for number, entry in enumerate(entries):
            inner = f"{path}[{number}]"
            with self.section(inner, partial(header or partial(_numbered, description.label), number)):
                self._entry_buttons(path, number, len(entries))
                model = description.models[0]
                if description.entry == "union":
                    key = kind_key(model)
                    kind = entry.get(key) if isinstance(entry, Mapping) else None
                    if kind not in by_kind:
                        continue
                    model = by_kind[kind]
                self.table(inner, model)
        with ui.row().style("gap: 4px"):
            for kind, model in by_kind.items():
                text = f"add {kind}"
                made = (new or example_table)(model)
                add = ui.button(kind, icon="add", on_click=partial(self._insert, path, None, made))
                add.props("flat dense size=sm").mark(f"add-{path}-{kind}").props["aria-label"] = text

    def _entry_buttons(self, path: str, number: int, count: int) -> None:
        inner = f"{path}[{number}]"
        with ui.row().classes("w-full justify-end").style("gap: 0; margin-top: -4px"):
            up = button("arrow_upward", "move up", lambda: self._move(path, number, number - 1), f"up-{inner}")
            up.set_enabled(number > 0)
            down = button("arrow_downward", "move down", lambda: self._move(path, number, number + 1), f"down-{inner}")
            down.set_enabled(number < count - 1)
            button("content_copy", "copy", lambda: self._insert(path, number + 1, self.document.get(inner)),
                   f"copy-{inner}")  # fmt: skip
            button("delete", "remove", lambda: self.edit(inner, None), f"remove-{inner}")

    def _insert(self, path: str, index: int | None, table: Any) -> None:
        place = len(self.document.get(path) or []) if index is None else index
        if self.which == "document":
            self.session.insert(path, place, table)
        else:
            self.document.insert(path, place, table)

    def _move(self, path: str, number: int, to: int) -> None:
        if self.which == "document":
            self.session.move(path, number, to)
        else:
            self.document.move(path, number, to)

    def _bind(
        self, path: str, control: ValueElement[Any] | None, error: ui.label, *, show: Callable[[Any], Any],
        read: Callable[[Any], Any], check: Callable[[Any], str | None] | None = None,
    ) -> _Bound:  # fmt: skip
        bound = _Bound(control=control, show=show, read=read, error=error, check=check)
        self._bound.setdefault(path, []).append(bound)
        return bound


def structure(data: Any, mappings: Collection[str] = ("native", "composition", "channels", "parameters")) -> Any:
    """What decides which controls a form has: tables, lengths of lists of tables, kinds, names of entries.

    Args:
        data: of the document.
        mappings: keys whose entries have controls of their own.
    """
    if isinstance(data, Mapping):
        return tuple(
            (key, tuple(value) if key in mappings and isinstance(value, Mapping)
             else value if key in ("kind", "model") else structure(value, mappings))
            for key, value in data.items()
            if isinstance(value, Mapping) or key in ("kind", "model") or _holds_tables(value)
        )  # fmt: skip
    if isinstance(data, list):
        return tuple(structure(entry, mappings) for entry in data)
    return None


def mistakes_line(paths: Collection[str]) -> str:
    """How many mistakes there are and where, in a line; empty without any."""
    if not paths:
        return ""
    names = ", ".join(name_of(path) for path in paths)
    return f"{len(paths)} mistake{'s' if len(paths) > 1 else ''}: {names}"


def name_of(path: str) -> str:
    """A key for people: `stages[0].beam_current` is `stages 1 beam current`."""
    parts = split_path(path)
    return " ".join(str(part + 1) if isinstance(part, int) else label_of(part) for part in parts) or "the file"


def _inside(key: str, path: str) -> bool:
    return key.startswith((f"{path}.", f"{path}["))


def _problem_of(model: type[Table], key: str, path: str, file: str, value: Any) -> str | None:
    return field_problem(model, key, value, path=path, file=file)


def _holds_tables(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(entry, Mapping) for entry in value)


def _error_label() -> ui.label:
    label = ui.label().classes("workbench-error w-full").props("role=alert")
    label.set_visibility(False)
    return label


def _placeholder(description: FieldDescription) -> str:
    if description.default:
        return description.default
    if description.required:
        return f"such as {show_entry(description.example, description.kind)}" if description.example is not None else ""
    return "not given"


def _numbered(label: str, number: int) -> str:
    return f"{label} {number + 1}"


def _first(example: Any) -> Any:
    return next(iter(example.values()), None) if isinstance(example, Mapping) else None


def _shown(value: Any, *, kind: Any) -> str:
    return show_entry(value, kind)


def _read(shown: Any, *, kind: Any) -> Any:
    return parse_entry(str(shown or ""), kind)


def _shown_choice(default: str, value: Any) -> Any:
    return (default or None) if value is None else value


def _shown_flag(default: str, value: Any) -> bool:
    return default == "true" if value is None else bool(value)


def _same(value: Any) -> Any:
    return value
