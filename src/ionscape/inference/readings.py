"""What was read of an exchanged plate after its stages: stresses, a depth of layer, effective indices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from ionscape.errors import InputError
from ionscape.experiment import Experiment
from ionscape.files.quantities import format_quantity

from .settings import STRESSES, EffectiveIndices, FitTable, StressReading

ReadingKind = Literal["surface_stress", "central_stress", "depth_of_layer", "TE", "TM"]
UNITS: Mapping[ReadingKind, str] = {
    "surface_stress": "Pa", "central_stress": "Pa", "depth_of_layer": "m", "TE": "", "TM": "",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PlateReading:
    """One number that was read of a plate.

    Attributes:
        kind: what it is: a figure of `ionscape.transport.plate_stress`, or the effective index of a mode.
        stage: after which it was read, counted from 0.
        value: in SI units.
        error: its standard deviation.
        mode: number of the mode, from 0.
        wavelength: of the light in vacuum [m]; 0 of a stress.
    """

    kind: ReadingKind
    stage: int
    value: float
    error: float
    mode: int = 0
    wavelength: float = 0.0

    @property
    def name(self) -> str:
        """What it is, in words."""
        what = self.kind.replace("_", " ")
        if self.kind in ("TE", "TM"):
            what = f"{self.kind}{self.mode} at {format_quantity(self.wavelength, 'length', digits=6)}"
        return f"{what} after stage {self.stage + 1}"

    @property
    def unit(self) -> str:
        """SI unit; empty for an effective index."""
        return UNITS[self.kind]


def readings_of(
    settings: FitTable, experiments: Mapping[str, Experiment | None]
) -> dict[str, tuple[PlateReading, ...]]:
    """The readings of every data set.

    Args:
        settings: the table [fit].
        experiments: of the data sets, by name.

    Raises:
        InputError: a reading of no data set, of a stage that the experiment does not have, or of what it does not
            describe.
    """
    found: dict[str, list[PlateReading]] = {name: [] for name in experiments}
    tables: dict[str, tuple[StressReading, ...] | tuple[EffectiveIndices, ...]] = {
        "stress_readings": settings.stress_readings, "effective_indices": settings.effective_indices,
    }  # fmt: skip
    for key, entries in tables.items():
        for place, entry in enumerate(entries):
            where = f"fit.{key}[{place}]"
            name = _data_set(entry.data_set, experiments, key=f"{where}.data_set")
            experiment = experiments[name]
            if experiment is None:
                continue  # which is refused where the data set is made
            stage = _stage(entry.after_stage, experiment, key=f"{where}.after_stage")
            if isinstance(entry, StressReading):
                _check_described(experiment, "mechanics", "stress", key=where)
                found[name] += _stresses(entry, stage)
            else:
                _check_described(experiment, "optics", "refractive index", key=where)
                found[name] += _indices(entry, stage, experiment, key=where)
    return {name: tuple(entries) for name, entries in found.items()}


def _data_set(name: str | None, known: Mapping[str, Experiment | None], *, key: str) -> str:
    if name is None and len(known) == 1:
        return next(iter(known))
    if name is None:
        raise InputError("is missing, and there are several data sets", key=key,
                         remedy=f"name the one that was read: {', '.join(known)}")  # fmt: skip
    if name not in known:
        named = ", ".join(filter(None, known))
        raise InputError("is no data set", key=key, value=name,
                         remedy=f"known are {named}" if named else "leave it out, since there is one only")  # fmt: skip
    return name


def _stage(after: int | None, experiment: Experiment, *, key: str) -> int:
    count = len(experiment.stages)
    if after is not None and after > count:
        raise InputError(f"is beyond the {count} stage{'s' if count > 1 else ''} of the experiment", key=key,
                         value=after, remedy="count stages from 1")  # fmt: skip
    return (count if after is None else after) - 1


def _check_described(experiment: Experiment, table: str, what: str, *, key: str) -> None:
    if getattr(experiment, table) is None:
        raise InputError(f"needs the {what} of the glass, which the experiment does not describe", key=key,
                         remedy=f"add a table [{table}] to the experiment file")  # fmt: skip


def _stresses(entry: StressReading, stage: int) -> Iterator[PlateReading]:
    for kind in STRESSES:
        value = getattr(entry, kind)
        if value is not None:
            yield PlateReading(kind=kind, stage=stage, value=value, error=getattr(entry, f"{kind}_error"))


def _indices(entry: EffectiveIndices, stage: int, experiment: Experiment, *, key: str) -> Iterator[PlateReading]:
    optics = experiment.optics
    wavelength = entry.wavelength if entry.wavelength is not None or optics is None else optics.wavelength
    if wavelength is None:
        raise InputError("is missing", key=f"{key}.wavelength", remedy="give it here, or in the table [optics]")
    for kind in ("TE", "TM"):
        values: tuple[float, ...] = getattr(entry, kind)
        for mode, (value, error) in enumerate(zip(values, entry.errors_of(kind), strict=True)):
            yield PlateReading(kind=kind, stage=stage, value=value, error=error, mode=mode, wavelength=wavelength)
