"""A chain written by hand: the middlewares you want, your own between them, and a logger of the standard library.

    ANTHROPIC_API_KEY=... python examples/hand_made_chain.py

A chain is a plain tuple, the first the outermost. The middleware `opt_in` stands between merging and falling back: what
it adds to the header counts as the caller's, so it comes first; it is logged, and dropped when it is refused, like any
other beta. (There is no EndpointMiddleware here, so nothing is injected.) Prints the log records, with the fields that
the formatter picks from `extra`, then the status:
`INFO betamw.request outcome=ok sent=['context-management-2025-06-27', 'interleaved-thinking-2025-05-14']`
"""

import asyncio
import logging
import os
import sys

import aiohttp

import betamw

BASE_URL = (os.environ.get("ANTHROPIC_BASE_URL") or "https://api.anthropic.com").rstrip("/")
HEADERS = {"x-api-key": os.environ.get("ANTHROPIC_API_KEY", ""), "anthropic-version": "2023-06-01"}
PROMPT = {"model": "claude-opus-5", "messages": [{"role": "user", "content": "Hello"}]}

log = logging.getLogger("example.betas")
FORMAT = "%(levelname)s %(message)s outcome=%(outcome)s sent=%(betas_sent)s"


async def opt_in(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Ask for one more beta, as code does that knows nothing of betamw."""
    betas = [*request.headers.getall("anthropic-beta", ()), "context-management-2025-06-27"]
    request.headers["anthropic-beta"] = ", ".join(betas)
    return await handler(request)


CHAIN = (
    betamw.LoggingMiddleware(log),
    betamw.MergeMiddleware("interleaved-thinking-2025-05-14"),
    opt_in,
    betamw.FallbackMiddleware(betamw.FallbackPolicy(on_unnamed="give_up")),
)


async def main() -> None:
    """Count the tokens of a prompt."""
    screen = logging.StreamHandler(sys.stdout)
    screen.setFormatter(logging.Formatter(FORMAT, defaults={"outcome": "-", "betas_sent": "-"}))
    log.addHandler(screen)
    log.setLevel(logging.INFO)
    async with (
        aiohttp.ClientSession(middlewares=CHAIN, headers=HEADERS) as session,
        session.post(f"{BASE_URL}/v1/messages/count_tokens", json=PROMPT) as response,
    ):
        print(response.status)


if __name__ == "__main__":
    if not HEADERS["x-api-key"]:
        sys.exit("set ANTHROPIC_API_KEY to run this example")
    asyncio.run(main())
