"""What httpx logs of our requests: links to artifacts must not be written down."""

import logging

import httpx


class _WithoutQueries(logging.Filter):
    """Takes the query off addresses that have one, since a link's token or signature is in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(map(_shown, record.args))
        return True


def _shown(argument: object) -> object:
    if isinstance(argument, httpx.URL) and argument.query:
        return argument.copy_with(query=b"...")
    return argument


_FILTER = _WithoutQueries()


def keep_links_out() -> None:
    """Keep queries of addresses out of the log of httpx, in all of the process."""
    logging.getLogger("httpx").addFilter(_FILTER)  # which it is once, however often it is added
