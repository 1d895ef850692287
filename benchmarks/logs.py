"""How structlog is set up while a contestant runs: it is configured once per process, so each batch sets it up anew."""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

import orjson
import structlog

Setup = Callable[[], None]

DISCARD: Final[BinaryIO] = Path(os.devnull).open("wb")  # noqa: SIM115  as long as the process
"""A real file, written and flushed for each event as a log is; the kernel throws it away."""


def unconfigured() -> None:
    """An application that has configured nothing: events go to `logging`, which wants none of them."""
    structlog.reset_defaults()


def warnings_only() -> None:
    """Set structlog to WARNING: the events of good calls are not written."""
    _configure(logging.WARNING, DISCARD)


def json_lines(file: BinaryIO = DISCARD) -> None:
    """Set structlog up as its page on performance says, with orjson: one line of JSON for each event."""
    _configure(logging.INFO, file)


def everything(file: BinaryIO) -> None:
    """As `json_lines`, with the events of level DEBUG."""
    _configure(logging.DEBUG, file)


def _configure(level: int, file: BinaryIO) -> None:
    structlog.reset_defaults()
    structlog.configure(
        cache_logger_on_first_use=True,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        logger_factory=structlog.BytesLoggerFactory(file=file),
    )
