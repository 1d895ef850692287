"""`chain`: the middlewares, ready to attach."""

import os
from collections.abc import Sequence
from typing import Any, Final

from aiohttp import ClientMiddlewareType

from betamw.config.load import load
from betamw.config.settings import Config
from betamw.core.endpoint import EndpointRule
from betamw.core.policy import FallbackPolicy
from betamw.memory import RejectionMemory
from betamw.middlewares.api import Api
from betamw.middlewares.endpoint import EndpointMiddleware
from betamw.middlewares.fallback import FallbackMiddleware
from betamw.middlewares.logging import LoggingMiddleware
from betamw.middlewares.merge import MergeMiddleware
from betamw.middlewares.switch import is_thrown, turned_off

_CONFIGURED: Final[Any] = object()


def chain(  # noqa: PLR0913  the settings of four middlewares, each by its name
    *betas: str,
    api: Api | None = None,
    endpoints: Sequence[EndpointRule] = _CONFIGURED,
    policy: FallbackPolicy | None = None,
    memory: RejectionMemory | None = _CONFIGURED,
    logger: Any = None,
    config: Config | str | os.PathLike[str] | None = None,
) -> tuple[ClientMiddlewareType, ...]:
    """Make the whole chain: `ClientSession(middlewares=betamw.chain("files-api-2025-04-14"))`.

    Args:
        betas: Defaults that go out with every request to the API; those of the configuration come after them.
        api: Which requests are the API's; by default the configuration's, else `Api()`.
        endpoints: What the endpoints need; by default the configuration's, else what the catalog of `api` knows.
        policy: What to do when a beta is refused; by default the configuration's, else a `FallbackPolicy` that
            never drops what the catalog of `api` calls required.
        memory: Where lessons are kept: by default a new `RejectionMemory` with the configuration's settings, None to
            learn nothing. What the configuration pins is pinned in it.
        logger: Where events go: a structlog logger or a `logging.Logger`; see `LoggingMiddleware`.
        config: The configuration: a `Config`, which holds as it is, or the path of a file, as `load_config` reads it;
            by default `load_config()`: the environment.

    Returns the tuple (logging, merge, endpoint, fallback), an empty one where everything is turned off
    (`BETAMW_DISABLE`, `disable`). One written by hand is as good, and hears of `BETAMW_DISABLE` only. Share a chain
    between sessions to share what it learns. Raises `InvalidBetaError` and `ConfigError`.
    """
    known = api if isinstance(api, Api) else None  # what is none, the middlewares complain of
    if is_thrown():
        turned_off("anthropic-beta" if known is None else known.header)
        return ()
    settings = config if isinstance(config, Config) else load(config, known).config
    api = settings.api if api is None else api
    if settings.disable:
        turned_off((known or settings.api).header)
        return ()
    if memory is _CONFIGURED:
        memory = settings.new_memory()
    elif isinstance(memory, RejectionMemory):
        settings.put_pins_into(memory)
    return (
        LoggingMiddleware(logger, api),
        MergeMiddleware(*betas, *settings.betas, api=api, remove=settings.remove),
        EndpointMiddleware(settings.endpoints if endpoints is _CONFIGURED else endpoints, api),
        FallbackMiddleware(
            settings.policy if policy is None else policy,
            memory,
            api,
            enabled=settings.fallback,
        ),
    )
