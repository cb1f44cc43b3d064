"""Least squares, profile likelihood and posterior of one fit: wall times and intervals beside each other.

python benchmarks/posterior.py FIT.toml [PROCESSES]
"""

from __future__ import annotations

import sys
import time

from ionscape.inference import fit, load_fit
from ionscape.inference.posterior import sample_posterior
from ionscape.inference.profile_likelihood import profile_likelihood
from ionscape.inference.result import FitResult
from ionscape.scaleout import make_executor


def main(file: str, processes: int) -> None:
    problem = load_fit(file)
    found: dict[str, FitResult] = {}
    with make_executor(processes=processes) as executor:
        for name in ("least-squares", "profile-likelihood", "mcmc"):
            begin = time.perf_counter()
            if name == "least-squares":
                found[name] = fit(problem)
            elif name == "profile-likelihood":
                found[name] = profile_likelihood(found["least-squares"], executor=executor)
            else:
                found[name] = sample_posterior(found["least-squares"], executor=executor)
            count = found[name].dataset.attrs["simulations"]
            print(f"{name:20s} {time.perf_counter() - begin:7.1f} s, {count} simulations so far")
    base = found["least-squares"].dataset
    for place, name in enumerate(problem.names):
        print(f"{name}: estimate {float(base['estimate'][place]):.5g}")
        for method, result in found.items():
            ends = [float(result.dataset[f"{end}_95"][place]) for end in ("lower", "upper")]
            print(f"    {method:20s} 95 %: {ends[0]:.5g} to {ends[1]:.5g}")
    for name, value in found["mcmc"].dataset.attrs.items():
        if name.startswith("posterior_"):
            print(f"{name}: {value}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2)
