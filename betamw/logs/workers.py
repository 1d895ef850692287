"""Reading with several processes: this one, and others that it starts.

All of them read spans of some megabytes, and each counts what it reads. What comes out is the same as with one process:
counts can be added up in any order, and what the readers tell is put in order here. A process that is started has a
pipe to this one: spans go out, what the reader tells comes back, and in the end the counts. Where one end is gone the
other one notices at once.
"""

import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Final

import attrs

from betamw.core.errors import BetaError
from betamw.logs.reading import Reader
from betamw.logs.reading.repeats import Repeats
from betamw.logs.selection import Selection
from betamw.logs.tally import Tally

_AHEAD: Final = 2
"""Spans that a process has been given and not yet read, so that it need not wait for this one, which reads as well."""

Tell = Callable[[int], None]


class ReadingStoppedError(BetaError):
    """A process that read a part of the logs is gone, and its counts with it."""


@attrs.frozen
class Span:
    """A part of a file, or all of it.

    Attributes:
        size: In bytes, as far as is known.
        anywhere: Whether any process can read it: not what only this one has open.
    """

    file: str
    start: int
    end: int | None
    size: int
    anywhere: bool


@attrs.frozen
class SpanRead:
    """What a `Reader` tells of a span."""

    file: str
    start: int
    lines: int
    events: int
    problem: str | None
    unreadable: Mapping[str, Any]


def read(span: Span, tally: Tally, repeats: Repeats, tell: Tell | None = None) -> SpanRead:
    """Count the events of a span; `tell` is told how many more bytes have been read."""
    reader = Reader(span.file, span.start, span.end, tell)
    tally.add_all(reader.records_and_repeats(repeats) if tally.takes_repeats else reader.records())
    if tell is not None:
        tell(span.size - (reader.at_byte - span.start))
    return SpanRead(span.file, span.start, reader.lines, reader.events, reader.problem, reader.unreadable)


def _work(pipe: Connection, theirs: Connection | None, selection: Selection, check: bool) -> None:  # noqa: FBT001
    """What a process that was started does; it has a copy of the other end as well, if it was forked."""
    if theirs is not None:
        theirs.close()  # else nobody would notice that who started this is gone
    tally, repeats = Tally(selection, check), Repeats()
    with suppress(EOFError, BrokenPipeError):  # nobody is there any more
        while (span := pipe.recv()) is not None:
            pipe.send(read(span, tally, repeats))
        tally.counts()
        pipe.send(tally)


def _may_fork() -> bool:
    """Whether a copy of this process is sound, for that takes no time: on Linux, where no other thread is under way."""
    try:
        return sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208  names are enough
    except OSError:
        return False


@contextmanager
def _deaf() -> Iterator[None]:
    """Whatever is started in here never hears of ^C: this process ends it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@attrs.define
class _Worker:
    process: BaseProcess
    pipe: Connection
    _given: deque[int] = attrs.Factory(deque)

    @classmethod
    def start(cls, selection: Selection, *, check: bool) -> "_Worker":
        how = "fork" if _may_fork() else "spawn"
        context: Any = multiprocessing.get_context(how)
        ours, theirs = context.Pipe()
        with theirs, _deaf():
            copy = ours if how == "fork" else None
            process = context.Process(target=_work, args=(theirs, copy, selection, check), daemon=True)
            process.start()
        return cls(process, ours)

    @property
    def has_few(self) -> bool:
        return len(self._given) < _AHEAD

    def give(self, at: int, span: Span) -> None:
        self._send(span)
        self._given.append(at)

    def done(self, *, wait: bool = False) -> Iterator[tuple[int, SpanRead]]:
        """The spans that it has read by now, or all."""
        while self._given and (wait or self.pipe.poll()):
            yield self._given.popleft(), self._receive()

    def tally(self) -> Tally:
        self._send(None)
        tally: Tally = self._receive()
        return tally

    def _send(self, value: Span | None) -> None:
        try:
            self.pipe.send(value)
        except OSError:
            raise self._gone() from None

    def _receive(self) -> Any:
        try:
            return self.pipe.recv()
        except (EOFError, OSError):
            raise self._gone() from None

    def _gone(self) -> ReadingStoppedError:
        self.process.join()
        code = self.process.exitcode
        return ReadingStoppedError(
            f"a process that read a part of the logs ended early (exit code {code}); one process alone reads them with "
            "`processes=1`"
        )

    def stop(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


@attrs.define
class _Reading:
    """Spans, who reads them, and what became of them."""

    spans: Sequence[Span]
    tally: Tally
    tell: Tell
    repeats: Repeats = attrs.Factory(Repeats)
    workers: list[_Worker] = attrs.Factory(list)
    results: dict[int, SpanRead] = attrs.Factory(dict)
    left: deque[int] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.left = deque(at for at, span in enumerate(self.spans) if span.anywhere)

    def run(self) -> None:
        self._hand_out()
        while self.left:
            self._read(self.left.popleft())
            self._hand_out()
        for at, span in enumerate(self.spans):
            if not span.anywhere:
                self._read(at)
        for worker in self.workers:
            self._take(worker, wait=True)
            self.tally.merge(worker.tally())

    def _read(self, at: int) -> None:
        self.results[at] = read(self.spans[at], self.tally, self.repeats, self.tell)

    def _hand_out(self) -> None:
        for worker in self.workers:
            self._take(worker)
            while self.left and worker.has_few:
                at = self.left.popleft()
                worker.give(at, self.spans[at])

    def _take(self, worker: _Worker, *, wait: bool = False) -> None:
        for at, result in worker.done(wait=wait):
            self.results[at] = result
            self.tell(self.spans[at].size)


def read_all(spans: Sequence[Span], tally: Tally, processes: int, tell: Tell) -> list[SpanRead]:
    """Count the events of all spans; returns what the readers tell, in order.

    Raises `ReadingStoppedError` when one of the processes is gone. However this ends, none of them is left.
    """
    reading = _Reading(spans, tally, tell)
    try:
        for _ in range(min(processes, len(reading.left)) - 1):
            reading.workers.append(_Worker.start(tally.selection, check=tally.check))
        reading.run()
    finally:
        for worker in reading.workers:
            worker.stop()
    return [reading.results[at] for at in range(len(spans))]
