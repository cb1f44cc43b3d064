"""Site systems as they stand in an experiment file: sites that several ions share, each system with its energies."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, ClassVar, Self

from pydantic import Field, ValidationInfo, model_validator

from ionscape.diffusivity import SiteEnergyDistribution, SiteSystem
from ionscape.errors import InputError
from ionscape.experiment import distribution as keys
from ionscape.experiment.distribution import DistributionTable, check_distribution, distribution_of, keys_given
from ionscape.experiment.names import ION_NAME, Density, IonName
from ionscape.files.fields import POSITIVE, Number, reject, wrapped


class Sites(DistributionTable):
    """Sites that ions of the glass share, of which each has one energy.

    A diffusion model refers to them by their name. Densities of sites are counted in units of the ions of the native
    glass that sit on them.
    """

    name_in_messages: ClassVar[str] = "site system"
    example_keys: ClassVar[tuple[str, ...]] = ("width",)

    holds: tuple[IonName, ...] = Field(
        description="Ions of the native glass that sit on these sites.", examples=[["Li"]]
    )
    density: Density | None = Field(
        default=None,
        description="Density of all sites, more than that of the ions that they hold; instead of excess_sites.",
        examples=["1.54e28 1/m^3"],
    )
    excess_sites: Annotated[float, Number(POSITIVE, shown=0.10)] = Field(
        default=0.10, description="Sites minus ions of the native glass, relative to these ions; 0.1 if absent."
    )
    width: keys.Width = None
    trapped_fraction: keys.TrappedFraction = 0.0
    trapped_width: keys.TrappedWidth = None
    trapped_offset: keys.TrappedOffset = None
    shape: keys.ShapeOfBranches = "cosine-squared"
    file: keys.HistogramFile = None
    energies: keys.HistogramEnergies = None
    weights: keys.HistogramWeights = None

    @model_validator(mode="after")
    def _makes_a_distribution(self, info: ValidationInfo) -> Self:
        if not self.holds:
            remedy = 'name the native ions that sit on these sites, such as holds = ["Li"]'
            reject("must not be empty", field="holds", remedy=remedy)
        for index, name in enumerate(self.holds):
            if name in self.holds[:index]:
                reject("is named twice", field=f"holds[{index}]", remedy="name each ion once")
        if self.density is not None and keys_given(self, ("excess_sites",), info):
            reject("is there together with density, which says the same", field="excess_sites",
                   remedy="leave out one of the two")  # fmt: skip
        read = check_distribution(self, info)
        made = self.model_copy(update=read) if read else self
        try:
            distribution_of(made, bulk_density=1.0, excess_sites=self.excess_sites)  # which only scale it
        except InputError as error:
            raise wrapped(InputError(error.problem, remedy=error.remedy), field=error.key) from None
        return made

    def excess_over(self, held: float) -> float:
        """Sites minus ions, relative to these.

        Args:
            held: density of the ions that the sites hold in the native glass [1/m^3].
        """
        return self.excess_sites if self.density is None else self.density / held - 1.0

    def distribution(self, held: float) -> SiteEnergyDistribution:
        """Energies of the sites; of branches the mobile one is centred at zero.

        Args:
            held: density of the ions that the sites hold in the native glass [1/m^3].
        """
        return distribution_of(self, bulk_density=held, excess_sites=self.excess_over(held))


@lru_cache(maxsize=1024)
def make_site_system(name: str, table: Sites, *, held: float, ions: tuple[str, ...]) -> SiteSystem:
    """The site system that a table describes: one object for equal ones, which the models of all its ions share.

    A fit asks for it at every check, stage and variation.

    Args:
        name: of the system.
        table: of the experiment.
        held: density of the ions that it holds in the native glass [1/m^3].
        ions: that can take its sites.

    Raises:
        InputError: the sites cannot hold these ions.
    """
    return SiteSystem(name=name, distribution=table.distribution(held), native_density=held, ions=ions)


def check_name(name: str) -> None:
    """Refuse a name of a site system that could not stand in a path.

    Raises:
        PydanticCustomError: with the path of the system.
    """
    if re.fullmatch(ION_NAME, name) is None:
        remedy = "write a name such as borate, without spaces, dots and square brackets"
        reject("is no name of a site system", field=f"sites.{name}", remedy=remedy)
