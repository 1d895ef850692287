"""One call, from the first mention of a beta to the outcome: the only place that decides.

The shell around it tells what it sees (`want`, `overhear`, `start`, `receive`, `settle`, `finish`) and does what it is
told. A call is one or more attempts; each is answered, or the call ends by an exception.

Facts: a refusal is a 400 or a 422. Nothing about it is transient, so a resend follows at once or not at all. Dropping a
beta has helped when the resend is answered by anything but a 400, 404 or 422 that is about something else.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

from betamw.core.action import NO_ANSWER, Action, ask
from betamw.core.events import BetaRejected, BetaUsage, Event, Outcome, Reason, Ruling, identifier
from betamw.core.header import union
from betamw.core.heading import Heading
from betamw.core.lessons import Lessons, Request
from betamw.core.memory import Verdicts
from betamw.core.model import model_of, model_told
from betamw.core.omissions import Omissions
from betamw.core.place import Place
from betamw.core.policy import FallbackPolicy
from betamw.core.rejection import Rejection, read_rejection
from betamw.core.reply import BAD_REQUEST, DID_NOT_HELP, SUCCESS, Decision, Reply
from betamw.core.ruling import bound, droppable, forbidden
from betamw.core.telling import discreet

_NO_POLICY: Final = FallbackPolicy(max_resends=0)
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_GONE: Final[Any] = None


def _to_nobody(event: Event) -> None:
    """Take the events of a call that is over, or learns nothing: there are none."""


@attrs.define(eq=False, field_transformer=discreet)
class Exchange(Heading):
    """The record of one call.

    Attributes:
        method: The HTTP method.
        place: The endpoint.
        header: The beta header's name.
        attempts: Sends so far; who sends counts.
        outcome: How the call ended.
        falls_back: Whether a fallback takes part.
        rejected: The betas that the last refusal named.
        model: The model that the request is for, in the end, where the memory had to know it.
    """

    method: str
    place: Place
    header: str
    attempts: int = attrs.field(init=False, default=0)
    outcome: Outcome = attrs.field(init=False, default="ok")
    falls_back: bool = attrs.field(init=False, default=False)
    rejected: tuple[str, ...] = attrs.field(init=False, default=())
    model: str | None = attrs.field(init=False, default=None)
    _policy: FallbackPolicy = attrs.field(init=False, default=_NO_POLICY)
    _enabled: bool = attrs.field(init=False, default=False)
    _request: Request = attrs.field(init=False, default=_GONE)
    _memory: Verdicts | None = attrs.field(init=False, default=None)
    _clock: Callable[[], float] = attrs.field(init=False, default=float)
    _omissions: Omissions | None = attrs.field(init=False, default=None)
    _named: tuple[str, ...] = attrs.field(init=False, default=())
    _chosen: tuple[str, ...] = attrs.field(init=False, default=())
    _unnamed: tuple[str, ...] = attrs.field(init=False, default=())
    _resends: int = attrs.field(init=False, default=0)
    _rejection_stands: bool = attrs.field(init=False, default=False)

    # The header.

    def rewrite(self) -> str | None:
        """The header's new value, empty where no header must go out; None where it stays as it is, byte for byte."""
        betas = self.plan.merged
        if self._omissions is not None or self._remembers():
            betas = self._omitting().apply(self.plan, self._policy.max_resends - self._resends)
        return self.write(betas)

    def _went_out(self, betas: tuple[str, ...]) -> None:
        if self._omissions is not None:
            self._omissions.put_back(betas)
            known = {*self.plan.merged, *self._omissions.substitutes.values()}
            # A substitute that goes beside what it was to stand for is one more beta.
            self.want(tuple([beta for beta in betas if beta not in known]), "request")

    def reconsider(self) -> None:
        """The memory has learned something meanwhile: the next `rewrite` asks it again."""
        if self._omissions is not None:
            self._omissions.reconsider()

    @property
    def has_news(self) -> bool:
        """Whether the last refusal was news to the memory: a call that is not sent yet need not be refused as well."""
        return self._memory is not None and self._omissions is not None and self._omissions.lessons.news

    @property
    def body(self) -> bytes | None:
        """The body that goes with the header, where it is not the caller's own."""
        return None if self._omissions is None else self._omissions.body

    def _remembers(self) -> bool:
        memory = self._memory
        return memory is not None and (bool(memory.pins) or self.place.key in memory.places)

    def _omitting(self) -> Omissions:
        """What this call leaves out. Without a memory it learns for itself only, and tells nobody."""
        if self._omissions is None:
            memory, tell = self._memory, self.tell
            if memory is None:
                memory, tell = Verdicts(), _to_nobody
            lessons = Lessons(memory, self._clock, self.place, self._request, tell)
            self._omissions = Omissions(self.method, self.place, self._policy, self._request, lessons)
        return self._omissions

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
        if enabled and not policy.strict and self._memory is None:
            self._memory, self._clock = memory, clock

    def receive(self, reply: Reply) -> Decision:
        """Decide what becomes of a reply."""
        rejection = None
        if reply.body is not None:
            rejection = read_rejection(reply.status, reply.body, self.sent, reply.content_type, header=self.header)
        if rejection is None:
            return self.settle(reply.status)
        action = ask(self._policy.on_rejection, rejection, self.tell) if self._enabled else NO_ANSWER
        if action.kind == "not_a_rejection":
            return self.settle(reply.status)
        if rejection.named:  # it complains of others than those that were dropped before: leaving these out helped
            self._learn(self._named)
            self._named = ()
        read = rejection
        if chosen := tuple(beta for beta in self.sent if beta in action.betas):  # by the hook
            rejection = attrs.evolve(rejection, betas=chosen, named=True)
        drops, ruling = self._rule(rejection, action, replayable=reply.replayable)
        told = read if read.named else rejection
        self.rejected = told.betas
        self._tell_rejection(reply, told, ruling)
        if ruling != "dropped":
            self._rejection_stands = True
            self._hand_over()
            if ruling == "max_resends" and not rejection.named and self._omissions is not None:
                self._omissions.lessons.refused_in_vain(self.sent)
            return Decision.RAISE if ruling == "strict" else Decision.HAND_OVER
        self._resends += 1
        self._drop(rejection, drops)
        if read.named:
            self._named = tuple(beta for beta in drops if beta in read.betas)
        return Decision.RESEND

    def settle(self, status: int) -> Decision:
        """Decide on a reply that refuses no beta; it may say something of those that were dropped or sent."""
        good = status in SUCCESS
        if self._chosen or self._unnamed:
            if status in DID_NOT_HELP:
                self._rejection_stands = True
                self._hand_over()
                return Decision.HAND_OVER_FIRST
            all_dropped = self._unnamed if self._policy.on_unnamed == "drop_all" else ()
            self._learn(union(self._chosen, all_dropped) if good else self._named)
            self._hand_over()
        if good and (self._omissions is not None or self._remembers()):
            self._omitting().lessons.accepted(self.sent)
        return Decision.HAND_OVER

    def unanswered(self) -> None:
        """A resend failed before it was answered: the first reply is handed over."""
        self._rejection_stands = True
        self._hand_over()

    def finish(self, status: int | None, *, cancelled: bool = False) -> None:
        """The call is over: with a reply of this status, or None with an exception."""
        if self._omissions is not None:
            self.model = self._omissions.lessons.model
            self._omissions.lessons.over()
        if status is None:
            self.outcome = "cancelled" if cancelled else "error"
        elif self._rejection_stands:
            self.outcome = "rejected"
        elif status >= BAD_REQUEST:
            self.outcome = "error"
        elif self._resends:
            self.outcome = "recovered"
        # This record lives as long as the response; what it got to work with need not.
        if self._omissions is not None:
            self._omissions.close()
        self._memory, self._request, self.tell = None, _GONE, _to_nobody

    # The decision.

    def _rule(self, rejection: Rejection, action: Action, *, replayable: bool) -> tuple[tuple[str, ...], Ruling]:
        """Which betas to drop for a resend, and the ruling behind it."""
        ruling = forbidden(self._policy, action, enabled=self._enabled, resends=self._resends)
        if ruling is not None:
            return (), ruling
        drops, ruling = droppable(rejection, self.sent, self.plan, self._policy)
        if ruling == "dropped" and not replayable:
            ruling = "body_not_replayable"
        if ruling != "dropped":
            return (), ruling
        omissions = self._omitting()
        omissions.answers.update(action.substitutes)
        free = omissions.free(drops, self.plan, certain=rejection.named)
        if not free or (rejection.named and free != drops):
            return (), "paired_field"
        if not rejection.named and (culprit := omissions.known_to_stay(self.sent, free)) is not None:
            return (), bound(culprit, self.plan, self._policy) or "paired_field"
        return free, "dropped"

    def _drop(self, rejection: Rejection, drops: tuple[str, ...]) -> None:
        """Leave out of the resend what the rejection is about."""
        omissions = self._omitting()
        if rejection.named:
            omissions.refuse(drops)
            self._chosen += tuple(beta for beta in drops if beta not in self._chosen)
            return
        self._unnamed = drops
        if self._policy.on_unnamed == "split":
            omissions.refuse_some(self.sent, drops)
        else:
            omissions.refuse_all(drops)

    def _hand_over(self) -> None:
        """The caller gets a reply: what was dropped and has not been shown to help is no lesson."""
        self._named = self._chosen = self._unnamed = ()

    def _learn(self, betas: tuple[str, ...]) -> None:
        if betas:
            self._omitting().lessons.refused(betas)

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
                gen_ai_request_model=None if self._request is _GONE else model_told(model_of(self._request.body())),
            )
        )

    # What became of it.

    def dropped(self, reason: Reason) -> tuple[str, ...]:
        """The betas that were left out for this reason, in the order of the merge."""
        if reason == "policy":
            return self.plan.policy_drops
        if self._omissions is None:
            return ()
        reasons = self._omissions.reasons
        return tuple(beta for beta in self.plan.merged if reasons.get(beta) == reason)

    @property
    def substituted(self) -> Mapping[str, str]:
        """The betas that others went in place of, with these."""
        return _NOTHING if self._omissions is None else self._omissions.substitutes

    @property
    def stripped(self) -> tuple[str, ...]:
        """The dotted paths of the body's fields that did not go out."""
        return () if self._omissions is None else self._omissions.stripped

    @property
    def strips(self) -> bool:
        """Whether the policy lets fields of the body go."""
        return self._policy.paired_fields == "strip"

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
            substituted=self.substituted,
            body_fields_stripped=self.stripped,
            attempts=self.attempts,
            outcome=self.outcome,
        )
