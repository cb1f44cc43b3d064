"""Ensembles of independent tasks: on this machine, in one process or several, or on a Dask cluster."""

from .ensemble import make_executor, outcome_key, run
from .processes import ProcessExecutor
from .store import RunStore
from .tasks import Executor, Outcome, SerialExecutor, Tally, Told

__all__ = [
    "Executor",
    "Outcome",
    "ProcessExecutor",
    "RunStore",
    "SerialExecutor",
    "Tally",
    "Told",
    "make_executor",
    "outcome_key",
    "run",
]
