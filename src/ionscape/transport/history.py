"""What is kept of a simulation while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ionscape.arrays import FloatArray


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One kept state in the scaled units of the kernels (`arrays`).

    Attributes:
        time: since the start of the first stage [s].
        stage: counted from 0.
        y: the unknowns, shape (cells, ions + 1).
        faces: depths of the faces of moving cells, shape (cells + 1,) [m]; empty where they rest.
        surface_potential: [V].
        entered: amounts that passed the surface, shape (ions,).
        departed: amounts that passed the back, shape (ions,).
        current: density of the total current.
        current_slopes: its derivatives by the parameters, shape (P,).
        departed_slopes: those of `departed`, shape (ions, P).
        state_slopes: those of the departures of the ions, shape (cells, ions, P); empty at the start.
        face_slopes: those of `faces`, shape (cells + 1, P); empty at the start.
        populations: on the levels of the sites, shape (cells, ions with populations, levels); None where not kept.
        theta: their activities, shape (cells, ions with populations); None where not kept.
    """

    time: float
    stage: int
    y: FloatArray
    faces: FloatArray
    surface_potential: float
    entered: FloatArray
    departed: FloatArray
    current: float
    current_slopes: FloatArray
    departed_slopes: FloatArray
    state_slopes: FloatArray = field(default_factory=lambda: np.zeros((0, 0, 0)))
    face_slopes: FloatArray = field(default_factory=lambda: np.zeros((0, 0)))
    populations: FloatArray | None = None
    theta: FloatArray | None = None


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a stage has cost so far; the time is that of the machine [s]."""

    steps: int = 0
    rejected: int = 0
    iterations: int = 0
    wall_time: float = 0.0


@dataclass(kw_only=True)
class History:
    """The kept states and what they cost; grows while a simulation runs."""

    kept: list[Kept] = field(default_factory=list[Kept])
    steps: list[int] = field(default_factory=list[int])
    rejected: list[int] = field(default_factory=list[int])
    iterations: list[int] = field(default_factory=list[int])
    wall_times: list[float] = field(default_factory=list[float])
    stage_end_slopes: list[tuple[FloatArray, FloatArray]] = field(default_factory=list[tuple[FloatArray, FloatArray]])

    def work_of(self, stage: int) -> Work:
        """What a stage has cost so far, nothing before it began."""
        if stage >= len(self.steps):
            return Work()
        return Work(steps=self.steps[stage], rejected=self.rejected[stage], iterations=self.iterations[stage],
                    wall_time=self.wall_times[stage])  # fmt: skip

    def of(self, name: str) -> FloatArray:
        """One attribute of all kept states, times first."""
        return np.array([getattr(kept, name) for kept in self.kept])
