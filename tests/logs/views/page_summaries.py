"""Summaries to make pages of, beside those of `logs.summaries`: the largest there is, and what is odd."""

import datetime as dt
from functools import cache

import attrs
from logs.summaries import START, at, beta_row, empty, endpoint_row, summary

from betamw.logs.summary import (
    OUTCOMES,
    Finding,
    Moment,
    Percentiles,
    SourceRead,
    Summary,
    Unreadable,
    UnreadableLine,
    Violation,
)

HOUR, DAY = 3600, 86400
_MILLION = 10**6
_LAST = dt.datetime(9999, 12, 31, 23, tzinfo=dt.UTC)


def timeline(*counts: tuple[int, ...], seconds: int = HOUR, start: dt.datetime = START) -> tuple[Moment, ...]:
    """Moments with so many calls of each outcome, one after the other."""
    step = dt.timedelta(seconds=seconds)
    return tuple(
        Moment(start=start + place * step, refusals=0, **dict(zip(OUTCOMES, each, strict=True)))
        for place, each in enumerate(counts)
    )


@cache
def maximal() -> Summary:
    """A million calls of everything: all lists full, all names as long as they may be, nothing zero."""
    buckets = 200
    betas = [f"{place:04}-{'abcdefghij-' * 12}"[:128] for place in range(200)]
    others = [f"/{place:04}{'/<ab>&cdefghij' * 12}"[:128] for place in range(100)]
    over_time = tuple(_MILLION + (7919 * place) % 99_991 for place in range(buckets))
    seen = dict.fromkeys(("first_seen", "last_seen", "last_accepted", "last_rejected"), at(24 * buckets))
    counts = ("asked", "requested", "scoped", "injected", "sent", "accepted", "rejected", "remembered", "policy")
    slow = Percentiles(p50=1.23456, p95=23.4567, p99=345.678)
    some = summary()
    return summary(
        sources=tuple(SourceRead(file=name, lines=_MILLION, events=_MILLION, problem=name) for name in others),
        until=at(24 * buckets),
        headline=attrs.evolve(some.headline, **dict.fromkeys(attrs.asdict(some.headline), _MILLION)),
        findings=tuple(
            Finding(
                kind="clustered",
                beta=name,
                text=f"{name}: {'It is refused here and accepted there. ' * 10}",
                calls=_MILLION,
                asked_by=dict.fromkeys(("request", "override", "injected"), _MILLION),
                dimension="model",
                value=name,
                since=START,
            )
            for name in betas
        ),
        betas=tuple(
            beta_row(
                name,
                **dict.fromkeys((*counts, "substituted"), 9 * _MILLION),
                **seen,
                sent_over_time=over_time[place:] + over_time[:place],
                rejected_over_time=over_time,
                status="superseded",
            )
            for place, name in enumerate(betas)
        ),
        betas_left_out=12,
        endpoints=tuple(
            endpoint_row(
                name,
                origin=name,
                **dict.fromkeys(("calls", "resends", "recovered", "failed"), _MILLION),
                with_resends=slow,
                without_resends=slow,
            )
            for name in others
        ),
        bucket_seconds=DAY,
        timeline=timeline(*(tuple(count + 13 * place for place in range(5)) for count in over_time), seconds=DAY),
        unreadable=tuple(
            Unreadable(
                reason=f"reason {name}",
                lines=_MILLION,
                first=tuple(UnreadableLine(file=name, line=_MILLION, excerpt=name) for _ in range(5)),
            )
            for name in others
        ),
        violations=tuple(Violation(invariant=name, calls=_MILLION, first=(name,) * 5) for name in others),
    )


def _only(*counts: int, seconds: int = HOUR) -> Summary:
    """A log of calls that all were made at once, without a beta."""
    outcomes = dict(zip(OUTCOMES, counts, strict=True))
    return empty(
        since=START,
        until=START,
        headline=attrs.evolve(empty().headline, calls=sum(counts), failed=counts[2] + counts[3]),
        outcomes=outcomes,
        bucket_seconds=seconds,
        timeline=timeline(counts, seconds=seconds),
        endpoints=(endpoint_row("_OTHER", calls=sum(counts), with_resends=None, without_resends=None),),
    )


def odd() -> dict[str, Summary]:
    """What is at the edge of what there is."""
    nothing = Percentiles(p50=0.0, p95=0.0, p99=0.0)
    return {
        "no sources": empty(sources=()),
        "no events": empty(),
        "one call": _only(1, 0, 0, 0, 0),
        "all failed": _only(0, 0, 5, 7, 0),
        "a bucket of no length": _only(1, 0, 0, 0, 0, seconds=0),
        "no times": summary(since=None, until=None, timeline=(), betas=(beta_row("a-2025-01-01", sent_over_time=()),)),
        "no betas": summary(betas=()),
        "never sent": summary(
            betas=(beta_row("a-2025-01-01", sent_over_time=(0,) * 56, rejected_over_time=(0,) * 55 + (1,), rejected=1),)
        ),
        "no duration": summary(endpoints=(endpoint_row("/", with_resends=nothing, without_resends=nothing),)),
        "the end of time": summary(since=_LAST, until=_LAST, timeline=timeline((1, 1, 1, 1, 1), start=_LAST)),
        "invariants hold": summary(violations=()),
        "long names": maximal(),
    }
