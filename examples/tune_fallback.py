"""What happens when a beta is refused is yours to say: a policy, a shared memory, and an override for single calls.

    ANTHROPIC_API_KEY=... python examples/tune_fallback.py

The chain's default is a beta that no server knows, so the first call is refused and resent without it; a second chain
that shares the memory leaves it out at once; under `override(fallback=False)` the refusal comes through. (They count
tokens, which costs nothing.) Prints a line for each call: status, attempts, outcome, what was dropped and why, as in
`first chain: 200, 2 attempts, recovered, dropped {'no-such-beta-2020-01-01': 'rejected'}`.
"""

import asyncio
import os
import sys

import aiohttp

import betamw

BASE_URL = (os.environ.get("ANTHROPIC_BASE_URL") or "https://api.anthropic.com").rstrip("/")
HEADERS = {"x-api-key": os.environ.get("ANTHROPIC_API_KEY", ""), "anthropic-version": "2023-06-01"}
PROMPT = {"model": "claude-opus-5", "messages": [{"role": "user", "content": "Hello"}]}

POLICY = betamw.FallbackPolicy(
    max_resends=1,
    required={"oauth-*", "context-management-*"},  # rather an error than a call without these
    on_unnamed="give_up",  # a refusal that does not say which beta: no guessing
    droppable_sources={"default", "endpoint"},  # what a caller asked for is the caller's to take back
)
MEMORY = betamw.RejectionMemory(remember_for=600.0)


def session() -> aiohttp.ClientSession:
    """Make a session with a chain of its own, and the lessons of all."""
    chain = betamw.chain("no-such-beta-2020-01-01", policy=POLICY, memory=MEMORY)
    return aiohttp.ClientSession(middlewares=chain, headers=HEADERS)


async def count(title: str, client: aiohttp.ClientSession) -> None:
    """Count the tokens of the prompt, and print what became of the betas."""
    async with client.post(f"{BASE_URL}/v1/messages/count_tokens", json=PROMPT) as response:
        used = betamw.usage(response)
        print(f"{title}: {response.status}, {used.attempts} attempts, {used.outcome}, dropped {dict(used.dropped)}")


async def main() -> None:
    """Make the same call in three ways."""
    async with session() as first, session() as second:
        await count("first chain", first)
        await count("second chain", second)
        with betamw.override(fallback=False):
            await count("without fallback", second)


if __name__ == "__main__":
    if not HEADERS["x-api-key"]:
        sys.exit("set ANTHROPIC_API_KEY to run this example")
    asyncio.run(main())
