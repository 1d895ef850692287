"""The promises, held against each call: what its caller saw, what the log says, and what has reached the server.

Nothing can be said for certain about a reply that was broken off: `Send.least` and `Send.most` bound what the client
has seen of it. A call that was cancelled, or ran into its timeout, may have ended at any point.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

import attrs

from benchmarks.soak.books import HEAD, WHOLE, Event, Outcome, Send
from benchmarks.soak.plan import Call

CALL: Final = "betamw.request"
REJECTED: Final = "betamw.beta.rejected"
_MOST_SENDS: Final = 3
_BAD_REQUEST: Final = 400
_DID_NOT_HELP: Final = frozenset({400, 404, 422})
_DISCONNECTED: Final = frozenset({"ClientOSError", "ServerDisconnectedError", "ClientConnectionResetError"})
_LATE: Final = 5.0
"""Seconds by which a timeout may strike late, for 500 others are in flight."""


@attrs.frozen
class Case:
    """One call, from all sides.

    Attributes:
        call: What it was to be.
        outcome: What its caller saw.
        ends: Its `betamw.request` events: one, unless aiohttp itself sent a GET again after a lost connection.
        rejections: The refusals that the log tells of, in the last of these.
        sends: What reached the server, in the last of these.
        refused: The betas that were refused by name at any time in the call's scope.
        named: Whether all refusals in that scope name betas.
    """

    call: Call
    outcome: Outcome
    ends: Sequence[Event]
    rejections: Sequence[Event]
    sends: Sequence[Send]
    refused: frozenset[str]
    named: bool

    def __str__(self) -> str:
        call, outcome, end = self.call, self.outcome, self.end
        sends = [(send.fault, send.status, send.betas, send.refused) for send in self.sends]
        return (
            f"call {call.number} ({call.method} {call.scope}, body {call.body or 'none'}): {sends}; the caller saw "
            f"{outcome.status} {outcome.request_id} {outcome.error}, {outcome.read} read; the log says {end.outcome} "
            f"after {end.attempts} attempts with {end.betas_sent}"
        )

    @property
    def end(self) -> Event:
        """The event that tells of the end."""
        return self.ends[-1]

    @property
    def cut_off(self) -> bool:
        """Whether the call was cancelled or timed out before there was a reply."""
        return not self.outcome.status and self.outcome.error in {"CancelledError", "TimeoutError"}

    @property
    def last(self) -> Send | None:
        """The last attempt, as it reached the server."""
        return self.sends[-1] if len(self.sends) == self.end.attempts else None

    def possible(self) -> list[Send | None]:
        """The attempts whose reply the caller may have got; None stands for an exception."""
        found: list[Send | None] = []
        last, resent = self.last, self.end.attempts > 1
        if len(self.rejections) == self.end.attempts and self.rejections[-1].reason == "dropped":
            return [*self.sends[:1]]  # it was to be resent once more, and ran into its timeout before
        if last is None or last.least < HEAD:  # a resend that is not answered: the first reply says what there is
            found.append(self.sends[0] if resent else None)
        if last is not None and last.most >= HEAD:
            read = last.refuses and len(self.rejections) == self.end.attempts
            found.append(self.sends[0] if resent and last.status in _DID_NOT_HELP and not read else last)
        return found

    def got(self) -> Send | None:
        """The attempt whose reply the caller got."""
        return next((send for send in self.sends if send.id == self.outcome.request_id), None)


_Rule = Callable[[Case], bool]


def _told_once(case: Case) -> bool:
    """Each call has one `betamw.request` event (a GET one more for each time aiohttp sends it again)."""
    return len(case.ends) == 1 or (
        case.call.method == "GET" and all(end.error_type in _DISCONNECTED for end in case.ends[:-1])
    )


def _bounded(case: Case) -> bool:
    """Not more requests than the log tells of, not fewer than were answered, and not more than are allowed."""
    return len(case.sends) <= case.end.attempts <= len(case.sends) + 1 and case.end.attempts <= _MOST_SENDS


def _answered_once(case: Case) -> bool:
    """Nothing is sent again but after a refusal that can be read, of betas that were sent."""
    return all(send.refuses for send in case.sends[:-1])


def _refusals_told(case: Case) -> bool:
    """Each refusal that is acted on is told, and none that was not there."""
    told = [event.betas_sent for event in case.rejections]
    refusals = [send.betas for send in case.sends if send.refuses]
    return told == refusals[: len(told)] and len(told) >= len(case.sends) - 1


def _same_body(case: Case) -> bool:
    """Each send carries the body that the caller gave, byte for byte, unless it is answered or broken off before."""
    whole = {send.crc for send in case.sends if send.crc is not None}
    return len(whole) <= 1 and all(send.intact or send.crc is None for send in case.sends)


def _fewer_betas(case: Case) -> bool:
    """A resend carries no beta that its call was refused for; one by name takes away from the send before it."""
    refusals = [send for send in case.sends[:-1] if send.refuses]
    return all(
        gone.isdisjoint(later.betas) if (gone := {*send.named}) else not {*send.betas} <= {*later.betas}
        for number, send in enumerate(refusals, 1)
        for later in case.sends[number:]
    ) and (not case.named or all({*later.betas} < {*send.betas} for send, later in zip(case.sends, case.sends[1:])))  # noqa: B905  pairs


def _merged(case: Case) -> bool:
    """What was meant to go out is what the caller, the default and the endpoint want; what is missing was dropped."""
    end = case.end
    dropped = (*end.betas_dropped_rejected, *end.betas_dropped_remembered)
    sent = tuple(beta for beta in end.betas_merged if beta not in dropped)
    return end.betas_merged == case.call.merged and end.betas_sent == sent and len(dropped) == len({*dropped})


def _sent(case: Case) -> bool:
    """The log says what was on the wire."""
    return case.last is None or case.last.betas == case.end.betas_sent


def _learned_here(case: Case) -> bool:
    """Where refusals name betas, what is left out because of earlier calls was refused in the same scope."""
    return not case.named or case.refused.issuperset(case.end.betas_dropped_remembered)


def _not_lost(case: Case) -> bool:
    """The caller gets the reply that it should: of the last attempt, or of the first where resending did not help."""
    if case.cut_off:
        return True
    return (case.got() if case.outcome.status else None) in case.possible()


def _status(case: Case) -> bool:
    """Caller, log and server agree on the reply, and `usage` says the same as the log."""
    got, outcome, end = case.got(), case.outcome, case.end
    if got is None or not outcome.status:
        return outcome.status == 0 == end.http_response_status_code
    return (
        outcome.status == got.status == end.http_response_status_code
        and outcome.request_id == end.anthropic_request_id
        and (outcome.sent, outcome.attempts, outcome.outcome) == (end.betas_sent, end.attempts, end.outcome)
    )


def _outcome(case: Case) -> bool:
    """The log's outcome is the one that the caller sees."""
    got, end = case.got(), case.end
    if got is None:
        cancelled, timed_out = (case.outcome.error == name for name in ("CancelledError", "TimeoutError"))
        return end.outcome in (("cancelled",) if cancelled else ("error", "cancelled") if timed_out else ("error",))
    resent = end.attempts > 1
    if (got.refuses and len(case.rejections) == end.attempts) or (resent and got is not case.last):
        return end.outcome == "rejected"
    return end.outcome == ("error" if got.status >= _BAD_REQUEST else "recovered" if resent else "ok")


def _read(case: Case) -> bool:
    """What was read is what the server wrote for this attempt of this call; what is broken is not taken as whole."""
    outcome, got = case.outcome, case.got()
    if got is None or outcome.read == "nothing":
        return True
    if outcome.read == "broken":
        return got.least < WHOLE or outcome.error in {"CancelledError", "TimeoutError"}
    whole = outcome.read != "whole" or (got.most == WHOLE and outcome.crc == got.reply_crc)
    return whole and (outcome.fits or got.status >= _BAD_REQUEST)


def _honest(case: Case) -> bool:
    """Nothing is raised but what aiohttp raises; a timeout only where there is one, and in time."""
    outcome, timeout = case.outcome, case.call.timeout
    if outcome.error == "TimeoutError":
        return timeout is not None and timeout * 0.9 <= outcome.took <= timeout + _LATE
    return outcome.honest


RULES: Final[Mapping[str, _Rule]] = {
    "not told once": _told_once,
    "more or fewer sends than told": _bounded,
    "sent again though answered": _answered_once,
    "refusals not told as they were": _refusals_told,
    "another body": _same_body,
    "a refused beta sent again": _fewer_betas,
    "not merged as told": _merged,
    "other betas sent than told": _sent,
    "left out what was not refused there": _learned_here,
    "answer lost, or another one than the right one": _not_lost,
    "reply not as told": _status,
    "outcome not as told": _outcome,
    "read what was not written": _read,
    "raised what it must not": _honest,
}


@attrs.define
class Findings:
    """What is wrong, by rule: how often, and the first of it."""

    count: dict[str, int] = attrs.Factory(lambda: defaultdict(int))
    first: dict[str, str] = attrs.Factory(dict)

    def add(self, rule: str, what: object) -> None:
        """Something is wrong."""
        self.count[rule] += 1
        self.first.setdefault(rule, str(what))

    def lines(self) -> list[str]:
        """All of it in words."""
        return [f"{rule} ({count} times), first: {self.first[rule]}" for rule, count in self.count.items()]


def check(case: Case, findings: Findings) -> None:
    """Hold a call to all promises."""
    for rule, holds in RULES.items():
        if not holds(case):
            findings.add(rule, case)


def cases(
    calls: Iterable[Call],
    outcomes: Mapping[int, Sequence[Outcome]],
    events: Mapping[int, Sequence[Event]],
    sends: Mapping[int, Sequence[Send]],
    findings: Findings,
) -> Iterator[Case]:
    """Put together what the books say of each call; one that a book does not know of is a finding."""
    refused: dict[str, set[str]] = defaultdict(set)
    unnamed: set[str] = set()
    for send in (send for arrived in sends.values() for send in arrived if send.refuses):
        refused[send.scope].update(send.named)
        if not send.named:
            unnamed.add(send.scope)
    for call in calls:
        ends = [event for event in events.get(call.number, ()) if event.event == CALL]
        outcome = outcomes.get(call.number, ())
        if len(outcome) != 1 or not ends:
            findings.add("a call without an outcome, or without an event", call)
            continue
        last, rejections = ends[-1], [event for event in events[call.number] if event.event == REJECTED]
        rejections = [event for event in rejections if event.betamw_call == last.betamw_call]
        arrived = sorted(sends.get(call.number, ()), key=lambda send: send.number)
        told = {event.anthropic_request_id for event in (*rejections, last)}
        for _ in ends[1:]:  # what aiohttp itself sent again has an event of its own
            if len(arrived) >= last.attempts and not arrived[0].least and arrived[0].id not in told:
                del arrived[0]
        here = frozenset(refused[call.scope])
        yield Case(call, outcome[0], ends, rejections, arrived, here, call.scope not in unnamed)
