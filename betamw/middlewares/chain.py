"""`chain`: the middlewares, ready to attach."""

from collections.abc import Sequence
from typing import Any, Final

from aiohttp import ClientMiddlewareType

from betamw.core.catalog import CATALOG_RULES
from betamw.core.endpoint import EndpointRule
from betamw.core.errors import ConfigError
from betamw.core.policy import FallbackPolicy
from betamw.core.telling import shown
from betamw.memory import RejectionMemory
from betamw.middlewares.api import Api
from betamw.middlewares.endpoint import EndpointMiddleware
from betamw.middlewares.fallback import FallbackMiddleware
from betamw.middlewares.logging import LoggingMiddleware
from betamw.middlewares.merge import MergeMiddleware

_NEW: Final[Any] = object()


def chain(  # noqa: PLR0913  the settings of four middlewares, each by its name
    *betas: str,
    api: Api | None = None,
    endpoints: Sequence[EndpointRule] = CATALOG_RULES,
    policy: FallbackPolicy | None = None,
    memory: RejectionMemory | None = _NEW,
    logger: Any = None,
    config: None = None,
) -> tuple[ClientMiddlewareType, ...]:
    """Make the whole chain: `ClientSession(middlewares=betamw.chain("files-api-2025-04-14"))`.

    Args:
        betas: Defaults that go out with every request to the API.
        api: Which requests are the API's; by default `Api()`.
        endpoints: What the endpoints need; by default what the catalog knows.
        policy: What to do when a beta is refused; by default `FallbackPolicy()`.
        memory: Where lessons are kept: by default a new `RejectionMemory()`, None to learn nothing.
        logger: Where events go: a structlog logger or a `logging.Logger`; see `LoggingMiddleware`.
        config: Not supported yet.

    Returns the tuple (logging, merge, endpoint, fallback). One written by hand is as good. Share a chain between
    sessions to share what it learns. Raises `InvalidBetaError` and `ConfigError`.
    """
    if config is not None:
        msg = f"config is not supported yet, it must be None, got {shown(config)}"
        raise ConfigError(msg)
    api = Api() if api is None else api
    return (
        LoggingMiddleware(logger, api),
        MergeMiddleware(*betas, api=api),
        EndpointMiddleware(endpoints, api),
        FallbackMiddleware(
            FallbackPolicy() if policy is None else policy, RejectionMemory() if memory is _NEW else memory, api
        ),
    )
