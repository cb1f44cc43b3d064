"""From a series file to a `Series`; whatever is wrong becomes one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ionscape.errors import InputError
from ionscape.files.fields import IN_FILE
from ionscape.files.text import read_named, read_text
from ionscape.files.toml import parse_toml
from ionscape.files.validation import read_table
from ionscape.glass import (
    Composition,
    Glass,
    LiteratureSeries,
    read_literature,
    select_series,
)
from ionscape.glass.literature import of_content
from ionscape.provenance import text_hash

from .barriers import Barriers, read_barriers
from .glass_settings import GlassTable
from .glasses import GlassMaker, glass_maker
from .hops_settings import HopsTable
from .settings import FIT, NetworkTable, PercolationTable, SeriesTable

if TYPE_CHECKING:
    from ionscape.hopping import LandscapeModel


@dataclass(frozen=True, kw_only=True, eq=False)
class Series:
    """Glasses that differ in their mixing ratio, and what is to be calculated of them.

    Attributes:
        settings: the file in SI units.
        table: the file as it stands.
        glasses: in the order of the file.
        model: of the landscapes of the first glass; None if energy scale and noise are to be fitted.
        barriers: what the file says of them.
        maker: of the glasses, of any mixing ratio.
        literature: glasses with measurements, and those that were left out; None without a table [experiment].
        title: shown in figures.
        file: name of the file it was read from; None if there is none.
        source: its text.
        hashes: SHA-256 of the files it refers to, by name.
    """

    settings: SeriesTable
    table: Mapping[str, Any]
    glasses: tuple[Glass, ...]
    model: LandscapeModel | None
    barriers: Barriers
    maker: GlassMaker
    literature: LiteratureSeries | None = None
    title: str = ""
    file: str | None = None
    source: str = ""
    hashes: Mapping[str, str]

    @property
    def mixing_ratios(self) -> tuple[float, ...]:
        """X of each glass: its borate fraction, or the part of the other glass."""
        return self.settings.glass.mixing_ratios

    @property
    def models(self) -> tuple[LandscapeModel, ...]:
        """Of the landscapes of each glass, with its barrier; only where energy scale and noise are known."""
        model = self.model
        assert model is not None
        pairs = zip(self.glasses, self.mixing_ratios, strict=True)
        return tuple(self.barriers.applied(model, glass, ratio) for glass, ratio in pairs)

    def with_landscapes(self, number: int) -> Series:
        """The same series with another number of landscapes, for activation energies and conductivities alike.

        Raises:
            InputError: it is not a whole number of at least 1.
        """
        from ionscape.arguments import whole_number

        number = whole_number(number, key="landscapes", least=1)
        tables = {
            name: table.model_copy(update={"landscapes": number})
            for name in ("percolation", "network")
            if (table := getattr(self.settings, name)) is not None
        }
        return replace(self, settings=self.settings.model_copy(update=tables))

    def with_model(self, model: LandscapeModel) -> Series:
        """The same series with another model of the landscapes."""
        return replace(self, model=model)


def load_series(path: str | Path) -> Series:
    """Read a series file (TOML); files that it refers to are looked for in its folder.

    Raises:
        InputError: a file cannot be read, or something in it cannot be used; names file, key, value, bound and remedy.
    """
    return parse_series(read_text(Path(path)), file=str(path), folder=Path(path).parent)


def parse_series(text: str, *, file: str | None = None, folder: str | Path = ".") -> Series:
    """Make a series from the text of a series file.

    Args:
        text: in TOML.
        file: its name, for messages; None if there is none.
        folder: where the files lie to which it refers.

    Raises:
        InputError: something in the text cannot be used.
    """
    data = parse_toml(text, file=file)
    if "glass" not in data and ("sample" in data or "measurement" in data):
        what = "an experiment file" if "sample" in data else "a measurement file"
        raise InputError(f"is {what}, not a series file", file=file, remedy="give a file with a table [glass]")
    settings = read_table(SeriesTable, data, file=file, context=IN_FILE)
    folder = Path(folder)
    hashes: dict[str, str] = {}
    maker = glass_maker(settings.glass, folder, file=file)
    hashes.update(maker.hashes)
    _check_sites(settings, maker, file=file)
    literature = None
    if settings.experiment is not None:
        name = settings.experiment.file
        hashes[name] = text_hash(read_named(folder / name, file=file, key="experiment.file"))
        literature = _literature(settings, folder / name, file=file)
    glasses = maker.glasses(file=file)
    _check_mismatch(settings, glasses, file=file)
    barriers = read_barriers(settings.landscape, settings.hopping, settings.glass.mixing_ratios, folder, file=file)
    hashes.update(barriers.hashes)
    made = Series(
        settings=settings,
        table=data,
        glasses=glasses,
        model=_model(settings, glasses[0].composition, file=file),
        barriers=barriers,
        maker=maker,
        literature=literature,
        title=settings.title or (Path(file).stem if file else ""),
        file=file,
        source=text,
        hashes=hashes,
    )
    if made.model is None:
        return made
    # a barrier that cannot be used is found before anything is calculated
    return replace(made, model=made.models[0])


def _literature(settings: SeriesTable, path: Path, *, file: str | None) -> LiteratureSeries:
    """Measured glasses of the series."""
    table, given = settings.experiment, settings.glass
    assert table is not None
    assert isinstance(given, GlassTable)  # of the others the file may have no measurements
    fraction = table.alkali_oxide_fraction or given.alkali_oxide_fraction
    rows = read_literature(path, alkali=given.alkali)
    try:
        found = select_series(
            rows, given.alkali, fraction, tolerance=table.tolerance,
            authors=table.authors or None, leave_out=table.leave_out, largest_deviation=table.largest_deviation,
        )  # fmt: skip
    except InputError as error:
        raise error.replace(file=file, key=f"experiment.{error.key}") from None
    if not found.glasses:
        content = f"{fraction:g} {given.alkali}2O"
        count = len(of_content(rows, given.alkali, fraction, tolerance=table.tolerance))
        glasses = "glass" if count == 1 else "glasses"
        if not count:
            problem = f"has no glass with {content}"
        elif found.left_out:
            problem = f"has {count} {glasses} with {content}, and none is left after leave_out and authors"
        else:
            problem = f"has {count} {glasses} with {content}, but no conductivity and no activation energy of any"
        raise InputError(
            problem, file=file, key="experiment.file", value=table.file,
            remedy="give another alkali_oxide_fraction, tolerance or authors, or leave [experiment] out"
            if not count or found.left_out
            else "fill in resistivities (RO20 ...) or activation energies (Ea_sT_20_100), or leave [experiment] out",
        )  # fmt: skip
    return found


def _check_sites(settings: SeriesTable, maker: GlassMaker, *, file: str | None) -> None:
    """The ions and the vacant sites have to find room on every lattice (Bosi 2021 (1))."""
    from ionscape.hopping.landscape import count_sites

    compositions = maker.compositions(file=file)
    fewest, most = (choose(compositions, key=lambda each: each.ions_per_cation) for choose in (min, max))
    for name in ("percolation", "network"):
        table: PercolationTable | NetworkTable | None = getattr(settings, name)
        if table is None:
            continue
        try:
            for composition in (most, fewest):
                count_sites(composition, settings.landscape.vacant_site_fraction, table.lattice**3)
        except InputError as error:
            if error.key != "lattice":
                raise error.replace(file=file, **content_of(settings)) from None
            raise error.replace(
                file=file, key=f"{name}.lattice", value=table.lattice, remedy="give a larger lattice"
            ) from None
    _check_percolation(settings, fewest, file=file)


def _check_mismatch(settings: SeriesTable, glasses: Sequence[Glass], *, file: str | None) -> None:
    """Two alkali ions need to be told what a site of the other one costs."""
    mixed = next((each.composition for each in glasses if each.composition.second_alkali is not None), None)
    if mixed is not None and settings.landscape.mismatch_energy is None:
        raise InputError(
            "is missing", file=file, key="landscape.mismatch_energy", bound=f"{mixed.formula} has two alkali ions",
            remedy='give what a site of the other ion costs, such as mismatch_energy = "0.2 eV"',
        )  # fmt: skip


def _check_percolation(settings: SeriesTable, composition: Composition, *, file: str | None) -> None:
    """Refuse a content with too few accessible sites for paths, unless landscapes without one may be left out."""
    from ionscape.hopping.landscape import accessible_fraction
    from ionscape.hopping.percolation import SITE_THRESHOLD

    tables = [table for table in (settings.percolation, settings.network) if table is not None]
    if all(table.least_percolating_fraction < 1.0 for table in tables):
        return
    if accessible_fraction(composition, settings.landscape.vacant_site_fraction) < SITE_THRESHOLD:
        raise too_few_sites(settings, composition, "large lattices have no path from face to face", file=file)


def content_of(settings: SeriesTable | HopsTable) -> dict[str, Any]:
    """Key and value of the file that set how many ions there are."""
    key = "alkali_oxide_fraction" if isinstance(settings.glass, GlassTable) else "formula"
    return {"key": f"glass.{key}", "value": getattr(settings.glass, key)}


def too_few_sites(settings: SeriesTable, composition: Composition, found: str, *, file: str | None) -> InputError:
    """The error that so few sites are accessible that a cubic lattice does not percolate.

    Args:
        settings: of the series.
        composition: one of its glasses; its borate fraction does not count.
        found: the consequence, in words.
        file: of the series.
    """
    from ionscape.hopping.landscape import accessible_fraction
    from ionscape.hopping.percolation import SITE_THRESHOLD

    accessible = accessible_fraction(composition, settings.landscape.vacant_site_fraction)
    return InputError(
        f"leaves too few accessible sites: {found}",
        file=file, **content_of(settings),
        bound=f"{accessible:.3g} of the sites are accessible, and a cubic lattice percolates from"
        f" {SITE_THRESHOLD:g} on",
        remedy="give a larger fraction",
    )  # fmt: skip


def _model(settings: SeriesTable, composition: Composition, *, file: str | None) -> LandscapeModel | None:
    """The model of the landscapes; None if it is to be fitted."""
    table = settings.landscape
    return None if table.energy_scale == FIT else landscape_of(settings, composition, file=file)


def landscape_of(settings: SeriesTable | HopsTable, composition: Composition, *, file: str | None) -> LandscapeModel:
    """The model of the landscapes of a file, given or published.

    Args:
        settings: the file.
        composition: one of its glasses.
        file: its name, for messages.

    Raises:
        InputError: nothing is given, and nothing published for this alkali.
    """
    from ionscape.hopping import published_model

    table = settings.landscape
    if table.energy_scale is not None and table.noise is not None:
        return landscape_model(settings, energy_scale=float(table.energy_scale), noise=table.noise)
    try:
        known = published_model(composition)
    except InputError as error:
        raise error.replace(
            problem=f"is not known: {error.value} {error.problem}", file=file, key="landscape.energy_scale",
            value=None, remedy="give energy_scale and noise",
        ) from None  # fmt: skip
    return landscape_model(settings, energy_scale=known.energy_scale, noise=known.noise)


def landscape_model(settings: SeriesTable | HopsTable, *, energy_scale: float, noise: float) -> LandscapeModel:
    """The model of a series for an energy scale [J] and a noise; barriers of [hopping] are those of `Barriers`."""
    from ionscape.hopping import LandscapeModel

    table = settings.landscape
    return LandscapeModel(
        energy_scale=energy_scale,
        noise=noise,
        vacant_site_fraction=table.vacant_site_fraction,
        barrier=table.barrier,
        transverse_faces=table.transverse_faces,
        mismatch_energy=table.mismatch_energy,
    )
