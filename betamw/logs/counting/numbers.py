"""Looking at many numbers at once."""

import math
from collections.abc import Sequence
from typing import TypeGuard


def all_within(values: Sequence[float | None], least: float, most: float) -> TypeGuard[Sequence[float]]:
    """Whether all values are numbers between two others; in a fraction of the time of a loop."""
    try:
        return not values or (not math.isnan(sum(values)) and least <= min(values) and max(values) <= most)  # type: ignore[arg-type, type-var]
    except TypeError:
        return False
