"""The reference measurement of the untouched glass: impedance or conductivity over temperature, its Arrhenius law.

The way of the data: `spectra` reads impedances, `circuit` finds their bulk resistance and asks whether they obey
Kramers and Kronig, `arrhenius` fits the law, `measurement` joins them with the geometry, `result` is what is stored.
"""

from .arrhenius import ArrheniusFit, arrhenius_fit
from .circuit import BulkResistance, bulk_resistance, kramers_kronig_residual
from .measurement import Geometry, reference_from_conductivities, reference_from_spectra
from .result import Reference, load_reference
from .spectra import ImpedanceSpectrum, read_impedance

__all__ = [
    "ArrheniusFit",
    "BulkResistance",
    "Geometry",
    "ImpedanceSpectrum",
    "Reference",
    "arrhenius_fit",
    "bulk_resistance",
    "kramers_kronig_residual",
    "load_reference",
    "read_impedance",
    "reference_from_conductivities",
    "reference_from_spectra",
]
