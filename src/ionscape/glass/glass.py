"""A glass: its composition and the units that form its network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ionscape.errors import InputError
from ionscape.glass.composition import Composition
from ionscape.glass.formula import parse_composition
from ionscape.glass.speciation import network_former_units
from ionscape.glass.unit_tables import OwnUnits
from ionscape.glass.units import MEASURED_TOLERANCE, NetworkFormerUnits, measured_units


@dataclass(frozen=True, kw_only=True)
class Glass:
    """A glass as the landscapes need it.

    Attributes:
        composition: ions and network formers.
        units: fractions of network former units, and what they are.
        mass_density: [kg/m^3]; None if it is not known. The landscape does not use it.
    """

    composition: Composition
    units: NetworkFormerUnits
    mass_density: float | None = None

    def __post_init__(self) -> None:
        """Check the mass density."""
        if self.mass_density is not None and not 0.0 < self.mass_density < float("inf"):
            raise InputError("must be greater than 0", key="mass_density", value=self.mass_density)


def make_glass(
    composition: Composition | Glass | str,
    units: NetworkFormerUnits | OwnUnits | Mapping[str, float] | None = None,
    *,
    mass_density: float | None = None,
    tetrahedral_borate_limit: float | None = None,
    phosphate_disproportionation: float | None = None,
    pyrophosphate_disproportionation: float | None = None,
    silicate_equilibrium: Sequence[float] | None = None,
    tolerance: float = MEASURED_TOLERANCE,
) -> Glass:
    """Return a glass with the units of the model, or with measured ones.

    Args:
        composition: a composition or its formula; a glass is returned as it is if nothing else is given.
        units: measured units, or their fractions by name (`measured_units`), or own ones (`own_units`); without them
            those of the model (`network_former_units`).
        mass_density: [kg/m^3].
        tetrahedral_borate_limit: c_B of the model, 3/7 if not given.
        phosphate_disproportionation: of the model, 0 if not given.
        pyrophosphate_disproportionation: of the model, 0 if not given.
        silicate_equilibrium: of the model of silicates, no disproportionation if not given.
        tolerance: of the balances of measured units.

    Raises:
        InputError: a value that cannot be used, or parameters of the model beside measured units.

    Examples:
        >>> make_glass("0.33 Li2O 0.67 (0.4 B2O3 0.6 P2O5)").units["B4"]
        0.4
    """
    parameters = {
        "tetrahedral_borate_limit": tetrahedral_borate_limit,
        "phosphate_disproportionation": phosphate_disproportionation,
        "pyrophosphate_disproportionation": pyrophosphate_disproportionation,
        "silicate_equilibrium": silicate_equilibrium,
    }
    given = [name for name, value in parameters.items() if value is not None]
    if isinstance(composition, Glass):
        if units is None and mass_density is None and not given:
            return composition
        mass_density = composition.mass_density if mass_density is None else mass_density
        units = composition.units if units is None and not given else units
        composition = composition.composition
    elif isinstance(composition, str):
        composition = parse_composition(composition)
    elif not isinstance(composition, Composition):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InputError("must be a formula or a composition", key="glass", value=repr(composition))
    if units is None:
        units = network_former_units(
            composition,
            tetrahedral_borate_limit=tetrahedral_borate_limit,
            phosphate_disproportionation=phosphate_disproportionation,
            pyrophosphate_disproportionation=pyrophosphate_disproportionation,
            silicate_equilibrium=silicate_equilibrium,
        )
    elif given:
        raise InputError("contradicts measured units", key=given[0], remedy="give one of the two")
    elif isinstance(units, NetworkFormerUnits | OwnUnits):
        units = measured_units(composition, units.fractions, kinds=units.kinds, tolerance=tolerance)
    else:
        units = measured_units(composition, units, tolerance=tolerance)
    return Glass(composition=composition, units=units, mass_density=mass_density)
