"""The double CAIT with populations: which sites each ion occupies before, between and after the irradiations."""

import numpy as np
from comparison import EXAMPLES

import ionscape as isc
from ionscape.figures import local_populations, save

experiment = isc.load_experiment(EXAMPLES / "rb-cs-double-populations.toml")
result = isc.simulate(experiment.replace({"grid.cell": "1 nm"}))
stage, time = result.dataset["stage"].values, result.dataset["time"].values
times = [0.0, time[np.flatnonzero(stage == 0)[-1]], time[-1]]
save(local_populations(result, times, depth=20e-9), "populations_sites.png")
