"""What one call leaves out of its next send, and why: the header's part of it and the body's.

A beta is left out because a reply of this call has refused it, because of what the memory holds against it, or because
a search suspects it. Another may take its place. What a search leaves out changes with each send; what was refused by
name, or was known to be refused, stays out: a resend must not be refused for what the last one went without.
"""

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

from betamw.core.events import Reason
from betamw.core.lessons import Lessons, Request
from betamw.core.place import Place
from betamw.core.plan import Plan
from betamw.core.policy import FallbackPolicy
from betamw.core.ruling import bound, unpaired
from betamw.core.strip import without_fields
from betamw.core.telling import discreet

_GONE: Final[Any] = None
_NONE: Final[Mapping[str, Reason]] = MappingProxyType({})


@attrs.define(eq=False, field_transformer=discreet)
class Omissions:
    """What a call leaves out.

    Attributes:
        method: The HTTP method.
        place: The endpoint.
        policy: What may be left out.
        request: The call's request.
        lessons: Its dealings with the memory.
        reasons: Why a beta is left out of the next send.
        substitutes: What goes in the place of one that is left out: in the send, these are not missing.
        body: The body that goes out, None for the caller's own.
        stripped: The dotted paths of the fields that it lacks.
        answers: What the policy's hook has put in the place of refused betas.
    """

    method: str
    place: Place
    policy: FallbackPolicy
    request: Request
    lessons: Lessons
    reasons: Mapping[str, Reason] = attrs.field(init=False, default=_NONE)
    substitutes: Mapping[str, str] = attrs.field(init=False, factory=dict)
    body: bytes | None = attrs.field(init=False, default=None)
    stripped: tuple[str, ...] = attrs.field(init=False, default=())
    answers: dict[str, str] = attrs.field(init=False, factory=dict)
    _refused: dict[str, None] = attrs.field(init=False, factory=dict)
    _all_dropped: dict[str, None] = attrs.field(init=False, factory=dict)
    _known: dict[str, None] = attrs.field(init=False, factory=dict)
    _in_doubt: set[str] = attrs.field(init=False, factory=set)
    _in_vain: list[frozenset[str]] = attrs.field(init=False, factory=list)
    _gone: tuple[str, ...] = attrs.field(init=False, default=())  # whatever the search finds
    _why_gone: Mapping[str, Reason] = attrs.field(init=False, default=_NONE)  # whatever goes in their place
    _considered: tuple[Plan, int] | None = attrs.field(init=False, default=None)

    # A reply has refused betas.

    def refuse(self, betas: tuple[str, ...]) -> None:
        """These, by name."""
        self._refused.update(dict.fromkeys(betas))
        self.lessons.refuse(betas)

    def refuse_all(self, betas: tuple[str, ...]) -> None:
        """It names none, and the policy is to drop all that may be dropped."""
        self._all_dropped.update(dict.fromkeys(betas))

    def refuse_some(self, sent: tuple[str, ...], droppable: tuple[str, ...]) -> None:
        """It names none, and the policy is to search."""
        self._in_doubt.update(droppable)
        self._in_vain.append(frozenset(sent))
        self.lessons.refuse_some(sent, droppable)

    # The next send.

    def apply(self, plan: Plan, resends: int) -> tuple[str, ...]:
        """What goes out of the plan's betas, when so many resends remain after this send."""
        if self._considered != (plan, resends):
            self._considered = (plan, resends)
            self._consider(plan, resends)
        return self._sent(plan.merged)

    def reconsider(self) -> None:
        """The memory has learned something since the send was considered."""
        self._considered = None

    def close(self) -> None:
        """The call is over: its record is kept, what it was made with is not."""
        self.request = self.lessons = self.body = _GONE

    def put_back(self, betas: Iterable[str]) -> None:
        """Another's hand has sent these alone: what lost its substitute is missing, as if there had been none."""
        sent = frozenset(betas)
        self.substitutes = {old: new for old, new in self.substitutes.items() if old not in sent and new in sent}
        self.reasons = self._without_substitute({b: why for b, why in self._why_gone.items() if b not in sent})
        self._gone = tuple(beta for beta in self._gone if beta not in sent)

    def free(self, drops: tuple[str, ...], plan: Plan, *, certain: bool) -> tuple[str, ...]:
        """Those of `drops` that can go as well, without a field that stays in the body and is refused then.

        Of what is `certain` to be refused another beta may take the place, and allow the field.
        """
        if not drops:
            return drops
        news = self._in_place_of((*self._gone, *drops) if certain else self._gone, plan)
        return unpaired(
            drops,
            (*plan.merged, *news.values()),
            gone=self._gone,
            method=self.method,
            place=self.place,
            body=self.request.body(),
            strips=self.policy.paired_fields == "strip",
        )

    def known_to_stay(self, sent: tuple[str, ...], free: tuple[str, ...]) -> str | None:
        """A beta that is known to be refused and cannot go: it explains a refusal, and would the next one, too."""
        going = set(free)
        return next((beta for beta in sent if beta not in going and self.lessons.is_known(beta)), None)

    def _sent(self, betas: tuple[str, ...]) -> tuple[str, ...]:
        if not self.reasons and not self.substitutes:
            return betas
        return tuple([self.substitutes.get(beta, beta) for beta in betas if beta not in self.reasons])

    def _consider(self, plan: Plan, resends: int) -> None:
        lessons = self.lessons
        open_ = tuple(beta for beta in plan.merged if bound(beta, plan, self.policy) is None)
        here = tuple(beta for beta in open_ if beta in self._refused or beta in self._all_dropped)
        rest = dict.fromkeys(beta for beta in open_ if beta not in self._refused and beta not in self._all_dropped)
        self._gone = here
        unknown = tuple(beta for beta in rest if beta not in self._known)
        self._known.update(dict.fromkeys(lessons.recall(unknown, may_probe=resends > 0)))
        known = self.free(tuple(beta for beta in rest if beta in self._known), plan, certain=True)
        self._gone = (*here, *known)
        news = self._in_place_of(self._gone, plan, may_probe=resends > 0)
        reasons: dict[str, Reason] = {**dict.fromkeys(here, "rejected"), **dict.fromkeys(known, "remembered")}
        suspects = self._suspects((*(beta for beta in rest if beta not in reasons), *news.values()), plan, resends)
        if self._repeats(plan, suspects):  # what explains the refusal cannot go
            suspects = tuple(beta for beta in rest if beta in self._in_doubt)
        for beta in suspects:
            if beta in rest:
                reasons[beta] = "rejected" if beta in self._in_doubt else "remembered"
        self.substitutes = {old: new for old, new in news.items() if new not in suspects}
        self._why_gone = reasons
        self.reasons = self._without_substitute(reasons)
        lessons.hit(beta for beta, reason in reasons.items() if reason == "remembered")
        self._strip_body(plan.merged, reasons)

    def _without_substitute(self, reasons: Mapping[str, Reason]) -> Mapping[str, Reason]:
        return {beta: reason for beta, reason in reasons.items() if beta not in self.substitutes}

    def _repeats(self, plan: Plan, suspects: tuple[str, ...]) -> bool:
        """Whether all of a send that was refused would go out again, without these and what is gone anyway."""
        if not self._in_vain:
            return False
        going = {*plan.merged}.difference(self._gone, suspects)
        return any(group <= going for group in self._in_vain)

    def _suspects(self, betas: tuple[str, ...], plan: Plan, resends: int) -> tuple[str, ...]:
        """Those of `betas` that the search leaves out."""
        trial = self.lessons.searching(betas, may_search=resends > 0)
        if trial is None:
            return ()
        suspects = trial.leave_out(betas, resends)
        if suspects and (free := self.free(suspects, plan, certain=False)) != suspects:
            # The others go along in every send, so it is without them that the search decides.
            bound_ = frozenset(suspects).difference(free)
            return trial.leave_out(tuple(beta for beta in betas if beta not in bound_), resends)
        return suspects

    def _in_place_of(self, refused: tuple[str, ...], plan: Plan, *, may_probe: bool = False) -> dict[str, str]:
        """What takes the place of refused betas: nothing that goes anyway, is refused itself, or is not wanted."""
        if not refused:
            return {}
        merged = frozenset(plan.merged)
        taken = {*merged, *plan.policy_drops, *plan.wants.removed, *self._refused, *self._all_dropped}
        found: dict[str, str] = {}
        for old in refused:
            if old in merged and (old in self._refused or old not in self._all_dropped):
                new = self.answers.get(old) or self.policy.substitute(old, self.place.catalog)
                if new is not None and new not in taken:
                    found[old] = new
                    taken.add(new)
        known = self.lessons.recall(tuple(found.values()), may_probe=may_probe) if found else ()
        return {old: new for old, new in found.items() if new not in known}

    # The body.

    def _strip_body(self, betas: tuple[str, ...], drops: Collection[str]) -> None:
        self.body, self.stripped = None, ()
        if self.policy.paired_fields != "strip" or not drops:
            return
        place, sent = self.place, (*betas, *self.substitutes.values())
        stripped = without_fields(
            self.request.body(),
            method=self.method,
            template=place.template,
            sent=sent,
            dropped=drops,
            catalog=place.catalog,
        )
        if stripped is not None and stripped[1]:
            self.body, self.stripped = stripped
