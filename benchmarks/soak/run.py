"""The order of things: the server is started, the calls are made, all becomes calm, and nothing must be left."""

import asyncio
import contextlib
import json
import os
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

import attrs
from aiohttp import ClientSession, TCPConnector

import betamw
from benchmarks import logs
from benchmarks.measure import progress
from benchmarks.soak.books import EVENTS, OUTCOMES
from benchmarks.soak.client import Client
from benchmarks.soak.plan import DEFAULT, calm_call, calm_scopes

_REMEMBERED: Final = 1.0
"""Seconds that a lesson holds: short, so that betas are probed all the time."""
ENTRIES: Final = 100
"""What the memory holds at most: less than there is to learn."""
_INTERVAL: Final = 0.25
_TOLD: Final = 5.0
"""Seconds after which it is told how far it is."""
_STALLED: Final = 60.0
"""Seconds without any call's end, after which those that are left are given up."""
_PATIENCE: Final = 12
"""Calls in a scope, after all has become calm, until nothing is left out there any more."""
_PAGE: Final = os.sysconf("SC_PAGE_SIZE") / 2**20


@attrs.frozen(kw_only=True)
class Settings:
    """What is asked for.

    Attributes:
        calls: How many.
        in_flight: At a time.
        connections: The pool's limit.
        seed: Decides on all that is drawn.
    """

    calls: int
    in_flight: int
    connections: int
    seed: int


@attrs.define
class Watched:
    """What was seen of the client's process.

    Attributes:
        seconds: That the calls took.
        cpu: Seconds of CPU time for them.
        resident: MiB, over and over, while calls were made; `blocks`: Python's own blocks of memory, at the same times.
        tasks: At most; `tasks_left` in the end.
        files: Open file descriptors at most; `files_left` in the end, after the session was closed.
        entries: Of the memory at most; `leases` on them in the end.
        made: Calls that came to an end.
        calm: Calls after all had become calm.
        server: Its own figures, with the session open and nothing under way.
        wrong: What is left though it must not be.
    """

    seconds: float = 0.0
    cpu: float = 0.0
    resident: list[float] = attrs.Factory(list)
    blocks: list[int] = attrs.Factory(list)
    tasks: int = 0
    tasks_left: int = 0
    files: int = 0
    files_left: int = 0
    entries: int = 0
    leases: int = 0
    made: int = 0
    calm: int = 0
    server: dict[str, Any] = attrs.Factory(dict)
    wrong: list[str] = attrs.Factory(list)

    def hold(self, promise: bool, broken: str) -> None:  # noqa: FBT001  it reads as a sentence
        """Write down what is wrong."""
        if not promise:
            self.wrong.append(broken)

    async def watch(self, memory: betamw.RejectionMemory) -> None:
        """Look again and again."""
        while True:
            await asyncio.sleep(_INTERVAL)
            pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]  # noqa: ASYNC240  it is no disk
            self.resident.append(int(pages) * _PAGE)
            self.blocks.append(sys.getallocatedblocks())
            self.tasks = max(self.tasks, len(asyncio.all_tasks()))
            self.files = max(self.files, _open_files())
            self.entries = max(self.entries, len(memory))


async def soak(settings: Settings, directory: Path) -> Watched:
    """Make all calls, and see what is left; the books are in the directory."""
    watched = Watched()
    memory = betamw.RejectionMemory(remember_for=_REMEMBERED, max_entries=ENTRIES)
    with (directory / EVENTS).open("wb") as events, (directory / OUTCOMES).open("wb") as outcomes:
        logs.everything(events)
        complaints: list[str] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, told: complaints.append(str(told.get("message"))))
        async with _server(settings.seed, directory) as (process, url):
            files = _open_files()
            chain = betamw.chain(DEFAULT, api=betamw.Api(url), memory=memory)
            connector = TCPConnector(limit=settings.connections)
            async with ClientSession(middlewares=chain, connector=connector) as session:
                client = Client(session, url, settings.seed, outcomes)
                await _make_calls(client, settings, watched, memory)
                await _become_calm(client, settings, watched, process)
                watched.server = await _ask(process, "report")
                _look_for_leases(memory, watched)
            await asyncio.sleep(_INTERVAL)  # until the loop has closed the sockets
            watched.files_left = _open_files() - files
            closed = await _ask(process, "report")
        logs.unconfigured()
    watched.tasks_left = len(asyncio.all_tasks()) - 1
    watched.hold(not watched.tasks_left, f"{watched.tasks_left} tasks are left")
    watched.hold(not watched.files_left, f"{watched.files_left} files are open after the session was closed")
    watched.hold(not closed["open"], f"the server still has {closed['open']} connections")
    watched.hold(watched.entries <= ENTRIES, f"the memory held {watched.entries} entries")
    watched.hold(not complaints, f"the event loop complains {len(complaints)} times, first: {complaints[:1]}")
    return watched


async def _make_calls(client: Client, settings: Settings, watched: Watched, memory: betamw.RejectionMemory) -> None:
    numbers = iter(range(settings.calls))
    watching = asyncio.create_task(watched.watch(memory))
    started, cpu = time.perf_counter(), time.process_time()
    workers = [asyncio.create_task(client.work(numbers)) for _ in range(settings.in_flight)]
    pending, silence = {*workers}, 0.0
    while pending and silence < _STALLED:
        made = client.made
        _, pending = await asyncio.wait(pending, timeout=_TOLD)
        silence = 0.0 if client.made > made else silence + _TOLD
        progress(f"soak: {client.made} of {settings.calls} calls")
    watched.seconds, watched.cpu = time.perf_counter() - started, time.process_time() - cpu
    watched.hold(not pending, f"{len(pending)} calls have not come to an end")
    for task in (watching, *pending):
        task.cancel()
    await asyncio.gather(watching, *workers, return_exceptions=True)
    watched.made = client.made
    failed = [repr(error) for worker in workers if not worker.cancelled() and (error := worker.exception())]
    watched.hold(not failed, f"the soak itself has failed: {failed[:3]}")


async def _become_calm(client: Client, settings: Settings, watched: Watched, process: Process) -> None:
    """With no faults, and every beta accepted: soon nothing is left out any more, and every call is answered."""
    await _ask(process, "calm")
    await asyncio.sleep(_REMEMBERED + _INTERVAL)
    numbers = count(settings.calls)
    for scope in calm_scopes():
        for _ in range(_PATIENCE):
            call = calm_call(settings.seed, next(numbers), **scope)
            watched.calm += 1
            outcome = await client.make(call)
            if outcome.outcome != "ok" or outcome.sent == call.merged:
                break
        watched.hold(
            outcome.outcome == "ok" and outcome.sent == call.merged,
            f"in the end, {scope}: {outcome}, not {call.merged}",
        )


def _look_for_leases(memory: betamw.RejectionMemory, watched: Watched) -> None:
    # There is no public way, and no need for one but here: a lease that is not given back blocks others for a minute.
    watched.leases = sum(len(held.leases) for _, _, held in memory._shelf)  # noqa: SLF001
    watched.hold(not watched.leases, f"{watched.leases} leases are held though nothing is under way")
    watched.hold(not watched.server["busy"], f"{watched.server['busy']} connections are in use though no call is")


@asynccontextmanager
async def _server(seed: int, directory: Path) -> AsyncIterator[tuple[Process, str]]:
    command = (sys.executable, "-m", "benchmarks.soak.server", str(seed), str(directory))
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process, f"http://127.0.0.1:{int(await process.stdout.readline())}"
    finally:
        process.stdin.close()
        with contextlib.suppress(ProcessLookupError):
            await process.wait()


async def _ask(process: Process, command: str) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{command}\n".encode())
    answer: dict[str, Any] = json.loads(await process.stdout.readline())
    return answer


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208  only how many
