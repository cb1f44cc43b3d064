"""What the scripts of the gallery share: sizes of calculations, and a table of what a paper states beside it."""

import os
from pathlib import Path
from typing import NamedTuple

EXAMPLES = Path(__file__).parents[1]


def size(*, page, full, coarse):
    """The size that the environment variable IONSCAPE_GALLERY asks for: "full" (as published), "coarse", or neither."""
    return {"full": full, "coarse": coarse}.get(os.environ.get("IONSCAPE_GALLERY", ""), page)


class Row(NamedTuple):
    """One line of a table."""

    quantity: str
    source: str  # figure, table or section that states the number
    stated: str
    here: str
    difference: str


def relative(quantity, source, stated, here):
    """A row with the difference in percent of what is stated."""
    return Row(quantity, source, number(stated), number(here), f"{_signed(100 * (here / stated - 1))} %")


def absolute(quantity, source, stated, here):
    """A row with the difference in the unit of the quantity."""
    return Row(quantity, source, number(stated), number(here), _signed(here - stated))


def beside(quantity, source, stated, here):
    """A row whose stated value is a text, such as a bound, or is missing, so that there is no difference."""
    return Row(quantity, source, stated, number(here), "")


def number(value):
    """A number with four digits, powers of ten as in a file; texts as they are."""
    return value if isinstance(value, str) else f"{value:.4g}".replace("e+0", "e").replace("e-0", "e-")


def _signed(difference):
    return f"{difference:+.0f}" if abs(difference) >= 10 else f"{difference:+.2g}"


def print_table(rows, stated="paper"):
    """Print rows as a table in Markdown whose columns can be read as they are; empty columns are left out."""
    header = ("quantity", "source", stated, "here", "difference")
    columns = [[name, *column] for name, column in zip(header, zip(*rows, strict=True), strict=True) if any(column)]
    widths = [max(len(cell) for cell in column) for column in columns]
    for number, line in enumerate(zip(*columns, strict=True)):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |")
        if number == 0:
            print("| " + " | ".join("-" * width for width in widths) + " |")
    print()
