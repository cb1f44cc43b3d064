"""How formulas, numbers and titles are written in figures."""

from __future__ import annotations

import re
import textwrap

TITLE_WIDTH = 78  # characters on a line
_SUPERSCRIPTS = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def plain_formula(name: str) -> str:
    """Name of a channel with raised and lowered digits: `^6Li+` becomes ⁶Li⁺ and `Cs_2+` Cs₂⁺."""
    text = re.sub(r"\s+", " ", name.strip())
    match = re.fullmatch(r"((?:\^?\d*[A-Z][a-z]?(?:_?\d+)?)+)([+-]*)", text)
    if match is None:
        return text
    formula = re.sub(r"\^(\d+)|^(\d+)", lambda found: (found[1] or found[2]).translate(_SUPERSCRIPTS), match[1])
    return lowered_digits(formula) + match[2].translate(_SUPERSCRIPTS)


def lowered_digits(formula: str) -> str:
    """A chemical formula with the numbers behind its symbols lowered, as in Li₂O."""
    return re.sub(r"(?<=[A-Za-z])_?(\d+)", lambda found: found[1].translate(_SUBSCRIPTS), formula)


def with_minus(number: str) -> str:
    """A number with a minus sign instead of a hyphen."""
    return number.replace("-", "\N{MINUS SIGN}")


def raised(digits: str) -> str:
    """Digits and signs as superscripts."""
    return digits.translate(_SUPERSCRIPTS)


def wrapped(title: str) -> str:
    """A title in lines that fit above a figure."""
    return textwrap.fill(title, TITLE_WIDTH)


def power_of_ten(value: float) -> str:
    """A number with its power of ten, as in 1.4×10²⁸."""
    mantissa, exponent = f"{value:.3e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}×10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
