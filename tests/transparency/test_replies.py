"""A reply reads as if no middleware were there: each kind of reply, in each way, whatever the chain does meanwhile."""

import asyncio

import pytest
from support.twice.both import calls, differences_apart
from support.twice.kinds import KINDS
from support.twice.modes import MODES

AS_IT_COMES = ["as it comes"]
IN_A_FEW_WAYS = ["text", "iter_chunks when all is there"]
# A look at the body is the same in all modes that look; for replies that take time these few will do.
SLOWLY = ["another origin", "a beta that is taken", "recovered", "handed over after a vain resend"]


def of(ways):
    return [name for name, kind in KINDS.items() if kind.ways == ways]


@pytest.mark.parametrize("kind", of("whole"))
async def test_a_reply_in_all_ways(stage, kind):
    """What a caller sees of a reply, reads, and finds afterwards, is what a plain session gives."""
    product = calls([kind], modes=["a beta that is taken"], settings=AS_IT_COMES)
    product += calls([kind], modes=MODES, settings=AS_IT_COMES, ways=IN_A_FEW_WAYS)

    assert [] == await stage.differences(dict.fromkeys(product))


@pytest.mark.parametrize("kind", of("big"))
async def test_a_long_reply(stage, kind):
    """What is too long to look at is handed on unread, from its first byte to its last, without waiting for it."""
    async with asyncio.timeout(12):
        assert [] == await stage.differences(calls([kind], modes=SLOWLY, settings=AS_IT_COMES))


@pytest.mark.parametrize("kind", of("endless"))
async def test_an_endless_reply(stage, kind):
    """A body without end can be read piece by piece, and left; the look does not wait for what it cannot have."""
    async with asyncio.timeout(12):
        assert [] == await stage.differences(calls([kind], modes=SLOWLY, settings=AS_IT_COMES))


@pytest.mark.parametrize("kind", of("stream") + of("late"))
async def test_a_reply_that_waits_for_its_reader(kind):
    """The first piece reaches the caller before the server sends the second, an error's within the look's patience."""
    async with asyncio.timeout(60):
        assert [] == await differences_apart(calls([kind], modes=SLOWLY, settings=AS_IT_COMES))
