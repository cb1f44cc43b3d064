"""Synthetic measurements: what an instrument would have written of a known profile, with the truth beside it.

The counts follow one error model, the same that calibration assumes. The mean of channel c at data point j is

    m_cj = f_j [ Y_k a_c t_j n_kj / n_bulk + background ]

    letter    meaning                                                             unit (shape)
    f         factor shared by all channels of a data point, lognormal, mean 1    1 (points)
    Y         counts of an ion at n_bulk, all isotopes, Poisson-corrected         1 (ions)
    a         abundance of the isotope that the channel detects                   1 (channels)
    t         sputter transient, 1 + amplitude exp(-depth / transient depth)      1 (points)
    n         density convolved with the depth response, at the data point        1/m^3 (points, ions)
    r         sputter rate over its mean, where it depends on the composition     1 (points)

Counts are those of the glass that is sputtered in a data point, f t r a Y n; those of a marker f t r a Y.

Of N pulses each detects at most one ion of a kind, so the detected counts are binomial with p = 1 - exp(-m/N); the
instrument writes their Poisson correction -N ln(1 - count/N) with six significant digits.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ionscape.arrays import FloatArray
from ionscape.constants import ELEMENTARY_CHARGE
from ionscape.errors import InputError
from ionscape.profiling.crater_scan import CraterScan
from ionscape.profiling.isotopes import abundances, isotope_mass, most_abundant
from ionscape.profiling.raw import Channel, RawProfile
from ionscape.profiling.species import parse_species

from .density_profile import DensityProfile, convolved_densities, profile_from_result, sputtered_depth
from .files import in_micrometres, response_table, surfacelab_header, surfacelab_text, write_files
from .instruments import FEWEST_MISSED_PULSES, SMALLEST_ABUNDANCE, Instrument, channel_name, scan_crater

if TYPE_CHECKING:
    import xarray

    from ionscape.transport import SimulationResult


@dataclass(frozen=True, kw_only=True, eq=False)
class SyntheticMeasurement:
    """A synthetic measurement and the truth behind it.

    Attributes:
        raw: the counts as a reader would return them.
        crater_scans: as a reader would return them.
        truth: what the measurement is of: `density(depth, ion)` convolved with the depth response and
            `density_unconvolved` [1/m^3], `sensitivity_factor(ion)` [1/m^3 per count of all its channels],
            `incorporated(ion)`, the gain down to the crater depth against the deepest cell [1/m^2],
            `sputter_rate` [m/s], `crater_depth` [m], `scan_depth(scan)` [m], `common_factor(depth)`,
            `mean_intensity(channel, depth)`.
        instrument: which measured it.
        profile: of the densities that it measured.
    """

    raw: RawProfile
    crater_scans: tuple[CraterScan, ...]
    truth: xarray.Dataset
    instrument: Instrument
    profile: DensityProfile

    def table(self) -> dict[str, object]:
        """Keys of a table [measurement] with what the user of the instrument would know; no names of files."""
        instrument, ions = self.instrument, self.profile.densities
        channels: dict[str, list[str]] = {ion: [] for ion in ions}
        for channel in self.raw.channels:
            element = channel.species.element if channel.species is not None else None
            if element is not None and element in channels:
                channels[element].append(channel.name)
        table: dict[str, object] = {"channels": channels}
        if instrument.abundances:
            table["abundances"] = dict(instrument.abundances)
        if instrument.pulses_per_point is not None:
            table["pulses_per_point"] = instrument.pulses_per_point
        if instrument.markers:
            table["marker"] = next(iter(instrument.markers))
        table["sputter_time"] = f"{instrument.total_time:.10g} s"
        profilometer = instrument.profilometer
        table["surface_regions"] = [in_micrometres(region) for region in profilometer.surface_regions]
        table["valley_region"] = in_micrometres(profilometer.valley_region)
        if (response := response_table(instrument.response)) is not None:
            table["depth_resolution"] = response
        table["native"] = {ion: f"{density:.10g} 1/m^3" for ion, density in self.profile.native.items()}
        charges = {ion: charge for ion, charge in self.profile.charges.items() if charge != 1 and ion in ions}
        if charges:
            table["charges"] = charges
        return table

    def write(self, folder: str | Path, name: str) -> Path:
        """Write the export, the crater scans, the truth (JSON) and a TOML file with `[measurement]`.

        Args:
            folder: an existing folder.
            name: with which the names of all files begin.

        Returns:
            The path of the TOML file.

        Raises:
            InputError: the folder does not exist.
        """
        target = Path(folder)
        if not target.is_dir():
            raise InputError("is not a folder", value=str(folder), remedy="create it or choose another")
        return write_files(
            target,
            name,
            raw=self.raw,
            crater_scans=self.crater_scans,
            table=self.table(),
            truth=_truth_as_mapping(self),
            title=self.profile.title,
            experiment=self.profile.experiment,
        )


def synthesise(
    result: SimulationResult | DensityProfile,
    instrument: Instrument,
    *,
    time: float | None = None,
    rng: np.random.Generator | int,
) -> SyntheticMeasurement:
    """Measure a known profile with a synthetic instrument (error model: see the module).

    Args:
        result: a simulation, or densities that are known otherwise.
        instrument: its yields name the ions that are detected; they must be chemical elements.
        time: of the simulation at which it is measured [s], the nearest kept one; None means its end.
        rng: random numbers or a seed; equal seeds give equal measurements.

    Returns:
        Counts, crater scans and the truth.

    Raises:
        InputError: an ion without a yield or a yield without an ion, no such element, a profile that ends above the
            deepest data point, or an intensity at which every pulse would detect an ion.
    """
    given: object = result
    if not isinstance(given, DensityProfile) and not (hasattr(given, "experiment") and hasattr(given, "dataset")):
        raise InputError(f"must be a simulation or a profile of densities, not {type(given).__name__}", key="result",
                         remedy="give what `simulate`, `load_result` or `profile_from_densities` returns")  # fmt: skip
    profile = result if isinstance(result, DensityProfile) else profile_from_result(result, time=time)
    generator = np.random.default_rng(rng)
    channels, owners, shares = _channels(profile, instrument)
    depth, rate = sputtered_depth(profile, instrument)
    names = tuple(profile.densities)
    densities = convolved_densities(profile, instrument.response, depth)
    transient = 1.0 + instrument.transient_amplitude * np.exp(-depth / instrument.transient_depth)
    yields = np.array([instrument.yields[name] for name in names])
    relative = (densities / profile.bulk_density * yields * (transient * rate)[:, None]).T  # (ions, points)
    markers = [most_abundant(name) for name in instrument.markers]
    detected = [abundances(name)[isotope] for name, isotope in zip(instrument.markers, markers, strict=True)]
    immobile = np.outer(np.array(detected) * np.array([*instrument.markers.values()]), transient * rate)
    mean = np.vstack((shares[:, None] * relative[owners], immobile)) + instrument.background
    channels = [*channels, *markers]
    width = math.sqrt(math.log1p(instrument.common_factor**2))
    factor = np.exp(width * generator.standard_normal(instrument.points) - 0.5 * width**2)
    intensity = _counted(mean * factor, instrument.pulses_per_point, generator)
    others = instrument.other_share * (mean * factor).sum(axis=0)
    total = _as_written(intensity.sum(axis=0) + generator.poisson(others))
    raw = _raw_profile(instrument, channels, np.vstack((total, intensity)))
    scans, scan_depths = scan_crater(instrument.profilometer, instrument.crater_depth, rng=generator)
    measured_share = np.bincount(owners, weights=shares, minlength=len(names))
    truth = _truth(
        profile, instrument, depth=depth, densities=densities, mean=mean, channels=channels, factor=factor,
        sensitivity=profile.bulk_density / (yields * measured_share), scan_depths=scan_depths,
    )  # fmt: skip
    return SyntheticMeasurement(raw=raw, crater_scans=scans, truth=truth, instrument=instrument, profile=profile)


def _channels(profile: DensityProfile, instrument: Instrument) -> tuple[list[str], NDArray[np.intp], FloatArray]:
    """Isotope of each channel, the place of its ion, and the share of the ion's yield that it detects."""
    for name in profile.densities:
        if name not in instrument.yields:
            raise InputError("is not given", key=f"yields.{name}", remedy="give a yield for every ion of the profile")
    for name in instrument.yields:
        if name not in profile.densities:
            ions = ", ".join(profile.densities)
            problem = "is the yield of an ion that the profile lacks"
            raise InputError(problem, key=f"yields.{name}", bound=f"it has {ions}", remedy="leave it out")
    isotopes: list[str] = []
    owners: list[int] = []
    shares: list[float] = []
    for place, name in enumerate(profile.densities):
        table = abundances(name, instrument.abundances)
        listed = [isotope for isotope, share in table.items() if share >= SMALLEST_ABUNDANCE]
        for isotope in instrument.isotopes.get(name, tuple(listed)):
            if isotope not in table:
                known = ", ".join(table)
                raise InputError(
                    "is no isotope of the ion", key=f"isotopes.{name}", value=isotope, bound=f"has {known}"
                )
            isotopes.append(isotope)
            owners.append(place)
            shares.append(table[isotope])
    return isotopes, np.array(owners, dtype=np.intp), np.array(shares)


def _counted(mean: FloatArray, pulses: int | None, rng: np.random.Generator) -> FloatArray:
    """What the instrument writes for these mean intensities, shape (channels, points)."""
    if pulses is None:
        return rng.poisson(mean).astype(np.float64)
    highest = pulses * math.log(max(pulses / FEWEST_MISSED_PULSES, 1.0))
    if mean.max() > highest:
        raise InputError(
            "is so high that every pulse would detect an ion", key="yields", value=float(f"{mean.max():.4g}"),
            bound=f"the highest mean intensity at {pulses} pulses is {highest:.4g} counts",
            remedy="lower the yields or the transient, or raise pulses_per_point",
        )  # fmt: skip
    detected = rng.binomial(pulses, -np.expm1(-mean / pulses))
    return _as_written(-pulses * np.log1p(-detected / pulses))


def _as_written(values: FloatArray) -> FloatArray:
    """Numbers as they come back from an export with six significant digits; zero stands there as -0."""
    return np.char.mod("%.6g", values).astype(np.float64)


def _raw_profile(instrument: Instrument, isotopes: list[str], intensity: FloatArray) -> RawProfile:
    """Counts as `RawProfile`, the total in the first row; header and hash are those of the export."""
    time = _as_written(instrument.sputter_time)
    dose = instrument.sputter_time * instrument.sputter_current / ELEMENTARY_CHARGE
    fluence = dose / (instrument.profilometer.crater_width * 1e2) ** 2  # ions/cm^2
    names = ["total", *(channel_name(isotope) for isotope in isotopes)]
    masses = [None, *(round(isotope_mass(isotope), 4) for isotope in isotopes)]
    channels = tuple(
        Channel(
            name=name,
            kind="total" if name == "total" else "ion",
            species=None if name == "total" else parse_species(name),
            mass=mass,
            column=5 + place,
        )
        for place, (name, mass) in enumerate(zip(names, masses, strict=True))
    )
    parts: dict[str, Any] = {
        "file": "",
        "format": "surfacelab",
        "sputter_time": time,
        "channels": channels,
        "intensity": intensity,
        "columns": {
            "Data Point #": np.arange(1.0, instrument.points + 1.0),
            "Dose (ions)": _as_written(dose),
            "Fluence (ions/cm^2)": _as_written(fluence),
        },
        "header": surfacelab_header(names, masses),
        "smoothing": "Profile Smoothing is Disabled",
    }
    text = surfacelab_text(RawProfile(sha256="", **parts))
    return RawProfile(sha256=hashlib.sha256(text.encode("ascii")).hexdigest(), **parts)


def _truth(
    profile: DensityProfile,
    instrument: Instrument,
    *,
    depth: FloatArray,
    densities: FloatArray,
    mean: FloatArray,
    channels: list[str],
    factor: FloatArray,
    sensitivity: FloatArray,
    scan_depths: FloatArray,
) -> xarray.Dataset:
    import xarray

    names = list(profile.densities)
    cells = np.column_stack([profile.densities[name] for name in names])
    place = np.clip(np.searchsorted(profile.edges, depth, side="right") - 1, 0, len(cells) - 1)
    inside = np.diff(np.minimum(profile.edges, instrument.crater_depth))
    return xarray.Dataset(
        {
            "density": (("depth", "ion"), densities, {"units": "1/m^3", "long_name": "convolved with the response"}),
            "density_unconvolved": (("depth", "ion"), cells[place], {"units": "1/m^3"}),
            "sensitivity_factor": ("ion", sensitivity, {"units": "1/m^3", "long_name": "density per count"}),
            "incorporated": (
                "ion",
                inside @ (cells - cells[-1]),
                {"units": "1/m^2", "long_name": "gain down to the crater depth"},
            ),
            "mean_intensity": (("channel", "depth"), mean, {"units": "1", "long_name": "without the common factor"}),
            "common_factor": ("depth", factor, {"units": "1"}),
            "sputter_time": ("depth", instrument.sputter_time, {"units": "s"}),
            "scan_depth": ("scan", scan_depths, {"units": "m"}),
            "sputter_rate": ((), instrument.sputter_rate, {"units": "m/s"}),
            "crater_depth": ((), instrument.crater_depth, {"units": "m"}),
            "bulk_density": ((), profile.bulk_density, {"units": "1/m^3"}),
        },
        coords={
            "depth": ("depth", depth, {"units": "m"}),
            "ion": ("ion", np.array(names, dtype=object)),
            "channel": ("channel", np.array([channel_name(isotope) for isotope in channels], dtype=object)),
        },
        attrs={"note": "synthetic: the truth of a synthetic measurement"},
    )


def _truth_as_mapping(measurement: SyntheticMeasurement) -> dict[str, Any]:
    """Truth and instrument in SI units, as they go into a JSON file."""
    truth = measurement.truth
    ions = [str(name) for name in truth["ion"].values]
    by_ion = ("density", "density_unconvolved", "sensitivity_factor", "incorporated")
    single = ("sputter_rate", "crater_depth", "bulk_density")
    return {
        "note": "synthetic: the truth of a synthetic measurement, in SI units",
        **{key: float(truth[key].values) for key in single},
        "scan_depth": truth["scan_depth"].values.tolist(),
        "depth": truth["depth"].values.tolist(),
        **{key: {ion: truth[key].sel(ion=ion).values.tolist() for ion in ions} for key in by_ion},
        "instrument": asdict(measurement.instrument),
    }
