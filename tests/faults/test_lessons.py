"""A reply goes wrong while something is found out: nothing false is learned, and the next call goes on."""

import pytest
from support.aftermath import left_by, see, strike
from support.client import BODY, open_client

import betamw
from betamw.testing import FAULTS, SimulatedApi

OLD, GOOD = "context-1m-2025-08-07", "files-api-2025-04-14"
READ = ("slow-headers", "drip", "interim-flood", "late-close")
"""The faults with which a refusal is understood and its resend answered."""


def fail_next(api, fault, after=0):
    """Let a reply go wrong; what closes a connection late does so when the test is over."""
    api.fail_next(fault, after=after, seconds=60 if fault == "late-close" else 0.001)


@pytest.mark.parametrize("fault", FAULTS)
async def test_in_a_probe(fault):
    """What a probe was to find out and has not, the next call finds out at once."""
    now = [0.0]
    memory = betamw.RejectionMemory(remember_for=60, clock=lambda: now[0])
    async with SimulatedApi(refuses=[OLD]) as api, open_client(api, memory=memory) as c:
        await c.call(OLD)
        now[0] = 61.0
        c.api.clear()
        fail_next(api, fault)
        await strike(see(c.session, api.base_url, OLD, json=BODY), api, fault, 1)
        assert {} == await left_by(c.session)
        await see(c.session, api.base_url)  # may meet a surplus
        c.api.clear()
        assert 200 == (await c.call(OLD)).status
    told = [event["result"] for event in c.events("betamw.memory.reprobed")]
    expected = ([()], ["refused"]) if fault in READ else ([(OLD,), ()], ["unknown", "refused"])
    assert expected == (c.sent, told)


@pytest.mark.parametrize("after", [0, 1, 2])
@pytest.mark.parametrize("fault", FAULTS)
async def test_in_a_search(fault, after):
    """Whichever of the three replies to the first call is struck, the search ends with the exact set."""
    betas = [f"beta-{letter}-2026-01-01" for letter in "abcdefgh"]
    async with SimulatedApi(refuses=[betas[0], betas[4]], dialect="bedrock") as api, open_client(api) as c:
        fail_next(api, fault, after)
        await strike(see(c.session, api.base_url, *betas, json=BODY), api, fault, after + 1)
        assert {} == await left_by(c.session)
        await see(c.session, api.base_url)  # may meet a surplus
        got = [await c.call(",".join(betas)) for _ in range(12)]
    good = tuple(betas[1:4] + betas[5:])
    assert ({200}, good, 1 + 1 + 12) == ({each.status for each in got}, got[-1].usage.sent, len(c.events()))
