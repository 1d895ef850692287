"""The page for those who do not see it, do not see colours, or have no mouse."""

import itertools
import re
from collections.abc import Iterator
from importlib.resources import files

import pytest
from logs.summaries import summary
from logs.views.dom import Element, parse
from logs.views.page_summaries import odd

from betamw.logs.views.page import page

STYLE = (files("betamw.logs.views.page") / "templates" / "style.css").read_text("utf-8")
MODES = ("light", "dark")
TEXTS = ("text", "soft", "link", "bad", "warn")
MARKS = ("ok", "recovered", "rejected", "error", "cancelled", "refused", "focus")
LEVELS = ("l1", "l2", "l3", "l4", "l5")
ODD = pytest.mark.parametrize("told", [pytest.param(told, id=name) for name, told in odd().items()])


def palette(mode: str) -> dict[str, str]:
    blocks = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    return dict(re.findall(r"--([a-z0-9]+): (#[0-9a-f]{6})", blocks[MODES.index(mode)]))


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """As WCAG 2.2 defines it."""
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def outermost(element: Element) -> Iterator[Element]:
    """Drawings, not those within others."""
    for child in element.children:
        if isinstance(child, Element):
            yield from [child] if child.tag == "svg" else outermost(child)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("ground", ["page", "surface"])
@pytest.mark.parametrize("text", TEXTS)
def test_text_contrast(mode, ground, text):
    """Text differs from what is behind it by 4.5 to 1 (WCAG AA)."""
    colours = palette(mode)
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("mark", MARKS)
def test_mark_contrast(mode, mark):
    """What is drawn differs from what is behind it by 3 to 1 (WCAG AA)."""
    colours = palette(mode)
    assert contrast(colours[mark], colours["surface"]) >= 3


@pytest.mark.parametrize("mode", MODES)
def test_levels_without_colour(mode):
    """The levels of the heat map differ by lightness alone, each further from the ground than the one before."""
    colours = palette(mode)
    steps = [contrast(colours[level], colours["surface"]) for level in LEVELS]
    assert all(after / before > 1.25 for before, after in itertools.pairwise(steps))


def test_outcomes_without_colour():
    """No two outcomes are drawn with the same hatching, but for ok and rejected, which differ by lightness."""
    drawn = [rect.attributes for rect in parse(page(summary())).one("ul", **{"class": "legend"}).all("rect")]
    assert [None, "url(#hatch-recovered)", None, "url(#hatch-error)", "url(#hatch-cancelled)"] == [
        rect.get("fill") for rect in drawn
    ]


@ODD
def test_drawings_have_names(told):
    """Each drawing is hidden from readers of the page or has a name."""
    drawings = [each.attributes | {"named": any(each.all("title"))} for each in outermost(parse(page(told)))]
    shown = [each for each in drawings if each.get("aria-hidden") != "true"]
    assert [] == [
        each for each in shown if not (each.get("role") == "img" and each["named"] and "aria-labelledby" in each)
    ]


@ODD
def test_headings(told):
    """There is one heading of the page, and each section has one of its own, named by it."""
    built = parse(page(told))
    named = [section.attributes.get("aria-labelledby") for section in built.all("section")]
    headings = [(each.tag, each.attributes.get("id")) for each in built.all() if each.tag in {"h1", "h2", "h3", "h4"}]
    assert [("h1", None), *(("h2", name) for name in named[1:])] == headings


@ODD
def test_tables(told):
    """Each table has a caption, and each of its headers says what it is a header of."""
    built = parse(page(told))
    loose = [header.text for header in built.all("th") if "scope" not in header.attributes]
    assert ([], []) == (loose, [each for each in built.all("table") if not any(each.all("caption"))])


def test_landmarks():
    """The page says its language and has the usual landmarks."""
    built = parse(page(summary()))
    landmarks = [each.tag for each in built.all() if each.tag in {"header", "nav", "main", "footer"}]
    assert ("en", ["header", "nav", "main", "footer"]) == (built.one("html").attributes["lang"], landmarks)


def test_focus_and_motion():
    """What has the focus is seen, and nothing moves for those who do not want it."""
    assert (True, True) == (":focus-visible { outline: 2px" in STYLE, "prefers-reduced-motion: reduce" in STYLE)
