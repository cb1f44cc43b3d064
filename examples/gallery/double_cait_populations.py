"""Gunawan 2026, Fig. 2: who sits on which site energies before, between and after the irradiations, 20 nm deep."""

import numpy as np
from comparison import EXAMPLES

import ionscape as isc
from ionscape.figures import local_populations, save

experiment = isc.load_experiment(EXAMPLES / "rb-cs-double-cait.toml")
result = isc.simulate(experiment.replace({"grid.cell": "1 nm"}))
stage, time = result.dataset["stage"].values, result.dataset["time"].values
times = [0.0, time[np.flatnonzero(stage == 0)[-1]], time[-1]]
save(local_populations(result, times, depth=20e-9), "double_cait_populations.png")
