"""The report as text, at any width, with and without colours."""

import io
import re

import attrs
import pytest
from logs.summaries import (
    FILES,
    HOSTILE,
    LONG,
    MCP,
    THINKING,
    VIOLATION,
    at,
    beta_row,
    empty,
    endpoint_row,
    hostile,
    summary,
)
from rich.console import Console

from betamw.logs.summary import SourceRead, Unreadable
from betamw.logs.views.text import draw


class Latin1(io.StringIO):
    encoding = "iso-8859-1"


def text(told, width=120, file=None, **settings) -> str:
    """A report as it is written to a console."""
    console = Console(file=file or io.StringIO(), width=width, highlight=False, **settings)
    draw(console, told)
    return console.file.getvalue()


def part(whole: str, title: str) -> list[str]:
    """The lines below a title, up to the next one."""
    lines = whole.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(title))
    return lines[start + 1 : lines.index("", start) if "" in lines[start:] else None]


def test_headline():
    """Two sentences, with separators and readable units; times are said to be UTC once."""
    whole = text(summary())

    assert [
        "11,204 calls from 2026-11-01 00:00 to 2026-11-14 23:54 UTC: 10,497 ok (93.6 %), 598 recovered, 97 failed, 12",
        "cancelled.",
        "640 resends took 3 min 12 s; memory spared 2,204 calls a refusal. 3 lines could not be read.",
        "Read 2 files: 23,422 lines, 12,501 events of betamw.",
    ] == text(summary(), 110).splitlines()[:4]
    assert 1 == whole.count("UTC")


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (at(0), "at 2026-11-01 00:00:00 UTC: "),
        (at(0.1), "from 2026-11-01 00:00:00 to 2026-11-01 00:06:00 UTC: "),
        (at(1), "from 2026-11-01 00:00 to 2026-11-01 01:00 UTC: "),
    ],
)
def test_headline_of_a_short_log(until, expected):
    """A log of some minutes is told to the second, one moment as one."""
    assert expected in text(summary(until=until))


def test_problems():
    """A file that was not read to its end is told, and how much of it was."""
    assert ["  app.log.1.gz: ends in the middle of the gzip data (3,010 lines, 1,467 events)"] == part(
        text(summary()), "Not read"
    )


def test_findings():
    """What to act on is numbered, and folded under itself."""
    assert [
        "  1. files-api-2025-04-14 was accepted until 2026-11-08",
        "     00:00 and is refused since: take it out of `betas=`.",
        "     Asked for by the chain's betas and endpoint rules",
        "     (2,802).",
        "  2. context-1m-2025-08-07 is refused on /v1/files only:",
        "     give it an endpoint rule. Asked for by the caller's",
        "     header (42).",
        "  3. 7 calls came with an invalid header.",
    ] == part(text(summary(), 60), "Act on this")


def test_nothing_to_act_on():
    """It is said, too."""
    assert ["  Nothing to act on."] == part(text(summary(findings=())), "Act on this")


def test_betas():
    """A line for each, figures aligned, with a column for what there is, and the names of those without room."""
    assert [
        "  beta                             asked   sent  rejected  remembered  over time",
        "  ────────────────────────────────────────────────────────────────────────────────────",
        "  interleaved-thinking-2025-05-14  8,400  8,400                        ███████████████",
        "  files-api-2025-04-14             5,600  2,798       598       2,204  ███████▅×××××××",  # noqa: RUF001
        "  context-1m-2025-08-07            1,402  1,360        42              ███████████████",
        "  mcp-client-2025-04-04                3      3                                      █",
        "  no room for: by header, by override, injected, first seen, last seen, catalog",
        "  over time: sent, from ▁ to █; × refused more often than sent",  # noqa: RUF001  the sign is meant
    ] == part(text(summary(), 90), "Betas")


def test_betas_in_full():
    """Where there is room, all columns that say something are there, and none that does not."""
    header = part(text(summary(), 200), "Betas")[0].split("  ")

    assert [
        *("beta", "asked", "by header", "by override", "injected", "sent", "rejected", "remembered"),
        *("first seen", "last seen", "catalog", "over time"),
    ] == [title.strip() for title in header if title]


def test_narrow_names():
    """In a narrow console a name's date goes below its family, before figures go."""
    lines = part(text(summary(), 60), "Betas")

    assert "  beta                   asked   sent  rejected  remembered" == lines[0]
    assert ["  interleaved-thinking-  8,400  8,400", "  2025-05-14"] == lines[2:4]


def test_endpoints():
    """Each with its latency, and what it would have been without resends where that is another."""
    assert [
        "  endpoint             calls  resends  recovered  failed     p50     p95     p99",
        "  ──────────────────────────────────────────────────────────────────────────────",
        "  /v1/messages         7,104      638        597      95  641 ms  1.21 s  12.9 s",
        "    without resends                                       610 ms  1.01 s  9.40 s",
        "  /v1/files/{file_id}  4,100        2          1       2  641 ms  1.21 s  12.9 s",
    ] == part(text(summary(), 90), "Endpoints of api.anthropic.com")


def test_origins():
    """Where there are several, each line says whose endpoint it is."""
    rows = (endpoint_row("/v1/messages"), endpoint_row("/v1/messages", origin="proxy.example:8080"))
    lines = part(text(summary(endpoints=rows), 90), "Endpoints")

    assert ["api.anthropic.com/v1/messages", "proxy.example:8080/v1/messages"] == [
        line.split()[0] for line in lines[2:]
    ]


def test_no_latency():
    """Calls that do not say how long they took leave no columns behind."""
    rows = (endpoint_row("/v1/messages", with_resends=None, without_resends=None),)

    assert ["  endpoint      calls", "  ───────────────────", "  /v1/messages  4,100"] == part(
        text(summary(endpoints=rows)), "Endpoints"
    )


def test_timeline():
    """A bar for each stretch, in parts that differ without colours, too."""
    lines = part(text(summary(), 70), "Outcomes over time, 1 d each")

    assert "  from        calls  recovered  rejected  error" == lines[0]
    assert f"  2026-11-01    720                              {'█' * 21}" == lines[2]
    assert f"  2026-11-08    700         84         4     12  {'█' * 18}▓▓▒" == lines[9]
    assert ["  █ ok  ▓ recovered  ▒ failed", "  no room for: refusals"] == lines[-2:]


def test_unreadable():
    """Lines by reason, with where they are and how they begin; what is not listed is counted."""
    assert [
        "  3 lines: not the whole line is there",
        '    app.log:1034  {"betamw_schema": 1, "betamw_call": "c2ce6f...',
        '    app.log:20411  {"betamw_schema": 1, "http_request_me...',
        "    ... and 1 line more",
    ] == part(text(summary()), "Unreadable lines")


def test_violations():
    """Each invariant that does not hold, and the first calls."""
    assert [
        "  2 calls: the drop lists are disjoint",
        "    betamw_call c2ce6f447ed4d57b, e1988ad9f06c144a",
    ] == part(text(summary(violations=(VIOLATION,))), "Invariants")


def test_no_violations():
    """That all hold is said where they were checked, and only there."""
    assert ["  All hold."] == part(text(summary(violations=())), "Invariants")
    assert "Invariants" not in text(summary())


def test_empty():
    """Without an event of ours there is nothing but that, and where to look."""
    lines = text(empty()).splitlines()

    assert "No events of betamw in 1,234 lines of other.log." == lines[0]
    assert "configured" in " ".join(lines[1:])
    assert 3 >= len(lines)


def test_names_of_events_alone():
    """Where a formatter leaves out the fields, it is the formatter that is spoken of."""
    bare = Unreadable(reason="the fields are missing", lines=98, first=())
    told = " ".join(text(empty(unreadable=(bare,))).split())

    assert "It must write the fields in `extra` as well" in told
    assert "configured" not in told


def test_only_what_memory_spared():
    """A sentence begins with a capital."""
    told = summary(headline=attrs.evolve(summary().headline, resends=0, resends_saved=19))

    assert "Memory spared 19 calls a refusal." in text(told)


def test_nothing_selected():
    """Events without a call that was selected are not taken for an empty log."""
    told = empty(sources=(SourceRead(file="app.log", lines=20, events=7),))

    assert "No calls: 7 events of betamw in the log, and no betamw.request that was selected." in text(told)
    assert "configured" not in text(told)


def test_many_rows():
    """Of hundreds of betas the first are shown, and the others counted, with those that the summary left out."""
    rows = tuple(beta_row(f"beta-{number}-2025-01-01") for number in range(300))

    assert "  ... and 257 betas more" in text(summary(betas=rows, betas_left_out=7)).splitlines()


@pytest.mark.parametrize("width", [20, 40, 60, 80, 90, 120, 200])
@pytest.mark.parametrize("told", [summary(), hostile(), hostile("x" * 300), hostile("/" * 150), empty()])
def test_widths(told, width):
    """No line is longer than the console, and none ends in spaces."""
    lines = text(told, width).splitlines()

    assert [] == [line for line in lines if len(line) > width or line != line.rstrip()]


@pytest.mark.parametrize("width", [60, 90, 120])
def test_names_are_whole(width):
    """At any width all of each name is there."""
    names = "".join(line.split("  ")[1] for line in part(text(summary(), width), "Betas")[2:-2] if line[2:3] != " ")

    assert f"{THINKING}{FILES}{LONG}{MCP}" == names.replace(" ", "")


def test_a_long_name():
    """One that nobody would give takes half of the room and several lines, and no column goes for it."""
    lines = part(text(summary(betas=(beta_row("x" * 128), beta_row(FILES))), 90), "Betas")

    assert "over time" in lines[0]
    assert ["x" * 44, "x" * 44, "x" * 40] == [line.split()[0] for line in lines[2:5]]


def test_hostile():
    """Whatever a log says, nothing is taken for markup, and nothing reaches the terminal that is no text."""
    whole = text(hostile(), 200, color_system="truecolor", force_terminal=True)

    assert [] == [line for line in re.sub(r"\x1b\[[\d;]*m", "", whole).splitlines() if not line.isprintable()]
    assert "\x1b[31mf" not in whole
    assert r"[red]d[/red] <b>e</b> \x1b[31mf\u202eg" in whole


def test_key():
    """A key that has got into a log is not told."""
    assert "secret" not in text(hostile("sk-ant-api03-secret"), 200)


def test_ascii():
    """What takes no blocks is written none, whatever names there are."""
    whole = text(hostile("größe ✓"), file=Latin1())

    assert whole.isascii()
    assert r"gr\xf6\xdfe \u2713" in whole
    assert "|" not in whole


def test_no_colour():
    """Without colours the same is there."""
    coloured = text(summary(), 90, color_system="truecolor", force_terminal=True)

    assert text(summary(), 90) == re.sub(r"\x1b\[[\d;]*m", "", coloured)


def test_refused_in_one_moment():
    """A log of one moment has everything but a history."""
    one = attrs.evolve(summary().timeline[0], ok=0, error=1)
    row = beta_row(FILES, sent_over_time=(0,), rejected_over_time=(1,))
    whole = text(summary(timeline=(one,), betas=(row,)), 90)

    assert f"{'×'}" == part(whole, "Betas")[2].split()[-1]  # noqa: RUF001  the sign is meant
    assert "▒" * 48 == part(whole, "Outcomes")[2].split()[-1]


def test_hostile_is_hostile():
    """The name that these tests use has what they are about."""
    assert {"|", "`", "[", "<", "\x1b", "\u202e", "\n", "@"} <= set(HOSTILE)


def test_refused_in_red():
    """Where there are colours, what was refused stands out in the line of what was sent."""
    whole = text(summary(), 90, color_system="standard", force_terminal=True)

    assert "\x1b[32m███████▅\x1b[0m\x1b[31m×" in whole  # noqa: RUF001  the sign is meant
