"""How the activation energy of a landscape, and the percolation threshold, depend on the size of the lattice.

    python benchmarks/finite_size.py            about five minutes
    python benchmarks/finite_size.py --quick    about ten seconds: smaller lattices, fewer landscapes

Activation energies are means over landscapes and all three directions; the error counts landscapes only. Beside them
the share of landscapes and directions with a path, and the best wall times of one landscape and of one activation
energy. The last row extrapolates to an infinite lattice, linearly in L^(-1/ν) with the exponent ν of three-dimensional
percolation and weighted by the errors. Thresholds of the simple cubic lattice are medians over random lattices;
accepted are 0.311608 (sites; Xu, Wang, Lv, Deng 2014) and 0.248812 (bonds; Wang, Zhou, Zhang, Garoni, Deng 2013).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ionscape.constants import ELECTRON_VOLT
from ionscape.hopping import (
    Lattice,
    Links,
    activation_energy,
    child_seed,
    generate_landscape,
    sample_activation_energies,
)
from ionscape.hopping.union_find import bottleneck

GLASSES = (
    "0.33 Li2O 0.67 (0 B2O3 1 P2O5)",
    "0.33 Li2O 0.67 (0.4 B2O3 0.6 P2O5)",
    "0.33 Li2O 0.67 (1 B2O3 0 P2O5)",
)
LANDSCAPES = {20: 960, 35: 400, 50: 200, 70: 80, 100: 48, 150: 24}
QUICK_LANDSCAPES = {20: 160, 35: 60, 50: 30}
CORRELATION_EXPONENT = 0.8764  # Wang et al. 2013


def extrapolate(sizes: Sequence[int], values: NDArray[np.float64], errors: NDArray[np.float64]) -> tuple[float, float]:
    """Value of an infinite lattice and its standard error."""
    abscissa = np.asarray(sizes, float) ** (-1.0 / CORRELATION_EXPONENT)
    design = np.stack((np.ones(len(sizes)), abscissa), axis=1) / errors[:, None]
    covariance = np.linalg.inv(design.T @ design)
    coefficients = covariance @ design.T @ (values / errors)
    return float(coefficients[0]), float(np.sqrt(covariance[0, 0]))


def show_activation_energies(glass: str, landscapes: Mapping[int, int]) -> None:
    print(f"\n{glass}\n{'L':>5} {'landscapes':>10} {'E_a / eV':>9} {'error':>7} {'scatter':>8} {'paths':>6}", end="")
    print(f" {'landscape / s':>13} {'percolation / s':>15}")
    means: list[float] = []
    errors: list[float] = []
    for size, count in landscapes.items():
        seed = child_seed(2021, size)
        sample = sample_activation_energies(glass, lattice=size, landscapes=count, directions=3, rng=seed)
        times = np.array([times_of(glass, size, index) for index in range(4)]).min(axis=0)
        mean, error, scatter = (energy / ELECTRON_VOLT for energy in (sample.mean, sample.mean_error, sample.scatter))
        means.append(mean)
        errors.append(error)
        print(
            f"{size:5d} {count:10d} {mean:9.4f} {error:7.4f} {scatter:8.4f} {sample.percolating_fraction:6.2f} "
            f"{times[0]:13.3f} {times[1]:15.3f}"
        )
    limit, limit_error = extrapolate(tuple(landscapes), np.array(means), np.array(errors))
    print(f"{'inf':>5} {'':10} {limit:9.4f} {limit_error:7.4f}")


def times_of(glass: str, size: int, seed: int) -> tuple[float, float]:
    began = time.perf_counter()
    landscape = generate_landscape(glass, lattice=size, rng=seed)
    generated = time.perf_counter()
    activation_energy(landscape)
    return generated - began, time.perf_counter() - generated


def thresholds(size: int, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Site and bond thresholds of `count` cubic lattices, each along all three axes."""
    found = np.empty((2, count, 3))
    accessible = np.ones((size, size, size), np.bool_)
    for direction in range(3):
        network = Links(lattice=Lattice(shape=accessible.shape), accessible=accessible, electrodes=direction)
        ends = (network.source, network.drain, network.sites, network.first, network.second)
        for index in range(count):
            # Sites keep their numbers along all axes; bonds are drawn anew.
            keys = np.random.default_rng([2021, index]).random(network.sites)
            weights = np.maximum(keys[network.first], keys[network.second])
            found[0, index, direction] = weights[bottleneck(*ends, weights)]
            weights = np.random.default_rng([2022, index, direction]).random(len(network.first))
            found[1, index, direction] = weights[bottleneck(*ends, weights)]
    return found[0].ravel(), found[1].ravel()


def show_thresholds(sizes: Sequence[int], count: int) -> None:
    print(f"\nthresholds of the cubic lattice\n{'L':>5} {'site':>8} {'scatter':>8} {'bond':>8} {'scatter':>8}")
    for size in sizes:
        site, bond = thresholds(size, count)
        print(f"{size:5d} {np.median(site):8.4f} {site.std():8.4f} {np.median(bond):8.4f} {bond.std():8.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller lattices and fewer landscapes")
    quick = parser.parse_args().quick
    for glass in GLASSES[1:2] if quick else GLASSES:
        show_activation_energies(glass, QUICK_LANDSCAPES if quick else LANDSCAPES)
    show_thresholds((16, 32) if quick else (16, 32, 64, 100), 8 if quick else 16)


if __name__ == "__main__":
    main()
