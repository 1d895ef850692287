"""More than one call: a scene is played twice, by a plain session and by one with a chain."""

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import attrs

import betamw
from support.twice.both import BODY, Stage
from support.twice.modes import MODES, Mode
from support.twice.seen import plain


@attrs.frozen(eq=False)
class Caller:
    """One of the two.

    Attributes:
        stage: Where.
        mode: The part that the chain plays, if there is one.
        chained: Whether there is one.
        session: The session.
    """

    stage: Stage
    mode: Mode
    chained: bool
    session: aiohttp.ClientSession

    def call(self, kind: str, method: str = "POST", **arguments: Any) -> Any:
        """What `session.request` gives, for a reply of this kind."""
        url = f"{self.stage.server.url}/{self.mode.route}/{kind}"
        arguments.setdefault("json", BODY if method == "POST" and "data" not in arguments else None)
        headers = self.mode.headers(chained=self.chained)
        return self.session.request(method, url, headers=headers, **self.stage.request, **arguments)

    async def read(self, kind: str, *args: Any, **arguments: Any) -> object:
        """The status and the body, or the error."""
        try:
            with betamw.override(**self.mode.override):
                async with self.call(kind, *args, **arguments) as response:
                    return response.status, await response.content.read()
        except (aiohttp.ClientError, OSError) as error:
            return plain(error)


Scene = Callable[[Caller], Awaitable[object]]


async def play(stage: Stage, mode: str, scene: Scene, *, chained: bool, **session: Any) -> object:
    """What the scene gives, and how many connections the server saw."""
    stage.clear()
    part = MODES[mode]
    middlewares = stage.chain(part) if chained else ()
    async with aiohttp.ClientSession(middlewares=middlewares, **session) as opened:
        given = plain(await scene(Caller(stage, part, chained, opened)))
    return given, len(stage.server.connections)
