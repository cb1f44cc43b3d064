"""Controls bound to keys of a document: each writes its key and shows the sentence about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from nicegui import ui
from nicegui.elements.mixins.value_element import ValueElement

from ionscape.errors import InputError
from ionscape.files.description import Key
from ionscape.wording import join_path, label_of, name_of, split_path
from ionscape.workbench.form_fields import control_of, field_problem, help_of, parse_entry, placeholder_of, show_entry
from ionscape.workbench.parts import FIELD, TIP, button, line, row
from ionscape.workbench.wording import page_words

if TYPE_CHECKING:
    from ionscape.workbench.session import Session, Which

ASSUMED = "assumed: please check"
TYPING_PAUSE = 350  # milliseconds after the last key before what is typed is drawn
HEADER = "text-weight-medium q-px-none"
TYPES = "(event) => { if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) emit() }"
"""Keys that write something."""

Names = Callable[[], Sequence[str]]


def mark_of(path: str) -> str:
    """Marker of the control of a key, for tests: `form-sample.thickness`."""
    return "form-" + re.sub(r"\s+", "_", path)


@dataclass(kw_only=True, eq=False)
class Bound:
    """A control, the key that it writes, and where its sentence stands.

    Attributes:
        control: None for a place for sentences alone.
        show: what the control shows for a value.
        read: the value of what the control shows.
        error: place of the sentence.
        check: what is wrong with a value by itself.
        before: of the document when the control got the focus.
        focused: whether the cursor is in it.
        typed: whether it holds something that is not written yet.
        touched: whether someone has typed in it since the focus came.
        silent: whether it is being set to what the document has.
    """

    control: ValueElement[Any] | None
    show: Callable[[Any], Any]
    read: Callable[[Any], Any]
    error: ui.label
    check: Callable[[Any], InputError | None] | None = None
    before: Any = None
    focused: bool = False
    typed: bool = False
    touched: bool = False
    silent: bool = False


class Controls:
    """Controls of one document, each with its key.

    After every change of the document call `update`. `ionscape.workbench.forms.Form` makes them from the models of the
    file.

    Attributes:
        marked_elsewhere: keys whose assumed values the page marks itself.
    """

    marked_elsewhere: Collection[str] = ()

    def __init__(
        self,
        session: Session,
        *,
        document: Which = "document",
        names: Mapping[str, Names] | None = None,
        open_sections: dict[str, bool] | None = None,
        typing: Callable[[str, Any], Any] | None = None,
    ) -> None:
        """Begin without controls.

        Args:
            session: of the tab.
            document: which of the documents is shown.
            names: by key, the names to choose from for texts and for the keys of mappings, such as ions.
            open_sections: which sections are open, by path; remembers what the user does.
            typing: gets path and value of what is being typed and not written yet.
        """
        self.session = session
        self.which: Which = document
        self.document = session.document(document)
        self.names = names or {}
        self.open_sections: dict[str, bool] = {} if open_sections is None else open_sections
        self._typing = typing
        self._bound: dict[str, list[Bound]] = {}
        self._headers: list[tuple[ui.expansion, Callable[[], str]]] = []
        self._wrong: set[ui.expansion] = set()
        self._marks: dict[str, ui.element] = {}

    # values and sentences --------------------------------------------------------------------------------------------

    @property
    def errors(self) -> Mapping[str, InputError]:
        """What is wrong with the document by path."""
        return self.session.errors_of(self.which)

    def edit(self, path: str, value: Any) -> None:
        """Write a value, or remove the key for None, and show what is to be said about it."""
        if self.document.get(path) == value:
            return
        error = self.session.edit(path, value, self.which)
        if error is not None and self.document.get(path) != value:
            self.session.notify(str(error), kind="negative")  # it was not written: no field can show it
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
        self.show_assumed()

    def show_errors(self) -> None:
        """Put every sentence under the control it belongs to, or the nearest one around it."""
        shown: dict[str, list[str]] = {path: [] for path in self._bound}
        for key, error in self.mistakes().items():
            place = self._nearest(key)
            if place is not None and page_words(error) not in shown[place]:
                shown[place].append(page_words(error))
        folds: set[ui.expansion] = set()
        for path, bounds in self._bound.items():
            text = " ".join(shown[path])
            for bound in bounds:
                bound.error.set_text(text)
                if bound.control is not None:
                    bound.control.props("error" if text else "", remove="" if text else "error")
                if text:
                    folds |= {each for each in bound.error.ancestors() if isinstance(each, ui.expansion)}
        self._show_folds(folds)

    def _show_folds(self, wrong: set[ui.expansion]) -> None:
        """Open the folds in which a sentence has appeared, and colour their headers as long as it stands there."""
        for expansion, _ in self._headers:
            if (expansion in wrong) != (expansion in self._wrong):
                red = " text-negative" if expansion in wrong else ""
                expansion.props(f"header-class='{HEADER}{red}'")
                if red:
                    expansion.set_value(True)
        self._wrong = wrong

    def show_assumed(self) -> None:
        """Mark the values that the workbench has assumed, each with a way to confirm it."""
        assumed = self.session.project.assumed if self.which == "document" else frozenset[str]()
        for path, place in self._marks.items():
            marked = bool(place.default_slot.children)
            if marked and path not in assumed:
                place.clear()
            elif path in assumed and not marked:
                with place, row(0):
                    ui.label(ASSUMED).classes("workbench-warning").mark(f"assumed-{path}")
                    name = name_of(path)
                    button("check", f"{name} is right", partial(self._confirm, path), f"confirm-{path}")

    def _confirm(self, path: str) -> None:
        if self.which == "document" and path in self.session.project.assumed:
            self.session.project.confirm(path)

    def mistakes(self) -> dict[str, InputError]:
        """Errors by path: those about the document, and those about every value by itself.

        The reader of the file stops at the first mistake; the others are found field by field.
        """
        found = dict(self.errors)
        for path, bounds in self._bound.items():
            check = next((bound.check for bound in bounds if bound.check is not None), None)
            if check is not None and not any(key == path or _inside(key, path) for key in found):
                error = check(self.document.get(path))
                if error is not None:
                    found[path] = error
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

    @property
    def focused(self) -> str | None:
        """The path of the control that the cursor is in."""
        return next((path for path, bounds in self._bound.items() if any(bound.focused for bound in bounds)), None)

    def focus(self, path: str | None) -> None:
        """Put the cursor into the control of a path, if there is one."""
        for bound in self._bound.get(path or "", ()):
            if bound.control is not None:
                bound.control.run_method("focus")

    def homeless_errors(self) -> dict[str, InputError]:
        """Errors that belong to no control of this form, by path."""
        return {key: error for key, error in self.errors.items() if self._nearest(key) is None}

    def _nearest(self, key: str) -> str | None:
        """The path of the control that shows the sentence about a key: its own, or that of the table around it."""
        parts = split_path(key)
        for count in range(len(parts), 0, -1):
            path = join_path(parts[:count])
            if path in self._bound:
                return path
        return None

    # controls --------------------------------------------------------------------------------------------------------

    def place_for_errors(self, path: str) -> None:
        """Add a line where sentences about a key are shown that have no control of their own."""
        self.bind(path, None, line("error"), show=_same, read=_same)

    def simple(self, path: str, key: Key, label: str) -> None:
        """A control for one value."""
        value, kind, default = self.document.get(path), control_of(key.value), key.default
        names = self.names.get(key.name)
        control: ValueElement[Any]
        show: Callable[[Any], Any]
        read: Callable[[Any], Any]
        if kind == "flag":
            # what is not in the file and says the default stays out of it
            show = lambda value: default is True if value is None else bool(value)  # noqa: E731
            read = lambda shown: self._unless_default(path, bool(shown), default is True)  # noqa: E731
            control = ui.checkbox(label, value=show(value)).props("dense")
        elif kind == "choice" or (names is not None and not isinstance(value, Mapping)):
            words = list(key.value.words or (names() if names else ()))
            if names is not None and not key.required:
                words.insert(0, "")  # with which the key is left out
            offered = [*words, *([value] if isinstance(value, str) and value not in words and names is None else [])]
            # a name that is gone is not offered again
            show = lambda value: value if value in offered else default if value is None else None  # noqa: E731
            read = lambda shown: self._unless_default(path, shown or None, default)  # noqa: E731
            control = ui.select(offered, label=label, value=show(value)).props(FIELD + " options-dense")
        else:
            show, read = partial(show_entry, kind=kind), lambda shown: parse_entry(str(shown or ""), kind)
            control = ui.input(label=label, value=show(value), placeholder=placeholder_of(key))
            control.props(f"{FIELD} debounce={TYPING_PAUSE} autocomplete=off spellcheck=false")
        control.classes("w-full").mark(mark_of(path))
        control.props["aria-label"] = " ".join(label_of(str(part)) for part in split_path(path))
        with control:
            ui.tooltip(help_of(key)).props(TIP)
        error = line("error")
        if path not in self.marked_elsewhere and not path.startswith("fit.parameters"):
            self._marks[path] = ui.element("div").classes("w-full")
        check = None
        if key.table is not None:
            check = partial(field_problem, key.table, key.name, path=path, file=self.document.path.name)
        bound = self.bind(path, control, error, show=show, read=read, check=check)
        control.on_value_change(lambda event: self._changed(path, bound, event.value))
        if isinstance(control, ui.input):
            # the value of what is typed comes first: the control hands it out before it tells that it is finished
            control.on("focus", lambda: self._entered(path, bound), [])
            control.on("blur", lambda: self._left(path, bound), [])
            control.on("change", lambda: self._commit(path, bound), [])
            # the same value again is no news for the control, but whoever typed it has said that it is right
            control.on("keydown", lambda: self._touched(bound), [], js_handler=TYPES, throttle=0.3,
                       trailing_events=False)  # fmt: skip
            control.on("paste", lambda: self._touched(bound), [])
            # without waiting for the pause in typing
            control.on("keydown.enter", lambda event: self._confirmed(path, bound, event.args),
                       js_handler="(event) => emit(event.target.value)")  # fmt: skip

    def _changed(self, path: str, bound: Bound, shown: Any) -> None:
        """Write what was chosen; what is being typed waits until that is finished."""
        if bound.silent:
            return
        if bound.focused:
            bound.touched = True
            bound.typed = bound.read(shown) != bound.before  # otherwise it was confirmed already
            if self._typing is not None:
                self._typing(path, bound.read(shown))
            return
        self.edit(path, bound.read(shown))
        self._settle(path, bound)

    def _entered(self, path: str, bound: Bound) -> None:
        bound.focused, bound.touched = True, False
        if not bound.typed:
            bound.before = self.document.get(path)

    def _touched(self, bound: Bound) -> None:
        bound.touched = bound.touched or bound.focused

    def _left(self, path: str, bound: Bound) -> None:
        bound.focused = False
        typed = bound.typed
        self._commit(path, bound)
        if bound.touched:
            self._confirm(path)  # the same value, but somebody's own
        if typed:
            # news from another tab may have crossed what was typed here: the field is told the outcome in any case
            self._show(bound, self.document.get(path), again=True)

    def _confirmed(self, path: str, bound: Bound, shown: object) -> None:
        """Write what the control holds at the key Enter; the cursor stays in it."""
        bound.typed = False
        if isinstance(shown, str):
            self.edit(path, bound.read(shown))
            bound.before = self.document.get(path)
            self._confirm(path)

    def _commit(self, path: str, bound: Bound) -> None:
        """Write what was typed, and show what the document has then."""
        if bound.typed and bound.control is not None:
            bound.typed = False
            self.edit(path, bound.read(bound.control.value))
            bound.before = self.document.get(path)
        self._settle(path, bound)

    def _settle(self, path: str, bound: Bound) -> None:
        """Show what the document has, unless more is being typed."""
        if bound.control is None or bound.typed:
            return
        value = self.document.get(path)
        if bound.read(bound.control.value) != value:
            self._show(bound, value)

    def _show(self, bound: Bound, value: Any, *, again: bool = False) -> None:
        assert bound.control is not None
        bound.silent = True
        try:
            if again:
                bound.control.set_value(f"{bound.show(value)} ")  # the same value would not be sent
            bound.control.set_value(bound.show(value))
        finally:
            bound.silent = False

    def _unless_default(self, path: str, shown: Any, default: Any) -> Any:
        return None if self.document.get(path) is None and shown == default else shown

    def bind(
        self, path: str, control: ValueElement[Any] | None, error: ui.label, *, show: Callable[[Any], Any],
        read: Callable[[Any], Any], check: Callable[[Any], InputError | None] | None = None,
    ) -> Bound:  # fmt: skip
        """Join a control, or a place for sentences alone, to its key."""
        bound = Bound(control=control, show=show, read=read, error=error, check=check)
        self._bound.setdefault(path, []).append(bound)
        return bound


def _inside(key: str, path: str) -> bool:
    return key.startswith((f"{path}.", f"{path}["))


def _same(value: Any) -> Any:
    return value
