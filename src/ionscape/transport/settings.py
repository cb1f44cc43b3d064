"""Choices of the numerical method, and what a running simulation reports."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ionscape.errors import InputError

if TYPE_CHECKING:
    from ionscape.experiment.stages import Stage

TOLERANCE_OF_MELTS = 0.1
ModelName = Literal["full", "electroneutral"]
MethodName = Literal["esdirk3", "esdirk4", "tr-bdf2"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Numerical settings of a simulation; the defaults meet the accuracy stated in the documentation.

    Attributes:
        model: "full" solves Poisson's equation, "electroneutral" its limit of vanishing permittivity: no space charge,
            no charging current, no depletion layers.
        relative_tolerance: accepted error of a density per time step, relative to the native density, averaged over the
            width of the narrowest front. An exchange with a melt at open circuit has a tenth of it: its smooth profile
            is read off to four digits, as stress or as effective indices.
        method: time integration; measured in the documentation (benchmarks).
        maximum_steps: time steps, accepted and rejected, after which a stage is given up.
        snapshots_per_stage: about how many states of each stage are kept.
        populations_per_stage: about how many states of each stage keep the populations on the energies of the sites,
            of ions that have them; 1 keeps that of its end. Each takes 8 bytes times cells, ions and levels.
        slopes_over_time: whether derivatives by parameters are those of the densities of all kept states, under
            `density_slope_over_time`, beside those of the ends of the stages.
        table_intervals: intervals of the table of ln D(n); one is the width over which a jump of D is smoothed.
        holding_tolerance: in the potential-limited regime the surface stays below the source potential by at most
            about this fraction of it. Results do not depend on it.
    """

    model: ModelName = "full"
    relative_tolerance: float = 3e-4
    method: MethodName = "tr-bdf2"
    maximum_steps: int = 50_000
    snapshots_per_stage: int = 100
    populations_per_stage: int = 1
    slopes_over_time: bool = False
    table_intervals: int = 4096
    holding_tolerance: float = 1e-7

    def relative_tolerance_of(self, stage: Stage) -> float:
        """The relative tolerance of a stage."""
        law = stage.surface_law()
        melt = law.composition is not None and law.potential is None
        return self.relative_tolerance * (TOLERANCE_OF_MELTS if melt else 1.0)

    def __post_init__(self) -> None:
        if self.model not in ("full", "electroneutral"):
            raise InputError("must be full or electroneutral", key="model", value=self.model)
        if self.method not in ("esdirk3", "esdirk4", "tr-bdf2"):
            raise InputError("must be esdirk3, esdirk4 or tr-bdf2", key="method", value=self.method)
        for key, low, high in (("relative_tolerance", 1e-10, 0.1), ("holding_tolerance", 1e-12, 1e-2)):
            value = getattr(self, key)
            if not (math.isfinite(value) and low <= value <= high):
                raise InputError(f"must be from {low:g} to {high:g}", key=key, value=value)
        least = {"maximum_steps": 1, "snapshots_per_stage": 1, "populations_per_stage": 1, "table_intervals": 2}
        for key, low in least.items():
            if getattr(self, key) < low:
                raise InputError(f"must be at least {low}", key=key, value=getattr(self, key))


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a simulation is.

    Attributes:
        stage: running stage, counted from 0.
        stages: number of stages.
        time: simulated time since the start of the first stage [s].
        stage_end: end of the running stage [s].
        fraction: simulated share of all stages, 0 to 1.
        steps: accepted time steps so far.
    """

    stage: int
    stages: int
    time: float
    stage_end: float
    fraction: float
    steps: int
