"""Derivatives of a simulation by its parameters, between two stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ionscape.arrays import FloatArray

from .stage_arrays import StageArrays
from .tangent_arrays import Tangents, make_tangents, one_by_one
from .variation import FaceSlopes, Variation, VariedStage


@dataclass(frozen=True, kw_only=True)
class Slopes:
    """Derivatives by the parameters between two stages.

    Attributes:
        state: of the unknowns, shape (cells, ions + 1, P).
        faces: of the depths of moving faces, shape (cells + 1, P).
        departed: of the amounts that left, shape (ions, P).
        at_faces: of what the faces keep.
    """

    state: FloatArray
    faces: FloatArray
    departed: FloatArray
    at_faces: FaceSlopes

    @classmethod
    def at_start(cls, variations: Sequence[Variation], *, cells: int, ions: int) -> Slopes:
        """Nothing has happened: all are zero."""
        count = len(variations)
        return cls(
            state=np.zeros((cells, ions + 1, count)), faces=np.zeros((cells + 1, count)),
            departed=np.zeros((ions, count)), at_faces=FaceSlopes.zero(count),
        )  # fmt: skip

    def tangents(self, varied: VariedStage, *, substeps: int) -> Tangents:
        """Buffers for the next stage, which starts from here."""
        cells, unknowns, _ = self.state.shape
        return make_tangents(
            cells=cells, ions=unknowns - 1, substeps=substeps, knots=varied.knots, variants=varied.variants,
            state=self.state, departed=self.departed, faces=self.faces,
        )  # fmt: skip

    def after(
        self,
        tangents: Tangents,
        varied: VariedStage,
        stage: StageArrays,
        variations: Sequence[Variation],
        potential: FloatArray,
    ) -> Slopes:
        """The derivatives at the end of a stage, where the cells have a potential, shape (cells,) [V]."""
        state = one_by_one(tangents.values[0], tangents.parameters)
        return Slopes(
            state=state,
            faces=one_by_one(tangents.faces, tangents.parameters),
            departed=one_by_one(tangents.departed, tangents.parameters),
            at_faces=self.at_faces.after(varied, stage, variations, potential, state[:, -1]),
        )
