"""Synthetic tags: two-channel Poisson light, the hardest to compress, cut into blocks as a device would."""

from collections.abc import Iterator

import msgspec
import numpy as np

from producers.batching import Batcher
from producers.ordering import Chunk
from schemas.block import BlockContext, Channel, TagBlock

SECOND_PS = 1_000_000_000_000


def blocks(device: str, rate_hz: float, seconds: int, *, origin_unix_ns: int, seed: int = 1) -> Iterator[TagBlock]:
    """``seconds`` of light at ``rate_hz``, in blocks of at most 100 ms. Later seconds repeat the first one, shifted."""
    rng = np.random.default_rng(seed)
    time_ps = np.sort(rng.integers(0, SECOND_PS, int(rate_hz)))
    channel = rng.integers(0, 2, time_ps.size).astype(np.uint8)
    context = BlockContext(
        domain=device,
        source=f"{device}/bench",
        device=device,
        run="bench",
        sequence=0,
        origin_unix_ns=origin_unix_ns,
        start_ps=0,
        reached_ps=0,
        channels=(Channel(0), Channel(1)),
    )
    batcher = Batcher(context)
    first = list(batcher.add(Chunk(time_ps, channel, SECOND_PS)))
    yield from first
    for second in range(1, seconds):
        for index, block in enumerate(first):
            shift = second * SECOND_PS
            yield TagBlock(
                msgspec.structs.replace(
                    block.context,
                    sequence=second * len(first) + index,
                    start_ps=block.context.start_ps + shift,
                    reached_ps=block.context.reached_ps + shift,
                    final=second == seconds - 1 and index == len(first) - 1,
                ),
                block.gaps,
                block.channel,
            )
