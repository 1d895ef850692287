"""The story of a call: found in logs by an id, in order, in words; out of what the real chain writes."""

import io
import json
import logging
import os
import threading
from typing import get_args

import aiohttp
import pytest
import structlog
from rich.console import Console

import betamw
from betamw.cli.report_call_text import draw
from betamw.core.events import Ruling
from betamw.logs import lookup
from betamw.logs.lookup import look_up
from betamw.logs.record import Record
from betamw.logs.story import _WHY_NOT, story_of
from betamw.testing import SimulatedApi

OLD, GOOD, NEW, MCP = "context-1m-2025-08-07", "files-api-2025-04-14", "newer-2026-01-01", "mcp-client-2025-11-20"
FIRST_REPLY, SECOND_REPLY = "req_000000000000000000000001", "req_000000000000000000000002"


def logger_to(file):
    """A structlog logger that writes JSON lines."""
    return structlog.wrap_logger(
        structlog.WriteLogger(file),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        context_class=dict,
    )


async def log_of(path, *calls, setup=lambda _api: None, **chain):
    """Write the log of calls, each of them its betas; `setup` prepares the API. The events, in order."""
    async with SimulatedApi(refuses=[OLD]) as api:
        setup(api)
        with path.open("w") as file:
            middlewares = betamw.chain(
                "by-default-2026-01-01", api=betamw.Api(api.base_url), logger=logger_to(file), **chain
            )
            async with aiohttp.ClientSession(middlewares=middlewares) as session:
                for betas in calls:
                    url, headers = f"{api.base_url}/v1/messages", {"anthropic-beta": ",".join(betas)}
                    async with session.post(url, headers=headers, json={"model": "claude-opus-5"}) as response:
                        await response.read()
    return [json.loads(line) for line in path.read_text().splitlines()]


def told(story, label):
    """What the story says under a label."""
    return [step.text for step in story.steps if step.label == label]


# What it tells.


async def test_a_call_that_recovered(tmp_path):
    """Who wanted what, what went out, what was refused and learned, how it ended: in this order."""
    await log_of(tmp_path / "log", (GOOD, OLD))
    (story,) = look_up(FIRST_REPLY, [str(tmp_path / "log")]).stories
    assert [
        ("wanted", f"by the caller: {GOOD}, {OLD}"),
        ("wanted", "by the chain: by-default-2026-01-01"),
        ("attempt 1", f"went out with {GOOD}, {OLD}, by-default-2026-01-01"),
        ("refused", f"400 invalid_request_error refuses {OLD} (rule unexpected-value, {FIRST_REPLY})"),
        ("then", f"sent again without {OLD}"),
        ("attempt 2", f"went out with {GOOD}, by-default-2026-01-01"),
        ("learned", f"{OLD}: refused, so left out from now on for 1 h"),
        ("end", f"recovered (200, {SECOND_REPLY}) after 2 attempts"),
    ] == [(step.label, step.text) for step in story.steps if step.label not in {"call", "took"}]


async def test_the_times(tmp_path):
    """The call began as long before its last event as it took; what was refused before it ended."""
    events = await log_of(tmp_path / "log", (OLD,))
    (story,) = look_up(events[0]["betamw_call"], [str(tmp_path / "log")]).stories
    began, refused, learned, end = (step.at for step in story.steps if step.at is not None)
    assert began <= refused <= learned <= end
    assert pytest.approx(events[-1]["duration_s"], abs=1e-5) == end - began
    assert pytest.approx(began, abs=1e-5) == story.began.timestamp()


async def test_what_memory_left_out(tmp_path):
    """The second call is not refused: the memory knows, whether its own event was written or not."""
    events = await log_of(tmp_path / "log", (OLD,), (GOOD, OLD))
    (tmp_path / "info").write_text("".join(json.dumps(e) + "\n" for e in events if e["level"] != "debug"))
    for name in ("log", "info"):
        (story,) = look_up(events[-1]["betamw_call"], [str(tmp_path / name)]).stories
        assert [f"{OLD}: because of what an earlier call was refused for (memory)"] == told(story, "left out")


async def test_substitutes_and_fields(tmp_path):
    """What went out in the place of another, and which fields of the body went with a beta."""
    policy = betamw.FallbackPolicy(substitutes={MCP: NEW})
    events = await log_of(tmp_path / "log", (MCP,), setup=lambda api: api.refuse(MCP), policy=policy)
    (story,) = look_up(events[0]["betamw_call"], [str(tmp_path / "log")]).stories
    assert [f"sent again without {MCP} and with {NEW}"] == told(story, "then")
    assert [f"{NEW} went out in the place of {MCP}"] == told(story, "instead")


async def test_a_search(tmp_path):
    """Replies that name no beta, and what was left out to find the culprit."""
    culprits = ("aa-2026-01-01", "bb-2026-01-01")

    def setup(api):
        api.dialect = "bedrock"
        api.refuse(*culprits)

    events = await log_of(tmp_path / "log", (*culprits, GOOD), setup=setup)
    (story,) = look_up(events[0]["betamw_call"], [str(tmp_path / "log")]).stories
    assert all("refuses a beta, without saying which" in text for text in told(story, "refused"))
    assert len(told(story, "refused")) == len(told(story, "then")) == events[-1]["attempts"] - 1


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        ({"max_resends": 0}, "no resend is left (max_resends)"),
        ({"required": {OLD}}, "the beta is required"),
        ({"on_rejection": lambda _: betamw.Action.give_up()}, "on_rejection said so"),
    ],
)
async def test_why_it_was_not_sent_again(tmp_path, policy, why):
    """The caller got the refusal, and the reason is told."""
    events = await log_of(tmp_path / "log", (OLD,), policy=betamw.FallbackPolicy(**policy))
    (story,) = look_up(events[0]["betamw_call"], [str(tmp_path / "log")]).stories
    assert [f"not sent again: {why}"] == told(story, "then")
    assert ["rejected: the caller got the refusal"] == [text.partition(" (")[0] for text in told(story, "end")]


async def test_a_resend_in_vain(tmp_path):
    """The resend was answered with another 400: the caller gets the first reply, and the story says so."""
    events = await log_of(
        tmp_path / "log", (OLD,), setup=lambda api: api.respond_next(400, {"error": {"message": "no"}}, after=1)
    )
    (story,) = look_up(events[0]["betamw_call"], [str(tmp_path / "log")]).stories
    assert ["the caller got the reply to attempt 1: what came after did not help"] == told(story, "answer")


def test_every_reason_has_words():
    """What the rulings are called in the log, the story says in words."""
    assert {*get_args(Ruling)} == {*_WHY_NOT, "dropped"}


@pytest.mark.parametrize(
    ("event", "label", "text"),
    [
        (
            Record(event="betamw.memory.expired", betas=(OLD,)),
            "tried again",
            f"{OLD}: refused earlier, and that is long",
        ),
        (Record(event="betamw.memory.reprobed", betas=(OLD,), result="accepted"), "found", f"{OLD}: accepted"),
        (Record(event="betamw.input.invalid", length=8), "invalid", "a name of 8 characters in the caller's header"),
        (
            Record(event="betamw.hook.failed", hook="on_rejection", error_type="KeyError"),
            "hook",
            "on_rejection raised KeyError",
        ),
        (Record(event="betamw.later.event"), "event", "betamw.later.event"),
    ],
)
def test_what_happens_besides(event, label, text):
    """Each kind of event is told, also one of a later version."""
    (step,) = [step for step in story_of([event]).steps if step.label == label]
    assert step.text.startswith(text)


def test_what_is_not_in_the_logs():
    """Attempts whose refusals were logged elsewhere are missed, and so is the end of a call."""
    end = Record(event="betamw.request", attempts=3, outcome="recovered", betas_sent=(GOOD,))
    missing = "what it carried and how it was answered is not in these logs"
    assert [missing, missing] == [step.text for step in story_of([end]).steps if step.text == missing]
    (last,) = told(story_of([Record(event="betamw.memory.hit", betas=(OLD,))]), "end")
    assert last.startswith("not in these logs")


def test_a_wrong_number_makes_no_endless_story():
    """A log may say that a call had a billion attempts."""
    assert 40 > len(story_of([Record(event="betamw.request", attempts=10**9, outcome="ok")]).steps)


# Finding it.


async def test_events_in_several_files_and_out_of_order(tmp_path):
    """Warnings in a file of their own, lines shuffled, other programs' lines between: the story is the same."""
    path = tmp_path / "log"
    events = await log_of(path, (GOOD,), (OLD, NEW), (GOOD,), setup=lambda api: api.refuse(NEW))
    call = next(event["betamw_call"] for event in events if event["event"] == "betamw.beta.rejected")
    (expected,) = look_up(call, [str(path)]).stories
    lines = path.read_text().splitlines()[::-1]
    (tmp_path / "warnings").write_text("\n".join(["starting", *(line for line in lines if '"warning"' in line)]))
    (tmp_path / "rest").write_text("\n".join(['{"event": "x"}', *(line for line in lines if '"warning"' not in line)]))
    (story,) = look_up(call, [str(tmp_path / "rest"), str(tmp_path / "warnings")]).stories
    assert expected == story


def test_clocks_of_whole_seconds(tmp_path):
    """In one second the attempts are in order, what is learned after them, and the call's own event last."""
    events = [
        {"event": "betamw.request", "outcome": "recovered", "attempts": 3},
        {"event": "betamw.memory.learned", "betas": [OLD]},
        {"event": "betamw.beta.rejected", "attempt": 2},
        {"event": "betamw.beta.rejected", "attempt": 1},
    ]
    for number, event in enumerate(events):
        event |= {"betamw_call": "c", "timestamp": "2026-11-01T00:00:00Z"}
        (tmp_path / str(number)).write_text(json.dumps(event))
    (story,) = look_up("c", [str(tmp_path / str(number)) for number in range(4)]).stories
    assert [1, 2, None, None] == [event.attempt for event in story.events]
    assert ["betamw.memory.learned", "betamw.request"] == [event.event for event in story.events[2:]]


async def test_a_copy_is_told_once(tmp_path):
    """A file and its rotated copy hold the same events."""
    events = await log_of(tmp_path / "log", (OLD,))
    (tmp_path / "log.1").write_bytes((tmp_path / "log").read_bytes())
    (story,) = look_up(events[0]["betamw_call"], [str(tmp_path / "log"), str(tmp_path / "log.1")]).stories
    assert [event["event"] for event in events] == [event.event for event in story.events]


def test_two_events_alike_in_one_file_are_two(tmp_path):
    """Two invalid names of the same length, in one second; another file holds more of the call."""
    line = '{"event": "betamw.input.invalid", "betamw_call": "c", "length": 3, "timestamp": "2026-11-01T00:00:00Z"}\n'
    (tmp_path / "log").write_text(line * 2)
    (tmp_path / "other").write_text(line.replace("input.invalid", "memory.hit"))
    (story,) = look_up("c", [str(tmp_path / "log"), str(tmp_path / "other")]).stories
    assert 2 == len(told(story, "invalid"))


async def test_a_request_id_of_several_calls(tmp_path):
    """A proxy gives its own ids, and may give one twice: each call is told."""
    events = await log_of(tmp_path / "log", (GOOD,), (OLD,))
    lines = (tmp_path / "log").read_text().replace("0002", "0001").replace("0003", "0001")
    (tmp_path / "log").write_text(lines)
    found = look_up(FIRST_REPLY, [str(tmp_path / "log")])
    assert [events[0]["betamw_call"], events[-1]["betamw_call"]] == [story.call for story in found.stories]


@pytest.mark.parametrize("wanted", ["REQ_0000000000000000000", FIRST_REPLY[:12], FIRST_REPLY.upper()])
async def test_an_id_that_is_cut_off(tmp_path, wanted):
    """Nothing is found, and what begins like it is named; how much was looked at is told."""
    await log_of(tmp_path / "log", (GOOD,))
    found = look_up(wanted, [str(tmp_path / "log")])
    assert ((), [FIRST_REPLY], 1, 1) == (found.stories, [*found.near], found.lines, found.events)


def test_what_is_too_much_is_left_out(tmp_path, monkeypatch):
    """A log with endless events of one call takes no more memory than one with many; what is left out is counted."""
    monkeypatch.setattr(lookup, "_MOST_EVENTS", 10)
    line = '{"event": "betamw.memory.hit", "betamw_call": "c", "betas": ["a"]}\n'
    (tmp_path / "log").write_text(line * 25)
    found = look_up("c", [str(tmp_path / "log")])
    assert (10, 15) == (len(found.stories[0].events), found.left_out)


async def test_a_named_pipe_is_read_once(tmp_path):
    """As by `<(zcat ...)`: it cannot be read twice, and the story is whole nevertheless."""
    events = await log_of(tmp_path / "log", (OLD,))
    os.mkfifo(tmp_path / "pipe")
    text = (tmp_path / "log").read_bytes()
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(text,))
    writer.start()
    (story,) = look_up(FIRST_REPLY, [str(tmp_path / "pipe")]).stories
    writer.join()
    assert len(events) == len(story.events)


# How it looks.


def drawn(story, width=80, **console):
    """The story on a console."""
    written = io.TextIOWrapper(io.BytesIO(), encoding=console.pop("encoding", "utf-8"))
    draw(Console(file=written, width=width, highlight=False, **console), story)
    written.flush()
    return written.buffer.getvalue().decode()


@pytest.mark.parametrize("width", [60, 80, 120])
async def test_it_fits(tmp_path, width):
    """No line is wider than the terminal, and no beta is lost or broken."""
    events = await log_of(tmp_path / "log", (GOOD, OLD))
    (story,) = look_up(events[0]["betamw_call"], [str(tmp_path / "log")]).stories
    text = drawn(story, width)
    assert width >= max(map(len, text.splitlines()))
    assert (5, 3) == (text.count(OLD), text.count(GOOD))


HOSTILE = "[red]x[/red]\x1b[31m\u202e\n"


def test_what_is_from_outside_is_escaped(tmp_path):
    """Markup, escape sequences, what turns the direction of text, and keys."""
    event = {
        "event": "betamw.request",
        "betamw_call": "c",
        "outcome": HOSTILE,
        "url_template": HOSTILE,
        "server_address": "sk-ant-api03-secret",
        "betas_requested": [HOSTILE, "sk-ant-api03-secret"],
        "duration_s": 1e8,
    }
    (tmp_path / "log").write_text(json.dumps(event))
    (story,) = look_up("c", [str(tmp_path / "log")]).stories
    text = drawn(story, 200, force_terminal=True, color_system=None)
    assert 3 == text.count(r"[red]x[/red]\x1b[31m\u202e\n")
    assert not any(part in text for part in ("\x1b[31m", "\u202e", "secret"))


def test_any_encoding(tmp_path):
    """A terminal that knows only ASCII gets all of it."""
    (tmp_path / "log").write_text('{"event": "betamw.request", "betamw_call": "c", "outcome": "k\u00e4se"}', "utf-8")
    (story,) = look_up("c", [str(tmp_path / "log")]).stories
    assert r"k\xe4se" in drawn(story, encoding="ascii")


@pytest.mark.parametrize("at", ["9e11", "1e300", "-1"])
def test_times_that_no_calendar_has(tmp_path, at):
    """They are left out."""
    (tmp_path / "log").write_text(f'{{"event": "betamw.memory.hit", "betamw_call": "c", "time": {at}}}')
    assert "call c" in drawn(look_up("c", [str(tmp_path / "log")]).stories[0])
