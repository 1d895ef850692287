"""From counts to what a report tells."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

import attrs

from betamw.catalog import CATALOG
from betamw.logs.counting.counts import HAPPENINGS, BetaCounts, Counts, EndpointCounts
from betamw.logs.counting.histogram import Histogram
from betamw.logs.counting.timegrid import Window, window
from betamw.logs.findings import STATUSES, findings
from betamw.logs.selection import Selection
from betamw.logs.summary import (
    OUTCOMES,
    BetaRow,
    EndpointRow,
    Headline,
    Moment,
    Outcome,
    SourceRead,
    Summary,
    Unreadable,
    UnreadableLine,
    Violation,
)

_LINES_SHOWN: Final = 5


class Unread(Protocol):
    """Lines that could not be read, for one reason."""

    @property
    def lines(self) -> int:
        """How many."""
        ...

    @property
    def first(self) -> Sequence[tuple[int, str]]:
        """The first few: the number of the line in what was read, from 1, and its beginning."""
        ...


class Read(Protocol):
    """What a reader tells when it has read a file, or a span of one."""

    @property
    def file(self) -> str:
        """As it was given."""
        ...

    @property
    def start(self) -> int:
        """The byte that it begins with."""
        ...

    @property
    def lines(self) -> int:
        """Lines of any kind."""
        ...

    @property
    def events(self) -> int:
        """Lines of ours."""
        ...

    @property
    def problem(self) -> str | None:
        """Why not all could be read."""
        ...

    @property
    def unreadable(self) -> Mapping[str, Any]:
        """Reason -> `Unread`."""
        ...


def when(at: float | None) -> dt.datetime | None:
    """A time as it is told."""
    return None if at is None else dt.datetime.fromtimestamp(at, dt.UTC)


def summary_of(counts: Counts, selection: Selection, readers: Iterable[Read], *, checked: bool) -> Summary:
    """All that a report tells."""
    sources, unreadable = _sources(readers)
    shown = window(counts.events, counts.unit)
    outcomes: dict[Outcome, int] = {outcome: sum(counts.moments[outcome].values()) for outcome in OUTCOMES}
    return Summary(
        sources=sources,
        since=when(counts.first),
        until=when(counts.last),
        headline=Headline(
            calls=counts.calls,
            resends=counts.resends,
            recovered=outcomes["recovered"],
            failed=outcomes["rejected"] + outcomes["error"],
            resend_seconds=counts.resend_microseconds / 1e6,
            resends_saved=counts.resends_saved,
            unreadable=sum(each.lines for each in unreadable),
            untimed=counts.untimed,
        ),
        findings=findings(counts, selection),
        outcomes=outcomes,
        betas=_beta_rows(counts, shown),
        betas_left_out=counts.betas.left_out,
        endpoints=_endpoint_rows(counts),
        endpoints_left_out=counts.endpoints.left_out,
        bucket_seconds=shown.seconds,
        timeline=_timeline(counts, shown),
        unreadable=unreadable,
        violations=_violations(counts) if checked else None,
    )


def _sources(readers: Iterable[Read]) -> tuple[tuple[SourceRead, ...], tuple[Unreadable, ...]]:
    """What was read of each file; spans of one file follow each other, and the lines of the later ones come after."""
    sources: list[SourceRead] = []
    spans: dict[str, Unreadable] = {}
    before: Read | None = None
    for reader in readers:
        same = before is not None and before.file == reader.file and reader.start > 0
        source = sources.pop() if same else SourceRead(file=reader.file, lines=0, events=0)
        for reason, unread in reader.unreadable.items():
            known = spans.get(reason, Unreadable(reason=reason, lines=0, first=()))
            first = (
                UnreadableLine(file=reader.file, line=source.lines + line, excerpt=excerpt)
                for line, excerpt in unread.first
            )
            spans[reason] = attrs.evolve(
                known, lines=known.lines + unread.lines, first=(*known.first, *first)[:_LINES_SHOWN]
            )
        sources.append(
            attrs.evolve(
                source,
                lines=source.lines + reader.lines,
                events=source.events + reader.events,
                problem=source.problem or reader.problem,
            )
        )
        before = reader
    return tuple(sources), tuple(sorted(spans.values(), key=lambda each: (-each.lines, each.reason)))


def _beta_rows(counts: Counts, shown: Window) -> tuple[BetaRow, ...]:
    rows = [_beta_row(key[0], beta, shown) for key, beta in counts.betas.items().items()]
    return tuple(sorted(rows, key=lambda row: (-row.asked, -row.sent, -row.rejected, row.beta)))


def _beta_row(name: str, beta: BetaCounts, shown: Window) -> BetaRow:
    rejected = beta.rejected()
    known = CATALOG.betas.get(name)
    return BetaRow(
        beta=name,
        asked=beta.asked,
        requested=beta.requested,
        scoped=beta.scoped,
        injected=beta.injected,
        sent=sum(beta.sent.values()),
        accepted=beta.standing.accepted,
        rejected=sum(rejected.values()),
        remembered=beta.remembered,
        policy=beta.policy,
        substituted=beta.substituted,
        first_seen=when(beta.first),
        last_seen=when(beta.last),
        last_accepted=when(beta.standing.last_accepted),
        last_rejected=when(beta.last_rejected),
        sent_over_time=shown.of(beta.sent),
        rejected_over_time=shown.of(rejected),
        status=None if known is None else STATUSES.get(known.status),
    )


def _endpoint_rows(counts: Counts) -> tuple[EndpointRow, ...]:
    rows = [
        _endpoint_row(origin, template, endpoint) for (origin, template), endpoint in counts.endpoints.items().items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.calls, row.origin, row.url_template)))


def _endpoint_row(origin: str, template: str, endpoint: EndpointCounts) -> EndpointRow:
    with_resends, without = Histogram(), Histogram()
    with_resends.merge(endpoint.plain, endpoint.resent)
    without.merge(endpoint.plain, endpoint.less_overhead)
    return EndpointRow(
        origin=origin,
        url_template=template,
        calls=endpoint.calls,
        resends=endpoint.resends,
        recovered=endpoint.recovered,
        failed=endpoint.failed,
        with_resends=with_resends.percentiles(),
        without_resends=without.percentiles(),
    )


def _timeline(counts: Counts, shown: Window) -> tuple[Moment, ...]:
    columns = [shown.of(counts.moments[happening]) for happening in HAPPENINGS]
    return tuple(
        Moment(
            start=dt.datetime.fromtimestamp((shown.first + at) * shown.seconds, dt.UTC),
            **dict(zip(HAPPENINGS, row, strict=True)),
        )
        for at, row in enumerate(zip(*columns, strict=True))
    )


def _violations(counts: Counts) -> tuple[Violation, ...]:
    rows = [
        Violation(invariant=key[0], calls=broken.calls, first=tuple(call for _, call in broken.first))
        for key, broken in counts.broken.items().items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.calls, row.invariant)))
