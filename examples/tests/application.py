"""What the tests beside this file test: an application that calls Claude with betas."""

import os

import aiohttp

import betamw

BASE_URL = "https://api.anthropic.com"
BETAS = ("interleaved-thinking-2025-05-14", "context-1m-2025-08-07")


async def ask(question: str) -> str:
    """Ask Claude, and return the text of the answer."""
    base = os.environ.get("ANTHROPIC_BASE_URL", BASE_URL)
    headers = {"x-api-key": os.environ.get("ANTHROPIC_API_KEY", ""), "anthropic-version": "2023-06-01"}
    body = {"model": "claude-opus-5", "max_tokens": 64, "messages": [{"role": "user", "content": question}]}
    async with aiohttp.ClientSession(middlewares=betamw.chain(*BETAS), raise_for_status=True) as session:
        async with session.post(f"{base}/v1/messages", json=body, headers=headers) as response:
            message = await response.json()
    return "".join(block["text"] for block in message["content"] if block["type"] == "text")
