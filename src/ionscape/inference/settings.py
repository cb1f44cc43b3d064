"""The tables [fit] and [fit.parameters] of a file.

The field descriptions are the reference of the file.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ionscape.files.fields import POSITIVE, Bounds, Number, Quantity, reject
from ionscape.files.schema import schema_of
from ionscape.files.table import Table

MethodName = Literal["least-squares", "profile-likelihood", "mcmc"]


class PriorTable(Table):
    """What is known of a parameter beforehand."""

    name_in_messages: ClassVar[str] = "prior"

    kind: Literal["normal", "log-normal", "uniform"] = Field(description="Kind of the distribution.")
    mean: str | float | None = Field(default=None, description="Mean (normal) or median (log-normal), with its unit.")
    standard_deviation: str | float | None = Field(
        default=None, description="Standard deviation (normal), or relative one (log-normal, a plain number)."
    )

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.kind != "uniform":
            for key in ("mean", "standard_deviation"):
                if getattr(self, key) is None:
                    reject("is missing", field=key, remedy="add it, or leave the prior out for a uniform one")
        return self


class ParameterTable(Table):
    """A free parameter."""

    name_in_messages: ClassVar[str] = "parameter"

    lower: str | float = Field(description="Lower bound, with its unit.", examples=["2e-19 m^2/s"])
    upper: str | float = Field(description="Upper bound, with its unit.", examples=["1.5e-18 m^2/s"])
    scale: Literal["linear", "log"] = Field(
        default="linear", description="Scale on which the parameter is varied and its errors are symmetric."
    )
    start: str | float | None = Field(
        default=None, description="First value; that of the experiment if absent, where it is within the bounds."
    )
    prior: PriorTable | None = Field(default=None, description="Prior knowledge; uniform within the bounds if absent.")
    ties: tuple[str, ...] = Field(
        default=(), description="Further paths that take the same value.", examples=[["ions.K.diffusion.width"]]
    )


class ObservedCharge(Table):
    """Charge through the back electrode, all irradiation stages together."""

    name_in_messages: ClassVar[str] = "observed charge"

    value: Annotated[float, Quantity("charge", POSITIVE)] = Field(description="The charge.")
    relative_error: Annotated[float, Number(POSITIVE, shown=0.05)] = Field(description="Relative standard deviation.")


class CurrentCurve(Table):
    """A measured current through the back electrode."""

    name_in_messages: ClassVar[str] = "current curve"

    file: str = Field(
        description="CSV file, beside the fit file, with the columns `time (h), current (nA)` or in other units; times"
        " since the start of the first stage.",
        examples=["current.csv"],
    )
    relative_error: Annotated[float, Number(POSITIVE, shown=0.02)] = Field(
        description="Relative standard deviation of every current, independent from point to point."
    )
    common_error: Annotated[float, Number(Bounds(at_least=0.0, below=1.0), shown=0.03)] = Field(
        default=0.0,
        description="Relative standard deviation of a factor that all currents share, as the range of the electrometer"
        " or the illuminated area; 0 if absent.",
    )


AfterStage = Annotated[int, Field(strict=True, ge=1)] | None


class StressReading(Table):
    """Stress of the plate as a surface stress meter reads it after a stage; tension is positive, compression negative.

    Each number stands with its standard deviation, and one of them is enough.
    """

    name_in_messages: ClassVar[str] = "stress reading"

    after_stage: AfterStage = Field(
        default=None, description="Stage after which it was read, counted from 1; the last if absent."
    )
    surface_stress: Annotated[float, Quantity("pressure", shown="-850 MPa")] | None = Field(
        default=None, description="Stress of the surface, negative where it is compressed."
    )
    surface_stress_error: Annotated[float, Quantity("pressure", POSITIVE, "20 MPa")] | None = Field(
        default=None, description="Its standard deviation."
    )
    central_stress: Annotated[float, Quantity("pressure", shown="35 MPa")] | None = Field(
        default=None, description="Stress of the mid-plane, positive where it is under tension."
    )
    central_stress_error: Annotated[float, Quantity("pressure", POSITIVE, "2 MPa")] | None = Field(
        default=None, description="Its standard deviation."
    )
    depth_of_layer: Annotated[float, Quantity("length", POSITIVE, "45 um")] | None = Field(
        default=None, description="Depth at which the stress changes its sign."
    )
    depth_of_layer_error: Annotated[float, Quantity("length", POSITIVE, "1 um")] | None = Field(
        default=None, description="Its standard deviation."
    )
    data_set: str | None = Field(default=None, description="Data set that was read; needed where there are several.")

    @model_validator(mode="after")
    def _has_errors(self) -> Self:
        for key in STRESSES:
            value, error = getattr(self, key), getattr(self, f"{key}_error")
            if value is not None and error is None:
                reject("is missing", field=f"{key}_error", remedy=f"give the standard deviation of {key}")
            if value is None and error is not None:
                reject("has no value", field=f"{key}_error", remedy=f"give {key}, or leave its error out")
        if all(getattr(self, key) is None for key in STRESSES):
            reject("is missing", field=STRESSES[0], remedy=f"give at least one of {', '.join(STRESSES)}")
        return self


STRESSES = ("surface_stress", "central_stress", "depth_of_layer")
"""What a reading of stress may hold, as `ionscape.transport.plate_stress` calls it."""

IndexValue = Annotated[float, Number(Bounds(above=1.0, at_most=4.0), 1.5179)]
IndexDeviation = Annotated[float, Number(POSITIVE, 1e-4)]


class EffectiveIndices(Table):
    """Effective indices of guided modes as a prism coupler measures them after a stage."""

    name_in_messages: ClassVar[str] = "effective indices"

    after_stage: AfterStage = Field(
        default=None, description="Stage after which they were measured, counted from 1; the last if absent."
    )
    wavelength: Annotated[float, Quantity("length", POSITIVE, "632.8 nm")] | None = Field(
        default=None, description="Wavelength in vacuum; that of [optics] if absent."
    )
    TE: tuple[IndexValue, ...] = Field(
        default=(), description="Those of the TE modes 0, 1, 2 and so on, falling.", examples=[[1.5179, 1.5153]]
    )
    TM: tuple[IndexValue, ...] = Field(default=(), description="Those of the TM modes, likewise.")
    error: IndexDeviation | None = Field(default=None, description="Standard deviation of every one of them.")
    TE_errors: tuple[IndexDeviation, ...] = Field(
        default=(), description="Standard deviations of the TE modes one by one, in place of `error`."
    )
    TM_errors: tuple[IndexDeviation, ...] = Field(default=(), description="Those of the TM modes, likewise.")
    data_set: str | None = Field(
        default=None, description="Data set that was measured; needed where there are several."
    )

    def errors_of(self, polarisation: Literal["TE", "TM"]) -> tuple[float, ...]:
        """Standard deviations of the modes of a polarisation."""
        own = self.TE_errors if polarisation == "TE" else self.TM_errors
        return own or (self.error or 0.0,) * len(self.TE if polarisation == "TE" else self.TM)

    @model_validator(mode="after")
    def _are_modes(self) -> Self:
        if not (self.TE or self.TM):
            reject("is missing", field="TE", remedy="give the effective indices of TE or TM modes")
        for key in ("TE", "TM"):
            found, errors = getattr(self, key), getattr(self, f"{key}_errors")
            for place in range(1, len(found)):
                if not found[place] < found[place - 1]:
                    reject("must fall from mode to mode", field=f"{key}[{place}]", value=found[place],
                           bound=f"less than {found[place - 1]:.9g}",
                           remedy="begin with the fundamental mode, whose index is the largest")  # fmt: skip
            if errors and len(errors) != len(found):
                reject(f"has {len(errors)} values for {len(found)} modes", field=f"{key}_errors",
                       remedy="give one standard deviation for each mode")  # fmt: skip
            if found and not errors and self.error is None:
                reject("is missing", field="error", remedy=f"give error for all modes, or {key}_errors")
        return self


class FitTable(Table):
    """What is fitted and how."""

    name_in_messages: ClassVar[str] = "fit"

    parameters: dict[str, ParameterTable] = Field(
        description="Free parameters by their path in the experiment; `NAME:path` for one data set of several."
    )
    method: MethodName = Field(default="least-squares", description="What is done.")
    observed_charge: ObservedCharge | None = Field(default=None, description="A measured charge as further datum.")
    current_curve: CurrentCurve | None = Field(
        default=None, description="A measured current through the back electrode as further data."
    )
    reference: str | None = Field(
        default=None,
        description="Result of `ionscape reference`, beside this file: a correlated prior of the native coefficient and"
        " its activation energy.",
        examples=["reference.nc"],
    )
    stress_readings: tuple[StressReading, ...] = Field(
        default=(),
        description="Measured stresses and depths of layer as further data; they need a table [mechanics] in the"
        " experiment.",
        examples=[[{"surface_stress": "-850 MPa", "surface_stress_error": "20 MPa"}]],
    )
    effective_indices: tuple[EffectiveIndices, ...] = Field(
        default=(),
        description="Measured effective indices of guided modes as further data; they need a table [optics] in the"
        " experiment.",
        examples=[[{"TE": [1.5179, 1.5153], "error": 1e-4}]],
    )
    starts: Annotated[int, Field(strict=True, ge=1, le=1000)] = Field(
        default=3, description="Starting points: the start of each parameter, then a Latin hypercube."
    )
    seed: Annotated[int, Field(strict=True, ge=0)] = Field(default=1, description="Seed of all random numbers.")
    robust: bool = Field(default=False, description="Give outlying points less weight (Huber's loss).")
    discrepancy: Annotated[float, Number(Bounds(at_least=0.0, below=1.0), shown=0.01)] = Field(
        default=0.0,
        description="Relative standard deviation by which the model may be wrong at every point, beside the noise.",
    )
    fit_depth_scale: bool = Field(default=True, description="Vary the depth scale within its error.")
    fit_resolution: bool = Field(default=True, description="Vary the depth resolution within its error.")
    refit_misfit: bool = Field(
        default=True,
        description="Where the residuals are not those of noise, fit again with a smooth discrepancy of the model whose"
        " size and length the residuals tell, so that intervals widen.",
    )
    surface_offset: Annotated[float, Quantity("length", Bounds(at_least=0.0), "0.5 nm")] = Field(
        default=0.0, description="Standard deviation of the place of the surface; 0 fixes it.",
        json_schema_extra={"default": "0 nm"},
    )  # fmt: skip
    cell: Annotated[float, Quantity("length", POSITIVE, "0.25 nm")] = Field(
        default=0.25e-9,
        description="Largest cell of the simulations in the exchanged zone; without a profile cells are those of a"
        " simulation.",
        json_schema_extra={"default": "0.25 nm"},
    )  # fmt: skip
    tolerance: Annotated[float, Number(Bounds(at_least=1e-8, at_most=1e-2), shown=1e-4)] = Field(
        default=1e-4, description="Relative tolerance of the simulations."
    )
    maximum_simulations: Annotated[int, Field(strict=True, ge=5)] = Field(
        default=40, description="Simulations of one start after which it is given up."
    )

    @property
    def has_readings(self) -> bool:
        """Whether there is anything to compare with beside a profile."""
        readings = self.stress_readings or self.effective_indices
        return bool(readings or self.observed_charge or self.current_curve)

    @model_validator(mode="after")
    def _has_parameters(self) -> Self:
        if not self.parameters:
            reject("must not be empty", field="parameters", remedy="name at least one free parameter with its bounds")
        if self.observed_charge is not None and self.current_curve is not None:
            problem = "is the integral of the current curve, which would be counted twice"
            reject(problem, field="observed_charge", remedy="give one of observed_charge and current_curve")
        return self


def fit_schema() -> dict[str, Any]:
    """JSON schema of the table [fit], as it stands in TOML; see `ionscape.experiment_schema`."""
    return schema_of(FitTable, title="ionscape table [fit]")
