"""Text beside a label, for a terminal of any width, a pipe and a log file."""

from typing import Final

from rich.console import Console
from rich.text import Text

_NARROWEST: Final = 20


def print_labelled(console: Console, label: str, text: Text, indent: int) -> None:
    """Print text with a label before its first line, and all lines indented alike."""
    width = max(console.width - indent, _NARROWEST)
    for number, line in enumerate(text.wrap(console, width, overflow="fold")):
        line.rstrip()
        console.print(Text.assemble(((label if number == 0 else "").ljust(indent), "dim"), line))
