"""What an undecided estimate lacks, in words."""

from collections.abc import Mapping

from console.quantities import seconds_text


def lacking_text(more: Mapping[str, int], seconds: float | None) -> str:
    """``more`` counts of each kind, and how long they take at the present rate, where that is known."""
    counts = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in more.items())
    time = "" if seconds is None else f", {seconds_text(seconds)} at the present rate"
    return f"a verdict needs about {counts} more{time}"
