"""The page in a browser: it shows, sorts, fits a phone, and asks nobody for anything."""

import os
import shutil
from collections.abc import Iterator

import pytest
from logs.summaries import endpoint_row, hostile, summary
from logs.views.page_summaries import maximal

from betamw.logs.summary import Percentiles
from betamw.logs.views.page import page

playwright = pytest.importorskip("playwright.sync_api", reason="the package playwright is not installed")
CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator["playwright.Browser"]:
    """One for all tests; without its sandbox where it would refuse to start with it."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"] if root else [])
        yield browser
        browser.close()


@pytest.fixture
def show(browser, tmp_path):
    """Show a summary's page, as a file, in a window of its own; what it complains of and asks for is in `heard`."""
    contexts = []

    def show(told, *, width: int = 1280, **options):
        context = browser.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        shown = context.new_page()
        shown.heard = []
        file = tmp_path / "report.html"
        file.write_text(page(told), "utf-8")
        shown.on("console", lambda message: shown.heard.append(message.text))
        shown.on("pageerror", lambda error: shown.heard.append(str(error)))
        shown.on("request", lambda request: shown.heard.append(request.url))
        shown.goto(file.as_uri())
        shown.heard.remove(file.as_uri())
        return shown

    yield show
    for context in contexts:
        context.close()


def column(shown, section: str, place: int) -> list[str]:
    return shown.locator(f"#{section} tbody tr > :nth-child({place})").all_inner_texts()


@pytest.mark.parametrize("told", [summary(), hostile(), maximal()], ids=["usual", "hostile", "maximal"])
def test_quiet(show, told):
    """It has no error, breaks no policy, and asks for nothing but itself."""
    assert [] == show(told).heard


def test_policy_holds(show):
    """What somebody would have smuggled in does not run, and is complained of, so that the test above would hear it."""
    shown = show(summary())
    with shown.expect_console_message() as caught:
        shown.evaluate("document.body.insertAdjacentHTML('beforeend', '<p onclick=alert(1)>')")
    assert "Content Security Policy" in caught.value.text


def test_style_and_script_are_let_in(show):
    """The hashes are those of what the browser reads: the page is styled, and its tables can be sorted."""
    shown = show(summary())
    styled = shown.evaluate("getComputedStyle(document.querySelector('.cards')).display")
    assert ("grid", True) == (styled, shown.locator("th button").count() > 0)


def test_sorts_by_click(show):
    """A click on a header of figures brings the highest to the top, another the lowest, whatever commas they have."""
    shown = show(summary())
    figures = shown.locator("#betas tbody td:nth-of-type(2)")
    before = sorted(figures.all_inner_texts(), key=lambda figure: int(figure.replace(",", "")))
    button = shown.locator("#betas thead button", has_text="asked")
    button.click()
    falling = figures.all_inner_texts()
    button.click()
    assert (before[::-1], before) == (falling, figures.all_inner_texts())


def test_sorts_by_keyboard(show):
    """With Tab one comes to a header, and with Enter and Space one sorts by it; readers of the page are told."""
    shown = show(summary())
    header = shown.locator("#endpoints thead th", has_text="endpoint")
    shown.locator("#endpoints .scroll").focus()
    shown.keyboard.press("Tab")
    shown.keyboard.press("Enter")
    first = header.get_attribute("aria-sort")
    shown.keyboard.press("Space")
    names = column(shown, "endpoints", 1)
    said = shown.get_by_role("status").inner_text()
    assert ("ascending", "descending", sorted(names, reverse=True), True) == (
        first,
        header.get_attribute("aria-sort"),
        names,
        said.endswith("by endpoint, descending"),
    )


def test_sorts_durations(show):
    """Durations are sorted by their length, not by how they are written, and what has none comes last."""
    taken = (0.9, None, 3.2, 60.0, 0.05)
    each = [Percentiles(p50=time, p95=time, p99=time) if time else None for time in taken]
    rows = [endpoint_row(f"/{place}", with_resends=time, without_resends=time) for place, time in enumerate(each)]
    shown = show(summary(endpoints=tuple(rows)))
    shown.locator("#endpoints thead button", has_text="p50").first.click()
    assert ["/3", "/2", "/0", "/4", "/1"] == column(shown, "endpoints", 1)


def test_without_scripts(show):
    """Where scripts are off all is there, and no button that does nothing."""
    shown = show(summary(), java_script_enabled=False)
    assert (0, len(summary().betas)) == (shown.locator("button").count(), shown.locator("#betas tbody tr").count())


@pytest.mark.parametrize(
    ("told", "width"),
    [(summary(), 320), (summary(), 360), (summary(), 768), (hostile("x" * 128), 360), (maximal(), 360)],
    ids=["smallest", "usual", "tablet", "one long word", "maximal"],
)
def test_no_horizontal_scroll(show, told, width):
    """The page is as wide as the screen, be it a phone's; what is wider scrolls within itself."""
    assert width == show(told, width=width).evaluate("document.documentElement.scrollWidth")


@pytest.mark.parametrize(("scheme", "expected"), [("light", "rgb(245, 246, 248)"), ("dark", "rgb(14, 18, 24)")])
def test_dark(show, scheme, expected):
    """It follows the system's wish for light or dark."""
    shown = show(summary(), color_scheme=scheme)
    assert expected == shown.evaluate("getComputedStyle(document.body).backgroundColor")


def test_print_is_light(show):
    """On paper it is light, also where the screen is dark."""
    shown = show(summary(), color_scheme="dark")
    shown.emulate_media(media="print")
    assert "rgb(26, 32, 41)" == shown.evaluate("getComputedStyle(document.body).color")


def test_print_fits_paper(show):
    """On paper, which does not scroll, the tables are as wide as it is: A4 less its margins has 700 pixels."""
    shown = show(summary(), width=700)
    shown.emulate_media(media="print")
    assert 700 == shown.evaluate("document.documentElement.scrollWidth")


def test_drawings_have_size(show):
    """Each drawing of figures takes room on the page."""
    boxes = [drawing.bounding_box() for drawing in show(summary()).locator("svg[role=img]").all()]
    assert [] == [box for box in boxes if box is None or box["width"] < 100 or box["height"] < 8]


def test_drawings_are_named(show):
    """A reader of the page hears of each drawing what it shows."""
    images = show(summary()).get_by_role("img", name="files-api-2025-04-14 sent in")
    assert 1 == images.count()
