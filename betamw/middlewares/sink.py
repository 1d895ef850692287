"""Where events go, and that they never fail a call."""

import asyncio
import logging
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVarTuple

import attrs
import structlog

from betamw.core.errors import ConfigError
from betamw.core.events import Level, Value
from betamw.core.telling import discreet, shown

A = TypeVarTuple("A")

LOGGER_NAME: Final = "betamw"
_FAULTS: Final = (Exception, asyncio.CancelledError)
"""A broken sink is no fault of who makes the call. It never waits, so that no cancellation of the call gets here."""

_LEVELS: Final[dict[Level, int]] = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}

logging.getLogger(LOGGER_NAME).addHandler(logging.NullHandler())


def _can_log(_instance: object, _attribute: object, logger: object) -> None:
    kind = type(logger)
    if logger is not None and not hasattr(kind, "info") and not hasattr(kind, "__getattr__"):
        msg = f"logger must be a structlog logger, a logging.Logger or None, got {shown(logger)}"
        raise ConfigError(msg)


@attrs.define(eq=False, field_transformer=discreet)
class Sink:
    """Writes events to the logger it is given, else to structlog if that is configured by then, else to `logging`.

    Attributes:
        logger: A structlog logger or a `logging.Logger`; None to choose when an event is written.
    """

    logger: Any = attrs.field(default=None, validator=_can_log)
    _structlog: Any = attrs.field(init=False, factory=lambda: structlog.get_logger(LOGGER_NAME))
    _stdlib: logging.Logger = attrs.field(init=False, factory=lambda: logging.getLogger(LOGGER_NAME))
    _warned: bool = attrs.field(init=False, default=False)

    def wants(self, level: Level) -> bool:
        """Whether an event of this level would be written now."""
        try:
            return self._logger_for(level) is not None
        except _FAULTS as error:
            self._warn(error)
            return False

    def write(self, name: str, level: Level, fields: Callable[[*A], dict[str, Value]], *of: *A) -> None:
        """Write one event. `fields(*of)` is called only if the logger wants the level; nothing is raised."""
        try:
            logger = self._logger_for(level)
            if logger is None:
                return
            if isinstance(logger, logging.LoggerAdapter):  # it would put its own `extra` in place of ours
                message, more = logger.process(name, {})
                extra = {**(more.get("extra") or {}), **fields(*of)}
                logger.logger.log(_LEVELS[level], message, extra=extra)
            elif isinstance(logger, logging.Logger):
                logger.log(_LEVELS[level], name, extra=fields(*of))
            else:
                getattr(logger, level)(name, **fields(*of))
        except _FAULTS as error:
            self._warn(error)

    def _logger_for(self, level: Level) -> Any:
        """The logger to write to; None where it does not want the level, as far as it can tell."""
        logger: Any = self.logger
        if logger is None:
            logger = self._structlog if structlog.is_configured() else self._stdlib
        # `bind` once: each attribute of structlog's lazy proxy assembles a logger anew.
        if hasattr(type(logger), "bind"):
            logger = logger.bind()
        # Asked of its class: structlog's generic BoundLogger has every attribute, as a way to log.
        kind = type(logger)
        enabled = getattr(kind, "is_enabled_for", None) or getattr(kind, "isEnabledFor", None)
        return logger if enabled is None or enabled(logger, _LEVELS[level]) else None

    def _warn(self, error: BaseException) -> None:
        if not self._warned:
            self._warned = True
            with suppress(Exception):  # under `-W error`, or where nobody can write to stderr any more
                warnings.warn(
                    f"betamw could not write a log event ({type(error).__name__}); later ones may be lost too",
                    RuntimeWarning,
                    stacklevel=2,
                )
