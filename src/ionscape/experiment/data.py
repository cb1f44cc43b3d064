"""What an experiment consists of, and what follows from it by looking it up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Self, TypeVar

from pydantic import Field

from ionscape.diffusivity import DiffusionModel, SiteSystem
from ionscape.experiment.cross_terms import CrossTerms
from ionscape.experiment.diffusion import (
    DiffusionSpecification,
    SiteEnergySpecification,
    counted_ions,
    make_diffusion_model,
    system_of,
)
from ionscape.experiment.names import IonName
from ionscape.experiment.parts import BackElectrode, Chamber, GridSpecification, Ion, Sample
from ionscape.experiment.plate import Mechanics, Optics
from ionscape.experiment.sites import Sites, make_site_system
from ionscape.experiment.stages import Stage
from ionscape.files.table import Table

SAMPLES = 8
"""Parts of a ramp, with constant values each, by which rough figures of a stage are estimated; of each of several
ramps, up to as many."""

AnyExperiment = TypeVar("AnyExperiment", bound="ExperimentData")


@dataclass(frozen=True, kw_only=True)
class Pieces(Generic[AnyExperiment]):
    """An experiment piece by piece: over each of them the conditions change on straight lines, or not at all.

    Attributes:
        starts: the experiment with the pieces as stages, which have the conditions at their start.
        ends: the same with the conditions at their end.
        stages: to which stage of the experiment each piece belongs.
    """

    starts: AnyExperiment
    ends: AnyExperiment
    stages: tuple[int, ...]

    def jumps_at(self, number: int) -> bool:
        """Whether a piece begins with other conditions than those with which the piece before ended."""
        if number == 0 or self.stages[number] != self.stages[number - 1]:
            return True
        before, now = self.ends.stages[number - 1], self.starts.stages[number]
        return before.model_copy(update={"duration": now.duration}) != now


class ExperimentData(Table):
    """The data of an `Experiment`, on which its checks, its remarks and the native glass rest."""

    title: str = Field(default="", description="Title, shown in figures.", examples=["Rb@Li3B7O12"])
    sample: Sample = Field(description="The glass before the experiment.")
    chamber: Chamber = Field(default_factory=Chamber, description="The vacuum chamber, for irradiation stages.")
    sites: dict[str, Sites] = Field(
        default_factory=dict,
        description="Site systems by name, which several ions share; diffusion models refer to them.",
        examples=[{"borate": {"holds": ["Li"], "width": "0.16 eV"}}],
    )
    ions: dict[IonName, Ion] = Field(description="All ions that occur, by name.")
    stages: tuple[Stage, ...] = Field(
        description="What is done, in this order; one [[stages]] table each.",
        examples=[[{"kind": "storage", "temperature": "278 K", "duration": "48 h"}]],
    )
    cross_terms: CrossTerms = Field(
        default_factory=CrossTerms, description="How much ions drag each other along; not at all if absent."
    )
    back_electrode: BackElectrode = Field(default_factory=BackElectrode, description="The grounded back electrode.")
    mechanics: Mechanics | None = Field(
        default=None, description="How the exchange strains the glass, for its stress; none is calculated if absent."
    )
    optics: Optics | None = Field(
        default=None, description="How the exchange changes the refractive index; none is calculated if absent."
    )
    grid: GridSpecification = Field(default_factory=GridSpecification, description="Choices for the numerical grid.")
    attachments: dict[str, str] = Field(
        default_factory=dict,
        exclude=True,
        description="Texts of the CSV files that the experiment refers to, by file name; if given, none is read from"
        " disk.",
    )

    def in_pieces(self) -> Pieces[Self]:
        """The experiment with the pieces of its stages as stages, in which no value is a programme."""
        pieces = [(index, piece) for index, stage in enumerate(self.stages) for piece in stage.pieces()]
        stages = tuple(index for index, _ in pieces)
        if not any(stage.programmes for stage in self.stages):
            return Pieces(starts=self, ends=self, stages=stages)
        starts, ends = (tuple(getattr(piece, side) for _, piece in pieces) for side in ("start", "end"))
        return Pieces(
            starts=self.model_copy(update={"stages": starts}), ends=self.model_copy(update={"stages": ends}),
            stages=stages,
        )  # fmt: skip

    def sampled(self) -> tuple[Self, tuple[int, ...]]:
        """The experiment in stages of constant conditions: ramps in parts, each with its middle values.

        Returns:
            It, and to which stage of this experiment each of its stages belongs.
        """
        if not any(stage.programmes for stage in self.stages):
            return self, tuple(range(len(self.stages)))
        found: list[tuple[int, Stage]] = []
        for index, stage in enumerate(self.stages):
            pieces = stage.pieces()
            finest = SAMPLES if len(pieces) <= SAMPLES else 1
            for piece in pieces:
                parts = finest if piece.start != piece.end else 1
                found += [(index, piece.middle(part, parts)) for part in range(parts)]
        stages = tuple(index for index, _ in found)
        return self.model_copy(update={"stages": tuple(stage for _, stage in found)}), stages

    def stage_at(self, stage_index: int, time: float) -> Stage:
        """A stage with the conditions of a time since the start of the first stage [s]."""
        start = sum(stage.duration for stage in self.stages[:stage_index])
        return self.stages[stage_index].at(time - start)

    @property
    def duration(self) -> float:
        """Duration of all stages together [s]."""
        return sum(stage.duration for stage in self.stages)

    @property
    def site_systems(self) -> dict[str, SiteSystem]:
        """The site systems by name; ions and models share one object of each."""
        return {name: self.site_system(name) for name in self.sites}

    def site_system(self, name: str) -> SiteSystem:
        """One of them; its ions are those that it holds and all whose models refer to it, in the order of `ions`."""
        table = self.sites[name]
        held = sum(self.sample.native[ion] for ion in table.holds)
        ions = self._ions_on(name)
        return make_site_system(name, table, held=held, ions=ions)  # pyright: ignore[reportArgumentType] frozen: hashable

    def _ions_on(self, system: str) -> tuple[str, ...]:
        held = self.sites[system].holds
        return tuple(name for name in self.ions if name in held or system in self.systems_of(name))

    def systems_of(self, ion: str) -> frozenset[str]:
        """Names of the site systems to which the models of an ion refer, those of single stages too."""
        models = (self.ions[ion].diffusion, *(stage.diffusion.get(ion) for stage in self.stages))
        return frozenset(name for each in models if each is not None and (name := system_of(each)) is not None)

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
        return self.reference_density_of(ion, self._specification(ion, stage_index))

    def reference_density_of(self, ion: str, specification: DiffusionSpecification) -> float:
        """The same for a diffusion model of an ion that need not be the one in force [1/m^3]."""
        native, charge = self.sample.native, self.ions[ion].charge
        charges = {name: self.ions[name].charge for name in native}
        return (
            self._counted_density(ion, specification)
            or sum(density for name, density in native.items() if charges[name] == charge)
            or sum(density for name, density in native.items() if charges[name] * charge > 0)
            or sum(native.values())
        )

    def native_fermi_density(self, ion: str, stage_index: int) -> float:
        """Density that sets the Fermi level of an ion in the native glass [1/m^3].

        Args:
            ion: its name.
            stage_index: whose diffusion model is meant, counted from 0.
        """
        return self._counted_density(ion, self._specification(ion, stage_index))

    def diffusion_specifications(self, stage_index: int) -> dict[str, DiffusionSpecification]:
        """Diffusion specification of each ion in a stage, by name, in the order of `ions`.

        Site energies that refer to a site system have the distribution and the ions of it.
        """
        return {name: self._specification(name, stage_index) for name in self.ions}

    def diffusion_models(self, stage_index: int) -> dict[str, DiffusionModel]:
        """Diffusion model of each ion in force in a stage, by name, in the order of `ions`.

        Args:
            stage_index: counted from 0.
        """
        return {name: self.diffusion_model(name, stage_index) for name in self.ions}

    def diffusion_model(self, ion: str, stage_index: int) -> DiffusionModel:
        """Diffusion model of one ion in force in a stage, counted from 0."""
        return self.make_model(ion, self._specification(ion, stage_index))

    def make_model(self, ion: str, specification: DiffusionSpecification) -> DiffusionModel:
        """The diffusion model that a specification makes for an ion, which need not be the one in force."""
        in_force, name = self._with_sites(specification), system_of(specification)
        system = None if name is None else self.site_system(name)
        return make_diffusion_model(
            in_force, bulk_density=self.reference_density_of(ion, specification), system=system
        )  # fmt: skip

    def _counted_density(self, ion: str, specification: DiffusionSpecification) -> float:
        system = system_of(specification)
        if system is not None:
            return self.site_system(system).native_density
        counted = counted_ions(specification) or (ion,)
        return sum(self.sample.native.get(name, 0.0) for name in counted)

    def _specification(self, ion: str, stage_index: int | None) -> DiffusionSpecification:
        own = self.ions[ion].diffusion
        found = own if stage_index is None else self.stages[stage_index].diffusion.get(ion, own)
        return self._with_sites(found)

    def _with_sites(self, specification: DiffusionSpecification) -> DiffusionSpecification:
        """Site energies of a system as if the ion had them for itself, and counted all ions on it."""
        name = system_of(specification)
        if not isinstance(specification, SiteEnergySpecification) or name is None:
            return specification
        return specification.on(self.site_system(name), self.sites[name])
