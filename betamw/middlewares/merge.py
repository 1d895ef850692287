"""MergeMiddleware: one header from all who want a say."""

from collections.abc import Awaitable

import attrs
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse

from betamw.core.beta import validated_all
from betamw.core.validators import instance_of
from betamw.middlewares.api import Api
from betamw.middlewares.call import call_of, open_call
from betamw.middlewares.override import NONE, in_force


@attrs.frozen(eq=False, init=False)
class MergeMiddleware:
    """Merges the betas of the caller's header, of `override(...)`, and its own defaults into one header.

    Args:
        betas: Defaults: they go out with every request to the API, after those of the caller and of `override`.
        api: Which requests are the API's; by default `Api()`.

    Raises `InvalidBetaError` for a name that cannot stand in a header.
    """

    betas: tuple[str, ...]
    api: Api = attrs.field(validator=instance_of(Api))

    def __init__(self, *betas: str, api: Api | None = None) -> None:
        # pyright does not know attrs' own initialiser; the comment can go when it does.
        self.__attrs_init__(validated_all(betas, where="a default beta"), Api() if api is None else api)  # pyright: ignore[reportAttributeAccessIssue]

    def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> Awaitable[ClientResponse]:
        """Handle one request; aiohttp calls this."""
        call = call_of(request, self.api)
        if call is None:
            return open_call(self, self.api, request, handler)
        wants, override = call.exchange.wants, in_force.get()
        if override is not NONE:
            wants.add(override.add, "override")
            wants.remove(override.remove)
        wants.add(self.betas, "default")
        call.render()
        return handler(request)
