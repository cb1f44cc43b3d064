"""Measured conductivities of alkali borophosphate glasses from a table in the form of the SciGlass extract.

`examples/sciglass-alkali-borophosphates.csv` is such a table; its attribution and licence stand beside it. Compositions
are in mol %, resistivities as log10 of Ω·cm. Single entries of a database can be wrong by decades: `select_series`
says which it leaves out and why.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

from ionscape.constants import BOLTZMANN_CONSTANT, ELECTRON_VOLT, ICE_POINT
from ionscape.errors import InputError, nearest_name
from ionscape.files.csv_table import CsvTable, read_csv_table
from ionscape.glass.composition import ALKALI
from ionscape.remarks import Kind, Remark, listed

RESISTIVITIES = {"RO20": 293.15, "RO100": 373.15, "RO150": 423.15, "RO300": 573.15}
"""Columns of log10 (resistivity / Ω·cm) and their temperatures [K]."""
ACTIVATION_ENERGIES = ("Ea_sT_20_100", "Ea_sT_100_150")
"""Columns of the activation energy of σT [eV]; the first that is given counts."""
FORMERS = ("B2O3", "P2O5")

LARGEST_LOG_RESISTIVITY = 50.0  # far beyond what can be measured; powers of ten far beyond it overflow
ALKALI_OXIDE_TOLERANCE = 0.01
LARGEST_DEVIATION = 1.0  # decades
NEIGHBOURHOOD = 0.05  # in x
LEAST_NEIGHBOURS = 3
OF_ANOTHER_AUTHOR = Kind("of_another_author", "of another author")
BY_NAME = Kind("left_out_by_name", "left out by name")
FAR_FROM_OTHERS = Kind(
    "far_from_others",
    "log10 of its conductivity at {temperature:.0f} K differs by {difference:+.1f} from the median of {others} others",
)
LARGEST_ACTIVATION_ENERGY = 10.0  # eV: a larger one is in kJ/mol
DEVIATIONS_ALLOWED = 3.0  # median absolute deviations of the others


@dataclass(frozen=True, kw_only=True)
class LiteratureGlass:
    """A glass of the literature.

    Attributes:
        identifier: of the entry.
        alkali: symbol of its alkali ion; None for a glass with several or none.
        alkali_oxide_fraction: y.
        borate_fraction: x = B / (B + P); NaN without a network former.
        conductivity: dc conductivity [S/m] by temperature [K].
        glass_transition: [K], None if it is not known.
        mass_density: [kg/m^3], None if it is not known.
        author: first author.
        year: of the publication.
        given_activation_energy: that of σT which the table gives itself [J]; None if it gives none.
    """

    identifier: str
    alkali: str | None
    alkali_oxide_fraction: float
    borate_fraction: float
    conductivity: Mapping[float, float]
    glass_transition: float | None
    mass_density: float | None
    author: str
    year: int | None
    given_activation_energy: float | None = None

    @property
    def activation_energy_interval(self) -> tuple[float, float] | None:
        """The two lowest temperatures [K] at which the conductivity is known; None if there is one only."""
        return next(pairwise(sorted(self.conductivity)), None)

    @property
    def activation_energy(self) -> float | None:
        """Activation energy of σT [J], σT ∝ exp(−E_a / k_B T); None if it is not known.

        It is the one that the table gives, else the one between the two lowest temperatures of the conductivity, and
        the one to compare with the bottleneck of a landscape: the conductances of its links carry a factor 1/T.
        """
        if self.given_activation_energy is not None:
            return self.given_activation_energy
        return self._slope(power=1)

    @property
    def activation_energy_of_conductivity(self) -> float | None:
        """Activation energy of σ itself [J], lower than that of σT by k_B times a mean temperature of the interval."""
        return self._slope(power=0)

    def _slope(self, *, power: int) -> float | None:
        interval = self.activation_energy_interval
        if interval is None:
            return None
        low, high = interval
        rise = math.log(self.conductivity[high] * high**power) - math.log(self.conductivity[low] * low**power)
        return BOLTZMANN_CONSTANT * rise / (1.0 / low - 1.0 / high)


@dataclass(frozen=True, kw_only=True)
class LiteratureSeries:
    """Glasses of one series and those that were left out of it.

    Attributes:
        glasses: by increasing x, then year.
        left_out: with the reason for each.
        not_judged: those of `glasses` whose conductivity could not be compared with that of others, for want of three.
    """

    glasses: tuple[LiteratureGlass, ...]
    left_out: tuple[tuple[LiteratureGlass, Remark], ...]
    not_judged: tuple[LiteratureGlass, ...] = ()


def read_literature(path: str | Path, *, alkali: str | None = None) -> list[LiteratureGlass]:
    """Read all glasses of a table.

    The table needs B2O3 and P2O5, the oxide of an alkali, and a resistivity or an activation energy. Other columns may
    be absent, which counts as 0 for an oxide and as unknown for anything else.

    Args:
        path: CSV with the columns Li2O to P2O5 [mol %], RO20 to RO300 [log10 of Ω·cm], Ea_sT_20_100 and Ea_sT_100_150
            [eV], and optionally ID, TG [degC], DENSITY [g/cm^3], Author and Year; empty cells are unknown. What the
            columns `y` and `x` say is recomputed.
        alkali: symbol of the one whose oxide is needed; any of them if None.

    Raises:
        InputError: the file cannot be read, lacks columns, or a cell is not a number; file, line and column are named.
    """
    file = str(path)
    table = read_csv_table(Path(path), file=file, complete=False, by_name=True)
    _check_columns(table.names, file=file, alkali=alkali)
    return [_glass(table, row) for row in range(len(table.rows))]


def _check_columns(present: Sequence[str], *, file: str, alkali: str | None) -> None:
    """Name all that is missing at once."""
    oxides = [f"{each}2O" for each in ALKALI] if alkali is None else [f"{alkali}2O"]
    values = (*RESISTIVITIES, *ACTIVATION_ENERGIES)
    absent = [] if any(name in present for name in oxides) else [_any_of(oxides)]
    absent += [name for name in FORMERS if name not in present]
    if not any(name in present for name in values):
        absent.append(_any_of(values))
    if absent:
        raise InputError(
            f"lacks the column{'s' if len(absent) > 1 else ''} {listed(absent)}", file=file, key="line 1",
            remedy="give oxides in mol %, resistivities as log10 of Ω·cm, activation energies of σT in eV",
        )  # fmt: skip


def _any_of(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"one of {', '.join(names[:-1])} or {names[-1]}"


def select_series(
    glasses: Sequence[LiteratureGlass],
    alkali: str,
    alkali_oxide_fraction: float,
    *,
    tolerance: float = ALKALI_OXIDE_TOLERANCE,
    authors: Collection[str] | None = None,
    leave_out: Collection[str] = (),
    largest_deviation: float | None = LARGEST_DEVIATION,
) -> LiteratureSeries:
    """Select the glasses of one series, y M2O – (1 − y) [x B2O3 – (1 − x) P2O5] with x from 0 to 1.

    A glass belongs to the series if M is its only alkali, its y is within the tolerance and a conductivity or an
    activation energy is known. Of these, `authors` and `leave_out` choose. Then every glass is compared with the
    others, itself not among them: where at least three others within 0.05 of its x were measured at the same
    temperature, its log10 σ must not differ from the median of theirs by more than `largest_deviation`, nor by three
    times their median absolute deviation where that is more. The glass that violates this most is left out, and the
    comparison starts anew without it. A glass without three such neighbours cannot be judged and stays; `not_judged`
    has them.

    Args:
        glasses: as read.
        alkali: symbol of M.
        alkali_oxide_fraction: y.
        tolerance: largest deviation of y.
        authors: first authors to keep, such as "Magistris" (initials may be omitted); all without it.
        leave_out: first authors or identifiers to leave out.
        largest_deviation: [decades]; None leaves nothing out by comparison.

    Raises:
        InputError: a name of `authors` or `leave_out` fits no glass with that alkali and y.
    """
    candidates = [
        glass
        for glass in of_content(glasses, alkali, alkali_oxide_fraction, tolerance=tolerance)
        if glass.conductivity or glass.activation_energy is not None
    ]
    for key, names in (("authors", authors or ()), ("leave_out", leave_out)):
        _check_names(names, candidates, key=key)
    chosen: list[LiteratureGlass] = []
    left_out: list[tuple[LiteratureGlass, Remark]] = []
    for glass in candidates:
        if authors is not None and not any(_is_by(glass, author) for author in authors):
            left_out.append((glass, OF_ANOTHER_AUTHOR()))
        elif any(_is_by(glass, name) or glass.identifier == name for name in leave_out):
            left_out.append((glass, BY_NAME()))
        else:
            chosen.append(glass)
    while largest_deviation is not None and chosen:
        judged = [(*_deviation(glass, chosen, largest=largest_deviation), glass) for glass in chosen]
        excess, reason, worst = max(judged, key=lambda entry: entry[0])
        if reason is None or excess <= 1.0:
            break
        chosen = [glass for glass in chosen if glass is not worst]
        left_out.append((worst, reason))
    chosen.sort(key=lambda glass: (glass.borate_fraction, glass.year or 0, glass.identifier))
    return LiteratureSeries(
        glasses=tuple(chosen),
        left_out=tuple(left_out),
        not_judged=tuple(glass for glass in chosen if not any(_neighbours(glass, chosen))),
    )


def of_content(
    glasses: Sequence[LiteratureGlass], alkali: str, alkali_oxide_fraction: float, *, tolerance: float
) -> list[LiteratureGlass]:
    """Glasses with network formers and no other alkali whose y is within the tolerance, whatever is known of them."""
    return [
        glass
        for glass in glasses
        if glass.alkali == alkali
        and abs(glass.alkali_oxide_fraction - alkali_oxide_fraction) <= tolerance * (1.0 + 1e-9)
        and not math.isnan(glass.borate_fraction)
    ]


def _neighbours(glass: LiteratureGlass, chosen: Sequence[LiteratureGlass]) -> Iterator[tuple[float, list[float]]]:
    """Temperatures at which enough others near in x were measured, with log10 of their conductivities [S/m]."""
    for temperature in sorted(glass.conductivity):
        near = [
            math.log10(other.conductivity[temperature])
            for other in chosen
            if other is not glass
            and temperature in other.conductivity
            and abs(other.borate_fraction - glass.borate_fraction) <= NEIGHBOURHOOD * (1.0 + 1e-9)
        ]
        if len(near) >= LEAST_NEIGHBOURS:
            yield temperature, near


def _deviation(
    glass: LiteratureGlass, chosen: Sequence[LiteratureGlass], *, largest: float
) -> tuple[float, Remark | None]:
    """How far the conductivity of a glass is from those of the others, in units of what is allowed, and where."""
    worst, reason = 0.0, None
    for temperature, near in _neighbours(glass, chosen):
        centre = median(near)
        difference = math.log10(glass.conductivity[temperature]) - centre
        allowed = max(largest, DEVIATIONS_ALLOWED * median(abs(value - centre) for value in near))
        if abs(difference) / allowed > worst:
            worst = abs(difference) / allowed
            reason = FAR_FROM_OTHERS(temperature=temperature, difference=difference, others=len(near))
    return worst, reason


def _check_names(names: Collection[str], candidates: Sequence[LiteratureGlass], *, key: str) -> None:
    """Refuse a name that fits none of the glasses of the series: it is misspelt, or the choice is not what it seems."""
    by_identifier = key == "leave_out"
    for name in names if candidates else ():
        if any(_is_by(glass, name) or (by_identifier and glass.identifier == name) for glass in candidates):
            continue
        known = dict.fromkeys(glass.author.split(" ")[0] for glass in candidates)
        nearest = nearest_name(name, known)
        raise InputError(
            "fits no glass of the series", key=key, value=name,
            remedy=f'the nearest author is "{nearest}"' if nearest else "leave it out",
        )  # fmt: skip


def _is_by(glass: LiteratureGlass, author: str) -> bool:
    return glass.author == author or glass.author.split(" ")[0] == author


def _glass(table: CsvTable, row: int) -> LiteratureGlass:
    texts = dict(zip(table.names, table.rows[row][1], strict=True))
    places = {name: place for place, name in enumerate(table.names)}

    def cell(name: str) -> float | None:
        if not texts.get(name):
            return None
        return table.number(row, places[name], remedy="correct it; unknown ones are left empty")

    def wrong(name: str, problem: str, value: object) -> InputError:
        return InputError(problem, file=table.file, key=table.key(row, places[name]), value=value)

    def limited(name: str, largest: float, wanted: str) -> float | None:
        value = cell(name)
        if value is not None and abs(value) > largest:
            raise wrong(name, f"must be {wanted}", value)
        return value

    alkalis = {alkali: cell(f"{alkali}2O") or 0.0 for alkali in ALKALI}
    present = [alkali for alkali, amount in alkalis.items() if amount > 0.0]
    borate, phosphate = cell("B2O3") or 0.0, cell("P2O5") or 0.0
    oxide, formers = math.fsum(alkalis.values()), borate + phosphate
    largest = LARGEST_LOG_RESISTIVITY
    logs = {
        temperature: limited(name, largest, f"from -{largest:g} to {largest:g}, the log10 of Ω·cm")
        for name, temperature in RESISTIVITIES.items()
    }
    energies = [
        limited(name, LARGEST_ACTIVATION_ENERGY, f"an energy in eV, at most {LARGEST_ACTIVATION_ENERGY:g}")
        for name in ACTIVATION_ENERGIES
    ]
    given = next((value for value in energies if value is not None), None)
    transition, density, year = cell("TG"), cell("DENSITY"), cell("Year")
    if year is not None and year != int(year):
        raise wrong("Year", "must be a whole number without a thousands separator", texts["Year"])
    return LiteratureGlass(
        identifier=texts.get("ID", ""),
        alkali=present[0] if len(present) == 1 else None,
        alkali_oxide_fraction=oxide / (oxide + formers) if oxide + formers > 0.0 else math.nan,
        borate_fraction=borate / formers if formers > 0.0 else math.nan,
        # 1 S/cm is 100 S/m.
        conductivity={kelvin: 100.0 * 10.0**-value for kelvin, value in logs.items() if value is not None},
        glass_transition=None if transition is None else transition + ICE_POINT,
        mass_density=None if density is None else 1e3 * density,
        author=texts.get("Author", ""),
        year=None if year is None else int(year),
        given_activation_energy=None if given is None else given * ELECTRON_VOLT,
    )
