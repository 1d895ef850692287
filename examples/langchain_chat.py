"""A chat model of LangChain with the middlewares, by way of LiteLLM.

    ANTHROPIC_API_KEY=... python examples/langchain_chat.py

`langchain-anthropic` makes its HTTP client itself and takes none of ours. `langchain-litellm` hands on its
`model_kwargs` to LiteLLM, which takes one (see litellm_session.py). The model asks for one beta, the chain has two as
its defaults, one of which no server knows: the call is refused and recovers, the stream after it leaves that one out.
Prints the log events as lines of JSON, with `betas_requested`, `betas_injected`, `betas_sent` and `outcome` among their
fields, and after each call the answer.
"""

import asyncio
import os
import sys

import aiohttp
import structlog
from langchain_litellm import ChatLiteLLM
from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

import betamw

BASE_URL = (os.environ.get("ANTHROPIC_BASE_URL") or "https://api.anthropic.com").rstrip("/")
BETAS = {"anthropic-beta": "context-management-2025-06-27"}


async def main() -> None:
    """Ask once, and once more for a stream."""
    structlog.configure(processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()])
    chain = betamw.chain("interleaved-thinking-2025-05-14", "no-such-beta-2020-01-01")
    async with aiohttp.ClientSession(middlewares=chain) as session:
        client = AsyncHTTPHandler(shared_session=session)
        more = {"client": client, "extra_headers": BETAS}
        model = ChatLiteLLM(model="anthropic/claude-opus-5", api_base=BASE_URL, max_tokens=64, model_kwargs=more)
        reply = await model.ainvoke("Say hello in three words.")
        print(reply.content)
        print("".join([str(chunk.content) async for chunk in model.astream("And in two?")]))
        await client.close()  # which leaves the session open


if __name__ == "__main__":
    if not os.environ.get("ANTHROPIC_API_KEY"):
        sys.exit("set ANTHROPIC_API_KEY to run this example")
    asyncio.run(main())
