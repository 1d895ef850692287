"""What the chain costs: `python -m benchmarks`, see README.md. A program that prints figures, not a test."""
