"""Summaries made by hand, for the tests of what shows them: a realistic one, an empty one, and a hostile one."""

import datetime as dt
from typing import Any

import attrs

from betamw.logs.summary import (
    BetaRow,
    EndpointRow,
    Finding,
    Headline,
    Moment,
    Percentiles,
    SourceRead,
    Summary,
    Unreadable,
    UnreadableLine,
    Violation,
)

START = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
HOURS = 14 * 24 // 6
LONG, FILES, THINKING, MCP = (
    "context-1m-2025-08-07",
    "files-api-2025-04-14",
    "interleaved-thinking-2025-05-14",
    "mcp-client-2025-04-04",
)
HOSTILE = "a|b`c` [red]d[/red] <b>e</b> \x1b[31mf\u202eg *h* @someone \n# i"
"""What would be a markup of everything, were it not escaped."""


def at(hours: float) -> dt.datetime:
    """A time in the log."""
    return START + dt.timedelta(hours=hours)


def beta_row(beta: str, **changes: Any) -> BetaRow:
    """A beta that is asked for in each call's header, and refused by nobody."""
    row = BetaRow(
        beta=beta,
        asked=5600,
        requested=5600,
        scoped=0,
        injected=0,
        sent=5600,
        accepted=5590,
        rejected=0,
        remembered=0,
        policy=0,
        substituted=0,
        first_seen=START,
        last_seen=at(335.9),
        last_accepted=at(335.9),
        last_rejected=None,
        sent_over_time=(100,) * HOURS,
        rejected_over_time=(0,) * HOURS,
        status=None,
    )
    return attrs.evolve(row, **changes)


def endpoint_row(url_template: str, **changes: Any) -> EndpointRow:
    """An endpoint that nothing was sent to twice."""
    row = EndpointRow(
        origin="api.anthropic.com",
        url_template=url_template,
        calls=4100,
        resends=0,
        recovered=0,
        failed=0,
        with_resends=Percentiles(p50=0.6412, p95=1.21, p99=12.94),
        without_resends=Percentiles(p50=0.6412, p95=1.21, p99=12.94),
    )
    return attrs.evolve(row, **changes)


def moment(number: int, **changes: int) -> Moment:
    """The calls of six hours."""
    counts = {"ok": 180, "recovered": 0, "rejected": 0, "error": 0, "cancelled": 0, "refusals": 0} | changes
    return Moment(start=at(6 * number), **counts)


def summary(**changes: Any) -> Summary:
    """Two weeks, with a beta that was retired half-way; `changes` replace parts of it."""
    half = HOURS // 2
    usual = Summary(
        sources=(
            SourceRead(file="app.log", lines=20_412, events=11_034),
            SourceRead(file="app.log.1.gz", lines=3_010, events=1_467, problem="ends in the middle of the gzip data"),
        ),
        since=START,
        until=at(335.9),
        headline=Headline(
            calls=11_204,
            resends=640,
            recovered=598,
            failed=97,
            resend_seconds=192.417,
            resends_saved=2_204,
            unreadable=3,
            untimed=0,
        ),
        findings=(
            Finding(
                kind="refused_since",
                beta=FILES,
                text=f"{FILES} was accepted until 2026-11-08 00:00 and is refused since: take it out of `betas=`.",
                calls=2_802,
                asked_by={"injected": 2_802},
                since=at(168),
            ),
            Finding(
                kind="clustered",
                beta=LONG,
                text=f"{LONG} is refused on /v1/files only: give it an endpoint rule.",
                calls=42,
                asked_by={"request": 42},
                dimension="endpoint",
                value="/v1/files",
            ),
            Finding(kind="invalid_input", beta=None, text="7 calls came with an invalid header.", calls=7),
        ),
        outcomes={"ok": 10_497, "recovered": 598, "rejected": 12, "error": 85, "cancelled": 12},
        betas=(
            beta_row(THINKING, asked=8_400, requested=2_100, injected=8_400, sent=8_400, accepted=8_300),
            beta_row(
                FILES,
                requested=0,
                injected=5600,
                sent=2_798,
                accepted=2_790,
                rejected=598,
                remembered=2_204,
                last_rejected=at(335),
                sent_over_time=(100,) * half + (0,) * half,
                rejected_over_time=(0,) * half + (20,) * half,
                status="retired",
            ),
            beta_row(LONG, asked=1_402, requested=1_002, scoped=400, sent=1_360, accepted=1_350, rejected=42),
            beta_row(MCP, asked=3, requested=3, sent=3, accepted=3, sent_over_time=(0,) * (HOURS - 1) + (3,)),
        ),
        endpoints=(
            endpoint_row(
                "/v1/messages",
                calls=7_104,
                resends=638,
                recovered=597,
                failed=95,
                without_resends=Percentiles(p50=0.61, p95=1.01, p99=9.4),
            ),
            endpoint_row("/v1/files/{file_id}", resends=2, recovered=1, failed=2),
        ),
        bucket_seconds=6 * 3600,
        timeline=tuple(
            moment(number) if number < half else moment(number, ok=150, recovered=21, rejected=1, error=3, refusals=22)
            for number in range(HOURS)
        ),
        unreadable=(
            Unreadable(
                reason="not the whole line is there",
                lines=3,
                first=(
                    UnreadableLine(
                        file="app.log", line=1_034, excerpt='{"betamw_schema": 1, "betamw_call": "c2ce6f...'
                    ),
                    UnreadableLine(file="app.log", line=20_411, excerpt='{"betamw_schema": 1, "http_request_me...'),
                ),
            ),
        ),
    )
    return attrs.evolve(usual, **changes)


def empty(**changes: Any) -> Summary:
    """What is made of a log in which there is nothing of ours."""
    nothing = Summary(
        sources=(SourceRead(file="other.log", lines=1_234, events=0),),
        since=None,
        until=None,
        headline=Headline(
            calls=0,
            resends=0,
            recovered=0,
            failed=0,
            resend_seconds=0.0,
            resends_saved=0,
            unreadable=0,
            untimed=0,
        ),
        findings=(),
        outcomes={"ok": 0, "recovered": 0, "rejected": 0, "error": 0, "cancelled": 0},
        betas=(),
        endpoints=(),
        bucket_seconds=10,
        timeline=(),
        unreadable=(),
    )
    return attrs.evolve(nothing, **changes)


def hostile(name: str = HOSTILE) -> Summary:
    """A summary in which every text comes from somebody who means harm."""
    line = UnreadableLine(file=name, line=1, excerpt=name)
    return summary(
        sources=(SourceRead(file=name, lines=2, events=2, problem=name),),
        findings=(Finding(kind="never_accepted", beta=name, text=name, calls=1, dimension="model", value=name),),
        betas=(beta_row(name),),
        endpoints=(endpoint_row(name, origin=name), endpoint_row(f"{name}2", origin=f"{name}2")),
        unreadable=(Unreadable(reason=name, lines=1, first=(line,)),),
        violations=(Violation(invariant=name, calls=1, first=(name,)),),
    )


VIOLATION = Violation(invariant="the drop lists are disjoint", calls=2, first=("c2ce6f447ed4d57b", "e1988ad9f06c144a"))
