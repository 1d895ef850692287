"""How many betas, and which, make one request of a probe."""

from bisect import bisect
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from betamw.core.header import format_betas

MAX_HEADER: Final = 8 * 1024
"""Bytes of one header value: what servers commonly take."""

_PRIOR: Final = ((31 / 32, 3.0), (15 / 16, 3.0), (7 / 8, 3.0), (3 / 4, 1.0), (1 / 2, 1.0), (1 / 4, 2.0))
"""Shares of innocents, and how likely each is beside the others: servers take nearly all, or are another's and few."""


def at_evens(count: int, *, good: int, bad: int, refused: bool) -> int:
    """How many of `count` betas make a group that passes at evens, at least one.

    Args:
        count: Betas of which nothing is known, but for `refused`: together they are.
        good: Others that are accepted.
        bad: Others that are not.
        refused: Whether at least one of the `count` is a culprit.
    """
    weights = [(share, prior * share**good * (1 - share) ** bad) for share, prior in _PRIOR]

    def passes(size: int) -> float:
        return sum(weight * share**size for share, weight in weights)

    evens = (passes(0) + (passes(count) if refused else 0)) / 2
    return max(1, bisect(range(1, count + 1), -evens, key=lambda size: -passes(size)))


def fitting(
    betas: Iterable[str], *, along: tuple[str, ...], conflicts: Collection[Sequence[str]], most: int = MAX_HEADER
) -> tuple[str, ...]:
    """Those of `betas` that one request can carry beside `along`, the first ones first."""
    group: tuple[str, ...] = ()
    for beta in betas:
        apart = any(beta in pair and not set(pair).isdisjoint(group) for pair in conflicts)
        if not apart and len(format_betas((*along, *group, beta))) <= most:
            group = (*group, beta)
    return group
