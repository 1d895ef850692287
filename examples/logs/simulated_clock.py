"""The time of the sample log: once this is imported, `time.perf_counter` tells it, too."""

import datetime as dt
import time
from typing import Final

import attrs

BEGIN: Final = dt.datetime(2026, 11, 2, tzinfo=dt.UTC)


@attrs.define
class SimulatedClock:
    """Seconds since the first day began; moved by hand."""

    now: float = 0.0

    def __call__(self) -> float:
        """Tell the time as `time.perf_counter` does."""
        return self.now

    def wait_until(self, moment: float) -> None:
        """Let time pass, unless it is later already."""
        self.now = max(self.now, moment)

    @property
    def date(self) -> dt.datetime:
        """The date and time of day."""
        return BEGIN + dt.timedelta(seconds=self.now)


CLOCK: Final = SimulatedClock()
time.__dict__["perf_counter"] = CLOCK
