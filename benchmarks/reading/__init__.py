"""What it costs to read logs back: see `python -m benchmarks.reading --help`."""
