"""`run`: a function and its inputs in, one outcome of each out, the same whoever runs them."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from ionscape.errors import InputError
from ionscape.provenance import package_version, settings_text, text_hash

from .processes import ProcessExecutor
from .store import RunStore
from .tasks import Executor, LostSchedulerError, Outcome, SerialExecutor, Tally, Task, Told

SERIAL = "serial"
"""Name of the scheduler that runs one task after the other in this process."""


def run(
    function: Callable[..., Any],
    inputs: Sequence[tuple[Any, ...]],
    *,
    identity: str,
    shared: tuple[Any, ...] = (),
    executor: Executor | None = None,
    store: RunStore | None = None,
    report: Callable[[Tally], None] | None = None,
) -> list[Outcome]:
    """Call a function once for each input.

    Args:
        function: defined at the top of a module, so that other processes find it; called with `shared` and an input as
            positional arguments. If it has a parameter `report`, it gets there a function that takes plain data, which
            comes as `Tally.told`, wherever it runs.
        inputs: what differs between the calls: numbers, texts, arrays, and tuples, mappings or dataclasses of them.
            Equal inputs have one outcome.
        identity: names everything else on which the outcomes depend. With the input, the name of the function and the
            version of the package it is the name of an outcome in the store.
        shared: the same for all calls; picklable.
        executor: of `make_executor`; None for one call after the other, in this process.
        store: where outcomes are added as they come; inputs that have one there are not run again, unless they failed
            for a reason that may have passed.
        report: called at the start, after every outcome, whenever a task tells something, and when a cluster has no
            workers.

    Returns:
        One outcome per input, in their order. A task that failed has its error there.

    Raises:
        KeyboardInterrupt, SimulationInterrupted: by Ctrl-C; outcomes in the store stay there.
        IonscapeError: the store cannot be written, or the connection to a cluster was lost.
    """
    keys = [outcome_key(function, each, identity=identity) for each in inputs]
    numbers: dict[str, int] = {}
    for number, key in enumerate(keys):
        numbers.setdefault(key, number)
    found = {} if store is None else _settled(store, numbers)
    tally = Tally(
        total=len(numbers),
        finished=len(found),
        failed=sum(outcome.failed for outcome in found.values()),
        resumed=len(found),
    )
    show = report if report is not None else _ignore
    show(tally)
    waiting = [
        Task(key=key, arguments=(*shared, *inputs[number])) for key, number in numbers.items() if key not in found
    ]

    def tell(key: str, content: Any) -> None:
        if key in numbers and key not in found:  # and not the last words of an ensemble before
            show(replace(tally, told=Told(number=numbers[key], content=content)))

    # closed at once when anything interrupts, and not whenever the generator happens to be collected
    with ExitStack() as stack, _naming_what_is_kept(found, len(numbers), store):
        outcomes = (executor if executor is not None else SerialExecutor()).completed(function, waiting, tell)
        stack.callback(outcomes.close)
        for outcome in outcomes:
            if isinstance(outcome, str):
                show(replace(tally, note=outcome))
                continue
            if store is not None:
                store.put(outcome)
            found[outcome.key] = outcome
            failed = tally.failed + outcome.failed
            tally = replace(tally, finished=tally.finished + 1, failed=failed, latest=outcome)
            show(tally)
    return [found[key] for key in keys]


def outcome_key(function: Callable[..., Any], given: tuple[Any, ...], *, identity: str) -> str:
    """Name of the outcome of an input in a store, see `run`.

    Args:
        function: of the task.
        given: its input.
        identity: what else the outcome depends on.
    """
    name = getattr(function, "__name__", "")
    return f"{name} {text_hash(settings_text([package_version(), identity, given]))}"


@contextmanager
def make_executor(
    scheduler: str | None = None, processes: int | None = None, *, executor: Executor | None = None
) -> Generator[Executor]:
    """Give an executor, and end the processes that it has started when the block is left.

    Args:
        scheduler: None for processes on this machine; "serial" for this process alone; or the address of a running
            Dask scheduler, such as "tcp://10.0.0.1:8786" (needs the extra `dask`).
        processes: on this machine; None for one per core that this process may use.
        executor: one that is there already, which is given as it is and goes on afterwards.

    Raises:
        InputError: the scheduler is none of these or does not answer, Dask is not installed, or `processes` is less
            than 1 or given for another machine.
    """
    if executor is not None:
        yield executor
        return
    if processes is not None and processes < 1:
        raise InputError("must be at least 1", key="processes", value=processes)
    if scheduler is not None and processes is not None:
        raise InputError(
            "is for this machine, while the scheduler decides about its own workers",
            key="processes", value=processes, remedy="give one of the two",
        )  # fmt: skip
    if scheduler is not None and scheduler != SERIAL:
        from .cluster import connect

        with connect(scheduler) as cluster:
            yield cluster
        return
    count = processes if processes is not None else available_cores()
    if scheduler == SERIAL or count == 1:
        yield SerialExecutor()
        return
    pool = ProcessExecutor(count)
    try:
        yield pool
    except BaseException:
        pool.close(at_once=True)
        raise
    pool.close()


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _naming_what_is_kept(found: Mapping[str, Outcome], total: int, store: RunStore | None) -> Generator[None]:
    """If the connection to the scheduler is lost, the error says what of the ensemble is left."""
    try:
        yield
    except LostSchedulerError as lost:
        kept = f"kept in {store.folder}, and the same command goes on from there" if store is not None else "not kept"
        raise LostSchedulerError(f"{lost}; {len(found)} of {total} tasks had finished and are {kept}.") from None


def _settled(store: RunStore, keys: Iterable[str]) -> dict[str, Outcome]:
    """Outcomes in the store that another attempt would not change."""
    outcomes = map(store.get, keys)
    return {outcome.key: outcome for outcome in outcomes if outcome is not None and outcome.repeatable}


def _ignore(tally: Tally) -> None:
    del tally
