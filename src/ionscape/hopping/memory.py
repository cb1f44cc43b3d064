"""Whether a large lattice fits into the memory that is free, before the machine runs out of it."""

from __future__ import annotations

from pathlib import Path

from ionscape.errors import InputError

LANDSCAPE_BYTES = 20
"""Of a site, while a landscape is made."""
PATH_BYTES = 32
"""Of a link, while the bottleneck of the best path is sought."""
NETWORK_BYTES = 130
"""Of a link that is kept, while its network is solved."""
WORTH_A_LOOK = 5e8
"""Bytes below which nobody asks."""


def check_memory(need: float, what: str) -> None:
    """Refuse what takes more memory than is free.

    Args:
        need: further bytes; see `benchmarks/big_lattices.py`.
        what: takes them.

    Raises:
        InputError: it does.
    """
    if need < WORTH_A_LOOK:
        return
    free = free_memory()
    if need > free:
        raise InputError(
            f"is too large: {what} would take {need / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free",
            key="lattice", remedy="take a smaller lattice, or a machine with more memory",
        )  # fmt: skip


def free_memory() -> float:
    """Memory that programs can have without swapping [bytes]; infinite where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(1024.0 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return float("inf")
