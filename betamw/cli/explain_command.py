"""What `betamw explain` takes."""

from collections.abc import Iterable, Sequence
from typing import BinaryIO, Final

import attrs
import click
import msgspec
from rich.console import Console
from yarl import URL

import betamw
from betamw.cli.explain_text import draw
from betamw.core.explain import Call, Settings, untouched
from betamw.core.explain import explain as explanation_of
from betamw.core.explanation import Explanation
from betamw.core.json_text import NOT_JSON
from betamw.core.telling import shown
from betamw.middlewares.api import origin_of
from betamw.middlewares.switch import is_thrown

HEADER: Final = "anthropic-beta"
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_SCHEMES: Final = ("http://", "https://")


def _method(_context: click.Context, _parameter: click.Parameter, given: str) -> str:
    """The HTTP method, which may be written in any case."""
    if given.upper() not in _METHODS:
        msg = f"must be one of {', '.join(_METHODS)}, got {shown(given)}"
        raise click.BadParameter(msg)
    return given.upper()


@click.command(
    epilog="Example:  betamw explain POST /v1/messages --beta context-1m-2025-08-07 --body request.json --strict"
)
@click.argument("method", callback=_method)
@click.argument("path")
@click.option("--beta", "betas", multiple=True, help="A beta in the caller's header, or its text: a list. Repeatable.")
@click.option("--default", "defaults", multiple=True, help="A beta that the code gives to chain(). Repeatable.")
@click.option("--body", type=click.File("rb"), help="The JSON body of the request; - reads stdin.")
@click.option("--config", type=click.Path(), help="A configuration file; by default what chain() takes.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object, for programs.")
@click.option("--strict", is_flag=True, help="Exit with 1 where there is a warning.")
def explain(  # noqa: PLR0913  the options
    *,
    method: str,
    path: str,
    betas: tuple[str, ...],
    defaults: tuple[str, ...],
    body: BinaryIO | None,
    config: str | None,
    as_json: bool,
    strict: bool,
) -> int:
    """Say which betas a call would send, and why, without sending it.

    PATH is below the API's base URL (/v1/messages), or a whole URL. Shown are who asks for each beta, whether it goes
    out, what the catalog knows of it, and warnings: a retired, superseded or unknown name, a field of the body that no
    beta opens, and more.
    """
    header = ",".join(betas)
    if not header.isprintable():
        msg = "--beta must be a beta's name, or the text of a header, without control characters"
        raise click.UsageError(msg)
    told = _explain(method, path, (header,) if betas else (), _json(body), defaults, config)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(told, order="sorted")))
    else:
        draw(Console(highlight=False), told)
    return 1 if strict and told.warnings else 0


def _explain(  # noqa: PLR0913, PLR0917  the options
    method: str, path: str, lines: tuple[str, ...], body: bytes, defaults: Sequence[str], config: str | None
) -> Explanation:
    """The explanation of a call through the chain that an application with these settings has."""
    middlewares = betamw.chain(*defaults, config=config)
    if not middlewares:
        name = HEADER if is_thrown() else betamw.load_config(config).api.header
        return untouched(method, name, lines, "turned_off", "betamw is turned off: the call goes out as it is")
    settings, api = _settings(middlewares)
    address = api.address(_url(path, api))
    if address is None:
        why = f"not the API's, which is {', '.join(map(origin_of, api.base_url))}: the call goes out as it is"
        return untouched(method, api.header, lines, "not_the_api", why)
    call = Call(method=method, path=address.path, place=address.place, header=api.header, lines=lines, body=body)
    return explanation_of(call, settings)


def _settings(middlewares: Iterable[object]) -> tuple[Settings, betamw.Api]:
    """What the middlewares of a whole chain are set to."""
    settings, api = Settings(), betamw.Api()
    for middleware in middlewares:
        match middleware:
            case betamw.MergeMiddleware():
                settings = attrs.evolve(settings, defaults=middleware.betas, removed=middleware.remove)
                api = middleware.api
            case betamw.EndpointMiddleware():
                settings = attrs.evolve(settings, rules=middleware.rules)
            case betamw.FallbackMiddleware(enabled=True):
                settings = attrs.evolve(settings, policy=middleware.policy, memory=middleware.memory)
    return settings, api


def _url(path: str, api: betamw.Api) -> URL:
    """The URL as aiohttp would read it."""
    given = shown(path.partition("?")[0])
    if not path.startswith(("/", *_SCHEMES)):
        msg = f"PATH must begin with a slash, like /v1/messages, or be a whole URL, got {given}"
        raise click.UsageError(msg)
    try:
        url = URL(f"{api.base_url[0].rstrip('/')}{path}" if path.startswith("/") else path)
        usable = bool(url.host and url.port)
    except ValueError:
        url, usable = URL(), False
    if not usable:
        msg = f"PATH must be a path or a URL that can be called, got {given}"
        raise click.UsageError(msg)
    return url


def _json(file: BinaryIO | None) -> bytes:
    """The body of a request, checked."""
    if file is None:
        return b""
    body = file.read()
    try:
        decoded = msgspec.json.decode(body)
    except NOT_JSON as error:
        reason = str(error)
    else:
        if isinstance(decoded, dict):
            return body
        reason = f"got {type(decoded).__name__}"
    msg = f"--body must be a JSON object: {reason}"
    raise click.UsageError(msg)
