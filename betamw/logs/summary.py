"""What a report tells, as frozen values: every view is made of a `Summary`, and `--json` is one, written down.

The shape is stable: a field may be added; none changes its meaning or goes while `report_schema` stays.
Times are aware, in UTC; durations are in seconds.
"""

import datetime as dt
from typing import Final, Literal

import attrs

REPORT_SCHEMA: Final = 1

Outcome = Literal["ok", "recovered", "rejected", "error", "cancelled"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("ok", "recovered", "rejected", "error", "cancelled")
Kind = Literal["never_accepted", "refused_since", "clustered", "retired", "superseded", "deprecated", "invalid_input"]
Status = Literal["retired", "superseded", "deprecated"]
Dimension = Literal["endpoint", "model", "origin"]


@attrs.frozen(kw_only=True)
class UnreadableLine:
    """A line that could not be read, to look at.

    Attributes:
        file: As it was given.
        line: Its number in that file, from 1.
        excerpt: Its beginning, escaped and cut; nothing that looks like a key.
    """

    file: str
    line: int
    excerpt: str


@attrs.frozen(kw_only=True)
class Unreadable:
    """Lines that look like ours and could not be read, for one reason; `first` are the first few of them."""

    reason: str
    lines: int
    first: tuple[UnreadableLine, ...]


@attrs.frozen(kw_only=True)
class SourceRead:
    """A file that was read, or could not be.

    Attributes:
        file: As it was given; `-` is standard input.
        lines: Lines of any kind, `events` those that are ours.
        problem: Why nothing of it could be read, or why only a part of it; None where all is well.
    """

    file: str
    lines: int
    events: int
    problem: str | None = None


@attrs.frozen(kw_only=True)
class Headline:
    """The figures at the top.

    Attributes:
        calls: Calls made: events `betamw.request`.
        resends: Sends beyond the first of each call.
        recovered: Calls that were good after a drop.
        failed: Calls that ended `rejected` or `error`.
        resend_seconds: Spent in attempts that were thrown away.
        resends_saved: Calls that memory spared a refusal: something was left out that had been refused before.
        unreadable: Lines that look like ours and could not be read.
        untimed: Calls whose line does not say when.
    """

    calls: int
    resends: int
    recovered: int
    failed: int
    resend_seconds: float
    resends_saved: int
    unreadable: int
    untimed: int


@attrs.frozen(kw_only=True)
class Finding:
    """Something to act on.

    Attributes:
        kind: Which of the few kinds.
        beta: The beta it is about; None for invalid input.
        text: What is the matter and what to do, in one or two sentences.
        calls: How many calls it concerns: the findings are sorted by kind, then by it.
        asked_by: Who asks for the beta, with the number of calls: `request`, `override`, `injected`.
        dimension: Where a finding clusters: on one `endpoint`, `model` or `origin`; `value` is which.
        since: For `refused_since`, when the beta was accepted last.
    """

    kind: Kind
    beta: str | None
    text: str
    calls: int
    asked_by: dict[str, int] = attrs.Factory(dict)
    dimension: Dimension | None = None
    value: str | None = None
    since: dt.datetime | None = None


@attrs.frozen(kw_only=True)
class BetaRow:
    """What became of one beta, in calls.

    Attributes:
        asked: Calls in which somebody wanted it: `requested` in the caller's header, `scoped` by `override(add=...)`,
            `injected` by defaults and endpoint rules (a call may count in several of the three).
        sent: Calls whose last attempt carried it; `accepted` those of them that ended `ok` or `recovered`.
        rejected: Replies that refused it.
        remembered: Calls that left it out because it was refused earlier; `policy` because of a policy.
        substituted: Calls in which another went out in its place.
        sent_over_time: Calls that sent it, one figure for each of `Summary.timeline`.
        rejected_over_time: Replies that refused it, likewise.
        status: What the catalog says of it: `retired`, `superseded`, `deprecated`, None for any other.
    """

    beta: str
    asked: int
    requested: int
    scoped: int
    injected: int
    sent: int
    accepted: int
    rejected: int
    remembered: int
    policy: int
    substituted: int
    first_seen: dt.datetime | None
    last_seen: dt.datetime | None
    last_accepted: dt.datetime | None
    last_rejected: dt.datetime | None
    sent_over_time: tuple[int, ...]
    rejected_over_time: tuple[int, ...]
    status: Status | None


@attrs.frozen(kw_only=True)
class Percentiles:
    """Seconds; each within one percent of the true one, as they are read from a histogram."""

    p50: float
    p95: float
    p99: float


@attrs.frozen(kw_only=True)
class EndpointRow:
    """One endpoint of one origin.

    Attributes:
        origin: `server_address`, with the port if it is not the default.
        with_resends: `duration_s` as the caller saw it; `without_resends` less `resend_overhead_s`: as it would have
            been had nothing been refused. None where no call says how long it took.
    """

    origin: str
    url_template: str
    calls: int
    resends: int
    recovered: int
    failed: int
    with_resends: Percentiles | None
    without_resends: Percentiles | None


@attrs.frozen(kw_only=True)
class Moment:
    """A stretch of time, `Summary.bucket_seconds` long; none is left out between the first and the last."""

    start: dt.datetime
    ok: int
    recovered: int
    rejected: int
    error: int
    cancelled: int
    refusals: int


@attrs.frozen(kw_only=True)
class Violation:
    """An invariant of the events that does not hold; only looked for with `--check`."""

    invariant: str
    calls: int
    first: tuple[str, ...]
    """The `betamw_call` of the first few."""


@attrs.frozen(kw_only=True)
class Summary:
    """All that a report tells.

    Attributes:
        since, until: Of the first and last event that was counted; None where none says when.
        outcomes: Calls by outcome.
        betas: Most asked first; `betas_left_out` more names were seen than are kept.
        endpoints: Most called first; `endpoints_left_out` likewise.
        timeline: Outcomes over time, at most some hundred moments.
        violations: None where nobody asked for them.
    """

    report_schema: int = REPORT_SCHEMA
    sources: tuple[SourceRead, ...]
    since: dt.datetime | None
    until: dt.datetime | None
    headline: Headline
    findings: tuple[Finding, ...]
    outcomes: dict[Outcome, int]
    betas: tuple[BetaRow, ...]
    betas_left_out: int = 0
    endpoints: tuple[EndpointRow, ...]
    endpoints_left_out: int = 0
    bucket_seconds: int
    timeline: tuple[Moment, ...]
    unreadable: tuple[Unreadable, ...]
    violations: tuple[Violation, ...] | None = None
