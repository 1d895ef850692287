"""RejectionMemory: what was learned, with a clock, and saved for another day."""

import os
import time
from collections.abc import Callable
from typing import Self

import attrs
from yarl import URL

from betamw.core import memory_file
from betamw.core.memory import Verdicts
from betamw.core.telling import discreet
from betamw.core.validators import callable_
from betamw.middlewares.api import origin_of


def _new_key() -> bytes:
    return os.urandom(memory_file.KEY_BYTES)


@attrs.define(eq=False, field_transformer=discreet)
class RejectionMemory(Verdicts):
    """Which betas are refused where, so that a lesson is paid for once. Share one between chains to share lessons.

    Attributes:
        remember_for: Seconds that a verdict holds; then one call at a time sends the beta again, to see.
        max_entries: Verdicts kept at most, what is about to become one included; the least used goes first.
        probe_lease: Seconds after which a probe that never came back is given up.
        clock: The time in seconds; only differences count.

    Raises `ConfigError` for a value out of range.

    >>> memory = RejectionMemory(remember_for=900.0)
    >>> memory.pin("no-such-beta-2020-01-01", endpoint="/v1/messages")
    >>> again = RejectionMemory.from_json(memory.to_json(), remember_for=900.0)
    >>> [(verdict.beta, verdict.scope.endpoint, verdict.expires_at) for verdict in again.verdicts()]
    [('no-such-beta-2020-01-01', '/v1/messages', inf)]
    >>> again.forget("no-such-beta-2020-01-01")
    1
    """

    clock: Callable[[], float] = attrs.field(
        default=time.monotonic, validator=callable_, on_setattr=attrs.setters.frozen
    )
    hash_key: bytes = attrs.field(init=False, factory=_new_key, repr=False)

    def pin(
        self, beta: str, *, origin: str | URL | None = None, endpoint: str | None = None, model: str | None = None
    ) -> None:
        """Say that a beta is refused: it is left out and never probed, until `forget`, whatever servers answer.

        It goes out where nothing is left out: with a strict policy, or under `override(fallback=False)`.

        Args:
            beta: The beta's name.
            origin: The base URL of an API, as in `Api`; None for any.
            endpoint: A url template of the catalog's, `/v1/files/{file_id}`; `_OTHER` for the paths that it does not
                know; None for all.
            model: The model in the JSON body; None for any, and for none.

        What the fallback must not drop goes out nevertheless. Raises `InvalidBetaError` for a name that cannot stand in
        a header, or may not be told (it looks like a key, or is odd or long), and `ConfigError` for another value that
        cannot be right, and for more than `max_entries` pins.
        """
        where = None if origin is None else origin_of(origin, name="origin")
        super().pin(beta, origin=where, endpoint=endpoint, model=model)

    def to_json(self) -> str:
        """Save verdicts, pins and searches, so that `from_json` need not learn them anew in another process.

        Verdicts keep what is left of their time, by the clock of the day. The text holds no secret: credentials are in
        it as hashes, beside the key for these, so who reads it can tell accounts apart, and find out whether a secret
        that he knows or guesses is one of them. It names your origins, models and betas, too; what looks like a key in
        their place is a hash, or not in it. Keep it like a file of a cache that is yours: readable by nobody else, and
        no loss if it is gone.
        """
        return memory_file.dump(self, self.clock(), time.time())

    @classmethod
    def from_json(
        cls,
        text: str | bytes,
        *,
        remember_for: float = 3600.0,
        max_entries: int = 4096,
        probe_lease: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> Self:
        """Make a memory that goes on where the one was that `to_json` has saved; the settings are not saved.

        A verdict whose time was over meanwhile is there, due for a probe; none holds for longer than `remember_for`
        from now. Raises `ConfigError` that says what is wrong with a text that `to_json` has not written, or with a
        setting; nothing else.
        """
        memory = cls(remember_for, max_entries, probe_lease, clock)
        memory_file.load(text, memory, memory.clock(), time.time())
        return memory
