"""An agent of Pydantic AI with the middlewares, by the official SDK that is under it.

    ANTHROPIC_API_KEY=... python examples/pydantic_ai_agent.py

The agent asks for one beta, the chain has two as its defaults, one of which no server knows: the first run is refused
and recovers, the second one leaves it out. Prints the log events as lines of JSON, with `betas_requested`,
`betas_injected`, `betas_sent` and `outcome` among their fields, and after each run the answer.
"""

import asyncio
import os
import sys

import structlog
from pydantic_ai import Agent
from pydantic_ai.models.anthropic import AnthropicModel, AnthropicModelSettings
from pydantic_ai.providers.anthropic import AnthropicProvider

from betamw.integrations.anthropic import http_client

SETTINGS = AnthropicModelSettings(max_tokens=64, anthropic_betas=["context-management-2025-06-27"])


async def main() -> None:
    """Run an agent twice."""
    structlog.configure(processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()])
    async with http_client("interleaved-thinking-2025-05-14", "no-such-beta-2020-01-01") as client:
        model = AnthropicModel("claude-opus-5", provider=AnthropicProvider(http_client=client))
        agent = Agent(model, model_settings=SETTINGS)
        for prompt in ("Say hello in three words.", "And in two?"):
            result = await agent.run(prompt)
            print(result.output)


if __name__ == "__main__":
    if not os.environ.get("ANTHROPIC_API_KEY"):
        sys.exit("set ANTHROPIC_API_KEY to run this example")
    asyncio.run(main())
