"""The story of one call, out of its events: what was wanted, what went out, how it was answered, how it ended.

Facts: `betamw.request` is written last, and says how long the call took: so when it began. The events between say when
a reply was refused or something was learned. When an attempt went out nobody says: at once after the reply before it.
Events of level debug (`betamw.memory.hit`) may not be in the log; what they say is then taken from `betamw.request`.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

import attrs

from betamw.core.events import Ruling
from betamw.logs.record import CALL, REFUSAL, Names, Record
from betamw.logs.views.figures import counted, seconds

Tone = Literal["plain", "good", "warning", "bad"]

_WHY_NOT: Final[Mapping[Ruling | str | None, str]] = {
    "fallback_off": "the fallback is turned off",
    "max_resends": "no resend is left (max_resends)",
    "unnamed": "the reply does not say which, and the policy is not to guess (on_unnamed)",
    "required": "the beta is required",
    "source_not_droppable": "who asks for the beta wants it kept (droppable_sources)",
    "body_not_replayable": "the body cannot be sent a second time",
    "paired_field": "the body uses a field that needs the beta (paired_fields)",
    "strict": "the policy is strict",
    "hook": "on_rejection said so",
}
_ENDS: Final[Mapping[str, tuple[str, Tone]]] = {
    "ok": ("ok", "good"),
    "recovered": ("recovered", "good"),
    "rejected": ("rejected: the caller got the refusal", "bad"),
    "error": ("error", "bad"),
    "cancelled": ("cancelled by the caller", "warning"),
}
_REPROBED: Final = {
    "accepted": "accepted: forgotten as a lesson",
    "refused": "refused as before",
    "unknown": "no answer that says so: left to the next call",
}


@attrs.frozen
class Step:
    """Something in the story of a call.

    Attributes:
        at: When, in seconds since 1970; None where no event says.
        label: What kind of thing, in a word or two.
        text: What, in words.
        tone: How it bodes.
    """

    at: float | None
    label: str
    text: str
    tone: Tone = "plain"


@attrs.frozen(kw_only=True)
class Story:
    """One call.

    Attributes:
        call: Its `betamw_call`.
        began: When it began, as far as its events tell.
        events: Its events, in order.
        steps: What happened, in order.
    """

    call: str
    began: dt.datetime | None
    events: tuple[Record, ...]
    steps: tuple[Step, ...]


def story_of(events: Sequence[Record]) -> Story:
    """The story that a call's events tell, which are given in order."""
    ends = [event for event in events if event.event == CALL]
    end = ends[-1] if ends else None
    times = [event.at for event in events if event.at is not None]
    if end is not None and end.at is not None and 0 <= (end.duration_s or 0.0) <= end.at:
        times.append(end.at - (end.duration_s or 0.0))
    began = min(times, default=None)
    steps = (
        *_opening(events[0], end, began),
        *_meanwhile(events, end),
        *(_closing(events, end) if end is not None else [_NO_END]),
    )
    when = None if began is None else dt.datetime.fromtimestamp(began, dt.UTC)
    return Story(call=events[0].betamw_call, began=when, events=tuple(events), steps=steps)


_NO_END: Final = Step(
    None, "end", "not in these logs: the call is still under way, or betamw.request went elsewhere", "warning"
)


def _listed(names: Names) -> str:
    return ", ".join(names)


def _opening(first: Record, end: Record | None, began: float | None) -> Iterator[Step]:
    """Where the call went, and who wanted what."""
    told = end or first
    port = "" if told.server_port is None else f":{told.server_port}"
    words = [told.http_request_method, told.url_template, f"at {told.server_address}{port}"]
    if told.gen_ai_request_model:
        words.append(f"for {told.gen_ai_request_model}")
    if told.sdk_retry_count:
        words.append(f"(retry {told.sdk_retry_count} of the SDK's own)")
    yield Step(began, "call", " ".join(filter(None, words)))
    if end is None:
        return
    wanted = [
        ("by the caller", end.betas_requested),
        ("by override", end.betas_scoped),
        ("by the chain", end.betas_injected),
    ]
    if not any(betas for _, betas in wanted):
        yield Step(None, "wanted", "no beta, by anybody")
    yield from (Step(None, "wanted", f"{by}: {_listed(betas)}") for by, betas in wanted if betas)
    if end.betas_dropped_policy:
        yield Step(None, "left out", f"{_listed(end.betas_dropped_policy)}: {_POLICY}")


_POLICY: Final = "by policy (remove=, or a conflict)"


def _meanwhile(events: Sequence[Record], end: Record | None) -> Iterator[Step]:
    """What happened until the last reply."""
    hits = {beta for event in events if event.event == "betamw.memory.hit" for beta in event.betas}
    if end is not None and (silent := tuple(b for b in end.betas_dropped_remembered if b not in hits)):
        yield Step(None, "left out", f"{_listed(silent)}: {_REMEMBERED}")
    sent: dict[int | None, Names] = {event.attempt: event.betas_sent for event in events if event.event == REFUSAL}
    if end is not None:
        sent.setdefault(end.attempts, end.betas_sent)
    shown = last = 0
    for event in events:
        if event.event == REFUSAL:
            last = until = event.attempt or last + 1
        else:  # what is learned, is learned from the reply to the next attempt
            until = last + 1 if event.event in _LESSONS else shown
        yield from _went_out(shown, until, sent)
        shown = max(shown, until)
        yield from _refused(event, sent) if event.event == REFUSAL else happened(event)
    if end is not None:
        yield from _went_out(shown, end.attempts, sent)


_REMEMBERED: Final = "because of what an earlier call was refused for (memory)"
_LESSONS: Final = frozenset({"betamw.memory.learned", "betamw.memory.reprobed"})
_MOST_UNSEEN: Final = 20


def _went_out(shown: int, until: int, sent: Mapping[int | None, Names]) -> Iterator[Step]:
    """The attempts after those that are shown; a wrong number in a log makes no endless story."""
    for number in range(max(shown, until - _MOST_UNSEEN) + 1, until + 1):
        if (betas := sent.get(number)) is None:
            yield Step(
                None, f"attempt {number}", "what it carried and how it was answered is not in these logs", "warning"
            )
        else:
            yield Step(None, f"attempt {number}", f"went out with {_listed(betas) or 'no beta'}")


def _refused(event: Record, sent: Mapping[int | None, Names]) -> Iterator[Step]:
    """A refusal, and what became of it."""
    which = _listed(event.betas_rejected) or "a beta, without saying which"
    details = [f"rule {event.rejection_rule}" if event.rejection_rule else "", event.anthropic_request_id or ""]
    told = ", ".join(filter(None, details))
    text = f"{answer_of(event)} refuses {which}{f' ({told})' if told else ''}"
    yield Step(event.at, "refused", text.lstrip(), "warning")
    if event.action == "resend":
        yield Step(None, "then", _resent(event.betas_sent, sent.get((event.attempt or 0) + 1)))
    else:
        why = _WHY_NOT.get(event.reason, event.reason or "for no reason that is told")
        yield Step(None, "then", f"not sent again: {why}", "bad")


def _resent(before: Names, after: Names | None) -> str:
    if after is None:
        return "sent again"
    gone = tuple(beta for beta in before if beta not in after)
    new = tuple(beta for beta in after if beta not in before)
    words = [f"without {_listed(gone)}" if gone else "", f"with {_listed(new)}" if new else ""]
    return f"sent again {' and '.join(filter(None, words))}".rstrip()


def happened(event: Record) -> Iterator[Step]:
    """An event that is neither a call nor a refusal, in words."""
    betas = _listed(event.betas)
    match event.event:
        case "betamw.memory.hit":
            yield Step(event.at, "left out", f"{betas}: {_REMEMBERED}")
        case "betamw.memory.expired":
            yield Step(event.at, "tried again", f"{betas}: refused earlier, and that is long enough ago")
        case "betamw.memory.learned":
            ttl = "" if event.ttl_s is None else f" for {seconds(event.ttl_s)}"
            yield Step(event.at, "learned", f"{betas}: refused, so left out from now on{ttl}")
        case "betamw.memory.reprobed":
            yield Step(event.at, "found", f"{betas}: {_REPROBED.get(event.result or '', event.result or 'no result')}")
        case "betamw.input.invalid":
            what = f"a name of {event.length} characters" if event.length is not None else "a name"
            yield Step(event.at, "invalid", f"{what} in the caller's header cannot be a beta: left out", "warning")
        case "betamw.hook.failed":
            told = f"{event.hook or 'a hook'} raised {event.error_type or 'an exception'}: passed over"
            yield Step(event.at, "hook", told, "warning")
        case name if name != CALL:
            yield Step(event.at, "event", name)


def answer_of(event: Record) -> str:
    """The status and the error of a reply, or why there is none."""
    status = str(event.http_response_status_code or "")
    return status if event.error_type in {None, status} else f"{status} {event.error_type}".lstrip()


def _closing(events: Sequence[Record], end: Record) -> Iterator[Step]:
    """How the call ended, and what it took."""
    for old, new in zip(end.betas_substituted, end.betas_substitutes, strict=False):
        yield Step(None, "instead", f"{new} went out in the place of {old}")
    if end.body_fields_stripped:
        yield Step(None, "body", f"without {_listed(end.body_fields_stripped)}")
    text, tone = _ENDS.get(end.outcome, (end.outcome or "no outcome is told", "warning"))
    told = ", ".join(filter(None, (answer_of(end), end.anthropic_request_id)))
    yield Step(end.at, "end", f"{text}{f' ({told})' if told else ''} after {counted(end.attempts, 'attempt')}", tone)
    handed_over = {
        event.anthropic_request_id: event.attempt or end.attempts for event in events if event.event == REFUSAL
    }
    if (number := handed_over.get(end.anthropic_request_id or "", end.attempts)) < end.attempts:
        yield Step(None, "answer", f"the caller got the reply to attempt {number}: what came after did not help")
    if end.duration_s is not None:
        lost = f", of which {seconds(end.resend_overhead_s)} were lost to resends" if end.resend_overhead_s else ""
        yield Step(None, "took", f"{seconds(end.duration_s)}{lost}")
