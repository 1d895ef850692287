"""However the SDK sends betas, nothing that reached the wire is lost, and what the chain has to add is there."""

import pytest
from anthropic import omit

DEFAULT = "interleaved-thinking-2025-05-14"
FIRST, SECOND = "context-management-2025-06-27", "compact-2026-01-12"
AGENTS, AGENT_MEMORY, COUNTING = "managed-agents-2026-04-01", "agent-memory-2026-07-22", "token-counting-2024-11-01"
FILES, BATCH = "files-api-2025-04-14", "output-300k-2026-03-24"
CALL = {"model": "claude-opus-5", "max_tokens": 8, "messages": [{"role": "user", "content": "hi"}]}
HEADER = "anthropic-beta"


async def create(client, **more):
    await client.beta.messages.create(**CALL, **more)


async def helper(client, **more):
    async with client.beta.messages.stream(**CALL, **more) as stream:
        await stream.get_final_message()


async def events(client, **more):
    async for _ in await client.beta.messages.create(**CALL, **more, stream=True):
        pass


async def count(client, **more):
    await client.beta.messages.count_tokens(model=CALL["model"], messages=CALL["messages"], **more)


async def upload(client, **more):
    await client.beta.files.upload(file=("a.txt", b"abc", "text/plain"), **more)


async def batch(client, **more):
    await client.beta.messages.batches.create(requests=[{"custom_id": "1", "params": CALL}], **more)


def having(default):
    return {"default_headers": {HEADER: default}}


@pytest.mark.parametrize(
    ("call", "client", "more", "sent"),
    [
        (create, {}, {}, (DEFAULT,)),
        (lambda c: c.messages.create(**CALL), {}, {}, (DEFAULT,)),
        (create, {}, {"betas": [FIRST, SECOND]}, (FIRST, SECOND, DEFAULT)),
        (create, {}, {"betas": [FIRST, FIRST]}, (FIRST, DEFAULT)),
        (create, {}, {"betas": [DEFAULT]}, (DEFAULT,)),
        (create, {}, {"betas": []}, (DEFAULT,)),
        (create, {}, {"extra_headers": {"Anthropic-Beta": FIRST}}, (FIRST, DEFAULT)),
        (create, {}, {"betas": [FIRST], "extra_headers": {HEADER: f"{SECOND}, {FIRST}"}}, (SECOND, FIRST, DEFAULT)),
        (create, {}, {"betas": [FIRST], "extra_headers": {HEADER: omit}}, (DEFAULT,)),
        (create, having(FIRST), {}, (FIRST, DEFAULT)),
        (create, having(FIRST), {"betas": [SECOND]}, (SECOND, DEFAULT)),  # it is the SDK that leaves FIRST out
        (lambda c: c.messages.create(**CALL), having(FIRST), {}, (FIRST, DEFAULT)),
        (helper, {}, {"betas": [FIRST]}, (FIRST, DEFAULT)),
        (events, {}, {"betas": [FIRST]}, (FIRST, DEFAULT)),
        (count, {}, {"betas": [FIRST]}, (FIRST, COUNTING, DEFAULT)),
        (upload, {}, {"betas": [FILES]}, (FILES, DEFAULT)),
        (lambda c: c.files.upload(file=b"abc"), {}, {}, (DEFAULT,)),
        (batch, {}, {"betas": [BATCH]}, (BATCH, DEFAULT)),
        (lambda c: c.beta.agents.list(), {}, {}, (AGENTS, DEFAULT)),
        (lambda c: c.beta.agents.list(betas=[AGENTS]), {}, {}, (AGENTS, DEFAULT)),
        (lambda c: c.beta.agents.list(betas=[FIRST]), {}, {}, (FIRST, AGENTS, DEFAULT)),
        (lambda c: c.beta.agents.list(extra_headers={HEADER: FIRST}), {}, {}, (FIRST, DEFAULT, AGENTS)),
        (lambda c: c.beta.sessions.list(extra_headers={HEADER: FIRST}), {}, {}, (FIRST, DEFAULT, AGENTS)),
        (lambda c: c.beta.environments.list(extra_headers={HEADER: FIRST}), {}, {}, (FIRST, DEFAULT, AGENTS)),
        (lambda c: c.beta.memory_stores.list(), {}, {}, (AGENT_MEMORY, DEFAULT)),
        (lambda c: c.beta.memory_stores.list(extra_headers={HEADER: FIRST}), {}, {}, (FIRST, DEFAULT, AGENT_MEMORY)),
    ],
)
async def test_the_betas_of_a_request(sdk, call, client, more, sent):
    """Those of the SDK first, then the chain's defaults, then the endpoint's; none twice, in one line."""
    async with sdk(DEFAULT, client=client) as opened:
        await call(opened.client, **more)

    assert [sent] == opened.sent
    assert [[",".join(sent)]] == [request.headers.getall(HEADER) for request in opened.api.requests]


async def test_an_empty_list_of_betas(sdk):
    """Without a default the SDK's empty header, which the API refuses, does not go out."""
    async with sdk() as opened:
        await create(opened.client, betas=[])

    assert [False] == [HEADER in request.headers for request in opened.api.requests]


async def test_a_download(sdk):
    """The bytes of a file are those that the server sends."""
    async with sdk(DEFAULT) as opened:
        opened.api.respond_next(200, b"\x00\x01", content_type="application/octet-stream")
        content = await opened.client.beta.files.download("file_1")

    assert (b"\x00\x01", [(DEFAULT,)]) == (await content.read(), opened.sent)


async def test_who_asked(sdk):
    """The event tells the SDK's betas from the chain's."""
    async with sdk(DEFAULT) as opened:
        await create(opened.client, betas=[FIRST])

    (event,) = opened.events()
    assert ([FIRST], [DEFAULT], "/v1/messages") == (
        event["betas_requested"],
        event["betas_injected"],
        event["url_template"],
    )
