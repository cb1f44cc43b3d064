"""What joins a control to its key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.value_element import ValueElement


@dataclass(kw_only=True, eq=False)
class Bound:
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
        touched: whether someone has typed in it since the focus came.
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
    touched: bool = False
    silent: bool = False
