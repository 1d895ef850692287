"""The report as Markdown: it is parsed as GitHub parses it, and must say the same."""

import pytest
from logs.summaries import FILES, HOSTILE, LONG, VIOLATION, beta_row, empty, hostile, summary
from markdown_it import MarkdownIt
from markdown_it.token import Token

from betamw.logs.views.markdown import markdown

SHOWN = HOSTILE.replace("\x1b", r"\x1b").replace("\u202e", r"\u202e").replace("\n", r"\n")
"""What a reader sees of the hostile name."""
RULES = "Asked for by the chain's betas and endpoint rules"


def parsed(told, **settings) -> list[Token]:
    return MarkdownIt("gfm-like", {"linkify": False}).parse(markdown(told, **settings))


def shown(inline: Token) -> str:
    """What a reader sees of a text, without markup."""
    return "".join(child.content for child in inline.children or () if child.type != "html_inline")


def tables(tokens: list[Token]) -> list[list[list[str]]]:
    """The rows of all tables, header first."""
    found: list[list[list[str]]] = []
    for token, before in zip(tokens[1:], tokens, strict=False):
        if token.type == "thead_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type == "inline" and before.type in {"th_open", "td_open"}:
            found[-1][-1].append(shown(token))
    return found


def headings(tokens: list[Token]) -> list[str]:
    return [shown(tokens[number + 1]) for number, token in enumerate(tokens) if token.type == "heading_open"]


def items(tokens: list[Token]) -> list[str]:
    """The texts of list items."""
    return [shown(tokens[n + 2]) for n, token in enumerate(tokens) if token.type == "list_item_open"]


def test_parts():
    """It has the parts of the text."""
    assert [
        *("betamw report", "Not read, or not whole", "Act on this", "Betas", "Endpoints"),
        *("Outcomes over time, 1 d each", "Unreadable lines", "Invariants of the events"),
    ] == headings(parsed(summary(violations=(VIOLATION,))))


@pytest.mark.parametrize(("ascii_only", "expected"), [(False, "from ▁ to █; "), (True, "from _ to #; ")])
def test_legend(ascii_only, expected):
    """How to read the lines over time stands below them, and only there."""
    assert expected in shown_all(summary(), ascii_only=ascii_only)
    assert "over time: " not in shown_all(empty())


def shown_all(told, **settings) -> str:
    return "\n".join(shown(token) for token in parsed(told, **settings) if token.type == "inline")


def test_tables():
    """All rows are there, with as many cells as the header has."""
    betas, endpoints, timeline = tables(parsed(summary()))

    assert ["files-api-2025-04-14", "5,600", "", "", "5,600", "2,798", "598", "2,204"] == betas[2][:8]
    assert ["without resends", "", "", "", "", "610 ms", "1.01 s", "9.40 s"] == endpoints[2]
    assert ["2026-11-08", "700", "84", "4", "12", "88"] == timeline[8]
    for table in (betas, endpoints, timeline):
        assert {len(table[0])} == {len(row) for row in table}


def test_lists():
    """Findings, files with problems and unreadable lines are list items."""
    assert [
        "app.log.1.gz: ends in the middle of the gzip data (3,010 lines, 1,467 events)",
        f"{FILES} was accepted until 2026-11-08 00:00 and is refused since: take it out of betas=. {RULES} (2,802).",
        f"{LONG} is refused on /v1/files only: give it an endpoint rule. Asked for by the caller's header (42).",
        "7 calls came with an invalid header.",
        "3 lines: not the whole line is there",
        'app.log:1034: {"betamw_schema": 1, "betamw_call": "c2ce6f...',
        'app.log:20411: {"betamw_schema": 1, "http_request_me...',
    ] == items(parsed(summary()))


@pytest.mark.parametrize(
    "name", [HOSTILE, "`", "``a` `", "a\\", "a\\|b", " a ", "|", "<!--", "a&lt;b", "1. a", "- a", "~~a~~"]
)
def test_hostile(name):
    """A name is shown as it is, in its cell, and nothing of it is markup."""
    told = SHOWN if name == HOSTILE else name
    tokens = parsed(hostile(name))
    betas, endpoints, _ = tables(tokens)
    children = [child for token in tokens for child in token.children or ()]

    assert told.strip() == betas[1][0].strip()
    assert f"{told}{told}".strip() == endpoints[1][0].strip()
    assert told.strip() == items(tokens)[1].replace("`", "").strip() or "`" in told
    assert {"<code>", "</code>"} >= {child.content for child in children if child.type == "html_inline"}
    assert {"text", "code_inline", "html_inline", "strong_open", "strong_close"} >= {child.type for child in children}
    assert "html_block" not in {token.type for token in tokens}


def test_mentions():
    """What GitHub would make a link of, and tell somebody about, is code."""
    tokens = parsed(hostile("ask @someone about #1, see https://example.com"))
    texts = [child.content for token in tokens for child in token.children or () if child.type == "text"]

    assert [] == [text for text in texts if "@" in text or "#1" in text or "://" in text]
    assert "ask @someone about #1, see https://example.com" == items(tokens)[1]


def test_empty():
    """Without an event of ours there is nothing but that."""
    tokens = parsed(empty())

    assert ["betamw report"] == headings(tokens)
    assert "No events of betamw in 1,234 lines of other.log." == shown(tokens[4])


def test_nothing_to_act_on():
    """It is said, too."""
    assert "\n### Act on this\n\nNothing to act on.\n" in markdown(summary(findings=()))


def test_all_hold():
    """That all invariants hold is said where they were checked, and only there."""
    assert "\nAll hold.\n" in markdown(summary(violations=()))
    assert "Invariants" not in markdown(summary())


def test_left_out():
    """Rows that are not shown are counted below the table, not in it."""
    tokens = parsed(summary(betas=(beta_row("a-2025-01-01"),), betas_left_out=7))

    assert 2 == len(tables(tokens)[0])
    assert "... and 7 betas more" in [shown(token) for token in tokens if token.type == "inline"]


def test_ascii():
    """For what takes nothing else it is written in ASCII."""
    assert markdown(hostile("größe ✓"), ascii_only=True).isascii()


def test_headline():
    """The figures in a sentence or two."""
    outcomes = "10,497 ok (93.6 %), 598 recovered, 97 failed, 12 cancelled"

    assert [
        f"**11,204 calls** from 2026-11-01 00:00 to 2026-11-14 23:54 UTC: {outcomes}.",
        "",
        "640 resends took 3 min 12 s; memory spared 2,204 calls a refusal. 3 lines could not be read.",
    ] == markdown(summary()).splitlines()[2:5]
