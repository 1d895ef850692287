"""Which betas does a server take? What to send next, and what the replies have shown.

Facts: nothing but the question is sent, so a reply that accepts is no dearer than one that refuses: this is group
testing, where the best group is one that passes at evens. How many are refused is not known beforehand, so the share of
innocents is estimated on the way; where few are left, betas go one by one.

What is certain: a beta is *accepted* when a request that carried it was; *refused* when a reply named it, or refused a
beta without naming one where it was sent alone. What only follows from other replies is asked, for servers refuse pairs
too. It is *unclear* when the request fails with it alone for a reason that is not read as a refusal.

How many requests there are at most is fixed beforehand: each settles a beta, or is taken from what may be spared.
"""

from collections.abc import Collection, Generator, Iterable, Sequence
from typing import Final

import attrs

from betamw.core.probe.finding import NOT_ASKED, Finding, How, Reading, VerdictName
from betamw.core.probe.grouping import at_evens, fitting
from betamw.core.telling import discreet

Asking = Generator[tuple[str, ...], Reading, None]


_PAIR: Final = 2


class _StopError(Exception):
    """No answer can be had; the text says why."""


def _to_spare(count: int) -> int:
    """The requests that need not settle a beta: two ways down to a culprit among so many, and two more."""
    return min(max(0, 2 * count - 1), 2 + 2 * count.bit_length())


def _distinct(betas: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(betas))


@attrs.define(eq=False, field_transformer=discreet)
class Probe:
    """The questions to a server, one after the other: `sends` is the next one, `take` takes the reply to it.

    Attributes:
        betas: What is asked about.
        companions: Betas that the endpoint requires: they go along in every request.
        conflicts: Pairs that are known to be refused together: they are never sent so.
        findings: What has been found out, by beta.
        sends: The betas of the next request, None when there is no more to ask; may be empty.
        asked: How many replies there were.
        at_most: How many there can be.
        stopped: Why it ended early, empty where it did not.
        clash: Betas that are accepted, but not all together; the fewest that were found, empty without such.
    """

    betas: tuple[str, ...] = attrs.field(converter=_distinct)
    companions: tuple[str, ...] = ()
    conflicts: Collection[Sequence[str]] = ()
    findings: dict[str, Finding] = attrs.field(init=False, factory=dict)
    sends: tuple[str, ...] | None = attrs.field(init=False, default=None)
    stopped: str = attrs.field(init=False, default="", repr=False)
    clash: tuple[str, ...] = attrs.field(init=False, default=())
    asked: int = attrs.field(init=False, default=0)
    at_most: int = attrs.field(init=False)
    _passed: list[frozenset[str]] = attrs.field(init=False, factory=list)
    _failed: list[tuple[str, ...]] = attrs.field(init=False, factory=list)  # for no reason that a name explains
    _names: bool = attrs.field(init=False, default=False)  # the last reply did
    _asking: Asking = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        count = len(self._on_trial())
        self.at_most = max(1, count + _to_spare(count))
        for first, second in self.conflicts:
            for beta, other in ((first, second), (second, first)):
                if other in self.companions and beta in self._on_trial():
                    reason = f"cannot be combined with {other}, which this endpoint requires"
                    self.findings[beta] = Finding("unclear", "not asked", reason)
        self._asking = self._ask_all()
        self._advance(None)

    def take(self, reading: Reading) -> None:
        """Take the reply to `sends`, and go on."""
        self.asked += 1
        self._advance(reading)

    def stop(self, reason: str) -> None:
        """Ask no more."""
        self._asking.close()
        self.sends, self.stopped = None, reason

    def finding(self, beta: str) -> Finding:
        """What is known of a beta."""
        return self.findings.get(beta, NOT_ASKED)

    def _advance(self, reading: Reading | None) -> None:
        try:
            self.sends = next(self._asking) if reading is None else self._asking.send(reading)
        except StopIteration:
            self.sends = None
        except _StopError as stopped:
            self.sends, self.stopped = None, str(stopped)

    def _on_trial(self) -> tuple[str, ...]:
        return tuple(beta for beta in self.betas if beta not in self.companions)

    def _left(self, betas: Iterable[str] | None = None) -> list[str]:
        return [beta for beta in (self._on_trial() if betas is None else betas) if beta not in self.findings]

    # The questions.

    def _ask_all(self) -> Asking:
        group = self._fitting(self._left())
        while group:
            along = self._along(group)
            yield from self._ask(group, along)
            if len(group) > 1 and (*along, *group) in self._failed:
                yield from self._find_one(group)
            left = self._fitting(self._left())
            group = left if self._names and self._spare() else left[: self._size(len(left), refused=False)]
        yield from self._ask_for_companions()
        yield from self._ask_together()

    def _find_one(self, group: tuple[str, ...]) -> Asking:
        """One of a group that was refused is asked for; where that is not one beta's fault, none is found."""
        while len(group) > 1 and self._spare():
            part = group[: self._size(len(group), refused=True)]
            yield from self._ask(part)
            if not self._left(part):  # so it is one of the others
                group = tuple(self._left(group)) if _went(part, self._passed) else ()
            else:
                group = part if part in self._failed else ()
        if len(group) == 1:
            yield from self._ask(group)

    def _along(self, group: tuple[str, ...]) -> tuple[str, ...]:
        """With the last group all that is accepted goes along: whether it goes together is a question, too."""
        good = self._good()
        whole = (*good, *group)
        return good if len(group) > 1 and group == (*self._left(),) and self._fitting(whole) == whole else ()

    def _ask(self, group: tuple[str, ...], along: tuple[str, ...] = ()) -> Asking:
        """Ask for a group, and settle what the reply settles."""
        reading = yield self._sent((*along, *group))
        self._names = bool(reading.betas)
        if reading.kind == "accepted":
            self._accept(group, along)
        elif reading.betas:
            self._refuse_named(reading)
        else:
            self._failed.append((*along, *group))
            if not self._passed and (self.companions or reading.kind == "other"):
                yield from self._ask_without()
            if len(group) == 1:
                verdict: VerdictName = "refused" if reading.kind == "refused" else "unclear"
                self.findings[group[0]] = Finding(verdict, "alone", reading.message)

    def _ask_without(self) -> Asking:
        """Ask whether the request is any good."""
        reading = yield self.companions
        if reading.kind == "accepted":
            self._accept(())
            return
        self._refuse_named(reading)
        if reading.kind == "refused" and len(self.companions) == 1:
            self.findings[self.companions[0]] = Finding("refused", "alone", reading.message)
        without = f"with no beta but {', '.join(self.companions)}" if self.companions else "without any beta"
        msg = f"the request is refused {without}: {reading.message}"
        raise _StopError(msg)

    def _ask_for_companions(self) -> Asking:
        asked = [beta for beta in self.betas if beta in self.companions]
        if asked and not self._passed:
            yield from self._ask_without()
        for beta in asked:
            self.findings.setdefault(beta, Finding("accepted", "required"))

    def _ask_together(self) -> Asking:
        """Do all that are accepted go together? If not, which do not?"""
        good = self._good()
        if len(good) < _PAIR:
            return
        group = next((failed for failed in self._failed if set(good).issuperset(failed)), None)
        if group is None:
            group = self._fitting(good)
            if (yield from self._goes(group)) is not False:
                return
        yield from self._narrow(group)

    def _narrow(self, group: tuple[str, ...]) -> Asking:
        """Find the fewest of a group that are refused together, as far as there are requests to spare.

        The shortest beginning that is refused ends with a beta that is part of it; that one goes to the front.
        """
        self.clash, kept = group, 0
        while True:
            passes, size = kept - 1, kept
            while passes + 1 < len(self.clash):
                goes = yield from self._goes(self.clash[:size])
                if goes is None:
                    return
                if goes:
                    passes = size
                else:
                    self.clash = self.clash[:size]
                size = (passes + len(self.clash)) // 2
            if kept == len(self.clash):
                return
            self.clash = (self.clash[-1], *self.clash[:-1])
            kept += 1

    def _goes(self, group: tuple[str, ...]) -> Generator[tuple[str, ...], Reading, bool | None]:
        """Whether the server takes a group of betas that it takes one by one; None where it cannot be asked."""
        if _went(group, self._passed):
            return True
        if any(set(failed) <= set(group) for failed in self._failed):
            return False
        if not self._spare():
            return None
        reading = yield self._sent(group)
        if reading.kind == "accepted":
            self._passed.append(frozenset(group))
            return True
        self._failed.append(group)
        return False

    # What follows from the replies.

    def _good(self) -> tuple[str, ...]:
        return tuple(beta for beta in self._on_trial() if self.finding(beta).verdict == "accepted")

    def _accept(self, group: tuple[str, ...], along: tuple[str, ...] = ()) -> None:
        self._passed.append(frozenset((*group, *along)))
        how: How = "alone" if len(group) == 1 else "with all" if group == self._on_trial() else "with others"
        self.findings.update({beta: Finding("accepted", how) for beta in group})

    def _refuse_named(self, reading: Reading) -> None:
        self.findings.update({beta: Finding("refused", "named", reading.message) for beta in reading.betas})
        for beta in reading.betas:
            if beta in self.companions:
                msg = f"the server refuses {beta}, which this endpoint requires: {reading.message}"
                raise _StopError(msg)

    def _spare(self) -> int:
        """The requests that are left beside one for each beta that is not settled."""
        return max(0, self.at_most - self.asked - len(self._left()))

    def _sent(self, group: tuple[str, ...]) -> tuple[str, ...]:
        return (*self.companions, *group)

    def _fitting(self, betas: Iterable[str]) -> tuple[str, ...]:
        return fitting(betas, along=self.companions, conflicts=self.conflicts)

    def _size(self, count: int, *, refused: bool) -> int:
        if not self._spare():
            return 1
        good = len(self._good())
        return at_evens(count, good=good, bad=len(self.findings) - good, refused=refused)


def _went(group: Iterable[str], passed: Iterable[frozenset[str]]) -> bool:
    """Whether a request that carried all of a group was accepted."""
    wanted = frozenset(group)
    return any(wanted <= each for each in passed)
