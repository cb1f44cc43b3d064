"""What a glass does when its ions are exchanged: how it strains and relaxes, and how it refracts light."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ionscape.constants import BOLTZMANN_CONSTANT
from ionscape.experiment.names import IonName
from ionscape.files.fields import NOT_NEGATIVE, POSITIVE, Bounds, Number, Quantity, reject
from ionscape.files.table import Table


class Relaxation(Table):
    """How stress relaxes: R = exp(-(t/τ)^β) with τ = time exp((E/k_B)(1/T − 1/T_reference))."""

    name_in_messages: ClassVar[str] = "relaxation"

    model: Literal["maxwell", "stretched"] = Field(
        description="An exponential in time, or a stretched one with `exponent`."
    )
    time: Annotated[float, Quantity("time", POSITIVE, "200 h")] = Field(
        description="Time τ at the reference temperature."
    )
    reference_temperature: Annotated[float, Quantity("temperature", POSITIVE, "420 degC")] = Field(
        description="Temperature at which τ holds."
    )
    activation_energy: Annotated[float, Quantity("energy", NOT_NEGATIVE, "4.5 eV")] = Field(
        description="Activation energy of τ."
    )
    exponent: Annotated[float, Number(Bounds(above=0.0, at_most=1.0), 0.5)] | None = Field(
        default=None, description="β of a stretched exponential."
    )

    @model_validator(mode="after")
    def _has_its_exponent(self) -> Self:
        if (self.exponent is None) == (self.model == "stretched"):
            problem = "is missing" if self.exponent is None else "does not belong to the model maxwell"
            reject(problem, field="exponent", remedy="give exponent with the model stretched, and with it alone")
        return self

    def rate(self, temperature: float) -> float:
        """1/τ at a temperature [1/s]."""
        over = 1.0 / temperature - 1.0 / self.reference_temperature
        return math.exp(-self.activation_energy / BOLTZMANN_CONSTANT * over) / self.time


class Mechanics(Table):
    """Strain of the glass by exchanged ions, and how its plate carries it."""

    name_in_messages: ClassVar[str] = "mechanics"

    young_modulus: Annotated[float, Quantity("pressure", POSITIVE, "72 GPa")] = Field(description="Young's modulus.")
    poisson_ratio: Annotated[float, Number(Bounds(above=-1.0, at_most=0.5), 0.22)] = Field(
        description="Poisson's ratio."
    )
    exchangeable: Annotated[float, Number(Bounds(above=0.0, at_most=100.0), 10.0)] = Field(
        description="What n_bulk, the native density of the mobile ions, stands for in mol % of the oxide."
    )
    dilatation: dict[IonName, Annotated[float, Number(shown=1e-3)]] = Field(
        description="Linear strain per mol % of an ion that has taken the place of native ones, by ion; native ions"
        " that are not named have none. Negative for an ion that is smaller.",
        examples=[{"K": 1e-3}],
    )
    faces: Literal["both", "front"] = Field(
        default="both",
        description="Whether both faces of the plate are exchanged alike, as in a melt, or the front alone.",
    )
    bending: Literal["suppressed", "free"] = Field(
        default="suppressed",
        description="Whether a plate that is exchanged on its front alone is held flat or may bend.",
    )
    relaxation: Relaxation | None = Field(default=None, description="Viscous relaxation; none if absent.")

    @property
    def biaxial_modulus(self) -> float:
        """E/(1 − ν) [Pa]."""
        return self.young_modulus / (1.0 - self.poisson_ratio)


class ElastoOptic(Table):
    """Elasto-optic (Pockels) coefficients."""

    name_in_messages: ClassVar[str] = "elasto-optic coefficients"

    p11: Annotated[float, Number(shown=0.121)] = Field(description="Of strain along the field of the light.")
    p12: Annotated[float, Number(shown=0.27)] = Field(description="Of strain across it.")


class Optics(Table):
    """Refractive index of the glass and what exchanged ions and stress do to it."""

    name_in_messages: ClassVar[str] = "optics"

    refractive_index: Annotated[float, Number(Bounds(at_least=1.0, at_most=4.0), 1.5125)] = Field(
        description="Refractive index of the native glass."
    )
    index_change: dict[IonName, Annotated[float, Number(shown=0.09)]] = Field(
        description="Change of the refractive index where an ion has taken the place of all native ones (density"
        " n_bulk), by ion; native ions that are not named change nothing.",
        examples=[{"Ag": 0.09}],
    )
    elasto_optic: ElastoOptic | None = Field(
        default=None,
        description="Elasto-optic coefficients, by which the stress of [mechanics] changes the index too; not at all if"
        " absent.",
        examples=[{"p11": 0.121, "p12": 0.27}],
    )
    wavelength: Annotated[float, Quantity("length", POSITIVE, "632.8 nm")] | None = Field(
        default=None, description="Wavelength of the light in vacuum."
    )
    cover_index: Annotated[float, Number(Bounds(at_least=1.0, at_most=4.0), 1.0)] = Field(
        default=1.0, description="Refractive index above the surface; 1 if absent."
    )
