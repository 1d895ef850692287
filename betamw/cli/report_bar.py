"""A progress bar that comes where reading takes long, on a terminal only, and goes without a trace."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import attrs
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

_LATE: Final = 1.0
"""Seconds without it."""


@contextmanager
def bar(console: Console, late: float = _LATE) -> Iterator[Callable[[int, int], None]]:
    """What takes the bytes that were read, and how many there are: 0 where nobody knows."""
    shown = _Bar(console, time.monotonic() + late)
    try:
        yield shown.tell
    finally:
        shown.stop()


@attrs.define
class _Bar:
    console: Console
    begins: float
    drawn: Progress | None = None

    def tell(self, done: int, total: int) -> None:
        if self.drawn is None:
            if not self.console.is_terminal or self.console.is_dumb_terminal or time.monotonic() < self.begins:
                return
            columns = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
            self.drawn = Progress(*columns, console=self.console, transient=True)
            self.drawn.add_task("", completed=done, total=total or None)
            self.drawn.start()
        self.drawn.update(self.drawn.task_ids[0], completed=done, total=total or None)

    def stop(self) -> None:
        if self.drawn is not None:
            self.drawn.stop()
