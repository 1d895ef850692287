"""The tables: as many rows as one looks at; of the rest, how many they are."""

from collections.abc import Sequence
from typing import Any, Final, Generic, TypeVar

import attrs

from betamw.logs.summary import Kind, Outcome, Summary
from betamw.logs.views.figures import Times

MOST_BETAS: Final = 70
MOST_ENDPOINTS: Final = 40
MOST_SOURCES: Final = 30
MOST_FINDINGS: Final = 20
MOST_REASONS: Final = 12
MOST_EXCERPTS: Final = 15
MOST_VIOLATIONS: Final = 12

_Row = TypeVar("_Row")

KINDS: Final[dict[Kind, tuple[str, str]]] = {
    "never_accepted": ("never accepted", "bad"),
    "refused_since": ("refused since", "bad"),
    "clustered": ("refused in one place", "bad"),
    "retired": ("retired", "bad"),
    "superseded": ("superseded", "mild"),
    "deprecated": ("deprecated", "mild"),
    "invalid_input": ("invalid input", "bad"),
}
"""Each kind of finding in words, and how grave it is."""

OUTCOME_WORDS: Final[dict[Outcome, str]] = {
    "ok": "good at the first attempt",
    "recovered": "good after a beta was dropped",
    "rejected": "refused in the end",
    "error": "ended in another error",
    "cancelled": "cancelled by the caller",
}


@attrs.frozen(kw_only=True)
class Part(Generic[_Row]):
    """The first rows of a table, and how many more there are."""

    rows: Sequence[_Row]
    left_out: int


@attrs.frozen(kw_only=True)
class Column:
    """A column of a table: its title, and what of a row stands in it."""

    title: str
    field: str
    hint: str = ""


BETA_COUNTS: Final = (
    Column(title="asked", field="asked", hint="calls in which somebody wanted it"),
    Column(title="by header", field="requested", hint="of them: in the caller's own header"),
    Column(title="by override", field="scoped", hint="of them: by override(add=...)"),
    Column(title="injected", field="injected", hint="of them: by the chain's betas and endpoint rules"),
    Column(title="sent", field="sent", hint="calls whose last attempt carried it"),
    Column(title="accepted", field="accepted", hint="of them: that ended ok or recovered"),
    Column(title="rejected", field="rejected", hint="replies that refused it"),
    Column(title="remembered", field="remembered", hint="calls that left it out because it was refused earlier"),
    Column(title="policy", field="policy", hint="calls that left it out because of a policy"),
    Column(title="substituted", field="substituted", hint="calls in which another went out in its place"),
)
BETA_TIMES: Final = (
    Column(title="first seen", field="first_seen"),
    Column(title="last seen", field="last_seen"),
    Column(title="last accepted", field="last_accepted"),
    Column(title="last rejected", field="last_rejected"),
)
ENDPOINT_COUNTS: Final = (
    Column(title="calls", field="calls"),
    Column(title="resends", field="resends", hint="sends beyond the first of each call"),
    Column(title="recovered", field="recovered", hint="calls that were good after a drop"),
    Column(title="failed", field="failed", hint="calls that ended rejected or error"),
)


def first(rows: Sequence[_Row], most: int, left_out: int = 0) -> Part[_Row]:
    """The first rows; `left_out` more are already missing."""
    return Part(rows=rows[:most], left_out=left_out + max(0, len(rows) - most))


def tables(summary: Summary) -> dict[str, Any]:
    """All that the templates list."""
    excerpts = [(why.reason, line) for why in summary.unreadable for line in why.first]
    sources = sorted(summary.sources, key=lambda source: source.problem is None)  # what went wrong is never cut off
    return {
        "betas": first(summary.betas, MOST_BETAS, summary.betas_left_out),
        "endpoints": first(summary.endpoints, MOST_ENDPOINTS, summary.endpoints_left_out),
        "sources": first(sources, MOST_SOURCES),
        "findings": first(summary.findings, MOST_FINDINGS),
        "excerpts": first(excerpts, MOST_EXCERPTS),
        "reasons": first(summary.unreadable, MOST_REASONS),
        "violations": first(summary.violations or (), MOST_VIOLATIONS),
        "beta_counts": _telling(BETA_COUNTS, summary.betas),
        "beta_times": _telling(BETA_TIMES, summary.betas),
        "endpoint_counts": _telling(ENDPOINT_COUNTS, summary.endpoints),
        "times": Times.between(summary.since, summary.until),
        "with_status": any(row.status for row in summary.betas),
        "kinds": KINDS,
        "outcome_words": OUTCOME_WORDS,
    }


def _telling(columns: Sequence[Column], rows: Sequence[Any]) -> list[Column]:
    """Without the columns in which no row says anything."""
    return [column for column in columns if any(getattr(row, column.field) for row in rows)]
