"""Whether a fit can tell a closure D(n) from populations on the energies of sites, by evidence, on data of either kind.

    python benchmarks/model_evidence.py

Two synthetic measurements of the first stage of Gunawan 2026: one of `examples/rb-mono-cait.toml`, a closure, and one
of `examples/rb-mono-populations.toml`. Both models are fitted to both, with the same instrument, from the same wrong
starts; a table states the cost, the misfit and the evidence. A misfit is not made up for by a discrepancy here, which
would take the difference between the models with it.
"""

from __future__ import annotations

import time as clock
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import ionscape as isc
from ionscape.experiment import Experiment
from ionscape.files.values import read_scalar
from ionscape.inference import FitResult, compare, fit, make_fit
from ionscape.profiling import GaussianResponse, Instrument, make_measurement
from ionscape.profiling.synthetic import Profilometer, profile_from_result, synthesise

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
MODELS = {"closure": "rb-mono-cait.toml", "populations": "rb-mono-populations.toml"}
WRONG = 1.15
"""Factor by which the starts are off."""
LITHIUM = {"ions.Li.diffusion.bulk_coefficient": {"lower": "2e-19 m^2/s", "upper": "1.5e-18 m^2/s", "scale": "log"}}
RUBIDIUM = {"lower": "5e-23 m^2/s", "upper": "2e-21 m^2/s", "scale": "log"}
SITES = {"width": {"lower": "0.08 eV", "upper": "0.30 eV"}, "trapped_fraction": {"lower": 0.01, "upper": 0.25}}
PARAMETERS: dict[str, dict[str, Any]] = {
    "closure": {
        **LITHIUM,
        "ions.Rb.diffusion.coefficient": RUBIDIUM,
        **{f"ions.Li.diffusion.{key}": bounds for key, bounds in SITES.items()},
    },
    "populations": {
        **LITHIUM,
        "ions.Rb.diffusion.bulk_coefficient": RUBIDIUM,
        "ions.Rb.diffusion.release_rate": {"lower": "1e-5 1/s", "upper": "10 1/s", "scale": "log"},
        **{f"sites.borate.{key}": bounds for key, bounds in SITES.items()},
    },
}


def main() -> None:
    """Measure, fit and print the table."""
    experiments = {name: isc.load_experiment(EXAMPLES / file) for name, file in MODELS.items()}
    columns = ("truth", "model", "free", "cost", "degrees of freedom", "p of the misfit", "log evidence",
               "log Bayes factor", "time / s")  # fmt: skip
    print("| " + " | ".join(columns) + " |")
    print("| --- " * len(columns) + "|")
    for number, (truth, experiment) in enumerate(experiments.items()):
        found, times = {}, {}
        for name, modelled in experiments.items():
            began = clock.process_time()
            found[name] = fitted(experiment, modelled, PARAMETERS[name], seed=number)
            times[name] = clock.process_time() - began
        table = compare(found)
        for name in (str(each) for each in table["model"].values):
            row, attributes = table.sel(model=name), found[name].dataset.attrs
            print(
                f"| {truth} | {name} | {int(row['parameters'])} | {float(row['cost']):.1f}"
                f" | {attributes['degrees_of_freedom']:.0f} | {attributes['misfit_p_value']:.2g}"
                f" | {float(row['log_evidence']):.1f} | {float(row['log_bayes_factor']):.1f} | {times[name]:.0f} |",
                flush=True,
            )


def fitted(truth: Experiment, modelled: Experiment, parameters: dict[str, Any], *, seed: int) -> FitResult:
    """Fit a model to a synthetic measurement of another experiment."""
    rng = np.random.default_rng(seed)
    fine = isc.Settings(relative_tolerance=3e-5, snapshots_per_stage=2)
    profile = profile_from_result(isc.simulate(truth.replace({"grid.cell": 0.125e-9}), settings=fine))
    instrument = Instrument(
        sputter_rate=0.22e-9, yields={"Li": 4000.0, "Rb": 5000.0}, points=420, maximum_depth=100e-9,
        pulses_per_point=16384, response=GaussianResponse(sigma=2e-9), profilometer=Profilometer(scans=3),
    )  # fmt: skip
    synthetic = synthesise(profile, instrument, rng=rng)
    known = {**synthetic.table(), "depth_resolution": "2 nm", "native": {"Li": f"{truth.bulk_density!r} 1/m^3"}}
    measurement = make_measurement(synthetic.raw, known, crater_scans=synthetic.crater_scans)
    starts = {path: read_scalar(modelled, path).value * WRONG for path in parameters}
    charges = {name: ion.charge for name, ion in modelled.ions.items()}
    measured = replace(measurement, experiment=modelled.replace(starts), charges=charges)
    # profile likelihoods of intervals, which the evidence does not need, would take ten times as long
    return fit(
        make_fit({"": measured}, {"parameters": parameters, "refit_misfit": False}), starts=1, check_intervals=False
    )


if __name__ == "__main__":
    main()
