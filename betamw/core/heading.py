"""The beta header of one call: as it came, as others change it, as it was last written."""

from collections.abc import Callable, Iterable
from typing import Final

import attrs

from betamw.core.events import Event, InputInvalid
from betamw.core.header import read_header
from betamw.core.plan import Plan, adding
from betamw.core.policy import Source
from betamw.core.telling import discreet

_MOST_INVALID: Final = 10


@attrs.define(eq=False, field_transformer=discreet)
class Heading:
    """The header, and what is wanted of it.

    Attributes:
        tell: Takes the events, as they happen.
        plan: What is meant to be sent, by all that is known so far.
    """

    tell: Callable[[Event], None]
    plan: Plan
    _shown: tuple[str, ...] = attrs.field(init=False, default=())
    _shown_plainly: bool = attrs.field(init=False, default=True)

    @property
    def sent(self) -> tuple[str, ...]:
        """What the last attempt carried."""
        return self._shown

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
        before = frozenset(shown)
        if added := tuple([beta for beta in betas if beta not in before]):
            self.plan = adding(self.plan.restoring(added), added, "request")
        if gone := before.difference(betas):
            self.remove(gone)
        if sent:  # the record follows the facts, whatever was decided
            dropped = frozenset(self.plan.policy_drops)
            self.want(tuple([beta for beta in betas if beta in dropped]), "request")
            self._went_out(betas)

    def _went_out(self, betas: tuple[str, ...]) -> None:
        """Another's hand has sent these, whatever was decided."""

    def write(self, betas: tuple[str, ...]) -> str | None:
        """The value that says `betas`, empty where no header must go out; None where it stays, byte for byte."""
        if betas == self._shown and self._shown_plainly:
            return None
        self._shown, self._shown_plainly = betas, True
        return ",".join(betas)
