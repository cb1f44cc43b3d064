"""The experiment as a value, with the text that it was read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import PrivateAttr, model_validator

from ionscape.errors import InputError
from ionscape.experiment import checks
from ionscape.experiment.data import ExperimentData
from ionscape.experiment.diffusion import DiffusionSpecification, is_own_model, tabulated
from ionscape.experiment.native_glass import immobile_ions
from ionscape.experiment.remarks import experiment_remarks
from ionscape.experiment.stages import Stage
from ionscape.files.table import Table
from ionscape.remarks import Remark, Remarked


@dataclass(frozen=True, kw_only=True)
class _Origin:
    """The text that an experiment was read from, with the files that it names, and what was read from it."""

    text: str
    attachments: Mapping[str, str]
    values: Mapping[str, Any]


class Experiment(ExperimentData, Remarked):
    """A sample and what is done to it, one stage after the other.

    Read it with `load_experiment` or `parse_experiment`, which turn every problem into one `InputError`, or make it
    from values in SI units, which raises pydantic's `ValidationError`. `replace` makes another one of it, `to_toml`
    gives the text of its file. Experiments are equal if they describe the same, whatever they were made from.
    """

    name_in_messages: ClassVar[str] = "experiment"

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

        Raises:
            InputError: such a model acts in a stage whose temperature changes.
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
        return immobile_ions(self)

    @property
    def network_charge(self) -> float:
        """Fixed charge of the network [e/m^3], which balances the native ions; 0 where these are neutral themselves."""
        return checks.network_charge(self)

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What may be a slip, such as an unusual charge of an ion."""
        return experiment_remarks(self)

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

    def _described(self) -> Experiment:
        """The same experiment with every own diffusion model as a table in each stage in which it acts."""
        if not any(is_own_model(specification) for _, _, specification in checks.diffusion_paths(self)):
            return self

        def table(name: str, index: int, specification: DiffusionSpecification) -> DiffusionSpecification:
            if not is_own_model(specification):
                return specification
            if "temperature" in self.stages[index].programmes:
                problem = f"is a list of values over time, and a file holds D of {name} by an own model at one alone"
                raise InputError(problem, file=self._file, key=f"stages[{index}].temperature",
                                 remedy="give one temperature, or a model that a file can name")  # fmt: skip
            temperature, density = self.stages[index].first_temperature, self.reference_density_of(name, specification)
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

    def contact_densities(self, stage_index: int) -> dict[str, float] | None:
        """Densities that the contact of a stage holds at the surface [1/m^3], by ion; None if it holds none.

        The fractions of the composition are scaled such that the surface is neutral: the immobile ions keep their
        native density, the mobile ones that it does not name are absent. Where these are neutral, so is the composition
        (departures of its digits, up to 1e-3 of its charge, are shared out), and as dense.
        """
        return checks.contact_densities(self, stage_index)
