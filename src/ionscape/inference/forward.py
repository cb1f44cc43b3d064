"""From parameters to residuals: simulate, apply the depth response, compare with the counts; with all derivatives.

A data point holds counts I_k of the ions. With the simulated densities n_k at its true depth, smeared by the depth
response, and sensitivity factors b_k their means are mu_k = f n_k / b_k, where the factor f is common to the ions of
the point and has the relative standard deviation s (the error model of the calibration). So

    r = C^(-1/2) (I - n / b),        C = diag(v) + s² m mᵀ

are independent residuals of unit variance, with v the counting variance and m the smoothed counts. A background of a
native ion, of which the calibration has taken off what is stated, adds its own counts to the means. Comparing counts
instead of calibrated densities lets the data determine the factors along with everything else, and nothing is used
twice: the sum of the ions tells the factors, their shares tell the profile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ionscape.arrays import FloatArray
from ionscape.errors import ConvergenceError
from ionscape.experiment import Experiment, GridSpecification
from ionscape.transport import Settings, SimulationResult, simulate
from ionscape.transport.grid import Grid, make_grid
from ionscape.transport.variation import Variation

from .further import further_residuals
from .noise import discrepancy_root, whitened, whitening
from .observing import factors_at, smear_matrix
from .parameters import Parameter, values_of
from .predictions import Moved, needs_history
from .problem import DataSet, FitProblem

COORDINATE_STEP = 1e-4  # of the tables and boundary laws, not of simulations
MARGIN = 10.0  # depth responses are cut off this many standard deviations behind the deepest point
MOST_CELLS = 800
MOVING_CELLS = 1.5  # in units of those of a simulation: derivatives ask for more than profiles
DEPTH_STEP = 0.01e-9  # for the slope of the smeared profile [m]
WIDTH_STEP = 1e-4  # relative, for that by the depth resolution
KEPT_STATES = 40
"""Per stage, where currents are interpolated in time; what has passed and where the ions are is known at its end."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Evaluation:
    """What one set of parameters gives.

    Attributes:
        coordinates: of the parameters, shape (parameters,).
        residuals: of data and priors, shape (residuals,).
        jacobian: their derivatives by the coordinates, shape (residuals, parameters); empty if it was not wanted.
        densities: simulated and smeared at the points of each data set [1/m^3], each of shape (ions, points).
    """

    coordinates: FloatArray
    residuals: FloatArray
    jacobian: FloatArray
    densities: tuple[FloatArray, ...]

    @property
    def cost(self) -> float:
        """Sum of squared residuals: −2 log of the posterior density, but for a constant."""
        return float(self.residuals @ self.residuals)


@dataclass(kw_only=True, eq=False)
class ForwardModel:
    """Simulations of a fit problem; keeps the last one and counts all.

    Attributes:
        problem: what is fitted.
        coarsening: factor by which cells are larger than the fit asks for.
        simulations: simulations done.
        failures: sentences about those that failed.
    """

    problem: FitProblem
    coarsening: float = 1.0
    simulations: int = 0
    failures: list[str] = field(default_factory=list[str])
    _last: Evaluation | None = None
    _grids: dict[int, Grid] = field(default_factory=dict[int, Grid])
    _roots: dict[int, FloatArray] = field(default_factory=dict[int, FloatArray])
    _results: list[SimulationResult] = field(default_factory=list[SimulationResult])

    def evaluate(self, coordinates: FloatArray, *, derivatives: bool = True) -> Evaluation | None:
        """Residuals and their derivatives; None if a simulation fails, which is counted and noted.

        Args:
            coordinates: of the parameters, shape (parameters,).
            derivatives: whether the derivatives are wanted.
        """
        last = self._last
        same = last is not None and np.array_equal(last.coordinates, coordinates)
        if same and last is not None and (last.jacobian.size or not derivatives):
            return last
        values = values_of(self.problem.parameters, coordinates)
        before, self._results = self._results, []
        pieces: list[tuple[FloatArray, FloatArray]] = []
        densities: list[FloatArray] = []
        for number, data in enumerate(self.problem.datasets):
            experiment, free = self._experiment(number, values)
            variations = self._variations(number, free, coordinates, values, experiment) if derivatives else []
            try:
                result = self._result(number, experiment, variations, before)
            except ConvergenceError as error:
                self.failures.append(str(error))
                return None
            moved = [_moved(variation, experiment, result) for variation in variations]
            found, density = _compare(number, data, self.problem, values, coordinates, result, free, moved, derivatives)
            pieces.append(self._spread(number, *found))
            densities.append(density)
        pieces.append(_priors(self.problem.parameters, values, coordinates))
        self._last = Evaluation(
            coordinates=coordinates.copy(),
            residuals=np.concatenate([residuals for residuals, _ in pieces]),
            jacobian=np.concatenate([jacobian for _, jacobian in pieces]) if derivatives else np.empty((0, 0)),
            densities=tuple(densities),
        )
        return self._last

    def spread_counts(self, number: int, residuals: FloatArray) -> FloatArray:
        """Residuals of the counts of a data set in standard deviations of noise and discrepancy together.

        Args:
            number: of the data set.
            residuals: in those of the noise alone, shape (ions · points,).
        """
        return self._spread(number, residuals, np.empty((0, 0)))[0]

    def _result(
        self, number: int, experiment: Experiment, variations: Sequence[Variation], before: Sequence[SimulationResult]
    ) -> SimulationResult:
        """The simulation of an experiment with its derivatives; one that is at hand already if its ions move alike.

        Raises:
            ConvergenceError: it fails.
        """
        variations = [each for each in variations if moving_part(each.lower) != moving_part(each.upper)]
        names = [variation.name for variation in variations]
        for known in (*self._results, *before):
            same = moving_part(known.experiment) == moving_part(experiment)
            if same and (not names or names == _differentiated(known)):
                self._results.append(replace(known, experiment=experiment))
                return self._results[-1]
        self.simulations += 1
        result = simulate(experiment, settings=self._settings(), grid=self._grid(number), variations=variations)
        self._results.append(result)
        return result

    def _spread(self, number: int, residuals: FloatArray, jacobian: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Residuals and derivatives of a data set in standard deviations of noise and discrepancy together."""
        from scipy.linalg import solve_triangular

        if self.problem.datasets[number].discrepancy is None:
            return residuals, jacobian
        if number not in self._roots:
            self._roots[number] = discrepancy_root(self.problem, number)
        root = self._roots[number]
        residuals = residuals.copy()
        residuals[: len(root)] = solve_triangular(root, residuals[: len(root)], lower=True)
        if jacobian.size:
            jacobian = jacobian.copy()
            jacobian[: len(root)] = solve_triangular(root, jacobian[: len(root)], lower=True)
        return residuals, jacobian

    def experiment(self, number: int, coordinates: FloatArray) -> Experiment:
        """The experiment of a data set with the parameters at their coordinates."""
        return self._experiment(number, values_of(self.problem.parameters, coordinates))[0]

    def _experiment(self, number: int, values: FloatArray) -> tuple[Experiment, list[int]]:
        changed: dict[str, float] = {}
        free: list[int] = []
        for place, parameter in enumerate(self.problem.parameters):
            paths = [path for data, path in parameter.paths if data == number]
            if parameter.kind == "experiment" and paths:
                changed.update(dict.fromkeys(paths, float(values[place])))
                free.append(place)
        return self.problem.datasets[number].experiment.replace(changed), free

    def _variations(
        self, number: int, free: Sequence[int], coordinates: FloatArray, values: FloatArray, base: Experiment
    ) -> list[Variation]:
        """Each parameter a little off towards the middle of its bounds, by its coordinate."""
        found: list[Variation] = []
        for place in free:
            parameter = self.problem.parameters[place]
            up = coordinates[place] < 0.5
            shifted = values.copy()
            shifted[place] = parameter.value(float(coordinates[place]) + (COORDINATE_STEP if up else -COORDINATE_STEP))
            other = self._experiment(number, shifted)[0]
            lower, upper = (base, other) if up else (other, base)
            found.append(Variation(name=parameter.name, lower=lower, upper=upper, spacing=COORDINATE_STEP))
        return found

    def _settings(self) -> Settings:
        over_time = any(data.current_curve is not None for data in self.problem.datasets)
        relaxing = any(needs_history(data.experiment, data.readings) for data in self.problem.datasets)
        return Settings(
            relative_tolerance=self.problem.settings.tolerance, slopes_over_time=relaxing,
            snapshots_per_stage=KEPT_STATES if over_time or relaxing else 1,
        )  # fmt: skip

    def _grid(self, number: int) -> Grid:
        """One grid for all parameters: another grid would change the residuals by its own errors."""
        if number not in self._grids:
            data = self.problem.datasets[number]
            settings = self.problem.settings
            wanted = (
                None if data.factor_errors is not None and "cell" not in settings.model_fields_set else settings.cell
            )
            self._grids[number] = fit_grid(data, wanted, coarsening=self.coarsening)
        return self._grids[number]


def moving_part(experiment: Experiment) -> Experiment:
    """An experiment without the tables that its ions do not feel."""
    return experiment.model_copy(update={"mechanics": None, "optics": None})


def _differentiated(result: SimulationResult) -> list[str]:
    """Parameters by which a simulation was differentiated."""
    data = result.dataset
    return [str(name) for name in data["parameter"].values] if "parameter" in data.coords else []


def _moved(variation: Variation, base: Experiment, result: SimulationResult) -> Moved:
    """How the readings of a plate are to follow a parameter."""
    names = _differentiated(result)
    up = variation.lower is base
    return Moved(
        experiment=variation.upper if up else variation.lower, shift=COORDINATE_STEP if up else -COORDINATE_STEP,
        column=names.index(variation.name) if variation.name in names else None,
    )  # fmt: skip


def fit_grid(data: DataSet, cell: float | None, *, coarsening: float = 1.0) -> Grid:
    """Cells for the simulations of a data set: no larger than `cell` [m] down to the deepest point that is compared.

    Without a profile they are those of a simulation.

    Where the grid moves with the fronts, these are the cells to which its values are brought.

    Args:
        data: whose points are compared.
        cell: largest cell there [m]; None where profiles may be micrometres deep, and no resolution is known.
        coarsening: factor on the size that follows, of cells that the experiment gives too.
    """
    experiment, given = data.experiment, data.experiment.grid
    automatic = make_grid(experiment)
    cell, deepest = (
        (automatic.cell, 0.0) if data.profile is None
        else (cell, float(data.depth[-1]) + MARGIN * data.response.standard_deviation)
    )  # fmt: skip
    zone = min(max(automatic.zone, deepest), experiment.sample.thickness)
    size = max(automatic.cell, zone / MOST_CELLS)
    size = size if cell is None else min(cell, size)
    table = GridSpecification.model_construct(
        cell=coarsening * (given.cell if given.cell is not None else size),
        zone=given.zone if given.zone is not None else zone,
        surface_cell=given.surface_cell,
        growth=given.growth,
    )
    fixed = make_grid(experiment.model_copy(update={"grid": table}))
    if automatic.moving is None:
        return fixed
    return replace(fixed, moving=round(automatic.moving * max(1.0, MOVING_CELLS / coarsening)))


def _compare(
    number: int,
    data: DataSet,
    problem: FitProblem,
    values: FloatArray,
    coordinates: FloatArray,
    result: SimulationResult,
    free: Sequence[int],
    moved: Sequence[Moved],
    derivatives: bool,
) -> tuple[tuple[FloatArray, FloatArray], FloatArray]:
    """Residuals of one data set with their derivatives, and the smeared densities."""
    extra, extra_slopes = further_residuals(data, result, moved)
    further = np.zeros((extra.size, len(problem.parameters)))
    further[:, free[: len(moved)]] = extra_slopes
    if data.profile is None:
        return (extra, further if derivatives else np.empty((0, 0))), np.empty((0, 0))
    own = _own(problem, number)
    stretch = values[own["depth_scale"]] if "depth_scale" in own else 1.0
    offset = values[own["surface_offset"]] if "surface_offset" in own else 0.0
    response = data.response
    if "depth_resolution" in own:
        response = response.scaled(float(values[own["depth_resolution"]]) / response.standard_deviation)
    simulated = _Simulated(result, data)
    smear = smear_matrix(response, simulated.edges, data, stretch, offset)
    density = (smear @ simulated.density).T
    factors = factors_at(data, own, values)
    mean = _counts(data, density, own, values)
    root, common = whitening(data, problem.settings.discrepancy)
    residuals = whitened((data.intensity - mean) / root, common)
    if not derivatives:
        return (np.concatenate([residuals.ravel(), extra]), np.empty((0, 0))), density
    parameters = problem.parameters
    jacobian = np.concatenate([np.zeros((residuals.size, len(parameters))), further])

    def put(place: int, change: FloatArray) -> None:
        """Enter d(mean counts)/d(coordinate) of a parameter."""
        jacobian[: residuals.size, place] = whitened(-change / root, common).ravel()

    for place, each in zip(free, moved, strict=True):
        if each.column is not None:
            put(place, (smear @ simulated.slope[..., each.column]).T / factors[:, None])
    for ion, name in enumerate(data.ions):
        if (place := own.get(f"sensitivity_factor.{name}")) is None:
            continue
        change = np.zeros_like(mean)
        change[ion] = -mean[ion] / factors[ion] * parameters[place].slope(float(coordinates[place]))
        put(place, change)
    for ion, name in enumerate(data.ions):
        if (place := own.get(f"background.{name}")) is not None:
            change = np.zeros_like(mean)
            change[ion] = background_counts(data, ion, factors[ion]) * parameters[place].slope(
                float(coordinates[place])
            )
            put(place, change)
    if "depth_scale" in own or "surface_offset" in own:
        # The ends of an interval move apart where the scale grows, points only move.
        widened = DEPTH_STEP / float(data.depth[-1]) if data.intervals is not None else 0.0
        for name, by_parameter in (("depth_scale", data.depth), ("surface_offset", np.ones_like(data.depth))):
            if name in own:
                wide = widened if name == "depth_scale" else 0.0
                shift = DEPTH_STEP if wide == 0.0 else 0.0
                higher, lower = (
                    smear_matrix(response, simulated.edges, data, stretch + sign * wide, offset + sign * shift)
                    for sign in (1, -1)
                )
                change = ((higher - lower) @ simulated.density).T / (2.0 * (wide or shift)) / factors[:, None]
                place = own[name]
                put(place, change * (by_parameter if wide == 0.0 else 1.0)
                    * parameters[place].slope(float(coordinates[place])))  # fmt: skip
    if "depth_resolution" in own:
        place = own["depth_resolution"]
        wider, narrower = (response.scaled(1.0 + sign * WIDTH_STEP) for sign in (1, -1))
        change = smear_matrix(wider, simulated.edges, data, stretch, offset)
        change -= smear_matrix(narrower, simulated.edges, data, stretch, offset)
        by_width = (change @ simulated.density).T / (2.0 * WIDTH_STEP * response.standard_deviation) / factors[:, None]
        put(place, by_width * parameters[place].slope(float(coordinates[place])))
    return (np.concatenate([residuals.ravel(), extra]), jacobian), density


class _Simulated:
    """Cells of a result near the points of a data set: edges [m], densities (cells, ions), slopes (cells, ions, P)."""

    def __init__(self, result: SimulationResult, data: DataSet) -> None:
        dataset = result.dataset
        edges = np.concatenate([[0.0], np.cumsum(dataset["cell_size"].values)])
        reach = 1.5 * float(data.depth[-1]) + MARGIN * data.response.standard_deviation
        count = min(int(np.searchsorted(edges, reach)) + 1, len(edges) - 1)
        names = [str(name) for name in dataset["ion"].values]
        columns = [names.index(ion) for ion in data.ions]
        last = int(np.flatnonzero(dataset["stage"].values == data.stage)[-1])
        self.edges: FloatArray = edges[: count + 1]
        self.density: FloatArray = dataset["density"].values[last, :count][:, columns]
        self.slope: FloatArray = np.empty((count, len(columns), 0))
        if "density_slope" in dataset:
            self.slope = dataset["density_slope"].values[data.stage, :count][:, columns]


def _own(problem: FitProblem, number: int) -> dict[str, int]:
    """Places of the parameters of the measurement of a data set, by what they are."""
    return {path: place for place, parameter in enumerate(problem.parameters) for where, path in parameter.paths
            if where == number and parameter.kind == "measurement"}  # fmt: skip


def _counts(data: DataSet, density: FloatArray, own: Mapping[str, int], values: FloatArray) -> FloatArray:
    """Mean counts that smeared densities give, shape (ions, points)."""
    counts = np.empty_like(density)
    factors = factors_at(data, own, values)
    for ion, name in enumerate(data.ions):
        factor = float(factors[ion])
        counts[ion] = density[ion] / factor
        if (place := own.get(f"background.{name}")) is not None:
            counts[ion] += (values[place] - data.background[ion]) * background_counts(data, ion, factor)
    return counts


def background_counts(data: DataSet, ion: int, factor: float) -> float:
    """Counts of a background that is all of what is counted in the bulk.

    Args:
        data: whose calibration has taken off the share `data.background`.
        ion: number of the ion.
        factor: its sensitivity factor [1/m^3 per count].
    """
    return float(data.native[ion] / factor / (1.0 - data.background[ion]))


def expected_counts(problem: FitProblem, number: int, evaluation: Evaluation) -> FloatArray:
    """Mean counts of a data set at an evaluation, shape (ions, points)."""
    values = values_of(problem.parameters, evaluation.coordinates)
    return _counts(problem.datasets[number], evaluation.densities[number], _own(problem, number), values)


def unspread(problem: FitProblem, evaluation: Evaluation) -> tuple[FloatArray, FloatArray]:
    """Residuals and derivatives in standard deviations of the noise alone, whatever discrepancy was fitted with."""
    residuals, jacobian = evaluation.residuals.copy(), evaluation.jacobian.copy()
    begin = 0
    for number, data in enumerate(problem.datasets):
        here = slice(begin, begin + data.intensity.size)
        if data.discrepancy is not None:
            root = discrepancy_root(problem, number)
            residuals[here] = root @ residuals[here]
            if jacobian.size:
                jacobian[here] = root @ jacobian[here]
        begin += data.intensity.size + data.further_residuals
    return residuals, jacobian


def _priors(
    parameters: Sequence[Parameter], values: FloatArray, coordinates: FloatArray
) -> tuple[FloatArray, FloatArray]:
    rows = [place for place, parameter in enumerate(parameters) if parameter.prior is not None]
    names = [parameter.name for parameter in parameters]
    residuals, jacobian = np.zeros(len(rows)), np.zeros((len(rows), len(parameters)))
    for row, place in enumerate(rows):
        parameter, value = parameters[place], float(values[place])
        prior = parameter.prior
        assert prior is not None
        other = None if prior.follows is None else names.index(prior.follows.name)
        residuals[row] = prior.residual(value, None if other is None else float(values[other]))
        jacobian[row, place] = prior.slope(value) * parameter.slope(float(coordinates[place]))
        if other is not None:
            jacobian[row, other] = prior.slope_by_given() * parameters[other].slope(float(coordinates[other]))
    return residuals, jacobian
