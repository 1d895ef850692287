"""From files to a summary of them."""

import os
import stat
from collections.abc import Callable, Sequence
from typing import Final

from betamw.core.errors import ConfigError
from betamw.core.telling import shown
from betamw.logs.reading import split
from betamw.logs.selection import Selection
from betamw.logs.summary import Summary
from betamw.logs.tally import Tally
from betamw.logs.workers import Span, read_all

_LARGE: Final = 32 << 20
"""So many bytes are worth a second process, which takes a good part of a second to start."""
_SPAN: Final = 4 << 20


def summarize(
    files: Sequence[str],
    selection: Selection | None = None,
    *,
    check: bool = False,
    processes: int | None = None,
    tell: Callable[[int, int], None] | None = None,
) -> Summary:
    """Read logs and sum them up.

    Args:
        files: Paths; `-` is standard input.
        selection: Which events count; all by default.
        check: Whether to look for events that break an invariant of the log's.
        processes: How many read; by default two where the files are large and plain and there is a second processor.
            What comes out is the same. Where this process has threads, or is not on Linux, others are started by
            `multiprocessing` with "spawn": a script that calls this needs its `if __name__ == "__main__":`.
        tell: Is called now and then with the bytes that were read, and all that there are, as far as is known.

    A file that cannot be read makes no error: its `SourceRead` says so. Raises `ConfigError` for `processes` that is no
    number from one on, and `ReadingStoppedError` where another process was killed.
    """
    if processes is not None and (isinstance(processes, bool) or not isinstance(processes, int) or processes < 1):
        msg = f"processes must be a number from 1 on, or None, got {shown(processes)}"
        raise ConfigError(msg)
    spans = [span for file in files for span in _spans(file)]
    if processes is None:
        parts = sum(span.size for span in spans if span.end is not None)
        processes = min(2, _processors()) if parts > _LARGE else 1
    size, done = sum(span.size for span in spans), 0

    def further(count: int) -> None:
        nonlocal done
        done += count
        if tell is not None:
            tell(done, size)

    tally = Tally(selection or Selection(), check)
    return tally.summary(read_all(spans, tally, processes, further))


def _processors() -> int:
    """How many this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return os.cpu_count() or 1 if affinity is None else len(affinity(0))


def _spans(file: str) -> list[Span]:
    """A file in parts that can be read one by one; one that is not plain, or not there, in one."""
    try:
        found = os.stat(file)  # noqa: PTH116  the reader takes any name, also `-`
    except (OSError, ValueError):
        return [Span(file, 0, None, 0, anywhere=False)]
    if file == "-" or not stat.S_ISREG(found.st_mode):
        return [Span(file, 0, None, 0, anywhere=False)]
    size = found.st_size
    cuts = split(file, -(-size // _SPAN)) if size > _SPAN else [(0, None)]
    return [Span(file, start, end, (size if end is None else end) - start, anywhere=True) for start, end in cuts]
