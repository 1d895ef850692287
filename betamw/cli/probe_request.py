"""What `betamw probe` sends: one request, again and again, with other betas in its header."""

import json
import os
from collections.abc import Mapping
from http import HTTPMethod
from pathlib import Path
from typing import Final

import attrs
import click
from yarl import URL

import betamw
from betamw.core.endpoint import OTHER, RuleTable, begins, path_template, segments
from betamw.core.model import is_model_name, model_of
from betamw.core.telling import discreet, shown
from betamw.middlewares.api import origin_of

COUNT_TOKENS: Final = "POST /v1/messages/count_tokens"
_MESSAGES: Final = "POST /v1/messages"
_DEFAULT_MODEL: Final = "claude-opus-5"
_HELLO: Final = [{"role": "user", "content": "Hello"}]
_READS: Final = frozenset({"GET", "HEAD"})
_HEADER: Final = "anthropic-beta"
_MOST_BODY: Final = 1024 * 1024


@attrs.frozen(kw_only=True, field_transformer=discreet)
class Question:
    """The request, but for its betas.

    Attributes:
        api: Where it goes, and how its header is called.
        method: The HTTP method.
        path: The path below the base URL.
        model: The model in its body, None without one.
        body: JSON, None for none.
        secret: The key.
        headers: All but the betas; the key is among them.
    """

    api: betamw.Api
    method: str
    path: str
    model: str | None
    body: bytes | None
    secret: str = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(repr=False)

    @property
    def endpoint(self) -> str:
        """As it is written for `--endpoint`."""
        return f"{self.method} {self.path}"

    @property
    def template(self) -> str:
        """The endpoint's path template."""
        return self.api.catalog.template(self.path)

    @property
    def url(self) -> URL:
        """Where it goes."""
        return URL(f"{self.api.base_url[0].rstrip('/')}{self.path}", encoded=True)

    @property
    def origin(self) -> str:
        """The base URL as it may be shown."""
        return origin_of(self.api.base_url[0])

    @property
    def cost(self) -> str:
        """What a request does beside asking, empty where it does nothing."""
        if self.method in _READS or self.endpoint == COUNT_TOKENS:
            return ""
        return "is billed as a message" if self.endpoint == _MESSAGES else "does what the endpoint does, if accepted"

    @property
    def required(self) -> tuple[str, ...]:
        """The betas without which the endpoint has no meaning."""
        needs = RuleTable(self.api.catalog.rules).find(self.method, self.path)
        return tuple(beta for beta in needs.betas if beta in needs.required)

    @property
    def conflicts(self) -> tuple[tuple[str, str], ...]:
        """The pairs of betas that the endpoint refuses together."""
        path = segments(self.path)
        return tuple(pair.betas for pair in self.api.catalog.conflicts if begins(segments(pair.path), path))


def make_question(api: betamw.Api, endpoint: str, model: str | None, body: Path | None) -> Question:
    """Put the request together; raises `click.ClickException` and our own errors for what cannot be sent."""
    method, path = _parse_endpoint(endpoint, api)
    content = _default_body(method, path, model) if body is None else _read(body, model)
    model = model_of(content or b"")
    if model is not None and not is_model_name(model):
        msg = f"the model must be the name of one, got {shown(model)}"
        raise click.UsageError(msg)
    secret, credential = _credential()
    headers = {**credential, "anthropic-version": "2023-06-01", "user-agent": f"betamw/{betamw.__version__}"}
    if content is not None:
        headers["content-type"] = "application/json"
    return Question(api=api, method=method, path=path, model=model, body=content, secret=secret, headers=headers)


def _parse_endpoint(endpoint: str, api: betamw.Api) -> tuple[str, str]:
    method, _, path = endpoint.strip().partition(" ")
    path = path_template(path.strip(), name="the path of --endpoint")
    if method.upper() not in HTTPMethod.__members__ or "{" in path:
        msg = f"--endpoint must be a method and a path with its ids, like {COUNT_TOKENS!r}, got {shown(endpoint)}"
        raise click.UsageError(msg)
    if api.header.lower() == _HEADER and api.catalog.template(path) == OTHER:  # of other APIs the catalog knows nothing
        msg = (
            f"--endpoint {shown(endpoint)} is none that the catalog knows, such as {COUNT_TOKENS!r} or 'GET /v1/models'"
        )
        raise click.UsageError(msg)
    return method.upper(), path


def _default_body(method: str, path: str, model: str | None) -> bytes | None:
    fields: dict[str, object] = {"model": model or _DEFAULT_MODEL, "messages": _HELLO}
    endpoint = f"{method} {path}"
    if endpoint in (COUNT_TOKENS, _MESSAGES):
        return json.dumps(fields if endpoint == COUNT_TOKENS else {**fields, "max_tokens": 1}).encode()
    if model is not None:
        msg = f"--model goes into the body of {COUNT_TOKENS} and {_MESSAGES}; for {endpoint} write it in a --body"
        raise click.UsageError(msg)
    if method in {"POST", "PUT", "PATCH"}:
        msg = f"{endpoint} needs a --body, a file with JSON"
        raise click.UsageError(msg)
    return None


def _read(body: Path, model: str | None) -> bytes:
    if model is not None:
        msg = "--model and --body exclude each other: the file says which model"
        raise click.UsageError(msg)
    try:
        with body.open("rb") as file:
            content = file.read(_MOST_BODY + 1)
    except OSError as error:
        msg = f"--body {shown(str(body))} cannot be read: {error.strerror}"
        raise click.UsageError(msg) from None
    try:
        fields = json.loads(content)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict) or len(content) > _MOST_BODY:
        msg = f"--body {shown(str(body))} must hold a JSON object of at most 1 MiB"
        raise click.UsageError(msg)
    return content


def _credential() -> tuple[str, Mapping[str, str]]:
    """The key, and the header that it goes in."""
    for variable, header, scheme in (
        ("ANTHROPIC_API_KEY", "x-api-key", ""),
        ("ANTHROPIC_AUTH_TOKEN", "authorization", "Bearer "),
    ):
        secret = os.environ.get(variable, "")
        if not secret:
            continue
        if not secret.isascii() or not secret.isprintable() or " " in secret:
            msg = f"{variable} holds what no header can: whitespace, or what is not ASCII"
            raise click.UsageError(msg)
        return secret, {header: f"{scheme}{secret}"}
    msg = "there is no key: set ANTHROPIC_API_KEY (or ANTHROPIC_AUTH_TOKEN), it is taken from nowhere else"
    raise click.UsageError(msg)
