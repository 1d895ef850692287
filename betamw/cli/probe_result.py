"""What a probe has found out: as a table, as JSON, and as a configuration to paste."""

import json
from collections.abc import Iterator
from typing import Any, Final

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from betamw.cli.probe_request import COUNT_TOKENS, Question
from betamw.core.endpoint import OTHER
from betamw.core.probe.probing import Probe
from betamw.core.telling import holds_key

_VERSION: Final = 1
_STYLES: Final = {"accepted": "green", "refused": "red", "unclear": "yellow"}
_NARROW: Final = 84
_UNKNOWN: Final = "not in the catalog"
_ANYWHERE: Final = frozenset({COUNT_TOKENS, "POST /v1/messages"})
"""What is refused here is refused wherever the model is."""


def table(question: Question, probe: Probe, console: Console) -> RenderableType:
    """The verdicts, and below them what the server said of those that are not accepted."""
    narrow = console.width < _NARROW
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for title in ("beta", "verdict", "how known", *(() if narrow else ("catalog",))):
        grid.add_column(title, overflow="fold")
    notes: dict[str, list[str]] = {}
    for beta in probe.betas:
        finding = probe.finding(beta)
        cells: list[str | Text] = [beta, Text(finding.verdict, _STYLES[finding.verdict]), finding.how]
        grid.add_row(*cells, *(() if narrow else (_status(question, beta) or _UNKNOWN,)))
        if finding.reason:
            notes.setdefault(finding.reason, []).append(beta)
    lines = [Text(f"{_several(betas)}: {reason}", overflow="fold") for reason, betas in notes.items()]
    if probe.clash:
        lines.append(Text(f"Each is accepted, but not all together: {', '.join(probe.clash)}", "yellow"))
    return Group(grid, *lines)


def _several(betas: list[str]) -> str:
    return betas[0] if len(betas) == 1 else f"{betas[0]} and {len(betas) - 1} more"


def as_json(question: Question, probe: Probe, requests: int) -> str:
    """The same as one JSON document; the README says what is in it, and it stays so: new fields may come."""
    found = ((beta, probe.finding(beta)) for beta in probe.betas)
    document: dict[str, Any] = {
        "version": _VERSION,
        "base_url": question.origin,
        "endpoint": question.endpoint,
        "model": question.model,
        "header": question.api.header,
        "required": question.required,
        "requests": requests,
        "at_most": probe.at_most,
        "stopped": probe.stopped or None,
        "not_together": probe.clash,
        "betas": [
            {
                "beta": beta,
                "verdict": finding.verdict,
                "how": finding.how,
                "reason": finding.reason or None,
                "status": _status(question, beta),
            }
            for beta, finding in found
        ],
    }
    return json.dumps(document, indent=2)


def as_toml(question: Question, probe: Probe) -> str:
    """The same as a configuration that never sends what is refused."""
    return "\n".join(_toml(question, probe))


def _toml(question: Question, probe: Probe) -> Iterator[str]:
    yield f"# betamw probe: {question.endpoint}{f' with {question.model}' if question.model else ''}"
    if probe.stopped:
        yield f"# It stopped early: {probe.stopped}"
    yield "[betamw]"
    if holds_key(question.api.base_url[0]):
        yield "# base_url is left out: it holds what looks like a key"
    else:
        yield f"base_url = {json.dumps(question.origin)}"
    if question.api.header.lower() != "anthropic-beta":
        yield f"header = {json.dumps(question.api.header)}"
    for verdict in ("accepted", "unclear"):
        for beta in probe.betas:
            finding = probe.finding(beta)
            if finding.verdict == verdict:
                yield f"# {verdict}: {beta}{f' ({finding.reason})' if finding.reason else ''}"
    if probe.clash:
        yield f"# not together: {', '.join(probe.clash)}"
    for beta in probe.betas:
        if probe.finding(beta).verdict == "refused":
            yield from _pin(question, beta)


def _pin(question: Question, beta: str) -> Iterator[str]:
    if beta in question.required:  # it goes out, pinned or not
        yield f"# refused: {beta}, which {question.endpoint} requires: nothing leaves it out there"
        return
    yield from ("", "[[betamw.pin]]", f"beta = {json.dumps(beta)}", *_where(question))


def _where(question: Question) -> Iterator[str]:
    """Where a refusal holds: for the model that was asked, else for the endpoint."""
    if question.endpoint not in _ANYWHERE and question.template != OTHER:
        yield f"endpoint = {json.dumps(question.template)}"
    if question.model is not None:
        yield f"model = {json.dumps(question.model)}"


def _status(question: Question, beta: str) -> str | None:
    known = question.api.catalog.betas.get(beta)
    return None if known is None else known.status
