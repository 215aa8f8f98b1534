"""Which two detectors a g² is computed from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from streams.errors import AnalysisError


@dataclass(frozen=True, slots=True)
class ChannelPair:
    """Start and stop channel, ascending, and how they were chosen, in words."""

    channels: tuple[int, int]
    chosen: str


def choose_pair(detectors: Iterable[int], tags: Mapping[int, int], wanted: tuple[int, int] | None = None) -> ChannelPair:
    """The wanted channels, or the two brightest detectors (the lower number where two are equally bright).

    Raises:
        AnalysisError: a wanted channel holds no tags, or is asked for twice; fewer than two detectors hold tags.
    """
    bright = sorted((channel for channel in set(detectors) if tags.get(channel)), key=lambda channel: (-tags[channel], channel))
    held = ", ".join(f"{channel} ({count} tags)" for channel, count in sorted(tags.items()) if count) or "none"
    if wanted is not None:
        if wanted[0] == wanted[1]:
            raise AnalysisError(f"channel {wanted[0]} cannot be correlated with itself; channels with tags: {held}")
        for channel in wanted:
            if not tags.get(channel):
                raise AnalysisError(f"channel {channel} holds no tags; channels with tags: {held}")
        return ChannelPair((min(wanted), max(wanted)), "as asked for")
    if len(bright) < 2:
        raise AnalysisError(f"g² needs tags of two detectors; channels with tags: {held}, detectors among them: {len(bright)}")
    first, second = sorted(bright[:2])
    return ChannelPair(
        (first, second), "the only two detectors" if len(bright) == 2 else f"the two brightest of {len(bright)} detectors"
    )
