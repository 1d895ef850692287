"""EndpointMiddleware: what an endpoint needs, goes with it."""

from collections.abc import Iterable

import attrs
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse

from betamw.core.catalog import CATALOG_RULES
from betamw.core.endpoint import EndpointRule, RuleTable
from betamw.core.errors import ConfigError
from betamw.middlewares.api import Api
from betamw.middlewares.call import call_of, open_call


def _tuple(rules: Iterable[EndpointRule]) -> tuple[EndpointRule, ...]:
    for rule in (rules := tuple(rules)):
        if not isinstance(rule, EndpointRule):
            msg = f"rules must be EndpointRule values, got {rule!r}"
            raise ConfigError(msg)
    return rules


@attrs.frozen(eq=False)
class EndpointMiddleware:
    """Injects the betas that the rules want for a request's method and path.

    Attributes:
        rules: The longest path wins; rules for the same path add up. The default is what the catalog knows. A rule
            without betas shields its path from a shorter one.
        api: Which requests are the API's; by default `Api()`.

    Raises `ConfigError` for something that is no `EndpointRule`.
    """

    rules: tuple[EndpointRule, ...] = attrs.field(default=CATALOG_RULES, converter=_tuple)
    api: Api = attrs.field(factory=Api)
    _table: RuleTable = attrs.field(init=False, repr=False)

    @_table.default
    def _make_table(self) -> RuleTable:
        return RuleTable(self.rules)

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """Handle one request; aiohttp calls this."""
        call = call_of(request, self.api)
        if call is None:
            return await open_call(self, self.api, request, handler)
        needs = self._table.match(request.method, call.address.place.path)
        call.exchange.wants.add(needs.betas, "endpoint", needs.required)
        call.render()
        return await handler(request)
