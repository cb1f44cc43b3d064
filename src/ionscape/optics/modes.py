"""Guided modes as a result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy

from ionscape.arguments import positive_number
from ionscape.arrays import FloatArray
from ionscape.errors import InputError
from ionscape.files.table_files import Columns

from .inverse_wkb import InverseWkb, inverse_wkb
from .wkb import Polarisation


@dataclass(frozen=True, kw_only=True, eq=False)
class PolarisedModes:
    """The guided modes of one polarisation, the fundamental one first.

    Attributes:
        effective_index: (modes,).
        estimated_error: of each effective index (modes,), that of the elements and of the values between those of the
            profile.
        wkb_effective_index: by the WKB method (modes,), NaN where that finds none.
        cutoff_wavelength: below which each mode is guided [m], falling (modes or one more,); that of the next mode
            too if it is above half the wavelength asked for.
        depth: of the fields, negative above the surface [m], (depths,).
        field: E across the plane of incidence of TE modes, H of TM modes, with ∫ field² dx = 1 [1/√m], (modes, depths).
    """

    effective_index: FloatArray
    estimated_error: FloatArray = field(repr=False)
    wkb_effective_index: FloatArray = field(repr=False)
    cutoff_wavelength: FloatArray = field(repr=False)
    depth: FloatArray = field(repr=False)
    field: FloatArray = field(repr=False)

    def overlap(self, width: float, centre: float | None = None) -> FloatArray:
        """Share of the power of a Gaussian beam that each mode takes, (∫ field g dx)², across the plate alone (modes,).

        Args:
            width: distance from the centre at which the intensity is 1/e² [m].
            centre: depth of the beam [m]; where each mode is strongest if None.
        """
        wide = positive_number(width, key="width")
        taken = []
        for mode in self.field:
            middle = float(self.depth[np.abs(mode).argmax()]) if centre is None else centre
            beam = (2.0 / (np.pi * wide**2)) ** 0.25 * np.exp(-(((self.depth - middle) / wide) ** 2))
            taken.append(scipy.integrate.trapezoid(mode * beam, self.depth) ** 2)
        return np.array(taken)

    def summary(self) -> dict[str, Any]:
        """Effective indices, errors and cut-off wavelengths as lists."""
        names = ("effective_index", "estimated_error", "wkb_effective_index", "cutoff_wavelength")
        return {"modes": self.effective_index.size, **{name: getattr(self, name).tolist() for name in names}}


@dataclass(frozen=True, kw_only=True, eq=False)
class SlabModes:
    """Guided modes of a planar waveguide.

    Attributes:
        wavelength: in vacuum [m].
        cover_index: refractive index above the surface.
        substrate_index: that below the guide.
        TE: modes whose electric field lies in the plane.
        TM: modes whose magnetic field lies in the plane.
    """

    wavelength: float
    cover_index: float
    substrate_index: float
    TE: PolarisedModes
    TM: PolarisedModes

    @property
    def effective_index(self) -> dict[str, FloatArray]:
        """Effective indices under "TE" and "TM", falling."""
        return {"TE": self.TE.effective_index, "TM": self.TM.effective_index}

    def __getitem__(self, name: str) -> dict[str, Any]:
        """What the summary tells of "TE" or "TM", or `effective_index` of both."""
        if name == "effective_index":
            return dict(self.effective_index)
        return {"TE": self.TE, "TM": self.TM}[name].summary()

    def inverse_wkb(self, polarisation: Polarisation = "TE") -> InverseWkb:
        """The profile that someone would find who measured these effective indices (`inverse_wkb`).

        Raises:
            InputError: there are fewer than three modes of that polarisation.
        """
        return inverse_wkb(
            self.effective_index[polarisation], wavelength=self.wavelength, cover_index=self.cover_index,
            polarisation=polarisation,
        )  # fmt: skip

    def summary(self) -> dict[str, Any]:
        """Wavelength and indices, and under "TE" and "TM" the modes, as lists in SI units.

        `inverse_wkb` has the turning points that the TE modes alone tell, and the index at the surface that continues
        them; None where they are too few, or their profile does not fall from the surface on.
        """
        try:
            found = self.inverse_wkb()
        except InputError:
            found = None
        return {
            "wavelength": self.wavelength, "cover_index": self.cover_index, "substrate_index": self.substrate_index,
            "TE": self["TE"], "TM": self["TM"],
            "inverse_wkb": None if found is None else {
                "turning_depth": found.turning_depth.tolist(), "surface_index": found.surface_index,
            },
        }  # fmt: skip

    def columns(self) -> Columns:
        """Fields over depth (SI units)."""
        return [
            ("depth (m)", self.TE.depth.tolist()),
            *((f"{name} {mode} (m^-1/2)", np.interp(self.TE.depth, each.depth, field).tolist())
              for name, each in (("TE", self.TE), ("TM", self.TM)) for mode, field in enumerate(each.field)),
        ]  # fmt: skip
