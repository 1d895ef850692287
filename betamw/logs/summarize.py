"""From files to a summary of them."""

from collections.abc import Callable, Sequence

from betamw.logs.reading.reader import Reader
from betamw.logs.selection import Selection
from betamw.logs.summary import Summary
from betamw.logs.tally import Tally

Tell = Callable[[int, int], None]


def summarize(
    files: Sequence[str],
    selection: Selection | None = None,
    *,
    check: bool = False,
    processes: int | None = None,
    tell: Tell | None = None,
) -> Summary:
    """Read logs and sum them up."""
    del processes, tell
    tally = Tally(selection or Selection(), check=check)
    readers = []
    for file in files:
        reader = Reader(file)
        tally.add_all(reader.records())
        readers.append(reader)
    return tally.summary(readers)
