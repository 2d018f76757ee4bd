"""Benchmarks: `python -m benchmarks` measures here and prints; nothing is asserted in seconds."""
