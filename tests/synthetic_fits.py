"""Synthetic measurements whose truth is known, as fit problems: one CAIT stage of K+, Rb+ or Cs+ on a lithium borate.

The truth is simulated on finer cells and to a tighter tolerance than the fit uses, and measured by a synthetic
instrument. The fit gets the counts, the crater scans and an experiment whose free values are not the true ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ionscape.constants import BOLTZMANN_CONSTANT, ELEMENTARY_CHARGE
from ionscape.experiment import Experiment, GridSpecification, TableSpecification, parse_experiment
from ionscape.inference import FitProblem, FitResult, fit, make_fit
from ionscape.inference.forward import ForwardModel
from ionscape.inference.least_squares import StartResult, minimise, search, starting_points
from ionscape.inference.parameters import coordinates_of, values_of
from ionscape.inference.problem import with_starts
from ionscape.inference.remarks import OPEN_END, UNDETERMINED
from ionscape.profiling import GaussianResponse, Instrument, Measurement, make_measurement
from ionscape.profiling.synthetic import Profilometer, profile_from_result, synthesise
from ionscape.remarks import of_kinds
from ionscape.transport import Settings, simulate
from ionscape.transport.grid import make_grid

BULK_DENSITY = 1.4e28  # 1/m^3
BULK, WIDTH, TRAPPED = (f"ions.Li.diffusion.{key}" for key in ("bulk_coefficient", "width", "trapped_fraction"))
TRUE_CELL = 0.125e-9  # m; the fit has cells of 0.25 nm
TRUE_TOLERANCE = 3e-5  # the fit has 1e-4

# Trapped fractions: Gunawan 2024 ESI (2.6); D of the foreign ions at 120 °C: ESI table 2. At 50 °C D of rubidium is as
# in Gunawan 2026 (table 1), the others are chosen around it.
TRAPPED_FRACTION = {"K": 0.20, "Rb": 0.10, "Cs": 0.03}
FOREIGN_COEFFICIENT = {
    323.15: {"K": 1.5e-22, "Rb": 2.7e-22, "Cs": 1.0e-21},
    393.15: {"K": 1.87e-22, "Rb": 9.0e-22, "Cs": 1.36e-21},
}
BULK_COEFFICIENT = {323.15: 5.5e-19, 393.15: 3.9e-17}
SOURCE_POTENTIAL = {323.15: 15.0, 393.15: 2.0}  # V

EXPERIMENT = """
title = "{ion}@Li3B7O12 at {temperature} K"
[sample]
thickness = "{thickness!r} m"
illuminated_area = "28.26 mm^2"
relative_permittivity = 7
native = {{ Li = "1.4e28 1/m^3" }}
[chamber]
aperture_distance = "8 mm"
[ions.Li.diffusion]
model = "site-energies"
bulk_coefficient = "{bulk!r} m^2/s"
reference_temperature = "{temperature} K"
activation_energy = "0.65 eV"
width = "{width!r} eV"
excess_sites = 0.10
trapped_fraction = {trapped!r}
trapped_width = "0.05 eV"
[ions.{ion}.diffusion]
model = "constant"
coefficient = "{foreign!r} m^2/s"
reference_temperature = "{temperature} K"
activation_energy = "0.65 eV"
[[stages]]
kind = "irradiation"
beam = "{ion}"
source_potential = "{potential} V"
temperature = "{temperature} K"
duration = "{duration!r} s"
"""


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What is behind a synthetic measurement.

    Attributes:
        ion: foreign ion, K, Rb or Cs.
        temperature: 323.15 or 393.15 K.
        bulk: D of lithium at native density [m^2/s].
        foreign: D of the foreign ion [m^2/s].
        width: Γ of the mobile branch [eV].
        trapped: fraction of lithium in the lower branch.
        front: depth of the front by the sharp-front law [m]; sets the duration.
        thickness: of the sample [m].
        seed: of all noise.
    """

    ion: str
    temperature: float = 323.15
    bulk: float = 5.5e-19
    foreign: float = 2.7e-22
    width: float = 0.16
    trapped: float = 0.10
    front: float = 50e-9
    thickness: float = 2.325e-3
    seed: int = 0

    @property
    def duration(self) -> float:
        """After which q L/D_bulk + q² (1/D_foreign − 1/D_bulk)/2 = U e t/(k_B T), q the exchanged depth [s]."""
        amount = self.front * (1.0 - self.trapped)
        resistance = amount * self.thickness / self.bulk + 0.5 * amount**2 * (1.0 / self.foreign - 1.0 / self.bulk)
        thermal = BOLTZMANN_CONSTANT * self.temperature / ELEMENTARY_CHARGE
        return resistance * thermal / SOURCE_POTENTIAL[self.temperature]

    @property
    def values(self) -> dict[str, float]:
        """True values of the free parameters by path [SI]."""
        foreign = f"ions.{self.ion}.diffusion.coefficient"
        return {BULK: self.bulk, WIDTH: self.width * ELEMENTARY_CHARGE, TRAPPED: self.trapped, foreign: self.foreign}

    def experiment(self) -> Experiment:
        """As it really was."""
        return parse_experiment(EXPERIMENT.format(
            ion=self.ion, temperature=self.temperature, thickness=self.thickness, bulk=self.bulk, width=self.width,
            trapped=self.trapped, foreign=self.foreign, potential=SOURCE_POTENTIAL[self.temperature],
            duration=self.duration,
        ))  # fmt: skip


def random_truth(seed: int) -> Truth:
    """One after the other K, Rb and Cs, at 323 and 393 K, with values spread about those of the papers."""
    rng = np.random.default_rng([seed, 1])
    ion = ("K", "Rb", "Cs")[seed % 3]
    temperature = (323.15, 393.15)[(seed // 3) % 2]

    def around(value: float, relative: float) -> float:
        return float(value * np.exp(relative * rng.uniform(-1.0, 1.0)))

    return Truth(
        ion=ion,
        temperature=temperature,
        bulk=around(BULK_COEFFICIENT[temperature], 0.2),
        foreign=around(FOREIGN_COEFFICIENT[temperature][ion], 0.4),
        width=float(rng.uniform(0.12, 0.20)),
        trapped=around(TRAPPED_FRACTION[ion], 0.3),
        front=float(rng.uniform(45e-9, 100e-9)),
        thickness=float(rng.uniform(2.0e-3, 2.6e-3)),
        seed=seed,
    )


def with_grid(experiment: Experiment, cell: float) -> Experiment:
    """The same experiment with another cell size [m]."""
    table = GridSpecification.model_construct(cell=cell, zone=None, surface_cell=None, growth=None)
    return experiment.model_copy(update={"grid": table})


@dataclass(frozen=True, kw_only=True)
class Departure:
    """How what was measured departs from the model that is fitted.

    Attributes:
        foreign: D of the foreign ion at none of it and at the native density, over its stated value.
        stated_resolution: depth resolution that the measurement states [m]; it is 2 nm.
        background: constant counts of lithium, over those in the bulk, of which nobody knows.
    """

    foreign: tuple[float, float] = (1.0, 1.0)
    stated_resolution: float = 2e-9
    background: float = 0.0


RIGHT = Departure()


def true_experiment(truth: Truth, departure: Departure = RIGHT) -> Experiment:
    """As it really was: with ln D of the foreign ion as a line over its density if it departs so."""
    experiment = truth.experiment()
    if departure.foreign == (1.0, 1.0):
        return experiment
    first, last = departure.foreign
    line = TableSpecification(
        densities=(0.0, BULK_DENSITY), coefficients=(first * truth.foreign, last * truth.foreign),
        reference_temperature=truth.temperature, activation_energy=0.65 * ELEMENTARY_CHARGE,
    )  # fmt: skip
    return experiment.replace({f"ions.{truth.ion}.diffusion": line})


def measure(truth: Truth, departure: Departure = RIGHT, *, points: int = 420) -> Measurement:
    """Simulate and measure; the experiment of the measurement has other values, wrong by up to 30 %."""
    rng = np.random.default_rng([truth.seed, 2])
    experiment = true_experiment(truth, departure)
    result = simulate(
        experiment,
        settings=Settings(relative_tolerance=TRUE_TOLERANCE, snapshots_per_stage=2),
        grid=make_grid(with_grid(experiment, TRUE_CELL)),
    )
    profile = profile_from_result(result)
    if departure.background > 0.0:
        lithium = profile.densities["Li"] + departure.background * BULK_DENSITY
        profile = replace(profile, densities={**profile.densities, "Li": lithium})
    deepest = float(profile.edges[1:][profile.densities[truth.ion] > 1e-4 * BULK_DENSITY][-1])
    instrument = Instrument(
        sputter_rate=float(rng.uniform(0.18e-9, 0.28e-9)),
        yields={"Li": float(rng.uniform(3000.0, 5000.0)), truth.ion: float(rng.uniform(4000.0, 7000.0))},
        points=points,
        maximum_depth=max(1.7 * deepest, 1.25 * deepest + 40e-9),
        pulses_per_point=16384,
        common_factor=0.012,
        response=GaussianResponse(sigma=2e-9),
        profilometer=Profilometer(scans=3, depth_scatter=0.01),
    )
    synthetic = synthesise(profile, instrument, rng=rng)
    known = {
        **synthetic.table(),
        "depth_resolution": f"{departure.stated_resolution!r} m",
        "native": {"Li": f"{BULK_DENSITY!r} 1/m^3"},
    }
    made = make_measurement(synthetic.raw, known, crater_scans=synthetic.crater_scans)
    # the fit must not start at the truth
    wrong = {path: value * float(rng.uniform(0.75, 1.3)) for path, value in truth.values.items()}
    modelled = truth.experiment()
    charges = {name: ion.charge for name, ion in modelled.ions.items()}
    return replace(made, experiment=modelled.replace(wrong), charges=charges)


def free_parameters(truths: Mapping[str, Truth], *, shared: Sequence[str] = ()) -> dict[str, Any]:
    """The table [fit.parameters]: wide bounds in which the truth has no special place.

    Args:
        truths: by the name of the data set.
        shared: paths that all data sets share; the others are free in each.
    """
    table: dict[str, Any] = {}
    for name, truth in truths.items():
        rng = np.random.default_rng([truth.seed, 3])
        for path, true in truth.values.items():
            if path == WIDTH:
                entry = {"lower": "0.08 eV", "upper": "0.30 eV"}
            elif path == TRAPPED:
                entry = {"lower": 0.005, "upper": 0.35}
            else:
                below, above = (math.exp(rng.uniform(math.log(2.0), math.log(6.0))) for _ in range(2))
                entry = {"lower": f"{true / below!r} m^2/s", "upper": f"{true * above!r} m^2/s", "scale": "log"}
            # the experiment of the measurement, with its wrong values, gives the start
            table[path if path in shared or not name else f"{name}:{path}"] = entry
    return table


def problem_of(
    truths: Mapping[str, Truth] | Truth,
    *,
    shared: Sequence[str] = (),
    measurements: Mapping[str, Measurement] | None = None,
    **settings: Any,
) -> FitProblem:
    """The fit of one measurement, or of several at once."""
    if isinstance(truths, Truth):
        truths = {"": truths}
    if measurements is None:
        measurements = {name: measure(truth) for name, truth in truths.items()}
    return make_fit(measurements, {"parameters": free_parameters(truths, shared=shared), **settings})


def fit_from_afar(problem: FitProblem, *, number: int = 1) -> FitResult:
    """Fit from one random start with softened errors, and what `fit` makes of that optimum."""
    point = starting_points(problem, number + 1, seed=problem.settings.seed)[number]
    found = search(problem, point, soften=True)
    values = values_of(problem.parameters, found.coordinates)
    result = fit(with_starts(problem, dict(zip(problem.names, map(float, values), strict=True))), starts=1)
    result.dataset.attrs["simulations"] += found.simulations
    return result


def search_from_truth(problem: FitProblem, truth: Truth) -> StartResult:
    """The optimum next to the truth: first the parameters of the measurement, then all."""
    parameters = problem.parameters
    values = np.array([truth.values.get(parameter.name, parameter.start) for parameter in parameters])
    free = [place for place, parameter in enumerate(parameters) if parameter.kind == "experiment"]
    nearby = minimise(ForwardModel(problem=problem), coordinates_of(parameters, values), fixed=free, precision=1e-3)
    return minimise(ForwardModel(problem=problem), nearby.coordinates)


def deviations(result: FitResult, truth: Truth, *, prefix: str = "") -> dict[str, dict[str, float]]:
    """Of each free parameter: whether its 95 % interval holds the truth, deviation in standard errors, widths."""
    data, problem = result.dataset, result.problem
    assert problem is not None
    rows: dict[str, dict[str, float]] = {}
    undetermined = {remark.about[0] for remark in of_kinds(result.remarks, UNDETERMINED, OPEN_END)}
    for path, true in truth.values.items():
        name = f"{prefix}{path}" if f"{prefix}{path}" in problem.names else path
        place = problem.index(name)
        parameter, one = problem.parameters[place], data.isel(parameter=place)
        error = math.sqrt(float(data["coordinate_covariance"].values[place, place]))
        lower, upper = float(one["lower_95"]), float(one["upper_95"])
        rows[path if path in (BULK, WIDTH, TRAPPED) else "foreign"] = {
            "truth": true,
            "estimate": float(one["estimate"]),
            "lower": lower,
            "upper": upper,
            "held": float(lower <= true <= upper),
            "deviation": (float(one["coordinate"]) - parameter.coordinate(true)) / error,
            "relative_error": float(one["estimate_error"]) / true,
            "undetermined": float(name in undetermined),
        }
    return rows


__all__ = [
    "BULK", "RIGHT", "TRAPPED", "WIDTH", "Departure", "Truth", "deviations", "fit_from_afar", "free_parameters",
    "measure", "problem_of", "random_truth", "search_from_truth", "true_experiment", "with_grid",
]  # fmt: skip
