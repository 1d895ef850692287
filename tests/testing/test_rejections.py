"""What the simulated API says is what the library's reader understands."""

import pytest

from betamw.core.rejection import read_rejection
from betamw.testing import DIALECTS, UNNAMED_DIALECTS, WRAPPERS, SimulatedApi

pytestmark = pytest.mark.asyncio

BETA = "context-1m-2025-08-07"
OTHERS = ("files-api-2025-04-14", "managed-agents-2026-04-01")
WRAPPED = pytest.mark.parametrize("wrapper", WRAPPERS)


def read(got, sent):
    """The reader's view of a reply."""
    return read_rejection(got.status, got.body, sent, got.headers["Content-Type"])


@WRAPPED
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_one_refused(send, dialect, wrapper):
    """One refused beta among others is read back from each dialect in each wrapper, or is known to be unnamed."""
    sent = (OTHERS[0], BETA, OTHERS[1])
    async with SimulatedApi(refuses=[BETA], dialect=dialect, wrapper=wrapper) as api:
        rejection = read(await send(api, *sent), sent)

    named = dialect not in UNNAMED_DIALECTS
    assert ((BETA,) if named else (), named) == (rejection.betas, rejection.named)


@WRAPPED
@pytest.mark.parametrize("dialect", ["anthropic", "copilot", "bedrock-named"])
async def test_two_refused(send, dialect, wrapper):
    """Both refused betas are read back where one reply names them."""
    sent = (OTHERS[0], BETA, OTHERS[1])
    async with SimulatedApi(refuses=["context-1m-*", OTHERS[1]], dialect=dialect, wrapper=wrapper) as api:
        rejection = read(await send(api, *sent), sent)

    assert {BETA, OTHERS[1]} == set(rejection.betas)


@WRAPPED
@pytest.mark.parametrize(
    ("sent", "call"),
    [
        (OTHERS[:1], {"path": "/v1/agents"}),
        (("agent-memory-2026-07-22", OTHERS[1]), {"path": "/v1/memory_stores"}),
        (OTHERS, {"json": {"context_management": {}}}),
        (
            ("fine-grained-tool-streaming-2025-05-14",),
            {"json": {"tools": [{"type": "computer_toolset_20260801"}]}},
        ),
        (OTHERS, {"path": "/v1/nowhere"}),
    ],
    ids=["missing", "conflict", "gated", "field-conflict", "unknown-path"],
)
async def test_no_refusal(send, wrapper, sent, call):
    """What the API has against a request apart from a refused beta is not read as a refusal."""
    async with SimulatedApi(wrapper=wrapper) as api:
        got = await send(api, *sent, **call)

    assert got.status in (400, 404)
    assert read(got, sent) is None
