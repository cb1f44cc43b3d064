"""D of a computed landscape as it stands in an experiment file."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, ValidationInfo, model_validator

from ionscape.diffusivity.landscape import LandscapeDiffusion
from ionscape.errors import InputError
from ionscape.experiment.landscape_table import parse_landscape_table
from ionscape.experiment.tables import Attachments
from ionscape.files.fields import NOT_NEGATIVE, POSITIVE, Number, Quantity, reject, wrapped
from ionscape.files.table import Table


class LandscapeSpecification(Table):
    """D(n, T) of a computed landscape, from a result of `ionscape mobility`."""

    name_in_messages: ClassVar[str] = "diffusion model of a landscape"

    model: Literal["landscape"] = Field(default="landscape", description="Kind of the diffusion model.")
    file: str | None = Field(
        default=None,
        description="Result of `ionscape mobility`, relative to the folder of the experiment file.",
        examples=["mobility.nc"],
    )
    ion: Literal["native", "foreign"] = Field(
        default="native", description="Whose D it is: that of the native ions, or of those that replace them."
    )
    over: Literal["replacement", "filling"] = Field(
        default="replacement",
        description="What has to have varied in the file: the kind of the ions on the sites, as where foreign ions"
        " replace native ones, or how many ions there are.",
    )
    shares: tuple[Annotated[float, Number(POSITIVE, shown=0.5)], ...] | None = Field(
        default=None, description="Densities of the knots over the native density, increasing; instead of a file."
    )
    temperatures: tuple[Annotated[float, Quantity("temperature", POSITIVE)], ...] | None = Field(
        default=None, description="Temperatures of the knots, increasing; instead of a file."
    )
    coefficients: tuple[Annotated[float, Quantity("diffusion coefficient", NOT_NEGATIVE)], ...] | None = Field(
        default=None,
        description="D at the knots, all shares at the first temperature, then at the next; instead of a file.",
    )
    energies: tuple[Annotated[float, Quantity("energy", NOT_NEGATIVE)], ...] | None = Field(
        default=None, description="Activation energies at the knots, with a single temperature only; instead of a file."
    )

    @model_validator(mode="after")
    def _has_knots(self, info: ValidationInfo) -> Self:
        lists = self.shares, self.temperatures, self.coefficients
        if (self.file is None) == (lists == (None, None, None)) or (None in lists and any(each for each in lists)):
            remedy = 'give either file = "mobility.nc" or all of shares, temperatures and coefficients'
            reject("needs one source of its numbers", remedy=remedy)
        if self.file is None:
            self._check()
            return self
        attachments = info.context
        if not isinstance(attachments, Attachments):
            reject("is read by load_experiment and parse_experiment only", field="file")
        try:
            table = parse_landscape_table(attachments.text(self.file), self.over, file=self.file)
        except InputError as error:
            raise wrapped(error, field="file") from None
        shares, rows, energies = table.shares, table.native, table.energies
        if self.ion == "foreign":
            if not any(table.foreign):
                remedy = "calculate it with a mobile second ion"
                reject("holds foreign ions that do not move", field="file", remedy=remedy)
            shares, rows, energies = (1.0,), tuple((value,) for value in table.foreign), table.energies[-1:]
        read = self.model_copy(update={
            "file": None, "shares": shares, "temperatures": table.temperatures,
            "coefficients": tuple(value for row in rows for value in row),
            "energies": energies if len(table.temperatures) == 1 else None,
        })  # fmt: skip
        read._check()
        return read

    def _check(self) -> None:
        try:
            self.diffusion(1.0)
        except InputError as error:
            reject(f"cannot be used: {error.problem}", field=error.key, remedy=error.remedy)

    def diffusion(self, native_density: float) -> LandscapeDiffusion:
        """The model, for native ions of a density [1/m^3]."""
        shares, values = self.shares or (), self.coefficients or ()
        rows = tuple(values[start : start + len(shares)] for start in range(0, len(values), max(len(shares), 1)))
        return LandscapeDiffusion(
            native_density=native_density, shares=shares, temperatures=self.temperatures or (), coefficients=rows,
            origin=self.over, energies=self.energies,
        )  # fmt: skip

    @property
    def fermi_level_counts(self) -> tuple[str, ...] | None:
        """None: D depends on the density of the ion itself."""
        return None
