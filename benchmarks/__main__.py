"""``python -m benchmarks [--tags MILLIONS]``: runs everything, prints one table, writes benchmarks/RESULTS.md."""

import argparse
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import end_to_end, wire_format
from benchmarks.result import table


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--tags", type=int, default=100, help="millions of tags to replay end to end (default 100)")
    million_tags = parser.parse_args().tags
    results = [
        *wire_format.measure(),
        *end_to_end.stored_at_1_mcps(),
        *end_to_end.measure(million_tags),
        *end_to_end.latency(),
    ]
    text = (
        "# Benchmark results\n\n"
        f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC by `make bench` on {os.cpu_count()} cores, "
        f"Python {platform.python_version()}; broker, engine and worker on the same machine. "
        "Shared machines are noisy: compare ratios, not runs.\n\n"
        f"{table(results)}\n"
    )
    Path(__file__).with_name("RESULTS.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
