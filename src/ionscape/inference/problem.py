"""A fit as data: experiments, measured profiles, free parameters; read from a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ionscape.constants import NORMAL_95
from ionscape.errors import InputError, nearest_name
from ionscape.experiment import Experiment, load_experiment, parse_experiment
from ionscape.files.fields import IN_FILE, InFile
from ionscape.files.quantities import DIMENSIONS
from ionscape.files.text import read_named, read_text
from ionscape.files.toml import parse_toml
from ionscape.files.validation import read_table
from ionscape.files.values import read_scalar, read_value, scalars
from ionscape.profiling import Measurement, load_measurement
from ionscape.reference import Reference, load_reference
from ionscape.wording import join_path

from .data_set import DataSet, make_data_set
from .discrepancy import Discrepancy
from .parameters import Parameter, Prior
from .readings import readings_of
from .reference_prior import with_reference
from .settings import FitTable, ParameterTable, PriorTable
from .stated import scale_parameter

Measured = Measurement | Experiment
JOINT_KEYS = ("title", "datasets", "fit")
FACTOR_RANGE = 3.0
"""Sensitivity factors are varied within this factor of those of the calibration; the data determine them."""
DEPTH_SCALE_RANGE = RESOLUTION_RANGE = BACKGROUND_RANGE = 5.0  # standard deviations
SMALLEST_DEPTH_SCALE_ERROR = 1e-4
PLATE_KEYS = ("title", "experiment", "fit")
"""Of a fit file without a profile."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FitProblem:
    """What is fitted to what.

    Attributes:
        datasets: the data.
        parameters: free ones of the experiments first, then those of the measurements.
        settings: what the file says of the fit.
        title: shown in the report.
        file: name of the file; None if there is none.
        source: its text.
        reference: path of the reference measurement from which priors come; None if none does.
    """

    datasets: tuple[DataSet, ...]
    parameters: tuple[Parameter, ...]
    settings: FitTable
    title: str = ""
    file: str | None = None
    source: str = ""
    reference: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return tuple(parameter.name for parameter in self.parameters)

    def index(self, name: str) -> int:
        """Place of a parameter.

        Raises:
            InputError: there is none of that name.
        """
        if name not in self.names:
            raise InputError("is no free parameter", key=name,
                             remedy=f'the nearest is "{nearest_name(name, self.names)}"')  # fmt: skip
        return self.names.index(name)


def load_fit(path: str | Path, *, reference: str | Path | None = None) -> FitProblem:
    """Read a fit file: a measurement file with a table [fit], or one with a table [datasets] of measurement files.

    Where the fit has readings of the plate, an experiment may stand in the place of a measurement.

    Args:
        path: of the file.
        reference: result of `ionscape reference`, in the place of one that the file names.

    Raises:
        InputError: something in it, or in the files to which it refers, cannot be used.
    """
    path = Path(path)
    text = read_text(path)
    data = parse_toml(text, file=str(path))
    if "datasets" in data:
        _check_joint_keys(data, file=str(path))
    table = data.get("fit")
    if table is None:
        raise InputError("is missing", file=str(path), key="fit",
                         remedy='add a table [fit.parameters] with the bounds of the free parameters')  # fmt: skip
    settings = validate_fit(table, file=str(path))
    try:
        files = data.get("datasets")
        read = _plate_or_measurement if settings.has_readings else load_measurement
        measurements = {"": read(path)} if files is None else _joint(files, path, read)
        named = None if settings.reference is None else path.parent / settings.reference
        return make_fit(measurements, settings, title=str(data.get("title", path.stem)), file=str(path), source=text,
                        reference=reference if reference is not None else named)  # fmt: skip
    except InputError as error:
        raise error.located(file=str(path)) from None


def validate_fit(table: object, *, file: str | None = None, context: InFile | None = IN_FILE) -> FitTable:
    """The table [fit] in SI units as far as its units are known without the experiment.

    Args:
        table: its keys.
        file: name of the file, for messages.
        context: None if the table comes from Python, where quantities may be SI floats.

    Raises:
        InputError: an unknown key, or a value that cannot be used.
    """
    return read_table(FitTable, table, file=file, context=context, below="fit")


def make_fit(
    measurements: Mapping[str, Measurement | Experiment],
    settings: FitTable | Mapping[str, Any],
    *,
    title: str = "",
    file: str | None = None,
    source: str = "",
    reference: str | Path | Reference | None = None,
) -> FitProblem:
    """Put a fit together.

    Args:
        measurements: by the name of the data set, each with its experiment, or an experiment alone, of which no profile
            was measured; the name is empty if there is one only.
        settings: the table [fit], with values as they stand in a file, or in SI units.
        title: shown in the report.
        file: name of the file, for messages.
        source: its text.
        reference: measurement of the untouched glass, or the path of its result, from which coefficient and activation
            energy of the native ion have a prior.

    Raises:
        InputError: a parameter does not exist, a measurement lacks its ion, bounds that exclude the start, or nothing
            is free of which the reference knows.
    """
    table = settings if isinstance(settings, FitTable) else validate_fit(settings, file=file, context=None)
    folder = Path(file).parent if file else Path()
    experiments = {
        name: each if isinstance(each, Experiment) else each.experiment for name, each in measurements.items()
    }
    readings = readings_of(table, experiments)
    datasets = tuple(make_data_set(name, each, table, readings[name], folder) for name, each in measurements.items())
    free = [_parameter(path, entry, datasets) for path, entry in table.parameters.items()]
    if reference is not None:
        known = reference if isinstance(reference, Reference) else load_reference(reference)
        free = list(with_reference(free, [data.experiment for data in datasets], known))
    nuisance = [parameter for number, data in enumerate(datasets) for parameter in _nuisance(number, data, table)]
    return FitProblem(
        datasets=datasets,
        parameters=(*free, *nuisance),
        settings=table,
        title=title,
        file=file,
        source=source,
        reference=str(Path(reference).resolve()) if isinstance(reference, str | Path) else None,
    )


def _check_joint_keys(data: Mapping[str, Any], *, file: str) -> None:
    """Refuse what would be passed over; a file without [datasets] is refused as a measurement file is."""
    for key in data:
        if key not in JOINT_KEYS:
            nearest = nearest_name(key, JOINT_KEYS)
            remedy = f'the nearest known key is "{nearest}" (known are {", ".join(JOINT_KEYS)})'
            raise InputError("is an unknown key in a file with [datasets]", file=file, key=key, remedy=remedy)


def _joint(files: object, path: Path, read: Callable[[Path], Measured]) -> dict[str, Measured]:
    if not isinstance(files, dict) or not files:
        raise InputError("must be a table", key="datasets", remedy='write [datasets] and K = "k-measurement.toml"')
    return {str(name): read(path.parent / str(entry)) for name, entry in files.items()}


def _plate_or_measurement(path: Path) -> Measured:
    """The measurement of a file, or the experiment in it, or that which it names, where no profile was measured."""
    if path.suffix.lower() != ".toml":
        return load_measurement(path)
    text = read_text(path)
    data = parse_toml(text, file=str(path))
    if "measurement" in data or not ("sample" in data or "experiment" in data):
        return load_measurement(path)
    if "sample" in data:
        return parse_experiment(text, file=str(path), folder=path.parent)
    for key in data:
        if key not in PLATE_KEYS:
            nearest = nearest_name(key, PLATE_KEYS)
            remedy = f'the nearest known key is "{nearest}" (known are {", ".join(PLATE_KEYS)})'
            raise InputError("is an unknown key in a fit file without a profile", file=str(path), key=key,
                             remedy=remedy)  # fmt: skip
    experiment = path.parent / str(data["experiment"])
    if not experiment.exists():
        read_named(experiment, file=str(path), key="experiment")
    return load_experiment(experiment)


def _parameter(path: str, entry: ParameterTable, datasets: tuple[DataSet, ...]) -> Parameter:
    key = join_path(("fit", "parameters", path))
    places: list[tuple[int, str]] = []
    for name in (path, *entry.ties):
        found = _places(name, datasets)
        if not found:
            known = [scalar for data in datasets for scalar in scalars(data.experiment)]
            raise InputError("is not a number of the experiment", key=join_path(("fit", "parameters", name)),
                             remedy=f'the nearest path is "{nearest_name(name.split(":")[-1], known)}"')  # fmt: skip
        places.extend(found)
    number, first = places[0]
    scalar = read_scalar(datasets[number].experiment, first)
    dimension = scalar.dimension
    lower = read_value(entry.lower, dimension, key=f"{key}.lower")
    upper = read_value(entry.upper, dimension, key=f"{key}.upper")
    if entry.start is not None:
        start = read_value(entry.start, dimension, key=f"{key}.start")
    else:
        middle = float(np.sqrt(lower * upper)) if entry.scale == "log" and lower > 0.0 else 0.5 * (lower + upper)
        start = scalar.value if lower <= scalar.value <= upper else middle
    return Parameter(
        name=path, kind="experiment", lower=lower, upper=upper, scale=entry.scale, start=start,
        unit="" if dimension is None else DIMENSIONS[dimension].unit, dimension=dimension,
        prior=None if entry.prior is None else _prior(entry.prior, dimension, key=f"{key}.prior"),
        paths=tuple(places),
    )  # fmt: skip


def _places(name: str, datasets: tuple[DataSet, ...]) -> list[tuple[int, str]]:
    prefix, _, path = name.rpartition(":")
    return [
        (number, path)
        for number, data in enumerate(datasets)
        if (not prefix or prefix == data.name) and path in scalars(data.experiment)
    ]


def _prior(table: PriorTable, dimension: Any, *, key: str) -> Prior | None:
    if table.kind == "uniform":
        return None
    mean = read_value(table.mean, dimension, key=f"{key}.mean")
    if table.kind == "log-normal":
        relative = read_value(table.standard_deviation, None, key=f"{key}.standard_deviation")
        return Prior(mean=float(np.log(mean)), standard_deviation=relative, scale="log")
    deviation = read_value(table.standard_deviation, dimension, key=f"{key}.standard_deviation")
    return Prior(mean=mean, standard_deviation=deviation, scale="linear")


def _nuisance(number: int, data: DataSet, settings: FitTable) -> list[Parameter]:
    """Parameters of a measurement that are fitted along, so that their errors are part of all intervals."""
    prefix = f"{data.name}:" if data.name else ""
    found: list[Parameter] = []
    if data.profile is None:
        return found
    attributes = data.profile.dataset.attrs
    error = float(attributes["depth_scale_relative_error"])
    if settings.fit_depth_scale and error > SMALLEST_DEPTH_SCALE_ERROR:
        # with few scans the interval is wider than that of a normal distribution: one with the same interval
        lower, upper = attributes["sputter_rate_lower_95"], attributes["sputter_rate_upper_95"]
        if np.isfinite(upper) and attributes["sputter_rate"] > 0.0:
            error = max(error, 0.5 * (upper - lower) / attributes["sputter_rate"] / NORMAL_95)
        width = min(DEPTH_SCALE_RANGE * error, 0.5)
        found.append(Parameter(
            name=f"{prefix}depth_scale", kind="measurement", lower=1.0 - width, upper=1.0 + width, start=1.0,
            prior=Prior(mean=1.0, standard_deviation=error, scale="linear"), paths=((number, "depth_scale"),),
        ))  # fmt: skip
    for place, (ion, factor) in enumerate(zip(data.ions, data.factors, strict=True)):
        if data.factor_errors is not None:
            if (error := float(data.factor_errors[place])) > 0.0:
                found.append(scale_parameter(f"{prefix}sensitivity_factor.{ion}", number, ion, error))
            continue
        found.append(Parameter(
            name=f"{prefix}sensitivity_factor.{ion}", kind="measurement", lower=factor / FACTOR_RANGE,
            upper=factor * FACTOR_RANGE, scale="log", start=float(factor), unit="1/m^3",
            paths=((number, f"sensitivity_factor.{ion}"),),
        ))  # fmt: skip
    if settings.surface_offset > 0.0:
        offset = settings.surface_offset
        found.append(Parameter(
            name=f"{prefix}surface_offset", kind="measurement", lower=-5.0 * offset, upper=5.0 * offset, start=0.0,
            unit="m", dimension="length", prior=Prior(mean=0.0, standard_deviation=offset, scale="linear"),
            paths=((number, "surface_offset"),),
        ))  # fmt: skip
    width, error = data.response.standard_deviation, data.response_error
    if settings.fit_resolution and width > 0.0 and error > 0.0:
        reach = float(np.exp(RESOLUTION_RANGE * error))
        found.append(Parameter(
            name=f"{prefix}depth_resolution", kind="measurement", lower=width / reach, upper=width * reach, scale="log",
            start=width, unit="m", dimension="length",
            prior=Prior(mean=float(np.log(width)), standard_deviation=error, scale="log"),
            paths=((number, "depth_resolution"),),
        ))  # fmt: skip
    for ion, share, error in zip(data.ions, data.background, data.background_error, strict=True):
        if error > 0.0:
            found.append(Parameter(
                name=f"{prefix}background.{ion}", kind="measurement", lower=share - BACKGROUND_RANGE * error,
                upper=min(share + BACKGROUND_RANGE * error, 0.5 * (1.0 + share)), start=float(share),
                prior=Prior(mean=float(share), standard_deviation=float(error), scale="linear"),
                paths=((number, f"background.{ion}"),),
            ))  # fmt: skip
    return found


def with_starts(problem: FitProblem, starts: Mapping[str, float]) -> FitProblem:
    """The same problem with other first values [SI], by the names of the parameters."""
    parameters = tuple(
        replace(parameter, start=starts.get(parameter.name, parameter.start)) for parameter in problem.parameters
    )
    return replace(problem, parameters=parameters)


def with_discrepancies(problem: FitProblem, stored: Sequence[Mapping[str, Any] | None]) -> FitProblem:
    """The same problem with discrepancies of its data sets.

    Args:
        problem: what is fitted.
        stored: of each data set `size`, `length` [m], `shares`, shape (ions, points), and `directions`, shape
            (directions, ions · points), which may be absent; None for none.
    """
    departures = [
        None if entry is None else Discrepancy(
            size=float(entry["size"]), length=float(entry["length"]), shares=np.asarray(entry["shares"], dtype=float),
            directions=np.asarray(entry.get("directions", ()), dtype=float).reshape(-1, np.size(entry["shares"])),
        )
        for entry in stored
    ]  # fmt: skip
    pairs = zip(problem.datasets, departures, strict=True)
    return replace(problem, datasets=tuple(replace(data, discrepancy=departure) for data, departure in pairs))
