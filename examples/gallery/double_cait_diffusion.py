"""Gunawan 2026, Figs. 4, 6 and 7: D of Li, Rb and Cs in the first and in the second irradiation."""

import numpy as np
from comparison import EXAMPLES, absolute, beside, print_table

import ionscape as isc
from ionscape.constants import ELECTRON_VOLT
from ionscape.figures import diffusion_coefficients, save

experiment = isc.load_experiment(EXAMPLES / "rb-cs-double-cait.toml")  # stages: Rb beam, storage, Cs beam
save(diffusion_coefficients(experiment), "double_cait_diffusion.png")

bulk, temperature = experiment.bulk_density, experiment.stages[0].temperature
first, second = experiment.diffusion_models(0), experiment.diffusion_models(2)


def decades(model, fraction):
    return np.log10(np.divide(*model.coefficient(np.array([1.0, fraction]) * bulk, temperature)))


rubidium = second["Rb"].distribution.branches[0]
print_table([
    absolute("full width of the site energies of Li / meV", "Table 1", 250,
             first["Li"].distribution.branches[0].full_width_at_half_maximum / ELECTRON_VOLT * 1e3),
    absolute("full width of the site energies of Rb / meV", "Table 1", 225,
             rubidium.full_width_at_half_maximum / ELECTRON_VOLT * 1e3),
    beside("decades by which D of Li falls to n = 0.20, first stage", "section 4", "about 4 to the fall-off",
           decades(first["Li"], 0.2)),
    beside("decades by which D of Li falls to n = 0.101, first stage", "section 4", "about 4 to the fall-off",
           decades(first["Li"], 0.101)),
    beside("decades by which D of Li falls to n = 0.031, second stage", "section 4", "about 4 to the fall-off",
           decades(second["Li"], 0.031)),
    beside("decades of the fall-off itself, first stage", "section 4", "more than 2",
           decades(first["Li"], 0.099) - decades(first["Li"], 0.101)),
])  # fmt: skip
