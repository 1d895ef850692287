"""The report as GitHub-flavoured Markdown: for the summary of a CI job, or a comment.

Facts: in a table a `|` ends a cell in code, too. In a text, GitHub makes links of `@names`, `#1` and URLs whether they
are escaped or not; in code it does not. A character may be written as an entity anywhere but between backticks.
"""

import re
from collections.abc import Iterator
from typing import Final

import attrs

from betamw.logs.summary import Summary
from betamw.logs.views import sentences, tables
from betamw.logs.views.escaping import plain
from betamw.logs.views.figures import counted, span
from betamw.logs.views.over_time import ASCII, BLOCKS, Glyphs, legend, sparkline
from betamw.logs.views.tables import Grid

_LONG: Final = 1000
_SPARKLINE: Final = 14
_PUNCTUATION: Final = re.compile(r"[!-,./:-@\[-`{-~]")
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|~&!^$])")
_BACKTICKS: Final = re.compile(r"`+")
_LIST: Final = re.compile(r"\A(\d*)([-+=.)])")
_CODE: Final = re.compile(r"`([^`]+)`|(\S*(?:@|#\d|://|www\.)\S*)")


def markdown(summary: Summary, *, ascii_only: bool = False) -> str:
    """A report in Markdown; `ascii_only` where it is written to what takes nothing else."""
    glyphs = attrs.evolve(ASCII if ascii_only else BLOCKS, nothing="." if ascii_only else "·")
    return "\n".join(_Markdown(summary, glyphs).lines()) + "\n"


@attrs.frozen
class _Markdown:
    summary: Summary
    glyphs: Glyphs

    def lines(self) -> Iterator[str]:
        yield "## betamw report"
        yield from self._headline()
        if self.summary.headline.calls or self.summary.findings:
            yield from self._findings()
        if self.summary.betas:
            yield from ("", "### Betas", "")
            grid = tables.betas(self.summary, lambda row: sparkline(row, _SPARKLINE, self.glyphs))
            yield from self._table(grid, "beta")
            if any(column.title == tables.OVER_TIME for column in grid.columns):
                yield from ("", self._text(legend(self.glyphs)))
        if self.summary.endpoints:
            yield from ("", "### Endpoints", "")
            yield from self._table(tables.endpoints(self.summary), "endpoint")
        if self.summary.timeline:
            size, _, grid = tables.timeline(self.summary)
            yield from ("", f"### Outcomes over time, {span(size)} each", "")
            yield from self._table(grid, "row")
        yield from self._unreadable()
        yield from self._violations()

    def _headline(self) -> Iterator[str]:
        for line in sentences.headline(self.summary):
            yield ""
            words = ((self._text(words), style) for words, style in line)
            yield "".join(f"**{text}**" if style == "bold" else text for text, style in words)
        nothing = sentences.without_events(self.summary)
        yield from ("", self._text(sentences.hint(self.summary) if nothing else sentences.sources(self.summary)))
        wrong = [source for source in self.summary.sources if source.problem]
        if wrong:
            yield from ("", "### Not read, or not whole", "")
        for source in wrong:
            yield f"- {self._code(source.file)}: {self._text(sentences.problem(source))}"

    def _findings(self) -> Iterator[str]:
        yield from ("", "### Act on this", "")
        if not self.summary.findings:
            yield sentences.NOTHING_TO_DO
        for place, finding in enumerate(self.summary.findings, 1):
            yield f"{place}. {self._paragraph(finding.text + sentences.askers(finding))}"

    def _table(self, grid: Grid, what: str) -> Iterator[str]:
        yield _row([column.title for column in grid.columns])
        yield _row(["---:" if column.right else "---" for column in grid.columns])
        for row in grid.rows:
            yield _row(
                [
                    self._code(text) if column.code and text != tables.WITHOUT_RESENDS else self._text(text)
                    for column, text in zip(grid.columns, row, strict=True)
                ]
            )
        if grid.left_out:
            yield from ("", self._text(sentences.left_out(grid.left_out, what)))

    def _unreadable(self) -> Iterator[str]:
        if self.summary.unreadable:
            yield from ("", "### Unreadable lines", "")
        for unread in self.summary.unreadable:
            yield f"- {counted(unread.lines, 'line')}: {self._text(unread.reason)}"
            for line in unread.first:
                yield f"  - {self._code(f'{line.file}:{line.line}')}: {self._code(line.excerpt)}"

    def _violations(self) -> Iterator[str]:
        if self.summary.violations is None:
            return
        yield from ("", "### Invariants of the events", "")
        if not self.summary.violations:
            yield "All hold."
        for violation in self.summary.violations:
            text = f"{counted(violation.calls, 'call')}: {self._text(violation.invariant)}"
            yield f"- {text} ({self._text(sentences.first_calls(violation))})"

    def _code(self, text: str) -> str:
        """A text in code, where nothing is taken for markup; without backticks where a `|` would end the cell."""
        told = plain(text, ascii_only=self.glyphs.ascii_only)
        if not told or "|" in told:
            return _entities(told)
        fence = "`" * (max(map(len, _BACKTICKS.findall(told)), default=0) + 1)
        between = " " if told[0] in "` " or told[-1] in "` " else ""
        return f"{fence}{between}{told}{between}{fence}"

    def _text(self, text: str) -> str:
        """A text in which what would be markup is escaped; what stands in backticks or would become a link is code."""
        told = plain(text, ascii_only=self.glyphs.ascii_only, most=_LONG)
        pieces, done = [], 0
        for found in _CODE.finditer(told):
            pieces += [_SPECIAL.sub(r"\\\1", told[done : found.start()]), self._code(found[1] or found[2])]
            done = found.end()
        return "".join([*pieces, _SPECIAL.sub(r"\\\1", told[done:])])

    def _paragraph(self, text: str) -> str:
        """A text that begins a paragraph, and must not begin a list."""
        return _LIST.sub(r"\1\\\2", self._text(text.strip()))


def _entities(text: str) -> str:
    escaped = (f"&#{ord(character)};" if _PUNCTUATION.match(character) else character for character in text)
    return f"<code>{''.join(escaped)}</code>" if text else ""


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cell.strip() for cell in cells)} |"
