"""Tasks on a running Dask cluster, which gives a task that a lost worker held to another one."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from ionscape.errors import InputError
from ionscape.provenance import package_version

from .executors import Executor
from .tasks import Outcome, Task, describe, run_task

SECONDS_TO_ANSWER = 10


class DaskExecutor(Executor):
    """A client of a Dask scheduler."""

    def __init__(self, client: Any) -> None:
        """Keep the client (`distributed.Client`)."""
        self._client = client

    def completed(
        self, function: Callable[..., Any], tasks: Sequence[Task], seed: int | None
    ) -> Generator[Outcome, None, None]:
        """See `Executor.completed`."""
        from distributed import as_completed

        # Outcomes are kept by our store alone: a name that is new every time finds nothing in the cluster's memory.
        ensemble = uuid4().hex
        futures: dict[str, Any] = {}
        names: dict[str, str] = {}
        try:
            for number, task in enumerate(tasks):
                name = f"ionscape-{ensemble}-{number}"
                futures[name] = self._client.submit(run_task, function, task, seed, key=name, pure=False)
                names[name] = task.key
            for future in as_completed(list(futures.values()), loop=self._client.loop):
                yield _outcome_of(future, names[future.key])
                # the cluster need not remember it any longer
                futures.pop(future.key).release()
        finally:
            if futures:
                self._client.cancel(list(futures.values()))


@contextmanager
def connect(address: str) -> Generator[Executor]:
    """Give an executor of the cluster whose scheduler has this address; the cluster goes on afterwards.

    Raises:
        InputError: Dask is not installed, the scheduler does not answer, or it or its workers have another version.
    """
    if "://" not in address:
        raise InputError(
            "is not the address of a scheduler", key="scheduler", value=address,
            remedy='give an address such as "tcp://10.0.0.1:8786", or "serial"',
        )  # fmt: skip
    try:
        from distributed import Client
    except ImportError:
        raise InputError(
            "needs Dask, which is not installed", key="scheduler", value=address,
            remedy='install it with `pip install "ionscape[dask]"`',
        ) from None  # fmt: skip
    try:
        client: Any = Client(address, timeout=SECONDS_TO_ANSWER, set_as_default=False)
    except (OSError, ValueError) as error:  # a timeout is an OSError
        raise InputError(
            f"does not answer as a Dask scheduler within {SECONDS_TO_ANSWER} s ({type(error).__name__})",
            key="scheduler", value=address, remedy="give the address that `dask scheduler` prints when it starts",
        ) from None  # fmt: skip
    try:
        _check_versions(client, address)
        yield DaskExecutor(client)
    finally:
        client.close()


def _check_versions(client: Any, address: str) -> None:
    """Scheduler and workers have this package, which both unpack tasks with, in this version."""
    own = package_version()
    remedy = f"install ionscape {own} where the scheduler and the workers run, and start them again"
    try:
        # workers that come later are not asked
        versions = {client.run_on_scheduler(package_version), *client.run(package_version).values()}
    except ImportError:
        raise InputError(
            "has a scheduler or workers without ionscape", key="scheduler", value=address, remedy=remedy
        ) from None
    others = sorted(versions - {own})
    if others:
        raise InputError(
            f"has a scheduler or workers with ionscape {', '.join(others)}",
            key="scheduler", value=address, remedy=remedy,
        )  # fmt: skip


def _outcome_of(future: Any, key: str) -> Outcome:
    try:
        return future.result()
    except (Exception, CancelledError) as error:  # noqa: BLE001 - the cluster lost it for good, which is reported
        return Outcome(key=key, error=describe(error), repeatable=False)
