"""Diffusion coefficients over density (Gunawan 2024, Fig. 2; Gunawan 2026, Figs. 4, 6 and 7).

A line for every model and temperature that occurs: those of a stage whose temperature changes are drawn for its ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.files.quantities import format_quantity
from ionscape.files.table import Table
from ionscape.remarks import listed

from .axes import DIFFUSION, decades
from .plot import Axis, Curve, Panel, Plot, entry
from .render_matplotlib import Drawing
from .states import arrival_order
from .style import STAGE_LINES, LineStyle, ion_styles, reject

if TYPE_CHECKING:
    from ionscape.experiment import Experiment
    from ionscape.experiment.stages import StageTable

SAME_COEFFICIENT = 0.2  # relative difference of two diffusion coefficients that looks like none over some decades
MOST_TEMPERATURES = 3  # of one stage: of more, only the lowest and the highest are drawn


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """Stages with the same diffusion coefficients at one temperature: one kind of line.

    Attributes:
        stages: counted from 0.
        temperature: [K].
        models: of the ions that are present: name, specification and the density to which fractions refer, in the order
            in which they came.
        several: whether the stages have further temperatures.
    """

    stages: tuple[int, ...]
    temperature: float
    models: list[tuple[str, Any, float]]
    several: bool

    @property
    def numbers(self) -> str:
        """The stages as people count them: `stages 1 and 3`."""
        shown = [str(stage + 1) for stage in self.stages]
        return f"stage{'s' if len(shown) > 1 else ''} {listed(shown)}"

    def title(self, experiment: Experiment, *, temperature: bool) -> str:
        """The stages by number and name, with the temperature if wanted."""
        names = list(dict.fromkeys(experiment.stages[stage].title for stage in self.stages))
        return ", ".join([self.numbers, *(names if len(names) == 1 else ()), *([self.kelvin] if temperature else ())])

    @property
    def kelvin(self) -> str:
        """The temperature in words."""
        return format_quantity(self.temperature, "temperature", digits=5)


def stage_list(experiment: Experiment, stages: int | Sequence[int] | None) -> list[int]:
    """The stages to draw; by default those in which ions are driven, or all if there is none.

    Raises:
        InputError: there is no such stage.
    """
    count = len(experiment.stages)
    if stages is None:
        driven = [number for number, stage in enumerate(experiment.stages) if stage.drives]
        return driven or list(range(count))
    chosen = [stages] if isinstance(stages, int) else list(stages)
    for number in chosen:
        if not 0 <= number < count:
            raise reject("stage", number, range(count))
    return chosen


def drawn_temperatures(stage: StageTable) -> list[float]:
    """The temperatures of a stage [K] between which it lies on straight lines; of many, the lowest and the highest."""
    found = [side.first_temperature for piece in stage.pieces() for side in (piece.start, piece.end)]
    distinct = list(dict.fromkeys(found))
    return distinct if len(distinct) <= MOST_TEMPERATURES else [min(distinct), max(distinct)]


def _drawn(experiment: Experiment, stages: int | Sequence[int] | None) -> list[Drawn]:
    """What there is to draw; stages without any difference are joined."""
    found: list[Drawn] = []
    for number in stage_list(experiment, stages):
        specifications = experiment.diffusion_specifications(number)
        models = [(name, specifications[name], experiment.reference_density(name, number))
                  for name in arrival_order(experiment, number)]  # fmt: skip
        temperatures = drawn_temperatures(experiment.stages[number])
        for temperature in temperatures:
            new = Drawn(stages=(number,), temperature=temperature, models=models, several=len(temperatures) > 1)
            same = next((k for k, each in enumerate(found) if _no_difference(each, new)), None)
            if same is None:
                found.append(new)
            else:
                both = {"stages": (*found[same].stages, number), "several": found[same].several or new.several}
                found[same] = replace(found[same], **both)
    return found


def _no_difference(one: Drawn, other: Drawn) -> bool:
    """Whether all coefficients are the same."""
    if one.temperature != other.temperature or len(one.models) != len(other.models):
        return False
    # a model of one's own is compared by what it is: its equality is anybody's guess
    return all(
        a == b and density == own and (model is its or (isinstance(model, Table) and model == its))
        for (a, model, density), (b, its, own) in zip(one.models, other.models, strict=True)
    )


def diffusion_panel(experiment: Experiment, stages: int | Sequence[int] | None = None) -> Panel:
    """D over the density that sets the Fermi level, a kind of line for each stage; see `diffusion_coefficients`."""
    from ionscape.diffusivity import PopulationDiffusion

    fraction = np.unique(np.concatenate([np.geomspace(1e-4, 1e-2, 50), np.linspace(0.0, 1.0, 2001)[1:]]))
    drawn = _drawn(experiment, stages)
    styles = ion_styles(experiment.ions)
    curves: list[Curve] = []
    counted: dict[str, str] = {}
    populated: list[str] = []
    depends = False
    for (line, thickness), each in zip(_lines(len(drawn)), drawn, strict=True):
        models = experiment.diffusion_models(each.stages[0])
        for name, _, reference in each.models:
            coefficient = np.asarray(models[name].coefficient(fraction * reference, each.temperature), dtype=np.float64)
            if not coefficient.max() > 0:
                continue
            # one label where lines end at nearly the same place
            labelled = any(curve.end_label == name and abs(coefficient[-1] / curve.y[-1] - 1) < SAME_COEFFICIENT
                           for curve in curves)  # fmt: skip
            where = [] if len(drawn) == 1 else [each.numbers, *([each.kelvin] if each.several else ())]
            curves.append(Curve(name=", ".join([name, *where]), x=fraction, y=coefficient, colour=styles[name].colour,
                                line=line, thickness=thickness, legend=False,
                                end_label="" if labelled else name))  # fmt: skip
            if isinstance(models[name], PopulationDiffusion) and name not in populated:
                populated.append(name)
            counts = models[name].fermi_level_counts
            if counts and counts != (name,):
                counted[name] = f"{name}: {' + '.join(counts)}"
            depends |= float(np.ptp(coefficient)) > 0.0
    notes = [*counted.values(), *([f"at activity 1: {', '.join(populated)}"] if populated else [])]
    note = f" ({'; '.join(notes)})" if notes else ""
    what = f"density{' that sets the Fermi level' if depends else ', on which no coefficient depends'}{note}"
    return Panel(
        horizontal=Axis(label=f"{what},", symbol="n/n_bulk", limits=(0.0, 1.0)),
        vertical=replace(DIFFUSION, limits=decades(curves)),
        curves=tuple(curves),
    )


def stage_entries(
    experiment: Experiment, stages: int | Sequence[int] | None = None, *, temperatures: bool = False
) -> list[Curve]:
    """Entries of a legend for the kinds of lines, with temperatures where these differ.

    Args:
        experiment: the description of the experiment.
        stages: see `diffusion_coefficients`.
        temperatures: name them in any case.
    """
    drawn = _drawn(experiment, stages)
    named = temperatures or len({each.temperature for each in drawn}) > 1
    return [
        entry(each.title(experiment, temperature=named), colour="black", line=line, thickness=thickness - 0.3)
        for each, (line, thickness) in zip(drawn, _lines(len(drawn)), strict=True)
    ]


@Drawing
def diffusion_coefficients(experiment: Experiment, stages: int | Sequence[int] | None = None) -> Plot:
    """Draw the diffusion coefficients [m^2/s] of all ions over the density that sets their Fermi level.

    The abscissa is a fraction of `Experiment.reference_density`, the native density of the ions that are counted;
    coefficients that do not depend on it are horizontal lines. Those of ions with populations hold at an activity of 1:
    what would be measured is drawn by `diffusion_over_depth`. A stage whose temperature changes has lines for the
    temperatures between which it does, of more than three for the lowest and the highest; stages without any difference
    share theirs. Gunawan 2024, Fig. 2; Gunawan 2026, Figs. 4, 6, 7.

    Args:
        experiment: the description of the experiment.
        stages: the stage or stages (from 0) whose models and temperatures to draw, a kind of line for each; without
            it, all stages but storage. An ion appears from the stage on in which it is present.

    Raises:
        InputError: there is no such stage.
    """
    panel, entries = diffusion_panel(experiment, stages), stage_entries(experiment, stages, temperatures=True)
    return Plot(name="diffusion-coefficients", legend="above", columns=2, size=(6.2, 4.2),
                panels=(replace(panel, curves=(*panel.curves, *entries), legend=""),))  # fmt: skip


def _lines(count: int) -> list[tuple[LineStyle, float]]:
    """Dashes and thickness of lines; those that begin again with the first dashes are thinner."""
    rounds = [divmod(number, len(STAGE_LINES)) for number in range(count)]
    return [(STAGE_LINES[place], max(1.8 - 0.6 * times, 0.6)) for times, place in rounds]
