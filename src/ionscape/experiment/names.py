"""Names of ions and densities of ions, as tables of an experiment have them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ionscape.files.fields import POSITIVE, Quantity

ION_NAME = r"^[^\s.\[\]]+$"
IonName = Annotated[str, Field(min_length=1, pattern=ION_NAME)]
Density = Annotated[float, Quantity("number density", POSITIVE)]
