"""Calls with secrets in every place where one could stand, whatever becomes of them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import attrs
from aiohttp import web

import betamw
from support.judge import BETA, GOOD, OLD, UNNAMED, Court, court, unexpected
from support.secrets import Secret

KEY = "sk-ant-api03-{}"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.{}.c2ln"

# In the request.
HEADERS = {
    "x-api-key": Secret("x-api-key", KEY),
    "authorization": Secret("authorization", "Bearer {}"),
    "cookie": Secret("cookie", "session={}"),
    "x-gateway-token": Secret("another header"),
    "x-stainless-retry-count": Secret("retry count"),
}
SIGNATURE = Secret("signature", "AWS4-HMAC-SHA256 Credential=AKIA{}/20260101/us-east-1/s/aws4_request, Signature=0f")
SIGNED = Secret("signed with", "AWS4-HMAC-SHA256 Credential=AKID/20260101/us/s/aws4_request, Signature={}")
USERINFO = Secret("userinfo")
PATH, QUERY, FRAGMENT = Secret("path"), Secret("query"), Secret("fragment")
MODEL, MODEL_TOKEN, BODY_FIELD, FILE_NAME = (
    Secret("model", KEY),
    Secret("model token", TOKEN),
    Secret("b"),
    Secret("file"),
)
BETAS = (
    Secret("key as a beta", KEY),
    Secret("token as a beta", TOKEN),
    Secret("words as a beta", "Bearer {}"),
    Secret("header as a beta", "x-api-key={}".replace("{}", KEY)),
    Secret("base64 as a beta", "c2VjcmV0/{}+=="),
    Secret("long beta", "{}" + "x" * 128),
)
# In the reply.
REPLY_COOKIE, REQUEST_ID, REASON = Secret("reply cookie", "s={}"), Secret("request id", "req {}"), Secret("reason")
MESSAGE, ERROR_TYPE, REPLY_TYPE = Secret("message"), Secret("error type", KEY), Secret("reply type", "a {}")
NOT_SENT = Secret("a name that was not sent", "beta-{}-2026-01-01")
LOCATION = Secret("location")
# Around it.
HOOK, SINK = Secret("hook"), Secret("sink")
ALL = [value for value in vars().values() if isinstance(value, Secret)] + [*HEADERS.values(), *BETAS]

FIELDS = {
    "max_tokens": 8,
    "metadata": {"user_id": str(BODY_FIELD)},
    "messages": [{"role": "user", "content": str(BODY_FIELD)}],
    "context_management": {"edits": [{"type": "clear_tool_uses_20250919", str(BODY_FIELD): str(BODY_FIELD)}]},
}
EDITING = "context-management-2025-06-27"


def _error(message: str) -> dict[str, Any]:
    return {"type": str(REPLY_TYPE), "error": {"type": str(ERROR_TYPE), "message": message, "param": str(MESSAGE)}}


def judge(request: Any) -> Any:
    """Answer as the request's path says; what is refused is refused with secrets around it."""
    headers = {"set-cookie": str(REPLY_COOKIE), "request-id": str(REQUEST_ID)}
    status, body = 200, {"content": [{"type": "text", "text": str(MESSAGE)}]}
    scene = request.query.get("scene")
    refused = [beta for beta in request.betas if beta in (OLD, EDITING) or beta in map(str, BETAS)]
    if scene == "named" and refused:
        named = unexpected(*refused, str(NOT_SENT))["error"]["message"]
        status, body = 400, _error(named) | {"details": str(MESSAGE)}
    elif scene == "unnamed" and refused:
        status, body = 400, UNNAMED | {"trace": str(MESSAGE)}
    elif scene == "redirect":
        status, body = 307, {}
        headers["location"] = f"http://127.0.0.1:9/{LOCATION}?{LOCATION}"
    elif scene and scene.isdigit():
        status, body = int(scene), _error(f"{MESSAGE}: {request.betas}")
    text = json.dumps(body)
    return web.Response(status=status, reason=str(REASON), text=text, headers=headers, content_type="application/json")


@attrs.define(eq=False)
class Stage:
    """A session with a chain, and a server that answers as it is asked to."""

    court: Court
    session: aiohttp.ClientSession
    seen: list[BaseException] = attrs.field(factory=list)

    def url(self, scene: str, path: str = "/v1/messages", *, host: str = "127.0.0.1", port: int | None = None) -> str:
        return f"http://{host}:{port or self.court.port}{path}?scene={scene}&key={QUERY}#{FRAGMENT}"

    async def call(self, scene: str, *lines: str, url: str | None = None, **more: Any) -> Any:
        """Make a call; what it raises is kept."""
        headers = [(BETA, line) for line in lines or (f"{GOOD},{OLD}", ", ".join(map(str, BETAS)))]
        headers += (more.pop("headers", None) or {name: str(secret) for name, secret in HEADERS.items()}).items()
        if "data" not in more:
            more.setdefault("json", {"model": str(MODEL), **FIELDS})
        try:
            async with self.session.post(url or self.url(scene), headers=headers, **more) as response:
                await response.read()
                return betamw.usage(response)
        except (aiohttp.ClientError, TimeoutError) as error:
            self.seen.append(error)
            return None


@asynccontextmanager
async def stage(*inner: Any, logger: Any = None, **policy: Any) -> AsyncIterator[Stage]:
    """Set it: the middlewares of the chain, and `inner` inside of them."""
    async with court(judge) as running:
        bases = [running.base_url, "http://127.0.0.1:9"]
        chain = betamw.chain(
            "configured-2026-01-01",
            api=betamw.Api(bases),
            policy=betamw.FallbackPolicy(**policy),
            logger=logger,
        )
        async with aiohttp.ClientSession(middlewares=(*chain, *inner)) as session:
            yield Stage(running, session)


def _raise(_rejection: Any) -> None:
    raise ValueError(str(HOOK))


POLICIES: dict[str, dict[str, Any]] = {
    "default": {},
    "strip": {"paired_fields": "strip", "max_resends": 3},
    "drop all": {"on_unnamed": "drop_all", "substitutes": {OLD: "newer-2026-01-01"}},
    "strict": {"strict": True},
    "reads only": {"max_resends": 0},
    "hook": {"on_rejection": _raise},
}


async def play(on: Stage) -> None:
    """Every scene."""
    for path in ("/v1/messages", f"/v1/files/{PATH}", f"/{PATH}"):
        for scene in ("ok", "named", "unnamed", "unnamed", "named", "400", "429"):
            await on.call(scene, url=on.url(scene, path))
    for scene in ("401", "404", "422", "500", "redirect"):
        await on.call(scene)
    for more in (
        {"json": {"model": str(MODEL_TOKEN)}},
        {"headers": {"authorization": str(SIGNATURE)}},
        {"headers": {"authorization": str(SIGNED)}},
        {"data": _form()},
        {"data": (piece async for piece in _pieces())},
    ):
        await on.call("named", **more)
    host = f"{USERINFO}:{USERINFO}@127.0.0.1"
    await on.call("", url=on.url("unnamed", host=host), headers={"x-gateway-token": str(HEADERS["x-gateway-token"])})
    await on.call("", url=on.url("refused connection", port=9))
    with suppress(asyncio.CancelledError), betamw.override(add=[str(BETAS[0])], remove=[GOOD]):
        task = asyncio.ensure_future(on.call("named"))
        await asyncio.sleep(0)
        task.cancel()
        await task


def _form() -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("file", b"text", filename=str(FILE_NAME))
    form.add_field("model", str(MODEL))
    return form


async def _pieces() -> AsyncIterator[bytes]:
    yield str(BODY_FIELD).encode()
