"""``python -m benchmarks [PART…] [--tags MILLIONS]``: runs every part, or some; prints tables, writes benchmarks/RESULTS.md.

A part that does not run keeps what RESULTS.md says of it.
"""

import argparse
import os
import platform
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import clock, correlators, end_to_end, latency, memory, processors, samples, slo_engine, sources, wire_format
from benchmarks.result import table

RESULTS = Path(__file__).with_name("RESULTS.md")
_HEAD = (
    "# Benchmark results\n\n"
    "Written by `make bench`; one part of it alone by `python -m benchmarks PART`. Shared machines are noisy: compare ratios, "
    "not runs.\n"
)


def main() -> None:
    parts: Mapping[str, Callable[[], str]] = {
        "correlators": _correlators,
        "processors": lambda: table(processors.measure()),
        "clock": lambda: table(clock.measure()),
        "wire": lambda: table(wire_format.measure()),
        "sources": lambda: table(sources.measure()),
        "slo": lambda: table(slo_engine.measure()),
        "samples": lambda: table(samples.measure()),
        "platform": lambda: _platform(arguments.tags),
    }
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*parts, []], metavar="PART", help=f"any of {', '.join(parts)} (default all)")
    parser.add_argument("--tags", type=int, default=100, help="millions of tags to replay end to end (default 100)")
    arguments = parser.parse_args()
    sections = _sections(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for name in arguments.parts or parts:
        measured = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, Python {platform.python_version()}"
        sections[name] = f"Measured {measured}.\n\n{parts[name]()}\n"
        print(f"## {name}\n\n{sections[name]}", flush=True)
        text = "\n".join([_HEAD, *(f"## {name}\n\n{sections[name]}" for name in parts if name in sections)])
        RESULTS.write_text(text, encoding="utf-8")


def _sections(text: str) -> dict[str, str]:
    """What stands under each part's heading."""
    _, *found = re.split(r"^## (.+)\n\n", text, flags=re.MULTILINE)
    return {name: f"{body.strip()}\n" for name, body in zip(found[::2], found[1::2], strict=True)}


def _correlators() -> str:
    results, speeds = correlators.measure()
    return f"{table(results)}\n\n{speeds}"


def _platform(million_tags: int) -> str:
    """Broker, engine and worker on this machine."""
    return table([*end_to_end.stored_at_1_mcps(), *end_to_end.measure(million_tags), *latency.measure(), *memory.measure()])


if __name__ == "__main__":
    main()
