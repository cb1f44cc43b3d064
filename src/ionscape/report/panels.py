"""The figures of a report: those of the registry, with the words about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ionscape.figures.fit_values import SAME_OPTIMUM, data_sets
from ionscape.figures.registry import named_plots

from .parts import Panel

if TYPE_CHECKING:
    from ionscape.inference import FitResult

BANDS = "Dark bands hold 68 %, light ones 95 %; the lower panel shows them about the curve"


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a report says of a figure: name of the file with its numbers, title above it, caption below it."""

    file: str
    title: str
    caption: str


DATA = {
    "readings": Words(
        file="readings",
        title="Readings of the plate",
        caption="Measured numbers and the fit; residuals in standard deviations of the readings, the grey band is ±2.",
    ),
    "profiles": Words(
        file="profile",
        title="Measured and fitted densities",
        caption="Points: densities from the counts with the fitted sensitivity factors, the factor common to all ions"
        " of a point divided out, or as they were stated, with one standard deviation. Lines: the fit, smeared by the"
        " depth response. Below: residuals in standard deviations, made independent of one another; the grey band is"
        " ±2.",
    ),
}
CURVES = {
    "diffusion": Words(
        file="diffusion-coefficient",
        title="Diffusion coefficients D(n)",
        caption=f"At the temperature of the stage after which the profile was measured. {BANDS}, in per cent.",
    ),
    "activation-energy": Words(
        file="activation-energy",
        title="Activation energies",
        caption=f"{BANDS}. An energy that was not varied has no band, however little it is known.",
    ),
    "energies": Words(
        file="site-energies",
        title="Site energy distribution",
        caption=f"Sites per energy and volume, from the threshold of long-range transport. {BANDS}.",
    ),
}
PARAMETERS = {
    "correlation": Words(
        file="correlation",
        title="Correlation of the parameters",
        caption="Near ±1 the data tell a combination of two parameters better than either of them.",
    ),
    "starts": Words(
        file="starts",
        title="Starts",
        caption=f"Where each start ended; blue: within {SAME_OPTIMUM:g} of the least cost, the same optimum.",
    ),
    "likelihoods": Words(
        file="profile-likelihood",
        title="Profile likelihoods",
        caption="Cost with one parameter held and all others fitted again. Where the curve leaves the parabola of the"
        " standard error, the interval between the crossings with 68 and 95 % is the one to quote.",
    ),
    "posterior": Words(
        file="posterior",
        title="Posterior distribution",
        caption="Draws of the parameters; dashed lines hold 68 %, dotted ones 95 %.",
    ),
}


def panels_of(result: FitResult, words: dict[str, Words]) -> tuple[Panel, ...]:
    """The figures that a result has numbers for, those of data sets once for each.

    Args:
        result: of a fit.
        words: about the figures, by their names in the registry.
    """
    sets = data_sets(result)
    found: list[tuple[int, Panel]] = []
    for figure, number, plot in named_plots("fit", result, data_sets=len(sets), names=words):
        said, place = words[figure], len(sets) if number is None else number
        name = "" if number is None else sets[number][0]
        title = f"{said.title}: {name}" if name else said.title
        panel = Panel(name=_file_name(said.file, name, place), title=title, caption=said.caption, plot=plot)
        found.append((place, panel))
    return tuple(panel for _, panel in sorted(found, key=lambda entry: entry[0]))


def _file_name(kind: str, name: str, number: int) -> str:
    """Name of a table of numbers; letters of a data set that may not stand in a file name are left out."""
    safe = "".join(letter for letter in name if letter.isascii() and (letter.isalnum() or letter in "-_"))
    return kind if not name else f"{kind}-{number + 1}-{safe}".rstrip("-")
