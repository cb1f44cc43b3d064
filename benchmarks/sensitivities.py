"""What the derivatives by the parameters cost, and how good they are.

    python benchmarks/sensitivities.py

The first stage of the example is simulated without derivatives, with four and with seven of them, in turn; the ratio of
the times is that of the medians. Each derivative is compared with central differences of two simulations at a tolerance
of 1e-6 on the same grid, as the sum of the absolute deviations of the densities relative to that of the differences.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

import numpy as np

from ionscape.experiment import load_experiment
from ionscape.files.values import read_scalar
from ionscape.transport import Settings, simulate
from ionscape.transport.grid import make_grid
from ionscape.transport.variation import Variation

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "rb-mono-cait.toml"
PATHS = (
    "ions.Li.diffusion.bulk_coefficient", "ions.Li.diffusion.width", "ions.Li.diffusion.trapped_fraction",
    "ions.Rb.diffusion.coefficient", "ions.Li.diffusion.trapped_width", "ions.Li.diffusion.excess_sites",
    "ions.Li.diffusion.activation_energy",
)  # fmt: skip
SPACING, DIFFERENCE, REPETITIONS = 1e-4, 1e-3, 15


def main() -> int:
    """Print both tables."""
    experiment = load_experiment(EXAMPLE)
    grid = make_grid(experiment)

    def scaled(path: str, factor: float):
        return experiment.replace({path: read_scalar(experiment, path).value * factor})

    variations = [
        Variation(name=path, lower=experiment, upper=scaled(path, 1.0 + SPACING), spacing=SPACING) for path in PATHS
    ]
    times: dict[int, list[tuple[float, float]]] = {0: [], 4: [], 7: []}
    for _ in range(REPETITIONS + 1):
        for count, kept in times.items():
            began = time.perf_counter()
            result = simulate(experiment, grid=grid, variations=variations[:count])
            kept.append((result.dataset.attrs["wall_time"], time.perf_counter() - began))
    print(f"{len(grid.size)} cells, median of {REPETITIONS} runs\n")
    print("parameters   solver/ms   ratio   whole call/ms   ratio")
    plain = [statistics.median(column) for column in zip(*times[0][1:], strict=True)]
    for count, kept in times.items():
        solver, whole = (statistics.median(column) for column in zip(*kept[1:], strict=True))
        print(f"{count:10d} {1e3 * solver:11.1f} {solver / plain[0]:7.2f} {1e3 * whole:15.1f} {whole / plain[1]:7.2f}")
    found = simulate(experiment, grid=grid, variations=variations).dataset
    tight = Settings(relative_tolerance=1e-6)
    print("\nderivative by the logarithm of                  densities off by   charge off by")
    for path in PATHS[:-1]:
        low, high = (simulate(scaled(path, 1.0 + s * DIFFERENCE), settings=tight, grid=grid).dataset for s in (-1, 1))
        expected = (high["density"].values[-1] - low["density"].values[-1]) / (2.0 * DIFFERENCE)
        charge = (high["collected_charge"].values[-1] - low["collected_charge"].values[-1]).sum() / (2.0 * DIFFERENCE)
        own = found.sel(parameter=path)
        off = np.abs(own["density_slope"].values[-1] - expected).sum() / np.abs(expected).sum()
        charge_off = own["collected_charge_slope"].values[-1].sum() / charge - 1.0
        print(f"{path:46s} {100 * off:15.2f} % {100 * charge_off:13.3f} %")
    return 0


if __name__ == "__main__":
    sys.exit(main())
