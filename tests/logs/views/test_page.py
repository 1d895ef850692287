"""The HTML page: whole, closed to scripts of others, true to the summary whatever stands in it."""

import base64
import hashlib
import re
from collections import Counter

import attrs
import pytest
from logs.summaries import HOSTILE, beta_row, empty, endpoint_row, hostile, summary
from logs.views.dom import Element, parse
from logs.views.page_summaries import DAY, maximal, odd, timeline

from betamw.logs.summary import Finding, SourceRead
from betamw.logs.views.page import page

KEY = "sk-ant-api03-abcdefghijklmnop"
ODD = pytest.mark.parametrize("told", [pytest.param(told, id=name) for name, told in odd().items()])


def usual() -> Element:
    return parse(page(summary()))


def policy(of: Element) -> dict[str, str]:
    content = of.one("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"]
    return dict(directive.strip().split(" ", 1) for directive in content.split(";"))


def digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def table(of: Element, section: str) -> list[list[str]]:
    return [
        [" ".join(cell.text.split()) for cell in row.children if isinstance(cell, Element)]
        for row in of.one("section", id=section).all("tr")
    ]


def test_same_page():
    """One summary gives the same bytes each time."""
    assert page(summary()) == page(summary())


def test_policy():
    """The policy lets in the page's own style and script, by their hashes, and nothing else."""
    built = usual()
    expected = {
        "default-src": "'none'",
        "style-src": digest(built.one("style").text),
        "script-src": digest(built.one("script").text),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert expected == policy(built)


def test_policy_comes_first():
    """The policy stands before all that it is to hold for."""
    tags = [element.tag for element in usual().all()]
    first = tags.index("meta", tags.index("meta") + 1)  # after the charset
    assert first < min(tags.index("style"), tags.index("script"), tags.index("title"))


def test_no_attributes_that_the_policy_forbids():
    """No element has a `style`, an event handler or a source of its own."""
    used = {name for element in parse(page(maximal())).all() for name in element.attributes}
    assert set() == {name for name in used if name.startswith("on") or name in {"style", "src", "srcset", "xlink:href"}}


def test_links_stay_on_the_page():
    """Links lead to sections that are there."""
    built = usual()
    links = {element.attributes["href"] for element in built.all() if "href" in element.attributes}
    assert links <= {f"#{element.attributes['id']}" for element in built.all() if "id" in element.attributes}


def test_nothing_is_fetched():
    """No URL stands in the page, but references to its own parts."""
    text = page(summary())
    assert [] == re.findall(r"https?://|url\((?!#)|@import", text)


@ODD
def test_odd_summaries(told):
    """A page is whole whatever the summary lacks, and can be written as UTF-8."""
    built = parse(page(told).encode().decode())
    assert ["Headline figures"] == [
        section.attributes["aria-label"] for section in built.all("section") if "aria-label" in section.attributes
    ]


@ODD
def test_ids(told):
    """No id is used twice, and what names something is there."""
    elements = list(parse(page(told)).all())
    ids = Counter(element.attributes["id"] for element in elements if "id" in element.attributes)
    named = {name for element in elements for name in element.attributes.get("aria-labelledby", "").split()}
    assert (set(), set()) == ({name for name, times in ids.items() if times > 1}, named - set(ids))


def test_no_markup_from_a_log():
    """Names that would be markup change nothing of the page but its text."""
    harmful, harmless = (parse(page(hostile(name))) for name in (HOSTILE, "harmless"))
    shapes = [[(each.tag, sorted(each.attributes)) for each in built.all()] for built in (harmful, harmless)]
    assert shapes[1] == shapes[0]


def test_a_log_reaches_neither_script_nor_style():
    """Script and style are the same in every page."""
    harmful, harmless = (parse(page(told)) for told in (hostile("'; alert(1) //"), summary()))
    assert [harmless.one(tag).text for tag in ("style", "script")] == [
        harmful.one(tag).text for tag in ("style", "script")
    ]


@pytest.mark.parametrize(
    ("character", "shown"),
    [("\x1b", r"\x1b"), ("\u202e", r"\u202e"), ("\u200b", r"\u200b"), ("\x00", r"\x00"), ("\udce4", r"\udce4")],
)
def test_characters_that_hide(character, shown):
    """Controls, bidirectional overrides, zero widths and what is no character are shown as escapes."""
    text = page(hostile(f"a{character}b"))
    assert (False, True) == (character in text, f"a{shown}b" in text)


def test_keys():
    """What looks like a key is not told, wherever it stands."""
    assert KEY not in page(hostile(KEY))


def test_size():
    """A million calls of the most that a summary holds stay below 300 KB."""
    assert len(page(maximal()).encode()) < 300_000


def test_left_out():
    """What there is no room for is counted: the rows that are not shown, and those that the summary did not keep."""
    text = page(maximal())
    assert [] == [
        words
        for words in (
            "142 more betas not shown.",  # 200 less 70, and 12 more names than were kept
            "60 more endpoints not shown.",
            "70 more sources not shown.",
            "180 more findings not shown.",
            "176 more betas not drawn.",
        )
        if words not in text
    ]


def test_a_problem_is_never_left_out():
    """Of many sources those come first that could not be read."""
    sources = [SourceRead(file=f"{place}.log", lines=1, events=1) for place in range(99)]
    built = parse(
        page(summary(sources=(*sources, SourceRead(file="z.log", lines=0, events=0, problem="is a directory"))))
    )
    assert ["z.log", "0", "0", "is a directory"] == table(built, "sources")[1]


def test_paths():
    """A drawing's path is not a name: it is not cut where names are, however many cells it has."""
    row = beta_row("a-2025-01-01", sent_over_time=(1,) * 60, rejected_over_time=(1,) * 60, rejected=60)
    moments = timeline(*[(1, 0, 0, 0, 0)] * 60, seconds=DAY)
    built = parse(page(summary(bucket_seconds=DAY, timeline=moments, betas=(row,))))
    assert [60, 60] == [path.attributes["d"].count("M") for path in built.all("path")]


def test_cards():
    """The headline's figures stand at the top."""
    cards = usual().one("dl", **{"class": "cards"})
    figures = {card.one("dt").text: card.one("b").text for card in cards.all("div")}
    expected = {
        "calls": "11,204",
        "resends": "640",
        "recovered": "598",
        "failed": "97",
        "lost to resends": "3 min 12 s",
        "spared by memory": "2,204",
        "unreadable lines": "3",
    }
    assert expected == figures


def test_calls_without_a_time():
    """Calls without a time have a card where there are any."""
    told = summary()
    built = parse(page(attrs.evolve(told, headline=attrs.evolve(told.headline, untimed=17))))
    assert "17" == [card.one("b").text for card in built.one("dl", **{"class": "cards"}).all("div")][-1]


def test_findings():
    """Each finding says of what kind it is, which beta it is about, and what to do."""
    built = usual().one("section", id="act")
    told = [" ".join(item.one("p", **{"class": "what"}).text.split()) for item in built.all("li")]
    expected = [
        "refused since files-api-2025-04-14 2,802 calls",
        "refused in one place context-1m-2025-08-07 42 calls",
        "invalid input 7 names",
    ]
    assert expected == told


@pytest.mark.parametrize(
    ("beta", "text", "expected"),
    [
        ("b", "b <b>: write `override(remove=...)`.", "b &lt;b&gt;: write <code>override(remove=...)</code>."),
        ("b", "`<b>`", "<code>&lt;b&gt;</code>"),
        ("`b`", "`b`: write `<b>`", "`b`: write `&lt;b&gt;`"),
    ],
)
def test_code_in_findings(beta, text, expected):
    """What a finding tells to write is shown as code, but for what a name would make to be code."""
    told = summary(findings=(Finding(kind="never_accepted", beta=beta, text=text, calls=1),))
    assert f"<p>{expected}</p>" in page(told)


def test_nothing_to_act_on():
    """Where nothing is to be done, the page says so."""
    built = parse(page(summary(findings=())))
    assert "Nothing" in built.one("section", id="act").text


def test_no_calls():
    """Where nothing of ours was found, the page does not say that all is well."""
    told = parse(page(empty())).one("section", id="act").text
    assert "No events of betamw in 1,234 lines of other.log." in told
    assert "Nothing" not in told


def test_columns_that_say_nothing():
    """A column in which each row would be zero is left out."""
    row = beta_row("a-2025-01-01", asked=3, requested=3, sent=3, accepted=2, status=None)
    header = table(parse(page(summary(betas=(row,)))), "betas")[0]
    assert ["beta", "asked", "by header", "sent", "accepted"] == header[:5]


def test_endpoints():
    """An endpoint has its percentiles with and without resends."""
    row = endpoint_row("/v1/messages", calls=1234)
    built = parse(page(summary(endpoints=(row,))))
    expected = ["/v1/messages", "api.anthropic.com", "1,234", *["641 ms", "1.21 s", "12.9 s"] * 2]
    assert expected == table(built, "endpoints")[1]


def test_times_for_programs():
    """A time can be read by programs as well."""
    times = [each.attributes["datetime"] for each in usual().one("header").all("time")]
    assert ["2026-11-01T00:00:00Z", "2026-11-14T23:54:00Z"] == times


def test_durations_for_programs():
    """A duration carries its seconds, to be sorted by."""
    values = [each.attributes["value"] for each in usual().one("section", id="endpoints").all("data")]
    assert "0.6412" == values[0]
