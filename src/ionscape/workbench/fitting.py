"""What the page of the fit suggests and shows: numbers that can be free, their bounds, results as texts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ionscape.errors import InputError
from ionscape.experiment import Experiment
from ionscape.experiment.checks import diffusion_paths
from ionscape.experiment.diffusion import system_of
from ionscape.experiment.distribution import KEYS
from ionscape.files.quantities import shown_unit, with_error
from ionscape.files.values import Scalar, read_value, scalars
from ionscape.inference.least_squares import AT_BOUND
from ionscape.wording import join_path, label_of, parameter_words

if TYPE_CHECKING:
    from ionscape.inference import FitResult

COEFFICIENT_RANGE = 100.0
"""Suggested bounds of diffusion coefficients lie this factor off their value."""
USUAL_RANGE = 2.0
TRAPPED_RANGE = (0.1, 3.0)
REFERENCE_RANGE = 1.2
"""A density that sites hold: D changes by decades within it."""
MOST_ATTEMPTS = 8
BESIDE = "Γ holds for this value. Tick it too where it is not known: the interval of Γ then gets as wide as it must."
"""What an excess of sites has to do with a fit."""
WIDER = 3.0
"""Bounds at which a search has ended go this factor farther out, those of a logarithmic scale as far as suggested."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A number of the experiment that can be fitted.

    Attributes:
        path: as the fit names it.
        group: the ion, stage or table that it belongs to.
        label: short name within the group.
        value: as it is shown, with its unit.
        usual: whether it is free where nothing else is said.
        beside: what the estimates of the usual ones depend on, in a sentence, where it is offered with them; empty
            otherwise.
        suggestion: bounds and scale as they stand in a document.
    """

    path: str
    group: str
    label: str
    value: str
    usual: bool
    beside: str = ""
    suggestion: dict[str, Any]


def choices(experiment: Experiment) -> tuple[Choice, ...]:
    """All numbers of an experiment that can be fitted; the usual ones first, then those of the ions."""
    usual = usual_paths(experiment)
    # an excess of sites and a width move together: who fits the one is to see the other
    beside = {path: path.removesuffix("width") + "excess_sites" for path in usual if path.endswith(".width")}
    found = [
        Choice(path=scalar.path, group=_group(scalar.path), label=_label(scalar.path), value=value_text(scalar),
               usual=scalar.path in usual, beside=BESIDE if scalar.path in beside.values() else "",
               suggestion=suggestion(experiment, scalar))
        for scalar in scalars(experiment).values()
        if not _of_the_system(experiment, scalar.path)
    ]  # fmt: skip
    first = [each for path in usual for each in (path, beside.get(path)) if each is not None]
    order = {path: place for place, path in enumerate(first)}

    def rank(choice: Choice) -> tuple[int, bool, str]:
        of_ion = choice.path.startswith("ions.")
        return order.get(choice.path, len(order)), not of_ion, choice.group if of_ion else ""

    return tuple(sorted(found, key=rank))


def usual_paths(experiment: Experiment) -> list[str]:
    """The numbers that a profile determines: of site energies bulk coefficient, width, trapped fraction; other D.

    Where ions share sites, width and trapped fraction are those of the site system.
    """
    paths: list[str] = []
    immobile = experiment.immobile_ions
    for name, ion in experiment.ions.items():
        if name in immobile:
            continue
        keys = {
            "site-energies": ("bulk_coefficient", "width", "trapped_fraction"), "constant": ("coefficient",),
            "populations": ("bulk_coefficient", "release_rate"),
        }  # fmt: skip
        for key in keys.get(getattr(ion.diffusion, "model", ""), ()):
            path = f"ions.{name}.diffusion.{key}"
            # without a lower branch its size means nothing
            if key != "trapped_fraction" or getattr(ion.diffusion, "trapped_width", None) is not None:
                paths.append(path)
    for name, table in experiment.sites.items():
        paths += [f"sites.{name}.width", *([f"sites.{name}.trapped_fraction"] if table.trapped_width else [])]
    known = scalars(experiment)
    return [path for path in paths if path in known]


def _of_the_system(experiment: Experiment, path: str) -> bool:
    """Whether a path leads to a number of site energies that the site system of the ion states in its place."""
    place, _, key = path.rpartition(".")
    if key not in KEYS:
        return False
    return any(path_of == place and system_of(model) for path_of, _, model in diffusion_paths(experiment))


def suggested_parameters(experiment: Experiment) -> dict[str, dict[str, Any]]:
    """The table [fit.parameters] that is suggested for an experiment."""
    known = scalars(experiment)
    return {path: suggestion(experiment, known[path]) for path in usual_paths(experiment)}


def suggestion(experiment: Experiment, scalar: Scalar) -> dict[str, Any]:
    """Bounds around the value of the experiment, within what the experiment allows, and the scale."""
    value, logarithmic = scalar.value, False
    if scalar.path.endswith(".reference_density"):
        low, high = value / REFERENCE_RANGE, value * REFERENCE_RANGE
    elif scalar.dimension in ("diffusion coefficient", "number density", "rate") and value > 0.0:
        low, high, logarithmic = value / COEFFICIENT_RANGE, value * COEFFICIENT_RANGE, True
    elif scalar.path.endswith("trapped_fraction") and value > 0.0:
        low, high = value * TRAPPED_RANGE[0], value * TRAPPED_RANGE[1]
    elif scalar.dimension == "temperature":
        low, high = value - 10.0, value + 10.0
    elif value != 0.0:
        low, high = sorted((value / USUAL_RANGE, value * USUAL_RANGE))
    else:
        low, high = 0.0, 1e-9 if scalar.dimension else 0.1
    low, high = (_allowed(experiment, scalar, end) for end in (low, high))
    found = {"lower": scalar.written(low, digits=3), "upper": scalar.written(high, digits=3)}
    return {**found, "scale": "log"} if logarithmic else found


def bound_problems(free: Mapping[str, Any], experiment: Experiment) -> dict[str, InputError]:
    """What is wrong with the bounds of free parameters, in the units in which they were typed: errors by path."""
    known = scalars(experiment)
    found: dict[str, InputError] = {}
    for name, entry in free.items():
        scalar = known.get(name.rpartition(":")[2])
        if scalar is None or not isinstance(entry, Mapping):
            continue
        ends: dict[str, float] = {}
        for key in ("lower", "upper"):
            try:
                ends[key] = read_value(entry.get(key), scalar.dimension)
            except InputError as error:
                found[parameter_path(name, key)] = error
        if len(ends) < 2:
            continue
        if not ends["lower"] < ends["upper"]:
            found[parameter_path(name, "lower")] = InputError(
                f"{entry['lower']} must be less than the upper bound, {entry['upper']}"
            )
        elif not ends["lower"] <= scalar.value <= ends["upper"]:
            side = "lower" if scalar.value < ends["lower"] else "upper"
            found[parameter_path(name, side)] = InputError(
                f"The value of the experiment, {value_text(scalar)}, from which the search starts, must lie between the"
                " bounds: change this one or the value."
            )
    return found


def at_bounds(result: FitResult) -> dict[str, str]:
    """Parameters of the experiment at whose bounds a search ended, and at which: "lower" or "upper"."""
    data = result.dataset
    found: dict[str, str] = {}
    for place, name in enumerate(map(str, data["parameter"].values)):
        value, low, high = (float(data[key].values[place]) for key in ("estimate", "lower_bound", "upper_bound"))
        if str(data["scale"].values[place]) == "log" and low > 0.0:
            value, low, high = math.log(value), math.log(low), math.log(high)
        reach = AT_BOUND * (high - low)
        if str(data["kind"].values[place]) == "experiment" and not low + reach < value < high - reach:
            found[name] = "lower" if value - low < high - value else "upper"
    return found


def widened(experiment: Experiment, ended: Mapping[str, str], free: Mapping[str, Any]) -> dict[str, str | float]:
    """Bounds farther out where a search has ended at them, by path of the document."""
    known = scalars(experiment)
    found: dict[str, str | float] = {}
    for name, side in ended.items():
        scalar, entry = known.get(name.rpartition(":")[2]), free.get(name)
        if scalar is None or not isinstance(entry, Mapping):
            continue
        value = read_value(entry.get(side), scalar.dimension)
        factor = COEFFICIENT_RANGE if entry.get("scale") == "log" else WIDER
        outwards = (side == "upper") == (value > 0.0)
        wider = _allowed(experiment, replace(scalar, value=value), value * factor if outwards else value / factor)
        found[parameter_path(name, side)] = scalar.written(wider, digits=3)
    return found


def value_text(scalar: Scalar) -> str:
    """A value with its unit for people."""
    return str(scalar.written(digits=4))


def parameter_path(name: str, *keys: str) -> str:
    """Path in the document of a free parameter, or of a key of it."""
    return join_path(("fit", "parameters", name, *keys))


def result_rows(result: FitResult) -> list[dict[str, Any]]:
    """Estimates with errors and intervals as texts, as the command line prints them.

    Returns:
        Rows with `name`, `parameter`, `estimate`, `error`, `interval`, `unit`, `nuisance`.
    """
    found = result.summary()["parameters"]
    ended = at_bounds(result)
    rows: list[dict[str, Any]] = []
    for place, name in enumerate(map(str, result.dataset["parameter"].values)):
        entry = found[name]
        size, unit = shown_unit(entry["unit"])
        value, error = with_error(entry["value"] / size, entry["error"] / size)
        rows.append({
            "name": name, "parameter": parameter_words(name), "estimate": value,
            "error": "" if name in ended else error,
            "interval": f"at its {ended[name]} bound" if name in ended
            else _interval(entry["lower_95"] / size, entry["upper_95"] / size, like=value),
            "unit": unit.replace("m^2/s", "m²/s").replace("1/m^3", "m⁻³"),
            "nuisance": str(result.dataset["kind"].values[place]) != "experiment",
        })  # fmt: skip
    return rows


def _interval(low: float, high: float, *, like: str) -> str:
    """Both ends with the decimals and the power of ten of a value."""
    number, e, power = like.partition("e")
    decimals, size = len(number.partition(".")[2]), 10.0 ** int(power or 0)
    if like == "-" or not (math.isfinite(low) and math.isfinite(high)):
        return f"{low:.4g} to {high:.4g}"
    return " to ".join(f"{end / size:.{decimals}f}{e}{power}" for end in (low, high))


def progress_rows(
    values: Mapping[str, float], parameters: Mapping[str, Any], experiment: Experiment
) -> list[list[str]]:
    """Names and values of the parameters of a running fit, those of the experiment alone."""
    known = scalars(experiment)
    rows: list[list[str]] = []
    for name in parameters:
        path = name.rpartition(":")[2]
        if name in values and path in known:
            rows.append([parameter_words(name), value_text(replace(known[path], value=float(values[name])))])
    return rows


def _allowed(experiment: Experiment, scalar: Scalar, end: float) -> float:
    """An end, drawn towards the value until the experiment accepts it."""
    for _ in range(MOST_ATTEMPTS):
        try:
            experiment.replace({scalar.path: end})
        except InputError:
            end = 0.5 * (end + scalar.value)
        else:
            return end
    return scalar.value


def _group(path: str) -> str:
    parts = path.split(".")
    return parts[1] if parts[0] == "ions" and len(parts) > 1 else parts[0]


def _label(path: str) -> str:
    parts = path.split(".")
    kept = parts[2:] if parts[0] == "ions" else parts[1:]
    return " ".join(label_of(part) for part in kept if part != "diffusion") or path
