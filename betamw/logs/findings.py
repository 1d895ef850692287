"""Act on this."""

from betamw.logs.counting.counts import Counts
from betamw.logs.selection import Selection
from betamw.logs.summary import Finding, Status

STATUSES: dict[str, Status] = {"retired": "retired", "superseded": "superseded", "deprecated": "deprecated"}


def findings(counts: Counts, selection: Selection) -> tuple[Finding, ...]:
    """What to act on, the most urgent first."""
    return ()
