"""What a report says in words."""

from collections.abc import Iterator
from typing import Final

from betamw.logs.reading.fields import MISSING
from betamw.logs.summary import Finding, SourceRead, Summary, Violation
from betamw.logs.views.figures import counted, ends, number, seconds, share

NOTHING_TO_DO: Final = "Nothing to act on."
HINT: Final = (
    "Is it the output of structlog, or of logging? betamw.request is written at level info where a beta was in play, "
    "else at debug, and nowhere before one of the two is configured."
)
BARE: Final = (
    "The formatter of logging writes the event's name alone. It must write the fields in `extra` as well, as one for "
    "JSON does: python-json-logger, or structlog's ProcessorFormatter with ExtraAdder."
)
_ASKERS: Final = {
    "request": "the caller's header",
    "override": "override(add=...)",
    "injected": "the chain's betas and endpoint rules",
}
Phrase = tuple[str, str]
"""Some words, and how they are styled."""


def headline(summary: Summary) -> Iterator[list[Phrase]]:
    """The figures in a sentence or two; none where there are none."""
    told = summary.headline
    if not told.calls:
        yield [(_no_calls(summary), "yellow")]
        return
    good = summary.outcomes.get("ok", 0)
    outcomes: list[Phrase] = [(f"{number(good)} ok", "green"), (f" ({share(good, told.calls)})", "")] if good else []
    for count, word, style in (
        (told.recovered, "recovered", "yellow"),
        (told.failed, "failed", "red"),
        (summary.outcomes.get("cancelled", 0), "cancelled", ""),
    ):
        if count:
            outcomes += [(", ", "")] if outcomes else []
            outcomes.append((f"{number(count)} {word}", style))
    yield [(counted(told.calls, "call"), "bold"), (f"{_when(summary)}: ", ""), *outcomes, (".", "")]
    if cost := " ".join(_cost(summary)):
        yield [(cost, "")]


def _when(summary: Summary) -> str:
    if summary.since is None or summary.until is None:
        return ", none of which says when it was"
    first, last = ends(summary.since, summary.until)
    return f" at {first} UTC" if first == last else f" from {first} to {last} UTC"


def _cost(summary: Summary) -> Iterator[str]:
    told = summary.headline
    cost = []
    if told.resends:
        cost.append(f"{counted(told.resends, 'resend')} took {seconds(told.resend_seconds)}")
    if told.resends_saved:
        cost.append(f"memory spared {counted(told.resends_saved, 'call')} a refusal")
    if cost:
        sentence = "; ".join(cost)
        yield f"{sentence[0].upper()}{sentence[1:]}."
    if told.unreadable:
        yield f"{counted(told.unreadable, 'line')} could not be read."
    if told.untimed and summary.since is not None:
        yield f"{counted(told.untimed, 'call')} without a time."


def _no_calls(summary: Summary) -> str:
    events = sum(source.events for source in summary.sources)
    if events:
        return f"No calls: {counted(events, 'event')} of betamw in the log, and no betamw.request that was selected."
    lines = sum(source.lines for source in summary.sources)
    readable = [source.file for source in summary.sources if source.lines or source.problem is None]
    where = readable[0] if len(readable) == 1 else counted(len(readable), "file")
    return f"No events of betamw in {counted(lines, 'line')} of {where}."


def nothing_read(summary: Summary) -> str:
    """Why there is nothing to report, and what may be the reason: not that all is well."""
    return f"{_no_calls(summary)} {hint(summary)}" if without_events(summary) else _no_calls(summary)


def hint(summary: Summary) -> str:
    """What may be the reason that there are no events."""
    return BARE if any(unreadable.reason == MISSING for unreadable in summary.unreadable) else HINT


def without_events(summary: Summary) -> bool:
    """Whether nothing of ours was found, so that a hint is in place."""
    return not summary.headline.calls and not any(source.events for source in summary.sources)


def askers(finding: Finding) -> str:
    """Who asks for a finding's beta, and in how many calls; empty where nobody is known to."""
    return f" Asked for by {told}." if (told := asked_by(finding)) else ""


def asked_by(finding: Finding) -> str:
    """The same as a list."""
    told = (f"{_ASKERS.get(asker, asker)} ({number(calls)})" for asker, calls in finding.asked_by.items() if calls)
    return ", ".join(told)


def sources(summary: Summary) -> str:
    """What was read, in all."""
    files = counted(len(summary.sources), "file") if len(summary.sources) != 1 else summary.sources[0].file
    lines = sum(source.lines for source in summary.sources)
    events = sum(source.events for source in summary.sources)
    return f"Read {files}: {counted(lines, 'line')}, {counted(events, 'event')} of betamw."


def problem(source: SourceRead) -> str:
    """What is the matter with a source, and what was had of it nevertheless."""
    had = f" ({counted(source.lines, 'line')}, {counted(source.events, 'event')})" if source.lines else ""
    return f"{source.problem}{had}"


def left_out(count: int, what: str) -> str:
    """How many rows of a table are not shown."""
    return f"... and {counted(count, what)} more"


def first_calls(violation: Violation) -> str:
    """The calls in which an invariant does not hold, as far as they are known."""
    rest = violation.calls - len(violation.first)
    return f"betamw_call {', '.join(violation.first)}{f' and {number(rest)} more' if rest > 0 else ''}"
