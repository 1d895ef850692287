"""Asking a server, over HTTP: a plain session without middlewares, one request after the other."""

import asyncio
import math
from collections.abc import Callable, Iterator
from typing import Final

import aiohttp
from multidict import CIMultiDictProxy

from betamw.cli.probe_request import Question
from betamw.core.header import format_betas
from betamw.core.probe_reply import NoUse, read_reply
from betamw.core.probing import Probe, Reading
from betamw.core.reply_text import MAX_BODY
from betamw.core.telling import shown

REPEATS: Final = 3
"""How often a server that asks to wait is asked again, in all."""

_LONGEST_PAUSE: Final = 30.0


async def ask(question: Question, probe: Probe, *, timeout: float, tell: Callable[[], None]) -> None:  # noqa: ASYNC109
    """Ask until all is known or nothing more can be; `tell` is called after each reply. What ends it early is in `probe`."""
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=timeout), trust_env=True, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        pauses = iter(range(REPEATS))
        while (betas := probe.sends) is not None:
            try:
                reply = await _ask_once(session, question, betas, pauses)
            except TimeoutError:
                reply = NoUse(f"no reply within {timeout:g} s")
            except (aiohttp.ClientError, OSError, ValueError) as error:
                reply = NoUse(_trouble(error, question))
            if isinstance(reply, NoUse):
                probe.stop(reply.reason)
            else:
                probe.take(reply)
            tell()


async def _ask_once(
    session: aiohttp.ClientSession, question: Question, betas: tuple[str, ...], pauses: Iterator[int]
) -> Reading | NoUse:
    """Ask, and again where the server wants to be asked later."""
    header = {question.api.header: format_betas(betas)} if betas else {}
    while True:
        async with session.request(
            question.method,
            question.url,
            data=question.body,
            headers={**question.headers, **header},
            allow_redirects=False,
        ) as response:
            reply = read_reply(
                response.status,
                await _beginning(response.content),
                content_type=response.headers.get("content-type", ""),
                sent=betas,
                header=question.api.header,
                secret=question.secret,
            )
            wait = _pause(response.headers)
        if not isinstance(reply, NoUse) or not reply.later:
            return reply
        repeat = next(pauses, None)
        if repeat is None:
            return reply
        wait = 2.0**repeat if wait is None else wait
        if wait > _LONGEST_PAUSE:
            return NoUse(f"{reply.reason}, and asks to wait for {wait:g} s")
        await asyncio.sleep(wait)


async def _beginning(content: aiohttp.StreamReader) -> bytes:
    """So much of a body as is read: one byte more than a refusal may have."""
    body = b""
    async for piece in content.iter_any():
        body += piece
        if len(body) > MAX_BODY:
            break
    return body


def _pause(headers: CIMultiDictProxy[str]) -> float | None:
    """The seconds that the server wants to be left alone; None where it does not say, or not in seconds."""
    try:
        seconds = float(headers.get("retry-after", "nan"))
    except ValueError:
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _trouble(error: Exception, question: Question) -> str:
    text = str(error)
    said = "" if not text or question.secret in text else f": {shown(text)}"
    return f"{question.origin} cannot be asked ({type(error).__name__}{said})"
