"""Asking a server, over HTTP: a plain session without middlewares, one request after the other."""

import asyncio
import math
from collections.abc import Callable
from typing import Final
from urllib.request import getproxies, proxy_bypass

import aiohttp
import attrs
from multidict import CIMultiDictProxy
from yarl import URL

from betamw.cli.probe_request import Question
from betamw.core.header import format_betas
from betamw.core.probe.finding import Reading
from betamw.core.probe.probing import Probe
from betamw.core.probe.reading import NoUse, read_reply
from betamw.core.reply_text import MAX_BODY
from betamw.core.telling import shown

REPEATS: Final = 3
"""How often a server that asks to wait is asked again, in all."""

_LONGEST_PAUSE: Final = 30.0


@attrs.define(eq=False)
class Inquiry:
    """A probe, carried out.

    Attributes:
        question: What is sent.
        probe: Says with which betas, and takes the replies; also what ends it early.
        timeout: Seconds for each request.
        tell: Called after each reply.
        requests: So many have been sent.
    """

    question: Question
    probe: Probe
    timeout: float
    tell: Callable[[], None]
    requests: int = attrs.field(init=False, default=0)
    _repeats: int = attrs.field(init=False, default=0)

    async def run(self) -> None:
        """Ask until all is known, or nothing more can be."""
        async with aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self.timeout), cookie_jar=aiohttp.DummyCookieJar()
        ) as session:
            while (betas := self.probe.sends) is not None:
                try:
                    reply = await self._ask(session, betas)
                except TimeoutError:
                    reply = NoUse(f"{self.question.origin} has not replied within {self.timeout:g} s")
                except (
                    aiohttp.ClientError,
                    OSError,
                    ValueError,
                ) as error:  # the last: no host, or no proxy, is called so
                    reply = NoUse(_trouble(error, self.question))
                if isinstance(reply, NoUse):
                    self.probe.stop(reply.reason)
                else:
                    self.probe.take(reply)
                self.tell()

    async def _ask(self, session: aiohttp.ClientSession, betas: tuple[str, ...]) -> Reading | NoUse:
        """Ask, and again where the server wants to be asked later."""
        while True:
            reply, wait = await self._send(session, betas)
            if isinstance(reply, Reading) or not reply.later or self._repeats == REPEATS:
                return reply
            wait = 2.0**self._repeats if wait is None else wait
            if wait > _LONGEST_PAUSE:
                return NoUse(f"{reply.reason}, and asks to wait for {wait:g} s")
            self._repeats += 1
            await asyncio.sleep(wait)

    async def _send(
        self, session: aiohttp.ClientSession, betas: tuple[str, ...]
    ) -> tuple[Reading | NoUse, float | None]:
        """One request: what its reply says, and the seconds that the server wants to be left alone."""
        question = self.question
        header = {question.api.header: format_betas(betas)} if betas else {}
        self.requests += 1
        async with session.request(
            question.method,
            question.url,
            data=question.body,
            headers={**question.headers, **header},
            allow_redirects=False,
            proxy=_proxy(question.url),
        ) as response:
            reply = read_reply(
                response.status,
                await _beginning(response.content),
                content_type=response.headers.get("content-type", ""),
                sent=betas,
                header=question.api.header,
                secret=question.secret,
            )
            return reply, _pause(response.headers)


def _proxy(url: URL) -> str | None:
    """The environment's proxy; a session's `trust_env` finds it too, but sends what ~/.netrc holds beside the key."""
    return None if proxy_bypass(url.host or "") else getproxies().get(url.scheme)


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
