"""Compositions of alkali glasses: y M2O – (1 − y) [x B2O3 – (1 − x) P2O5] as Bosi 2021 writes them, and silica."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ionscape.arguments import number, positive_number
from ionscape.constants import AVOGADRO_CONSTANT
from ionscape.errors import InputError
from ionscape.remarks import Kind, Name, Remark

ALKALI = ("Li", "Na", "K", "Rb", "Cs")
"""The alkali ions that a composition may have, one of them or two."""

FORMERS = {"B": "B2O3", "P": "P2O5", "Si": "SiO2"}
"""Oxides of the network former cations."""

ATOMIC_WEIGHTS = {
    "Li": 6.94, "B": 10.81, "O": 15.999, "Na": 22.98976928, "Si": 28.085, "P": 30.973761998, "K": 39.0983,
    "Rb": 85.4678, "Cs": 132.90545196,
}  # fmt: skip
"""Standard atomic weights [g/mol], conventional values where there is an interval (CIAAW 2021)."""

LARGEST_TETRAHEDRAL_BORATE_FRACTION = 3.0 / 7.0
"""c_B: fraction of B(4) among all network former cations beyond which two of them would have to share an oxygen."""

MEASURED_MASS_DENSITIES = {
    "Li": (2120.0, 2440.0),
    "Na": (2060.0, 2520.0),
    "K": (2090.0, 2440.0),
    "Rb": (2300.0, 2940.0),
}
"""Between which mass densities [kg/m^3] 80 % of the measured glasses with one alkali lie (SciGlass, as shipped)."""

ROUNDING = 1e-9  # of fractions that sum to 1

# Alkali oxide fractions within which the theory has been compared with experiments.
LEAST_TESTED_ALKALI_OXIDE = 0.30
LARGEST_TESTED_ALKALI_OXIDE = 0.45


@dataclass(frozen=True, kw_only=True)
class Composition:
    """A glass y M2O – (1 − y) [x B2O3 – (1 − x) P2O5], with silica and a second alkali ion where they are given.

    Attributes:
        alkali: symbol of the alkali ion M, one of `ALKALI`.
        alkali_oxide_fraction: y, between 0 and 1, both excluded: moles of alkali oxides per mole of oxides.
        borate_fraction: x, boron per network former cation, from 0 to 1.
        silicate_fraction: silicon per network former cation; what neither it nor x accounts for is phosphorus.
        second_alkali: symbol of a second alkali ion; None without one.
        second_alkali_fraction: its part of the alkali ions, between 0 and 1, both excluded; 0 without one.

    Raises:
        InputError: another alkali, or a fraction that is not a number within its bounds.
    """

    alkali: str
    alkali_oxide_fraction: float
    borate_fraction: float
    silicate_fraction: float = 0.0
    second_alkali: str | None = None
    second_alkali_fraction: float = 0.0

    def __post_init__(self) -> None:
        """Check all values."""
        for key in ("alkali", "second_alkali"):
            symbol = getattr(self, key)
            if symbol not in ALKALI and not (key == "second_alkali" and symbol is None):
                raise InputError(
                    "is not an alkali ion of these glasses", key=key, value=symbol,
                    remedy=f"choose one of {', '.join(ALKALI)}",
                )  # fmt: skip
        oxide = number(self.alkali_oxide_fraction, key="alkali_oxide_fraction")
        if not 0.0 < oxide < 1.0:
            raise InputError(
                "must be greater than 0 and less than 1", key="alkali_oxide_fraction", value=oxide,
                remedy="give the molar fraction y of the alkali oxide, such as 0.33",
            )  # fmt: skip
        borate = number(self.borate_fraction, key="borate_fraction")
        silicate = number(self.silicate_fraction, key="silicate_fraction")
        if not 0.0 <= borate <= 1.0:
            raise InputError(
                "must be from 0 to 1", key="borate_fraction", value=borate,
                remedy="give x = B / (B + P), 0 for a phosphate and 1 for a borate glass",
            )  # fmt: skip
        if not 0.0 <= silicate <= 1.0 - borate + ROUNDING:
            raise InputError(
                "must be from 0 to 1 − x", key="silicate_fraction", value=silicate, bound=f"x = {borate:g}",
                remedy="give silicon per network former cation",
            )  # fmt: skip
        second = number(self.second_alkali_fraction, key="second_alkali_fraction")
        if self.second_alkali is None and second != 0.0:
            raise InputError("needs a second alkali", key="second_alkali_fraction", value=second, remedy="name it too")
        if self.second_alkali is not None and not 0.0 < second < 1.0:
            raise InputError(
                "must be greater than 0 and less than 1", key="second_alkali_fraction", value=second,
                remedy="give its part of the alkali ions, or leave out the second alkali",
            )  # fmt: skip
        if self.second_alkali == self.alkali:
            raise InputError("must be another one than the first", key="second_alkali", value=self.second_alkali)
        values = {"alkali_oxide_fraction": oxide, "borate_fraction": borate, "silicate_fraction": silicate}
        for key, value in (values | {"second_alkali_fraction": second}).items():
            object.__setattr__(self, key, value)

    @property
    def formers(self) -> dict[str, float]:
        """Share of each network former cation that is there, by symbol; they sum to 1."""
        borate, silicate = self.borate_fraction, self.silicate_fraction
        phosphate = 1.0 - borate - silicate
        if silicate > 0.0 and phosphate <= ROUNDING:
            phosphate = 0.0
        shares = {"B": borate, "P": phosphate, "Si": silicate}
        return {cation: share for cation, share in shares.items() if share > 0.0}

    @property
    def alkalis(self) -> dict[str, float]:
        """Share of each alkali ion among them, by symbol."""
        if self.second_alkali is None:
            return {self.alkali: 1.0}
        return {self.alkali: 1.0 - self.second_alkali_fraction, self.second_alkali: self.second_alkali_fraction}

    @property
    def ions_per_cation(self) -> float:
        """Alkali ions per network former cation: R = y / (1 − y) (Bosi 2021, section II), twice that for silica.

        Half a mole of B2O3 or P2O5, but a whole one of SiO2 belongs to a mole of cations.
        """
        ratio = self.alkali_oxide_fraction / (1.0 - self.alkali_oxide_fraction)
        return ratio * (1.0 + self.silicate_fraction)

    @property
    def formula(self) -> str:
        """The usual spelling, which `parse_composition` reads: "0.33 Li2O – 0.67 (0.4 B2O3 – 0.6 P2O5)"."""
        oxide = self.alkali_oxide_fraction
        alkalis = {f"{symbol}2O": share for symbol, share in self.alkalis.items()}
        return f"{_digits(oxide)} {_mixture(alkalis)} – {_digits(1.0 - oxide)} {_mixture(self._former_oxides)}"

    @property
    def molar_mass(self) -> float:
        """Mass of one mole of oxides, y of them M2O [kg/mol]."""
        weight = ATOMIC_WEIGHTS
        oxide = self.alkali_oxide_fraction
        alkali_oxide = weight["O"] + 2.0 * sum(share * weight[symbol] for symbol, share in self.alkalis.items())
        masses = {
            "B2O3": 2.0 * weight["B"] + 3.0 * weight["O"],
            "P2O5": 2.0 * weight["P"] + 5.0 * weight["O"],
            "SiO2": weight["Si"] + 2.0 * weight["O"],
        }
        former_oxide = sum(share * masses[name] for name, share in self._former_oxides.items())
        return 1e-3 * (oxide * alkali_oxide + (1.0 - oxide) * former_oxide)

    @property
    def _former_oxides(self) -> dict[str, float]:
        """Molar share of each oxide of a network former among them."""
        moles = {FORMERS[cation]: share * (2.0 if cation == "Si" else 1.0) for cation, share in self.formers.items()}
        total = 1.0 + self.silicate_fraction
        return {name: count / total for name, count in moles.items()}

    def __str__(self) -> str:
        return self.formula


@dataclass(frozen=True, kw_only=True)
class IonDensity:
    """Number density of the mobile ions and where it comes from.

    Attributes:
        value: [1/m^3].
        basis: what it was computed from.
        statement: the same in words, with the number used.
        lattice_constant: from which it was computed [m]; None for a mass density.
    """

    value: float
    basis: Literal["mass density", "lattice constant"]
    statement: str
    lattice_constant: float | None = None


def ion_number_density(
    composition: Composition, *, mass_density: float | None = None, lattice_constant: float | None = None
) -> IonDensity:
    """Return the number density of the alkali ions, from a measured mass density or from the lattice of the model.

    From the mass density: 2 y N_A ρ / M, with the mass M of one mole of oxides. From the lattice: one network former
    cation per cell, R ions per cation (y / (1 − y) without silica), hence R / a³ (Bosi 2021, section II).

    Args:
        composition: the glass.
        mass_density: ρ [kg/m^3], greater than 0.
        lattice_constant: a [m], the distance of neighbouring ion sites, greater than 0.

    Raises:
        InputError: none or both of the two are given, or a value is not a positive number.

    Examples:
        >>> glass = Composition(alkali="Li", alkali_oxide_fraction=0.33, borate_fraction=0.5)
        >>> f"{ion_number_density(glass, lattice_constant=5e-10).value:.2e}"
        '3.94e+27'
    """
    if (mass_density is None) == (lattice_constant is None):
        raise InputError(
            "needs either mass_density or lattice_constant", key="ion_number_density", remedy="give exactly one of them"
        )
    if mass_density is not None:
        density = positive_number(mass_density, key="mass_density")
        moles = density / composition.molar_mass
        value = 2.0 * composition.alkali_oxide_fraction * AVOGADRO_CONSTANT * moles
        return IonDensity(value=value, basis="mass density", statement=f"from the mass density {density:g} kg/m^3")
    spacing = positive_number(lattice_constant, key="lattice_constant")
    return IonDensity(
        value=composition.ions_per_cation / spacing**3,
        basis="lattice constant",
        statement=f"from one network former cation per cell of ({spacing * 1e10:g} Å)³",
        lattice_constant=spacing,
    )


def _lattice_density(remark: Remark, _: Name) -> str:
    n = remark.numbers
    beside = ", whatever that of the glass is"
    if n["measured"]:
        low, high = (density / 1e3 for density in n["measured"])
        span = " to ".join(dict.fromkeys(f"{ratio:.1f}" for ratio in n["ratios"]))
        beside = (
            f", {span} times {n['side']} that of such glasses with the {low:.3g} to {high:.3g} g/cm^3 that are measured"
        )
    return (
        f"The ion density {n['density']:.3g} 1/m^3 is the one that the lattice spacing of"
        f" {n['lattice_constant'] * 1e10:g} Å implies{beside}; conductivities are those of the model with this spacing,"
        " not rescaled to another density."
    )


LATTICE_DENSITY = Kind("lattice_density", _lattice_density)
OTHER_NETWORK = Kind(
    "other_network",
    "Site energies of {glasses} have not been compared with measurements: their rules are those of borophosphates with"
    " one alkali ion.",
)
NOT_SODIUM = Kind(
    "not_sodium",
    "The units are those of the model of sodium borosilicate glasses; {alkali} glasses have not been compared with it.",
)
POOR_NMR = Kind(
    "misses_nmr",
    "The fraction of tetrahedral borate misses NMR by {points:g} percentage points in {alkali} glasses (0.5 for Li, 2.2"
    " for Na): give measured units if there are any.",
)
NO_NMR = Kind("no_nmr", "The units of {alkali} glasses have not been compared with NMR.")
MUCH_ALKALI = Kind(
    "much_alkali_oxide",
    "The alkali oxide y = {content:.4g} is above {limit:g}: tetrahedral borate units become fewer there than the model"
    " says.",
)
MUCH_ALKALI_PHOSPHATE = Kind(
    "much_alkali_oxide_without_borate",
    "The alkali oxide y = {content:.4g} is above {limit:g}: the model has not been compared with experiments there.",
)
LITTLE_ALKALI = Kind(
    "little_alkali_oxide",
    "The alkali oxide y = {content:.4g} is below {limit:g}: P(4) units may occur and many sites are blocked; published"
    " comparisons start at 0.33.",
)
LITTLE_ALKALI_ONE_FORMER = Kind(
    "little_alkali_oxide_of_one_former",
    "The alkali oxide y = {content:.4g} is below {limit:g}: many sites are blocked; published comparisons start at"
    " 0.33.",
)
FLAT = Kind(
    "flat",
    "From x = {first:.3f} to {last:.3f} no charged unit changes, so that the model is flat in x there, while measured"
    " conductivities can fall by a decade.",
)
WEAKNESSES = (
    OTHER_NETWORK, NOT_SODIUM, POOR_NMR, NO_NMR, MUCH_ALKALI, MUCH_ALKALI_PHOSPHATE, LITTLE_ALKALI,
    LITTLE_ALKALI_ONE_FORMER, FLAT,
)  # fmt: skip
"""What `known_weaknesses` may say."""


def lattice_density_remarks(compositions: Sequence[Composition], lattice_constant: float) -> tuple[Remark, ...]:
    """Return a remark where the ion density that the lattice implies is not that of measured glasses.

    The spacing is part of the model, as of its conductivities: neither is ever rescaled by a density.

    Args:
        compositions: one or several, with one alkali oxide content.
        lattice_constant: a [m].
    """
    first = compositions[0]
    implied = ion_number_density(first, lattice_constant=lattice_constant).value
    simple = first.silicate_fraction == 0.0 and first.second_alkali is None
    measured = MEASURED_MASS_DENSITIES.get(first.alkali, ()) if simple else ()
    found = [ion_number_density(each, mass_density=density).value for each in compositions for density in measured]
    if found and min(found) <= implied <= max(found):
        return ()
    ratios = sorted(value / implied if value > implied else implied / value for value in found)
    side = "below" if found and implied < min(found) else "above"
    kept = {"density": implied, "lattice_constant": lattice_constant, "side": side}
    return (LATTICE_DENSITY(**kept, measured=tuple(measured), ratios=(*ratios[:1], *ratios[-1:])),)


def known_weaknesses(
    composition: Composition, *, tetrahedral_borate_limit: float = LARGEST_TETRAHEDRAL_BORATE_FRACTION
) -> tuple[Remark, ...]:
    """Return one remark for every reason to doubt what the network former unit model says of this glass.

    Args:
        composition: the glass.
        tetrahedral_borate_limit: c_B of `network_former_units`.

    Returns:
        Remarks, each a sentence by `str`; none for a glass within the range in which the model has been tested.
    """
    return tuple(_weaknesses(composition, tetrahedral_borate_limit))


def _weaknesses(composition: Composition, limit: float) -> Iterator[Remark]:
    oxide, borate = composition.alkali_oxide_fraction, composition.borate_fraction
    silica = composition.silicate_fraction > 0.0
    others = ["silica"] * silica + ["two alkali ions"] * (composition.second_alkali is not None)
    if others:
        yield OTHER_NETWORK(glasses=f"glasses with {' and '.join(others)}")
    if silica:
        others = [alkali for alkali in composition.alkalis if alkali != "Na"]
        if borate > 0.0 and others:
            yield NOT_SODIUM(alkali=" and ".join(others))
        return
    for alkali in composition.alkalis:
        if alkali in ("K", "Cs"):
            yield POOR_NMR(alkali=alkali, points={"K": 4.6, "Cs": 10.9}[alkali])
        if alkali == "Rb":
            yield NO_NMR(alkali=alkali)
    if oxide > LARGEST_TESTED_ALKALI_OXIDE:
        much = MUCH_ALKALI if borate > 0.0 else MUCH_ALKALI_PHOSPHATE
        yield much(content=oxide, limit=LARGEST_TESTED_ALKALI_OXIDE)
    if oxide < LEAST_TESTED_ALKALI_OXIDE:
        # P(4) units take part of the charge of B(4): they need both network formers
        little = LITTLE_ALKALI if 0.0 < borate < 1.0 else LITTLE_ALKALI_ONE_FORMER
        yield little(content=oxide, limit=LEAST_TESTED_ALKALI_OXIDE)
    first, last = flat_range(composition, tetrahedral_borate_limit=limit)
    if first < borate < last:
        yield FLAT(first=first, last=last)


def flat_range(
    composition: Composition, *, tetrahedral_borate_limit: float = LARGEST_TETRAHEDRAL_BORATE_FRACTION
) -> tuple[float, float]:
    """Return the borate fractions between which only the neutral units B(3) and P(3) replace each other.

    B(4) has reached its limit c_B from x = c_B on. With R above c_B, P(2) carries the charge R − c_B that is left;
    with R below it, P(4) provides the charge c_B − R that the ions do not. Either is constant as long as there are
    enough phosphate units for it: c_B ≤ x ≤ 1 − |R − c_B|.

    Args:
        composition: its R, ions per network former cation, counts.
        tetrahedral_borate_limit: c_B.

    Returns:
        First and last x, the same number twice if there is no such range.
    """
    first = tetrahedral_borate_limit
    last = 1.0 - abs(composition.ions_per_cation - first)
    return (first, max(first, last))


def _mixture(shares: Mapping[str, float]) -> str:
    if len(shares) == 1:
        return next(iter(shares))
    return f"({' – '.join(f'{_digits(share)} {name}' for name, share in shares.items())})"


def _digits(fraction: float) -> str:
    # Six decimals as people write them, more significant digits where a fraction is tiny.
    shown = f"{fraction:.6f}".rstrip("0").rstrip(".")
    return shown if float(shown) not in (0.0, 1.0) else repr(fraction)
