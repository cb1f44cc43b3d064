"""The figures of a calibration as people read them: label, value and error, in the units of the laboratory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NANOMETRE = 1e-9
PERCENT = 1e-2


@dataclass(frozen=True, kw_only=True)
class CalibrationRow:
    """One line of a table.

    Attributes:
        label: what it is, with its unit behind a slash.
        value: in that unit.
        error: one standard deviation in that unit; None where none is stated.
    """

    label: str
    value: float
    error: float | None


def calibration_rows(summary: Mapping[str, Any]) -> list[CalibrationRow]:
    """The lines of a table of `DepthProfile.summary`; what does not exist is left out."""
    scalars = (("crater depth / nm", "crater_depth"), ("sputter rate / (nm/s)", "sputter_rate"))
    ions = (
        ("sensitivity factor {ion} / (1/m³ per count)", "sensitivity_factors"),
        ("incorporated {ion} / (1/m²)", "incorporated"),
    )
    rows = [
        *((label, summary[key] / NANOMETRE, summary[f"{key}_error"] / NANOMETRE) for label, key in scalars),
        *(
            (label.format(ion=ion), entry["value"], entry["error"])
            for label, key in ions
            for ion, entry in summary[key].items()
        ),
        ("common factor / %", summary["common_factor"] / PERCENT, None),
    ]
    return [CalibrationRow(label=label, value=value, error=error) for label, value, error in rows if value == value]
