"""Ions that pile up at a face that does not pass them, to densities that no solid has."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ionscape.remarks import Kind, Remark

if TYPE_CHECKING:
    import xarray

DENSEST_SOLID = 1.8e29
"""Atoms in diamond, which has most of all solids (1.76e29) [1/m^3]."""

PILED_UP = Kind(
    "piled_up",
    "{ion} piles up to {density:number density 2} at a depth of {depth:length 4}, after {time:time 3}: no solid has so"
    " many atoms. Nothing in the model limits how densely ions pile up at a face that does not pass them, and what it"
    " says is that of a face which holds any number; {path[back_electrode.deposits]} says which ions the back electrode"
    " takes.",
)


class PileUp(NamedTuple):
    """Where an ion is densest.

    Attributes:
        ion: its name.
        density: of it [1/m^3].
        depth: [m].
        time: [s].
    """

    ion: str
    density: float
    depth: float
    time: float


def densest(dataset: xarray.Dataset) -> PileUp:
    """Where and when, of all kept states, one ion is denser than all others."""
    moved = "mesh_density" in dataset
    density = dataset["mesh_density" if moved else "density"].values
    time, cell, ion = np.unravel_index(int(np.argmax(density)), density.shape)
    depth = dataset["mesh_depth"].values[time, cell] if moved else dataset["depth"].values[cell]
    return PileUp(
        ion=str(dataset["ion"].values[ion]), density=float(density[time, cell, ion]), depth=float(depth),
        time=float(dataset["time"].values[time]),
    )  # fmt: skip


def pile_up_clause(dataset: xarray.Dataset) -> str:
    """What the sentence of a failure adds where ions are denser than in any solid; nothing elsewhere."""
    found = densest(dataset)
    if found.density <= DENSEST_SOLID:
        return ""
    return (
        f"; {found.ion} piles up to {found.density:.2g} 1/m^3 at a depth of {found.depth * 1e9:.6g} nm, more than the"
        f" {DENSEST_SOLID:.2g} 1/m^3 that are the atoms of the densest solid: let back_electrode.deposits contain what"
        " arrives there, or apply a lower potential for a shorter time"
    )


def pile_up_remarks(dataset: xarray.Dataset) -> tuple[Remark, ...]:
    """What a reader must know of ions that are denser than in any solid."""
    found = densest(dataset)
    return (PILED_UP(**found._asdict()),) if found.density > DENSEST_SOLID else ()
