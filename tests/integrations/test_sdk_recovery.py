"""A refused beta is recovered inside of one call of the SDK, or its error is the one that the API gave."""

import gc
import io
import weakref

import anthropic
import pytest
from aiohttp import payload

import betamw
from betamw.integrations.anthropic import usage
from betamw.integrations.sdk_transport import LARGEST_UPLOAD

OLD, DEFAULT = "context-1m-2025-08-07", "interleaved-thinking-2025-05-14"
CALL = {"model": "claude-opus-5", "max_tokens": 8, "messages": [{"role": "user", "content": "hi"}]}
TEXT = "Hello from the simulated API."
REWINDS = pytest.mark.skipif(
    not hasattr(payload.Payload, "consumed"), reason="aiohttp 3.12.0 closes a file that it has sent"
)


async def message(client):
    return (await client.beta.messages.create(**CALL, betas=[OLD])).content[0].text


async def raw(client):
    response = await client.beta.messages.with_raw_response.create(**CALL, betas=[OLD])
    return (await response.parse()).content[0].text


async def streamed(client):
    async with client.beta.messages.with_streaming_response.create(**CALL, betas=[OLD]) as response:
        return (await response.parse()).content[0].text


async def helper(client):
    async with client.beta.messages.stream(**CALL, betas=[OLD]) as stream:
        return "".join([text async for text in stream.text_stream])


async def events(client):
    stream = await client.beta.messages.create(**CALL, betas=[OLD], stream=True)
    return "".join([event.delta.text async for event in stream if event.type == "content_block_delta"])


@pytest.mark.parametrize("way", [message, raw, streamed, helper, events])
async def test_a_refused_beta(sdk, way):
    """The caller gets the answer, in whatever way it reads; the next call is right at once."""
    async with sdk(DEFAULT) as opened:
        opened.api.refuse(OLD)
        texts = [await way(opened.client), await way(opened.client)]

    assert [TEXT, TEXT] == texts
    assert [(OLD, DEFAULT), (DEFAULT,), (DEFAULT,)] == opened.sent
    assert [0, 0] == [event["sdk_retry_count"] for event in opened.events()]


async def test_an_overload_between(sdk):
    """The SDK tries again on a 529, what the chain has learned stays, and the events count the SDK's attempts."""
    async with sdk(client={"max_retries": 2}) as opened:
        opened.api.refuse(OLD)
        opened.api.respond_next(529, headers={"retry-after-ms": "1"}, after=1)
        text = await message(opened.client)

    assert TEXT == text
    assert [(OLD,), (), ()] == opened.sent
    assert [(0, 529), (1, 200)] == [(e["sdk_retry_count"], e["http_response_status_code"]) for e in opened.events()]


@pytest.mark.parametrize("encoding", [None, "gzip"])
async def test_a_strict_policy(sdk, encoding):
    """The SDK's error for a 400, with the API's message and id, after one request; ours is in its response."""
    async with sdk(policy=betamw.FallbackPolicy(strict=True), client={"max_retries": 2}) as opened:
        opened.api.encoding = encoding
        opened.api.refuse(OLD)
        with pytest.raises(anthropic.BadRequestError, match=f"Unexpected value\\(s\\) `{OLD}`") as caught:
            await message(opened.client)

    error = caught.value
    assert "req_000000000000000000000001" == error.request_id == error.body["request_id"]
    assert (OLD,) == error.response.extensions["betamw.error"].rejected
    assert 0 < error.response.elapsed.total_seconds() < 60
    assert [(OLD,)] == opened.sent


@REWINDS
async def test_an_upload_from_an_open_file(sdk, tmp_path):
    """What the SDK reads from a file is sent again."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"abc" * 1000)
    async with sdk() as opened:
        opened.api.refuse(OLD)
        with path.open("rb") as file:
            uploaded = await opened.client.beta.files.upload(file=file, betas=[OLD])

    assert (3000, [(OLD,), ()]) == (uploaded.size_bytes, opened.sent)


@REWINDS
@pytest.mark.parametrize("size", [0, 10, 2**21])
async def test_an_upload(sdk, size):
    """A file in memory is sent again, byte for byte, and aiohttp has nothing to warn of."""
    async with sdk() as opened:
        opened.api.refuse(OLD)
        uploaded = await opened.client.beta.files.upload(file=("a.bin", b"a" * size), betas=[OLD])
        again = await opened.client.beta.files.upload(file=("a.bin", b"a" * size), betas=[OLD])

    assert [size, size] == [uploaded.size_bytes, again.size_bytes]
    assert [(OLD,), (), ()] == opened.sent
    assert 1 == len({request.body for request in opened.api.requests[:2]})


async def test_the_largest_upload(sdk):
    """What is larger than said goes out as the SDK streams it, and its refusal is the caller's."""
    async with sdk() as opened:
        opened.api.refuse(OLD)
        file = io.BytesIO(bytes(LARGEST_UPLOAD))  # the parts' own headers go beyond
        with pytest.raises(anthropic.BadRequestError, match="Unexpected value"):
            await opened.client.beta.files.upload(file=file, betas=[OLD])

    assert [(OLD,)] == opened.sent


class Unmeasured(io.RawIOBase):
    """A file of which nobody knows how long it is."""

    def __init__(self):
        self.pieces = [b"abc", b"def"]

    def read(self, size=-1):
        return self.pieces.pop(0) if self.pieces else b""


async def test_an_upload_of_unknown_length(sdk):
    """It is streamed, and not read ahead."""
    async with sdk() as opened:
        uploaded = await opened.client.beta.files.upload(file=("a.bin", Unmeasured()), betas=[DEFAULT])

    assert 6 == uploaded.size_bytes
    assert ["chunked"] == [request.headers.get("transfer-encoding") for request in opened.api.requests]


def test_usage_of_no_response():
    """The message itself knows nothing of it; the error says what does."""
    with pytest.raises(TypeError, match="usage takes a response, such as with_raw_response gives, got a dict"):
        usage({})


async def test_usage(sdk):
    """Each kind of response of the SDK tells what became of the betas, and so does an error."""
    async with sdk(client={"max_retries": 1}) as opened:
        opened.api.refuse(OLD)
        calls = opened.client.beta.messages
        found = [usage(await calls.with_raw_response.create(**CALL, betas=[OLD]))]
        async with calls.with_streaming_response.create(**CALL, betas=[OLD]) as response:
            found.append(usage(response))
        async with calls.stream(**CALL, betas=[OLD]) as stream:
            found.append(usage(stream))
        async with await calls.create(**CALL, betas=[OLD], stream=True) as stream:
            found += [usage(stream), usage(stream.response)]
        opened.api.respond_next(404)
        with pytest.raises(anthropic.NotFoundError) as caught:
            await calls.create(**CALL, betas=[OLD])
        found.append(usage(caught.value))

    assert [{OLD: "rejected"}] + 5 * [{OLD: "remembered"}] == [dict(each.dropped) for each in found]
    assert ["recovered", "ok", "ok", "ok", "ok", "error"] == [each.outcome for each in found]


async def test_usage_of_a_foreign_response(api):
    """Without the chain there is nothing to tell."""
    async with anthropic.AsyncAnthropic(
        api_key="k", base_url=api.base_url, http_client=anthropic.DefaultAioHttpClient()
    ) as client:
        response = await client.messages.with_raw_response.create(**CALL)

    with pytest.raises(KeyError, match="no middleware of betamw"):
        usage(response)


async def test_nothing_is_left(sdk):
    """A response lives no longer than its caller wants it to."""
    async with sdk() as opened:
        response = await opened.client.messages.with_raw_response.create(**CALL)
        reply = weakref.ref(response.http_response.extensions["betamw.reply"])
        del response
        gc.collect()
        assert reply() is None
