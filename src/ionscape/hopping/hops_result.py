"""The result of hops in time: its dataset, the summary, and how it is read."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray
from ionscape.constants import BOLTZMANN_CONSTANT, ELEMENTARY_CHARGE
from ionscape.datasets import Content, StoredResult, read_dataset
from ionscape.files.table_files import Columns
from ionscape.provenance import package_version, settings_text
from ionscape.remarks import Kind, Remark, remark_entries

from .hops_coulomb import ChargedRecord
from .hops_density import COULOMB_NUMBERS, coulomb_remarks, energies_of_ions
from .hops_setup import HoppingSystem
from .hops_statistics import Slopes, ratio, standard_error
from .jumps import JumpLaw, too_cold
from .site_energies import SiteEnergies

if TYPE_CHECKING:
    import xarray

FORMAT = "ionscape hops 1"
VALUES = {
    "conductivity": ("S/m", "dc conductivity of the hops"),
    "diffusion_coefficient": ("m^2/s", "D_sigma, from the displacement of all ions together"),
    "tracer_diffusion_coefficient": ("m^2/s", "of single ions"),
    "haven_ratio": ("1", "tracer diffusion coefficient over D_sigma"),
    "chemical_diffusion_coefficient": ("m^2/s", "D_sigma times the thermodynamic factor"),
    "network_ratio": ("1", "conductivity of the hops over that of the network of mean occupations"),
}
"""With an error each."""
NUMBERS = {
    "network_conductivity": ("S/m", "dc conductivity of the network of mean occupations, without a cap"),
    "tracer_upper_bound": ("m^2/s", "bound that the tracer diffusion coefficient cannot be above, by the longest lag"),
    "cap": ("1", "decades above the bottleneck at which rates are capped"),
    "cap_bias": ("1", "relative change of the conductivity of the network by the cap"),
    "return_share": ("1", "share of the hops by which an ion goes back to where it has just come from"),
    "disconnected_share": ("1", "share of the ions on sites from which no way leads around the lattice"),
    "occupation_chi_square": ("1", "mean square of the deviation of the occupations over its error"),
    "hops": ("1", "hops that were made"),
    "replicas": ("1", "runs, each from an equilibrium of its own"),
    "replica_duration": ("s", "time that each lasts"),
    "tracer_replica_duration": ("s", "time that those last by which single ions were followed"),
    "lag": ("s", "time lag of the slope that gives D_sigma; it ends at twice that"),
    "tracer_lag": ("s", "time lag of the slope that gives the tracer diffusion coefficient"),
}
CONTENT = Content(
    form=FORMAT,
    what="a result of hops in time",
    command="ionscape hops",
    variables=dict.fromkeys(("conductivity", "diffusion_coefficient", "network_conductivity"), ()),
    attributes={"title": "text", "warnings": "JSON", "settings": "JSON"},
    possible={"remarks": "JSON"},
)

NOT_AS_SURE = Kind("hops_not_as_sure", "The error of {what} is {error:percent 2} where {asked:percent 2} was asked.")
TRACER_STILL_FALLS = Kind(
    "tracer_still_falls",
    "The tracer diffusion coefficient still falls at the longest lags, so it is not given, nor the Haven ratio; it is"
    " at most {bound:.3g} m²/s.",
)
DISCONNECTED = Kind(
    "disconnected_ions",
    "{share:percent 2} of the ions are on sites from which no way leads around the lattice; they count as ions in D.",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """What the replicas tell, in units of ν exp(-βu0) and of steps of the lattice; displacements are per ion.

    Attributes:
        collective: slopes of the collective displacement, of all ions together.
        single: those of the displacements of single ions, summed over the ions.
        same: whether both are of the same replicas.
        lags: times (lags,).
        tracer_lags: those of the single displacements (lags,).
        displacements: mean-square collective displacement (replicas, lags).
        tracer_displacements: mean-square displacement of single ions (replicas, lags).
        vacant: share of the time for which each site was vacant (replicas, sites).
        returns: share of the hops.
        hops: made in all.
        duration: of a replica.
        tracer_duration: of a replica for the single displacements.
        charged: of each replica, energies of ions that repel each other; empty for others.
    """

    collective: Slopes = field(repr=False)
    single: Slopes = field(repr=False)
    same: bool
    lags: FloatArray = field(repr=False)
    tracer_lags: FloatArray = field(repr=False)
    displacements: FloatArray = field(repr=False)
    tracer_displacements: FloatArray = field(repr=False)
    vacant: NDArray[np.float32] = field(repr=False)
    returns: float
    hops: float
    duration: float
    tracer_duration: float
    charged: tuple[ChargedRecord, ...] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True, eq=False)
class Hops(StoredResult):
    """Hops in time of one landscape.

    Attributes:
        dataset: values with their errors, displacements over `lag_time`, occupations of the sites.
    """

    dataset: xarray.Dataset

    def summary(self) -> dict[str, Any]:
        """Title, remarks, temperature, ions and values with `_error` each, in SI units; NaN where there is none."""
        data = self.dataset
        values = {name: float(data[name]) for value in VALUES for name in (value, f"{value}_error")}
        return {
            "title": str(data.attrs["title"]),
            **remark_entries(self.remarks),
            **{name: float(data.attrs[name]) for name in ("temperature", "ions")},
            **values,
            **{name: float(data[name]) for name in (*NUMBERS, *COULOMB_NUMBERS) if name in data},
        }

    def columns(self) -> Columns:
        """Mean-square displacements, of all ions together and of single ones, with their errors over the time lag."""
        data = self.dataset
        return [
            (f"{name.replace('_', ' ')} ({data[name].attrs['units']})", data[name].values.tolist())
            for lag, kind in (("lag_time", "mean_square"), ("tracer_lag_time", "tracer_mean_square"))
            for name in (lag, f"{kind}_displacement", f"{kind}_displacement_error")
        ]


def load_hops(path: str | Path) -> Hops:
    """Read a result that `Hops.to_netcdf` wrote.

    Args:
        path: of the file.

    Raises:
        InputError: the file does not exist, is no result of hops, or is damaged.
    """
    return Hops(dataset=read_dataset(path, CONTENT))


def make_hops(
    found: Measured, system: HoppingSystem, landscape: SiteEnergies, law: JumpLaw, *, temperature: float,
    settings: Mapping[str, Any], title: str = "",
) -> Hops:  # fmt: skip
    """The result, in SI units.

    Args:
        found: over the replicas.
        system: the hops.
        landscape: the landscape.
        law: of the jumps.
        temperature: [K].
        settings: of the run, to store.
        title: of the result.

    Raises:
        InputError: the temperature is so low that rates are too small for floating-point numbers.
    """
    import xarray

    thermal_energy = BOLTZMANN_CONSTANT * temperature
    rate = law.attempt_frequency * math.exp(-law.mean_barrier / thermal_energy)
    area = law.jump_distance**2
    sites = landscape.accessible.size
    # of D per ion in steps and times of the lattice to S/m
    conductivity = system.ions * ELEMENTARY_CHARGE**2 * rate / (sites * law.jump_distance * thermal_energy)
    if not system.compared / system.ions * rate * area > 0.0:
        raise too_cold(temperature)
    values = _values(found, system, conductivity=conductivity, diffusion=rate * area)
    remarks = _remarks(values, found, system, settings["relative_error"], tracer=settings["tracer"])
    variables: dict[str, Any] = {
        name + end: ((), value, {"units": unit, "long_name": meaning if not end else f"standard error of {name}"})
        for name, (unit, meaning) in VALUES.items()
        for end, value in zip(("", "_error"), values[name], strict=True)
    }
    numbers = {
        "network_conductivity": system.compared / system.ions * conductivity,
        "tracer_upper_bound": found.single.mean / system.ions * rate * area,
        "cap": system.cap,
        "cap_bias": system.bias,
        "return_share": found.returns,
        "disconnected_share": system.disconnected,
        "hops": found.hops,
        "replicas": float(len(found.displacements)),
        "replica_duration": found.duration / rate,
        "tracer_replica_duration": found.tracer_duration / rate,
        "lag": found.lags[found.collective.used] / rate,
        "tracer_lag": found.tracer_lags[found.single.used] / rate,
    }
    occupied, occupied_error, chi_square = _occupations(found, system)
    numbers["occupation_chi_square"] = chi_square
    for name, (unit, meaning) in NUMBERS.items():
        variables[name] = ((), float(numbers[name]), {"units": unit, "long_name": meaning})
    if system.charged is not None:
        variables.update(energies_of_ions(found.charged, system.charged, conductivity=conductivity / system.ions))
        remarks += coulomb_remarks(variables)
    for prefix, what, displacements, slopes in (
        ("", "of all ions together, corrected, per ion", found.displacements, found.collective),
        ("tracer_", "of single ions", found.tracer_displacements, found.single),
    ):
        # no slope begins at the longest lag
        padded = np.pad(slopes.values / system.ions, ((0, 0), (0, 1)), constant_values=math.nan)
        for name, unit, size, values in (
            ("mean_square_displacement", "m^2", area, displacements),
            ("half_slope", "m^2/s", rate * area, padded),
        ):
            errors = np.array([standard_error(column) for column in values.T])
            for end, array in (("", values.mean(axis=0)), ("_error", errors)):
                attributes = {"units": unit, "long_name": f"{name.replace('_', ' ')} {what}"}
                variables[f"{prefix}{name}{end}"] = (f"{prefix}lag_time", array * size, attributes)
    for name, array in (("occupation", occupied), ("occupation_error", occupied_error), ("fermi", system.occupations)):
        whole = np.full(landscape.lattice, np.nan)
        whole[landscape.accessible] = array
        variables[name] = (("x", "y", "z"), whole, {"units": "1", "long_name": _OCCUPATIONS[name]})
    dataset = xarray.Dataset(
        variables,
        coords={
            name: (name, lags / rate, {"units": "s", "long_name": "time lag"})
            for name, lags in (("lag_time", found.lags), ("tracer_lag_time", found.tracer_lags))
        },
        attrs={
            "format": FORMAT,
            "title": title,
            "temperature": float(temperature),
            "ions": float(system.ions),
            "barrier": law.mean_barrier,
            "attempt_frequency": law.attempt_frequency,
            "jump_distance": law.jump_distance,
            "lattice": list(landscape.lattice),
            "settings": settings_text(dict(settings)),
            **{key: json.dumps(value) for key, value in remark_entries(remarks).items()},
            "ionscape_version": package_version(),
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
        },
    )
    return Hops(dataset=dataset)


_OCCUPATIONS = {
    "occupation": "share of the time for which the site is occupied",
    "occupation_error": "standard error of the occupation",
    "fermi": "Fermi function of the site energy",
}


def _values(
    found: Measured, system: HoppingSystem, *, conductivity: float, diffusion: float
) -> dict[str, tuple[float, float]]:
    """Each value with its error, from D in units of the lattice to SI units."""
    collective, single = found.collective, found.single
    whole = (collective.mean / system.ions, collective.error / system.ions)
    tracer = haven = (math.nan, math.nan)
    if single.lag is not None:
        tracer = (single.mean / system.ions, single.error / system.ions)
        haven = ratio(single, collective, same=found.same)
    # 1/(1 - c) for equal energies; charges that repel each other have none, as their density cannot change at large
    thermodynamic = system.ions / float(np.sum(system.occupations * (1.0 - system.occupations)))
    thermodynamic = thermodynamic if system.charged is None else math.nan
    factors = {
        "conductivity": (whole, conductivity),
        "diffusion_coefficient": (whole, diffusion),
        "tracer_diffusion_coefficient": (tracer, diffusion),
        "haven_ratio": (haven, 1.0),
        "chemical_diffusion_coefficient": (whole, diffusion * thermodynamic),
        "network_ratio": (whole, system.ions / system.compared),
    }
    return {name: (value * factor, error * factor) for name, ((value, error), factor) in factors.items()}


def _occupations(found: Measured, system: HoppingSystem) -> tuple[FloatArray, FloatArray, float]:
    """Occupation of each site, its error, and the mean square of (occupation - Fermi function)/error."""
    vacant = found.vacant.astype(np.float64)
    occupied = 1.0 - vacant.mean(axis=0)
    errors = vacant.std(axis=0, ddof=1) / math.sqrt(len(vacant))
    # of sites that are seldom vacant, or seldom occupied, the error is not known
    expected = len(vacant) * np.minimum(system.occupations, 1.0 - system.occupations)
    known = (errors > 0.0) & (expected > 5.0)
    deviations = (occupied[known] - system.occupations[known]) / errors[known]
    fits = known.any() and system.ensemble == "grand canonical"
    return occupied, errors, float(np.mean(deviations**2)) if fits else math.nan


def _remarks(
    values: Mapping[str, tuple[float, float]], found: Measured, system: HoppingSystem, asked: float, *, tracer: bool
) -> list[Remark]:
    """What is to be said of the values; of the tracer D, and with it the Haven ratio, only where it was asked for."""
    remarks = [DISCONNECTED(share=system.disconnected)] if system.disconnected > 0.0 else []
    of_single_ions = ("tracer_diffusion_coefficient", "haven_ratio") if tracer else ()
    for name in ("diffusion_coefficient", *of_single_ions):
        value, error = values[name]
        if error > asked * value:
            what = {"diffusion_coefficient": "D_σ", "haven_ratio": "the Haven ratio"}.get(name, "the tracer D")
            remarks.append(NOT_AS_SURE(what=what, error=error / value, asked=asked))
    if tracer and found.single.lag is None:
        bound = values["diffusion_coefficient"][0] / found.collective.mean * found.single.mean
        remarks.append(TRACER_STILL_FALLS(bound=bound))
    return remarks
