"""Finding a call in logs, by its `betamw_call` or by the request id of one of its replies.

The files are read once to find the calls, and once more for what else was told of them: nothing is kept of other calls,
however long the logs are. A request id may belong to several calls: a proxy can make its own, and a client that tries
again by itself makes a call each time.
"""

import shutil
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final

import attrs

from betamw.logs.cleaning import cleaned
from betamw.logs.reading import Reader
from betamw.logs.record import CALL, Record
from betamw.logs.story import Story, story_of
from betamw.logs.views.escaping import plain

MOST_CALLS: Final = 20
_MOST_EVENTS: Final = 1000
_MOST_NEAR: Final = 5
_SHORTEST: Final = 4
"""Characters of an id that is cut off, with which another may begin."""


@attrs.define(kw_only=True)
class Found:
    """What was found in the logs.

    Attributes:
        stories: Of the calls, in the order in which they were met.
        left_out: Events of these, or whole calls, that were too many to tell.
        lines: Lines that were read, of any kind; `events` those of them that are ours.
        problems: Why a file could not be read, or not to its end.
        near: Ids in the logs which the one that was looked for may have been meant to be; none where it was found.
    """

    stories: tuple[Story, ...] = ()
    left_out: int = 0
    lines: int = 0
    events: int = 0
    problems: list[tuple[str, str]] = attrs.Factory(list)
    near: dict[str, None] = attrs.Factory(dict)


@attrs.define(eq=False)
class _Search:
    """A search for one id."""

    wanted: str
    found: Found = attrs.field(init=False, factory=Found)
    calls: dict[str, list[tuple[int, Record]]] = attrs.field(init=False, factory=dict)
    by_request: dict[str, None] = attrs.field(init=False, factory=dict)

    def look(self, files: Sequence[tuple[str, str]]) -> None:
        """Find the calls, and all of the events of one that was named itself."""
        self.calls[self.wanted] = []
        alike = self.wanted.lower() if len(self.wanted) >= _SHORTEST else None
        for place, record in self._records(files, count=True):
            call, request = record.betamw_call, record.anthropic_request_id
            if call == self.wanted:
                self._keep(place, record)
            elif request == self.wanted:
                if len(self.by_request) < MOST_CALLS or call in self.by_request:
                    self.by_request[call] = None
                else:
                    self.found.left_out += 1
            elif alike is not None and len(self.found.near) < _MOST_NEAR:
                for told in (call, request or ""):
                    if told.lower().startswith(alike):
                        self.found.near[plain(told)] = None

    def look_again(self, files: Sequence[tuple[str, str]]) -> None:
        """Collect the events of the calls that were found by a request id."""
        others = self.by_request.keys() - {self.wanted}
        self.calls.update({call: [] for call in self.by_request if call in others})
        for place, record in self._records(files):
            if record.betamw_call in others:
                self._keep(place, record)

    def _keep(self, place: int, record: Record) -> None:
        events = self.calls[record.betamw_call]
        if len(events) < _MOST_EVENTS:
            events.append((place, cleaned(record)))
        else:
            self.found.left_out += 1

    def _records(self, files: Sequence[tuple[str, str]], *, count: bool = False) -> Iterator[tuple[int, Record]]:
        for place, (name, path) in enumerate(files):
            reader = Reader(path)
            for record in reader.records():
                yield place, record
            if count:
                self.found.lines += reader.lines
                self.found.events += reader.events
                if reader.problem is not None:
                    self.found.problems.append((name, reader.problem))

    def stories(self) -> Iterator[Story]:
        """The stories of the calls that were found."""
        for events in filter(None, self.calls.values()):
            yield story_of(in_order(events))


Enter = Callable[[AbstractContextManager[Any]], Any]


def look_up(wanted: str, files: Sequence[str]) -> Found:
    """Find the calls of an id, a `betamw_call` or an `anthropic_request_id`; `-` among the files is standard input."""
    search = _Search(wanted)
    with ExitStack() as stack:
        again = [(file, _lasting(file, search.found, stack.enter_context)) for file in files]
        search.look(again)
        if search.by_request:
            search.look_again(again)
        search.found.stories = tuple(search.stories())
    if search.found.stories:
        search.found.near.clear()
    return search.found


def _lasting(file: str, found: Found, enter: Enter) -> str:
    """A path that can be read twice: a pipe is copied to a file for as long as it takes, as far as there is room."""
    try:
        if file == "-":
            pipe = sys.stdin.buffer if sys.stdin is not None else None
        else:
            mode = Path(file).stat().st_mode
            pipe = None if stat.S_ISREG(mode) or stat.S_ISDIR(mode) else enter(Path(file).open("rb"))  # noqa: SIM115  it is
    except OSError:
        pipe = None
    if pipe is None:  # where something is the matter, the reader says what
        return file
    copy = enter(NamedTemporaryFile(prefix="betamw-", buffering=0))  # noqa: SIM115  it is entered
    try:
        shutil.copyfileobj(pipe, copy)
    except OSError as error:
        said = (error.strerror or type(error).__name__).lower()
        found.problems.append((file, f"not read to its end: it cannot be copied to a temporary file: {said}"))
    return str(copy.name)


def in_order(events: Sequence[tuple[int, Record]]) -> tuple[Record, ...]:
    """The events of a call as they happened; they are given as they were read, each with the number of its file.

    What stands in two files is one event: a copy. Many a log knows only the second; what was written to one file in the
    same second stays as it was, what was written to several is put in order by the numbers of the attempts.
    """
    interleaved = len({place for place, _ in events}) > 1
    once: list[tuple[int, Record]] = []
    for place, event in events:
        if not interleaved or not any(event == other and place != elsewhere for elsewhere, other in once):
            once.append((place, event))

    def when(event: Record) -> tuple[bool, float, float]:
        rank = _RANKS.get(event.event, 0.0) + (event.attempt or 0) if interleaved else 0.0
        return event.event == CALL, event.at or 0.0, rank

    return tuple(sorted((event for _, event in once), key=when))


_RANKS: Final = {"betamw.memory.learned": 1e6, "betamw.memory.reprobed": 2e6}
