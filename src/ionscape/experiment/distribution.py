"""Keys that state a distribution of site energies, the same in a site system and in the model of a single ion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, ValidationInfo

from ionscape.diffusivity import SiteEnergyDistribution, site_distribution
from ionscape.errors import InputError, MissingKey
from ionscape.experiment.tables import Attachments, parse_site_table
from ionscape.files.fields import NOT_NEGATIVE, POSITIVE, Bounds, InFile, Number, Quantity, reject, wrapped
from ionscape.files.table import Table

Width = Annotated[
    Annotated[float, Quantity("energy", POSITIVE, "0.16 eV")] | None,
    Field(
        description="Γ of the mobile branch, whose full width at half maximum is πΓ/2; the standard deviation if the"
        " shape is gaussian. Needed unless a histogram is given."
    ),
]
TrappedFraction = Annotated[
    float,
    Number(Bounds(at_least=0.0, below=1.0), shown=0.10, reason="at 1 no mobile ions are left"),
    Field(description="Sites of the lower branch, relative to the ions of the native glass: where D falls off."),
]
TrappedWidth = Annotated[
    Annotated[float, Quantity("energy", POSITIVE, "0.05 eV")] | None,
    Field(description="Γ (or standard deviation) of the lower branch; needed if there is one."),
]
TrappedOffset = Annotated[
    Annotated[float, Quantity("energy", POSITIVE, "0.50 eV")] | None,
    Field(
        description="How far the centre of the lower branch lies below that of the mobile one; if absent, two full"
        " widths at half maximum of the mobile branch: πΓ for cosine-squared, 4.71 standard deviations for gaussian."
    ),
]
ShapeOfBranches = Annotated[
    Literal["cosine-squared", "gaussian"],
    Field(description="Shape of the branches.", examples=["cosine-squared", "gaussian"]),
]
HistogramFile = Annotated[
    str | None,
    Field(
        description="CSV file with a histogram of the sites in the columns `energy (eV), sites`, instead of branches;"
        " relative to the folder of the experiment file. Each line is an interval around its energy, in which the sites"
        " are spread evenly; only the ratios of their numbers matter.",
        examples=["sites.csv"],
    ),
]
HistogramEnergies = Annotated[
    tuple[Annotated[float, Quantity("energy", shown="-0.2 eV")], ...] | None,
    Field(description="Energies of the intervals of a histogram, increasing; instead of a file."),
]
HistogramWeights = Annotated[
    tuple[Annotated[float, Number(NOT_NEGATIVE, shown=1.0)], ...] | None,
    Field(description="Sites in each of them, of which only the ratios matter; instead of a file."),
]

KEYS = ("width", "excess_sites", "trapped_fraction", "trapped_width", "trapped_offset", "shape", "energies", "weights")
"""Keys that state a distribution."""

BRANCHES = ("width", "trapped_fraction", "trapped_width", "trapped_offset", "shape")
"""Those among them that state branches."""

HISTOGRAM = ("file", "energies", "weights")
"""Keys of a histogram, as they stand in a file."""


class DistributionTable(Table):
    """A table that states a distribution by the keys of this module; each has them at their place in its order."""

    if TYPE_CHECKING:
        width: Width
        trapped_fraction: TrappedFraction
        trapped_width: TrappedWidth
        trapped_offset: TrappedOffset
        shape: ShapeOfBranches
        file: HistogramFile
        energies: HistogramEnergies
        weights: HistogramWeights


def keys_given(table: Table, keys: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    """Those keys that were given: in a file all that stand there, from Python those that say something else than none.

    A table that was written out by Python has every key, those at their defaults too.
    """
    in_file = isinstance(info.context, InFile)
    fields = type(table).model_fields
    return tuple(
        key for key in keys
        if key in table.model_fields_set and (in_file or getattr(table, key) != fields[key].default)
    )  # fmt: skip


def check_distribution(table: DistributionTable, info: ValidationInfo) -> dict[str, Any]:
    """Refuse a distribution that is none, and read the file of a histogram.

    Args:
        table: that has the keys of a distribution.
        info: of its validation.

    Returns:
        Values in place of those that the table has; none unless a file was read.

    Raises:
        PydanticCustomError: the first problem.
    """
    histogram = keys_given(table, HISTOGRAM, info)
    if histogram:
        branches = keys_given(table, BRANCHES, info)
        if branches:
            reject("belongs to branches, and the sites are a histogram", field=branches[0],
                   remedy=f"leave out either {branches[0]} or {histogram[0]}")  # fmt: skip
        return _histogram(table, info)
    trapped_width, trapped_fraction = table.trapped_width, table.trapped_fraction
    if table.width is None:
        raise wrapped(MissingKey("width", example='"0.16 eV"'), field="width")
    if trapped_fraction > 0.0 and trapped_width is None:
        remedy = 'add it, for example trapped_width = "0.05 eV", since trapped_fraction is greater than 0'
        reject("is missing", field="trapped_width", remedy=remedy)
    return {}


def distribution_keys(table: DistributionTable) -> dict[str, Any]:
    """The values by which a table states its distribution, as `site_distribution` takes them."""
    return {key: getattr(table, key) for key in KEYS}


def _histogram(table: DistributionTable, info: ValidationInfo) -> dict[str, Any]:
    file, lists = table.file, (table.energies, table.weights)
    if (file is None) == (lists == (None, None)) or (lists[0] is None) != (lists[1] is None):
        remedy = 'give either file = "sites.csv" or both lists, energies and weights'
        reject("needs one source of its histogram", remedy=remedy)
    if file is not None:
        if not isinstance(info.context, Attachments):
            reject("is read by load_experiment and parse_experiment only", field="file")
        try:
            lists = parse_site_table(info.context.text(file), file=file)
        except InputError as error:
            raise wrapped(error, field="file") from None
    try:
        site_distribution(bulk_density=1.0, energies=lists[0], weights=lists[1])
    except InputError as error:
        raise wrapped(InputError(error.problem, remedy=error.remedy), field=error.key) from None
    # the numbers are the value, wherever they came from
    return {} if file is None else {"file": None, "energies": lists[0], "weights": lists[1]}


def distribution_of(table: DistributionTable, *, bulk_density: float, excess_sites: float) -> SiteEnergyDistribution:
    """The distribution that a table states, with its mobile branch at zero.

    Args:
        table: that has the keys of a distribution.
        bulk_density: of the ions in units of which sites are counted [1/m^3].
        excess_sites: sites minus ions, relative to these.
    """
    values: dict[str, Any] = {**distribution_keys(table), "bulk_density": bulk_density, "excess_sites": excess_sites}
    return site_distribution(**values)
