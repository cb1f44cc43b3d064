"""Stress and guided modes as tables of texts."""

from __future__ import annotations

from ionscape.files.quantities import format_quantity
from ionscape.files.table_files import Rows
from ionscape.optics import SlabModes

from .plate_results import PlateStress

NO_VALUE = "-"


def stress_rows(found: PlateStress) -> Rows:
    """Stresses and depth of layer at the end of each stage."""
    rows = tuple(
        (
            str(number), format_quantity(stage["end"], "time"), f"{stage['surface_stress'] / 1e6:.5g}",
            f"{stage['central_stress'] / 1e6:.5g}", _or_none(f"{stage['depth_of_layer'] * 1e6:.5g}"),
        )
        for number, stage in enumerate(found.summary()["stages"], start=1)
    )  # fmt: skip
    head = ("stage", "after", "surface / MPa", "mid-plane / MPa", "depth of layer / µm")
    return Rows(title="Stress, tension positive", head=head, rows=rows)


def mode_rows(found: SlabModes) -> Rows:
    """Effective indices of both polarisations with their estimated errors, those of WKB, and cut-off wavelengths."""
    rows = tuple(
        (
            f"{name} {number}", f"{index:.7f}", f"{each.estimated_error[number]:.1e}",
            _or_none(f"{each.wkb_effective_index[number]:.6f}"), f"{each.cutoff_wavelength[number] * 1e9:.5g}",
        )
        for name, each in (("TE", found.TE), ("TM", found.TM))
        for number, index in enumerate(each.effective_index)
    )  # fmt: skip
    head = ("mode", "effective index", "error", "WKB", "cut-off / nm")
    return Rows(title=f"Guided modes at {found.wavelength * 1e9:.6g} nm", head=head, rows=rows)


def _or_none(text: str) -> str:
    return NO_VALUE if text == "nan" else text
