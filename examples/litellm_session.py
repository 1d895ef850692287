"""LiteLLM with the middlewares: a session of ours under its `AsyncHTTPHandler`.

    ANTHROPIC_API_KEY=... python examples/litellm_session.py

The session goes in as `client=AsyncHTTPHandler(shared_session=...)`; `shared_session=` as an argument of `acompletion`
is ignored for `anthropic/` models. LiteLLM itself holds back what it does not know of a caller's `anthropic-beta`; what
the chain adds goes out whatever LiteLLM knows. One of the defaults here is a beta that no server knows: the first call
is refused and recovers, the second one, a stream, leaves it out. Prints the log events as lines of JSON, with
`betas_requested`, `betas_injected`, `betas_sent` and `outcome` among their fields, and after each call the answer.
"""

import asyncio
import os
import sys

import aiohttp
import litellm
import structlog
from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

import betamw

BASE_URL = (os.environ.get("ANTHROPIC_BASE_URL") or "https://api.anthropic.com").rstrip("/")
CALL = {
    "base_url": BASE_URL,
    "model": "anthropic/claude-opus-5",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "Say hello in three words."}],
    "extra_headers": {"anthropic-beta": "context-management-2025-06-27"},
}


async def main() -> None:
    """Make a call, and another one as a stream."""
    structlog.configure(processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()])
    chain = betamw.chain("interleaved-thinking-2025-05-14", "no-such-beta-2020-01-01")
    async with aiohttp.ClientSession(middlewares=chain) as session:
        client = AsyncHTTPHandler(shared_session=session)
        reply = await litellm.acompletion(**CALL, client=client)
        print(reply.choices[0].message.content)
        stream = await litellm.acompletion(**CALL, client=client, stream=True)
        print("".join([chunk.choices[0].delta.content or "" async for chunk in stream]))
        await client.close()  # which leaves the session open


if __name__ == "__main__":
    if not os.environ.get("ANTHROPIC_API_KEY"):
        sys.exit("set ANTHROPIC_API_KEY to run this example")
    asyncio.run(main())
