"""Alkali glasses of borate, phosphate and silica: from a composition to the units that carry its charges.

`make_glass` takes a formula such as "0.33 Li2O 0.67 (0.4 B2O3 0.6 P2O5)" and gives the composition with its units,
from the model or as measured; the landscapes of `ionscape.hopping` start from there.
"""

from ionscape.glass.composition import (
    ALKALI,
    Composition,
    IonDensity,
    flat_range,
    ion_number_density,
    known_weaknesses,
    lattice_density_remarks,
)
from ionscape.glass.formula import parse_composition
from ionscape.glass.glass import Glass, make_glass
from ionscape.glass.kinds import ALL_KINDS, UNIT_KINDS, UnitKind
from ionscape.glass.literature import LiteratureGlass, LiteratureSeries, read_literature, select_series
from ionscape.glass.speciation import network_former_units
from ionscape.glass.tables import read_measured_units
from ionscape.glass.transition import bridging_oxygens, estimated_glass_transition
from ionscape.glass.unit_tables import OwnUnits, own_units, read_own_units
from ionscape.glass.units import (
    NetworkFormerUnits,
    UnitBalance,
    interpolate_units,
    measured_units,
)

__all__ = [
    "ALKALI",
    "ALL_KINDS",
    "UNIT_KINDS",
    "Composition",
    "Glass",
    "IonDensity",
    "LiteratureGlass",
    "LiteratureSeries",
    "NetworkFormerUnits",
    "OwnUnits",
    "UnitBalance",
    "UnitKind",
    "bridging_oxygens",
    "estimated_glass_transition",
    "flat_range",
    "interpolate_units",
    "ion_number_density",
    "known_weaknesses",
    "lattice_density_remarks",
    "make_glass",
    "measured_units",
    "network_former_units",
    "own_units",
    "parse_composition",
    "read_literature",
    "read_measured_units",
    "read_own_units",
    "select_series",
]
