"""What joins a control to its key, and how it shows and reads a value."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.value_element import ValueElement

from ionscape.errors import InputError
from ionscape.workbench.form_fields import FieldDescription, FieldKind, parse_entry, show_entry


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


def placeholder_of(description: FieldDescription) -> str:
    """What an empty control shows: the default, or an example."""
    if description.default:
        return description.default
    if description.required:
        return f"such as {show_entry(description.example, description.kind)}" if description.example is not None else ""
    return "not given"


def read_shown(shown: Any, *, kind: FieldKind) -> Any:
    """The value of the text of a control; None for none."""
    return parse_entry(str(shown or ""), kind)


def shown_choice(default: str, value: Any) -> Any:
    """What a choice shows of a value."""
    return (default or None) if value is None else value


def shown_name(known: Collection[str], value: Any) -> Any:
    """What a choice among names shows of a value: nothing of one that is not there."""
    return value if value in known else None


def shown_flag(default: str, value: Any) -> bool:
    """What a box to tick shows of a value."""
    return default == "true" if value is None else bool(value)


def same(value: Any) -> Any:
    """The value itself."""
    return value
