"""Cross terms: how much ions drag each other along, as data and by pairs of ions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from ionscape.files.fields import Bounds, Number, reject
from ionscape.files.table import Table

LARGEST = "beyond it the production of entropy could be negative"

USUAL = "1 is that of independent ions, and at 0 ions would not mix at all"

PairName = Annotated[str, Field(min_length=1)]

LARGEST_COUPLING = 0.98
"""Largest λ with which is calculated: a front that mixes less is thinner than the ions are."""


class CrossTerms(Table):
    """How much ions of one charge number drag each other along (Gunawan 2024 ESI, S 61)."""

    name_in_messages: ClassVar[str] = "cross terms"

    haven_ratio: Annotated[float, Number(Bounds(above=0.0, at_most=1.0), 0.5, reason=USUAL)] | None = Field(
        default=None,
        description="Haven ratio D*/D_σ, the same for all ions: 1 - H is the share of each ion's flux that follows the"
        " flux of all ions of its charge number. 1, as if absent, is the Nernst-Planck equation.",
    )
    pairs: dict[PairName, Annotated[float, Number(Bounds(at_most=1.0), 0.3, reason=LARGEST)]] | None = Field(
        default=None,
        description="Instead of a Haven ratio: λ of pairs of ions of equal charge number, in"
        " L_ij = λ n_i D_i n_j D_j / (k_B T Σ n D); at most 1, 0 for pairs that are not named. λ = 1 - H for all pairs"
        " is the same as a Haven ratio H. There is no lower bound: entropy is produced with any λ below 0 too.",
        examples=[{"Li-Rb": 0.3}],
    )

    @model_validator(mode="after")
    def _says_it_once(self) -> Self:
        if self.haven_ratio is not None and self.pairs is not None:
            reject("has both a Haven ratio and pairs of ions", remedy="give either haven_ratio or pairs")
        return self

    @property
    def given(self) -> bool:
        """Whether there are any."""
        return self.haven_ratio is not None or bool(self.pairs)

    def coefficients(self, charges: Mapping[str, int]) -> dict[tuple[str, str], float]:
        """λ by pair of ions; `charges` are the charge numbers of all ions."""
        if self.haven_ratio is not None:
            alike = (pair for pair in combinations(charges, 2) if charges[pair[0]] == charges[pair[1]])
            return dict.fromkeys(alike, 1.0 - self.haven_ratio)
        found = {ions_of_pair(pair, charges): value for pair, value in (self.pairs or {}).items()}
        return {ions: value for ions, value in found.items() if ions is not None}

    @property
    def beyond(self) -> bool:
        """Whether a λ is larger than any with which is calculated."""
        return self.largest > LARGEST_COUPLING

    @property
    def share_of_diffusion(self) -> float:
        """Smallest share of their diffusion with which ions mix; 1 without cross terms."""
        return 1.0 - min(self.largest, LARGEST_COUPLING)

    @property
    def largest(self) -> float:
        """Largest λ; 0 without cross terms."""
        if self.haven_ratio is not None:
            return 1.0 - self.haven_ratio
        return max(0.0, *self.pairs.values()) if self.pairs else 0.0


def ions_of_pair(pair: str, ions: Iterable[str]) -> tuple[str, str] | None:
    """The two ions of a name such as `Li-Rb`; None where it names no two of them. Names of ions may have hyphens."""
    known = set(ions)
    places = (place for place, letter in enumerate(pair) if letter == "-")
    found = [(pair[:place], pair[place + 1 :]) for place in places]
    return next((both for both in found if known.issuperset(both)), None)


def check_pairs(pairs: Iterable[str], charges: Mapping[str, int]) -> None:
    """Refuse pairs that are no two ions of one charge number, or that are named twice.

    Raises:
        PydanticCustomError: the first problem, with the path of its key below the experiment.
    """
    seen: dict[frozenset[str], str] = {}
    for pair in pairs:
        field = f"cross_terms.pairs.{pair}"
        ions = ions_of_pair(pair, charges)
        if ions is None:
            known = ", ".join(charges)
            reject("is no pair of described ions", field=field, remedy=f"join two of {known} by a hyphen")
        first, second = ions
        if first == second:
            reject("names one ion twice", field=field, remedy="give two different ions")
        if charges[first] != charges[second]:
            reject(
                f"couples ions of different charge numbers, {charges[first]:+d} and {charges[second]:+d}", field=field,
                remedy="leave it out: only ions of equal charge number are coupled",
            )  # fmt: skip
        other = seen.setdefault(frozenset(ions), pair)
        if other != pair:
            reject(f"is the same pair as {other}", field=field, remedy="leave one of the two out")
