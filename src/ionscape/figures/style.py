"""Colours, line styles, units and output files that all figures share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ionscape.errors import InputError
from ionscape.files.quantities import DIMENSIONS, DimensionName, DisplayUnit
from ionscape.files.writing import check_output, write_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

FIGURE_EXTENSIONS = (".png", ".svg", ".pdf")
LOWEST_DECADES = 10  # below its largest value a diffusion coefficient is not followed further than this
RESOLUTION = 160  # dots per inch of raster output

LineStyle = str | tuple[float, tuple[float, ...]]


@dataclass(frozen=True, kw_only=True)
class IonStyle:
    """How the lines of one ion are drawn: a colour for colour-blind eyes too, and dashes that survive grey print."""

    colour: str
    line: LineStyle
    thickness: float = 1.8
    order: float = 2.0


# Okabe and Ito's palette, assigned so that lithium is blue, rubidium green and caesium purple as in the papers.
_ELEMENTS = {
    "Li": IonStyle(colour="#0072B2", line="solid"),
    "Na": IonStyle(colour="#E69F00", line=(0, (9, 2))),
    "K": IonStyle(colour="#D55E00", line=(0, (6, 1.5, 1, 1.5))),
    "Rb": IonStyle(colour="#009E73", line=(0, (5, 1.5))),
    "Cs": IonStyle(colour="#CC79A7", line=(0, (2, 1))),
    "H": IonStyle(colour="#56B4E9", line=(0, (1, 1))),
    "Ag": IonStyle(colour="#7F7F7F", line=(0, (8, 2, 2, 2))),
}
# For ions without a fixed style; darker than the palette's yellow, which is unreadable as a line on white.
_SPARE = (
    IonStyle(colour="#332288", line=(0, (1, 2))),
    IonStyle(colour="#8C510A", line=(0, (3, 1, 3, 1, 1, 1))),
    IonStyle(colour="#661100", line=(0, (6, 1.5, 1, 1.5, 1, 1.5))),
    IonStyle(colour="#999933", line=(0, (4, 1, 1, 1, 1, 1, 1, 1))),
)
TOTAL = IonStyle(colour="black", line="solid", thickness=0.7, order=1.0)
STAGE_LINES: tuple[LineStyle, ...] = ("solid", (0, (5, 2)), (0, (6, 2, 1, 2)), (0, (1, 1.5)))


def ion_styles(names: Iterable[str]) -> dict[str, IonStyle]:
    """Return the style of each ion: fixed for the common elements, in order of appearance for any other name."""
    styles: dict[str, IonStyle] = {}
    spare = 0
    for name in names:
        if name in _ELEMENTS:
            styles[name] = _ELEMENTS[name]
        else:
            styles[name] = _SPARE[spare % len(_SPARE)]
            spare += 1
    return styles


def shade(colour: str, strength: float) -> tuple[float, float, float]:
    """Mix `colour` with white: strength 1 is the colour itself, 0 is white. Returns red, green, blue in 0..1."""
    from matplotlib.colors import to_rgb

    red, green, blue = (1 - strength * (1 - part) for part in to_rgb(colour))
    return red, green, blue


def axis_unit(maximum: float, dimension: DimensionName, *, least: float = 2.0) -> DisplayUnit:
    """Return the largest display unit of a dimension in which `maximum` (SI, any sign) still measures at least `least`.

    Axes want numbers above one more than single values do: 0.1 µm is better read as 100 nm along an axis.
    """
    units = DIMENSIONS[dimension].display
    fitting = [unit for unit in units if abs(maximum) >= least * unit.size]
    return fitting[-1] if fitting else units[0]


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of that size [inch] with constrained layout, bound to no global state."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=RESOLUTION, layout="constrained")


def tidy(axes: Axes, *, horizontal: str, vertical: str) -> None:
    """Label the axes (quantity / unit) and give them the common look: inward ticks, no frame at the top and right."""
    axes.set_xlabel(horizontal)
    axes.set_ylabel(vertical)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(which="both", direction="in")


def upper_legend(figure: Figure, *entries: Any, columns: int) -> None:
    """Put a legend above the panels of a figure, with as many columns as fit into its width.

    Args:
        figure: with its panels.
        entries: handles and labels; those of the panels without them.
        columns: at most so many.
    """

    def made(count: int) -> Legend:
        return figure.legend(*entries, loc="outside upper center", ncols=count, frameon=False)

    legend_that_fits(made, columns, room=float(figure.bbox.width))


def legend_that_fits(made: Callable[[int], Legend], columns: int, *, room: float) -> Legend:
    """Return the legend with the most columns that is not wider than `room` [pixels]; a wider one would be cut off.

    Args:
        made: makes a legend with a number of columns.
        columns: at most so many.
        room: width for it.
    """
    legend = made(columns)
    while columns > 1 and legend.get_window_extent().width > room:
        legend.remove()
        columns -= 1
        legend = made(columns)
    return legend


def inner_legend(axes: Axes, *entries: Any) -> None:
    """Put a legend where it hides least; its ground is nearly opaque, so that it stays legible on top of lines."""
    axes.legend(*entries, fontsize=9, loc="best", framealpha=0.85, edgecolor="none")


def place_labels(axes: Axes, labels: Sequence[tuple[float, str, Any]], *, gap: float) -> None:
    """Write each (height in data units, text, colour) outside the right edge, moved apart where they would overlap.

    gap: smallest distance of two labels as a fraction of the axis.
    """
    to_fraction = axes.transLimits.transform
    scaled = axes.transScale.transform
    wanted = sorted((float(to_fraction(scaled((1.0, height)))[1]), text, colour) for height, text, colour in labels)
    # labels that would touch stand around their mean height: groups (sum of the lowest places, members), joined upwards
    groups: list[tuple[float, int]] = []
    for rank, (position, _, _) in enumerate(wanted):
        lowest, members = position - rank * gap, 1
        while groups and groups[-1][0] / groups[-1][1] > lowest / members:
            total, count = groups.pop()
            lowest, members = lowest + total, members + count
        groups.append((lowest, members))
    starts = [total / count for total, count in groups for _ in range(count)]
    placed = [start + rank * gap for rank, start in enumerate(starts)]
    excess = max(0.0, placed[-1] - 1.0) if placed else 0.0
    for position, (_, text, colour) in zip(placed, wanted, strict=True):
        axes.annotate(
            text, (1.0, position - excess), xycoords="axes fraction", xytext=(4, 0), textcoords="offset points",
            color=colour, va="center", annotation_clip=False,
        )  # fmt: skip


def plain_text(name: str) -> str:
    """A name without mathematical text."""
    return name.replace("$", r"\$")


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure as PNG, SVG or PDF, by the extension of `path`.

    The same figure gives the same bytes: neither dates nor random identifiers are stored.

    Args:
        figure: what a function of `ionscape.figures` returns, or any other.
        path: ending in .png, .svg or .pdf.

    Raises:
        InputError: another extension, or a folder that does not exist or cannot be written to.
    """
    import matplotlib

    target = check_output(path, extensions=FIGURE_EXTENSIONS)
    absent: dict[str, dict[str, Any]] = {
        ".png": {"Software": None},
        ".svg": {"Date": None},
        ".pdf": {"CreationDate": None},
    }
    form = target.suffix.lower()
    buffer = BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "ionscape"}):
        figure.savefig(buffer, format=form[1:], metadata=absent[form])
    write_bytes(target, buffer.getvalue())


def reject(what: str, value: object, known: Iterable[object]) -> InputError:
    """Return the error for a choice that is not among those on offer."""
    return InputError(
        f"there is no such {what}", key=what, value=str(value), remedy="choose one of " + ", ".join(map(str, known))
    )
