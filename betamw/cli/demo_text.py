"""How the demo looks: plain words that a terminal of any width, a pipe and a log file can take."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs
from rich.console import Console
from rich.text import Text

import betamw
from betamw.cli.demo_steps import DEFAULT, REFUSED, Check, Observed, Step
from betamw.cli.demo_table import table
from betamw.cli.labelled import print_labelled

_LEVEL_STYLES: Final = {"debug": "dim", "info": "green", "warning": "yellow"}

_INDENT: Final = 8
_LIST_INDENT: Final = 10

_IN_FRONT: Final = frozenset({"event", "level"})
_QUIET: Final = frozenset({"betamw_schema", "betamw_call", "server_address", "server_port", "anthropic_request_id"})
"""Fields that tell the demo's reader nothing new in each event."""


@attrs.frozen
class Page:
    """Writes the demo to a console.

    Attributes:
        console: Where it is written.
        all_fields: Whether log events are shown with every field.
    """

    console: Console
    all_fields: bool = False

    def opening(self, api: str, foreign: str) -> None:
        """Say what is there."""
        self._entry("betamw", Text(f"{betamw.__version__}: what becomes of a call's betas, over real HTTP", "bold"))
        self._entry("API", Text.assemble(api, (" (simulated)", "dim")))
        self._entry("refuses", _names(REFUSED))
        self._entry("foreign", Text.assemble(foreign, (" (another origin)", "dim")))
        self._entry("chain", Text(f'betamw.chain("{DEFAULT}")'))
        if not self.all_fields:
            self._entry(
                "log", Text("without empty lists, ids and the server's address; --all-fields shows them", "dim")
            )

    def step(self, number: int, step: Step, url: str) -> None:
        """Say what comes, and why."""
        self.console.print()
        self._entry(f"step {number}", Text(step.title, "bold"))
        self._entry("why", Text(step.why))
        self._entry("call", Text(f"{step.method} {url}"))
        if step.requested:
            self._entry("", Text.assemble("anthropic-beta: ", _names(step.requested)))

    def event(self, event: Mapping[str, Any]) -> None:
        """Show a log event: what is one value behind its name, each list in a line of its own."""
        shown = {
            name: value
            for name, value in event.items()
            if name not in _IN_FRONT and (self.all_fields or (name not in _QUIET and value != []))
        }
        level = str(event["level"])
        line = Text.assemble((level, _LEVEL_STYLES.get(level, "")), " ", (str(event["event"]), "bold"))
        for name, value in shown.items():
            if not isinstance(value, list):
                line.append_text(Text.assemble(" ", (f"{name}=", "cyan"), str(value)))
        self._entry("log", line)
        for name, value in shown.items():
            if isinstance(value, list):
                self._entry("", Text.assemble((f"{name}=", "cyan"), "[", _names(value), "]"), indent=_LIST_INDENT)

    def observed(self, seen: Observed, checked: Sequence[Check]) -> None:
        """Show what arrived, and what is off."""
        if not seen.events:
            self._entry("log", Text("no event", "dim"))
        for attempt, betas in enumerate(seen.wire, 1):
            label = f"wire {attempt}" if len(seen.wire) > 1 else "wire"
            self._entry(label, _names(betas) if betas else Text("no betas", "dim"))
        failed = [check for check in checked if not check.passed]
        for check in failed:
            self._entry("OFF", Text(_complaint(check), "red"))
        if not failed:
            self._entry("checks", Text(f"{len(checked)} passed", "green"))

    def closing(self, rows: Sequence[tuple[Step, Observed]], total: int, failed: Sequence[Check]) -> None:
        """End with the table and the verdict."""
        self.console.print()
        self.console.print(table(rows, self.console.width))
        self.console.print()
        if not failed:
            self.console.print(Text(f"All {total} checks passed.", "bold green"))
            return
        self.console.print(Text(f"{len(failed)} of {total} checks failed:", "bold red"))
        for check in failed:
            self._entry("OFF", Text(_complaint(check), "red"))

    def _entry(self, label: str, text: Text, indent: int = _INDENT) -> None:
        print_labelled(self.console, label, text, indent)


def _names(betas: Sequence[str]) -> Text:
    return Text(", ".join(betas), "magenta")


def _complaint(check: Check) -> str:
    return f"{check.name}: expected {check.expected!r}, got {check.actual!r}"
