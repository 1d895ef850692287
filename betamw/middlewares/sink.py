"""Where events go, and that they never fail a call."""

import logging
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVarTuple

import attrs
import structlog

from betamw.core.events import Level, Value

A = TypeVarTuple("A")

LOGGER_NAME: Final = "betamw"
_STANDARD: Final = (logging.Logger, logging.LoggerAdapter)
_LEVELS: Final[dict[Level, int]] = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}

logging.getLogger(LOGGER_NAME).addHandler(logging.NullHandler())


@attrs.define(eq=False)
class Sink:
    """Writes events to the logger it is given, else to structlog if that is configured by then, else to `logging`.

    Attributes:
        logger: A structlog logger or a `logging.Logger`; None to choose when an event is written.
    """

    logger: Any = None
    _structlog: Any = attrs.field(init=False, factory=lambda: structlog.get_logger(LOGGER_NAME))
    _stdlib: logging.Logger = attrs.field(init=False, factory=lambda: logging.getLogger(LOGGER_NAME))
    _warned: bool = attrs.field(init=False, default=False)

    def wants(self, level: Level) -> bool:
        """Whether an event of this level would be written now."""
        try:
            return _enabled(self._choose(), level)
        except Exception as error:  # noqa: BLE001  as in `write`
            self._warn(error)
            return False

    def write(self, name: str, level: Level, fields: Callable[[*A], dict[str, Value]], *of: *A) -> None:
        """Write one event. `fields(*of)` is called only if the logger wants the level; nothing is raised."""
        try:
            logger = self._choose()
            if not _enabled(logger, level):
                return
            if isinstance(logger, _STANDARD):
                logger.log(_LEVELS[level], name, extra=fields(*of))
            else:
                getattr(logger, level)(name, **fields(*of))
        except Exception as error:  # noqa: BLE001  a broken sink is no fault of who makes the call
            self._warn(error)

    def _choose(self) -> Any:
        if self.logger is not None:
            return self.logger
        # `bind` once: each attribute of structlog's lazy proxy assembles a logger anew.
        return self._structlog.bind() if structlog.is_configured() else self._stdlib

    def _warn(self, error: Exception) -> None:
        if not self._warned:
            self._warned = True
            with suppress(Warning):  # under `-W error`
                warnings.warn(
                    f"betamw could not write a log event ({type(error).__name__}); later ones may be lost too",
                    RuntimeWarning,
                    stacklevel=2,
                )


def _enabled(logger: Any, level: Level) -> bool:
    """Whether a logger wants the level, as far as it can tell."""
    enabled = getattr(logger, "is_enabled_for", None) or getattr(logger, "isEnabledFor", None)
    return enabled is None or bool(enabled(_LEVELS[level]))
