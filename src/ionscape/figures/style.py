"""Colours, line styles, units and output files that all figures share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ionscape.errors import InputError
from ionscape.files.quantities import DIMENSIONS, DimensionName, DisplayUnit
from ionscape.files.writing import check_output, write_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURE_EXTENSIONS = (".png", ".svg", ".pdf")
LOWEST_DECADES = 10  # below its largest value a diffusion coefficient is not followed further than this

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


def darker(colour: str) -> str:
    """A colour for a line on top of a pale band or pale points of the same colour."""
    from matplotlib.colors import to_hex, to_rgb

    red, green, blue = (0.8 * part for part in to_rgb(colour))
    return to_hex((red, green, blue))


def colour_of_map(name: str, place: float) -> str:
    """The colour at a place from 0 to 1 of one of matplotlib's colour maps."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return to_hex(colormaps[name](place))


def axis_unit(maximum: float, dimension: DimensionName, *, least: float = 2.0) -> DisplayUnit:
    """Return the largest display unit of a dimension in which `maximum` (SI, any sign) still measures at least `least`.

    Axes want numbers above one more than single values do: 0.1 µm is better read as 100 nm along an axis.
    """
    units = DIMENSIONS[dimension].display
    fitting = [unit for unit in units if abs(maximum) >= least * unit.size]
    return fitting[-1] if fitting else units[0]


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
    target = check_output(path, extensions=FIGURE_EXTENSIONS)
    write_bytes(target, figure_bytes(figure, target.suffix.lower().removeprefix(".")))


def figure_bytes(figure: Figure, form: str, *, dpi: float | str = "figure") -> bytes:
    """The file of a figure; the same figure gives the same bytes: neither dates nor random identifiers are stored.

    Args:
        figure: any.
        form: "png", "svg" or "pdf".
        dpi: dots per inch of raster output; without it, that of the figure.
    """
    import matplotlib

    absent: dict[str, dict[str, Any]] = {
        "png": {"Software": None},
        "svg": {"Date": None},
        "pdf": {"CreationDate": None},
    }
    buffer = BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "ionscape"}):
        figure.savefig(buffer, format=form, metadata=absent[form], dpi=dpi)
    return buffer.getvalue()


def reject(what: str, value: object, known: Iterable[object]) -> InputError:
    """Return the error for a choice that is not among those on offer."""
    return InputError(
        f"there is no such {what}", key=what, value=str(value), remedy="choose one of " + ", ".join(map(str, known))
    )
