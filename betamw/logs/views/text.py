"""The report as text: for a terminal of any width, a pipe and a log file."""

from typing import Final

import attrs
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from betamw.logs.summary import Finding, Summary
from betamw.logs.views import sentences, tables
from betamw.logs.views.drawing import fitting, table, width
from betamw.logs.views.escaping import plain
from betamw.logs.views.figures import counted, span
from betamw.logs.views.over_time import ASCII, BLOCKS, PARTS, Glyphs, Part, cells, legend, parts, sparkline
from betamw.logs.views.tables import Grid

_INDENT: Final = 2
_LONG: Final = 1000
_PARTS: Final[dict[Part, str]] = {"ok": "green", "recovered": "yellow", "failed": "red", "cancelled": "blue"}
_LONGEST_SPARKLINE, _SHORTEST_SPARKLINE = 24, 8
_LONGEST_BAR, _SHORTEST_BAR = 48, 14
_GAP: Final = 2


def draw(console: Console, summary: Summary) -> None:
    """Write a report to a console."""
    report = _Report(console, summary, ASCII if console.options.ascii_only else BLOCKS)
    report.headline()
    report.problems()
    report.findings()
    report.betas()
    report.endpoints()
    report.timeline()
    report.unreadable()
    report.violations()


@attrs.frozen
class _Report:
    """The parts of a report, each of which is left out where it has nothing to say."""

    console: Console
    summary: Summary
    glyphs: Glyphs

    def headline(self) -> None:
        for line in sentences.headline(self.summary):
            self._print(Text.assemble(*(self._text(*phrase) for phrase in line)), 0)
        nothing = sentences.without_events(self.summary)
        self._print(self._text(sentences.hint(self.summary) if nothing else sentences.sources(self.summary), "dim"), 0)

    def problems(self) -> None:
        wrong = [source for source in self.summary.sources if source.problem]
        if wrong:
            self._title("Not read, or not whole")
        for source in wrong:
            self._print(Text.assemble(self._text(f"{source.file}: ", "yellow"), self._text(sentences.problem(source))))

    def findings(self) -> None:
        if not self.summary.headline.calls and not self.summary.findings:
            return
        self._title("Act on this")
        if not self.summary.findings:
            self._print(Text(sentences.NOTHING_TO_DO, "green"))
            return
        numbered = Table.grid(padding=(0, 1, 0, 0))
        numbered.add_column(justify="right", style="yellow")
        numbered.add_column(overflow="fold")
        for place, finding in enumerate(self.summary.findings, 1):
            numbered.add_row(f"{place}.", self._finding(finding))
        self._print(numbered)

    def _finding(self, finding: Finding) -> Text:
        text = self._text(finding.text)
        if finding.beta:
            text.highlight_words([self._text(finding.beta).plain], "bold")
        return text.append(sentences.askers(finding), "dim")

    def betas(self) -> None:
        if not self.summary.betas:
            return
        cells = min(max(self.console.width // 6, _SHORTEST_SPARKLINE), _LONGEST_SPARKLINE)
        self._title("Betas")
        shown = self._grid(tables.betas(self.summary, lambda row: sparkline(row, cells, self.glyphs)), "beta")
        if any(column.title == tables.OVER_TIME for column in shown.columns):
            self._print(Text(legend(self.glyphs), "dim"))

    def endpoints(self) -> None:
        if self.summary.endpoints:
            origins = {row.origin for row in self.summary.endpoints}
            self._title("Endpoints", f" of {next(iter(origins))}" if len(origins) == 1 else "")
            self._grid(tables.endpoints(self.summary), "endpoint")

    def timeline(self) -> None:
        if not self.summary.timeline:
            return
        size, moments, grid = tables.timeline(self.summary)
        self._title("Outcomes over time", f", {span(size)} each")
        room = self.console.width - _INDENT
        ascii_only = self.glyphs.ascii_only
        shown, drawn = fitting(self.console, grid, room - _GAP - _SHORTEST_BAR, ascii_only=ascii_only)
        counts = [parts(moment) for moment in moments]
        most = max(sum(each.values()) for each in counts)
        longest = min(max(room - _GAP - width(self.console, drawn), 1), _LONGEST_BAR)
        bars = [self._bar(each, most, longest) for each in counts]
        self._print(table(shown, room, ascii_only=ascii_only, bars=bars))
        seen: list[Part] = [part for part in PARTS if any(each[part] for each in counts)]
        told = ((f"{self.glyphs.part(part)} {part}  ", _PARTS[part]) for part in seen)
        self._print(Text.assemble(*told))
        self._no_room(grid, shown)

    def _bar(self, counts: dict[Part, int], most: int, longest: int) -> Text:
        taken = cells(counts, most, longest)
        return Text.assemble(*((self.glyphs.part(part) * taken[part], _PARTS[part]) for part in PARTS if part in taken))

    def unreadable(self) -> None:
        if self.summary.unreadable:
            self._title("Unreadable lines")
        for unread in self.summary.unreadable:
            self._print(Text.assemble((counted(unread.lines, "line"), "red"), ": ", self._text(unread.reason)))
            for line in unread.first:
                where = self._text(f"{line.file}:{line.line}  ")
                self._print(Text.assemble(where, self._text(line.excerpt, "dim")), 2 * _INDENT)
            if unread.lines > len(unread.first):
                self._print(Text(sentences.left_out(unread.lines - len(unread.first), "line"), "dim"), 2 * _INDENT)

    def violations(self) -> None:
        if self.summary.violations is None:
            return
        self._title("Invariants of the events")
        if not self.summary.violations:
            self._print(Text("All hold.", "green"))
        for violation in self.summary.violations:
            text = Text.assemble((counted(violation.calls, "call"), "red"), ": ", self._text(violation.invariant))
            self._print(text)
            first = sentences.first_calls(violation)
            self._print(self._text(first, "dim"), 2 * _INDENT)

    def _grid(self, grid: Grid, what: str) -> Grid:
        """Print a table, and below it what is not in it for want of room."""
        room = self.console.width - _INDENT
        shown, drawn = fitting(self.console, grid, room, ascii_only=self.glyphs.ascii_only)
        self._print(drawn)
        if grid.left_out:
            self._print(Text(sentences.left_out(grid.left_out, what), "dim"))
        self._no_room(grid, shown)
        return shown

    def _no_room(self, grid: Grid, shown: Grid) -> None:
        missing = [column.title for column in grid.columns if column not in shown.columns]
        if missing:
            self._print(Text(f"no room for: {', '.join(missing)}", "dim"))

    def _text(self, text: str, style: str = "") -> Text:
        return Text(plain(text, ascii_only=self.glyphs.ascii_only, most=_LONG), style)

    def _title(self, title: str, detail: str = "") -> None:
        self.console.print()
        self._print(Text.assemble((title, "bold"), self._text(detail, "dim")), 0)

    def _print(self, what: RenderableType, indent: int = _INDENT) -> None:
        """Print something indented; what is longer than a line is folded, and no line ends in spaces."""
        options = self.console.options.update(max_width=max(self.console.width - indent, 1), overflow="fold")
        for line in self.console.render_lines(what, options, pad=False):
            text = Text.assemble(" " * indent, *((segment.text, segment.style or "") for segment in line))
            text.rstrip()
            self.console.print(text, soft_wrap=True)
