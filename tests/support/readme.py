"""The code blocks of README.md, and how each kind is run."""

import asyncio
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import attrs
import pytest
from markdown_it import MarkdownIt

from betamw.testing import SimulatedApi

ROOT: Final = Path(__file__).parents[2]
API: Final = "https://api.anthropic.com"
"""Stands for the simulated API in what the README shows."""
REFUSED: Final = "context-1m-2025-08-07"
"""What the simulated API refuses."""

_NAME: Final = re.compile(r"# ([\w-]+\.(?:toml|py))\n")
_ANSWERED: Final = re.compile(r"(?P<query>.*;)\n(?P<answer>(?:-- .*\n)*)", re.DOTALL)
_OTHERS: Final = re.compile(r"(?<=\| )(?:jq|lnav)\b|(?<=^\$ )(?:jq|lnav)\b", re.MULTILINE)
_IMPORT: Final = re.compile(r"^(?:import|from) (\w+)", re.MULTILINE)


@attrs.frozen
class Block:
    """A fenced block: the word after its fence, its lines, and where it stands."""

    language: str
    text: str
    line: int

    @property
    def name(self) -> str | None:
        """The file that it is, if its first line says so."""
        named = _NAME.match(self.text)
        return named[1] if named else None

    def skip_where_not_installed(self) -> None:
        """Some clients are not there with each Python and each aiohttp."""
        for module in _IMPORT.findall(self.text):
            if importlib.util.find_spec(module) is None:
                pytest.skip(f"{module} is not installed")
        for program in _OTHERS.findall(self.text):
            if shutil.which(program) is None:
                pytest.skip(f"{program} is not installed: apt-get install {program}")

    def transcript(self) -> list[tuple[str, str]]:
        """The commands in a block, and what each is shown to print."""
        before, *parts = re.split(r"^\$ ", self.text, flags=re.MULTILINE)
        assert "" == before
        split = [re.split(r"\n(?!> )", part, maxsplit=1) for part in parts]
        return [(command.replace("\n> ", "\n"), output) for command, output in split]

    def queries(self) -> list[tuple[str, list[str]]]:
        """The queries in a block, a paragraph each, and the rows that are shown below as a comment."""
        paragraphs = [_ANSWERED.fullmatch(f"{paragraph}\n") for paragraph in self.text.strip().split("\n\n")]
        return [(found["query"], found["answer"].splitlines()) for found in paragraphs if found]


BLOCKS: Final = tuple(
    Block(token.info, token.content, token.map[0] + 1)
    for token in MarkdownIt().parse((ROOT / "README.md").read_text(encoding="utf-8"))
    if token.type in {"fence", "code_block"}
)


def blocks(*languages: str) -> list[Block]:
    """Those in one of these languages."""
    return [block for block in BLOCKS if block.language in languages]


def write_files(folder: Path) -> None:
    """The files that the README shows, and the examples, for its commands to use."""
    (folder / "examples").symlink_to(ROOT / "examples")
    for block in BLOCKS:
        if block.name is not None:
            (folder / block.name).write_text(block.text, encoding="utf-8")


async def run(command: list[str] | str, folder: Path, base_url: str) -> "subprocess.CompletedProcess[str]":
    """Run a program, or a line of shell, as a user who has set up what the README tells."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("ANTHROPIC_", "BETAMW_"))},
        "ANTHROPIC_BASE_URL": base_url,
        "ANTHROPIC_API_KEY": "a-key",
        "COLUMNS": "90",
        "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",  # it fetches tables
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "NO_COLOR": "1",
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
    }

    if isinstance(command, str):  # as if it were installed
        command = f'betamw() {{ {shlex.quote(sys.executable)} -W error -m betamw.cli "$@"; }}\n{command}'

    def running() -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S603  what our own README says
            command,
            shell=isinstance(command, str),
            env=environment,
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    return await asyncio.to_thread(running)


async def printed(block: Block, folder: Path) -> list[tuple[str, list[str]]]:
    """Run the commands of a block after each other; what each prints, line by line."""
    write_files(folder)
    done = []
    async with SimulatedApi(refuses=[REFUSED]) as api:
        for command, _ in block.transcript():
            ran = await run(f"{{ {command}\n}} 2>&1".replace(API, api.base_url), folder, api.base_url)
            output = ran.stdout.replace(api.base_url, API)
            done.append((command, [line.rstrip() for line in output.splitlines()]))
    return done
