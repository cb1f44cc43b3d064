"""From the composition of a melt to that of the glass surface with which it is in equilibrium."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from ionscape.experiment.names import IonName
from ionscape.files.fields import POSITIVE, Number
from ionscape.files.table import Table


class Isotherm(Table):
    """Equilibrium of a melt and a glass that exchange two ions of one charge.

    With the activities a of both ions in the melt and their fractions c in the glass, and A the entering ion,
    c_A / c_B = (K a_A / a_B)^(1/m) (Rothmund & Kornfeld, Z. Anorg. Allg. Chem. 103, 129 (1918)). In glasses it is known
    as n-type behaviour, ln(a_A / a_B) = n ln(c_A / c_B) - ln K with n = m (Garfinkel, J. Phys. Chem. 72, 4175 (1968)).
    The melt is taken as ideal: its activities are its fractions.
    """

    name_in_messages: ClassVar[str] = "isotherm"

    entering: IonName = Field(
        description="Ion of the melt of whose exchange it is the equilibrium: the larger K, the more of it enters.",
        examples=["K"],
    )
    equilibrium_constant: Annotated[float, Number(POSITIVE, 0.2)] = Field(
        description="K in c/(1 − c) = (K a/(1 − a))^(1/m), with the fraction c of the entering ion in the glass surface"
        " and a in the melt."
    )
    exponent: Annotated[float, Number(POSITIVE, 1.5)] = Field(description="m in the same; 1 where the glass is ideal.")

    def surface_fractions(self, melt: Mapping[str, float]) -> dict[str, float]:
        """Number fractions of the exchanged ions in the glass surface.

        Args:
            melt: number fractions of the entering ion and of one other.
        """
        (other,) = (name for name in melt if name != self.entering)
        a, b = melt[self.entering], melt[other]
        if a == 0.0 or b == 0.0:
            return dict(melt)
        logarithm = (math.log(self.equilibrium_constant) + math.log(a / b)) / self.exponent
        # of the two shares the smaller one keeps its digits
        small = math.exp(-abs(logarithm)) / (1.0 + math.exp(-abs(logarithm)))
        entered, stayed = (1.0 - small, small) if logarithm > 0.0 else (small, 1.0 - small)
        return {name: entered if name == self.entering else stayed for name in melt}
