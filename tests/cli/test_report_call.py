"""`betamw report --call ID`: one call's story."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

EVENTS = [
    {
        "event": "betamw.beta.rejected",
        "betamw_call": "3f2a9c0000000001",
        "betas_rejected": ["context-1m-2025-08-07"],
        "betas_sent": ["context-1m-2025-08-07", "files-api-2025-04-14"],
        "attempt": 1,
        "action": "resend",
        "reason": "dropped",
        "anthropic_request_id": "req_011CQ0000001",
        "http_response_status_code": 400,
        "timestamp": "2026-11-01T12:00:00.250000Z",
    },
    {
        "event": "betamw.request",
        "betamw_call": "3f2a9c0000000001",
        "http_request_method": "POST",
        "server_address": "api.anthropic.com",
        "url_template": "/v1/messages",
        "betas_requested": ["context-1m-2025-08-07", "files-api-2025-04-14"],
        "betas_merged": ["context-1m-2025-08-07", "files-api-2025-04-14"],
        "betas_sent": ["files-api-2025-04-14"],
        "betas_dropped_rejected": ["context-1m-2025-08-07"],
        "attempts": 2,
        "outcome": "recovered",
        "duration_s": 1.5,
        "resend_overhead_s": 0.25,
        "http_response_status_code": 200,
        "anthropic_request_id": "req_011CQ0000002",
        "timestamp": "2026-11-01T12:00:01.500000Z",
    },
    {"event": "betamw.request", "betamw_call": "another", "outcome": "ok", "timestamp": "2026-11-01T12:00:02Z"},
]
STORY = """\
call 3f2a9c0000000001  2026-11-01 12:00:00.000 UTC
    +0.000 s  call        POST /v1/messages at api.anthropic.com
              wanted      by the caller: context-1m-2025-08-07, files-api-2025-04-14
              attempt 1   went out with context-1m-2025-08-07, files-api-2025-04-14
    +0.250 s  refused     400 refuses context-1m-2025-08-07 (req_011CQ0000001)
              then        sent again without context-1m-2025-08-07
              attempt 2   went out with files-api-2025-04-14
    +1.500 s  end         recovered (200, req_011CQ0000002) after 2 attempts
              took        1.50 s, of which 250 ms were lost to resends
"""


@pytest.fixture
def log(tmp_path):
    """A log of two calls."""
    path = tmp_path / "app.log"
    path.write_text("".join(json.dumps(event) + "\n" for event in EVENTS))
    return path


@pytest.mark.parametrize("wanted", ["3f2a9c0000000001", "req_011CQ0000001", "req_011CQ0000002", '"req_011CQ0000002",'])
def test_the_story(cli, log, wanted):
    """It is found by the call's own id and by that of each of its replies, also as it was copied from a log."""
    done = cli("report", "--call", wanted, str(log))
    assert (0, STORY, "") == (done.returncode, done.stdout, done.stderr)


def test_from_a_pipe(environment, log, tmp_path):
    """Standard input is read twice, by way of a temporary file that is gone afterwards."""
    (tmp_path / "tmp").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "betamw.cli", "report", "--call", "req_011CQ0000001", "-"],
        cwd=ROOT,
        env=environment | {"TMPDIR": str(tmp_path / "tmp")},
        input=log.read_bytes(),
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (0, STORY, []) == (done.returncode, done.stdout.decode(), [*(tmp_path / "tmp").iterdir()])


def without_room():
    """No file may become longer than this."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (without_room, "not read to its end: it cannot be copied to a temporary file: file too large"),
        (lambda: os.close(0), "is closed"),
    ],
)
def test_from_a_pipe_that_cannot_be_copied(environment, log, prepare, said):
    """It is told, and that nothing was found does not mean that nothing is there."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-B", "-m", "betamw.cli", "report", "--call", "nothing", "-"],
        cwd=ROOT,
        env=environment,
        input=log.read_text() * 100,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        preexec_fn=prepare,
    )
    assert f"betamw report: -: {said}" == done.stderr.splitlines()[0]
    assert done.returncode in {1, 2}


def test_json(cli, log):
    """The call's events as they were logged, with their time as ISO 8601; empty lists of a call are told."""
    done = cli("report", "--call", "req_011CQ0000001", "--json", str(log))
    told = json.loads(done.stdout)
    assert ["2026-11-01T12:00:00.250000Z", "2026-11-01T12:00:01.500000Z"] == [event.pop("at") for event in told]
    logged = [{name: value for name, value in event.items() if name != "timestamp"} for event in EVENTS[:2]]
    assert logged[0] == told[0]
    assert logged[1] == {name: value for name, value in told[1].items() if value != []}
    assert {} == {name: told[1][name] for name in ("betas_scoped", "betas_injected") if told[1][name] != []}


def test_not_found(cli, log):
    """What was looked at is told, and what begins like it; the exit code is 1."""
    done = cli("report", "--call", "REQ_011CQ…", str(log))
    assert (1, "") == (done.returncode, done.stdout)
    assert "no call and no reply has the id 'REQ_011CQ': looked at 3 events of betamw in 3 lines." in done.stderr
    assert "Is it one of req_011CQ0000001, req_011CQ0000002?" in done.stderr


def test_not_found_as_json(cli, log):
    """An empty array."""
    done = cli("report", "--call", "nothing", "--json", str(log))
    assert (1, []) == (done.returncode, json.loads(done.stdout))


def test_a_key_is_not_repeated(cli, log):
    """What was pasted in place of an id."""
    done = cli("report", "--call", "sk-ant-api03-secret", str(log))
    assert (1, False) == (done.returncode, "secret" in done.stderr)


def test_a_file_that_cannot_be_read(cli, log, tmp_path):
    """It is told, and the others are looked at; where there is no other the exit code is 2."""
    missing = str(tmp_path / "missing")
    done = cli("report", "--call", "3f2a9c0000000001", missing, str(log))
    assert (0, STORY, f"betamw report: {missing}: does not exist\n") == (done.returncode, done.stdout, done.stderr)
    assert 2 == cli("report", "--call", "3f2a9c0000000001", missing).returncode


def test_an_empty_id(cli, log):
    """It is wrong usage."""
    done = cli("report", "--call", "", str(log))
    assert (2, "") == (done.returncode, done.stdout)
    assert "--call must be a betamw_call or an anthropic_request_id" in done.stderr
