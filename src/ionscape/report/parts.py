"""What a report is made of, whatever it is written as: plain texts, tables and figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ionscape.figures.plot import Plot


@dataclass(frozen=True, kw_only=True)
class TextTable:
    """A table of texts.

    Attributes:
        header: names of the columns.
        rows: as many cells each as there are columns.
        numeric: columns whose cells are aligned to the right.
        hints: a second line of the first cell of every row, such as a key of a file; none for no such lines.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Panel:
    """A figure with the words about it.

    Attributes:
        name: of its table of numbers, without extension.
        title: above it.
        caption: below it.
        plot: what it shows.
    """

    name: str
    title: str
    caption: str
    plot: Plot


@dataclass(frozen=True, kw_only=True, eq=False)
class Section:
    """A part of a report under a heading; its attributes stand in the order in which they are shown."""

    title: str
    paragraphs: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    tables: tuple[TextTable, ...] = ()
    remarks: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    panels: tuple[Panel, ...] = ()
    listings: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True, eq=False)
class Report:
    """A whole report."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All figures in order."""
        return tuple(panel for section in self.sections for panel in section.panels)
