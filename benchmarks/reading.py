"""How fast large SurfaceLab exports are read, and how much memory that takes.

Two synthetic exports of 100 MB are written, one of many channels and one of many data points, and each is read in a
process of its own, whose largest memory beyond that of the imports is compared with the size of the file.

    python benchmarks/reading.py [MEGABYTES]
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

PULSES = 16384
LONGEST_TIME, LARGEST_RATIO = 5.0, 3.0  # s, memory over size of the file


def write_export(path: Path, *, channels: int, size: int) -> None:
    """Write a synthetic export of Poisson-corrected counts, six digits each as the instrument prints them."""
    rng = np.random.default_rng(1)
    names = [f"C_{number // 60 + 1}H_{number % 60 + 1}+" for number in range(channels)]
    detected = rng.integers(0, PULSES - 384, (500, channels))
    rows = ["\t".join(f"{value:.6g}" for value in row) for row in -PULSES * np.log1p(-detected / PULSES)]
    with path.open("w", newline="") as stream:
        written = stream.write("# Profile Smoothing is Disabled\r\n#\t\t\t\t" + "\t".join(names) + "\t\r\n")
        written += stream.write(
            "#Data Point #\tSputter Time (s)\tDose (ions)\tFluence (ions/cm^2)\t" + "Intensity\t" * channels + "\r\n"
        )
        point = 0
        while written < size:
            point += 1
            start = f"{point}\t{1.69673 * point:.10g}\t{4.2e11 * point:.6g}\t{4.7e14 * point:.6g}\t"
            written += stream.write(f"{start}{rows[point % 500]}\t\r\n")


def measure(path: str) -> tuple[float, float, tuple[int, ...]]:
    """Time [s], additional memory [bytes] and shape of the counts of one reading."""
    from ionscape.profiling.readers import read_raw_profile

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    raw = read_raw_profile(path)
    elapsed = time.perf_counter() - start
    return elapsed, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024.0, raw.intensity.shape


def main() -> int:
    """Print a line per export; 1 if one takes longer or more memory than it may."""
    size = int(float(sys.argv[1]) * 1e6) if len(sys.argv) > 1 else 100_000_000
    fine = True
    print(f"{'channels':>8} {'points':>9} {'file/MB':>8} {'time/s':>7} {'memory/file':>12}")
    with (
        tempfile.TemporaryDirectory() as folder,
        multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool,
    ):
        for channels in (106, 5):
            path = Path(folder) / f"{channels}.txt"
            write_export(path, channels=channels, size=size)
            elapsed, memory, shape = pool.apply(measure, (str(path),))
            ratio = memory / path.stat().st_size
            print(f"{shape[0]:>8} {shape[1]:>9} {path.stat().st_size / 1e6:>8.1f} {elapsed:>7.2f} {ratio:>12.2f}")
            fine = fine and elapsed < LONGEST_TIME and ratio < LARGEST_RATIO
            path.unlink()
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
