"""`betamw demo`: that it shows what happens, checks it, and fails where something is off."""

import io
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import attrs
import pytest
import structlog
from rich.console import Console

import betamw
from betamw.cli import app as cli_app
from betamw.cli import demo_command
from betamw.cli.demo import Log, attach, run_demo
from betamw.cli.demo_steps import DEFAULT, STEPS, Check, Observed, checks

ROOT = Path(__file__).parents[2]
NAMES = {beta for step in STEPS for betas in step.wire for beta in betas}


def shown(width: int = 100, **settings) -> tuple[str, list[Check]]:
    """What the demo writes to a console, and the checks that failed."""
    written = io.StringIO()
    failed = run_demo(Console(file=written, width=width), **settings)
    return written.getvalue(), failed


# What it shows.


def test_passes(cli):
    """The demo ends well, within 10 seconds, with all steps shown and nothing on stderr."""
    done = cli("demo")

    assert (0, "") == (done.returncode, done.stderr)
    assert [str(number) for number in range(1, 8)] == re.findall(r"^step (\d)", done.stdout, re.MULTILINE)
    assert re.search(r"^All \d+ checks passed\.$", done.stdout, re.MULTILINE)


def test_steps_cover_the_job():
    """The steps show each outcome and each event of the main job."""
    assert {"ok", "recovered", None} == {step.outcome for step in STEPS}
    assert {"rejected", "remembered"} == {reason for step in STEPS for reason in step.dropped.values()}
    assert {"betamw.request", "betamw.beta.rejected", "betamw.memory.learned", "betamw.memory.hit"} == {
        name for step in STEPS for name in step.events
    }


def test_pipe_is_plain(cli):
    """A pipe gets no escape sequence and no trailing mess in the lines of the log."""
    done = cli("demo")

    assert "\x1b" not in done.stdout
    assert [] == [line for line in done.stdout.splitlines() if line.startswith("log") and line != line.rstrip()]


def test_color(cli):
    """A terminal gets colour."""
    assert "\x1b[32m" in cli("demo", FORCE_COLOR="1").stdout


def test_no_color(cli):
    """NO_COLOR is heeded."""
    assert not re.search(r"\x1b\[(?:\d+;)*3\d", cli("demo", FORCE_COLOR="1", NO_COLOR="1").stdout)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_encodings(cli, encoding):
    """Any encoding of the output will do."""
    done = cli("demo", PYTHONUTF8="0", PYTHONIOENCODING=f"{encoding}:strict")

    assert (0, "") == (done.returncode, done.stderr)


def readable(text: str) -> set[str]:
    """The betas that can be read in the table; a date may stand below its family."""
    table = text[text.index("asked") :]
    return {name for name in NAMES if name in re.sub(r"-\s.*\n\s+", "-", table)}


@pytest.mark.parametrize("width", [60, 80, 120])
def test_terminals(cli, width):
    """No line is wider than the terminal, and each beta in the table can be read."""
    done = cli("demo", COLUMNS=str(width))

    assert (0, "") == (done.returncode, done.stderr)
    assert [] == [line for line in done.stdout.splitlines() if len(line.rstrip()) > width]
    assert NAMES == readable(done.stdout)


@pytest.mark.parametrize("width", range(58, 125))
def test_width(width):
    """At no width is the name of a beta broken, but between family and date."""
    text, _ = shown(width=width)

    assert [] == [line for line in text.splitlines() if len(line) > width]
    assert NAMES == readable(text)


@pytest.mark.parametrize("width", [1, 20, 40])
def test_too_narrow(width):
    """On a terminal that is too narrow to read, the demo works still."""
    assert [] == shown(width=width)[1]


def test_reader_goes_away(environment):
    """`betamw demo | head -1` ends without a traceback."""
    command = [sys.executable, "-W", "error", "-m", "betamw.cli", "demo"]
    environment["PYTHONUNBUFFERED"] = "1"
    with subprocess.Popen(  # noqa: S603  our own program
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        told = process.stderr.read()

    assert "" == told


def test_shows_the_events_of_the_chain():
    """Every field that the chain writes can be seen with `--all-fields`, the ids among them."""
    text, _ = shown(all_fields=True)

    assert len([event for step in STEPS for event in step.events]) == len(re.findall(r"betamw_call=[0-9a-f]{16}", text))
    assert "betas_substituted=[]" in text
    assert "server_port=" in text


def test_leaves_out_what_repeats_itself():
    """Without `--all-fields`, ids and empty lists are left out."""
    text, _ = shown()

    assert "betamw_call" not in text
    assert "=[]" not in text


def test_log_is_a_structlog_logger():
    """What goes through the logger is kept and shown with its level, whatever else is configured."""
    seen = []
    log = Log(seen.append)
    structlog.configure(processors=[], cache_logger_on_first_use=True)
    try:
        log.logger.debug("betamw.memory.hit", betas=["a"])
    finally:
        structlog.reset_defaults()

    assert [{"event": "betamw.memory.hit", "betas": ["a"], "level": "debug"}] == log.events
    assert log.events == seen


# That it fails where something is off.


def chain_with(**settings):
    """The demo's chain with other settings."""

    def sabotaged(api, logger):
        policy = settings.get("policy", betamw.FallbackPolicy())
        return betamw.chain(
            *settings.get("betas", [DEFAULT]),
            api=api,
            logger=logger,
            **{"policy": policy, **{name: value for name, value in settings.items() if name != "betas"}},
        )

    return sabotaged


def silent(api, logger):
    """A chain that logs nothing."""
    return attach(api, logger)[1:]


def leaking(api, logger):
    """A chain that sends betas to other origins."""

    async def leak(request, handler):
        if api.address(request.url) is None:
            request.headers["anthropic-beta"] = DEFAULT
        return await handler(request)

    return leak, *attach(api, logger)


def talkative(api, logger):
    """A chain that logs requests to other origins."""

    async def tell(request, handler):
        if api.address(request.url) is None:
            logger.info("betamw.request")
        return await handler(request)

    return tell, *attach(api, logger)


SABOTAGE = {
    "no-resends": (chain_with(policy=betamw.FallbackPolicy(max_resends=0)), {3, 4, 5, 6}),
    "no-guessing": (chain_with(policy=betamw.FallbackPolicy(on_unnamed="give_up")), {5, 6}),
    "no-memory": (chain_with(memory=None), {3, 4, 5, 6}),
    "no-endpoint-rules": (chain_with(endpoints=()), {2, 5, 6}),
    "no-default": (chain_with(betas=()), {1, 2, 3, 4, 5, 6}),
    "no-middleware": (lambda api, logger: (), {1, 2, 3, 4, 5, 6}),
    "silent": (silent, {1, 2, 3, 4, 5, 6}),
    "leaking": (leaking, {7}),
    "talkative": (talkative, {7}),
}


@pytest.mark.parametrize(("sabotaged", "steps"), SABOTAGE.values(), ids=SABOTAGE)
def test_sabotage(sabotaged, steps):
    """A chain that does not do its job fails the steps that show it, and no others."""
    _, failed = shown(attach=sabotaged)

    assert steps == {int(check.name.removeprefix("step ").partition(",")[0]) for check in failed}


def test_exit_code_of_success():
    """Where all checks pass the exit code is 0."""
    assert 0 == cli_app.run(["demo"])


def test_exit_code(monkeypatch, capsys):
    """A failed check makes the exit code 1, and is named with what was expected and what came."""
    sabotaged, _ = SABOTAGE["no-resends"]
    monkeypatch.setattr(demo_command, "run_demo", partial(run_demo, attach=sabotaged))
    monkeypatch.setenv("COLUMNS", "200")

    assert 1 == cli_app.run(["demo"])
    out = capsys.readouterr().out
    assert "OFF     step 3, status of the reply: expected 200, got 400" in out
    assert re.search(r"^\d+ of \d+ checks failed:$", out, re.MULTILINE)


# The checks, one by one.

RECOVERED = STEPS[2]


def as_claimed() -> Observed:
    """What is to be seen when the third step goes as it claims."""
    step = RECOVERED
    usage = betamw.BetaUsage(
        requested=step.requested,
        scoped=(),
        injected=step.injected,
        merged=step.wire[0],
        sent=step.wire[-1],
        sources={},
        dropped=step.dropped,
        substituted={},
        attempts=2,
        outcome="recovered",
    )
    fields = {
        "betas_requested": list(step.requested),
        "betas_injected": list(step.injected),
        "betas_sent": list(step.wire[-1]),
        "betas_dropped_rejected": list(step.dropped),
        "betas_dropped_remembered": [],
        "attempts": 2,
        "outcome": "recovered",
    }
    events = [*({"event": name} for name in step.events[:-1]), {"event": "betamw.request", **fields}]
    return Observed(status=200, usage=usage, wire=step.wire, elsewhere=0, events=events)


def failing(seen: Observed) -> list[str]:
    """The names of the checks that fail."""
    return [check.name for check in checks(RECOVERED, seen) if not check.passed]


def test_all_as_claimed():
    """What goes as claimed passes."""
    assert [] == failing(as_claimed())


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"status": 400}, "status of the reply"),
        ({"wire": RECOVERED.wire[:1]}, "betas on the wire"),
        ({"elsewhere": 1}, "requests at the other server"),
        ({"events": []}, "names of the log events"),
        ({"usage": None}, "betamw.usage knows the response"),
    ],
)
def test_check_of_the_call(change, name):
    """Each thing that is seen of a call is compared."""
    assert [name] == failing(attrs.evolve(as_claimed(), **change))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("requested", ()),
        ("injected", ()),
        ("sent", RECOVERED.wire[0]),
        ("dropped", {}),
        ("attempts", 1),
        ("outcome", "ok"),
    ],
)
def test_check_of_usage(field, value):
    """Each field of the usage is compared."""
    seen = as_claimed()

    assert [f"usage: {field}"] == failing(attrs.evolve(seen, usage=attrs.evolve(seen.usage, **{field: value})))


@pytest.mark.parametrize(
    "field",
    [
        "betas_requested",
        "betas_injected",
        "betas_sent",
        "betas_dropped_rejected",
        "betas_dropped_remembered",
        "attempts",
        "outcome",
    ],
)
def test_check_of_the_event(field):
    """Each field of the call's event is compared, also where it is missing."""
    seen = as_claimed()
    event = {name: value for name, value in seen.events[-1].items() if name != field}

    assert [f"event: {field}"] == failing(attrs.evolve(seen, events=[*seen.events[:-1], event]))
