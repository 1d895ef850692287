"""`python -m fuzz TARGET [libFuzzer's options]`."""

import importlib
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from fuzz.targets import TARGETS


def main() -> None:
    """Run a target on a corpus made of its seeds; ends with a traceback and the input where something is found."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"usage: python -m fuzz {{{','.join(TARGETS)}}} [options of libFuzzer, as -max_total_time=60]")
    name = sys.argv.pop(1)
    atheris: Any = importlib.import_module("atheris")  # by its name: it has no types, and is not there everywhere
    with atheris.instrument_imports(include=["betamw"]):
        target = importlib.import_module(f"fuzz.{name}")
    with tempfile.TemporaryDirectory() as scratch:
        corpus, words = Path(scratch, "corpus"), Path(scratch, "words")
        corpus.mkdir()
        seeds = [*target.seeds()]
        for number, seed in enumerate(seeds):
            (corpus / str(number)).write_bytes(seed)
        # What regular expressions look for, no coverage shows: so whole words are put in.
        found = sorted({word for seed in seeds for word in re.findall(rb"[\w():=-]{2,40}", seed)})
        words.write_text("".join(f'"{word.decode()}"\n' for word in found if word.isascii()), encoding="ascii")
        options = ["-timeout=5", "-max_len=16384", f"-dict={words}"]
        atheris.Setup([sys.argv[0], *options, *sys.argv[1:], str(corpus)], target.check)
        atheris.Fuzz()


main()
