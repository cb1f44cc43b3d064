"""The summary of a run: as a table in units that suit the values, and as JSON in SI units."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ionscape.files.writing import write_text
from ionscape.remarks import listed

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Column
    from typing_extensions import TypeIs

    from ionscape.files.quantities import DimensionName

STAGES_PER_TABLE = 5  # so that a table fits 80 columns
NO_VALUE = "-"
CHARGE_OF = "injected charge of"
SMALLEST_SHARE = 1e-6
"""Part of the charge of one ion that another one must have injected to be shown beside it."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table: key in the summary, what people call it, unit and its size in SI, number format.

    With a dimension, the unit is the one that suits the largest value of the line.
    """

    key: str
    label: str
    unit: str = ""
    size: float = 1.0
    form: str = ".4g"
    dimension: DimensionName | None = None

    @property
    def heading(self) -> str:
        """What stands in front of the values."""
        return f"{self.label} / {self.unit}" if self.unit else self.label

    def suited(self, values: Iterable[object]) -> Row:
        """The same with the unit that suits the values, which are in SI units."""
        from ionscape.files.quantities import display_unit

        if self.dimension is None:
            return self
        chosen = display_unit(max((abs(value) for value in values if is_number(value)), default=0.0), self.dimension)
        return replace(self, unit=chosen.unit, size=chosen.size)

    def shown(self, value: object) -> str:
        """A value as it stands in the table; a dash where there is none."""
        return format(value / self.size, self.form) if is_number(value) else NO_VALUE


def is_number(value: object) -> TypeIs[float]:
    """Whether it is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


ROWS = (
    Row(key="injected_charge", label="injected charge", dimension="charge"),
    Row(key="collected_charge", label="collected charge", dimension="charge"),
    Row(key="initial_current", label="current at the start", dimension="current"),
    Row(key="final_current", label="current at the end", dimension="current"),
    Row(key="front_depth", label="front depth", dimension="length"),
    Row(key="front_width", label="front width, 16-84 %", dimension="length"),
    Row(key="plateau", label="native ions in the plateau", form=".4f"),
    Row(key="peak_excess_charge", label="peak excess charge", unit="permille", size=1e-3),
    Row(key="surface_potential", label="potential of the surface", unit="V"),
    Row(key="zone_voltage", label="voltage across the zone", unit="V"),
    Row(key="balance_error", label="balance error", form=".1e"),
    Row(key="steps", label="steps", form=".0f"),
    Row(key="wall_time", label="wall time", unit="s", form=".3g"),
)


def print_table(
    console: Console, title: str, columns: Sequence[str | Column], rows: Iterable[Sequence[RenderableType] | None]
) -> None:
    """Print a table of texts, in which no letter has a meaning of its own.

    Args:
        console: to print on.
        title: above the table.
        columns: headings; the first column begins at the left, the others end at the right, unless they say it.
        rows: the cells of each line; None draws a rule.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Column, Table
    from rich.text import Text

    made = [
        Column(each, justify="right" if place else "left") if isinstance(each, str) else each
        for place, each in enumerate(columns)
    ]
    table = Table(*made, title=Text(title), title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for row in rows:
        if row is None:
            table.add_section()
        else:
            table.add_row(*row)
    console.print(table, highlight=False, markup=False)


def print_summary(console: Console, summary: Mapping[str, Any]) -> None:
    """Print the stages of a summary (`SimulationResult.summary`) side by side, and its warnings.

    A dash stands where a stage has no value, and a line that no stage has a value of is left out; why, is said below.
    """
    stages: Sequence[Mapping[str, Any]] = [with_charges_by_ion(stage) for stage in summary["stages"]]
    of_rows = {row: [stage.get(row.key) for stage in stages] for row in (*rows_by_ion(stages), *ROWS)}
    rows = [row.suited(values) for row, values in of_rows.items() if any(map(is_number, values))]
    for first in range(0, len(stages), STAGES_PER_TABLE):
        part = stages[first : first + STAGES_PER_TABLE]
        headings = [f"{number}: {stage.get('kind', '')}" for number, stage in enumerate(part, start=first + 1)]
        print_table(console, summary["title"], ["stage", *headings],
                    [[row.heading, *(row.shown(stage.get(row.key)) for stage in part)] for row in rows])  # fmt: skip
    for number, stage in enumerate(stages, start=1):
        for sentence in missing_figures(stage.get("missing", {})):
            console.print(f"stage {number}: {sentence}", highlight=False, markup=False)
    print_warnings(summary["warnings"])


def with_charges_by_ion(stage: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a stage with the injected charges of its ions, where more than one ion passed the surface."""
    charges: Mapping[str, float] = stage.get("injected_charges") or {}
    passed = {name: value for name, value in charges.items() if value}
    sizes = sorted(map(abs, passed.values()))
    several = len(sizes) > 1 and sizes[-2] > SMALLEST_SHARE * sizes[-1]
    return {**stage, **({f"{CHARGE_OF} {name}": value for name, value in passed.items()} if several else {})}


def rows_by_ion(stages: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Lines for the injected charges that any of several stages has."""
    found = dict.fromkeys(key for stage in stages for key in stage if key.startswith(CHARGE_OF))
    return [Row(key=key, label=key, dimension="charge") for key in found]


def missing_figures(reasons: Mapping[str, str]) -> list[str]:
    """Why figures of a summary are missing, a sentence for each reason.

    Args:
        reasons: by the key of the figure.
    """
    labels: dict[str, list[str]] = {}
    for row in ROWS:
        if row.key in reasons:
            labels.setdefault(reasons[row.key], []).append(row.key.replace("_", " "))
    return [f"no {listed(names)}, since {reason}." for reason, names in labels.items()]


def write_summary(summary: Mapping[str, Any], path: Path | None) -> None:
    """Write a summary as JSON if there is a path for it; what does not exist is null, since JSON knows no NaN."""
    if path is None:
        return
    text = json.dumps(without_nan(summary), indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    write_text(path, text)


def print_warnings(warnings: Iterable[str]) -> None:
    """Print what a reader must know, a line each."""
    from rich.console import Console

    console = Console(soft_wrap=True)
    for warning in warnings:
        console.print(f"warning: {warning}", highlight=False, style="yellow", markup=False)


def print_written(paths: Iterable[Path | None], remark: str = "") -> None:
    """Print which files were written, those that are not None, and a remark in brackets."""
    from rich.console import Console

    names = ", ".join(str(path) for path in paths if path is not None)
    if names:
        ending = f" ({remark})" if remark else ""
        Console(soft_wrap=True).print(f"written: {names}{ending}", highlight=False, markup=False)


def without_nan(value: Any) -> Any:
    """Return nested dictionaries and lists of numbers as plain Python ones, with None for what is not finite."""
    if isinstance(value, Mapping):
        return {str(key): without_nan(item) for key, item in value.items()}  # pyright: ignore
    if hasattr(value, "tolist"):  # numpy scalars and arrays
        return without_nan(value.tolist())
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]  # pyright: ignore
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
