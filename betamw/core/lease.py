"""Who is at something that others keep off meanwhile: each for a time, so that who never comes back blocks nobody."""

from itertools import takewhile

import attrs

from betamw.core.telling import discreet


@attrs.define(eq=False, field_transformer=discreet)
class Leases:
    """The leases on one thing. Holders are told apart by identity, and kept alive while they are in here.

    Time does not run backwards, and all leases are equally long: so they lapse in the order in which they were taken.
    """

    _until: dict[int, tuple[object, float]] = attrs.field(init=False, factory=dict)

    def __len__(self) -> int:
        return len(self._until)

    def has(self, holder: object, now: float) -> bool:
        """Whether this one is at it."""
        held = self._until.get(id(holder))
        return held is not None and now < held[1]

    def others(self, holder: object, now: float) -> bool:
        """Whether anybody else is at it; who has not come back in time is given up."""
        if not self._until:
            return False
        for lapsed in [*takewhile(lambda key: self._until[key][1] <= now, self._until)]:
            del self._until[lapsed]
        return len(self._until) > (id(holder) in self._until)

    def take(self, holder: object, until: float) -> None:
        """This one is at it from now on."""
        self._until.pop(id(holder), None)
        self._until[id(holder)] = holder, until

    def end(self, holder: object) -> bool:
        """This one is not at it any more; returns whether it was."""
        return self._until.pop(id(holder), None) is not None
