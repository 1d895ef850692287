"""Another API with a beta header: the OpenAI API's, with a catalog of our own.

    OPENAI_API_KEY=... python examples/openai_beta.py

`openai_betas.toml` beside this file says which endpoints want which beta. The callers here know nothing of that, and
still ask for `realtime=v1`, which the API has given up: it is dropped where it is refused, what an endpoint needs is
never. Prints the log events as lines of JSON, and a line for each call, as in
`200 /v1/assistants: assistants=v2 (endpoint), dropped {'realtime=v1': 'rejected'}`.
"""

import asyncio
import os
import sys
from pathlib import Path

import aiohttp
import structlog

import betamw

BASE_URL = (os.environ.get("OPENAI_BASE_URL") or "https://api.openai.com/v1").rstrip("/")
KEY = os.environ.get("OPENAI_API_KEY", "")
HEADERS = {"Authorization": f"Bearer {KEY}", "OpenAI-Beta": "realtime=v1"}
CATALOG = betamw.Catalog.load(Path(__file__).with_name("openai_betas.toml"))
API = betamw.Api(BASE_URL.removesuffix("/v1"), header="OpenAI-Beta", catalog=CATALOG)


async def show(session: aiohttp.ClientSession, path: str) -> None:
    """Get a path below the base URL, and print what became of the betas."""
    async with session.get(BASE_URL + path) as response:
        used = betamw.usage(response)
        betas = ", ".join(f"{beta} ({used.sources[beta]})" for beta in used.sent)
        print(f"{response.status} /v1{path}: {betas or 'no betas'}, dropped {dict(used.dropped)}")


async def main() -> None:
    """List assistants twice, and models."""
    structlog.configure(processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()])
    async with aiohttp.ClientSession(middlewares=betamw.chain(api=API), headers=HEADERS) as session:
        for path in ("/assistants", "/assistants", "/models"):
            await show(session, path)


if __name__ == "__main__":
    if not KEY:
        sys.exit("set OPENAI_API_KEY to run this example")
    asyncio.run(main())
