"""The dc conductivity of a landscape by several methods, side by side: time, memory and true error per lattice size.

    python benchmarks/conductance_network.py --sizes 20 35 60 100          # minutes
    python benchmarks/conductance_network.py --sizes 20 35 60 100 150 200 --landscape-only

Methods: this package; the same with tight bounds (tolerance 1e-6), the reference of all errors; a sparse LU of the raw
network (scipy); conjugate gradients preconditioned by algebraic multigrid (pyamg, if installed) on the raw network; the
dense iterative Kron reduction of Bosi 2021. Times are processor times of one thread, after compilation, the least of
`--repeat` runs. Each measurement is a process of its own, whose peak memory is shown less that of the empty process.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402 - after the number of threads is set

GLASS = "0.33 Li2O 0.67 (0.5 B2O3 0.5 P2O5)"
FREQUENCY = 4e14
LARGEST = {"sparse LU": 60, "multigrid": 100, "Kron": 20}
"""Sizes beyond which a method takes minutes; --all-sizes runs it nevertheless."""


def network_of(size: int, temperature: float):
    from ionscape.hopping import conductance_network, generate_landscape

    landscape = generate_landscape(GLASS, lattice=size, rng=1)
    return landscape, conductance_network(landscape, temperature=temperature, attempt_frequency=FREQUENCY)[0]


def laplacian(problem):
    """Matrix and load of the nodes that hang together with an electrode."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    unit = problem.logarithms.max()
    weights = np.exp(problem.logarithms - unit)
    ends = np.concatenate([problem.first, problem.second]), np.concatenate([problem.second, problem.first])
    graph = coo_matrix((np.concatenate([weights, weights]), ends), shape=(problem.nodes,) * 2).tocsr()
    _, labels = connected_components(graph, directed=False)
    inner = np.flatnonzero((labels == labels[0]) & (np.arange(problem.nodes) > 1))
    diagonal = np.asarray(graph.sum(axis=1)).ravel()[inner]
    block = -graph[inner][:, inner]
    block.setdiag(diagonal)
    to_source, to_drain = (graph[inner][:, [node]].toarray().ravel() for node in (0, 1))
    direct = float(graph[0, 1])
    return block.tocsc(), to_source, to_drain, direct, unit


def log_conductance(potentials, to_drain, direct, unit) -> float:
    current = float(np.sum(to_drain * potentials)) + direct
    return unit + math.log(current) if current > 0.0 else math.nan


def by_sparse_lu(problem) -> float:
    from scipy.sparse.linalg import splu

    matrix, to_source, to_drain, direct, unit = laplacian(problem)
    return log_conductance(splu(matrix).solve(to_source), to_drain, direct, unit)


def by_multigrid(problem) -> float:
    import pyamg
    from scipy.sparse.linalg import cg

    matrix, to_source, to_drain, direct, unit = laplacian(problem)
    hierarchy = pyamg.ruge_stuben_solver(matrix.tocsr())
    potentials, _ = cg(matrix, to_source, rtol=1e-10, maxiter=300, M=hierarchy.aspreconditioner())
    return log_conductance(potentials, to_drain, direct, unit)


def by_kron(problem) -> float:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
    from oracles import kron_conductance

    return kron_conductance(problem)


def by_package(problem, tolerance: float = 1e-3) -> float:
    from ionscape.hopping import solve_network

    return solve_network(problem, tolerance=tolerance).log_conductance


METHODS = {
    "ionscape": by_package,
    "ionscape, 1e-6": lambda problem: by_package(problem, 1e-6),
    "sparse LU": by_sparse_lu,
    "multigrid": by_multigrid,
    "Kron": by_kron,
}


def measure(method: str, size: int, temperature: float, repeat: int) -> dict[str, float]:
    """Time and peak memory of one method, in this process."""
    if method == "landscape":
        from ionscape.hopping import activation_energy, conductivity, generate_landscape

        activation_energy(generate_landscape(GLASS, lattice=12, rng=1))
        conductivity(generate_landscape(GLASS, lattice=12, rng=1), temperature=temperature)
        times = []
        for _ in range(repeat):
            began = time.thread_time()
            landscape = generate_landscape(GLASS, lattice=size, rng=1)
            made = time.thread_time()
            activation_energy(landscape)
            percolated = time.thread_time()
            value = float(conductivity(landscape, temperature=temperature).conductivity)
            times.append((made - began, percolated - made, time.thread_time() - percolated))
        landscape_time, percolation_time, conductivity_time = np.min(times, axis=0)
        return {"landscape": landscape_time, "percolation": percolation_time, "conductivity": conductivity_time,
                "value": value, "memory": peak_memory()}  # fmt: skip
    small = network_of(12, temperature)[1]
    METHODS[method](small)
    problem = network_of(size, temperature)[1]
    before, times, value = peak_memory(), [], math.nan
    for _ in range(repeat):
        began = time.thread_time()
        value = METHODS[method](problem)
        times.append(time.thread_time() - began)
    return {"time": min(times), "value": value, "memory": peak_memory() - before}


def peak_memory() -> float:
    """Peak of the resident memory of this process [GB]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def in_a_process(method: str, size: int, options: argparse.Namespace) -> dict[str, float] | str:
    """One measurement in a process of its own."""
    command = [sys.executable, __file__, "--measure", method, "--sizes", str(size), "--repeat", str(options.repeat),
               "--temperature", str(options.temperature)]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=options.limit, check=False)
    except subprocess.TimeoutExpired:
        return f"more than {options.limit:.0f} s"
    if done.returncode:
        return "failed: " + (done.stderr.strip().splitlines() or ["out of memory"])[-1][:60]
    return json.loads(done.stdout)


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description="Conductance networks: time, memory and error of several methods.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[20, 35, 60, 100])
    parser.add_argument("--temperature", type=float, default=300.0, help="in K (default 300)")
    parser.add_argument("--repeat", type=int, default=2, help="runs of which the fastest counts (default 2)")
    parser.add_argument("--limit", type=float, default=400.0, help="seconds after which a method is stopped")
    parser.add_argument("--landscape-only", action="store_true", help="no other methods")
    parser.add_argument("--all-sizes", action="store_true", help="run slow methods at all sizes")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure, options.sizes[0], options.temperature, options.repeat)))
        return
    print(f"{GLASS}, {options.temperature:g} K, one core\n")
    print(
        f"{'size':>5}{'landscape/s':>13}{'percolation/s':>15}{'conductivity/s':>16}{'peak memory/GB':>16}"
        f"{'log10 σ/(S/m)':>15}"
    )
    times = []
    for size in options.sizes:
        row = in_a_process("landscape", size, options)
        if isinstance(row, str):
            print(f"{size:>5} {row}", flush=True)
            continue
        times.append((size, row["conductivity"]))
        print(f"{size:>5}{row['landscape']:>13.3f}{row['percolation']:>15.3f}{row['conductivity']:>16.3f}"
              f"{row['memory']:>16.2f}{math.log10(row['value']):>15.3f}", flush=True)  # fmt: skip
    large = [(size, duration) for size, duration in times if size >= 35]
    if len(large) > 1:
        slope = np.polyfit(*np.log(np.array(large)).T, 1)[0]
        print(f"time of the conductivity grows as size^{slope:.2f}, sites^{slope / 3:.2f}")
    if options.landscape_only:
        return
    print(f"\n{'size':>5} {'method':<16}{'time/s':>10}{'memory/GB':>11}{'relative error of G':>21}")
    for size in options.sizes:
        reference = None
        for method in ("ionscape, 1e-6", *(name for name in METHODS if name != "ionscape, 1e-6")):
            if size > LARGEST.get(method, size) and not options.all_sizes:
                continue
            row = in_a_process(method, size, options)
            if isinstance(row, str):
                print(f"{size:>5} {method:<16}{row}", flush=True)
                continue
            reference = row["value"] if reference is None else reference
            error = abs(math.expm1(row["value"] - reference))
            print(f"{size:>5} {method:<16}{row['time']:>10.3f}{row['memory']:>11.2f}{error:>21.1e}", flush=True)


if __name__ == "__main__":
    main()
