"""Tasks on a running Dask cluster, which gives a task that a lost worker held to another one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any, cast
from uuid import uuid4

from ionscape.errors import InputError
from ionscape.optional import require_extra
from ionscape.provenance import package_version

from .tasks import Executor, LostSchedulerError, Outcome, Task, Tell, describe, run_task, tells

SECONDS_TO_ANSWER = 10
SECONDS_BETWEEN_LOOKS = 5  # at the workers, while no outcome comes

_LOGGERS = ("distributed", "distributed.client", "tornado.application")
_REMEDY = 'give an address such as "tcp://10.0.0.1:8786", or "serial"'


class DaskExecutor(Executor):
    """A client of a Dask scheduler."""

    def __init__(self, client: Any, address: str) -> None:
        """Keep the client (`distributed.Client`) and the address of its scheduler."""
        self._client = client
        self._address = address

    def completed(
        self, function: Callable[..., Any], tasks: Sequence[Task], tell: Tell
    ) -> Generator[Outcome | str, None, None]:
        """See `Executor.completed`."""
        # Outcomes are kept by our store alone: a name that is new every time finds nothing in the cluster's memory.
        ensemble = uuid4().hex
        futures: dict[str, Any] = {}
        names: dict[str, str] = {}
        events: SimpleQueue[Any] = SimpleQueue()
        topic = f"ionscape-{ensemble}" if tells(function) else ""
        try:
            if topic:

                def hear(event: Any) -> None:
                    events.put(tuple(event[1]))  # behind the time of it

                self._client.subscribe_topic(topic, hear)
            for number, task in enumerate(tasks):
                name = f"ionscape-{ensemble}-{number}"
                futures[name] = self._submitted(_run_there, function, task, topic, key=name, pure=False)
                names[name] = task.key
                futures[name].add_done_callback(events.put)
            note = ""
            while futures:
                try:
                    event = events.get(timeout=SECONDS_BETWEEN_LOOKS)
                except Empty:
                    if note != (note := self._why_nothing_comes()):
                        yield note
                    continue
                note = ""
                if isinstance(event, tuple):
                    tell(*cast(tuple[str, Any], event))
                    continue
                yield self._outcome_of(event, names[event.key])
                # the cluster need not remember it any longer
                futures.pop(event.key).release()
        finally:
            if topic and self._client.status == "running":
                self._client.unsubscribe_topic(topic)
            if futures and self._client.status == "running":
                self._client.cancel(list(futures.values()))

    def _submitted(self, *arguments: Any, **options: Any) -> Any:
        from distributed.client import ClosedClientError

        try:
            return self._client.submit(*arguments, **options)
        except ClosedClientError:
            raise self._lost() from None

    def _outcome_of(self, future: Any, key: str) -> Outcome:
        try:
            return future.result()
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - lost for good, which is reported
            # the client cancels all futures when it loses the scheduler, and cannot fetch what had been finished
            if future.status != "error" and isinstance(error, OSError | CancelledError | asyncio.CancelledError):
                raise self._lost() from None
            return Outcome(key=key, error=describe(error), repeatable=False)

    def _why_nothing_comes(self) -> str:
        """A sentence if there are no workers, empty if there are.

        Raises:
            LostSchedulerError: the scheduler has gone.
        """
        if self._client.status != "running":
            raise self._lost()
        try:
            workers = self._client.nthreads()
        except OSError:
            raise self._lost() from None
        if workers:
            return ""
        return f"no workers are connected to {self._address}; start `dask worker {self._address}`"

    def _lost(self) -> LostSchedulerError:
        return LostSchedulerError(f"the connection to the scheduler {self._address} was lost")


def _run_there(function: Callable[..., Any], task: Task, topic: str) -> Outcome:
    """Do a task in a worker, which tells the scheduler what the task tells."""
    from distributed import get_worker

    def tell(key: str, content: Any) -> None:
        get_worker().log_event(topic, (key, content))

    return run_task(function, task, tell)


@contextmanager
def connect(address: str) -> Generator[Executor]:
    """Give an executor of the cluster whose scheduler has this address; the cluster goes on afterwards.

    Raises:
        InputError: Dask is not installed, the scheduler does not answer, or it or its workers have another version.
    """
    if "://" not in address:
        raise InputError("is not the address of a scheduler", key="scheduler", value=address, remedy=_REMEDY)
    require_extra("dask", key="scheduler", value=address)
    from distributed import Client

    with _quiet_loggers():
        if not address.startswith("inproc://"):  # a scheduler in this process is there
            _check_address(address)
            _check_answer(address)
        try:
            client: Any = Client(address, timeout=SECONDS_TO_ANSWER, set_as_default=False)
        except OSError as error:  # a timeout is an OSError
            raise _no_answer(address, error) from None
        try:
            _check_versions(client, address)
            yield DaskExecutor(client, address)
        finally:
            client.close()


@contextmanager
def _quiet_loggers() -> Generator[None]:
    """What goes wrong with the connection is told in one sentence of ours, and not in several of Dask."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _check_address(address: str) -> None:
    """Refuse what is not a scheme, a host and a port, for which a client would wait in vain."""
    from distributed.comm.addressing import get_address_host_port

    try:
        get_address_host_port(address)
    except ValueError:
        raise InputError("is not the address of a scheduler", key="scheduler", value=address, remedy=_REMEDY) from None


def _check_answer(address: str) -> None:
    """Make sure that a scheduler listens, before a client waits without end for the greeting of something else."""
    # a loop of its own in a thread of its own: the caller may be a notebook, whose loop is running
    with ThreadPoolExecutor(1) as thread:
        try:
            kind = thread.submit(asyncio.run, _kind_of_server(address)).result()
        except Exception as error:  # noqa: BLE001 - anything may come from a port that belongs to another program
            raise _no_answer(address, error) from None
    if kind != "Scheduler":
        raise _no_answer(address, None)


async def _kind_of_server(address: str) -> str:
    """What answers: Scheduler, Worker or Nanny."""
    from distributed.comm.core import connect as open_connection
    from distributed.core import send_recv
    from distributed.security import Security

    async def ask() -> str:
        options: dict[str, Any] = Security().get_connection_args("client")
        connection = await open_connection(address, timeout=SECONDS_TO_ANSWER, **options)
        try:
            answer: Any = await send_recv(connection, op="identity")
        finally:
            connection.abort()
        return str(answer["type"])

    return await asyncio.wait_for(ask(), SECONDS_TO_ANSWER)


def _no_answer(address: str, error: Exception | None) -> InputError:
    reason = "" if error is None else f" ({type(error).__name__})"
    return InputError(
        f"does not answer as a Dask scheduler within {SECONDS_TO_ANSWER} s{reason}", key="scheduler", value=address,
        remedy="give the address that `dask scheduler` prints when it starts, and not that of its dashboard",
    )  # fmt: skip


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
