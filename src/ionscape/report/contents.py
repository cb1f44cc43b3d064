"""What a report says, section by section."""

from __future__ import annotations

import json
import math
import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ionscape.figures.fit_values import SAME_OPTIMUM, data_sets
from ionscape.files.quantities import format_quantity
from ionscape.profiling.calibration_rows import BALANCE_SCATTER, COMMON_FACTOR
from ionscape.provenance import package_version
from ionscape.references import REFERENCES
from ionscape.remarks import sentence
from ionscape.wording import parameter_words

from . import panels
from .conditions import ASSUMED, MEANING, assumed_notice, assumed_paths, conditions_table
from .parts import Report, Section, TextTable
from .values import ended_early, parameter_table, reading_table, width_table

if TYPE_CHECKING:
    from ionscape.inference import FitProblem, FitResult

PLUS_MINUS = {
    "least-squares": "± is one standard deviation, from the curvature of the cost at the optimum with all other"
    " parameters, those of the measurement too, free to follow. Intervals of 68 and 95 % are symmetric on the scale of"
    " the parameter (log or linear) and end at its bounds.",
    "profile-likelihood": "± is one standard deviation, from the curvature of the cost at the optimum. Intervals of 68"
    " and 95 % end where the cost, all other parameters fitted again, has risen by 1 and 3.84, or at a bound.",
    "mcmc": "± is the standard deviation of the posterior. Intervals of 68 and 95 % lie between its percentiles,"
    " equally much of it on either side.",
}
READINGS = (
    "Readings: residuals are measured less fitted in standard deviations. The pull is the residual over the standard"
    " deviation that it has where the parameters follow the reading; there is none where one reading alone determines a"
    " parameter."
)
RESOLUTION = "measurement.depth_resolution"
OBSERVED_CHARGE = "fit.observed_charge"
RESIDUAL_CORRELATION = 2.0  # of their standard deviation: neighbours that are more alike show a misfit
LIBRARIES = ("scipy", "xarray", "matplotlib", "numba")


def build_report(result: FitResult, *, result_file: Path | None = None) -> Report:
    """Collect all parts of the report of a fit.

    Args:
        result: of the fit.
        result_file: where it is stored; None if it is not.
    """
    data = result.dataset
    problem = fitted_problem(result)
    sections = (
        _summary(result),
        Section(title="Data and fit", panels=panels.panels_of(result, panels.DATA)),
        _parameters(result, problem),
        *_conditions(result, problem),
        Section(title="Diffusion coefficients and site energies", panels=panels.panels_of(result, panels.CURVES)),
        _quality(result),
        Section(title="What the data tell apart", panels=panels.panels_of(result, panels.PARAMETERS)),
        _origin(result, problem),
        _reproduction(result, problem, result_file),
        Section(title="References", remarks=REFERENCES),
    )
    subtitle = f"Fit by {data.attrs['method']}, {data.attrs['created']}, ionscape {data.attrs['ionscape_version']}"
    return Report(title=str(data.attrs["title"]), subtitle=subtitle, sections=sections)


def fitted_problem(result: FitResult) -> FitProblem | None:
    """The problem of a result; None if it is not at hand, or if its file is no longer what was fitted."""
    problem, data = result.problem, result.dataset
    if problem is None or problem.source != data.attrs["source"]:
        return None
    return problem if list(problem.names) == [str(name) for name in data["parameter"].values] else None


def _summary(result: FitResult) -> Section:
    attributes = result.dataset.attrs
    notices = [sentence(remark, name=parameter_words) for remark in result.remarks]
    if result.problem is not None and fitted_problem(result) is None:
        notices.append(f"{attributes['file']} has changed since the fit: priors and raw data are not described here.")
    early = "The search did not converge: this report shows how far it came." if ended_early(result) else ""
    said = "" if notices else "The fit gave no warnings."
    notices = tuple(filter(None, (assumed_notice(result), *notices)))
    return Section(title="Warnings", paragraphs=tuple(filter(None, (early, said))), notices=notices)


def _conditions(result: FitResult, problem: FitProblem | None) -> tuple[Section, ...]:
    """What was taken as known of the experiments; none where they are not at hand."""
    if problem is None:
        return ()
    table = conditions_table(result, problem)
    remarks = (MEANING,) if any(row[-1] == ASSUMED for row in table.rows) else ()
    return (Section(title="Conditions", tables=(table,), remarks=remarks),)


def _parameters(result: FitResult, problem: FitProblem | None) -> Section:
    tables = [parameter_table(result, problem, "experiment")]
    widths = width_table(result, problem)
    if widths is not None:
        tables.append(widths)
    measurement = parameter_table(result, problem, "measurement")
    if measurement.rows:
        tables.append(measurement)
    method = str(result.dataset.attrs["method"])
    meaning = PLUS_MINUS.get(method, PLUS_MINUS["least-squares"])
    remarks = ("A uniform prior is one between the bounds, on the scale of the parameter.",)
    if measurement.rows:
        remarks += (
            "The last table holds what was fitted of the measurement along with the sample, so that its errors are"
            " part of all intervals: factors that turn counts into densities, the depth scale relative to that of the"
            " craters.",
        )
    if ended_early(result):
        meaning = f"The search did not converge: these numbers are its best so far, no estimates. {meaning}"
    return Section(title="Parameters", paragraphs=(meaning,), tables=tuple(tables), remarks=remarks)


def _quality(result: FitResult) -> Section:
    """Cost, information criteria, and how the residuals behave."""
    data, attributes = result.dataset, result.dataset.attrs
    cost, freedom = float(attributes["cost"]), int(attributes["degrees_of_freedom"])
    start_cost = data["start_cost"].values
    same = int(np.sum(start_cost < start_cost.min() + SAME_OPTIMUM))
    rows = [
        ("cost (sum of squared residuals of data and priors)", f"{cost:.2f}"),
        ("degrees of freedom (data and priors less parameters)", f"{freedom}"),
        ("reduced chi square (cost by degrees of freedom)", f"{cost / max(freedom, 1):.3f}"),
        *_misfit_rows(result),
        ("Bayesian information criterion", f"{float(attributes['bayesian_information_criterion']):.2f}"),
        ("Akaike information criterion", f"{float(attributes['akaike_information_criterion']):.2f}"),
        ("log evidence (Laplace)", f"{float(attributes['log_evidence']):.2f}"),
        ("starts that reached the best optimum", f"{same} of {start_cost.size}"),
        ("simulations", f"{int(attributes['simulations'])}"),
        ("simulations that failed", f"{int(attributes['failed_simulations'])}"),
    ]
    remarks = (
        "Criteria and evidence compare models of the same data only: the lower criterion, or the higher evidence, is"
        " the better one; a difference of log evidence above 5 is strong.",
        "Points at which an ion is absent have residuals near 0 and pull the reduced chi square below 1; the misfit is"
        " judged where counts of at least two ions are expected, by the size of the residuals, by how alike neighbours"
        " are and by their runs of one sign.",
        "Neighbours: correlation of the residuals of neighbouring points; independent ones give 0 within the stated"
        f" noise. Marked * where it lies more than {RESIDUAL_CORRELATION:g} times that noise above 0: the fit misses a"
        " shape.",
        *((READINGS,) if reading_table(result).rows else ()),
    )
    tables = [TextTable(header=("goodness of fit", "value"), rows=tuple(rows), numeric=frozenset({1}))]
    tables += [table for table in (_residuals(result), reading_table(result)) if table.rows]
    return Section(
        title="Goodness of fit and model comparison", tables=(*tables, *_convergence(result)), remarks=remarks
    )


def _misfit_rows(result: FitResult) -> list[tuple[str, str]]:
    """What the residuals say of the model, and what was allowed for; nothing for results that were not judged."""
    found, attributes = result.summary(), result.dataset.attrs
    if found["misfit_p_value"] is None:
        return []
    share = float(attributes["misfit_chi_square"]) / float(attributes["misfit_degrees_of_freedom"])
    rows = [
        ("probability of residuals like these if the model is right", f"{found['misfit_p_value']:.2g}"),
        ("misfit", "yes" if found["misfit"] else "no"),
        ("reduced chi square of the shares of the ions, by noise alone", f"{share:.3f}"),
    ]
    for own in found["discrepancies"]:
        if own is not None:
            allowed = f"{50.0 * own['size']:.2g} % over {own['length'] * 1e9:.2g} nm"
            rows.append(("smooth discrepancy allowed for, of the shares at most", allowed))
    return rows


def _residuals(result: FitResult) -> TextTable:
    rows: list[tuple[str, ...]] = []
    for number, (name, ions) in enumerate(data_sets(result)):
        values = result.dataset[f"residual_{number}"].values if ions else np.empty((0, 0))
        for place, ion in enumerate(ions):
            residual = values[:, place]
            alike, noise = neighbour_correlation(residual)
            rows.append((
                f"{name}: {ion}" if name else ion, str(residual.size), f"{residual.mean():+z.2f}",
                f"{math.sqrt(np.mean(residual**2)):.2f}", f"{np.abs(residual).max():.1f}",
                f"{100.0 * np.mean(np.abs(residual) > 2.0):.1f} %",
                f"{alike:+z.2f} ± {noise:.2f}" + (" *" if alike > RESIDUAL_CORRELATION * noise else ""),
            ))  # fmt: skip
    header = ("residuals of", "points", "mean", "root mean square", "largest", "beyond ±2", "neighbours")
    return TextTable(header=header, rows=tuple(rows), numeric=frozenset(range(1, 7)))


def neighbour_correlation(residual: np.ndarray[Any, Any]) -> tuple[float, float]:
    """Correlation of neighbouring residuals and its standard deviation for independent ones, about 1/sqrt(points).

    Points whose residuals are next to nothing, where an ion is absent, carry no weight in the sums; the number of
    points that count is that of the participation ratio (Σ r²)²/Σ r⁴, thrice it for normal residuals.
    """
    squares = residual**2
    total = float(squares.sum())
    if not total > 0.0:
        return 0.0, 1.0
    alike = float(np.sum(residual[1:] * residual[:-1])) / total
    counted = min(float(residual.size), 3.0 * total**2 / float(np.sum(squares**2)))
    return alike, 1.0 / math.sqrt(max(counted, 1.0))


def _convergence(result: FitResult) -> tuple[TextTable, ...]:
    """Convergence of the chains, where the posterior was drawn."""
    data = result.dataset
    if "r_hat" not in data or "effective_sample_size" not in data:
        return ()
    rows = tuple(
        (
            parameter_words(str(name)),
            f"{float(data['r_hat'].values[k]):.3f}",
            f"{float(data['effective_sample_size'].values[k]):.0f}",
        )
        for k, name in enumerate(data["parameter"].values)
    )
    return (TextTable(header=("chains", "R̂", "effective sample size"), rows=rows, numeric=frozenset({1, 2})),)


def _origin(result: FitResult, problem: FitProblem | None) -> Section:
    """Where the data come from, with the hashes of the raw files."""
    attributes = result.dataset.attrs
    settings = cast(dict[str, Any], json.loads(attributes["settings"]))
    further = [
        f"charge through the back electrode {format_quantity(charge['value'], 'charge')}"
        f" ± {100.0 * charge['relative_error']:.3g} %"
        + (f" ({ASSUMED})" if any(path.startswith(OBSERVED_CHARGE) for path in assumed_paths(result)) else "")
        for charge in [settings.get("observed_charge")]
        if charge
    ]
    further += [f"current curve {curve['file']}" for curve in [settings.get("current_curve")] if curve]
    readings = len(settings.get("stress_readings") or ()) + len(settings.get("effective_indices") or ())
    further += [f"{readings} set{'s' if readings > 1 else ''} of readings of the plate"] if readings else []
    extra = (f"Further data: {', '.join(further)}.",) if further else ()
    if problem is None:
        absent = (
            "The input files are not at hand where this report was written: raw files and their hashes are not listed."
        )
        return Section(title="Origin of the data", paragraphs=(absent, *extra))
    rows: list[tuple[str, ...]] = []
    assumed = assumed_paths(result)
    for data in problem.datasets:
        if data.profile is None:
            continue
        found = data.profile.dataset.attrs
        prefix = f"{data.name}: " if data.name else ""
        rate = float(found["sputter_rate"])
        rows += [
            (f"{prefix}raw file", str(found["raw_file"])),
            (f"{prefix}SHA-256 of the raw file", str(found["raw_sha256"])),
            (f"{prefix}format", str(found["raw_format"])),
            (f"{prefix}ions", ", ".join(data.ions)),
            (f"{prefix}points compared", f"{data.depth.size}, from {format_quantity(float(data.depth[0]), 'length')}"
             f" to {format_quantity(float(data.depth[-1]), 'length')}, after stage {data.stage + 1}"),
            (f"{prefix}densities by", str(found["density_method"])),
            (f"{prefix}sputter rate", f"{rate / 1e-9:.4g} ± {float(found['sputter_rate_error']) / 1e-9:.2g} nm/s"
             if math.isfinite(rate) else "none: depths were given"),
            *((f"{prefix}sputter time of the crater", f"{float(time):.6g} s ({found['crater_sputter_time_from']})")
              for time in (found.get("crater_sputter_time", math.nan),) if math.isfinite(float(time))),
            *(() if data.factor_errors is not None else (
                (f"{prefix}{COMMON_FACTOR}", f"{100.0 * float(found['common_factor']):.3g} %"),
                (f"{prefix}{BALANCE_SCATTER} (by which the points are weighted)",
                 f"{100.0 * data.common_factor:.3g} %"),
            )),
            (f"{prefix}depth resolution (standard deviation)",
             format_quantity(data.response.standard_deviation, "length")
             + (f" ({ASSUMED})" if RESOLUTION in assumed else "")),
        ]  # fmt: skip
        rows += [(f"{prefix}warning of the calibration", warning) for warning in data.profile.warnings]
    tables = (TextTable(header=("data", ""), rows=tuple(rows)),) if rows else ()
    remarks = (MEANING,) if RESOLUTION in assumed else ()
    if rows:
        remarks += ("Hashes are those of the files as they were when this report was written.",)
    return Section(title="Origin of the data", paragraphs=extra, tables=tables, remarks=remarks)


def _reproduction(result: FitResult, problem: FitProblem | None, result_file: Path | None) -> Section:
    """Files, versions, settings and commands that give the fit again."""
    attributes = result.dataset.attrs
    file = str(attributes["file"])
    name = Path(file).name if file else "fit.toml"
    settings = cast(dict[str, Any], json.loads(attributes["settings"]))
    options = ""
    count = result.dataset.sizes["start"]
    if count != settings.get("starts"):
        options += f" --starts {count}"
    if attributes["method"] != settings.get("method"):
        options += f" --method {attributes['method']}"
    stored = result_file.name if result_file is not None else f"{Path(name).stem.removesuffix('-fit')}-fit.nc"
    commands = (
        f"ionscape fit {shlex.quote(name)}{options} --output {shlex.quote(stored)}",
        f"ionscape report {shlex.quote(stored)} --output report.html",
    )
    rows = [
        ("fit file", file or "none: the fit was put together in Python"),
        ("SHA-256 of the fit file", str(attributes["source_sha256"])),
        *_inputs(str(attributes["source"])),
        ("fitted", str(attributes["created"])),
        ("ionscape of the fit", str(attributes["ionscape_version"])),
        ("Python, numpy of the fit", f"{attributes['python_version']}, {attributes['numpy_version']}"),
        ("ionscape of this report", package_version()),
        *((f"{library} of this report", _version(library)) for library in LIBRARIES),
        ("seed of all random numbers", str(settings.get("seed", ""))),
    ]
    listings = {"Fit file as it was fitted": str(attributes["source"])} if attributes["source"] else {}
    if problem is not None:
        for data in problem.datasets:
            title = f"Experiment of {data.name}" if data.name else "Experiment"
            listings[title] = data.experiment.source
    listings["Settings of the fit"] = json.dumps(settings, indent=2, ensure_ascii=False)
    said = "With the fit file below, the files that it names beside it, and the versions of the table:"
    return Section(
        title="How to reproduce it", paragraphs=(said,), commands=commands,
        tables=(TextTable(header=("input or version", ""), rows=tuple(rows)),), listings=listings,
    )  # fmt: skip


def _inputs(source: str) -> list[tuple[str, str]]:
    """The files that a fit file names, as they stand in it."""
    try:
        data = tomllib.loads(source)
    except tomllib.TOMLDecodeError:
        return []
    found: list[tuple[str, str]] = []
    if isinstance(data.get("experiment"), str):
        found.append(("experiment file", data["experiment"]))
    measurement = data.get("measurement")
    if isinstance(measurement, Mapping):
        table = cast(Mapping[str, Any], measurement)
        found += [(label, str(table[key])) for key, label in (("file", "raw file"),) if key in table]
        scans = table.get("crater_scans")
        if isinstance(scans, list) and scans:
            found.append(("crater scans", ", ".join(str(scan) for scan in cast(list[Any], scans))))
    sets = data.get("datasets")
    if isinstance(sets, Mapping):
        found += [(f"measurement file of {name}", str(entry)) for name, entry in cast(Mapping[str, Any], sets).items()]
    return found


def _version(library: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"
