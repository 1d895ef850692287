"""The shortest way in: attach the chain, make a call, see which betas were in force.

    ANTHROPIC_API_KEY=... python examples/quickstart.py

The caller asks for one beta, the chain has another as its default, both go out in one header. Prints the log event
`betamw.request` as a line of JSON (structlog is configured here: without that betamw prints nothing), then
`200 with ('context-management-2025-06-27', 'interleaved-thinking-2025-05-14')`.
"""

import asyncio
import os
import sys

import aiohttp
import structlog

import betamw

BASE_URL = (os.environ.get("ANTHROPIC_BASE_URL") or "https://api.anthropic.com").rstrip("/")
HEADERS = {"x-api-key": os.environ.get("ANTHROPIC_API_KEY", ""), "anthropic-version": "2023-06-01"}
MESSAGE = {
    "model": "claude-opus-5",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "Say hello in three words."}],
}


async def main() -> None:
    """Make one call."""
    structlog.configure(processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()])
    chain = betamw.chain("interleaved-thinking-2025-05-14")
    async with (
        aiohttp.ClientSession(middlewares=chain, headers=HEADERS) as session,
        session.post(
            f"{BASE_URL}/v1/messages", json=MESSAGE, headers={"anthropic-beta": "context-management-2025-06-27"}
        ) as response,
    ):
        print(response.status, "with", betamw.usage(response).sent)


if __name__ == "__main__":
    if not HEADERS["x-api-key"]:
        sys.exit("set ANTHROPIC_API_KEY to run this example")
    asyncio.run(main())
