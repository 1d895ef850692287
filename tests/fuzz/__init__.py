"""Targets for coverage-guided fuzzing: what reads bytes of somebody else's making.

Each module is a target: `check(data)` asserts what must hold whatever the bytes, `seeds()` are where to begin.
`PYTHONPATH=tests python -m fuzz reader -max_total_time=60` runs one, with atheris (Linux and macOS; see `nox -s fuzz`);
`test_seeds.py` runs all of them on their seeds, without it.
"""
