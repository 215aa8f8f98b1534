"""Channels that a processor is told to look at."""

from collections.abc import Sequence

from schemas.block import ADVANCE_CHANNEL

MOST_CHANNELS = ADVANCE_CHANNEL


def different(channels: Sequence[int], fewest: int = 1, most: int = MOST_CHANNELS) -> bool:
    """Whether these are ``fewest`` to ``most`` channels, each named once, and each a number that a channel can have."""
    return fewest <= len(set(channels)) == len(channels) <= most and all(0 <= channel < ADVANCE_CHANNEL for channel in channels)
