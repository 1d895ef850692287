"""The errors that betamw raises of its own: all of them at construction, none on the request path."""

from collections.abc import Iterator
from contextlib import contextmanager


class BetaError(Exception):
    """The base of every error that betamw raises of its own."""


class ConfigError(BetaError, ValueError):
    """A setting is not usable; the text says which, what was given and what is allowed."""


class InvalidBetaError(BetaError, ValueError):
    """A beta name cannot stand in a header; the text names it safely (escaped and cut)."""


@contextmanager
def at(place: str) -> Iterator[None]:
    """Say in the text of an error where it is."""
    try:
        yield
    except BetaError as error:
        msg = f"{place}: {error}"
        raise ConfigError(msg) from None
