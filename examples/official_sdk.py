"""The official SDK with the chain: the SDK makes the calls, betamw takes care of their betas.

    ANTHROPIC_API_KEY=... python examples/official_sdk.py

Needs the extra `anthropic`. The client asks for one beta, `http_client` has another as its default, and a third,
which no server knows, is dropped when it is refused, inside of the one call. Prints the message's text, then what
was sent and dropped, as in `sent ('context-management-2025-06-27', ...), dropped {'no-such-beta-...': 'rejected'}`.
The second call, a stream, leaves it out from the start.
"""

import asyncio
import os
import sys

from anthropic import AsyncAnthropic
from anthropic.types.beta import BetaMessageParam

from betamw.integrations.anthropic import http_client, usage

BETAS = ["context-management-2025-06-27", "no-such-beta-2020-01-01"]
MESSAGES: list[BetaMessageParam] = [{"role": "user", "content": "Say hello in three words."}]


async def main() -> None:
    """Make a call, then another as a stream."""
    async with AsyncAnthropic(http_client=http_client("interleaved-thinking-2025-05-14")) as client:
        response = await client.beta.messages.with_raw_response.create(
            model="claude-opus-5", max_tokens=64, messages=MESSAGES, betas=BETAS
        )
        message = await response.parse()
        print("".join(block.text for block in message.content if block.type == "text"))
        print(f"sent {usage(response).sent}, dropped {dict(usage(response).dropped)}")

        async with client.beta.messages.stream(
            model="claude-opus-5", max_tokens=64, messages=MESSAGES, betas=BETAS
        ) as stream:
            print("".join([text async for text in stream.text_stream]))
            print(f"sent {usage(stream).sent}, dropped {dict(usage(stream).dropped)}")


if __name__ == "__main__":
    if not os.environ.get("ANTHROPIC_API_KEY"):
        sys.exit("set ANTHROPIC_API_KEY to run this example")
    asyncio.run(main())
