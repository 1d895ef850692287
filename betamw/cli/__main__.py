"""`python -m betamw.cli` is `betamw`."""

from betamw.cli import main

main()
