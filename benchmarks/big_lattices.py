"""Large lattices: seconds and peak memory of the best path and of the conductance network, each in its own process.

    python benchmarks/big_lattices.py --sizes 100 200 300                    # five minutes, 4.5 GB
    python benchmarks/big_lattices.py --sizes 400 --temperatures 1000        # ten minutes, 10 GB

Wall-clock times of one thread after compilation, on whatever else the machine does; the landscape is made in each
process and counts in the memory, not in the seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

import ionscape as isc  # noqa: E402 - after the number of threads is set
from ionscape.constants import ELECTRON_VOLT  # noqa: E402

GLASS = "0.33 Li2O 0.67 (0.5 B2O3 0.5 P2O5)"


def measured(size: int, temperature: float) -> dict[str, float]:
    """One lattice in this process; temperature 0 for the best path."""

    def calculate(landscape: isc.Landscape) -> float:
        if temperature:
            return float(isc.conductivity(landscape, temperature=temperature).conductivity)
        return isc.activation_energy(landscape) / ELECTRON_VOLT

    calculate(isc.generate_landscape(GLASS, lattice=12, rng=1))
    bare, began = peak(), time.monotonic()
    landscape = isc.generate_landscape(GLASS, lattice=size, rng=1)
    made = time.monotonic()
    value = calculate(landscape)
    return {"landscape": made - began, "seconds": time.monotonic() - made, "value": value, "bare": bare, "peak": peak()}


def peak() -> float:
    """Peak of the resident memory of this process [bytes]."""
    return 1024.0 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 200, 300])
    parser.add_argument("--temperatures", type=float, nargs="+", default=[0.0, 300.0, 1000.0],
                        help="in K; 0 for the best path")  # fmt: skip
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measured(given.sizes[0], given.temperatures[0])))
        return
    print("| lattice | | landscape / s | time / s | peak memory / GB | bytes of a site | result |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for size in given.sizes:
        for temperature in given.temperatures:
            command = [sys.executable, __file__, "--measure", "--sizes", str(size), "--temperatures", str(temperature)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            what = f"network, {temperature:g} K" if temperature else "best path"
            if done.returncode:
                reason = (done.stderr.strip().splitlines() or ["ended, out of memory"])[-1]
                print(f"| {size}³ | {what} | {reason} |", flush=True)
                continue
            row = json.loads(done.stdout)
            result = f"σ = {row['value']:.6g} S/m" if temperature else f"E_a = {row['value']:.6f} eV"
            print(f"| {size}³ | {what} | {row['landscape']:.1f} | {row['seconds']:.1f} | {row['peak'] / 1e9:.2f} |"
                  f" {(row['peak'] - row['bare']) / size**3:.0f} | {result} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
