"""The official Anthropic SDK with the middlewares; needs the extra `anthropic`.

```python
from anthropic import AsyncAnthropic
from betamw.integrations.anthropic import http_client

async with AsyncAnthropic(http_client=http_client("interleaved-thinking-2025-05-14")) as client:
    message = await client.beta.messages.create(...)
```
"""

import inspect
import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, Protocol

from aiohttp import ClientMiddlewareType, ClientSession, TCPConnector

import betamw
from betamw.config.settings import Config
from betamw.core.endpoint import EndpointRule
from betamw.core.errors import ConfigError
from betamw.core.events import BetaUsage
from betamw.core.policy import FallbackPolicy
from betamw.core.telling import shown
from betamw.memory import RejectionMemory
from betamw.middlewares.api import FIRST_PARTY, Api
from betamw.middlewares.switch import is_thrown

try:
    import anthropic
    import httpx2
    from httpx_aiohttp.httpx2 import AiohttpTransport

    from betamw.integrations.proxies import environment_proxies
    from betamw.integrations.sdk_api import ApiOfClient, finder
    from betamw.integrations.sdk_transport import REPLY, SdkTransport, noting
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in {"anthropic", "httpx2", "httpx_aiohttp"}:
        raise
    _message = f"{__name__} needs the extra 'anthropic': pip install 'betamw[anthropic]'"
    raise ModuleNotFoundError(_message, name=error.name) from error

__all__ = ["http_client", "usage"]

_CONFIGURED: Final[Any] = object()
_ApiOf = Callable[["httpx2.Request"], Api | None]
_Make = Callable[..., ClientSession]


class _Raw(Protocol):
    @property
    def http_response(self) -> "httpx2.Response": ...


class _Replied(Protocol):
    @property
    def response(self) -> "httpx2.Response": ...


def http_client(  # noqa: PLR0913  the settings of `betamw.chain`, and where the session comes from
    *betas: str,
    api: Api | None = None,
    endpoints: Sequence[EndpointRule] = _CONFIGURED,
    policy: FallbackPolicy | None = None,
    memory: RejectionMemory | None = _CONFIGURED,
    logger: Any = None,
    config: Config | str | os.PathLike[str] | None = None,
    session: _Make | None = None,
) -> "httpx2.AsyncClient":
    """Make what `anthropic.AsyncAnthropic(http_client=...)` takes: the SDK's own aiohttp client, with a chain.

    Timeouts, connection limits, TLS and redirects are those of `anthropic.DefaultAioHttpClient()`, proxies those of the
    environment. Closing the SDK's client closes the session, which is made at the first request, in the loop that runs
    then. Make one for each client of the SDK; what its `with_options` and `copy` give shares it. Several learn from
    each other where they are given the same `memory`.

    Args:
        betas: Defaults that go out with every request to the API.
        api: Which requests are the API's. By default those of the SDK's client to the Claude API's paths
            (`/v1/messages`...) below whatever base URL it has, but not what a redirect to another origin makes of
            them; and those to the configuration's API. One that is given is taken at its word: what goes elsewhere
            passes through untouched.
        endpoints: As for `betamw.chain`.
        policy: As for `betamw.chain`. With `strict=True` a refusal is the SDK's `BadRequestError`, and its
            `response.extensions["betamw.error"]` the `BetaRejectedError`.
        memory: As for `betamw.chain`.
        logger: As for `betamw.chain`.
        config: As for `betamw.chain`: also without one `BETAMW_CONFIG` and the like hold, and `BETAMW_DISABLE` turns
            everything off.
        session: Makes the session from an argument `middlewares`, to have a connector, tracing or further middlewares
            of your own: `lambda middlewares: aiohttp.ClientSession(middlewares=(*middlewares, mine), trust_env=True)`.
            Connections, TLS and proxies are its own affair then. By default they are as said above.

    A multipart upload of up to 16 MiB is held in memory until it is answered, so that it can be sent again. A request
    that is signed (`Authorization: AWS4-...`) passes through untouched, for its signature covers the header.

    Raises `InvalidBetaError` and `ConfigError`.
    """
    if session is not None and not _takes_middlewares(session):
        msg = f"session must be a function that takes middlewares= and makes a ClientSession, got {shown(session)}"
        raise ConfigError(msg)
    if not isinstance(api, Api | None):
        msg = f"api must be an Api or None, got {shown(api)}"
        raise ConfigError(msg)
    settings = {"policy": policy, "logger": logger, "config": config, "endpoints": endpoints, "memory": memory}
    settings = {name: value for name, value in settings.items() if value is not _CONFIGURED}
    if api is None and not is_thrown():
        settings["config"] = config = config if isinstance(config, Config) else betamw.load_config(config)
    stated = api or getattr(config, "api", None) or Api(FIRST_PARTY)
    of_client = ApiOfClient(stated.base_url, stated.header, catalog=stated.catalog)
    chain = betamw.chain(*betas, api=of_client, **settings)
    return _client(chain, finder(stated, also_elsewhere=api is None) if chain else _of_nobody, session)


def _client(chain: tuple[ClientMiddlewareType, ...], api_of: _ApiOf, make: _Make | None) -> "httpx2.AsyncClient":
    context = httpx2.create_ssl_context()
    middlewares = noting, *chain
    session = partial(_checked, make, middlewares) if make else partial(_session, context, middlewares)

    def transport(proxy: httpx2.Proxy | None = None) -> SdkTransport:
        return SdkTransport(AiohttpTransport(verify=context, proxy=proxy, client=session), api_of)

    proxies = {} if make else environment_proxies()
    mounts = {pattern: None if proxy is None else transport(proxy) for pattern, proxy in proxies.items()}
    return anthropic.DefaultAioHttpClient(transport=transport(), mounts=mounts)


def usage(response: "httpx2.Response | _Raw | _Replied") -> BetaUsage:
    """Tell what became of the betas in the call that a response of the SDK answers: `betamw.usage` for the SDK.

    Takes what `with_raw_response` and `with_streaming_response` give, a stream of events, an `APIStatusError`, or the
    response of httpx2 behind any of them. It tells of one request: of the last, where the SDK has tried again.

    Raises `KeyError` for a response that no betamw middleware has seen, and for what a strict policy has refused;
    `TypeError` for what is no response, such as the message that it holds.
    """
    found = getattr(response, "http_response", None) or getattr(response, "response", response)
    if not isinstance(found, httpx2.Response):
        msg = f"usage takes a response, such as with_raw_response gives, got a {type(found).__name__}"
        raise TypeError(msg)
    reply = found.extensions.get(REPLY)
    if reply is None:
        msg = "no middleware of betamw has seen this response, or a strict policy has refused it"
        raise KeyError(msg)
    return betamw.usage(reply)


def _of_nobody(_: "httpx2.Request") -> None:
    """Everything is turned off."""


def _session(context: Any, middlewares: tuple[ClientMiddlewareType, ...]) -> ClientSession:
    limits = anthropic.DEFAULT_CONNECTION_LIMITS
    connector = TCPConnector(ssl=context, limit=limits.max_connections or 0, keepalive_timeout=limits.keepalive_expiry)
    return ClientSession(connector=connector, middlewares=middlewares)


def _takes_middlewares(make: object) -> bool:
    if not callable(make) or inspect.iscoroutinefunction(make):
        return False
    try:
        inspect.signature(make).bind(middlewares=())
    except TypeError:
        return False
    except ValueError:  # it has none that can be seen
        return True
    return True


def _checked(make: _Make, middlewares: tuple[ClientMiddlewareType, ...]) -> ClientSession:
    session = make(middlewares=middlewares)
    if not isinstance(session, ClientSession):
        msg = f"session must make an aiohttp.ClientSession, got {shown(session)}"
        raise ConfigError(msg)
    return session
