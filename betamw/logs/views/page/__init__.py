"""A summary as one HTML page: nothing is fetched, nothing can be.

Facts: a Content-Security-Policy in a `meta` element holds from there on. A hash in it allows an inline `<style>` or
`<script>` of exactly these bytes and, unlike `'unsafe-inline'`, no `style=` or `onclick=` attribute: whatever a log
says, there is no place where it could be run. Parsers make LF of CRLF before they hash.
"""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Final

import jinja2
from markupsafe import Markup

import betamw
from betamw.logs.summary import OUTCOMES, Summary
from betamw.logs.views.figures import counted, ends, number, share
from betamw.logs.views.page import wording
from betamw.logs.views.page.betas import LEVELS, bars, heat_map
from betamw.logs.views.page.latency import latencies
from betamw.logs.views.page.outcomes import outcomes
from betamw.logs.views.page.tables import tables
from betamw.logs.views.sentences import asked_by, nothing_read

__all__ = ["page"]

_CSP: Final = "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'"
_FILTERS: Final = (
    number,
    wording.duration,
    wording.prose,
    wording.moment,
    wording.when_in,
    wording.when_told,
    asked_by,
)


def page(summary: Summary) -> str:
    """The page of a summary, whole: one summary gives the same page on every machine at any time."""
    style, script = _part("style.css"), _part("script.js")
    return (
        _templates()
        .get_template("page.html")
        .render(
            summary=summary,
            csp=_CSP.format(_hash(style), _hash(script)),
            style=Markup(style),  # noqa: S704  our own files: nothing of a log is in them
            script=Markup(script),  # noqa: S704
            version=betamw.__version__,
            outcome_names=OUTCOMES,
            levels=range(1, LEVELS + 1),
            ends=ends(summary.since, summary.until) if summary.since and summary.until else (),
            no_calls=nothing_read(summary),
            drawn_outcomes=outcomes(summary),
            drawn_heat=heat_map(summary),
            drawn_bars=bars(summary),
            drawn_latencies=latencies(summary),
            **tables(summary),
        )
    )


@cache
def _part(name: str) -> str:
    return (files(__name__) / "templates" / name).read_text("utf-8")


def _hash(part: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()}"


@cache
def _templates() -> jinja2.Environment:
    """HTML stays HTML, and is escaped by construction: what a template prints goes through `visible` and autoescape."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__name__, "templates"),
        autoescape=True,
        finalize=wording.visible,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {each.__name__: each for each in _FILTERS}
    environment.globals |= {"counted": counted, "share": share}
    return environment
