"""The README's programs run as they stand there."""

import asyncio
import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from betamw.testing import SimulatedApi

README = Path(__file__).parent.parent / "README.md"
PROGRAMS = re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("program", PROGRAMS, ids=range(len(PROGRAMS)))
async def test_a_program_of_the_readme_runs(program, tmp_path):
    """Each block is a whole program, and runs against the simulated API; also once more, where it left a file."""
    async with SimulatedApi(refuses=["context-1m-2025-08-07"]) as api:
        env = {**os.environ, "ANTHROPIC_BASE_URL": api.base_url, "ANTHROPIC_API_KEY": "a-key"}
        command = [sys.executable, "-W", "error", "-c", program]
        run = partial(subprocess.run, command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
        done = [await asyncio.to_thread(run)]
        if any(tmp_path.iterdir()):
            done.append(await asyncio.to_thread(run))
    assert {(0, "")} == {(run.returncode, run.stderr) for run in done}


async def test_the_quick_start_shows_what_the_readme_says():
    """The first program prints the betas that were in force, after the events of its call."""
    async with SimulatedApi(refuses=["context-1m-2025-08-07"]) as api:
        env = {**os.environ, "ANTHROPIC_BASE_URL": api.base_url, "ANTHROPIC_API_KEY": "a-key"}
        command = [sys.executable, "-c", PROGRAMS[0]]
        done = await asyncio.to_thread(subprocess.run, command, env=env, capture_output=True, text=True, check=True)
    *events, last = done.stdout.splitlines()
    assert "200 ('context-management-2025-06-27', 'interleaved-thinking-2025-05-14')" == last
    assert ["betamw.beta.rejected", "betamw.memory.learned", "betamw.request"] == [
        re.search(r'"event": "([^"]*)"', event)[1] for event in events
    ]
