"""Looking at many numbers, most of which are fine, in a fraction of the time that it takes to look at each."""

import math
from collections.abc import Sequence
from typing import cast


def in_order(values: Sequence[float | None], least: float, most: float) -> list[float]:
    """The values from the least to the greatest, without those that are no numbers between two others."""
    numbers = cast("Sequence[float]", values)
    try:
        ordered = sorted(numbers)
        if not ordered or (least <= ordered[0] and ordered[-1] <= most and not math.isnan(sum(ordered))):
            return ordered
    except TypeError:  # one is None
        pass
    return sorted(value for value in values if value is not None and least <= value <= most)


def within(values: Sequence[float | None], least: float, most: float) -> Sequence[float]:
    """The values, without those that are no numbers from zero on; the others are raised or lowered to the limits."""
    numbers = cast("Sequence[float]", values)
    try:
        if not numbers or (least <= min(numbers) and max(numbers) <= most and not math.isnan(sum(numbers))):
            return numbers
    except TypeError:  # one is None
        pass
    return [min(max(value, least), most) for value in values if value is not None and 0.0 <= value < math.inf]
