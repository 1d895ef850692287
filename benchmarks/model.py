"""Part (c): finding the model in the body of a call, which is done only where the memory holds something.

Measured: `model_of` for the JSON of an ordinary call (10 KiB), beside `orjson.loads` of the same bytes.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

import orjson

from benchmarks.measure import Contestant, Race, progress, race
from benchmarks.scenarios import conversation
from betamw.core.model import model_of

FINDING: Final = "finding the model"
LOADING: Final = "orjson.loads"
BODY: Final = json.dumps(conversation()).encode()


def _contestant(name: str, read: Callable[[bytes], Any]) -> Contestant:
    async def prepare(calls: int) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            for _ in range(calls):
                read(BODY)

        return run

    return Contestant(name, prepare)


async def measure(rounds: int, calls: int) -> Race:
    """Let the two race."""
    progress("model")
    return await race([_contestant(FINDING, model_of), _contestant(LOADING, orjson.loads)], rounds=rounds, calls=calls)
