"""Least barriers of the glasses of a file: of all alike, or each from its glass transition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.constants import ELECTRON_VOLT
from ionscape.errors import InputError
from ionscape.files.csv_table import read_csv_table
from ionscape.files.fields import FRACTION, Number
from ionscape.files.text import read_named
from ionscape.glass import Glass, bridging_oxygens, estimated_glass_transition
from ionscape.provenance import text_hash

from .barrier_settings import BARRIER, TRANSITION, BarrierTable, LineTable, TransitionTable

if TYPE_CHECKING:
    from ionscape.hopping import LandscapeModel

    from .settings import HoppingTable, LandscapeTable

KEY = "hopping.barrier.from_glass_transition"
COLUMNS = "x,glass transition (K)"


@dataclass(frozen=True, kw_only=True, eq=False)
class Barriers:
    """What a file says of least barriers.

    Attributes:
        given: a number in units of V0, an energy as a text, or a table.
        known: T_g [K] over the mixing ratio, rising, as two arrays (k,); None where it is the same, estimated, or none.
        hashes: SHA-256 of the file it was read from, by name.
        file: name of the file that says it, for messages.
    """

    given: float | str | BarrierTable | TransitionTable
    known: tuple[FloatArray, FloatArray] | None = None
    hashes: Mapping[str, str]
    file: str | None = None

    @property
    def spread(self) -> tuple[str, float] | None:
        """Kind and width [J] of the distribution over the links; None where all are equal."""
        return (self.given.distribution, self.given.width) if isinstance(self.given, BarrierTable) else None

    def glass_transition(self, glass: Glass, ratio: float) -> float | None:
        """T_g of a glass [K]; None where the barrier does not follow it.

        Args:
            glass: with its units.
            ratio: its mixing ratio x.

        Raises:
            InputError: there is no T_g at that ratio, or no estimate for that glass.
        """
        if not isinstance(self.given, TransitionTable):
            return None
        transition = self.given.from_glass_transition
        if isinstance(transition, float):
            return transition
        if self.known is not None:
            places, kelvins = self.known
            if not places[0] <= ratio <= places[-1]:
                raise InputError(f"is not known at x = {ratio:g}", file=self.file, key=KEY,
                                 bound=f"it is from x = {places[0]:g} to {places[-1]:g}",
                                 remedy="give it at both ends of the series")  # fmt: skip
            return float(np.interp(ratio, places, kelvins))
        line = transition.model_dump() if isinstance(transition, LineTable) else {}
        try:
            return estimated_glass_transition(glass, **line)
        except InputError as error:
            raise error.replace(file=self.file, key=KEY) from None

    def energy(self, glass: Glass, ratio: float) -> float | None:
        """Least barrier of a glass [J], the mean one of a distribution; None where it is a number in units of V0."""
        from ionscape.hopping import barrier_of_glass_transition

        given = self.given
        if isinstance(given, BarrierTable):
            return given.mean
        if isinstance(given, str):
            return BARRIER.energy.read(given)
        transition = self.glass_transition(glass, ratio)
        if transition is None:
            return None
        assert isinstance(given, TransitionTable)
        return barrier_of_glass_transition(transition, factor=given.factor)

    def applied(self, model: LandscapeModel, glass: Glass, ratio: float) -> LandscapeModel:
        """The model of the landscapes of a glass, with its barrier."""
        energy = self.energy(glass, ratio)
        if energy is None:
            assert isinstance(self.given, float | int)
            return replace(model, barrier=float(self.given))
        try:
            return replace(model, barrier=energy / model.energy_scale)
        except InputError as error:
            raise error.replace(file=self.file, key="hopping.barrier") from None

    def variables(self, models: Sequence[LandscapeModel], glasses: Sequence[Glass], ratios: Sequence[float], *,
                  in_electron_volts: bool) -> dict[str, Any]:  # fmt: skip
        """Barrier, and T_g where it follows that, over x for a dataset.

        Args:
            models: of the landscapes of each glass.
            glasses: of the file.
            ratios: x of each.
            in_electron_volts: whether energies are, instead of in J.
        """
        unit, size = ("eV", ELECTRON_VOLT) if in_electron_volts else ("J", 1.0)
        barriers = np.array([model.least_barrier for model in models]) / size
        meaning = "least barrier of the jumps" + (", mean over the links" if self.spread else "")
        found: dict[str, Any] = {"barrier": ("x", barriers, {"units": unit, "long_name": meaning})}
        if isinstance(self.given, TransitionTable):
            known = [self.glass_transition(glass, ratio) for glass, ratio in zip(glasses, ratios, strict=True)]
            found["glass_transition"] = ("x", np.array(known, dtype=float), {
                "units": "K", "long_name": "glass transition temperature that sets the barrier",
                "barrier_factor": self.given.factor, "origin": self.origin,
            })  # fmt: skip
            found["bridging_oxygens"] = ("x", np.array([bridging_oxygens(glass.units) for glass in glasses]), {
                "units": "1", "long_name": "bridging oxygens per network former cation",
            })  # fmt: skip
        return found

    def in_words(self, glasses: Sequence[Glass], ratios: Sequence[float]) -> str:
        """What is given, and which glass transitions and energies that makes.

        Args:
            glasses: of the file.
            ratios: x of each.
        """
        if isinstance(self.given, float | int):
            return f"{self.given:g} V0"
        pairs = list(zip(glasses, ratios, strict=True))
        electron_volts = [(self.energy(*pair) or 0.0) / ELECTRON_VOLT for pair in pairs]
        said = f"{_range_of(electron_volts, '.3f')} eV"
        if isinstance(self.given, BarrierTable):
            width = self.given.width / ELECTRON_VOLT
            return f"{said} in the mean, {self.given.distribution} over the links, width {width:.3f} eV"
        if isinstance(self.given, str):
            return said
        kelvins = [self.glass_transition(*pair) or 0.0 for pair in pairs]
        return f"{said}, {self.given.factor:g} k_B T_g with T_g = {_range_of(kelvins, '.0f')} K ({self.origin})"

    @property
    def origin(self) -> str:
        """Where the glass transition comes from."""
        transition = self.given.from_glass_transition if isinstance(self.given, TransitionTable) else None
        if isinstance(transition, str):
            return f"read from {transition}"
        return "estimated from bridging oxygens" if transition is True or isinstance(transition, LineTable) else "given"


def read_barriers(
    landscape: LandscapeTable, hopping: HoppingTable, ratios: Sequence[float], folder: Path, *, file: str | None
) -> Barriers:
    """What a file says of least barriers, with the glass transitions of a file that it names.

    Args:
        landscape: table of the file.
        hopping: table of the file.
        ratios: x of the glasses, in the order of the file.
        folder: where the files lie to which it refers.
        file: its name, for messages.

    Raises:
        InputError: glass transitions cannot be used.
    """
    given = landscape.barrier if hopping.barrier is None else hopping.barrier
    transition = given.from_glass_transition if isinstance(given, TransitionTable) else None
    known: tuple[FloatArray, FloatArray] | None = None
    hashes: dict[str, str] = {}
    if isinstance(transition, tuple):
        if len(transition) != len(ratios):
            raise InputError(f"has {len(transition)} temperatures for {len(ratios)} mixing ratios", file=file, key=KEY,
                             remedy="give one for each, in their order")  # fmt: skip
        known = _rising(np.array(ratios), np.array(transition))
    elif isinstance(transition, str):
        hashes[transition] = text_hash(read_named(folder / transition, file=file, key=KEY))
        table = read_csv_table(folder / transition, file=str(folder / transition))
        columns = table.quantities(
            {"x": Number(FRACTION), "glass transition": TRANSITION}, example=COLUMNS, others=True
        )
        if not columns["x"].size:
            raise InputError("has no line of numbers", file=str(folder / transition), remedy=f"start it with {COLUMNS}")
        known = _rising(columns["x"], columns["glass transition"])
    return Barriers(given=given, known=known, hashes=hashes, file=file)


def _range_of(values: Sequence[float], form: str) -> str:
    """The one value, or the least and the largest."""
    ends = [f"{value:{form}}" for value in (min(values), max(values))]
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)


def _rising(places: FloatArray, kelvins: FloatArray) -> tuple[FloatArray, FloatArray]:
    """By rising place; of several values at one their mean."""
    different = np.unique(places)
    return different, np.array([kelvins[places == place].mean() for place in different])
