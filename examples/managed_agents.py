"""Endpoints that get the betas they need: those that betamw knows, and a rule of your own.

    ANTHROPIC_API_KEY=... python examples/managed_agents.py

No call below mentions a beta. The catalog knows that `/v1/agents` asks for managed-agents; a rule of ours adds
files-api to the listing of files, where it selects the shape of replies that older code expects. Ours is no
requirement: refused, it may be dropped, which the catalog's never are. Prints a line for each call: the status, the
path, and each beta with who asked for it, as in
`200 /v1/agents: managed-agents-2026-04-01 (endpoint)`.
"""

import asyncio
import os
import sys

import aiohttp

import betamw

BASE_URL = (os.environ.get("ANTHROPIC_BASE_URL") or "https://api.anthropic.com").rstrip("/")
HEADERS = {"x-api-key": os.environ.get("ANTHROPIC_API_KEY", ""), "anthropic-version": "2023-06-01"}
RULES = (
    *betamw.CATALOG_RULES,
    betamw.EndpointRule("/v1/files", ["files-api-2025-04-14"], methods=["GET"], required=False),
)


async def show(session: aiohttp.ClientSession, path: str) -> None:
    """Get a path, and print which betas went with it and why."""
    async with session.get(BASE_URL + path) as response:
        used = betamw.usage(response)
        betas = ", ".join(f"{beta} ({used.sources[beta]})" for beta in used.sent)
        print(f"{response.status} {path}: {betas or 'no betas'}")


async def main() -> None:
    """List agents, files and models."""
    async with aiohttp.ClientSession(middlewares=betamw.chain(endpoints=RULES), headers=HEADERS) as session:
        for path in ("/v1/agents", "/v1/files", "/v1/models"):
            await show(session, path)


if __name__ == "__main__":
    if not HEADERS["x-api-key"]:
        sys.exit("set ANTHROPIC_API_KEY to run this example")
    asyncio.run(main())
