"""Ensembles of independent tasks: on this machine, in one process or several, or on a Dask cluster."""

from .executors import Executor, ProcessExecutor, SerialExecutor, make_executor
from .store import RunStore
from .tasks import Outcome, Tally, Task, task_generator

__all__ = [
    "Executor",
    "Outcome",
    "ProcessExecutor",
    "RunStore",
    "SerialExecutor",
    "Tally",
    "Task",
    "make_executor",
    "task_generator",
]
