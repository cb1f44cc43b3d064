"""Stress and refractive index of a simulated exchange, over depth and time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import InputError
from ionscape.experiment.plate import Mechanics, Optics
from ionscape.files.table_files import Columns
from ionscape.mechanics.plate import PlateShape, at_depth, misfit_strain, zero_crossing
from ionscape.mechanics.relaxation import relaxed
from ionscape.remarks import Kind, Remark, remark_entries

from .solution import SimulationResult

if TYPE_CHECKING:
    import xarray

    from ionscape.experiment import Experiment
    from ionscape.optics import SlabModes

Table = TypeVar("Table", Mechanics, Optics)

DEPTH = {"units": "m", "long_name": "depth of the cell centre below the surface, and of the surface"}
DEEP_SHARE = 1e-3
"""Part of the largest exchange that reaches the middle of a plate of two faces, from which on these no longer are each
for itself."""

DEEP = Kind(
    "exchange_through_the_plate",
    "{percent:.2g} % of the largest strain reaches the middle of the plate, where that of the other face arrives too,"
    " which is not added: give a thicker sample or a shorter exchange.",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class PlateStress:
    """Stress in the plane of an exchanged plate; tension is positive.

    Attributes:
        dataset: `stress` [Pa] over `time` and `depth`, from the surface on, and over `time` `surface_stress`,
            `central_stress` (at the mid-plane) [Pa] and `depth_of_layer`, where the stress first changes its sign [m],
            NaN if nowhere.
        experiment: that was simulated.
        remarks: what a reader must know.
    """

    dataset: xarray.Dataset
    experiment: Experiment
    remarks: tuple[Remark, ...] = ()

    def summary(self) -> dict[str, Any]:
        """Title, remarks, stresses and layer at the end, and at the end of each stage, in SI units."""
        names = ("surface_stress", "central_stress", "depth_of_layer")
        ends = np.cumsum([stage.duration for stage in self.experiment.stages])
        done = [end for end in ends if end <= float(self.dataset["time"][-1]) * (1.0 + 1e-9)]
        stages = [self.dataset.sel(time=end, method="nearest") for end in done]
        last = self.dataset.isel(time=-1)
        return {
            "title": self.experiment.title, **remark_entries(self.remarks),
            **{name: float(last[name]) for name in names},
            "stages": [{"end": float(end), **{name: float(each[name]) for name in names}}
                       for end, each in zip(done, stages, strict=True)],
        }  # fmt: skip

    def columns(self) -> Columns:
        """Stress of all times: time, depth, stress (SI units)."""
        data = self.dataset
        return [
            ("time (s)", np.repeat(data["time"].values, data["depth"].size).tolist()),
            ("depth (m)", np.tile(data["depth"].values, data["time"].size).tolist()),
            ("stress (Pa)", data["stress"].values.ravel().tolist()),
        ]


def plate_stress(result: SimulationResult) -> PlateStress:
    """Stress of the plate of a simulation, whose experiment has a table [mechanics].

    The free strain is Σ B_i (C_i − C_i native), with C_i in mol %; the plate carries −E/(1 − ν) of what it does not
    follow of it (`misfit_strain`), less what relaxes (`relaxed`).

    Args:
        result: of the simulation.

    Raises:
        InputError: the experiment has no such table.

    Source: A. R. Cooper & D. A. Krohn, J. Am. Ceram. Soc. 52, 665 (1969). Measured compressions of strengthened glasses
    are three to five times smaller than those of dilatations from glasses melted with either ion; dilatations of an
    exchange are effective ones.
    """
    mechanics = _needed(result.experiment.mechanics, "mechanics", "stress")
    data = result.dataset
    free = _free_strain(result, mechanics)
    shape = _shape(result, mechanics)
    stress = -mechanics.biaxial_modulus * misfit_strain(free, shape)
    if mechanics.relaxation is not None:
        reduced = _reduced_time(result, mechanics)
        stress = relaxed(stress, reduced, mechanics.relaxation.exponent or 1.0)
    layers = np.array([zero_crossing(row, shape.depth) for row in stress])
    return PlateStress(
        dataset=_dataset(data["time"].values, shape, stress, layers),
        experiment=result.experiment,
        remarks=_depth_remarks(free, shape),
    )


def refractive_index(result: SimulationResult) -> xarray.Dataset:
    """Refractive index over time and depth for light whose field lies in the plane or across it.

        n = n_0 + Σ Δn_i (n_i − n_i native)/n_bulk − (C_1 + C_2) σ,     across the plane − 2 C_2 σ

    with C_1 = n_0³ (p_11 − 2 ν p_12)/(2E) and C_2 = n_0³ (p_12 − ν (p_11 + p_12))/(2E) if elasto-optic coefficients are
    given. TE modes feel the first one, TM modes both; `birefringence` is their difference.

    Args:
        result: of a simulation whose experiment has a table [optics].

    Raises:
        InputError: it has none, or the stress that the index needs has no table.

    Source: J. F. Nye, Physical Properties of Crystals (1957), chapter 13, for an isotropic body under σ in its plane.
    """
    import xarray

    optics = _needed(result.experiment.optics, "optics", "refractive index")
    data = result.dataset
    plane = optics.refractive_index + _weighted(result, optics.index_change) / result.experiment.bulk_density
    normal = plane
    depth = _depths(result)[0]
    if optics.elasto_optic is not None:
        stressed = plate_stress(result).dataset
        depth = stressed["depth"].values
        along, across = stress_optic_coefficients(optics, _needed(result.experiment.mechanics, "mechanics", "stress"))
        stress = stressed["stress"].values
        plane, normal = plane[:, : depth.size], plane[:, : depth.size]
        plane, normal = plane - (along + across) * stress, normal - 2.0 * across * stress
    axes = ("time", "depth")
    return xarray.Dataset(
        {
            "in_plane": (axes, plane, {"units": "1", "long_name": "refractive index, field in the plane"}),
            "normal": (axes, normal, {"units": "1", "long_name": "refractive index, field across the plane"}),
            "birefringence": (axes, plane - normal, {"units": "1", "long_name": "birefringence"}),
        },
        coords={"time": data["time"], "depth": ("depth", depth, DEPTH)},
    )


def waveguide_modes(
    result: SimulationResult, *, wavelength: float | None = None, time: float | None = None
) -> SlabModes:
    """Guided modes of the index profile of a simulation (`slab_modes`).

    Args:
        result: of a simulation whose experiment has a table [optics].
        wavelength: in vacuum [m]; that of the table if None.
        time: since the first stage began [s], the nearest kept one; the end if None.

    Raises:
        InputError: there is no table, no wavelength, or no guided mode.
    """
    from ionscape.optics import slab_modes  # which loads the compiler

    optics = _needed(result.experiment.optics, "optics", "waveguide")
    length = optics.wavelength if wavelength is None else wavelength
    if length is None:
        raise InputError("is missing", key="wavelength", remedy="give a wavelength, or describe it in [optics]")
    index = refractive_index(result)
    there = index.isel(time=-1) if time is None else index.sel(time=time, method="nearest")
    split = optics.elasto_optic is not None
    return slab_modes(
        there["depth"].values, there["in_plane"].values, wavelength=length, cover_index=optics.cover_index,
        index_normal=there["normal"].values if split else None,
    )  # fmt: skip


def stress_optic_coefficients(optics: Optics, mechanics: Mechanics) -> tuple[float, float]:
    """C_1 and C_2: what stress along the field and across it takes from the index [1/Pa]; 0 without coefficients."""
    if optics.elasto_optic is None:
        return 0.0, 0.0
    p11, p12, nu = optics.elasto_optic.p11, optics.elasto_optic.p12, mechanics.poisson_ratio
    scale = optics.refractive_index**3 / (2.0 * mechanics.young_modulus)
    return scale * (p11 - 2.0 * nu * p12), scale * (p12 - nu * (p11 + p12))


def _needed(table: Table | None, name: str, what: str) -> Table:
    """The table of an experiment.

    Raises:
        InputError: there is none.
    """
    if table is None:
        raise InputError(f"is missing, and without it there is no {what}", key=name,
                         remedy=f"describe it in a table [{name}] of the experiment file")  # fmt: skip
    return table


def _weighted(result: SimulationResult, weights: dict[str, float]) -> FloatArray:
    """Σ w_i (n_i − n_i native) over time, and the surface followed by the cells [1/m^3]."""
    data, native = result.dataset["density"], result.experiment.sample.native
    found = np.zeros((data.sizes["time"], 1 + data.sizes["depth"]))
    for name, weight in weights.items():
        found += weight * (_with_surface(result, name) - native.get(name, 0.0))
    return found


def _with_surface(result: SimulationResult, name: str) -> FloatArray:
    """Densities of an ion at the surface and in the cells (times, 1 + cells) [1/m^3].

    The surface has what a contact holds there; elsewhere it lies on the line through the first two cells, which in the
    first moments of a contact would overshoot.
    """
    data, experiment = result.dataset, result.experiment
    cells = data["density"].sel(ion=name).values
    depth = data["depth"].values
    surface = np.maximum(cells[:, 0] - (cells[:, 1] - cells[:, 0]) * depth[0] / (depth[1] - depth[0]), 0.0)
    for index in range(len(experiment.stages)):
        held = experiment.contact_densities(index)
        if held is not None and name not in experiment.immobile_ions:
            during = (data["stage"].values == index) & (data["time"].values > 0.0)
            surface[during] = held.get(name, 0.0)
    return np.column_stack([surface, cells])


def _free_strain(result: SimulationResult, mechanics: Mechanics) -> FloatArray:
    return _weighted(result, mechanics.dilatation) * (mechanics.exchangeable / result.experiment.bulk_density)


def _depths(result: SimulationResult) -> tuple[FloatArray, FloatArray]:
    """Depths of the surface and of the cells, and their sizes [m]; the surface has none."""
    return np.append(0.0, result.dataset["depth"].values), np.append(0.0, result.dataset["cell_size"].values)


def _shape(result: SimulationResult, mechanics: Mechanics) -> PlateShape:
    depth, size = _depths(result)
    return PlateShape.of_cells(
        depth, size, thickness=result.experiment.sample.thickness, faces=mechanics.faces, bending=mechanics.bending
    )


def _reduced_time(result: SimulationResult, mechanics: Mechanics) -> FloatArray:
    """∫ dt/τ(T) at the kept times; on ramps of temperature by Simpson's rule between them."""
    assert mechanics.relaxation is not None
    times = result.dataset["time"].values
    experiment, rate = result.experiment, mechanics.relaxation.rate
    ends = np.cumsum([stage.duration for stage in experiment.stages])

    def rate_at(time: float, stage: int) -> float:
        return rate(experiment.stage_at(stage, time).first_temperature)

    reduced = np.zeros(times.size)
    for number in range(1, times.size):
        start, end = times[number - 1], times[number]
        stage = min(int(np.searchsorted(ends, end * (1.0 - 1e-12))), len(ends) - 1)
        middle = 0.5 * (start + end)
        mean = (rate_at(start, stage) + 4.0 * rate_at(middle, stage) + rate_at(end, stage)) / 6.0
        reduced[number] = reduced[number - 1] + (end - start) * mean
    return reduced


def _depth_remarks(free: FloatArray, shape: PlateShape) -> tuple[Remark, ...]:
    largest = float(np.abs(free).max())
    share = float(np.abs(free[:, shape.size.size - 1]).max()) / largest if largest > 0.0 else 0.0
    if shape.faces == "front" or share <= DEEP_SHARE:
        return ()
    return (DEEP(percent=100.0 * share),)


def _dataset(times: FloatArray, shape: PlateShape, stress: FloatArray, layers: FloatArray) -> xarray.Dataset:
    import xarray

    centre = at_depth(stress, shape, shape.middle)
    return xarray.Dataset(
        {
            "stress": (("time", "depth"), stress, {"units": "Pa", "long_name": "stress in the plane"}),
            "surface_stress": ("time", stress[:, 0], {"units": "Pa", "long_name": "stress of the surface"}),
            "central_stress": ("time", centre, {"units": "Pa", "long_name": "stress of the mid-plane"}),
            "depth_of_layer": ("time", layers, {"units": "m", "long_name": "depth where the stress changes its sign"}),
        },
        coords={
            "time": ("time", times, {"units": "s", "long_name": "time since the first stage began"}),
            "depth": ("depth", shape.depth, DEPTH),
            "cell_size": ("depth", shape.size, {"units": "m", "long_name": "size of the cell; 0 at the surface"}),
        },
    )
