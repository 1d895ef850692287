"""The events of a test, wherever its application logs them, if it does at all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from betamw.core.events import Level, Value
from betamw.middlewares.sink import Sink


@contextmanager
def captured_events() -> Iterator[list[dict[str, Any]]]:
    """Collect what `LoggingMiddleware`s write, of every level, in the shape that structlog renders.

    It is taken where they write it, before any logger: so it depends on no configuration, and changes none. What the
    application logs goes on being logged.
    """
    events: list[dict[str, Any]] = []
    write, wants = Sink.write, Sink.wants

    def capture(self: Sink, name: str, level: Level, fields: Callable[..., dict[str, Value]], *of: Any) -> None:
        told = fields(*of)
        events.append({"event": name, "level": level, **told})
        write(self, name, level, told.copy)

    patched: Any = Sink
    patched.write, patched.wants = capture, lambda *_: True  # else fields that cost something would not be there
    try:
        yield events
    finally:
        patched.write, patched.wants = write, wants
