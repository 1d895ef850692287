"""The targets by their names, which are those of their modules."""

from typing import Final

TARGETS: Final = ("reader", "header", "stripper")
