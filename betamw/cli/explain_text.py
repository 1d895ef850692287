"""How an explanation looks: plain words for a terminal of any width, a pipe and a log file."""

from collections.abc import Iterator
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from betamw.cli.labelled import print_labelled
from betamw.core.endpoint import OTHER
from betamw.core.explanation.values import Asker, ExplainedBeta, Explanation, Facts
from betamw.logs.views.drawing import folded, width

_INDENT: Final = 9
_STYLES: Final = {"yes": "green", "active": "green"}
_WORDS: Final = {"request": "caller", "endpoint": "endpoint", "substitute": "nobody"}


def draw(console: Console, told: Explanation) -> None:
    """Write an explanation to a console."""
    print_labelled(console, "call", _call(told), _INDENT)
    print_labelled(console, "header", _header(console, told), _INDENT)
    if told.body_fields_stripped:
        print_labelled(console, "body", Text(f"without {', '.join(told.body_fields_stripped)}"), _INDENT)
    if told.betas:
        console.print()
        whole = _table(told, narrow=False)
        console.print(whole if width(console, whole) <= console.width else _table(told, narrow=True))
    for beta in told.betas:
        lines = list(_known(beta))
        if lines:
            console.print()
            print_labelled(console, "", Text(beta.name, "bold"), 0)
        for label, text in lines:
            print_labelled(console, f"  {label}", Text(text), _INDENT + 2)
    if told.warnings:
        console.print()
    for finding in told.warnings:
        about = f"{finding.beta}: " if finding.beta else ""
        print_labelled(console, "warning", Text.assemble((about, "yellow"), finding.text), _INDENT)


def _call(told: Explanation) -> Text:
    where = told.url_template
    if where == OTHER:
        where = "(a path that the catalog does not know)"
    words = [told.method, where or "", f"at {told.origin}" if told.origin else "untouched by betamw"]
    if told.model:
        words.append(f"for {told.model}")
    return Text(" ".join(filter(None, words)), "bold")


def _header(console: Console, told: Explanation) -> Text:
    """The header as it goes out; where that is longer than a line, a name in each."""
    if told.header is None:
        return Text(f"no {told.header_name} goes out", "dim")
    line = f"{told.header_name}: {told.header}"
    if len(line) > console.width - _INDENT:
        line = line.replace(": ", ":\n", 1).replace(",", ",\n").replace("\n ", "\n")
    return Text(line, "magenta")


def _table(told: Explanation, *, narrow: bool) -> Table:
    """Who asks for what, and whether it goes out."""
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for title in ("beta", "asked by", "sent", "catalog"):
        drawn.add_column(title, overflow="fold")
    for beta in told.betas:
        by = ", ".join(dict.fromkeys(_WORDS.get(asker.source, asker.source) for asker in beta.sources))
        out = "yes" if beta.sent else f"no, {beta.why_not}"
        status = beta.catalog.status.replace("_", " ") if beta.catalog else "not in it" if told.in_force else ""
        cells = (folded(beta.name) if narrow else beta.name, by, out, status)
        drawn.add_row(*(Text(cell, _STYLES.get(cell, "yellow" if cell is out else "")) for cell in cells))
    return drawn


def _known(beta: ExplainedBeta) -> Iterator[tuple[str, str]]:
    """What there is to say of a beta beside its line in the table."""
    for asker in beta.sources:
        if said := _asked(asker):
            yield "asked", said
    if beta.instead:
        yield "instead", f"{beta.instead} goes out"
    if beta.catalog is not None:
        yield from _facts(beta.catalog)


def _asked(asker: Asker) -> str:
    match asker.source:
        case "endpoint":
            return f"{asker.path} {'requires' if asker.required else 'wants'} it"
        case "substitute":
            return f"goes in the place of {asker.of}"
    return ""


def _facts(facts: Facts) -> Iterator[tuple[str, str]]:
    known = {
        "status": ": ".join(filter(None, (facts.status.replace("_", " "), facts.detail))) if facts.detail else "",
        "newer": ", ".join(facts.newer),
        "opens": "\n".join((*facts.fields, *facts.limits)),
        "for": ", ".join(facts.endpoints),
        "not with": ", ".join(f"{clash.beta} ({clash.path})" for clash in facts.conflicts),
    }
    return ((label, text) for label, text in known.items() if text)
