"""`override`: what a piece of code wants of the calls it makes."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Final

import attrs

from betamw.core.beta import validated_all
from betamw.core.errors import ConfigError
from betamw.core.events import loggable
from betamw.core.header import union
from betamw.core.telling import discreet, shown


@attrs.frozen(field_transformer=discreet)
class Override:
    """What is in force for a call."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    fallback: bool | None = None


NONE: Final = Override()
in_force: Final[ContextVar[Override]] = ContextVar("betamw_override", default=NONE)


def override(
    *, add: Iterable[str] = (), remove: Iterable[str] = (), fallback: bool | None = None
) -> AbstractContextManager[None]:
    """Change the betas of the calls made inside a `with` block, in this task and in those it starts.

        with betamw.override(add=["files-api-2025-04-14"], remove=["context-1m-2025-08-07"]):
            await session.post(...)

    Args:
        add: Betas that go out too, after those of the caller's header.
        remove: Betas that do not go out, whoever asks for them.
        fallback: False: what is refused stays refused, nothing is left out or resent. True undoes an outer False.

    `MergeMiddleware` reads `add` and `remove`, `FallbackMiddleware` reads `fallback`: a chain without them does
    neither. What is removed is gone even where the endpoint requires it. A block is entered once, and is no decorator.

    Blocks nest, and the inner one wins. Raises, where it is called, `InvalidBetaError` for a name that is none, and
    `ConfigError` for a bare string, a beta that is both added and removed, or another `fallback`.
    """
    change = Override(
        validated_all(add, where="add of override"), validated_all(remove, where="remove of override"), fallback
    )
    if both := sorted(set(change.add).intersection(change.remove)):
        msg = f"override cannot both add and remove a beta, got {', '.join(loggable(tuple(both)))} in both"
        raise ConfigError(msg)
    if fallback is not None and not isinstance(fallback, bool):
        msg = f"fallback must be True, False or None, got {shown(fallback)}"
        raise ConfigError(msg)
    return _put_in_force(change)


@contextmanager
def _put_in_force(change: Override) -> Iterator[None]:
    outer = in_force.get()
    inner = Override(
        add=union((beta for beta in outer.add if beta not in change.remove), change.add),
        remove=union((beta for beta in outer.remove if beta not in change.add), change.remove),
        fallback=outer.fallback if change.fallback is None else change.fallback,
    )
    token = in_force.set(inner)
    try:
        yield
    finally:
        in_force.reset(token)
