"""Events that somebody who watches wants to read about as they come: refusals, lessons, calls that failed."""

from typing import Final

from betamw.logs.cleaning import cleaned
from betamw.logs.record import CALL, REFUSAL, Record
from betamw.logs.story import Step, answer_of, happened
from betamw.logs.views.figures import counted

_FAILED: Final = frozenset({"rejected", "error"})
_QUIET: Final = frozenset({"betamw.memory.hit", "betamw.memory.expired"})


def note_of(record: Record) -> Step | None:
    """An event in a line of words, that may be shown; None for one that is nothing special."""
    if record.event in _QUIET or (record.event == CALL and record.outcome not in _FAILED):
        return None
    event = cleaned(record)
    at = f"at {event.url_template}"
    if event.event == CALL:
        return Step(
            event.at, event.outcome, f"{answer_of(event)} {at} after {counted(event.attempts, 'attempt')}", "bad"
        )
    if event.event == REFUSAL:
        which = ", ".join(event.betas_rejected) or "a beta, which is not said,"
        then = "sent again" if event.action == "resend" else f"not sent again ({event.reason})"
        return Step(
            event.at,
            "refused",
            f"{which} {at}: {then}; {answer_of(event)} {event.anthropic_request_id or ''}",
            "warning",
        )
    return next((Step(s.at, s.label, f"{s.text} {at}", s.tone) for s in happened(event)), None)
