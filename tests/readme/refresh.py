"""Write into README.md what its commands print now; look at the difference before you commit it.

PYTHONPATH=.:tests python tests/readme/refresh.py
"""

import asyncio
import tempfile
from pathlib import Path

from support.readme import ROOT, Block, blocks, printed


async def refreshed(block: Block) -> str:
    """The block as it should be."""
    with tempfile.TemporaryDirectory() as folder:
        done = await printed(block, Path(folder))
    commands = (command.replace("\n", "\n> ") for command, _ in done)
    return "".join(
        f"$ {command}\n" + "".join(f"{line}\n" for line in lines)
        for command, (_, lines) in zip(commands, done, strict=True)
    )


def main() -> None:
    """Each block of commands, where it stands."""
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    for block in blocks("console"):
        text = text.replace(f"```console\n{block.text}```", f"```console\n{asyncio.run(refreshed(block))}```")
    readme.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
