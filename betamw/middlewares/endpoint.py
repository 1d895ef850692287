"""EndpointMiddleware: what an endpoint needs, goes with it."""

from collections.abc import Awaitable, Iterable
from typing import Any, Final

import attrs
from aiohttp import ClientHandlerType, ClientResponse

from betamw.core.endpoint import EndpointRule, RuleTable
from betamw.core.errors import ConfigError
from betamw.core.telling import discreet, shown
from betamw.core.validators import instance_of
from betamw.middlewares.api import Api
from betamw.middlewares.call import Call
from betamw.middlewares.participant import Participant
from betamw.middlewares.switch import heeding

_OF_CATALOG: Final[Any] = object()


def _tuple(rules: Iterable[EndpointRule]) -> Any:
    if rules is _OF_CATALOG:
        return _OF_CATALOG
    if not isinstance(rules, Iterable):
        msg = f"rules must be a sequence of EndpointRule values, got {shown(rules)}"
        raise ConfigError(msg)
    for rule in (rules := tuple(rules)):
        if not isinstance(rule, EndpointRule):
            msg = f"rules must be EndpointRule values, got {shown(rule)}"
            raise ConfigError(msg)
    return rules


@attrs.frozen(eq=False, field_transformer=discreet)
class EndpointMiddleware(Participant):
    """Injects the betas that the rules want for a request's method and path.

    Attributes:
        rules: The longest path wins; rules for the same path add up. By default those of the catalog of `api`. A rule
            without betas shields its path from a shorter one.
        api: Which requests are the API's; by default `Api()`.

    Raises `ConfigError` for something that is no `EndpointRule`.
    """

    rules: tuple[EndpointRule, ...] = attrs.field(default=_OF_CATALOG, converter=_tuple)
    api: Api = attrs.field(factory=Api, converter=heeding, validator=instance_of(Api))
    _table: RuleTable = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        if self.rules is _OF_CATALOG:
            object.__setattr__(self, "rules", self.api.catalog.rules)
        object.__setattr__(self, "_table", RuleTable(self.rules))

    def take_part(self, call: Call, handler: ClientHandlerType) -> Awaitable[ClientResponse]:
        """Say what the endpoint needs."""
        request, path = call.request, call.address.path
        # What `match` is asked for it keeps, and paths carry ids; one that is its own template carries none.
        find = self._table.match if path == call.address.place.template else self._table.find
        needs = find(request.method, path)
        if needs.betas:
            call.exchange.want(needs.betas, "endpoint", needs.required)
            call.render()
        return handler(request)
