"""Metrics on a port of their own: reached by the monitoring system, and not by customers.

The server is a thread of `prometheus_client`, which never waits for the requests of customers; what
it gives out is read from the database every few seconds, however often it is asked.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.registry import Collector

from simulacra.service import measures, outages

READ_SECONDS = 10.0

logger = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def serving(
    collector: Collector,
    address: tuple[str, int] | None,
    read: Callable[[], Awaitable[None]] | None = None,
    pause_seconds: float = READ_SECONDS,
) -> AsyncIterator[int | None]:
    """Serve metrics for the body of the statement: `measures`, and those of a collector.

    Args:
        collector: of what is read.
        address: host and port to listen on, 0 for any; None serves nothing.
        read: brings up to date what the collector gives out, if that takes reading.
        pause_seconds: between two readings.

    Yields:
        The port, or None.

    Raises:
        OSError: nothing can listen there.
    """
    if address is None:
        yield None
        return
    host, port = address
    registry = CollectorRegistry()
    registry.register(measures.Own())
    registry.register(collector)
    server, thread = start_http_server(port, host, registry)
    logger.info("metrics are at http://%s:%d/metrics", host, server.server_port)
    tasks = [asyncio.create_task(_keep_reading(read, pause_seconds))] if read is not None else []
    try:
        yield server.server_port
    finally:
        for reading in tasks:
            reading.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(_stop, server, thread)


def _stop(server: WSGIServer, thread: threading.Thread) -> None:
    server.shutdown()
    server.server_close()
    thread.join()


async def _keep_reading(read: Callable[[], Awaitable[None]], pause_seconds: float) -> None:
    while True:
        try:
            await read()
        except outages.ANY as error:
            logger.warning("the state was not read: %s", type(error).__name__)
        except Exception as error:  # noqa: BLE001 - a fault here must not end what it watches
            logger.error("the state was not read: %s", type(error).__name__)  # noqa: TRY400 - the text may quote a value
        await asyncio.sleep(pause_seconds)
