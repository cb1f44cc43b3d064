"""Formulas of glasses as people write them: "0.33 Li2O 0.67 (0.4 B2O3 0.6 P2O5)", "33Li2O–67B2O3", "Li2O·2B2O3".

The grammar, with amounts in moles and brackets of any kind:

    mixture   = term { [separator] term }
    term      = [amount] part | part amount             (behind the part only for a bracket: "(B2O3)0.4")
    part      = compound | "(" mixture ")"
    amount    = number [ "/" number ] [ "%" | "mol%" ]
    compound  = { element [count] }                      such as B2O3, LiPO3, BPO4, BO3/2
    separator = one of - – · • * + , ; :

Amounts of a mixture are fractions (their sum is 1), percentages (their sum is 100) or a ratio of whole numbers.
Everything is counted in atoms, with exact fractions, so that "0.33" gives just 0.33.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from ionscape.errors import InputError
from ionscape.glass.composition import ALKALI, FORMERS, Composition

EXAMPLE = "0.33 Li2O 0.67 (0.4 B2O3 0.6 P2O5)"
REMEDY = f'write it as in "{EXAMPLE}"'
SUM_TOLERANCE = Fraction(3, 1000)  # percentages are rounded: 33.3 three times
LARGEST_RATIO = 20  # whole numbers above that are percentages that do not add up
LONGEST_FORMULA = 500
DEEPEST_BRACKET = 20
OXYGEN = {"B": Fraction(3, 2), "P": Fraction(5, 2), "Si": Fraction(2)} | dict.fromkeys(ALKALI, Fraction(1, 2))
"""Oxygen atoms that belong to one cation."""

_CLOSING = {"(": ")", "[": "]", "{": "}"}
_COUNT = r"\d+(?:\.\d+|/\d+)?"
_TOKEN = re.compile(
    rf"""(?P<space>\s+)
    | (?P<weight>\(?\s*(?:wt|weight|mass|ma)\s*\.?\s*-?\s*%\s*\)?)
    | (?P<percent>\(\s*mole?\s*\.?\s*-?\s*%\s*\) | mole?\s*\.?\s*-?\s*% | %)
    | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{{1,3}}|\s*/\s*\d+)?)
    | (?P<compound>(?:[A-Z][a-z]?(?:{_COUNT})?)+)
    | (?P<open>[(\[{{])
    | (?P<close>[)\]}}])
    | (?P<separator>[-–—−‐·•⋅∙×*+,;:])
    """,
    re.VERBOSE,
)
_ELEMENT = re.compile(rf"([A-Z][a-z]?)({_COUNT})?")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉．", "0123456789.")
_DECIMAL_COMMA = re.compile(r"\d,\d")


@dataclass(frozen=True, kw_only=True)
class _Token:
    kind: str
    text: str
    after_space: bool


@dataclass(frozen=True, kw_only=True)
class _Mixture:
    """Atoms of a bracket or of the whole; `parts` is the sum of its amounts if they are a ratio, else 1."""

    atoms: Mapping[str, Fraction]
    parts: Fraction


def parse_composition(text: str) -> Composition:
    """Read the composition of a glass from its formula.

    Amounts are in moles: fractions with the sum 1, percentages with the sum 100 (both within 0.3 %, then scaled), or
    ratios of whole numbers up to 20. Brackets, separators and subscripts may be any usual ones; compounds such as
    LiPO3, BPO4 or Li3B7O12 count by their atoms.

    Args:
        text: such as "0.33 Li2O 0.67 (0.4 B2O3 0.6 P2O5)", "33 Li2O 26.8 B2O3 40.2 P2O5" or "Li2O·2B2O3".

    Raises:
        InputError: what cannot be read or does not add up, in one sentence; another oxide; no alkali or three of them.

    Examples:
        >>> parse_composition("Li2O·2B2O3").alkali_oxide_fraction
        0.3333333333333333
        >>> parse_composition("33 Li2O 26.8 B2O3 40.2 P2O5").formula
        '0.33 Li2O – 0.67 (0.4 B2O3 – 0.6 P2O5)'
        >>> parse_composition("0.20 Li2O 0.13 Na2O 0.67 B2O3").alkalis
        {'Li': 0.6060606060606061, 'Na': 0.3939393939393939}
    """
    try:
        return _composition(_Reader(text).whole().atoms)
    except InputError as error:
        raise error.located(key="glass", value=text) from None


def formula_atoms(text: str) -> dict[str, float]:
    """Atoms of every element in a mixture of any compounds, oxygen among them; their ratios are what counts.

    Args:
        text: as `parse_composition` takes it, of any elements, such as "0.14 Na2O 0.10 Al2O3 0.76 SiO2".

    Raises:
        InputError: what cannot be read or does not add up, in one sentence.

    Examples:
        >>> formula_atoms("0.25 Na2O 0.75 SiO2")
        {'Na': 0.5, 'O': 1.75, 'Si': 0.75}
    """
    try:
        atoms = _Reader(text, counted=_counted).whole().atoms
    except InputError as error:
        raise error.located(key="glass", value=text) from None
    return {element: float(count) for element, count in atoms.items() if count > 0}


class _Reader:
    """Reads the tokens of one formula from left to right."""

    def __init__(self, text: str, *, counted: Callable[[str], dict[str, Fraction]] | None = None) -> None:
        self.counted = _atoms if counted is None else counted
        self.tokens = _tokens(text)
        self.position = 0
        self.depth = 0

    def whole(self) -> _Mixture:
        mixture = self.mixture(opening=None)
        if self.position < len(self.tokens):
            raise InputError(f'has a "{self.tokens[self.position].text}" without its opening bracket', remedy=REMEDY)
        return mixture

    def peek(self) -> _Token | None:
        return self.tokens[self.position] if self.position < len(self.tokens) else None

    def take(self, *kinds: str) -> _Token | None:
        token = self.peek()
        if token is None or token.kind not in kinds:
            return None
        self.position += 1
        return token

    def mixture(self, *, opening: _Token | None) -> _Mixture:
        """Terms up to the closing bracket or the end, combined."""
        terms: list[tuple[Fraction, _Mixture]] = []
        while (token := self.peek()) is not None and token.kind != "close":
            separator = self.take("separator")
            if separator is not None and not terms:
                raise InputError(f'has a "{separator.text}" before the first oxide', remedy=REMEDY)
            if (self.peek() is None or self.peek_kind() in ("close", "separator")) and separator is not None:
                raise InputError(f'has no oxide behind a "{separator.text}"', remedy=REMEDY)
            terms.append(self.term())
            self.take("percent")
        if not terms:
            where = "an empty bracket" if opening is not None else "no oxide"
            raise InputError(f"has {where}", remedy=REMEDY)
        return _combine(terms)

    def peek_kind(self) -> str:
        token = self.peek()
        return "" if token is None else token.kind

    def term(self) -> tuple[Fraction, _Mixture]:
        """One amount and its part."""
        number = self.take("number")
        self.take("percent")
        compound = self.take("compound")
        if compound is not None:
            return _amount(number), _Mixture(atoms=self.counted(compound.text), parts=Fraction(1))
        opening = self.take("open")
        if opening is None:
            token = self.peek()
            found = f'"{token.text}"' if token is not None else "nothing"
            wanted = f'the amount "{number.text}"' if number is not None else "the amount before it"
            raise InputError(f"has {found} where {wanted} needs its oxide", remedy=REMEDY)
        self.depth += 1
        if self.depth > DEEPEST_BRACKET:
            raise InputError(f"has more than {DEEPEST_BRACKET} brackets within each other", remedy=REMEDY)
        inside = self.mixture(opening=opening)
        self.depth -= 1
        closing = self.take("close")
        if closing is None:
            raise InputError(f'has a "{opening.text}" that is not closed', remedy=f'add a "{_CLOSING[opening.text]}"')
        if closing.text != _CLOSING[opening.text]:
            raise InputError(f'closes a "{opening.text}" with a "{closing.text}"', remedy="use brackets in pairs")
        behind = self.peek()
        if number is None and behind is not None and behind.kind == "number" and not behind.after_space:
            number = self.take("number")
        return _amount(number), inside


def _tokens(text: str) -> list[_Token]:
    if not isinstance(text, str) or not text.strip():  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InputError("must be the formula of a glass", remedy=REMEDY)
    if len(text) > LONGEST_FORMULA:
        raise InputError(f"is longer than {LONGEST_FORMULA} characters", remedy=REMEDY)
    plain = re.sub(r"_\{([^{}]*)\}", r"\1", text.translate(_SUBSCRIPTS)).replace("_", "").replace("$", "")
    if _DECIMAL_COMMA.search(plain):
        raise InputError("has a decimal comma", remedy="write a decimal point")
    tokens: list[_Token] = []
    position, after_space = 0, False
    while position < len(plain):
        match = _TOKEN.match(plain, position)
        if match is None:
            rest = plain[position:].split()[0]
            raise InputError(f'cannot be read from "{rest}" on', remedy=REMEDY)
        kind = str(match.lastgroup)
        if kind == "weight":
            raise InputError("is in per cent by weight", remedy="give molar amounts")
        if kind != "space":
            tokens.append(_Token(kind=kind, text=match[0].strip(), after_space=after_space))
        after_space = kind == "space"
        position = match.end()
    return tokens


def _amount(number: _Token | None) -> Fraction:
    return Fraction(1) if number is None else _exact(number.text)


def _exact(text: str) -> Fraction:
    above, _, below = text.partition("/")
    if below and Fraction(below) == 0:
        raise InputError(f'divides by zero in "{text}"', remedy=REMEDY)
    return Fraction(above.strip()) / (Fraction(below.strip()) if below else 1)


def _counted(compound: str) -> dict[str, Fraction]:
    """Atoms of one formula unit."""
    counts: dict[str, Fraction] = {}
    for element, count in _ELEMENT.findall(compound):
        counts[element] = counts.get(element, Fraction(0)) + (_exact(count) if count else 1)
    return counts


def _atoms(compound: str) -> dict[str, Fraction]:
    """Atoms of one formula unit, cations only, after a check of its oxygen."""
    counts = _counted(compound)
    unknown = [element for element in counts if element != "O" and element not in OXYGEN]
    known = ", ".join([*(f"{alkali}2O" for alkali in ALKALI), *FORMERS.values()])
    if unknown:
        raise InputError(f"has the unknown oxide {compound}", bound=f"known are {known}")
    expected = sum((count * OXYGEN[element] for element, count in counts.items() if element != "O"), Fraction(0))
    if counts.get("O", Fraction(0)) != expected or not expected:
        raise InputError(f"has {compound}, which is not a neutral oxide", remedy=f"use {known} or compounds of them")
    return {element: count for element, count in counts.items() if element != "O"}


def _combine(terms: list[tuple[Fraction, _Mixture]]) -> _Mixture:
    """Add the terms of a mixture, once its amounts are known to be fractions, percentages or a ratio."""
    amounts = [amount for amount, _ in terms]
    total = sum(amounts, Fraction(0))
    whole = next((size for size in (Fraction(1), Fraction(100)) if abs(total - size) <= SUM_TOLERANCE * size), None)
    is_ratio = all(amount.denominator == 1 and amount <= LARGEST_RATIO for amount in amounts) and total > 0
    if len(terms) == 1 and total > 0:
        whole, is_ratio = None, True
    if whole is None and not is_ratio:
        shown = f"{float(total):.6g}"
        raise InputError(
            f"has amounts that sum to {shown} ({' + '.join(f'{float(amount):g}' for amount in amounts)})",
            bound="fractions sum to 1, percentages to 100",
            remedy="correct them, or give a ratio of whole numbers",
        )
    atoms: dict[str, Fraction] = {}
    for amount, part in terms:
        # A bracket with a ratio in it is one mole of its oxides beside fractions, beside whole numbers what it says.
        size = amount if whole is None else amount / (total * part.parts)
        for element, count in part.atoms.items():
            atoms[element] = atoms.get(element, Fraction(0)) + size * count
    return _Mixture(atoms=atoms, parts=total if whole is None else Fraction(1))


def _composition(atoms: Mapping[str, Fraction]) -> Composition:
    present = {element: count for element, count in atoms.items() if count > 0}
    alkalis = [element for element in ALKALI if element in present]
    boron, silicon = present.get("B", Fraction(0)), present.get("Si", Fraction(0))
    if len(alkalis) > 2:
        raise InputError(
            f"has {len(alkalis)} alkali oxides ({', '.join(alkalis)})", remedy="give a glass with one or two of them"
        )
    if not alkalis:
        raise InputError("has no alkali oxide", remedy=f"add one of {', '.join(f'{alkali}2O' for alkali in ALKALI)}")
    formers = sum((present.get(cation, Fraction(0)) for cation in FORMERS), Fraction(0))
    if not formers:
        raise InputError("has no network former", remedy=f"add {' or '.join(FORMERS.values())}")
    ions = sum((present[alkali] for alkali in alkalis), Fraction(0))
    # moles of oxides: two alkali ions, two B or P, one Si each
    oxides = ions + formers + silicon
    second = alkalis[1] if len(alkalis) > 1 else None
    return Composition(
        alkali=alkalis[0], alkali_oxide_fraction=float(ions / oxides), borate_fraction=float(boron / formers),
        silicate_fraction=float(silicon / formers), second_alkali=second,
        second_alkali_fraction=0.0 if second is None else float(present[second] / ions),
    )  # fmt: skip
