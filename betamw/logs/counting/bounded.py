"""A dict that keeps a bounded number of keys, and the same ones in whatever order they come.

Kept are the keys of the lowest rank: those that are known first, then by a hash that is the same in every process. A
key that is put out has enough others below it for ever, so it never gets in again with a part of its counts.
"""

from collections.abc import Callable
from hashlib import blake2b
from heapq import nsmallest
from typing import Final, Generic, TypeVar

import attrs

V = TypeVar("V")
Key = tuple[str, ...]
Rank = tuple[bool, int]

_HASHES: Final = 1 << 64
_SLACK: Final = 32
"""Keys above the bound before the surplus is put out, so that this is not done for each."""


def hash_of(key: Key) -> int:
    """A number below 2**64 that is the same everywhere."""
    told = "\0".join(key).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(told, digest_size=8).digest(), "big")


@attrs.define
class Distinct:
    """How many different keys there were: exactly up to `most`, beyond within some two percent.

    From the lowest hashes: where the 4096th of them lies at a hundredth of the range there were some 409,600.
    """

    most: int = 4096
    lowest: set[int] = attrs.Factory(set)
    more: bool = False

    def add(self, number: int) -> None:
        """Count a key by its hash, again or for the first time."""
        self.lowest.add(number)
        if len(self.lowest) >= 2 * self.most:
            self._cut()

    def merge(self, other: "Distinct") -> None:
        """Add what another has counted."""
        self.lowest |= other.lowest
        self.more |= other.more
        self._cut()

    def _cut(self) -> None:
        if len(self.lowest) > self.most:
            self.lowest = set(nsmallest(self.most, self.lowest))
            self.more = True

    def count(self) -> int:
        """The number of different keys."""
        self._cut()
        return (self.most - 1) * _HASHES // max(self.lowest) if self.more else len(self.lowest)


@attrs.define
class Bounded(Generic[V]):
    """The values of at most `most` keys.

    Attributes:
        most: Keys that are kept.
        make: Makes the value of a new key.
        known: Which keys go before all others.
        seen: All keys that there were.
    """

    most: int
    make: Callable[[], V]
    known: Callable[[Key], bool]
    seen: Distinct = attrs.Factory(Distinct)
    _values: dict[Key, V] = attrs.Factory(dict)
    _ranks: dict[Key, Rank] = attrs.Factory(dict)
    _highest: Rank | None = None

    def at(self, key: Key) -> V | None:
        """The value of a key, a new one if need be; None for one that is not kept."""
        value = self._values.get(key)
        return self._admit(key) if value is None else value

    def _admit(self, key: Key) -> V | None:
        rank = (not self.known(key), hash_of(key))
        self.seen.add(rank[1])
        if self._highest is not None and rank > self._highest:
            return None
        value = self._values[key] = self.make()
        self._ranks[key] = rank
        if len(self._values) > self.most + _SLACK:
            self._cut()
        return value

    def _cut(self) -> None:
        if len(self._values) > self.most:
            self._ranks = dict(nsmallest(self.most, self._ranks.items(), key=_by_rank))
            self._values = {key: self._values[key] for key in self._ranks}
            self._highest = max(self._ranks.values())

    def merge(self, other: "Bounded[V]", add: Callable[[V, V], None]) -> None:
        """Add what another has counted: `add` is given a value of ours and one of theirs."""
        for key, theirs in other.items().items():
            if (ours := self.at(key)) is not None:
                add(ours, theirs)
        self.seen.merge(other.seen)

    def items(self) -> dict[Key, V]:
        """What is kept."""
        self._cut()
        return self._values

    @property
    def left_out(self) -> int:
        """How many keys were seen and are not kept."""
        return self.seen.count() - len(self.items())


def _by_rank(item: tuple[Key, Rank]) -> Rank:
    return item[1]
