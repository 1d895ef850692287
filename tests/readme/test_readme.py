"""Every code block of README.md is run, or compared with what it tells of."""

import asyncio
import json
import os
import shlex
import subprocess
import sys

import aiohttp
import pytest
from support.readme import BLOCKS, REFUSED, ROOT, blocks, printed, run, write_files

import betamw
from betamw.testing import SimulatedApi

VOLATILE = {"betamw_call", "duration_s", "resend_overhead_s", "server_port", "timestamp"}
TRANSCRIPTS = blocks("console")


def named(found) -> dict:
    """For `parametrize`: blocks by the lines where they stand."""
    return {"argvalues": found, "ids": [f"line {block.line}" for block in found]}


def test_every_block_is_of_a_kind_that_is_tested():
    """A block in another language would be one that nobody runs."""
    assert {block.language for block in BLOCKS} <= {"python", "toml", "bash", "console", "json", "sql", "text"}


@pytest.mark.parametrize("block", **named(blocks("python")))
async def test_a_program_runs(block, tmp_path):
    """Each block is a whole program, or a module of tests; a program runs once more where it has left a file."""
    block.skip_where_not_installed()
    async with SimulatedApi(refuses=[REFUSED]) as api:
        write_files(tmp_path)
        before = set(tmp_path.iterdir())
        command = [sys.executable, "-W", "error", "-c", block.text]
        if block.name is not None:
            command = [sys.executable, "-m", "pytest", "-q", "-p", "pytest_betamw", "-p", "no:cacheprovider"]
            command += ["-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function", block.name]
        done = [await run(command, tmp_path, api.base_url)]
        if set(tmp_path.iterdir()) != before:
            done.append(await run(command, tmp_path, api.base_url))
    assert {(0, "")} == {(ran.returncode, ran.stderr) for ran in done}, done[-1].stdout


@pytest.mark.parametrize("block", **named(blocks("toml")))
def test_a_file_can_be_read(block, tmp_path):
    """Each file is a configuration, or a catalog."""
    write_files(tmp_path)
    read = betamw.load_config if "[betamw]" in block.text else betamw.Catalog.load
    assert read(tmp_path / block.name)


@pytest.mark.parametrize("block", **named(TRANSCRIPTS))
async def test_a_command_prints_what_is_shown(block, tmp_path):
    """Each command after `$` prints what stands below it, line by line: `tests/readme/refresh.py` writes it anew."""
    block.skip_where_not_installed()
    shown = [(command, output.splitlines()) for command, output in block.transcript()]
    assert shown == await printed(block, tmp_path)


@pytest.mark.parametrize("block", **named(blocks("sql")))
def test_a_query_answers_what_is_shown(block, tmp_path, monkeypatch):
    """Each query has the rows that stand below it, but for how wide their columns are."""
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed: the extra `test` installs it")
    write_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    shown = [(query, [line.split()[1:] for line in answer]) for query, answer in block.queries()]
    with duckdb.connect() as database:
        rows = [(query, database.execute(query).fetchall()) for query, _ in shown]
    assert shown == [(query, [" ".join(map(str, row)).split() for row in found]) for query, found in rows]


@pytest.mark.skipif("CI" not in os.environ, reason="downloads packages: CI does it")
@pytest.mark.parametrize("block", **named(blocks("bash")))
async def test_what_is_installed_can_be_imported(block, tmp_path):
    """Each line of shell installs the library in a fresh environment."""
    commands = [line for line in block.text.splitlines() if not line.startswith("python3 -m venv")]
    if not commands:
        pytest.skip("is run by .ci/run, as it stands there")
    python = tmp_path / "venv" / "bin" / "python"
    steps = [[sys.executable, "-m", "venv", str(tmp_path / "venv")]]
    steps += [[str(python), "-m", *shlex.split(command)] for command in commands]
    for step in steps:
        done = await asyncio.to_thread(subprocess.run, step, cwd=ROOT, capture_output=True, text=True, check=False)
        assert 0 == done.returncode, done.stderr
    show = [str(python), "-c", "import betamw; print(betamw.__file__)"]
    shown = await asyncio.to_thread(subprocess.run, show, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert str(tmp_path) in shown.stdout


async def quick_start(folder) -> list[str]:
    """What the first program prints where one of its betas is refused."""
    async with SimulatedApi(refuses=[REFUSED]) as api:
        ran = await run([sys.executable, "-c", blocks("python")[0].text], folder, api.base_url)
    return ran.stdout.splitlines()


async def test_the_quick_start_shows_what_the_readme_says(tmp_path):
    """The first program prints the betas that were in force, after the events of its call."""
    *events, last = await quick_start(tmp_path)
    assert "200 ('context-management-2025-06-27', 'interleaved-thinking-2025-05-14')" == last
    assert ["betamw.beta.rejected", "betamw.memory.learned", "betamw.request"] == [
        json.loads(event)["event"] for event in events
    ]


async def test_the_event_is_that_of_the_quick_start(tmp_path):
    """The line of the log has the fields that are shown, in their order, and their values where they do not change."""
    (shown,) = (json.loads(block.text) for block in blocks("json"))
    event = json.loads((await quick_start(tmp_path))[-2])
    assert list(event) == list(shown)
    assert {name: value for name, value in event.items() if name not in VOLATILE} == {
        name: value for name, value in shown.items() if name not in VOLATILE
    }


async def test_the_refusal_is_the_api_s():
    """The reply in the beginning is what the API answers."""
    (shown,) = blocks("text")
    status, _, body = shown.text.partition("\n")
    async with SimulatedApi(refuses=[REFUSED]) as api, aiohttp.ClientSession() as session:
        async with session.post(f"{api.base_url}/v1/messages", headers={"anthropic-beta": REFUSED}) as response:
            refusal = await response.json()
    del refusal["request_id"]
    assert (f"HTTP {response.status}", refusal) == (status, json.loads(body.replace("\n", " ")))
