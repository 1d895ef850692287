"""What `betamw explain` takes."""

from typing import BinaryIO, Final

import click
import msgspec
from rich.console import Console

from betamw.cli.explain import explain_call
from betamw.cli.explain_text import draw
from betamw.core.json_text import NOT_JSON
from betamw.core.telling import shown

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


def _method(_context: click.Context, _parameter: click.Parameter, given: str) -> str:
    """The HTTP method, which may be written in any case."""
    if given.upper() not in _METHODS:
        msg = f"must be one of {', '.join(_METHODS)}, got {shown(given)}"
        raise click.BadParameter(msg)
    return given.upper()


def _path(_context: click.Context, _parameter: click.Parameter, given: str) -> str:
    if not given.startswith(("/", "http://", "https://")):
        told = shown(given.partition("?")[0])
        msg = f"must begin with a slash, like /v1/messages, or be a whole URL, got {told}"
        raise click.BadParameter(msg)
    return given


@click.command(
    epilog="Example:  betamw explain POST /v1/messages --beta context-1m-2025-08-07 --body request.json --strict"
)
@click.argument("method", callback=_method)
@click.argument("path", callback=_path)
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
    told = explain_call(
        method=method,
        path=path,
        header=header if betas else None,
        body=_json(body),
        defaults=defaults,
        config=config,
    )
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(told, order="sorted")))
    else:
        draw(Console(highlight=False), told)
    return 1 if strict and told.warnings else 0


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
