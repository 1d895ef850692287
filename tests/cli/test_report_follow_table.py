"""The live table: what of it is on a small screen."""

import io

import pytest
from logs.summaries import endpoint_row, summary
from rich.console import Console

from betamw.cli.report_follow_table import screen
from betamw.logs.summary import Percentiles


def seen(told, width, height):
    console = Console(file=io.StringIO(), width=width, height=height, color_system=None)
    console.print(screen(console, told, [], []))
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize(("width", "height"), [(60, 24), (70, 24), (80, 24), (120, 40)])
def test_all_that_is_drawn_is_on_the_screen(width, height):
    """No name takes a second line, for which there is no room: the last table would be cut off below."""
    lines = seen(summary(), width, height)

    assert height >= len(lines)
    assert not [line for line in lines if line.rstrip().endswith("-")]


def test_endpoints_are_counted_without_their_second_lines():
    """What an endpoint would be without resends is no endpoint."""
    rows = tuple(
        endpoint_row(f"/v{number}", resends=3, without_resends=Percentiles(p50=0.1, p95=0.2, p99=0.3))
        for number in range(9)
    )
    lines = seen(summary(endpoints=rows), 120, 24)

    (title,) = [line for line in lines if line.startswith("endpoint (")]
    assert title.startswith(f"endpoint ({sum(line.startswith('/v') for line in lines)} of 9)")
