"""The tables of a report: which columns there are, what they say, and which go first where there is no room."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Generic, TypeVar

import attrs

from betamw.logs.summary import BetaRow, EndpointRow, Moment, Percentiles, Summary
from betamw.logs.views.figures import Times, number, seconds, some
from betamw.logs.views.over_time import longer, parts

MOST_ROWS: Final = 50
OVER_TIME: Final = "over time"
WITHOUT_RESENDS: Final = "  without resends"
_Row = TypeVar("_Row")


@attrs.frozen
class Column(Generic[_Row]):
    """A column.

    Attributes:
        title: Its heading, also what styles it.
        cell: What it says of a row; empty where there is nothing to say.
        rank: Where there is no room, the columns of the highest rank go first; those of rank 0 stay.
        right: Whether it is justified to the right, as figures are.
        names: Whether it holds names: they may be long, and go over several lines.
    """

    title: str
    cell: Callable[[_Row], str]
    rank: int = 0
    right: bool = True
    names: bool = False

    @property
    def code(self) -> bool:
        """Whether it is set in code, where there is such a thing."""
        return self.names or self.title == OVER_TIME


@attrs.frozen
class Grid:
    """A table of texts, without columns in which no row says anything.

    Attributes:
        columns: Those that say something.
        rows: One cell for each column.
        left_out: Rows that are not in it.
    """

    columns: tuple[Column[Any], ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: int = 0

    @classmethod
    def of(cls, columns: Sequence[Column[_Row]], rows: Sequence[_Row], left_out: int = 0) -> "Grid":
        """Ask each column of each row."""
        cells = [[column.cell(row) for column in columns] for row in rows[:MOST_ROWS]]
        kept = [place for place in range(len(columns)) if any(row[place] for row in cells)]
        return cls(
            tuple(columns[place] for place in kept),
            tuple(tuple(row[place] for place in kept) for row in cells),
            left_out + len(rows[MOST_ROWS:]),
        )

    def within(self, rank: int) -> "Grid":
        """Without the columns above a rank."""
        kept = [place for place, column in enumerate(self.columns) if column.rank <= rank]
        rows = tuple(tuple(row[place] for place in kept) for row in self.rows)
        return attrs.evolve(self, columns=tuple(self.columns[place] for place in kept), rows=rows)


def betas(summary: Summary, drawn: Callable[[BetaRow], str]) -> Grid:
    """What became of each beta; `drawn` is its line over time."""
    times = Times.between(summary.since, summary.until)
    columns: tuple[Column[BetaRow], ...] = (
        Column("beta", lambda row: row.beta, right=False, names=True),
        Column("asked", lambda row: number(row.asked)),
        Column("by header", lambda row: some(row.requested), 7),
        Column("by override", lambda row: some(row.scoped), 7),
        Column("injected", lambda row: some(row.injected), 4),
        Column("sent", lambda row: number(row.sent)),
        Column("rejected", lambda row: some(row.rejected)),
        Column("remembered", lambda row: some(row.remembered), 1),
        Column("policy", lambda row: some(row.policy), 5),
        Column("substituted", lambda row: some(row.substituted), 5),
        Column("first seen", lambda row: times.short(row.first_seen), 6),
        Column("last seen", lambda row: times.short(row.last_seen), 3),
        Column("catalog", lambda row: row.status or "", 8, right=False),
        Column(OVER_TIME, drawn, 2, right=False),
    )
    return Grid.of(columns, summary.betas, summary.betas_left_out)


def endpoints(summary: Summary) -> Grid:
    """How many calls each endpoint had, and how long they took, with and without resends."""
    with_origin = len({row.origin for row in summary.endpoints}) > 1
    kept = summary.endpoints[: MOST_ROWS // 2]
    lines = [line for row in kept for line in _lines(row, with_origin=with_origin)]
    columns: tuple[Column[_Line], ...] = (
        Column("endpoint", lambda line: line.name, right=False, names=True),
        Column("calls", lambda line: some(line.calls)),
        Column("resends", lambda line: some(line.resends), 3),
        Column("recovered", lambda line: some(line.recovered), 4),
        Column("failed", lambda line: some(line.failed), 1),
        Column("p50", lambda line: line.taken[0]),
        Column("p95", lambda line: line.taken[1]),
        Column("p99", lambda line: line.taken[2], 2),
    )
    return Grid.of(columns, lines, summary.endpoints_left_out + len(summary.endpoints) - len(kept))


@attrs.frozen
class _Line:
    """A line of the endpoints: one endpoint, or below it what it would have been without resends."""

    name: str
    taken: tuple[str, str, str]
    calls: int = 0
    resends: int = 0
    recovered: int = 0
    failed: int = 0


def _lines(row: EndpointRow, *, with_origin: bool) -> Iterator[_Line]:
    name = f"{row.origin}{row.url_template}" if with_origin else row.url_template
    taken, without = _told(row.with_resends), _told(row.without_resends)
    yield _Line(name, taken, row.calls, row.resends, row.recovered, row.failed)
    if taken != without:
        yield _Line(WITHOUT_RESENDS, without)


def _told(taken: Percentiles | None) -> tuple[str, str, str]:
    return (seconds(taken.p50), seconds(taken.p95), seconds(taken.p99)) if taken else ("", "", "")


def timeline(summary: Summary) -> tuple[int, tuple[Moment, ...], Grid]:
    """Outcomes over time, in at most some twenty stretches of so many seconds."""
    size, moments = longer(summary)
    times = Times.between(summary.since, summary.until)
    columns: tuple[Column[Moment], ...] = (
        Column("from", lambda moment: times.of_bucket(moment.start, size), right=False),
        Column("calls", lambda moment: number(sum(parts(moment).values()))),
        Column("recovered", lambda moment: some(moment.recovered), 2),
        Column("rejected", lambda moment: some(moment.rejected), 1),
        Column("error", lambda moment: some(moment.error), 1),
        Column("cancelled", lambda moment: some(moment.cancelled), 4),
        Column("refusals", lambda moment: some(moment.refusals), 3),
    )
    return size, moments, Grid.of(columns, moments)
