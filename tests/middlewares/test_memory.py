"""The memory at work in a session: pins, and lessons that were saved by another process."""

import pytest
from yarl import URL

import betamw
from betamw.middlewares.api import origin_of

OLD, GOOD = "context-1m-2025-08-07", "files-api-2025-04-14"


async def test_a_pinned_beta_costs_no_refusal(client, api):
    """It is left out of the first call, as if it had been refused before, and no success changes that."""
    api.refuse(OLD)
    memory = betamw.RejectionMemory()
    memory.pin(OLD, origin=api.base_url, endpoint="/v1/messages", model="claude-opus-5")
    async with client(memory=memory) as c:
        got = [await c.call(f"{GOOD},{OLD}") for _ in range(2)]
        assert ([(GOOD,)] * 2, [{OLD: "remembered"}] * 2) == (c.sent, [dict(one.usage.dropped) for one in got])


async def test_a_pin_is_lifted(client, api):
    """From then on the beta goes out."""
    memory = betamw.RejectionMemory()
    memory.pin(OLD)
    async with client(memory=memory) as c:
        await c.call(OLD)
        memory.forget(OLD)
        await c.call(OLD)
        assert [(), (OLD,)] == c.sent


async def test_a_pin_for_something_else(client, api):
    """Another model, another endpoint: the beta goes out."""
    memory = betamw.RejectionMemory()
    memory.pin(OLD, model="another")
    memory.pin(OLD, endpoint="/v1/files")
    memory.pin(OLD, origin="https://api.anthropic.com")
    async with client(memory=memory) as c:
        await c.call(OLD)
        assert [(OLD,)] == c.sent


async def test_a_saved_memory_knows_the_account(client, api):
    """The next process leaves out what this one has learned, for the same account and no other."""
    api.refuse(OLD)
    async with client(memory=(memory := betamw.RejectionMemory())) as c:
        await c.call(OLD, headers={"x-api-key": "sk-mine"})
    text = memory.to_json()
    api.requests.clear()
    async with client(memory=betamw.RejectionMemory.from_json(text)) as c:
        for key in ("sk-mine", "sk-yours"):
            await c.call(OLD, headers={"x-api-key": key})
        assert ([(), (OLD,), ()], False) == (c.sent, "sk-mine" in text)


async def test_a_lesson_is_of_its_memory(client, api):
    """Scopes of two memories cannot be compared: each hashes credentials under a key of its own."""
    api.refuse(OLD)
    credentials = []
    for _ in range(2):
        async with client(memory=(memory := betamw.RejectionMemory())) as c:
            await c.call(OLD, headers={"x-api-key": "sk-mine"})
        credentials.append(memory.verdicts()[0].scope.credential)
    assert credentials[0] != credentials[1]


@pytest.mark.parametrize(
    "base",
    [
        "https://api.anthropic.com",
        "https://API.anthropic.com:443/",
        "http://localhost:8080",
        "https://gateway.example/anthropic/",
        "https://gateway.example/a%20b",
        "https://bücher.example",
        "http://[::1]:8000",
    ],
)
def test_an_origin_is_that_of_the_places_below_it(base):
    """However it is written, a pin's origin is what calls to this base URL have."""
    address = betamw.Api(base).address(URL(base) / "v1/messages")
    assert address is not None
    assert address.place.origin == origin_of(base)
