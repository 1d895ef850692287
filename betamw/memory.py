"""RejectionMemory: what was learned, with a clock."""

import time
from collections.abc import Callable

import attrs

from betamw.core.memory import Verdicts
from betamw.core.validators import callable_


@attrs.define(eq=False)
class RejectionMemory(Verdicts):
    """Which betas are refused where, so that a lesson is paid for once. Share one between chains to share lessons.

    Attributes:
        remember_for: Seconds that a verdict holds; then one call at a time sends the beta again, to see.
        max_entries: Verdicts kept at most; the least used goes first.
        probe_lease: Seconds after which a probe that never came back is given up.
        clock: The time in seconds; only differences count.

    Raises `ConfigError` for a value out of range.
    """

    clock: Callable[[], float] = attrs.field(default=time.monotonic, validator=callable_)
