"""One call, from the first mention of a beta to the outcome: the only place that decides.

The shell around it tells what it sees (`want`, `overhear`, `start`, `receive`, `finish`) and does what it
is told. A call is one or more attempts; each is answered, or the call ends by an exception.

Facts: a refusal is a 400 or a 422. Nothing about it is transient, so a resend follows at once or not at all. Dropping a
beta has helped when the resend is answered by anything but a 400, 404 or 422 that is about something else.
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

from betamw.core.events import BetaRejected, BetaUsage, Event, InputInvalid, Outcome, Reason, Ruling, identifier
from betamw.core.header import read_header
from betamw.core.lessons import Lessons, Request
from betamw.core.memory import Verdicts
from betamw.core.place import Place
from betamw.core.plan import Plan, adding
from betamw.core.policy import FallbackPolicy, Source
from betamw.core.rejection import Rejection, read_rejection
from betamw.core.reply import BAD_REQUEST, DID_NOT_HELP, SUCCESS, Decision, Reply
from betamw.core.ruling import bound, droppable, unpaired

_MOST_INVALID: Final = 10
_NO_POLICY: Final = FallbackPolicy(max_resends=0)
_NO_DROPS: Final[Mapping[str, Reason]] = MappingProxyType({})
_GONE: Final[Any] = None


def _to_nobody(event: Event) -> None:
    """Take the events of a call that is over: there are none."""


@attrs.define(eq=False)
class Exchange:
    """The record of one call.

    Attributes:
        method: The HTTP method.
        place: The endpoint.
        header: The beta header's name.
        tell: Takes the events, as they happen.
        plan: What is meant to be sent, by all that is known so far; at first that of the place.
        attempts: Sends so far; who sends counts.
        outcome: How the call ended.
        falls_back: Whether a fallback takes part.
    """

    method: str
    place: Place
    header: str
    tell: Callable[[Event], None]
    plan: Plan
    attempts: int = attrs.field(init=False, default=0)
    outcome: Outcome = attrs.field(init=False, default="ok")
    falls_back: bool = attrs.field(init=False, default=False)
    _shown: tuple[str, ...] = attrs.field(init=False, default=())
    _shown_plainly: bool = attrs.field(init=False, default=True)
    _drops: Mapping[str, Reason] = attrs.field(init=False, default=_NO_DROPS)
    _policy: FallbackPolicy = attrs.field(init=False, default=_NO_POLICY)
    _enabled: bool = attrs.field(init=False, default=False)
    _request: Request = attrs.field(init=False, default=_GONE)
    _memory: Verdicts | None = attrs.field(init=False, default=None)
    _clock: Callable[[], float] = attrs.field(init=False, default=float)
    _lessons: Lessons | None = attrs.field(init=False, default=None)
    _recalled: frozenset[str] = attrs.field(init=False, default=frozenset())
    _named: tuple[str, ...] = attrs.field(init=False, default=())
    _unnamed: tuple[str, ...] = attrs.field(init=False, default=())
    _resends: int = attrs.field(init=False, default=0)
    _rejection_stands: bool = attrs.field(init=False, default=False)

    # The header.

    def want(self, betas: tuple[str, ...], source: Source, required: frozenset[str] = frozenset()) -> None:
        """`source` asks for `betas`; saying it twice changes nothing."""
        self.plan = adding(self.plan, betas, source, required)

    def remove(self, betas: Iterable[str]) -> None:
        """`betas` are not wanted, whoever asks for them."""
        self.plan = self.plan.removing(betas)

    def overhear(self, values: tuple[str, ...], *, sent: bool = False) -> None:
        """Take in the header's lines where they are not as this exchange left them: another's hand was there.

        What was added counts as the caller's, what is gone as removed. With `sent` these lines have gone out.
        """
        betas, invalid, plain = read_header(values)
        shown, self._shown, self._shown_plainly = self._shown, betas, plain or not values
        if not shown and not sent:  # what the header held from the beginning
            self.want(betas, "request")
        else:
            self._follow(betas, shown, sent=sent)
        for name in invalid[:_MOST_INVALID]:
            self.tell(InputInvalid(problem="invalid_beta_name", origin="request", length=len(name)))

    def _follow(self, betas: tuple[str, ...], shown: tuple[str, ...], *, sent: bool) -> None:
        """Another's hand has made `betas` of what was `shown`."""
        if added := tuple([beta for beta in betas if beta not in shown]):
            self.plan = adding(self.plan.restoring(added), added, "request")
        if gone := [beta for beta in shown if beta not in betas]:
            self.remove(gone)
        if sent:  # the record follows the facts, whatever was decided
            self.want(tuple([beta for beta in betas if beta in self.plan.policy_drops]), "request")
            self._drops = {beta: reason for beta, reason in self._drops.items() if beta not in betas}

    def rewrite(self) -> str | None:
        """The header's new value, empty where no header must go out; None where it stays as it is, byte for byte."""
        plan, memory = self.plan, self._memory
        betas = plan.merged
        if memory is not None and self.place.key in memory.places:
            self._recall(betas, self._taught(memory))
        if self._drops:
            if back := plan.required.intersection(self._drops):  # required by a rule that came later
                self._drops = {beta: reason for beta, reason in self._drops.items() if beta not in back}
            betas = tuple([beta for beta in betas if beta not in self._drops])
        if betas == self._shown and self._shown_plainly:
            return None
        self._shown, self._shown_plainly = betas, True
        return ",".join(betas)

    def _recall(self, betas: tuple[str, ...], lessons: Lessons) -> None:
        """Leave out what is known to be refused, but for what must go and what the body has a use for."""
        known = self._recalled.union(self._drops)
        fresh = tuple(beta for beta in betas if beta not in known and bound(beta, self.plan, self._policy) is None)
        self._recalled = self._recalled.union(fresh)
        may_resend = self._resends < self._policy.max_resends
        if left_out := self._unpaired(lessons.recall(fresh, may_resend=may_resend), betas):
            lessons.hit(left_out)
            self._leave_out(left_out, "remembered")

    def _leave_out(self, betas: tuple[str, ...], reason: Reason) -> None:
        self._drops = {**self._drops, **dict.fromkeys(betas, reason)}

    # The attempts.

    def start(
        self,
        policy: FallbackPolicy,
        request: Request,
        memory: Verdicts | None,
        clock: Callable[[], float],
        *,
        enabled: bool = True,
    ) -> None:
        """A fallback takes part: from now on what is remembered is left out.

        `clock` is the memory's, in seconds. Without `enabled` refusals are read and told, and nothing else. A
        middleware further out may send the request once more: then it starts again.
        """
        self.falls_back, self._policy, self._request, self._enabled = True, policy, request, enabled
        self._rejection_stands = False
        if enabled and self._memory is None:
            self._memory, self._clock = memory, clock

    def receive(self, reply: Reply) -> Decision:
        """Decide what becomes of a reply."""
        rejection = None
        if reply.body is not None:
            rejection = read_rejection(reply.status, reply.body, self.sent, reply.content_type, header=self.header)
        if rejection is None:
            return self.settle(reply.status)
        if rejection.named:  # it complains of others than those that were dropped before: leaving these out helped
            self._learn(self._named)
            self._named = ()
        drops, ruling = self._rule(rejection, replayable=reply.replayable)
        self._tell_rejection(reply, rejection, ruling)
        if ruling != "dropped":
            self._rejection_stands = True
            return self._hand_over(Decision.HAND_OVER)
        self._resends += 1
        self._leave_out(drops, "rejected")
        if rejection.named:
            self._named = drops
        else:
            self._unnamed = drops
        return Decision.RESEND

    def settle(self, status: int) -> Decision:
        """Decide on a reply that refuses no beta; it may say something of those that were dropped or sent."""
        good = status in SUCCESS
        if self._named or self._unnamed:
            if status in DID_NOT_HELP:
                self._rejection_stands = True
                return self._hand_over(Decision.HAND_OVER_FIRST)
            self._learn(self._named + self._unnamed if good else self._named)
            self._hand_over(Decision.HAND_OVER)
        memory = self._memory
        if good and memory is not None and (self._lessons or self.place.key in memory.places):
            self._taught(memory).accepted(self.sent)
        return Decision.HAND_OVER

    def unanswered(self) -> None:
        """A resend failed before it was answered: the first reply is handed over."""
        self._rejection_stands = True
        self._hand_over(Decision.HAND_OVER_FIRST)

    def finish(self, status: int | None, *, cancelled: bool = False) -> None:
        """The call is over: with a reply of this status, or None with an exception."""
        if self._lessons is not None:
            self._lessons.over()
        if status is None:
            self.outcome = "cancelled" if cancelled else "error"
        elif self._rejection_stands:
            self.outcome = "rejected"
        elif status >= BAD_REQUEST:
            self.outcome = "error"
        elif self._drops and "rejected" in self._drops.values():
            self.outcome = "recovered"
        # This record lives as long as the response; what it got to work with need not.
        self._lessons = self._memory = None
        self._request = _GONE
        self.tell = _to_nobody

    # The decision.

    def _rule(self, rejection: Rejection, *, replayable: bool) -> tuple[tuple[str, ...], Ruling]:
        """Which betas to drop for a resend, and the ruling behind it."""
        if not self._enabled:
            return (), "fallback_off"
        if self._resends >= self._policy.max_resends:
            return (), "max_resends"
        drops, ruling = droppable(rejection, self.sent, self.plan, self._policy)
        if ruling != "dropped":
            return (), ruling
        if not replayable:
            return (), "body_not_replayable"
        free = self._unpaired(drops, self.sent)
        if not free or (rejection.named and free != drops):
            return (), "paired_field"
        return free, "dropped"

    def _hand_over(self, decision: Decision) -> Decision:
        """The caller gets a reply: what was dropped and has not been shown to help is no lesson."""
        self._named = self._unnamed = ()
        return decision

    def _learn(self, betas: tuple[str, ...]) -> None:
        if betas and self._memory is not None:
            self._taught(self._memory).refused(betas)

    def _taught(self, memory: Verdicts) -> Lessons:
        """This call's dealings with the memory."""
        if self._lessons is None:
            self._lessons = Lessons(memory, self._clock, self.place, self._request, self.tell)
        return self._lessons

    def _unpaired(self, drops: tuple[str, ...], sent: tuple[str, ...]) -> tuple[str, ...]:
        if not drops:
            return drops
        return unpaired(drops, sent, method=self.method, place=self.place, body=self._request.body())

    def _tell_rejection(self, reply: Reply, rejection: Rejection, ruling: Ruling) -> None:
        self.tell(
            BetaRejected(
                betas_rejected=rejection.betas,
                betas_sent=self.sent,
                attempt=self.attempts,
                http_response_status_code=reply.status,
                error_type=reply.error_type,
                rejection_rule=rejection.rule,
                action="resend" if ruling == "dropped" else "give_up",
                reason=ruling,
                anthropic_request_id=identifier(reply.request_id),
            )
        )

    # What became of it.

    @property
    def sent(self) -> tuple[str, ...]:
        """What the last attempt carried."""
        return self._shown

    def dropped(self, reason: Reason) -> tuple[str, ...]:
        """The betas that were left out for this reason, in the order of the merge."""
        if reason == "policy":
            return self.plan.policy_drops
        if not self._drops:
            return ()
        return tuple(beta for beta in self.plan.merged if self._drops.get(beta) == reason)

    def usage(self) -> BetaUsage:
        """The call as its caller may see it."""
        reasons: tuple[Reason, ...] = ("rejected", "remembered", "policy")
        plan = self.plan
        return BetaUsage(
            requested=plan.requested,
            scoped=plan.scoped,
            injected=plan.injected,
            merged=plan.merged,
            sent=self.sent,
            sources=plan.sources,
            dropped={beta: reason for reason in reasons for beta in self.dropped(reason)},
            substituted={},
            attempts=self.attempts,
            outcome=self.outcome,
        )
