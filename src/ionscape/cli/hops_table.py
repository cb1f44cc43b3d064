"""Hops in time as tables: of one landscape, and means over those of glasses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ionscape.cli.table import print_table, print_warnings

if TYPE_CHECKING:
    from ionscape.hopping import Hops
    from ionscape.series import HopsOfGlasses


def print_hops(result: HopsOfGlasses) -> None:
    """Print the means with their standard errors, a line for each composition and temperature, and the remarks."""
    from rich.console import Console

    from ionscape.series.landscape_rows import hops_rows

    table = hops_rows(result)
    print_table(Console(), table.title, table.head, table.rows)
    print_warnings(result.warnings)


def print_landscape(result: Hops) -> None:
    """Print the values of one landscape with their standard errors, and the remarks."""
    from rich.console import Console

    from ionscape.series.landscape_rows import hops_cells, hops_shown

    summary = result.summary()
    rows = [[f"{summary['temperature']:.5g}", f"{summary['ions']:.6g}", *hops_cells(summary)]]
    print_table(
        Console(), summary["title"] or "hops of a landscape", ["T / K", "ions", *hops_shown(summary).values()], rows
    )
    print_warnings(result.warnings)
