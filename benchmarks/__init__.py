"""Benchmarks: real parts, one run, each figure beside its bar. ``python -m benchmarks`` writes RESULTS.md."""
