"""The two calls, and how they differ."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import aiohttp
import attrs
from structlog.testing import LogCapture

import betamw
from support.client import capturing_logger
from support.twice.kinds import KINDS, Kind
from support.twice.modes import MODES, Mode
from support.twice.proxy import Proxy
from support.twice.reading import in_turn, tried
from support.twice.seen import jar, plain, same, seen
from support.twice.server import Server
from support.twice.settings import SETTINGS, Setting
from support.twice.ways import WAYS, Way

BODY: Final = {"max_tokens": 8, "messages": [{"role": "user", "content": "hi"}]}
"""Without a model: a lesson that holds for one would not hold for the GET that a redirect makes of this."""

_ELSEWHERE: Final = "https://api.anthropic.com"
_ONCE: Final = ("on_request_start", "on_request_redirect", "on_request_end", "on_request_exception")
"""What a trace config is told once for all sends."""


@attrs.frozen(kw_only=True)
class Call:
    """What is done, by its names in the tables."""

    mode: str
    kind: str
    setting: str
    way: str

    def __str__(self) -> str:
        return f"{self.mode} | {self.kind} | {self.setting} | {self.way}"

    @property
    def parts(self) -> tuple[Mode, Kind, Setting, Way]:
        """What the names stand for."""
        kind = KINDS[self.kind]
        return MODES[self.mode], kind, SETTINGS[self.setting], WAYS[kind.ways][self.way]


@attrs.frozen(repr=False)
class Difference:
    """What a caller sees with a plain session, but not with the chain."""

    call: Call
    part: str
    expected: object
    actual: object

    def __repr__(self) -> str:
        return f"<{self.call}: {self.part}: {self.expected!r:.1000} BUT {self.actual!r:.1000}>"


@attrs.define(eq=False)
class Stage:
    """Where calls are made.

    Attributes:
        server: Whom they are made to.
        elsewhere: Another origin.
        proxy: A proxy on the way, for those that use one.
        request: What all requests are given.
        capture: The events of the chain, at any level.
        traced: What a trace config was told in the last call.
    """

    server: Server
    elsewhere: Server
    proxy: Proxy
    request: Mapping[str, Any] = attrs.field(factory=dict)
    capture: LogCapture = attrs.field(factory=LogCapture)
    traced: list[tuple[str, Any]] = attrs.field(factory=list)
    _outer: dict[str, tuple[Any, ...]] = attrs.field(factory=dict)
    _plain: dict[object, dict[str, object]] = attrs.field(factory=dict)

    def chain(self, mode: Mode) -> tuple[Any, ...]:
        """What `betamw.chain(...)` makes, with a memory of its own; the rest keeps nothing from call to call."""
        base_url = _ELSEWHERE if mode.elsewhere else self.server.url
        api = betamw.Api(base_url)
        if base_url not in self._outer:
            self._outer[base_url] = betamw.chain(api=api, logger=capturing_logger(self.capture))[:-1]
        return (*self._outer[base_url], mode.fallback(api))

    async def differences(self, calls: Iterable[Call]) -> list[Difference]:
        """Where a caller could tell that there is a chain."""
        found: list[Difference] = []
        for call in calls:
            mode = call.parts[0]
            key = attrs.evolve(call, mode=""), mode.route, mode.plain
            if key not in self._plain:
                self._plain[key] = await self.make(call, chained=False)
            actual = await self.make(call, chained=True)
            found += _differences(call, self._plain[key], actual)
        return found

    async def make(self, call: Call, *, chained: bool) -> dict[str, object]:
        """Make the call, and see all that can be seen."""
        mode, _, setting, way = call.parts
        self.clear()
        got: dict[str, object] = {}
        session_arguments, url, arguments = self._arguments(call, chained=chained)
        async with aiohttp.ClientSession(**session_arguments) as session:
            try:
                with betamw.override(**mode.override):
                    async with session.request(setting.method, url, **arguments) as response:
                        got["reply"] = seen(response)
                        got["read"] = plain(await tried(lambda: way(response, self.server.proceed)))
                got["left"] = response.closed, plain(await in_turn(response.read, response.content.read))
            except (AttributeError, RecursionError, TypeError):  # of this framework
                raise
            except Exception as error:  # noqa: BLE001  the error is what is compared
                got["error"] = plain(error)
            got["cookies"] = jar(session)
        return got | {
            "traced": [*self.traced],
            "requests": [*self.server.requests],
            "requests elsewhere": [*self.elsewhere.requests],
            "connections": len(self.server.connections),
        }

    def clear(self) -> None:
        """Start anew."""
        self.server.clear()
        self.elsewhere.clear()
        self.traced.clear()

    def _arguments(self, call: Call, *, chained: bool) -> tuple[dict[str, Any], str, dict[str, Any]]:
        """Of the session, the URL, and of the request."""
        mode, _, setting, _ = call.parts
        middlewares = (*setting.outside(), *(self.chain(mode) if chained else ()), *setting.inside())
        session = {"cookie_jar": aiohttp.CookieJar(unsafe=True), **setting.session(self)}
        request = {"json": BODY if setting.method == "POST" else None, **self.request, **setting.request(self)}
        (request if setting.each else session)["middlewares"] = middlewares
        request["headers"] = mode.headers(chained=chained)
        return session, setting.url(f"{self.server.url}/{mode.route}/{call.kind}"), request


def _differences(call: Call, plain_session: dict[str, Any], with_chain: dict[str, Any]) -> Iterator[Difference]:
    for part in plain_session | with_chain:
        expected, actual = _comparable(part, call, plain_session.get(part), with_chain.get(part))
        if isinstance(expected, dict) and isinstance(actual, dict):
            for name in expected:
                if not same(expected[name], actual[name]):
                    yield Difference(call, name, expected[name], actual[name])
        elif not same(expected, actual):
            yield Difference(call, part, expected, actual)


def _comparable(part: str, call: Call, expected: Any, actual: Any) -> tuple[Any, Any]:
    """Both without what differs by nature."""
    mode, kind, setting, _ = call.parts
    if part.startswith("requests"):
        return asked(expected, mode), asked(actual, mode)
    if part == "traced" and (mode.resends or mode.asks != mode.plain):
        return _told(expected, mode), _told(actual, mode)
    ends = not setting.keeps or (kind.closes and mode.route != "refused")
    if part == "connections" and mode.resends and ends:
        return None, None
    return expected, actual


def asked(requests: list[Any], mode: Mode) -> list[bytes]:
    """The requests whose reply is the caller's; where nothing is sent twice, all."""
    if mode.first:
        requests = requests[:1]
    elif mode.resends:
        requests = [request for request in requests if not request.aside]
    return [request.raw for request in requests]


def _told(traced: list[tuple[str, dict[str, Any]]], mode: Mode) -> list[object]:
    """What is told once for all sends comes with the headers that the caller gave."""
    once = [(name, {**told, "headers": None}) for name, told in traced if name in _ONCE]
    return once if mode.resends else [*once, *(each for each in traced if each[0] not in _ONCE)]


def calls(
    kinds: Iterable[str], *, modes: Iterable[str], settings: Iterable[str], ways: Collection[str] = ()
) -> list[Call]:
    """The product, as far as it makes sense; without `ways` all that there are for a kind."""
    return [
        Call(mode=mode, kind=kind, setting=setting, way=way)
        for kind in kinds
        for setting in settings
        for mode in modes
        if _makes_sense(MODES[mode], KINDS[kind], SETTINGS[setting])
        for way in WAYS[KINDS[kind].ways]
        if not ways or way in ways
    ]


def _makes_sense(mode: Mode, kind: Kind, setting: Setting) -> bool:
    # What the caller asks for goes to the other origin too, and is not the same.
    elsewhere = kind.leaves and mode.asks != mode.plain
    follows = setting.follows or kind.status not in range(300, 400)
    return mode.suits(kind) and not (setting.blind and mode.recovers) and not elsewhere and follows


@asynccontextmanager
async def open_stage(**server: Any) -> AsyncIterator[Stage]:
    """A stage of one's own."""
    async with AsyncExitStack() as stack:
        elsewhere = await stack.enter_async_context(Server(**server))
        opened = await stack.enter_async_context(Server(away=elsewhere.url, **server))
        yield Stage(opened, elsewhere, await stack.enter_async_context(Proxy()))


async def differences_apart(calls: Iterable[Call]) -> list[Difference]:
    """Where a caller could tell, of calls that take time: each on a stage of its own, at the same time."""
    calls = list(calls)
    async with AsyncExitStack() as stack:
        stages = [await stack.enter_async_context(open_stage()) for _ in calls]  # first, for timeouts are running then
        found = await asyncio.gather(*[stage.differences([call]) for stage, call in zip(stages, calls, strict=True)])
    return [each for differences in found for each in differences]
