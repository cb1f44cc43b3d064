"""The table [measurement] of a file: which counts, which crater, which method; SI units inside.

The field descriptions are the reference of the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, ValidationInfo, model_validator

from ionscape.errors import InputError, nearest_name
from ionscape.files.fields import NOT_NEGATIVE, POSITIVE, Bounds, InFile, Number, Quantity, reject, wrapped
from ionscape.files.schema import schema_of
from ionscape.files.table import Table

from .concentration_settings import ConcentrationsTable
from .isotopes import ISOTOPES, abundances

Length = Annotated[float, Quantity("length", NOT_NEGATIVE, "110 nm")]
Region = tuple[Length, Length]
AnyDepth = Annotated[float, Quantity("length", Bounds(), "-20 nm")]
RESOLUTION_ERROR = 0.2
"""Relative error of a depth resolution that is stated without one: its value depends on matrix, primary ion and crater,
and is hardly ever measured on the glass itself."""
DensityMethod = Literal["charge-balance", "proportional", "equal", "summed-intensities"]


class MeasuredLength(Table):
    """A length with its error."""

    name_in_messages: ClassVar[str] = "measured length"

    value: Annotated[float, Quantity("length", POSITIVE, "160 nm")] = Field(description="The value.")
    error: Annotated[float, Quantity("length", NOT_NEGATIVE, "1.5 nm")] = Field(description="One standard deviation.")


class MeasuredVelocity(Table):
    """A sputter rate with its error."""

    name_in_messages: ClassVar[str] = "measured sputter rate"

    value: Annotated[float, Quantity("velocity", POSITIVE)] = Field(description="The value.")
    error: Annotated[float, Quantity("velocity", NOT_NEGATIVE, "0.002 nm/s")] = Field(
        description="One standard deviation."
    )


class Layer(Table):
    """A layer with its own sputter rate."""

    name_in_messages: ClassVar[str] = "layer"

    sputter_rate: MeasuredVelocity = Field(description="Sputter rate within the layer.")
    until: Annotated[float, Quantity("time", POSITIVE, "120 s")] | None = Field(
        default=None, description="Sputter time at which the layer ends; absent for the last one."
    )


class GaussianResponseTable(Table):
    """A Gaussian depth response."""

    name_in_messages: ClassVar[str] = "Gaussian response"

    model: Literal["gaussian"] = Field(default="gaussian", description="Kind of the response.")
    standard_deviation: Annotated[float, Quantity("length", NOT_NEGATIVE, "2 nm")] = Field(
        description="Standard deviation."
    )
    error: Annotated[float, Quantity("length", NOT_NEGATIVE, "0.2 nm")] | None = Field(
        default=None, description="Error of the standard deviation; 20 % of it if absent, 0 if it is exact."
    )

    @property
    def relative_error(self) -> float:
        """Relative standard deviation of all lengths of the response."""
        if self.error is None or self.standard_deviation == 0.0:
            return RESOLUTION_ERROR
        return self.error / self.standard_deviation


class MixingResponseTable(Table):
    """The mixing–roughness–information-depth response."""

    name_in_messages: ClassVar[str] = "mixing-roughness-information response"

    model: Literal["mixing-roughness-information"] = Field(
        default="mixing-roughness-information", description="Kind of the response."
    )
    mixing_length: Annotated[float, Quantity("length", NOT_NEGATIVE, "2 nm")] = Field(
        description="Length over which the sputter beam mixes the atoms."
    )
    roughness: Annotated[float, Quantity("length", NOT_NEGATIVE, "1 nm")] = Field(
        description="Standard deviation of the surface height, with that of the resolution of the crater."
    )
    information_depth: Annotated[float, Quantity("length", NOT_NEGATIVE, "0.5 nm")] = Field(
        description="Escape depth of the secondary ions."
    )
    relative_error: Annotated[float, Number(NOT_NEGATIVE, shown=0.1)] = Field(
        default=RESOLUTION_ERROR, description="Relative error that the three lengths share; 0 if they are exact."
    )


class NativeBackgroundTable(Table):
    """A background below the counts of a native ion, in parts of its counts in the bulk."""

    name_in_messages: ClassVar[str] = "native background"

    value: Annotated[float, Number(Bounds(at_least=0.0, below=1.0), shown=0.02)] | None = Field(
        default=None, description="Background over the counts of the ion in the bulk; 0 or from the absent region."
    )
    error: Annotated[float, Number(Bounds(at_least=0.0, below=1.0), shown=0.01)] | None = Field(
        default=None, description="Its standard deviation; needed where there is no absent region."
    )
    absent_region: tuple[AnyDepth, AnyDepth] | None = Field(
        default=None,
        description="Depths at which the ion must be absent, as in a layer above the glass, where they are negative:"
        " what is counted there is background.",
        examples=[["-20 nm", "-2 nm"]],
    )

    @model_validator(mode="after")
    def _is_known_one_way(self) -> Self:
        if self.absent_region is None:
            if self.error is None:
                reject("is missing", field="error", remedy='add it, or absent_region = ["-20 nm", "-2 nm"]')
        elif self.value is not None or self.error is not None:
            reject("contradicts value and error", field="absent_region", remedy="give the one or the others")
        elif not self.absent_region[0] < self.absent_region[1]:
            reject("must rise", field="absent_region", remedy="give the smaller value first")
        return self


class MarkerTable(Table):
    """An element of the network that does not move, whose counts tell how much glass has been sputtered."""

    name_in_messages: ClassVar[str] = "marker"

    element: str = Field(description="Its symbol.", examples=["Si"])
    channels: tuple[str, ...] | None = Field(
        default=None, description="Its channels; all isotopes of the element if absent.", examples=[["^29Si+"]]
    )
    steady_from: Annotated[float, Quantity("time", NOT_NEGATIVE, "12 s")] | None = Field(
        default=None,
        description="Sputter time from which its counts are as many for each volume; found if absent. In the sputter"
        " transient before it the mean of the counts behind it is taken.",
    )


def _element_if_text(value: object) -> object:
    return {"element": value} if isinstance(value, str) else value


ResponseTable = Annotated[GaussianResponseTable | MixingResponseTable, Field(discriminator="model")]


def _gaussian_if_length(value: object, info: ValidationInfo) -> object:
    if isinstance(value, Mapping) and "value" in value and "model" not in value:
        # as other lengths with their errors stand in the file
        return {"model": "gaussian", **{"standard_deviation" if key == "value" else key: entry
                                        for key, entry in value.items()}}  # fmt: skip
    if isinstance(value, Mapping | BaseModel):
        return value
    # Read here as well, so that a mistake is told of the key that stands in the file.
    Quantity("length", NOT_NEGATIVE, "2 nm").read(value, in_file=isinstance(info.context, InFile))
    return {"model": "gaussian", "standard_deviation": value}


class MeasurementTable(Table):
    """A measurement: the counts, the crater and how densities are made of them."""

    name_in_messages: ClassVar[str] = "measurement"

    file: str = Field(
        description="Export of the instrument, or a table of concentrations, beside this file.",
        examples=["measurement.txt"],
    )
    concentrations: ConcentrationsTable | None = Field(
        default=None,
        description="Says that the file holds concentrations over depth and no counts, and what it leaves open.",
        examples=[{"unit": "mol%", "glass": "0.25 Na2O 0.75 SiO2", "mass_density": "2.4 g/cm^3",
                   "relative_error": 0.02}],
    )  # fmt: skip
    format: str | None = Field(
        default=None, description="Format of the export; recognised if absent.", examples=["surfacelab"]
    )
    channels: dict[str, tuple[str, ...]] | None = Field(
        default=None,
        description="Channels of each ion, all isotopes to be summed; if absent, all isotopes of the element.",
        examples=[{"Li": ["^6Li+", "Li+"], "Rb": ["Rb+", "^87Rb+"]}],
    )
    saturated: tuple[str, ...] = Field(
        default=(),
        description="Channels to leave out because their detector is saturated; their element is rebuilt from its other"
        " isotopes with the abundances.",
        examples=[["Li+"]],
    )
    abundances: dict[str, Annotated[float, Number(Bounds(above=0.0, at_most=1.0), shown=0.95)]] = Field(
        default_factory=dict,
        description="Abundances of isotopes as fractions where they are not the natural ones.",
        examples=[{"6Li": 0.95, "7Li": 0.05}],
    )
    pulses_per_point: Annotated[int, Field(strict=True, ge=1)] | None = Field(
        default=None,
        description="Primary pulses per data point, for the Poisson correction; found from the counts if absent.",
        examples=[16384],
    )
    crater_scans: tuple[str, ...] = Field(
        default=(), description="Profilometer scans across the crater, one file each.", examples=[["crater-1.csv"]]
    )
    surface_regions: tuple[Region, ...] | None = Field(
        default=None,
        description="Parts of a scan on the unsputtered surface, on both sides of the crater; found if absent.",
        examples=[[["20 um", "150 um"], ["550 um", "680 um"]]],
    )
    valley_region: Region | None = Field(
        default=None,
        description="Part of a scan on the floor of the crater; found if absent.",
        examples=[["260 um", "440 um"]],
    )
    profilometer_error: Annotated[float, Number(Bounds(at_least=0.0, below=1.0), shown=0.01)] = Field(
        default=0.0, description="Relative error of the height calibration of the profilometer, common to all scans."
    )
    single_scan_scatter: Annotated[float, Number(Bounds(at_least=0.0, below=1.0), shown=0.01)] = Field(
        default=0.01,
        description="Relative scatter of the crater depth between places that is assumed: a single scan cannot show it,"
        " and in that of a few scans it weighs as one further scan.",
    )
    crater_depth: MeasuredLength | None = Field(
        default=None,
        description="Depth of the crater where it is known already, instead of scans.",
        examples=[{"value": "160 nm", "error": "1.5 nm"}],
    )
    sputter_rate: MeasuredVelocity | None = Field(
        default=None,
        description="Sputter rate where it is known already, instead of a crater.",
        examples=[{"value": "0.22 nm/s", "error": "0.002 nm/s"}],
    )
    layers: tuple[Layer, ...] = Field(
        default=(),
        description="Layers with their own sputter rates, from the surface downwards, instead of a crater.",
        examples=[
            [
                {"sputter_rate": {"value": "0.2 nm/s", "error": "0.002 nm/s"}, "until": "120 s"},
                {"sputter_rate": {"value": "0.25 nm/s", "error": "0.002 nm/s"}},
            ]
        ],
    )
    sputter_time: Annotated[float, Quantity("time", POSITIVE, "712.6 s")] | None = Field(
        default=None,
        description="Total sputter time of the crater whose depth is given; if absent, the last sputter time of the"
        " export plus the first (so that a point in the middle of its cycle at the start stands so at the end), which"
        " is too short where the crater was sputtered on.",
    )
    surface_time: Annotated[float, Quantity("time", NOT_NEGATIVE, "0 s")] | None = Field(
        default=None, description="Sputter time at which the surface of the glass is reached; found if absent."
    )
    marker: Annotated[MarkerTable | None, BeforeValidator(_element_if_text)] = Field(
        default=None,
        description="Immobile element, or a table of it: depths follow from the sum of its counts within the depth of"
        " the crater, and counts are taken relative to its own, for glasses whose sputter rate depends on the"
        " composition.",
        examples=["Si", {"element": "Si", "steady_from": "12 s"}],
    )
    density_method: DensityMethod = Field(
        default="charge-balance",
        description="How counts become densities: charge-balance, proportional (Gunawan 2024 ESI S6, S7), equal (S8,"
        " S9) or summed-intensities (Gunawan 2026, eq. 1).",
    )
    bulk_region: Region | None = Field(
        default=None,
        description="Depths at which the glass is unchanged; found if absent.",
        examples=[["110 nm", "160 nm"]],
    )
    calibration_region: Region | None = Field(
        default=None,
        description="Depths at which the sensitivity factors are determined; from the end of the sputter transient to"
        " the bulk region if absent.",
        examples=[["4 nm", "110 nm"]],
    )
    fit_region: Region | None = Field(
        default=None,
        description="Depths at which simulation and profile are compared; as the calibration if absent.",
        examples=[["4 nm", "110 nm"]],
    )
    background: Literal["bulk", "none"] = Field(
        default="bulk",
        description="Background of the foreign ions: their mean counts in the bulk region are taken off everywhere, or"
        " nothing is.",
    )
    native_background: dict[str, NativeBackgroundTable] = Field(
        default_factory=dict,
        description="Background of native ions, which counts alone cannot tell from the ions: taken off by `calibrate`,"
        " and varied within its error by a fit.",
        examples=[{"Li": {"value": 0.02, "error": 0.01}}],
    )
    common_factor: Annotated[float, Number(Bounds(at_least=0.0, below=1.0), shown=0.012)] | None = Field(
        default=None,
        description="Relative standard deviation of the factor that all channels of a data point share; estimated from"
        " the data if absent.",
    )
    after_stage: Annotated[int, Field(strict=True, ge=1)] | None = Field(
        default=None, description="Stage of the experiment after which was measured, from 1; the last one if absent."
    )
    depth_resolution: Annotated[ResponseTable | None, BeforeValidator(_gaussian_if_length)] = Field(
        default=None,
        description="Response of the instrument to a thin layer: the standard deviation of a Gaussian, or a table.",
        examples=["2 nm", {"value": "2 nm", "error": "0.2 nm"}],
    )
    native: dict[str, Annotated[float, Quantity("number density", POSITIVE)]] | None = Field(
        default=None,
        description="Bulk density of each native ion, for a measurement without an experiment.",
        examples=[{"Li": "1.4e28 1/m^3"}],
    )
    charges: dict[str, Annotated[int, Field(strict=True)]] = Field(
        default_factory=dict,
        description="Charge numbers that are not 1, for a measurement without an experiment.",
        examples=[{"Ca": 2}],
    )
    resamples: Annotated[int, Field(strict=True, ge=100, le=20_000)] = Field(
        default=1000, description="Number of resamplings for the errors.", examples=[1000]
    )
    seed: Annotated[int, Field(strict=True, ge=0)] = Field(default=1, description="Seed of the resampling.")

    @model_validator(mode="after")
    def _regions_rise(self) -> Self:
        for key in ("valley_region", "bulk_region", "calibration_region", "fit_region"):
            region: Region | None = getattr(self, key)
            if region is not None and not region[0] < region[1]:
                reject("must rise", field=key, remedy='give the smaller value first, as in ["4 nm", "110 nm"]')
        for number, region in enumerate(self.surface_regions or ()):
            if not region[0] < region[1]:
                reject("must rise", field=f"surface_regions[{number}]", remedy="give the smaller value first")
        return self

    @model_validator(mode="after")
    def _isotopes_are_known(self) -> Self:
        for name in self.abundances:
            if name not in ISOTOPES:
                digits, letters = ("".join(filter(kind, name)) for kind in (str.isdigit, str.isalpha))
                meant = digits + letters.capitalize()
                nearest = meant if meant in ISOTOPES else nearest_name(name, ISOTOPES)
                remedy = f'write mass number and symbol, as in "{nearest}"'
                reject("is not a natural isotope", field=f"abundances.{name}", remedy=remedy)
        for element in dict.fromkeys(ISOTOPES[name].element for name in self.abundances):
            try:
                abundances(element, self.abundances)
            except InputError as error:
                raise wrapped(error, field="abundances") from None
        return self

    @model_validator(mode="after")
    def _charges_are_charges(self) -> Self:
        for ion, charge in self.charges.items():
            if charge == 0:
                remedy = "give the charge number, or leave the ion out where it is 1"
                reject("must not be 0", field=f"charges.{ion}", remedy=remedy)
        return self

    @model_validator(mode="after")
    def _layers_follow_each_other(self) -> Self:
        before = 0.0
        for number, layer in enumerate(self.layers):
            key, last = f"layers[{number}].until", number == len(self.layers) - 1
            if last and layer.until is not None:
                reject("belongs to every layer but the last", field=key, remedy="leave it out, or add a layer below")
            if not last and layer.until is None:
                reject("is missing", field=key, remedy="give the sputter time at which the layer ends")
            if layer.until is not None and not layer.until > before:
                reject("must rise from layer to layer", field=key, remedy="sort the layers from the surface downwards")
            before = layer.until if layer.until is not None else before
        return self

    @model_validator(mode="after")
    def _files_are_listed_once(self) -> Self:
        for number, name in enumerate(self.crater_scans):
            if name in self.crater_scans[:number]:
                reject("is listed twice", field=f"crater_scans[{number}]", remedy="name every scan once")
        return self

    @model_validator(mode="after")
    def _has_one_depth_scale(self) -> Self:
        given = [key for key in ("crater_scans", "crater_depth", "sputter_rate", "layers") if getattr(self, key)]
        if len(given) > 1:
            reject(
                f"contradicts {given[0]}",
                field=given[1],
                remedy="give the depth scale once: scans, depth, rate or layers",
            )
        if self.marker is not None and given and given[0] in ("sputter_rate", "layers"):
            reject(f"contradicts {given[0]}", field="marker",
                   remedy="a marker shares out the depth of the crater: give crater_scans or crater_depth")  # fmt: skip
        if given and given[0] != "crater_scans" and self.profilometer_error:
            remedy = f"leave it out: it belongs to crater_scans, and the error of {given[0]} stands there"
            reject(f"contradicts {given[0]}", field="profilometer_error", remedy=remedy)
        return self


def measurement_schema() -> dict[str, Any]:
    """JSON schema of the table [measurement], as it stands in TOML; see `ionscape.experiment_schema`."""
    return schema_of(MeasurementTable, title="ionscape table [measurement]")
