"""An experiment as frozen data in SI units: sample, chamber, ions, stages, back electrode, grid.

The field descriptions are the reference of the experiment file; forms and documentation are made from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from ionscape.diffusivity import DiffusionModel
from ionscape.errors import InputError
from ionscape.experiment import checks
from ionscape.experiment.diffusion import (
    DiffusionSpecification,
    is_immobile,
    is_own_model,
    make_diffusion_model,
    tabulated,
)
from ionscape.experiment.native import motionless_ions
from ionscape.experiment.remarks import experiment_remarks
from ionscape.files.fields import Bounds, Number, Quantity, reject
from ionscape.files.table import Table
from ionscape.remarks import Remark

POSITIVE = Bounds(above=0.0)

IonName = Annotated[str, Field(min_length=1, pattern=r"^[^\s.\[\]]+$")]
Density = Annotated[float, Quantity("number density", POSITIVE)]
Temperature = Annotated[float, Quantity("temperature", POSITIVE)]
Duration = Annotated[float, Quantity("time", POSITIVE)]


class Sample(Table):
    """The glass before the experiment."""

    name_in_messages: ClassVar[str] = "sample"

    thickness: Annotated[float, Quantity("length", POSITIVE)] = Field(
        description="Thickness of the sample, from the irradiated surface to the back electrode."
    )
    illuminated_area: Annotated[float, Quantity("area", POSITIVE)] = Field(
        description="Area through which ions enter and the current flows."
    )
    relative_permittivity: Annotated[float, Number(Bounds(at_least=1.0), shown=7.0)] = Field(
        description="Static relative permittivity of the glass."
    )
    native: dict[IonName, Density] = Field(
        description="Number density of each mobile or explicitly described ion before the experiment, the same at every"
        " depth. The fixed charge of the network balances it.",
        examples=[{"Li": "1.4e28 1/m^3"}],
    )

    @model_validator(mode="after")
    def _has_native_ions(self) -> Self:
        if not self.native:
            remedy = 'name at least one ion with its density, for example native = { Li = "1.4e28 1/m^3" }'
            reject("must not be empty", field="native", remedy=remedy)
        return self


class Chamber(Table):
    """The vacuum chamber in front of the sample."""

    name_in_messages: ClassVar[str] = "chamber"

    aperture_distance: Annotated[float, Quantity("length", POSITIVE, "8 mm")] = Field(
        default=8e-3,
        description="Distance of the grounded aperture in front of the sample; 8 mm if absent.",
        json_schema_extra={"default": "8 mm"},
    )


class Ion(Table):
    """An ion species."""

    name_in_messages: ClassVar[str] = "ion"

    charge: Annotated[int, Field(strict=True)] = Field(
        default=1, description="Charge number, negative for anions, not 0; 1 if absent.", examples=[1, -1, 2]
    )
    diffusion: DiffusionSpecification = Field(
        description="Diffusion model of the ion.",
        examples=[
            {
                "model": "constant",
                "coefficient": "2.67e-22 m^2/s",
                "reference_temperature": "323.15 K",
                "activation_energy": "0.65 eV",
            }
        ],
    )

    @model_validator(mode="after")
    def _is_charged(self) -> Self:
        if self.charge == 0:
            reject("must not be 0", field="charge", remedy="give the charge number of the ion, such as 1 or -1")
        return self


class _Stage(Table):
    """What all stages have."""

    name_in_messages: ClassVar[str] = "stage"

    temperature: Temperature = Field(description="Temperature of the sample.")
    duration: Duration = Field(description="How long the stage lasts.")
    diffusion: dict[IonName, DiffusionSpecification] = Field(
        default_factory=dict,
        description="Diffusion models that hold in this stage only; each replaces the whole model of its ion.",
    )

    @property
    def newcomers(self) -> tuple[str, ...]:
        """The ions that the stage brings to the surface."""
        return ()


class Irradiation(_Stage):
    """An ion beam attaches charge to the surface, which rises to the source potential and stays there."""

    kind: Literal["irradiation"] = Field(default="irradiation", description="Kind of the stage.")
    beam: IonName = Field(description="Ion of the beam.", examples=["Rb"])
    source_potential: Annotated[float, Quantity("voltage")] = Field(
        description="Potential of the ion source, of the sign of the ion's charge: the surface does not rise beyond it."
    )
    beam_current: Annotated[float, Quantity("current", POSITIVE)] | None = Field(
        default=None,
        description="Magnitude of the beam current onto the illuminated area; if absent the surface is at the source"
        " potential from the start.",
    )

    @model_validator(mode="after")
    def _has_potential(self) -> Self:
        if self.source_potential == 0.0:
            remedy = 'give a potential such as "15 V"'
            reject("must not be 0", field="source_potential", remedy=remedy)
        return self

    @property
    def newcomers(self) -> tuple[str, ...]:
        """The ion of the beam."""
        return (self.beam,)


class Contact(_Stage):
    """An electrode or a melt touches the surface at a given potential."""

    kind: Literal["contact"] = Field(default="contact", description="Kind of the stage.")
    potential: Annotated[float, Quantity("voltage")] = Field(
        description="Potential of the contact against the back electrode."
    )
    composition: dict[IonName, Annotated[float, Number(Bounds(at_least=0.0, at_most=1.0), 0.5)]] | None = Field(
        default=None,
        description="Number fractions of the ions that the contact holds at the surface, adding up to 1; ions pass"
        " either way. Their total density is the one that makes the surface neutral: they carry the charge of the"
        " native ions that they replace, which are the mobile ones. Immobile ions keep their density and cannot be"
        " named. Where the mobile ones are a neutral salt, the composition is neutral too (to three digits, such as"
        " Ca = 0.333 and F = 0.667), and as dense.",
        examples=[{"Na": 0.1, "K": 0.9}],
    )
    blocking: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="true if no ion passes the contact; instead of a composition."
    )

    @model_validator(mode="after")
    def _passes_or_blocks(self) -> Self:
        if self.blocking == (self.composition is not None):
            found = "both a composition and blocking = true" if self.blocking else "neither a composition nor blocking"
            remedy = "give either composition = { Na = 0.1, K = 0.9 } or blocking = true"
            reject(f"has {found}", remedy=remedy)
        if self.composition is not None:
            total = sum(self.composition.values())
            if abs(total - 1.0) > FRACTION_TOLERANCE:
                remedy = f"change the fractions so that they add up to 1 within {FRACTION_TOLERANCE:g}"
                reject(f"has fractions that add up to {total:.8g}", field="composition", remedy=remedy)
        return self

    @property
    def newcomers(self) -> tuple[str, ...]:
        """The ions that the contact holds."""
        return tuple(name for name, fraction in (self.composition or {}).items() if fraction > 0.0)


class Storage(_Stage):
    """Open circuit: no ion passes either face, the total current is zero, diffusion potentials are free."""

    kind: Literal["storage"] = Field(default="storage", description="Kind of the stage.")


Stage = Annotated[Irradiation | Contact | Storage, Field(discriminator="kind")]


class BackElectrode(Table):
    """The grounded electrode at the back."""

    name_in_messages: ClassVar[str] = "back electrode"

    deposits: tuple[IonName, ...] | None = Field(
        default=None,
        description="Ions that are neutralised and leave; all others pile up. Every ion leaves if absent.",
        examples=[["Na"]],
    )


class GridSpecification(Table):
    """Choices that replace those of the automatic grid."""

    name_in_messages: ClassVar[str] = "grid"

    cell: Annotated[float, Quantity("length", POSITIVE, "0.25 nm")] | None = Field(
        default=None, description="Size of the cells in the zone."
    )
    zone: Annotated[float, Quantity("length", POSITIVE, "80 nm")] | None = Field(
        default=None, description="Depth down to which the cells have that size; behind it they grow."
    )
    surface_cell: Annotated[float, Quantity("length", POSITIVE, "0.05 nm")] | None = Field(
        default=None, description="Size of the first cell."
    )
    growth: Annotated[float, Number(Bounds(at_least=1.0, at_most=2.0), shown=1.03)] | None = Field(
        default=None, description="Ratio of the sizes of neighbouring cells behind the zone."
    )


@dataclass(frozen=True, kw_only=True)
class _Origin:
    """The text that an experiment was read from, with the files that it names, and what was read from it."""

    text: str
    attachments: Mapping[str, str]
    values: Mapping[str, Any]


class Experiment(Table):
    """A sample and what is done to it, one stage after the other.

    Read it with `load_experiment` or `parse_experiment`, which turn every problem into one `InputError`, or make it
    from values in SI units, which raises pydantic's `ValidationError`. `replace` makes another one of it, `to_toml`
    gives the text of its file. Experiments are equal if they describe the same, whatever they were made from.
    """

    name_in_messages: ClassVar[str] = "experiment"

    title: str = Field(default="", description="Title, shown in figures.", examples=["Rb@Li3B7O12"])
    sample: Sample = Field(description="The glass before the experiment.")
    chamber: Chamber = Field(default_factory=Chamber, description="The vacuum chamber, for irradiation stages.")
    ions: dict[IonName, Ion] = Field(description="All ions that occur, by name.")
    stages: tuple[Stage, ...] = Field(
        description="What is done, in this order; one [[stages]] table each.",
        examples=[[{"kind": "storage", "temperature": "278 K", "duration": "48 h"}]],
    )
    back_electrode: BackElectrode = Field(default_factory=BackElectrode, description="The grounded back electrode.")
    grid: GridSpecification = Field(default_factory=GridSpecification, description="Choices for the numerical grid.")
    attachments: dict[str, str] = Field(
        default_factory=dict,
        exclude=True,
        description="Texts of the CSV files that the experiment refers to, by file name; if given, none is read from"
        " disk.",
    )

    _origin: _Origin | None = PrivateAttr(default=None)
    _file: str | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        checks.check_experiment(self)
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Experiment) and self.model_dump() == other.model_dump()

    __hash__ = None  # pyright: ignore[reportAssignmentType]

    @property
    def source(self) -> str:
        """Text of a file that describes the experiment: the one it was read from, or that of `to_toml`."""
        return self.to_toml() if self._as_read is None else self._as_read.text

    @property
    def _as_read(self) -> _Origin | None:
        """What the experiment was read from; None if it has other values by now."""
        return self._origin if self._origin is not None and self.model_dump() == self._origin.values else None

    def replace(self, values: Mapping[str, Any]) -> Self:
        """See `ionscape.files.table.Table.replace`; messages go on naming the file."""
        try:
            made = super().replace(values)
        except InputError as error:
            raise error.located(file=self._file) from None
        made._origin, made._file = self._origin, self._file
        return made

    def to_toml(self) -> str:
        """Text of a file from which an equal experiment is read.

        Diffusion models that are objects of your own stand there as tables of D at the temperatures of their stages.
        """
        return Table.to_toml(self._described())

    @property
    def file(self) -> str | None:
        """Name of the experiment file as it was given; None if there is none."""
        return self._file

    @property
    def bulk_density(self) -> float:
        """n_bulk: native density of all mobile ions [1/m^3], those that are not among `immobile_ions`."""
        immobile = self.immobile_ions
        return sum(density for name, density in self.sample.native.items() if name not in immobile)

    @property
    def immobile_ions(self) -> frozenset[str]:
        """Ions that cannot move: those whose constant D is 0, and native ones with a D that is as good as 0.

        These carry less than a millionth of the current in the native glass of every stage, and would diffuse less
        than the length of a bond in all stages together. What such an ion is called must not matter.
        """
        immobile = frozenset(name for name, ion in self.ions.items() if is_immobile(ion.diffusion))
        return immobile | motionless_ions(self)

    def reference_density(self, ion: str, stage_index: int | None = None) -> float:
        """Density at which the coefficients of an ion hold unless its model states another one [1/m^3].

        It is the density that the ions which set its Fermi level have in the native glass. Where they have none (an ion
        that is not native and counts only itself), it is that of all native ions with its charge number, moving or not;
        without such ions that of all native ions whose charge has its sign, or else of all. Its sites are counted in
        units of it.

        Args:
            ion: its name.
            stage_index: whose diffusion model is meant, counted from 0; None for the model of the ion itself.
        """
        return checks.reference_density(self, ion, self._specification(ion, stage_index))

    @property
    def network_charge(self) -> float:
        """Fixed charge of the network [e/m^3], which balances the native ions; 0 where these are neutral themselves."""
        return checks.network_charge(self)

    @property
    def duration(self) -> float:
        """Duration of all stages together [s]."""
        return sum(stage.duration for stage in self.stages)

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What may be a slip, such as an unusual charge of an ion."""
        return experiment_remarks(self)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The remarks, one sentence each."""
        return tuple(map(str, self.remarks))

    def with_origin(self, *, source: str, file: str | None, attachments: dict[str, str]) -> Experiment:
        """The same experiment with the text it was read from."""
        result = self.model_copy(update={"attachments": attachments})
        result._origin = _Origin(text=source, attachments=attachments, values=self.model_dump())
        result._file = file
        return result

    def self_contained_source(self) -> str:
        """The text of the experiment file, with the CSV files it refers to as a table [attachments] at its end.

        `parse_experiment` makes the same experiment of it without reading any further file.
        """
        read = self._as_read
        return self.to_toml() if read is None else checks.source_with_attachments(read.text, read.attachments)

    def diffusion_specifications(self, stage_index: int) -> dict[str, DiffusionSpecification]:
        """Diffusion specification of each ion in a stage, by name, in the order of `ions`."""
        replaced = self.stages[stage_index].diffusion
        return {name: replaced.get(name, ion.diffusion) for name, ion in self.ions.items()}

    def diffusion_models(self, stage_index: int) -> dict[str, DiffusionModel]:
        """Diffusion model of each ion in force in a stage, by name, in the order of `ions`.

        Args:
            stage_index: counted from 0.
        """
        return {name: self.diffusion_model(name, stage_index) for name in self.ions}

    def diffusion_model(self, ion: str, stage_index: int) -> DiffusionModel:
        """Diffusion model of one ion in force in a stage, counted from 0."""
        specification = self._specification(ion, stage_index)
        return make_diffusion_model(specification, bulk_density=self.reference_density(ion, stage_index))

    def native_fermi_density(self, ion: str, stage_index: int) -> float:
        """Density that sets the Fermi level of an ion in the native glass [1/m^3].

        Args:
            ion: its name.
            stage_index: whose diffusion model is meant, counted from 0.
        """
        return checks.native_fermi_density(self, ion, self._specification(ion, stage_index))

    def _described(self) -> Experiment:
        """The same experiment with every own diffusion model as a table in each stage in which it acts."""
        if not any(is_own_model(specification) for _, _, specification in checks.diffusion_paths(self)):
            return self

        def table(name: str, index: int, specification: DiffusionSpecification) -> DiffusionSpecification:
            if not is_own_model(specification):
                return specification
            temperature, density = self.stages[index].temperature, checks.reference_density(self, name, specification)
            return tabulated(specification, temperature=temperature, density=density)

        ions = {name: ion.replace({"diffusion": table(name, 0, ion.diffusion)}) for name, ion in self.ions.items()}
        stages: list[Stage] = []
        for index, stage in enumerate(self.stages):
            own = {name: table(name, index, specification) for name, specification in stage.diffusion.items()}
            for name, ion in self.ions.items():
                elsewhere = stage.temperature != self.stages[0].temperature
                if name not in own and is_own_model(ion.diffusion) and elsewhere:
                    own[name] = table(name, index, ion.diffusion)
            stages.append(stage.replace({"diffusion": own}) if own else stage)
        return self.replace({"ions": ions, "stages": tuple(stages)})

    def _specification(self, ion: str, stage_index: int | None) -> DiffusionSpecification:
        own = self.ions[ion].diffusion
        return own if stage_index is None else self.stages[stage_index].diffusion.get(ion, own)

    def contact_densities(self, stage_index: int) -> dict[str, float] | None:
        """Densities that the contact of a stage holds at the surface [1/m^3], by ion; None if it holds none.

        The fractions of the composition are scaled such that the surface is neutral: the immobile ions keep their
        native density, the mobile ones that it does not name are absent. Where these are neutral, so is the composition
        (departures of its digits, up to 1e-3 of its charge, are shared out), and as dense.
        """
        return checks.contact_densities(self, stage_index)


FRACTION_TOLERANCE = 1e-6
