"""From a hops file to what it says; whatever is wrong becomes one sentence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ionscape.arguments import whole_number
from ionscape.errors import InputError
from ionscape.files.fields import IN_FILE
from ionscape.files.text import read_text
from ionscape.files.toml import parse_toml
from ionscape.files.validation import read_table
from ionscape.glass import Glass

from .barriers import Barriers, read_barriers
from .glasses import glass_maker
from .hops_settings import HopsTable, KineticMonteCarloTable, MobilityTable, SpectrumTable, of_landscapes
from .load import content_of, landscape_of

if TYPE_CHECKING:
    from ionscape.hopping import LandscapeModel


@dataclass(frozen=True, kw_only=True, eq=False)
class HopsFile:
    """What a hops file says.

    Attributes:
        settings: the file in SI units.
        glasses: in the order of the file.
        models: of the landscapes of each glass.
        barriers: what the file says of them.
        title: shown in figures.
        file: name of the file it was read from; None if there is none.
        source: its text.
    """

    settings: HopsTable
    glasses: tuple[Glass, ...]
    models: tuple[LandscapeModel, ...]
    barriers: Barriers
    title: str = ""
    file: str | None = None
    source: str = ""

    @property
    def variables(self) -> dict[str, Any]:
        """What every result has of the glasses, over x."""
        ratios = self.settings.glass.mixing_ratios
        return self.barriers.variables(self.models, self.glasses, ratios, in_electron_volts=False)

    @property
    def kinetic_monte_carlo(self) -> KineticMonteCarloTable:
        """What is asked of hops in time."""
        return of_landscapes(self.settings, KineticMonteCarloTable, "kinetic_monte_carlo")

    @property
    def spectrum(self) -> SpectrumTable:
        """What is asked of spectra."""
        return of_landscapes(self.settings, SpectrumTable, "spectrum")

    @property
    def mobility(self) -> MobilityTable:
        """What is asked of D(n, T)."""
        return of_landscapes(self.settings, MobilityTable, "mobility")

    @property
    def frequency_range(self) -> tuple[float, float]:
        """Lowest and highest frequency of spectra [Hz].

        Raises:
            InputError: they leave no range.
        """
        lowest, highest = self.spectrum.frequencies.lowest, self.spectrum.frequencies.to
        highest = 10.0 * float(self.settings.hopping.attempt_frequency) if highest is None else highest
        if not highest > lowest:
            bound = f"must be above the lowest frequency, {lowest:g} Hz"
            raise InputError("leaves no range", file=self.file, key="spectrum.frequencies.to", value=highest,
                             bound=bound)  # fmt: skip
        return lowest, highest

    def check_calculations(self) -> None:
        """Refuse what no calculation of the file could do, before one begins.

        Raises:
            InputError: a table cannot be used.
        """
        from ionscape.hopping.mobility import LEAST_LANDSCAPES, check_shares

        if self.settings.spectrum is not None:
            self.frequency_range  # noqa: B018 - it refuses
        table = self.settings.mobility
        if table is None:
            return
        try:
            whole_number(table.landscapes, key="landscapes", least=LEAST_LANDSCAPES)
            if table.shares is not None and table.second_ion is not None:
                check_shares(table.shares)
        except InputError as error:
            raise error.replace(file=self.file, key=f"mobility.{error.key}") from None

    def with_landscapes(self, number: int) -> HopsFile:
        """The same with another number of landscapes."""
        tables = {name: table.model_copy(update={"landscapes": number}) for name, table in self.settings.tables.items()}
        return replace(self, settings=self.settings.model_copy(update=tables))


def load_hops_file(path: str | Path) -> HopsFile:
    """Read a hops file (TOML); files that it refers to are looked for in its folder.

    Args:
        path: of the file.

    Raises:
        InputError: a file cannot be read, or something in it cannot be used; names file, key, value, bound and remedy.
    """
    return parse_hops_file(read_text(Path(path)), file=str(path), folder=Path(path).parent)


def parse_hops_file(text: str, *, file: str | None = None, folder: str | Path = ".") -> HopsFile:
    """The same from the text of a file.

    Args:
        text: in TOML.
        file: its name, for messages; None if there is none.
        folder: where the files lie to which it refers.

    Raises:
        InputError: something in the text cannot be used.
    """
    from ionscape.hopping.landscape import count_sites

    data = parse_toml(text, file=file)
    settings = read_table(HopsTable, data, file=file, context=IN_FILE)
    glasses = glass_maker(settings.glass, Path(folder), file=file).glasses(file=file)
    mixed = next((each.composition for each in glasses if each.composition.second_alkali is not None), None)
    if mixed is not None:
        raise InputError("has two alkali ions, whose hops are not followed", file=file, key="glass.formula",
                         value=mixed.formula, remedy="give a glass with one of them")  # fmt: skip
    for name, table in settings.tables.items():
        try:
            count_sites(glasses[0].composition, settings.landscape.vacant_site_fraction, table.lattice**3)
        except InputError as error:
            if error.key != "lattice":
                raise error.replace(file=file, **content_of(settings)) from None
            raise error.replace(
                file=file, key=f"{name}.lattice", value=table.lattice, remedy="give a larger lattice"
            ) from None
    ratios = settings.glass.mixing_ratios
    barriers = read_barriers(settings.landscape, settings.hopping, ratios, Path(folder), file=file)
    model = landscape_of(settings, glasses[0].composition, file=file)
    given = HopsFile(
        settings=settings,
        glasses=glasses,
        models=tuple(barriers.applied(model, *pair) for pair in zip(glasses, ratios, strict=True)),
        barriers=barriers,
        title=settings.title or (Path(file).stem if file else ""),
        file=file,
        source=text,
    )
    given.check_calculations()
    return given


def without_coulomb(given: HopsFile, what: str) -> None:
    """Refuse a Coulomb interaction where the network of mean occupations is solved.

    Args:
        given: the file.
        what: is calculated.

    Raises:
        InputError: it has one.
    """
    coulomb = given.settings.hopping.coulomb
    if coulomb is not None:
        raise InputError(
            f"belongs to hops in time: the network behind {what} knows no interactions", file=given.file,
            key="hopping.coulomb", value=f"relative permittivity {coulomb.relative_permittivity:g}",
            remedy="leave it out here",
        )  # fmt: skip
