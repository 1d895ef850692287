"""What is made over and over of few keys: of the headers that an application sends all the time.

A dictionary, for a look at it is on the path of each call, and a function around it could be measured.
"""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

_MOST: Final = 1024


class Cache(dict[K, V], Generic[K, V]):
    """`cache[key]` is what `make` makes of the key; kept for the next time where `keep` allows it of the key.

    What is not kept is gone with the call that it came with: names that may be secrets. When it is full, it begins
    anew. Threads may share one.
    """

    __slots__ = ("_keep", "_make")

    def __init__(self, make: Callable[[K], V], keep: Callable[[K], bool]) -> None:
        super().__init__()
        self._make = make
        self._keep = keep

    def __missing__(self, key: K) -> V:
        made = self._make(key)
        if self._keep(key):
            if len(self) >= _MOST:
                self.clear()
            self[key] = made
        return made
