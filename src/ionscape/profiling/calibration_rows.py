"""The figures of a calibration as people read them: label, value and error, in the units of the laboratory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ionscape.files.quantities import with_error

NANOMETRE = 1e-9
PERCENT = 1e-2
COMMON_FACTOR = "common factor, by neighbouring points"
"""The relative standard deviation that all channels of a data point share, by the scatter of neighbouring points."""
BALANCE_SCATTER = "common factor, by the charge balance"
"""The same raised to what the charge balance scatters over depth, slow drifts included: fits weigh by it."""


@dataclass(frozen=True, kw_only=True)
class CalibrationRow:
    """One line of a table.

    Attributes:
        label: what it is, with its unit behind a slash.
        value: in that unit.
        error: one standard deviation in that unit; None where none is stated.
        digits: of the value that are shown where it has no error.
    """

    label: str
    value: float
    error: float | None
    digits: int = 3

    @property
    def shown(self) -> tuple[str, str]:
        """Value and error as they are printed; the error is empty where there is none."""
        return (f"{self.value:.{self.digits}g}", "") if self.error is None else with_error(self.value, self.error)


def calibration_rows(summary: Mapping[str, Any]) -> list[CalibrationRow]:
    """The lines of a table of `DepthProfile.summary`; what does not exist is left out."""
    stated = summary.get("concentrations") is not None
    scalars = (("crater depth / nm", "crater_depth"), ("sputter rate / (nm/s)", "sputter_rate"))
    ions = (
        *(() if stated else (("sensitivity factor {ion} / (1/m³ per count)", "sensitivity_factors"),)),
        ("incorporated {ion} / (1/m²)", "incorporated"),
    )
    rows = [
        *(
            CalibrationRow(label=label, value=summary[key] / NANOMETRE, error=summary[f"{key}_error"] / NANOMETRE)
            for label, key in scalars
        ),
        CalibrationRow(
            label=f"sputter time of the crater ({summary['crater_sputter_time_from']}) / s",
            value=summary["crater_sputter_time"], error=None, digits=6,
        ),
        *(
            CalibrationRow(label=label.format(ion=ion), value=entry["value"], error=entry["error"])
            for label, key in ions
            for ion, entry in summary[key].items()
        ),
    ]  # fmt: skip
    if not stated:
        rows += [
            CalibrationRow(
                label=f"{COMMON_FACTOR} / %", value=summary["common_factor"] / PERCENT,
                error=summary["common_factor_error"] / PERCENT,
            ),
            CalibrationRow(label=f"{BALANCE_SCATTER} / %", value=summary["balance_scatter"] / PERCENT, error=None),
        ]  # fmt: skip
    if summary.get("marker"):
        at = summary["depth_systematic_largest_at"] / NANOMETRE
        label = f"marker {summary['marker']} against constant rate, at {at:.4g} nm / nm"
        largest = summary["depth_systematic_largest"] / NANOMETRE
        rows.append(CalibrationRow(label=label, value=largest, error=None))
    return [row for row in rows if row.value == row.value]
