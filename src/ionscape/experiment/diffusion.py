"""Diffusion models as they stand in an experiment file, and the models of `ionscape.diffusivity` made of them.

An ion may have any other object with the methods of `DiffusionModel` too, which a file holds as a table of its D.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal, Self, TypeGuard

import numpy as np
from pydantic import Field, GetCoreSchemaHandler, ValidationInfo, model_validator
from pydantic_core import CoreSchema, core_schema

from ionscape.diffusivity import (
    ConstantDiffusion,
    DiffusionModel,
    PopulationDiffusion,
    SiteSystem,
    TableDiffusion,
    release_rate_of_hops,
    site_energy_diffusion,
)
from ionscape.diffusivity.table import SMALLEST_COEFFICIENT
from ionscape.errors import InputError, MissingKey
from ionscape.experiment import distribution as keys
from ionscape.experiment.distribution import DistributionTable, check_distribution, distribution_keys, keys_given
from ionscape.experiment.landscape_model import LandscapeSpecification
from ionscape.experiment.sites import Sites
from ionscape.experiment.tables import Attachments, parse_diffusion_table
from ionscape.files.fields import NOT_NEGATIVE, POSITIVE, Number, Quantity, reject, wrapped
from ionscape.files.table import Table

KNOTS = 1025
"""Values of D of which the table of an own model is made: every fourth of those that the kernels read."""
BESIDE_JUMP = 1e-6
"""How far from a jump of D there are values beside it, in units of the largest density."""

ActivationEnergy = Annotated[float, Quantity("energy", NOT_NEGATIVE)]
ReferenceTemperature = Annotated[float, Quantity("temperature", POSITIVE)]

_site_energy_diffusion = lru_cache(maxsize=1024)(site_energy_diffusion)
"""Kept, since its Fermi energy takes a millisecond: a fit asks for one at every check, stage, variation and band."""

_FERMI_LEVEL_COUNTS = (
    "Ions whose densities add up to the one that sets the Fermi level; the ion itself if absent. Example: of the ions"
    " Rb and Li, sites that a third ion has not taken yet."
)


class ConstantSpecification(Table):
    """D that depends on temperature alone."""

    name_in_messages: ClassVar[str] = "constant diffusion model"

    model: Literal["constant"] = Field(default="constant", description="Kind of the diffusion model.")
    coefficient: Annotated[float, Quantity("diffusion coefficient", NOT_NEGATIVE, "2.67e-22 m^2/s")] = Field(
        description="D at the reference temperature; 0 for an immobile ion."
    )
    reference_temperature: ReferenceTemperature | None = Field(
        default=None, description="Temperature at which D is the coefficient given; may be absent if that is 0."
    )
    activation_energy: ActivationEnergy | None = Field(
        default=None, description="Activation energy of D; may be absent if the coefficient is 0."
    )

    @model_validator(mode="after")
    def _has_temperature_dependence(self) -> Self:
        for key in ("reference_temperature", "activation_energy"):
            if self.coefficient > 0.0 and getattr(self, key) is None:
                example = '"323.15 K"' if key == "reference_temperature" else '"0.65 eV"'
                raise wrapped(MissingKey(key, example=example), field=key)
        return self


class SiteEnergySpecification(DistributionTable):
    """D from a distribution of site energies: one or two branches, filled from the bottom to the top."""

    name_in_messages: ClassVar[str] = "site energy model"
    example_keys: ClassVar[tuple[str, ...]] = ("width",)

    model: Literal["site-energies"] = Field(default="site-energies", description="Kind of the diffusion model.")
    bulk_coefficient: Annotated[float, Quantity("diffusion coefficient", POSITIVE)] = Field(
        description="D at the reference temperature and the reference density."
    )
    reference_temperature: ReferenceTemperature = Field(
        description="Temperature of the bulk coefficient; it fixes the prefactor D_0."
    )
    activation_energy: ActivationEnergy = Field(description="Activation energy at the reference density.")
    reference_density: Annotated[float, Quantity("number density", POSITIVE, "1.33e28 1/m^3")] | None = Field(
        default=None,
        description="Density of the ions that set the Fermi level at which the bulk coefficient and the activation"
        " energy hold, at most that of the sites. If absent, it is the one that these ions have in the native glass;"
        " where they have none, that of all native ions with the charge number of the ion. Sites are counted in units"
        " of this native density even if another one is given.",
    )
    sites: str | None = Field(
        default=None,
        description="Name of the site system of [sites] on which the ion sits, instead of a distribution of its own:"
        " the energies are those of the system, and all ions on it set the Fermi level.",
        examples=["borate"],
    )
    width: keys.Width = None
    excess_sites: Annotated[float, Number(NOT_NEGATIVE, shown=0.10)] = Field(
        default=0.10, description="Sites minus ions of the native glass, relative to these ions; 0.1 if absent."
    )
    trapped_fraction: keys.TrappedFraction = 0.0
    trapped_width: keys.TrappedWidth = None
    trapped_offset: keys.TrappedOffset = None
    shape: keys.ShapeOfBranches = "cosine-squared"
    file: keys.HistogramFile = None
    energies: keys.HistogramEnergies = None
    weights: keys.HistogramWeights = None
    fermi_level_counts: tuple[str, ...] | None = Field(
        default=None, description=_FERMI_LEVEL_COUNTS, examples=[["Rb", "Li"]]
    )

    @model_validator(mode="after")
    def _makes_a_distribution(self, info: ValidationInfo) -> Self:
        if self.sites is not None:
            own = keys_given(self, (*keys.KEYS, *keys.HISTOGRAM, "fermi_level_counts"), info)
            if own:
                remedy = f"leave out {own[0]}, or leave out sites for a distribution of its own"
                reject(
                    f"is there together with sites, and the system {self.sites} has one", field=own[0], remedy=remedy
                )
            return self
        read = check_distribution(self, info)
        made = self.model_copy(update=read) if read else self
        _check_counted_ions(self.fermi_level_counts)
        try:
            # The density only scales the distribution; what else can fail does so for any density, but for a reference
            # density: `checks` compares it with the sites.
            make_diffusion_model(made, bulk_density=self.reference_density or 1e28)
        except InputError as error:
            raise wrapped(InputError(error.problem, remedy=error.remedy), field=error.key) from None
        return made

    def on(self, system: SiteSystem, table: Sites) -> SiteEnergySpecification:
        """The same with the distribution of the system that it refers to as if it were its own, and its ions counted.

        Args:
            system: that it refers to.
            table: that describes the system.
        """
        own = {**distribution_keys(table), "excess_sites": table.excess_over(system.native_density)}
        return self.model_copy(update={**own, "sites": None, "fermi_level_counts": system.ions})


class PopulationSpecification(Table):
    """Two numbers of an ion whose population is resolved on the energies of its sites: D and its release rate.

    Ions leave their sites over a threshold, above which they move, and fill empty ones, each with its own rate.
    """

    name_in_messages: ClassVar[str] = "population model"

    model: Literal["populations"] = Field(default="populations", description="Kind of the diffusion model.")
    sites: str = Field(description="Name of the site system of [sites] on which the ion sits.", examples=["borate"])
    bulk_coefficient: Annotated[float, Quantity("diffusion coefficient", POSITIVE)] = Field(
        description="D at the reference temperature if the ions above the threshold are in equilibrium with the native"
        " glass; it does not depend on density."
    )
    reference_temperature: ReferenceTemperature = Field(
        description="Temperature of the bulk coefficient and the release rate."
    )
    activation_energy: ActivationEnergy = Field(description="Activation energy of both.")
    hop_length: Annotated[float, Quantity("length", POSITIVE, "4 angstrom")] | None = Field(
        default=None,
        description="How far an ion moves above the threshold before it is captured, from which the release rate"
        " follows; if both are absent, the distance of the sites of the system, density^(-1/3).",
    )
    release_rate: Annotated[float, Quantity("rate", POSITIVE)] | None = Field(
        default=None,
        description="Rate at the reference temperature with which the ion leaves a site at the Fermi level of the"
        " native glass; instead of a hop length.",
    )
    level_spacing: Annotated[float, Quantity("energy", POSITIVE, "10 meV")] | None = Field(
        default=None,
        description="Distance of the levels of energy with which is calculated, the same for all ions of the system;"
        " half of k_B T at the coldest stage if absent.",
    )

    @model_validator(mode="after")
    def _says_it_once(self) -> Self:
        if self.hop_length is not None and self.release_rate is not None:
            reject("is there together with hop_length, from which it would follow", field="release_rate",
                   remedy="leave out one of the two")  # fmt: skip
        return self


class TableSpecification(Table):
    """D as a table over density, from a CSV file or from two lists."""

    name_in_messages: ClassVar[str] = "tabulated diffusion model"

    model: Literal["table"] = Field(default="table", description="Kind of the diffusion model.")
    file: str | None = Field(
        default=None,
        description="CSV file with the columns `density (1/m^3), coefficient (m^2/s)`, relative to the folder of the"
        " experiment file.",
        examples=["lithium-diffusion.csv"],
    )
    densities: tuple[Annotated[float, Quantity("number density", NOT_NEGATIVE)], ...] | None = Field(
        default=None, description="Densities of the knots, increasing; instead of a file."
    )
    coefficients: tuple[Annotated[float, Quantity("diffusion coefficient", POSITIVE)], ...] | None = Field(
        default=None, description="D at the knots and the reference temperature; instead of a file."
    )
    reference_temperature: ReferenceTemperature = Field(description="Temperature at which the table holds.")
    activation_energy: ActivationEnergy = Field(description="Activation energy, the same at every density.")
    fermi_level_counts: tuple[str, ...] | None = Field(
        default=None, description=_FERMI_LEVEL_COUNTS, examples=[["Rb", "Li"]]
    )

    @model_validator(mode="after")
    def _has_knots(self, info: ValidationInfo) -> Self:
        _check_counted_ions(self.fermi_level_counts)
        lists = self.densities, self.coefficients
        if (self.file is None) == (lists == (None, None)) or (lists[0] is None) != (lists[1] is None):
            remedy = 'give either file = "table.csv" or both lists, densities and coefficients'
            reject("needs one source of its numbers", remedy=remedy)
        if self.file is None:
            self._check_lists()
            return self
        attachments = info.context
        if not isinstance(attachments, Attachments):
            reject("is read by load_experiment and parse_experiment only", field="file")
        try:
            densities, coefficients = parse_diffusion_table(attachments.text(self.file), file=self.file)
        except InputError as error:
            raise wrapped(error, field="file") from None
        # the numbers are the value, wherever they came from
        return self.model_copy(update={"file": None, "densities": densities, "coefficients": coefficients})

    @property
    def knots(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Densities [1/m^3] and coefficients [m^2/s] of the table, each of shape (k,)."""
        return self.densities or (), self.coefficients or ()

    def _check_lists(self) -> None:
        densities, coefficients = self.knots
        if len(densities) < 2 or len(densities) != len(coefficients):
            remedy = (
                f"give two or more densities and as many coefficients (now {len(densities)} and {len(coefficients)})"
            )
            reject("do not make a table", field="densities", remedy=remedy)
        for index in range(1, len(densities)):
            if not densities[index] > densities[index - 1]:
                remedy = "sort the table by density"
                reject("must be greater than the density before it", field=f"densities[{index}]", remedy=remedy)


Described = (
    ConstantSpecification
    | SiteEnergySpecification
    | PopulationSpecification
    | TableSpecification
    | LandscapeSpecification
)
DescribedDiffusion = Annotated[Described, Field(discriminator="model")]
"""What a file can say of D."""


class _AsItIs:
    """A model in dumped data: pydantic would take a dataclass to pieces."""

    def __init__(self, model: DiffusionModel) -> None:
        self.model = model

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _AsItIs) and self.model == other.model

    __hash__ = None  # pyright: ignore[reportAssignmentType] as of other data


class _OrOwnModel:
    """Takes an object with the methods of `DiffusionModel` as it is, beside what a file can say."""

    described_as: ClassVar[Any] = DescribedDiffusion

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        described = handler.generate_schema(DescribedDiffusion)

        def read(value: Any, read_described: Any) -> Any:
            value = value.model if isinstance(value, _AsItIs) else value
            return value if is_own_model(value) else read_described(value)

        def dump(value: Any, dump_described: Any) -> Any:
            return _AsItIs(value) if is_own_model(value) else dump_described(value)

        written = core_schema.wrap_serializer_function_ser_schema(dump, schema=described)
        return core_schema.no_info_wrap_validator_function(read, described, serialization=written)


DiffusionSpecification = Annotated[Described | DiffusionModel, _OrOwnModel()]


def is_own_model(value: object) -> TypeGuard[DiffusionModel]:
    """Whether D is given by an object of its own, which no file can hold."""
    # what a file can say is known at a glance, which is faster
    return not isinstance(value, type | Table | Mapping) and isinstance(value, DiffusionModel)


def is_immobile(specification: DiffusionSpecification) -> bool:
    """Whether an ion never moves: its D is the constant 0 (`Experiment.immobile_ions`: or as good as that)."""
    if isinstance(specification, ConstantDiffusion):
        return specification.coefficient_at_reference == 0.0
    return isinstance(specification, ConstantSpecification) and specification.coefficient == 0.0


def counted_ions(specification: DiffusionSpecification) -> tuple[str, ...]:
    """Ions that are named as those whose densities set the Fermi level; empty for the ion itself, or for no density."""
    if isinstance(specification, ConstantSpecification | PopulationSpecification):
        return ()
    return specification.fermi_level_counts or ()


def system_of(specification: DiffusionSpecification) -> str | None:
    """Name of the site system that a model refers to; None if it has sites of its own, or none."""
    on_sites = isinstance(specification, SiteEnergySpecification | PopulationSpecification)
    return specification.sites if on_sites else None


def tabulated(model: DiffusionModel, *, temperature: float, density: float) -> DescribedDiffusion:
    """What a file says of a model at one temperature: `KNOTS` values of its D, equally spaced in density.

    Args:
        model: any.
        temperature: at which D is written [K]; at any other one a reader has the same activation energy at all
            densities.
        density: at which that energy is the one of the model [1/m^3].
    """
    energy = max(float(np.asarray(model.activation_energy(density))), 0.0)
    limit = model.density_limit
    if limit is None:
        return ConstantSpecification(coefficient=float(np.asarray(model.coefficient(density, temperature))),
                                     reference_temperature=temperature, activation_energy=energy)  # fmt: skip
    beside = [jump + sign * BESIDE_JUMP * limit for jump in model.jumps for sign in (-1.0, 1.0)]
    densities = np.unique(np.clip([*np.linspace(0.0, limit, KNOTS), *beside], 0.0, limit))
    coefficients = np.maximum(model.coefficient(densities, temperature), SMALLEST_COEFFICIENT)
    return TableSpecification(
        densities=tuple(densities.tolist()), coefficients=tuple(coefficients.tolist()),
        reference_temperature=temperature, activation_energy=energy, fermi_level_counts=model.fermi_level_counts,
    )  # fmt: skip


def make_diffusion_model(
    specification: DiffusionSpecification, *, bulk_density: float, system: SiteSystem | None = None
) -> DiffusionModel:
    """The diffusion model that a specification describes.

    Args:
        specification: from an experiment; site energies that refer to a system stand there as `on` gives them.
        bulk_density: `Experiment.reference_density` of the ion [1/m^3], in units of which sites are counted; only site
            energies use it.
        system: on which the ion sits; only populations use it.

    Raises:
        InputError: the values do not make a model.
    """
    if isinstance(specification, ConstantSpecification):
        return ConstantDiffusion(
            coefficient_at_reference=specification.coefficient,
            reference_temperature=specification.reference_temperature,
            # An immobile ion may have an activation energy without a temperature at which it would act.
            activation_energy_value=specification.activation_energy or 0.0
            if specification.reference_temperature is not None
            else 0.0,
        )
    if isinstance(specification, TableSpecification):
        densities, coefficients = specification.knots
        return TableDiffusion(
            densities=densities,
            coefficients=coefficients,
            reference_temperature=specification.reference_temperature,
            activation_energy_value=specification.activation_energy,
            fermi_level_counts=specification.fermi_level_counts,
        )
    if isinstance(specification, PopulationSpecification):
        return _population_diffusion(specification, system)
    if isinstance(specification, LandscapeSpecification):
        return specification.diffusion(bulk_density)
    if not isinstance(specification, SiteEnergySpecification):
        return specification
    return _site_energy_diffusion(
        bulk_density=bulk_density,
        bulk_coefficient=specification.bulk_coefficient,
        reference_temperature=specification.reference_temperature,
        activation_energy=specification.activation_energy,
        **distribution_keys(specification),
        fermi_level_counts=specification.fermi_level_counts,
        reference_density=specification.reference_density,
    )


def _population_diffusion(specification: PopulationSpecification, system: SiteSystem | None) -> PopulationDiffusion:
    if system is None:
        raise InputError("is missing", key="sites", remedy="give the site system of the experiment")
    rate = specification.release_rate
    if rate is None:
        length = specification.hop_length or system.distribution.total_sites ** (-1.0 / 3.0)
        rate = release_rate_of_hops(
            hop_length=length, coefficient=specification.bulk_coefficient, native_density=system.native_density,
            vacant_density=system.vacant_density,
        )  # fmt: skip
    return PopulationDiffusion(
        sites=system, coefficient_at_reference=specification.bulk_coefficient,
        reference_temperature=specification.reference_temperature,
        activation_energy_value=specification.activation_energy, release_rate_at_reference=rate,
        level_spacing=specification.level_spacing,
    )  # fmt: skip


def _check_counted_ions(names: tuple[str, ...] | None) -> None:
    if names is None:
        return
    if not names:
        remedy = "name at least one ion, or leave the key out for the ion itself"
        reject("must not be empty", field="fermi_level_counts", remedy=remedy)
    for index, name in enumerate(names):
        if name in names[:index]:
            reject("is counted twice", field=f"fermi_level_counts[{index}]", remedy="name each ion once")
