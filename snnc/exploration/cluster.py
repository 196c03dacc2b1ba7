"""Workers for independent tasks: a Dask cluster on this machine, or one that runs already."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from distributed import Client, KilledWorker, LocalCluster, as_completed

from snnc.base.errors import UsageError
from snnc.base.quoting import quote
from snnc.base.version import __version__

CONNECT_SECONDS = 20
T = TypeVar("T")


class Cluster:
    """Runs tasks on workers; what was on a lost worker runs on another."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def run(
        self, function: Callable[[Any], T], tasks: Mapping[str, Any], done: Callable[[str, T], None]
    ) -> list[str]:
        """Apply `function` to every task and hand each result to `done`, with the task's name, as soon as it
        is there. Returns the names of tasks whose workers died each time.

        Raises the first error that a task raised; the results that came before are handed over.
        """
        futures = {
            self.client.submit(function, task, key=f"snnc-{function.__name__}-{name}", pure=False): name
            for name, task in tasks.items()
        }
        lost = []
        for future in as_completed(futures):
            error = future.exception()
            if isinstance(error, KilledWorker):
                lost.append(futures[future])
            elif error is not None:
                self.client.cancel(list(futures), force=True)
                raise error
            else:
                done(futures[future], future.result())
                future.release()
        return lost


@contextmanager
def workers(scheduler: str | None = None, count: int | None = None) -> Iterator[Cluster]:
    """The cluster at the address `scheduler`, or one of `count` processes here, one per core by default.

    Raises UsageError where nothing answers or where workers have another version of snnc. Whoever can reach a
    Dask scheduler can run anything on its workers: it belongs into a network of people who trust each other.
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    if scheduler is None:
        with (
            LocalCluster(
                n_workers=count or os.cpu_count() or 1,
                threads_per_worker=1,
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
            ) as cluster,
            Client(cluster) as client,
        ):
            yield Cluster(client)
        return
    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS)
    except (OSError, TimeoutError, ValueError) as error:
        raise UsageError(f"no scheduler answers at {quote(scheduler)}: {error}") from None
    with client:
        _require_workers(client)
        yield Cluster(client)


def version() -> str:
    """The version of snnc where it is called."""
    return __version__


def _require_workers(client: Any) -> None:
    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        found = set(client.run(version).values())
    except TimeoutError:
        raise UsageError("the scheduler has no workers", hint="`dask worker ADDRESS` starts one") from None
    except ModuleNotFoundError as error:
        raise UsageError(f"workers lack a module: {error.name}") from None
    if found != {__version__}:
        raise UsageError(f"workers have snnc {', '.join(sorted(found))}, this is {__version__}")
