"""The table at the end of the demo: what was asked, what was sent, what was dropped and why."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal

import attrs
from rich import box
from rich.table import Table
from rich.text import Text

from betamw.cli.demo_steps import Observed, Step
from betamw.core.beta import Beta

_STYLES: Final = {"yes": "green", "no": "yellow", "ok": "green", "recovered": "yellow"}
_ROOM_FOR_NAMES: Final = 74
_ROOM_FOR_SOURCES: Final = 84
_ROOM_FOR_CALLS: Final = 104


@attrs.frozen(kw_only=True)
class _Line:
    """One beta of a call; what belongs to the whole call stands in its first line."""

    number: int
    step: Step
    seen: Observed
    beta: str | None
    first: bool
    narrow: bool

    def once(self, text: object) -> str:
        return str(text) if self.first else ""

    @property
    def name(self) -> str:
        """The beta; in a narrow table its date stands below its family, so that neither is broken."""
        if self.beta is None:
            return "none"
        parsed = Beta.parse(self.beta)
        return f"{parsed.family}-\n{parsed.date}" if self.narrow and parsed.date else self.beta

    @property
    def sent(self) -> str:
        if self.beta is None or self.seen.usage is None:
            return ""
        return "yes" if self.beta in self.seen.usage.sent else "no"

    @property
    def dropped(self) -> str:
        return self.seen.usage.dropped.get(self.beta or "", "") if self.seen.usage else ""

    @property
    def source(self) -> str:
        return self.seen.usage.sources.get(self.beta or "", "") if self.seen.usage else ""

    @property
    def attempts(self) -> str:
        return self.once(self.seen.usage.attempts if self.seen.usage else len(self.seen.wire))

    @property
    def outcome(self) -> str:
        return self.once(self.seen.usage.outcome if self.seen.usage else "untouched")


@attrs.frozen
class _Column:
    title: str
    cell: Callable[[_Line], str]
    justify: Literal["left", "right"] = "left"
    from_width: int = 0


_COLUMNS: Final = (
    _Column("", lambda line: line.once(line.number), "right"),
    _Column("call", lambda line: line.once(f"{line.step.method} {line.step.path}"), from_width=_ROOM_FOR_CALLS),
    _Column("asked", lambda line: line.name),
    _Column("by", lambda line: line.source, from_width=_ROOM_FOR_SOURCES),
    _Column("sent", lambda line: line.sent),
    _Column("dropped", lambda line: line.dropped),
    _Column("attempts", lambda line: line.attempts, "right"),
    _Column("outcome", lambda line: line.outcome),
)


def table(rows: Sequence[tuple[Step, Observed]], width: int) -> Table:
    """Make the table of all calls, for a console of this width."""
    columns = [column for column in _COLUMNS if width >= column.from_width]
    narrow = width < _ROOM_FOR_NAMES
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 0 if narrow else 1, 0, 0))
    for column in columns:
        drawn.add_column(column.title, justify=column.justify, overflow="fold")
    for number, (step, seen) in enumerate(rows, 1):
        for line in _lines(number, step, seen, narrow=narrow):
            cells = [column.cell(line) for column in columns]
            drawn.add_row(*(Text(cell, _STYLES.get(cell, "")) for cell in cells))
    return drawn


def _lines(number: int, step: Step, seen: Observed, *, narrow: bool) -> Iterator[_Line]:
    for place, beta in enumerate(seen.asked or (None,)):
        yield _Line(number=number, step=step, seen=seen, beta=beta, first=place == 0, narrow=narrow)
