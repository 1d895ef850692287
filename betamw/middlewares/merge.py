"""MergeMiddleware: one header from all who want a say."""

from collections.abc import Awaitable, Iterable

import attrs
from aiohttp import ClientHandlerType, ClientResponse

from betamw.core.beta import validated_all
from betamw.core.telling import discreet
from betamw.core.validators import instance_of
from betamw.middlewares.api import Api
from betamw.middlewares.call import Call
from betamw.middlewares.override import NONE, in_force
from betamw.middlewares.participant import Participant
from betamw.middlewares.switch import heeding


@attrs.frozen(eq=False, init=False, field_transformer=discreet)
class MergeMiddleware(Participant):
    """Merges the betas of the caller's header, of `override(...)`, and its own defaults into one header.

    Args:
        betas: Defaults: they go out with every request to the API, after those of the caller and of `override`.
        api: Which requests are the API's; by default `Api()`.
        remove: Betas that do not go out, whoever asks for them; also where an endpoint requires them.

    Raises `InvalidBetaError` for a name that cannot stand in a header.
    """

    betas: tuple[str, ...]
    api: Api = attrs.field(converter=heeding, validator=instance_of(Api))
    remove: tuple[str, ...]

    def __init__(self, *betas: str, api: Api | None = None, remove: Iterable[str] = ()) -> None:
        defaults = validated_all(betas, where="a default beta")
        never = validated_all(remove, where="remove of MergeMiddleware")
        # pyright does not know attrs' own initialiser; the comment can go when it does.
        self.__attrs_init__(defaults, Api() if api is None else api, never)  # pyright: ignore[reportAttributeAccessIssue]

    def take_part(self, call: Call, handler: ClientHandlerType) -> Awaitable[ClientResponse]:
        """Say what the override and the defaults want."""
        exchange, override = call.exchange, in_force.get()
        if override is not NONE:
            exchange.want(override.add, "override")
            exchange.remove(override.remove)
        if self.remove:
            exchange.remove(self.remove)
        exchange.want(self.betas, "default")
        call.render()
        return handler(call.request)
