"""`betamw explain`: the explanation of a call through the chain that an application with the same settings has."""

from collections.abc import Iterable
from typing import Final

import click
from yarl import URL

import betamw
from betamw.core.explanation.explain import Call, Settings, explain, untouched
from betamw.core.explanation.values import Explanation
from betamw.core.telling import shown
from betamw.middlewares.api import origin_of
from betamw.middlewares.switch import is_thrown

HEADER: Final = "anthropic-beta"


def explain_call(  # noqa: PLR0913  each by its name
    *, method: str, path: str, header: str | None, body: bytes, defaults: Iterable[str], config: str | None
) -> Explanation:
    """Explain a call.

    Args:
        method: The HTTP method, in upper case.
        path: What is below the API's base URL, or a whole URL.
        header: What the caller has written into the beta header, None for nothing.
        body: The JSON body, empty for none.
        defaults: What the code gives to `chain`.
        config: The path of a configuration file, None for what `chain` takes.

    Raises `click.UsageError` for a URL that is none, and what `chain` raises.
    """
    lines = () if header is None else (header,)
    match betamw.chain(*defaults, config=config):
        case (
            _,
            betamw.MergeMiddleware() as merge,
            betamw.EndpointMiddleware() as endpoint,
            betamw.FallbackMiddleware() as fallback,
        ):
            api, settings = merge.api, _settings(merge, endpoint, fallback)
        case _:  # an empty one
            name = HEADER if is_thrown() else betamw.load_config(config).api.header
            return untouched(method, name, lines, "turned_off", "betamw is turned off: the call goes out as it is")
    address = api.address(_url(path, api))
    if address is None:
        why = f"not the API's, which is {', '.join(map(origin_of, api.base_url))}: the call goes out as it is"
        return untouched(method, api.header, lines, "not_the_api", why)
    call = Call(method=method, path=address.path, place=address.place, header=api.header, lines=lines, body=body)
    return explain(call, settings)


def _settings(
    merge: betamw.MergeMiddleware, endpoint: betamw.EndpointMiddleware, fallback: betamw.FallbackMiddleware
) -> Settings:
    return Settings(
        defaults=merge.betas,
        removed=merge.remove,
        rules=endpoint.rules,
        policy=fallback.policy if fallback.enabled else None,
        memory=fallback.memory,
    )


def _url(path: str, api: betamw.Api) -> URL:
    """The URL as aiohttp would read it."""
    try:
        url = URL(f"{api.base_url[0].rstrip('/')}{path}" if path.startswith("/") else path)
        usable = bool(url.host and url.port)
    except ValueError:
        url, usable = URL(), False
    if not usable:
        msg = f"PATH must be a path or a URL that can be called, got {shown(path.partition('?')[0])}"
        raise click.UsageError(msg)
    return url
