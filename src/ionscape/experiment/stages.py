"""What is done to the surface, stage by stage: each kind is one class here, and says what it does.

A kind states the law of the irradiated face as data (`SurfaceLaw`). Solver, grid, checks, figures and pages read that
and none of the kinds, so that a new kind whose law is one of these touches this module alone.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Generic, Literal, Self, TypeVar, cast

from pydantic import Field, model_validator

from ionscape.experiment.diffusion import DiffusionSpecification
from ionscape.experiment.melts import Isotherm
from ionscape.experiment.names import ION_NAME, IonName
from ionscape.experiment.programme import (
    Current,
    CurrentSetpoint,
    Potential,
    PotentialSetpoint,
    Programme,
    Programmed,
    Temperature,
    TemperatureSetpoint,
    in_words,
    is_programme,
    times_of,
    value_at,
    values_of,
)
from ionscape.files.fields import FRACTION, POSITIVE, Marker, Number, PartsOfWhole, Quantity, located, reject
from ionscape.files.quantities import format_quantity
from ionscape.files.table import Table

FRACTION_TOLERANCE = 1e-6

_FRACTION = Number(FRACTION, 0.5)
_Fraction = Annotated[float, _FRACTION]

_KIND_OF_KEY = {
    **dict.fromkeys(("beam", "source_potential", "beam_current"), "irradiation"),
    **dict.fromkeys(("potential", "composition", "melt", "isotherm", "blocking"), "contact"),
}
"""Keys that one kind of stage has alone."""

AnyStage = TypeVar("AnyStage", bound="StageTable")


@dataclass(frozen=True, kw_only=True)
class SurfaceLaw:
    """What passes the irradiated face during a stage; at its start, where its conditions change.

    A beam of one ion or of several feeds it from a source at `potential`; or an electrode or a melt at `potential`
    holds it at a composition, or blocks it. At open circuit ions are exchanged at a held composition such that no
    current flows, or nothing passes.

    Attributes:
        potential: that is applied [V]; None at open circuit.
        beam: ion that a beam brings, or the fractions of the ion current by ion; None without one.
        beam_current: magnitude of its current [A]; None for a beam that holds the surface at its potential.
        composition: number fractions of the ions at the surface; None where it is not held.
        potential_key: key of the stage that states the potential.
        composition_key: key of the stage that names the ions of the composition.
    """

    potential: float | None = None
    beam: str | Mapping[str, float] | None = None
    beam_current: float | None = None
    composition: Mapping[str, float] | None = None
    potential_key: str = "potential"
    composition_key: str = "composition"

    @property
    def beam_fractions(self) -> Mapping[str, float]:
        """Fractions of the ion current by ion, of those that the beam brings; empty without a beam."""
        if self.beam is None:
            return {}
        if isinstance(self.beam, str):
            return {self.beam: 1.0}
        return {name: fraction for name, fraction in self.beam.items() if fraction > 0.0}

    @property
    def touches(self) -> bool:
        """Whether an electrode or a melt touches the surface."""
        return self.beam is None and (self.potential is not None or self.composition is not None)

    @property
    def blocks(self) -> bool:
        """Whether that lets no ion pass."""
        return self.touches and self.composition is None


class StageTable(Table):
    """What all stages have, and what each kind must say of itself."""

    name_in_messages: ClassVar[str] = "stage"
    charge_is_counted: ClassVar[bool] = False
    """Whether an observed charge or current of an experiment is that of such stages."""

    temperature: Annotated[Temperature, Programmed("temperature", POSITIVE, entries=TemperatureSetpoint)] = Field(
        description="Temperature of the sample, or a list of its values over time."
    )
    duration: Annotated[float, Quantity("time", POSITIVE)] = Field(description="How long the stage lasts.")
    diffusion: dict[IonName, DiffusionSpecification] = Field(
        default_factory=dict,
        description="Diffusion models that hold in this stage only; each replaces the whole model of its ion.",
    )

    @model_validator(mode="before")
    @classmethod
    def _belongs_to_its_kind(cls, data: Any) -> Any:
        known = cast(Mapping[str, Any], data) if isinstance(data, Mapping) else {}
        applies = any(name.endswith("potential") for name in cls.model_fields)
        for key in known:
            kind = _KIND_OF_KEY.get(key)
            # of two potentials the nearest name is the remedy
            if kind is not None and key not in cls.model_fields and not (applies and key.endswith("potential")):
                own = ", ".join(cls.model_fields)
                reject(f"is an unknown key of this kind of stage, and one of kind {kind}", field=key,
                       remedy=f'leave it out (known here are {own}), or write kind = "{kind}"')  # fmt: skip
        return data

    @abstractmethod
    def surface_law(self) -> SurfaceLaw:
        """What passes the irradiated face."""

    @abstractmethod
    def in_short(self) -> str:
        """What drives the ions, in a few words such as `irradiation with Rb, source at 15 V`."""

    @property
    def first_temperature(self) -> float:
        """Temperature at the start of the stage [K]."""
        return value_at(self.temperature, 0.0)

    @property
    def temperature_in_words(self) -> str:
        """Temperature at the start of the stage, and whether it is another one later: `300 K at first`."""
        shown = format_quantity(self.first_temperature, "temperature", digits=5)
        return f"{shown} at first" if "temperature" in self.programmes else shown

    @property
    def programmes(self) -> Mapping[str, Programme]:
        """The values that change in time, by their keys."""
        return {name: value for name in type(self).model_fields if is_programme(value := getattr(self, name))}

    def at(self, time: float, *, before: bool = False) -> Self:
        """The stage with the values of a time since its start [s] in the place of programmes.

        Args:
            time: since its start [s].
            before: where a value jumps at that time, the one before the jump is meant.
        """
        programmes = self.programmes
        values = {name: value_at(value, time, before=before) for name, value in programmes.items()}
        return self.model_copy(update=values) if values else self

    def pieces(self) -> tuple[Piece[Self], ...]:
        """The stage between the times of its programmes; one piece where nothing changes."""
        times = times_of([*self.programmes.values()], self.duration)
        if len(times) == 2 and not self.programmes:
            return (Piece(start=self, end=self),)
        found: list[Piece[Self]] = []
        for begin, end in pairwise(times):
            duration = {"duration": end - begin}
            start, last = self.at(begin), self.at(end, before=True)
            found.append(Piece(start=start.model_copy(update=duration), end=last.model_copy(update=duration)))
        return tuple(found)

    @property
    def title(self) -> str:
        """The stage in two words, such as `Rb irradiation`."""
        return " ".join(filter(None, [" + ".join(self.newcomers), str(getattr(self, "kind", ""))]))

    @property
    def newcomers(self) -> tuple[str, ...]:
        """The ions that the stage brings to the surface."""
        law = self.surface_law()
        return tuple(law.beam_fractions) + tuple(
            name for name, fraction in (law.composition or {}).items() if fraction > 0.0
        )

    @property
    def drives(self) -> bool:
        """Whether a potential is applied, or ions are exchanged at open circuit."""
        law = self.surface_law()
        return law.potential is not None or law.touches

    def ions_named(self) -> Iterator[tuple[str, str]]:
        """Keys of the stage that name an ion of the surface, and the ion."""
        law = self.surface_law()
        for name in (law.beam,) if isinstance(law.beam, str) else law.beam or ():
            yield "beam" if isinstance(law.beam, str) else f"beam.{name}", name
        for name in law.composition or ():
            yield f"{law.composition_key}.{name}", name


@dataclass(frozen=True, kw_only=True)
class Piece(Generic[AnyStage]):
    """A part of a stage over which its conditions change on straight lines, or not at all.

    Attributes:
        start: the stage with the conditions at the start of the piece and the duration of the piece.
        end: the same with those at its end.
    """

    start: AnyStage
    end: AnyStage

    def middle(self, part: int, parts: int) -> AnyStage:
        """The stage with the conditions in the middle of one of equal parts of the piece, and the duration of that."""
        share = (part + 0.5) / parts
        values = {"duration": self.start.duration / parts}
        for name in type(self.start).model_fields:
            first, last = getattr(self.start, name), getattr(self.end, name)
            if name != "duration" and isinstance(first, float) and first != last:
                values[name] = first + share * (last - first)
        return self.start.model_copy(update=values)


@dataclass(frozen=True)
class BeamIons(Marker):
    """An ion by its name, or a table of ions with their fractions of the ion current."""

    parts: Marker | None = _FRACTION

    def read(self, value: object, *, in_file: bool = True) -> str | dict[str, float]:
        """The name, or the fractions by name."""
        if isinstance(value, str):
            return _ion_name(value)
        if not isinstance(value, Mapping):
            remedy = f"give the name of an ion, or fractions of the ion current such as {self.example()}"
            reject("must be an ion or a table of ions", value=value, remedy=remedy)
        parts = cast(Mapping[object, object], value)
        fractions: dict[str, float] = {}
        for name, part in parts.items():
            with located(_ion_name(name)):
                fractions[str(name)] = _FRACTION.read(part, in_file=in_file)
        total = sum(fractions.values())
        if abs(total - 1.0) > FRACTION_TOLERANCE:
            remedy = f"change the fractions of the ion current so that they add up to 1 within {FRACTION_TOLERANCE:g}"
            reject(f"has fractions that add up to {total:.8g}", remedy=remedy)
        return fractions

    def json_schema(self) -> dict[str, Any]:
        """A name, or a table of numbers."""
        fractions = {"type": "object", "additionalProperties": {"type": "number", **FRACTION.json_schema()}}
        return {"anyOf": [{"type": "string", "minLength": 1}, fractions], "examples": ["Rb"]}

    def example(self) -> str:
        """Two ions that carry the same current."""
        return "{ Rb = 0.5, Cs = 0.5 }"


def _ion_name(value: object) -> str:
    """A name that can stand in paths of keys."""
    if not isinstance(value, str) or re.fullmatch(ION_NAME, value) is None:
        reject("must be the name of an ion", value=value, remedy='give one of [ions], such as "Rb"')
    return value


class Irradiation(StageTable):
    """An ion beam attaches charge to the surface, which rises to the source potential and stays there."""

    charge_is_counted: ClassVar[bool] = True

    kind: Literal["irradiation"] = Field(default="irradiation", description="Kind of the stage.")
    beam: Annotated[str | dict[str, float], BeamIons()] = Field(
        description="Ion of the beam; or several with their fractions of the ion current, which add up to 1. Where one"
        " is varied the others keep their ratios.",
        examples=["Rb", {"Rb": 0.5, "Cs": 0.5}],
    )
    source_potential: Annotated[Potential, Programmed("voltage", entries=PotentialSetpoint)] = Field(
        description="Potential of the ion source, of the sign of the ion's charge: the surface does not rise beyond it."
        " Or a list of its values over time."
    )
    beam_current: Annotated[Current, Programmed("current", POSITIVE, entries=CurrentSetpoint)] | None = Field(
        default=None,
        description="Magnitude of the beam current onto the illuminated area, or a list of its values over time; if"
        " absent the surface is at the source potential from the start.",
    )

    @model_validator(mode="after")
    def _has_potential(self) -> Self:
        for key, potential in values_of(self.source_potential, "source_potential"):
            if potential == 0.0:
                remedy = 'give a potential such as "15 V"'
                if is_programme(self.source_potential):
                    remedy += '; a time without a beam is a stage of its own, with kind = "storage"'
                reject("must not be 0", field=key, remedy=remedy)
        return self

    def surface_law(self) -> SurfaceLaw:
        """A beam that holds the surface at the potential of its source, or charges it up to there."""
        return SurfaceLaw(
            potential=value_at(self.source_potential, 0.0), beam=self.beam,
            beam_current=None if self.beam_current is None else value_at(self.beam_current, 0.0),
            potential_key="source_potential",
        )  # fmt: skip

    def in_short(self) -> str:
        """Beam, source and current."""
        current = self.beam_current
        limit = "" if current is None else f" and a beam {in_words(current, 'current', at='of')}"
        brought = " and ".join(self.newcomers)
        return f"irradiation with {brought}, source {in_words(self.source_potential, 'voltage', at='at')}{limit}"


class Contact(StageTable):
    """An electrode or a melt touches the surface, at a given potential or at open circuit."""

    kind: Literal["contact"] = Field(default="contact", description="Kind of the stage.")
    potential: Annotated[Potential, Programmed("voltage", entries=PotentialSetpoint)] | None = Field(
        default=None,
        description="Potential of the contact against the back electrode, or a list of its values over time. If absent,"
        " no current flows (open circuit): ions are exchanged charge for charge, as in a melt without electrodes, and"
        " nothing passes the back. At 0 V the sample is short-circuited instead: an ion that diffuses faster than those"
        " it replaces drives a current.",
    )
    composition: Annotated[dict[IonName, _Fraction], PartsOfWhole()] | None = Field(
        default=None,
        description="Number fractions of the ions that the contact holds at the surface, adding up to 1; ions pass"
        " either way. Their total density is the one that makes the surface neutral: they carry the charge of the"
        " native ions that they replace, which are the mobile ones. Immobile ions keep their density and cannot be"
        " named. Where the mobile ones are a neutral salt, the composition is neutral too (to three digits, such as"
        " Ca = 0.333 and F = 0.667), and as dense. Where one fraction is varied the others keep their ratios.",
        examples=[{"Na": 0.1, "K": 0.9}],
    )
    melt: Annotated[dict[IonName, _Fraction], PartsOfWhole()] | None = Field(
        default=None,
        description="Number fractions of two ions of one charge in a melt, adding up to 1, so that the other follows"
        " where one is varied; instead of a composition, which follows by the isotherm.",
        examples=[{"K": 0.99, "Na": 0.01}],
    )
    isotherm: Isotherm | None = Field(
        default=None,
        description="Equilibrium of the melt and the glass surface.",
        examples=[{"entering": "K", "equilibrium_constant": 0.2, "exponent": 1.5}],
    )
    blocking: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="true if no ion passes the contact; instead of a composition."
    )

    @model_validator(mode="after")
    def _passes_or_blocks(self) -> Self:
        given = [word for word, there in (
            ("a composition", self.composition is not None), ("a melt", self.melt is not None),
            ("blocking = true", self.blocking),
        ) if there]  # fmt: skip
        if len(given) != 1:
            found = f"both {' and '.join(given)}" if given else "neither a composition, nor a melt, nor blocking"
            remedy = "give composition = { Na = 0.1, K = 0.9 }, or a melt with its isotherm, or blocking = true"
            if "a melt" in given:
                remedy = "give only one of composition, melt and blocking"
            reject(f"has {found}", remedy=remedy)
        if self.blocking and self.potential is None:
            remedy = 'give a voltage such as "100 V", or kind = "storage" if nothing is connected'
            reject("is missing for a contact that lets no ion pass", field="potential", remedy=remedy)
        for key, fractions in (("composition", self.composition), ("melt", self.melt)):
            total = 1.0 if fractions is None else sum(fractions.values())
            if abs(total - 1.0) > FRACTION_TOLERANCE:
                remedy = f"change the fractions so that they add up to 1 within {FRACTION_TOLERANCE:g}"
                reject(f"has fractions that add up to {total:.8g}", field=key, remedy=remedy)
        self._check_isotherm()
        return self

    def _check_isotherm(self) -> None:
        if self.melt is None or self.isotherm is None:
            if self.isotherm is not None:
                reject(
                    "belongs to a melt, which is not given", field="isotherm",
                    remedy="give melt = { K = 0.99, Na = 0.01 } instead of the composition, or leave it out",
                )  # fmt: skip
            if self.melt is not None:
                example = 'isotherm = { entering = "K", equilibrium_constant = 0.2, exponent = 1.5 }'
                reject(
                    "needs an isotherm, from which the composition of the glass surface follows", field="melt",
                    remedy=f"give {example}, or the composition of the surface itself",
                )  # fmt: skip
            return
        if len(self.melt) != 2:
            reject(
                f"names {len(self.melt)} ions, and the isotherm is one of two", field="melt",
                remedy="name both ions, the one that enters and the one that it replaces, or give the composition of"
                " the surface itself",
            )  # fmt: skip
        if self.isotherm.entering not in self.melt:
            reject("is not in the melt", field="isotherm.entering", remedy=f"give one of {', '.join(self.melt)}")

    def surface_law(self) -> SurfaceLaw:
        """A face that has the potential of the contact, if it has one, and its composition unless it blocks."""
        potential = None if self.potential is None else value_at(self.potential, 0.0)
        if self.melt is None or self.isotherm is None:
            return SurfaceLaw(potential=potential, composition=self.composition)
        composition = self.isotherm.surface_fractions(self.melt)
        return SurfaceLaw(potential=potential, composition=composition, composition_key="melt")

    def in_short(self) -> str:
        """What touches the surface, and its potential."""
        composition = self.surface_law().composition
        what = "blocking contact" if composition is None else "contact with " + ", ".join(composition)
        if self.melt is not None and composition is not None:
            held = " and ".join(f"{100.0 * part:.3g} % {name}" for name, part in composition.items())
            what = f"melt of {', '.join(self.melt)}, which holds {held} in the surface,"
        if self.potential is None:
            return f"{what.removesuffix(',')}, open circuit"
        return f"{what} {in_words(self.potential, 'voltage', at='at')}"

    @property
    def title(self) -> str:
        """The ions, or that none passes."""
        if self.potential is None and not self.blocking:
            return f"{' + '.join(self.newcomers)} melt"
        return "blocking contact" if self.blocking else super().title


class Storage(StageTable):
    """Open circuit: no ion passes either face, the total current is zero, diffusion potentials are free."""

    kind: Literal["storage"] = Field(default="storage", description="Kind of the stage.")

    def surface_law(self) -> SurfaceLaw:
        """Nothing passes."""
        return SurfaceLaw()

    def in_short(self) -> str:
        """That nothing is applied."""
        return "storage, open circuit"


Stage = Annotated[Irradiation | Contact | Storage, Field(discriminator="kind")]
