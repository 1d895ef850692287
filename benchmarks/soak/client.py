"""The client of the soak: so many calls in flight, of all kinds, and a line in the book for what came of each."""

import asyncio
import io
import json
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any, BinaryIO, Final
from urllib.parse import urlencode

import attrs
import structlog
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, FormData

import betamw
from benchmarks.soak.books import Outcome, write
from benchmarks.soak.plan import Call, draw_call, reply_body

_PART: Final = 100
"""Bytes that are read of a reply that is not read to its end."""


@attrs.define(eq=False)
class Client:
    """Makes calls.

    Attributes:
        session: With the chain.
        url: Of the server.
        seed: Of the run.
        book: Where the outcomes are written.
        made: Calls that have come to an end.
    """

    session: ClientSession
    url: str
    seed: int
    book: BinaryIO
    made: int = 0

    async def work(self, numbers: Iterator[int]) -> None:
        """Make calls, one after the other, until there are no more numbers."""
        for number in numbers:
            await self.make(draw_call(self.seed, number))
            await asyncio.sleep(0)  # else a call that waits for the connection that was just released does not get it

    async def make(self, call: Call) -> Outcome:
        """Make a call, perhaps cancel it, and write down what came of it."""
        structlog.contextvars.bind_contextvars(soak_call=call.number)
        outcome = Outcome(call.number)
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        cancelling = None if call.cancelled_after is None else loop.call_later(call.cancelled_after, task.cancel)
        started = time.perf_counter()
        try:
            await self._request(call, outcome)
        except (ClientError, OSError) as error:  # a TimeoutError is one
            outcome.error = type(error).__name__
        except asyncio.CancelledError:
            if cancelling is None:  # it is the soak that is given up
                raise
            outcome.error = "CancelledError"
        except Exception as error:  # noqa: BLE001  what it is will be told
            outcome.error, outcome.honest = repr(error), False
        finally:
            if cancelling is not None:
                cancelling.cancel()
        if task.cancelling():
            task.uncancel()
            if outcome.error != "CancelledError":
                outcome.error, outcome.honest = "a cancellation that came to nothing", False
        outcome.took = time.perf_counter() - started
        write(self.book, outcome)
        self.made += 1
        return outcome

    async def _request(self, call: Call, outcome: Outcome) -> None:
        data, crc = _body(call)
        headers = {"x-api-key": call.key, "soak-call": str(call.number), "soak-scope": call.scope, "soak-crc": str(crc)}
        if call.betas:
            headers["anthropic-beta"] = ",".join(call.betas)
        async with self.session.request(
            call.method,
            self.url + call.path,
            headers=headers,
            timeout=ClientTimeout(total=call.timeout),
            **data,
        ) as response:
            outcome.status, outcome.request_id = response.status, response.headers.get("request-id", "")
            usage = betamw.usage(response)
            outcome.sent, outcome.attempts, outcome.outcome = usage.sent, usage.attempts, usage.outcome
            outcome.read = "broken"
            seen = await _read(call.reading, response)
            outcome.read = call.reading if call.reading in {"part", "nothing"} else "whole"
            outcome.crc = zlib.crc32(seen)
            if response.status < 400:  # noqa: PLR2004  a good one
                *_, number, send = outcome.request_id.split("_")
                outcome.fits = reply_body(int(number), int(send)).startswith(seen)


async def _read(how: str, response: ClientResponse) -> bytes:
    """Read a reply in one of the ways, as much of it as is wanted."""
    if how == "nothing":
        return b""
    if how == "part":
        return await response.content.read(_PART)
    if how == "chunks":
        return b"".join([chunk async for chunk in response.content.iter_chunked(512)])
    if how == "json":
        await response.json()
    elif how == "text":
        await response.text()
    return await response.read()


def _body(call: Call) -> tuple[dict[str, Any], int]:
    """The arguments for the request's body, and its checksum, 0 where that is not known."""
    if not call.body:
        return {}, zlib.crc32(b"")
    document = call.document()
    text = json.dumps(document)
    plain = text.encode()
    headless: dict[str, dict[str, Any]] = {
        "json": {"json": document},
        "bytes": {"data": plain},
        "text": {"data": text},
        "large": {"data": plain},
        "bytesio": {"data": io.BytesIO(plain)},
        "generator": {"data": _in_pieces(plain)},
    }
    if call.body == "form":
        form = {"model": call.model, "prompt": "x" * call.size}
        return {"data": form}, zlib.crc32(urlencode(form).encode())
    if call.body == "multipart":
        parts = FormData({"purpose": "batch"})
        parts.add_field("file", plain, filename="file.json", content_type="application/json")
        return {"data": parts}, 0
    return headless[call.body], zlib.crc32(plain)


async def _in_pieces(data: bytes) -> AsyncIterator[bytes]:
    third = 1 + len(data) // 3
    for at in range(0, len(data), third):
        yield data[at : at + third]
