"""Plots as figures of matplotlib, for files and scripts."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Generic, ParamSpec

import numpy as np

from .plot import SYMBOL, Axis, Curve, Field, Label, Mark, Panel, Plot, Region, SecondAxis, region_rows
from .style import plain_text, shade

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

P = ParamSpec("P")

RESOLUTION = 160  # dots per inch of raster output
BAR_HEIGHT = 0.07  # of the panel: by which the names of regions that overlap stand below each other
LABEL_GAP = 0.055  # of the panel: distance of labels behind the ends of curves
RIM = 1.0  # points of white around open markers, so that they are seen on top of others
MOST_LABELLED = 100.0
"""Ratio of the ends of a logarithmic axis up to which more than whole decades are labelled."""
NARROW, SMALL = 4.0, 2.5  # inch: panels of less width have fewer numbers, and smaller letters
WHITE_ABOVE = 0.6  # of the range of a field: numbers on dark ground are white


class Drawing(Generic[P]):
    """A function that makes a plot: called, it returns the plot drawn by matplotlib; `plot` returns it as data."""

    def __init__(self, make: Callable[P, Plot]) -> None:
        """Wrap a function."""
        self.plot = make
        functools.update_wrapper(self, make)
        self.__signature__ = inspect.signature(make).replace(return_annotation="Figure")

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Figure:
        """Return the figure."""
        return draw(self.plot(*args, **kwargs))


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of that size [inch] with constrained layout, bound to no global state."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=RESOLUTION, layout="constrained")


def draw(plot: Plot) -> Figure:
    """Return a plot as a figure of its size; `ionscape.figures.save` writes it."""
    figure = new_figure(*plot.size)
    rows: list[list[Any]] = [[str(number) if number >= 0 else "." for number in row] for row in plot.rows]
    found = figure.subplot_mosaic(
        rows, sharex=plot.share in ("x", "both"), sharey=plot.share in ("y", "both"),
        width_ratios=plot.widths or None, height_ratios=plot.heights or None,
    )  # fmt: skip
    every = [found[str(number)] for number in range(len(plot.panels))]
    for axes, panel in zip(every, plot.panels, strict=True):
        draw_panel(axes, panel)
        _suit_width(axes, panel, plot.size[0] / len(rows[0]))
    if plot.vertical is not None:
        figure.supylabel(axis_text(plot.vertical), fontsize=every[0].yaxis.label.get_fontsize())
    if plot.title:
        figure.suptitle(plot.title, fontsize=10, x=0.01, ha="left", parse_math=False)
    if plot.legend:
        _legend_of_all(figure, every, plot)
    return figure


def _suit_width(axes: Axes, panel: Panel, width: float) -> None:
    """Fewer numbers in a narrow panel, and small ones with the unit below the words in a very narrow one."""
    for axis, name in ((panel.horizontal, "x"), (panel.vertical, "y")):
        if width < NARROW and not axis.log and not axis.ticks and (name == "x" or width < SMALL):
            axes.locator_params(axis=name, nbins=5 if width > SMALL else 4)  # pyright: ignore[reportArgumentType]
    if width < SMALL:
        axes.tick_params(labelsize=7)
        for label in (axes.xaxis.label, axes.yaxis.label):
            label.set(fontsize=8, text=label.get_text().replace(" / ", "\n/ "))


def draw_panel(axes: Axes, panel: Panel) -> None:
    """Draw a panel into axes of any figure of matplotlib."""
    for axis, set_scale in ((panel.horizontal, axes.set_xscale), (panel.vertical, axes.set_yscale)):
        if axis.log:
            set_scale("log")
    if panel.field is not None:
        _draw_field(axes, panel, panel.field)
    for region, row in zip(panel.regions, region_rows(panel.regions), strict=True):
        _draw_region(axes, region, row)
    for curve in panel.curves:
        _draw_curve(axes, curve)
    for mark in panel.marks:
        _draw_mark(axes, mark)
    _set_axes(axes, panel)
    for label in panel.labels:
        _draw_label(axes, label)
    ended = [curve for curve in panel.curves if curve.end_label]
    place_labels(axes, [(float(curve.y[-1]), curve.end_label, curve.colour) for curve in ended])
    if panel.upper is not None:
        _draw_second_axis(axes, panel.upper)
    _write_titles(axes, panel)
    if panel.legend and axes.get_legend_handles_labels()[1]:
        _legend_of_panel(axes, panel)


def _set_axes(axes: Axes, panel: Panel) -> None:
    """Ends, ticks and names of both axes, and the common look: inward ticks, no frame at the top and right."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(which="both", direction="in")
    small: dict[str, Any] = {"fontsize": 8, "parse_math": False}
    if panel.horizontal.ticks:
        several = len(panel.horizontal.ticks) > 0 and panel.field is not None
        slanted = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if several else {}
        axes.set_xticks(range(len(panel.horizontal.ticks)), panel.horizontal.ticks, **slanted, **small)
    if panel.vertical.ticks:
        axes.set_yticks(range(len(panel.vertical.ticks)), panel.vertical.ticks, **small)
        axes.yaxis.set_inverted(True)
        if panel.field is None:
            axes.grid(axis="y", lw=0.4, color="#CCCCCC")
    if panel.field is not None and panel.vertical.ticks:
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
    for axis, set_limits in ((panel.horizontal, axes.set_xlim), (panel.vertical, axes.set_ylim)):
        if axis.limits != (None, None):
            set_limits(*axis.limits)
    axes.set_xlabel("" if panel.horizontal.hidden else axis_text(panel.horizontal))
    axes.set_ylabel("" if panel.vertical.hidden else axis_text(panel.vertical))
    axes.tick_params(labelbottom=not panel.horizontal.hidden, labelleft=not panel.vertical.hidden)
    if panel.vertical.log:
        _thin_ticks(axes)
    if not panel.horizontal.ticks and all((curve.x % 1.0 == 0.0).all() for curve in panel.curves if curve.x.size):
        axes.locator_params(axis="x", integer=True)
    if panel.square:
        axes.set_aspect("equal", adjustable="datalim" if panel.field is None else "box")


def _thin_ticks(axes: Axes) -> None:
    """Label 1, 2 and 5 of a decade where there are less than two decades: labels must not touch."""
    from matplotlib.ticker import LogFormatterSciNotation, LogLocator, NullFormatter

    low, high = axes.get_ylim()
    if high >= MOST_LABELLED * low:
        return
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(LogFormatterSciNotation(labelOnlyBase=False, minor_thresholds=(np.inf, np.inf)))
    axes.yaxis.set_minor_formatter(NullFormatter())


def _draw_curve(axes: Axes, curve: Curve) -> None:
    """Draw one curve; its colour is mixed with white, but that of bands lets through what lies behind."""
    label = plain_text(curve.name) if curve.legend else "_"
    colour = shade(curve.colour, curve.strength) if curve.strength < 1.0 else curve.colour
    front = 2.0 + curve.order
    if curve.kind == "band" or (curve.ends is not None and not curve.symbol):
        alone = curve.kind == "band"
        low, high = curve.ends or (curve.y, curve.y)
        fill: Any = axes.fill_betweenx if curve.sideways else axes.fill_between
        fill(curve.y if curve.sideways else curve.x, low, high, color=curve.colour, lw=0, zorder=front - 0.5,
             alpha=curve.strength if alone else 0.3 * curve.strength, label=label if alone else "_")  # fmt: skip
        if alone:
            return
    if curve.kind == "bars":
        bars = axes.bar(curve.x, curve.y, color=colour, width=0.7, label=label, zorder=front)
        axes.bar_label(bars, labels=curve.notes, padding=2, fontsize=9)
        return
    if curve.kind == "stems":
        axes.vlines(curve.x, 0.0, curve.y, color=colour, lw=curve.thickness, label=label, zorder=front)
        return
    style: dict[str, Any] = {"color": colour, "lw": curve.thickness, "ls": curve.line, "zorder": front, "label": label}
    if curve.kind == "step":
        style["drawstyle"] = "steps-post"
    if curve.symbol:
        style |= {"marker": curve.symbol, "ms": 1.2 + 0.8 * curve.thickness, "mfc": colour if curve.filled else "none"}
        style |= {"ls": "none"} if curve.kind == "points" else {"ms": 9.0 if curve.symbol == "|" else 3.5}
        if not curve.filled:
            style |= {"mew": 0.9, "path_effects": _rim()}
    bars = _bars(curve)
    if bars is None:
        axes.plot(curve.x, curve.y, **style)
    else:
        lines = len(curve.x) > FEW_BARS
        axes.errorbar(curve.x, curve.y, bars, elinewidth=0.6 if lines else 1.2, capsize=0 if lines else 2, **style)
    for x, y, note in zip(curve.x, curve.y, curve.notes, strict=False):
        axes.annotate(note, (x, y), xytext=(6, 0), textcoords="offset points", va="center", fontsize=9)


FEW_BARS = 40  # error bars: so many have caps


def _rim() -> list[Any]:
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=0.9 + 2.0 * RIM, foreground="white")]


def _bars(curve: Curve) -> Any:
    """Lengths of the error bars, those below first; None if there is none. Where an end is unknown there is no bar."""
    if curve.ends is None or not curve.symbol:
        return None
    with np.errstate(invalid="ignore"):
        bars = np.array([curve.y - curve.ends[0], curve.ends[1] - curve.y])
    bars = np.where(np.isfinite(bars).all(axis=0), np.maximum(bars, 0.0), 0.0)
    return bars if bars.any() else None


def _draw_field(axes: Axes, panel: Panel, field: Field) -> None:
    from matplotlib.colors import LogNorm, Normalize

    low, high = field.limits or (float(np.nanmin(field.values)), float(np.nanmax(field.values)))
    scale = LogNorm(low, high) if field.log else Normalize(low, high)
    values = np.maximum(field.values, low) if field.log else field.values
    if field.edges is not None:
        # thousands of squares as one picture: a vector file of them is slow to open
        picture: Any = axes.pcolormesh(*field.edges, values, cmap=field.colours, norm=scale, rasterized=True)
    else:
        origin = "upper" if panel.vertical.ticks else "lower"
        picture = axes.imshow(values, cmap=field.colours, norm=scale, origin=origin, aspect="equal")
    for (row, column), value in np.ndenumerate(field.values) if field.written else ():
        text = "–" if not math.isfinite(value) else f"{round(float(value), 2) + 0.0:.2f}"
        colour = "white" if abs(value) > WHITE_ABOVE * max(abs(low), abs(high)) else "black"
        axes.text(column, row, text, ha="center", va="center", fontsize=7.5, color=colour)
    if field.label:
        axes.figure.colorbar(picture, ax=axes, shrink=0.8 if panel.vertical.ticks else 1.0, label=field.label)


def _draw_region(axes: Axes, region: Region, place: int) -> None:
    across, middle = axes.get_xaxis_transform(), 0.5 * (region.start + region.end)
    height = 1.0 - BAR_HEIGHT * place
    if region.bar:
        axes.plot([region.start, region.end], [height, height], color=region.colour, lw=3, solid_capstyle="butt",
                  transform=across, clip_on=False, label="_")  # fmt: skip
    else:
        axes.axvspan(region.start, region.end, color=region.colour, alpha=0.2, lw=0)
    if region.named:
        axes.text(middle, height - 0.015, region.name, color=region.colour, fontsize=8, ha="center",
                  va="top", transform=across, parse_math=False)  # fmt: skip


def _draw_mark(axes: Axes, mark: Mark) -> None:
    vertical, text = mark.across == "vertical", f"{_mathematical(mark.symbol)} {plain_text(mark.name)}".strip()
    line = axes.axvline if vertical else axes.axhline
    line(mark.value, color=mark.colour, lw=mark.thickness, ls=mark.line, zorder=2.0 if text else 1.0,
         label=text if mark.legend and text else "_")  # fmt: skip
    if not text or mark.legend:
        return
    if vertical:
        axes.annotate(text, (mark.value, 1.0), xycoords=("data", "axes fraction"), xytext=(2, -2), rotation=90,
                      textcoords="offset points", va="top", fontsize=8, color=mark.colour)  # fmt: skip
    else:
        axes.annotate(text, (1.0, mark.value), xycoords=("axes fraction", "data"), xytext=(-2, 1), ha="right",
                      textcoords="offset points", va="bottom", fontsize=7.5, color=mark.colour)  # fmt: skip


def _draw_label(axes: Axes, label: Label) -> None:
    across, up = ("data" if frame == "data" else "axes fraction" for frame in label.frame)
    lift = {"bottom": 2.0, "center": 0.0, "top": -2.0}[label.anchor[1]]
    shift = 6.0 if label.anchor[0] == "left" else 0.0
    axes.annotate(
        f"{_mathematical(label.symbol)}{plain_text(label.text)}", (label.x, label.y), xycoords=(across, up),
        xytext=(shift, lift), textcoords="offset points", ha=label.anchor[0], va=label.anchor[1], fontsize=label.size,
        color=label.colour, annotation_clip=False,
    )  # fmt: skip


def place_labels(axes: Axes, labels: Sequence[tuple[float, str, Any]], *, gap: float = LABEL_GAP) -> None:
    """Write each (height in data units, text, colour) outside the right edge, moved apart where they would overlap.

    gap: smallest distance of two labels as a fraction of the axis.
    """
    low, high = sorted(axes.get_ylim())
    labels = [label for label in labels if low <= label[0] <= high]
    gap = min(gap, 1.0 / max(len(labels), 1))
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
            plain_text(text), (1.0, position - excess), xycoords="axes fraction", xytext=(4, 0),
            textcoords="offset points", color=colour, va="center", annotation_clip=False,
        )  # fmt: skip


def _draw_second_axis(axes: Axes, second: SecondAxis) -> None:
    places, others = _extended(second.at), _extended(second.values)

    def there(value: Any) -> Any:
        return np.interp(value, places, others)

    def back(value: Any) -> Any:
        return np.interp(value, others, places)

    upper = axes.secondary_xaxis("top", functions=(there, back))
    upper.set_xlabel(axis_text(second.axis))
    upper.tick_params(direction="in")


def _extended(rising: Any) -> Any:
    """The values with one more at either end, far outside, on the straight line through the last two."""
    span = rising[-1] - rising[0]
    first, last = rising[1] - rising[0], rising[-1] - rising[-2]
    steps = span / min(first, last)
    return np.concatenate([[rising[0] - steps * first], rising, [rising[-1] + steps * last]])


def _write_titles(axes: Axes, panel: Panel) -> None:
    several = "\n" in panel.title
    raised = 17 if panel.upper is None and any(label.y == 1.0 for label in panel.labels) else 6
    look: dict[str, Any] = {"fontsize": 8, "color": "0.35"} if several else {"fontsize": 10}
    if panel.title:
        axes.set_title(panel.title, loc="left", pad=raised, parse_math=False, **look)
    if panel.remark:
        axes.set_title(panel.remark, fontsize=9, loc="right", color="#333333", parse_math=False)


def _legend_of_panel(axes: Axes, panel: Panel) -> None:
    if panel.legend == "inside":
        # where it hides least; its ground is nearly opaque, so that it stays legible on top of lines
        axes.legend(fontsize=9, loc="best", framealpha=0.85, edgecolor="none", title=panel.legend_title or None)
    elif panel.legend == "beside":
        axes.legend(fontsize=9, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, borderaxespad=0.0,
                    title=panel.legend_title or None)  # fmt: skip
    else:

        def made(columns: int) -> Legend:
            return axes.legend(
                fontsize=9, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=columns, borderaxespad=0.1,
                columnspacing=1.2, handlelength=1.8, frameon=False, alignment="left", title=panel.legend_title or None,
                title_fontsize=9,
            )  # fmt: skip

        # a legend wider than the panel would make that narrow; it grows into the margins when the figure is laid out
        room = float(axes.get_window_extent().width)
        legend = _legend_that_fits(made, len(axes.get_legend_handles_labels()[1]), room=room)
        legend.get_title().set_color("0.35")


def _legend_of_all(figure: Figure, every: Iterable[Axes], plot: Plot) -> None:
    """Name each curve once; later ones replace earlier ones of the same name: the last of several has full colour."""
    entries: dict[str, Any] = {}
    for axes in every:
        handles, labels = axes.get_legend_handles_labels()
        entries |= dict(zip(labels, handles, strict=True))
    # matplotlib itself puts points with error bars last
    named = sorted(plot.curves, key=lambda curve: curve.order < 0.0)
    order = {plain_text(curve.name): place for place, curve in reversed(list(enumerate(named)))}
    labels = sorted(entries, key=lambda label: order.get(label, len(named)))
    handles = [entries[label] for label in labels]
    if not labels:
        return
    if plot.legend == "right":
        columns = 1 + (len(labels) - 1) // 24
        figure.legend(handles, labels, fontsize=8, frameon=False, loc="outside right upper", ncols=columns)
        return

    def made(count: int) -> Legend:
        return figure.legend(handles, labels, loc="outside upper center", ncols=count, frameon=False)

    _legend_that_fits(made, min(plot.columns, len(labels)), room=float(figure.bbox.width))


def _legend_that_fits(made: Callable[[int], Legend], columns: int, *, room: float) -> Legend:
    """Return the legend with the most columns that is not wider than `room` [pixels]; a wider one would be cut off.

    made: makes a legend with a number of columns.
    """
    legend = made(columns)
    while columns > 1 and legend.get_window_extent().width > room:
        legend.remove()
        columns -= 1
        legend = made(columns)
    return legend


def axis_text(axis: Axis) -> str:
    """What stands along an axis, its symbol in mathematical text."""
    words = " ".join(filter(None, (plain_text(axis.label), _mathematical(axis.symbol))))
    return f"{words}{plain_text(axis.unit_text)}"


def _mathematical(symbol: str) -> str:
    """A symbol such as `n/n_bulk` in mathematical text: letters italic, subscripts upright."""
    return SYMBOL.sub(
        lambda found: rf"${found[1]}_\mathrm{{{found[2]}}}$" if found[2] else f"${found[1]}$",
        symbol,
    )
