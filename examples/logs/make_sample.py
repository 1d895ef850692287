"""Make the sample log: two weeks of an application's calls through the real chain, to a simulated API.

    python examples/logs/make_sample.py [--days 14] [FILE]

FILE is by default `betamw-sample.jsonl.gz` beside this program; where its name does not end in `.gz` it is plain text.

What is real: `betamw.chain`, structlog, configured as in the README, and HTTP over loopback to a
`betamw.testing.SimulatedApi`. What is simulated: time, so that two weeks pass in seconds. One clock stands for
`time.perf_counter`, with which the middlewares measure, for the memory's, and for the timestamps; a middleware further
in than the chain, the network, moves it on by what it draws. The ids of calls are drawn anew, from the seed. So the log
is the same each time, and that of fewer days is its beginning.
"""

import argparse
import asyncio
import gzip
import io
import pathlib
import random
import socket
from collections.abc import MutableMapping
from typing import Any, Final

import aiohttp
import attrs
import structlog
from aiohttp.abc import AbstractResolver, ResolveResult
from simulated_clock import CLOCK
from yarl import URL

# isort: split
# betamw takes the clock that is there when it is imported.

import traffic

import betamw
from betamw.testing import SimulatedApi

SEED: Final = 20261102
BASE_URL: Final = "http://api.anthropic.com"
SAMPLE: Final = pathlib.Path(__file__).parent / "betamw-sample.jsonl.gz"

_BAD_REQUEST: Final = 400
_BUSY: Final = {"rate limit": 429, "overload": 529, "server error": 500}
_SDK_RETRIES: Final = 2
_TIMEOUT: Final = 60.0


class Loopback(AbstractResolver):
    """Finds every host at one port of this machine."""

    def __init__(self, port: int | None) -> None:
        self._port = port

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,
    ) -> list[ResolveResult]:
        """Answer as a DNS server would, but for the port."""
        return [
            ResolveResult(hostname=host, host="127.0.0.1", port=self._port or port, family=family, proto=0, flags=0)
        ]

    async def close(self) -> None:
        """Nothing is open."""


@attrs.define
class Network:
    """Where time passes, and where things go wrong: the innermost middleware.

    Attributes:
        api: What is at the other end.
        rng: Where all chance comes from.
        mishap: What is to go wrong with the next attempt.
        seconds: Half of the attempts are answered sooner.
    """

    api: SimulatedApi
    rng: random.Random
    mishap: traffic.Mishap | None = None
    seconds: float = 1.0

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send an attempt."""
        mishap, self.mishap = self.mishap, None
        if mishap == "timeout":
            CLOCK.now += _TIMEOUT
            raise TimeoutError
        if mishap == "cancelled":  # whoever waited for it has gone away
            CLOCK.now += self.rng.uniform(0.1, self.seconds)
            raise asyncio.CancelledError
        if mishap == "hang-up":
            CLOCK.now += self.rng.uniform(0.5, 5.0)
            self.api.fail_next("hang-up")
        elif mishap is not None:
            self.api.respond_next(_BUSY[mishap])
        response = await handler(request)
        judged = response.status >= _BAD_REQUEST  # no model was asked
        CLOCK.now += (
            self.rng.lognormvariate(-1.5, 0.35) if judged else self.seconds * self.rng.lognormvariate(0.0, 0.45)
        )
        return response


@attrs.define
class Application:
    """Makes the calls."""

    session: aiohttp.ClientSession
    network: Network
    rng: random.Random
    log: io.StringIO

    async def do(self, job: traffic.Job) -> None:
        """Do a job, for somebody who finds it in an access log."""
        self.network.mishap, self.network.seconds = traffic.mishap(self.rng, CLOCK.now), job.seconds
        try:
            status = await self._call(job)
        except (aiohttp.ClientError, TimeoutError):
            status = 502
        except asyncio.CancelledError:
            return
        client, size = f"10.2.{self.rng.randrange(4)}.{self.rng.randrange(1, 255)}", self.rng.randrange(300, 9000)
        self.log.write(f'{client} - - [{CLOCK.date:%d/%b/%Y:%H:%M:%S} +0000] "{job.route} HTTP/1.1" {status} {size}\n')
        if status == 502:  # noqa: PLR2004  our own, just above
            structlog.get_logger().error("no answer", route=job.route)

    async def _call(self, job: traffic.Job) -> int:
        """Call as the SDK does, which tries again what is busy."""
        headers = {"x-api-key": "sk-ant-sample", "anthropic-version": "2023-06-01"}
        headers |= {"anthropic-beta": job.header} if job.header else {}
        body = None if job.model is None else {"model": job.model, "max_tokens": 512, "messages": []}
        retry = 0
        while True:
            headers["x-stainless-retry-count"] = str(retry)
            with betamw.override(**job.override):
                call = self.session.request(job.method, f"{BASE_URL}{job.path}", json=body, headers=headers)
                async with call as response:
                    if response.status not in _BUSY.values() or retry == _SDK_RETRIES:
                        return response.status
            retry += 1
            CLOCK.now += 0.5 * 2.0**retry


def configure(log: io.StringIO, rng: random.Random) -> None:
    """Configure structlog as in the README, but for the time, and for ids that are the same each time."""
    ids: dict[str, str] = {}

    def simulated(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if (drawn := event.get("betamw_call")) is not None:
            event["betamw_call"] = ids.setdefault(drawn, f"{rng.getrandbits(64):016x}")
        event["timestamp"] = CLOCK.date.isoformat(timespec="microseconds").replace("+00:00", "Z")
        return event

    structlog.configure(
        processors=[structlog.processors.add_log_level, simulated, structlog.processors.JSONRenderer()],
        logger_factory=structlog.WriteLoggerFactory(file=log),
    )


def break_off(log: io.StringIO, share: float) -> None:
    """Leave so much of the last event, as when a process is killed while it writes it; the next begins a new line."""
    begin = log.getvalue().rindex('{"betamw_schema"')
    log.seek(begin)
    log.seek(begin + int(share * len(log.readline())))
    log.truncate()
    log.write("\n")


async def live(api: SimulatedApi, application: Application, days: float) -> None:
    """Live through so many days."""
    turns, deploys = list(traffic.TURNS), list(traffic.DEPLOYS)
    for at, job in traffic.arrivals(application.rng, days):
        CLOCK.wait_until(at)
        while turns and turns[0].at <= CLOCK.now:
            turn = turns.pop(0)
            (api.refuse if turn.to == "refuse" else api.accept)(turn.beta)
        await application.do(job)
        while deploys and deploys[0].at <= CLOCK.now:
            break_off(application.log, deploys.pop(0).share)


async def sample(days: float) -> str:
    """Make the log of so many days."""
    log, rng = io.StringIO(), random.Random(SEED)  # noqa: S311  it protects nothing
    configure(log, random.Random(SEED))  # noqa: S311
    chain = betamw.chain(
        traffic.THINKING,
        traffic.EFFORT,
        api=betamw.Api(BASE_URL),
        endpoints=[*betamw.CATALOG_RULES, betamw.EndpointRule("/v1/files", [traffic.FILES], required=False)],
        policy=betamw.FallbackPolicy(substitutes={traffic.MCP: traffic.OLDER_MCP}),
        memory=betamw.RejectionMemory(remember_for=6 * traffic.HOUR, clock=CLOCK),
    )
    async with SimulatedApi() as api:
        network = Network(api, rng)
        connector = aiohttp.TCPConnector(resolver=Loopback(URL(api.base_url).port))
        async with aiohttp.ClientSession(middlewares=(*chain, network), connector=connector) as session:
            await live(api, Application(session, network, rng, log), days)
    return log.getvalue()


def main() -> None:
    """Write the log to a file."""
    parser = argparse.ArgumentParser(description="Make the sample log.")
    parser.add_argument("--days", type=float, default=14, help="how long it is (14)")
    parser.add_argument("file", nargs="?", type=pathlib.Path, default=SAMPLE, metavar="FILE")
    given = parser.parse_args()
    text = asyncio.run(sample(given.days)).encode()
    # Without the time of day in its head, so that the same log is the same file.
    given.file.write_bytes(gzip.compress(text, mtime=0) if given.file.suffix == ".gz" else text)


if __name__ == "__main__":
    main()
