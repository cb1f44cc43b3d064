"""A report as PDF: the same texts and tables on pages of A4 across, and then every figure on a page of its own."""

from __future__ import annotations

import textwrap
from io import BytesIO
from typing import TYPE_CHECKING, Any

from ionscape.figures.render_matplotlib import draw

from .parts import Report, Section, TextTable

if TYPE_CHECKING:
    from matplotlib.backends.backend_pdf import PdfPages
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 11.69, 8.27  # inch, A4 across
MARGIN = 0.6  # inch
POINT = 1.0 / 72.0  # inch
MONOSPACE_ADVANCE = 0.602  # width of a letter of the monospaced font by its size
CAPTION_WIDTH = 95  # letters
LARGEST_CELL = 66  # letters


class _Pages:
    """Lines of text, put one below the other on as many pages as they take."""

    def __init__(self, pages: PdfPages) -> None:
        self.pages = pages
        self.figure: Figure | None = None
        self.height = 0.0

    def line(self, text: str, *, size: float = 9.0, weight: str = "normal", family: str = "sans-serif",
             colour: str = "black") -> None:  # fmt: skip
        """Write one line and move below it."""
        step = 1.35 * size * POINT
        if self.figure is None or self.height - step < MARGIN:
            self.finish()
            from matplotlib.figure import Figure

            self.figure = Figure(figsize=(WIDTH, HEIGHT))
            self.height = HEIGHT - MARGIN
        self.height -= step
        self.figure.text(MARGIN / WIDTH, self.height / HEIGHT, text, fontsize=size, fontweight=weight, family=family,
                         color=colour, parse_math=False)  # fmt: skip

    def space(self, height: float) -> None:
        """Leave a gap [inch]."""
        self.height -= height

    def finish(self) -> None:
        """Write the page, if there is one."""
        if self.figure is not None:
            self.pages.savefig(self.figure)
        self.figure = None


def pdf_bytes(report: Report) -> bytes:
    """A report as PDF; the same report gives the same bytes."""
    from matplotlib.backends.backend_pdf import PdfPages

    buffer: Any = BytesIO()  # which the annotations of matplotlib do not know
    with PdfPages(buffer, metadata={"Title": report.title, "CreationDate": None, "ModDate": None}) as pages:  # type: ignore[dict-item]
        text = _Pages(pages)
        for line in textwrap.wrap(report.title, 90) or [""]:
            text.line(line, size=15.0, weight="bold")
        text.line(report.subtitle, colour="#555555")
        for section in report.sections:
            if section.paragraphs or section.notices or section.tables or section.remarks or section.listings:
                _write_section(section, text)
        text.finish()
        for panel in report.panels:
            caption = textwrap.fill(f"{panel.title}. {panel.caption} Numbers: {panel.name}.csv", CAPTION_WIDTH)
            figure = draw(panel.plot)
            figure.supxlabel(caption, fontsize=8, x=0.01, ha="left", parse_math=False)
            pages.savefig(figure)
    return buffer.getvalue()


def _write_section(section: Section, text: _Pages) -> None:
    text.space(0.22)
    text.line(section.title, size=12.5, weight="bold")
    text.space(0.05)
    for paragraph in section.paragraphs:
        _wrapped(text, paragraph)
    for notice in section.notices:
        _wrapped(text, f"! {notice}", colour="#8C510A")
    for command in section.commands:
        text.line(command, family="monospace", size=8.5)
    for table in section.tables:
        _write_table(table, text)
    for remark in section.remarks:
        _wrapped(text, remark, colour="#444444")
    for title, listing in section.listings.items():
        text.space(0.12)
        text.line(title, weight="bold")
        for line in listing.splitlines():
            for piece in textwrap.wrap(line, 150, drop_whitespace=False) or [""]:
                text.line(piece.replace("\t", "    "), family="monospace", size=7.0)


def _wrapped(text: _Pages, paragraph: str, *, colour: str = "black") -> None:
    for line in textwrap.wrap(paragraph, 150):
        text.line(line, colour=colour)
    text.space(0.04)


def _write_table(table: TextTable, text: _Pages) -> None:
    """Write a table in a monospaced font, as large as its lines allow; long cells continue on the next line."""
    rows = [[textwrap.wrap(cell, LARGEST_CELL) or [""] for cell in row] for row in (table.header, *table.rows)]
    for row, hint in zip(rows[1:], table.hints, strict=False):
        row[0] += [f"  {line}" for line in textwrap.wrap(hint, LARGEST_CELL)]
    widths = [max(len(line) for row in rows for line in row[column]) for column in range(len(table.header))]
    letters = sum(widths) + 2 * (len(widths) - 1)
    size = min(8.5, (WIDTH - 2 * MARGIN) / POINT / MONOSPACE_ADVANCE / letters)
    text.space(0.1)
    for number, row in enumerate(rows):
        for place in range(max(len(cell) for cell in row)):
            cells = [cell[place] if place < len(cell) else "" for cell in row]
            padded = [
                cell.rjust(width) if column in table.numeric else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
            ]
            weight = "bold" if number == 0 else "normal"
            text.line("  ".join(padded).rstrip(), size=size, family="monospace", weight=weight)
    text.space(0.08)
