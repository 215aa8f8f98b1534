"""Two nodes' tags as one stream on our clock, tick by tick: what every tag processor takes.

While the offset is known, the other node's times are mapped by the tick's line: exact, in whole picoseconds, never turned round,
no tag twice and none left out. While it is lost, the tick is declared lost with all its tags, of both nodes: none is paired, and
rates are of live time. Whoever needs a node's own tags then has them in the node's own stream.
"""

from dataclasses import dataclass

import numpy as np

from schemas.block import Loss
from schemas.ids import DeviceId, DomainId, RunId
from streams.errors import AnalysisError
from streams.kernels.merge import merge
from streams.processors.clock_offset import ClockTick
from streams.segment import Segment


@dataclass(frozen=True, slots=True)
class AlignedStream:
    """Whose the merged stream is. The nodes' channels differ, for nothing else tells whose a tag is.

    Raises:
        AnalysisError: both nodes have a channel of the same number.
    """

    domain: DomainId
    device: DeviceId
    run: RunId
    origin_unix_ns: int
    our_detectors: tuple[int, ...]
    other_detectors: tuple[int, ...]

    def __post_init__(self) -> None:
        if common := set(self.our_detectors).intersection(self.other_detectors):
            raise AnalysisError(f"{self.domain}: both nodes have channels {sorted(common)}; give those of one node other numbers")


def segment_of(tick: ClockTick, stream: AlignedStream) -> Segment:
    """The tick as a stretch of the merged stream."""
    if tick.line is None:
        tags = np.empty(0, np.int64), np.empty(0, np.uint8)
        losses = [Loss(tick.start_ps, tick.end_ps, int(tick.ours[0].size + tick.other[0].size))]
    else:
        tags = merge([tick.ours, (tick.line.to_ours(tick.other[0]), tick.other[1])])
        losses = [Loss(start, end) for start, end in tick.lost]
    return Segment(
        domain=stream.domain,
        device=stream.device,
        run=stream.run,
        origin_unix_ns=stream.origin_unix_ns,
        start_ps=tick.start_ps,
        reached_ps=tick.end_ps,
        time_ps=tags[0],
        channel=tags[1],
        detectors=tuple(sorted((*stream.our_detectors, *stream.other_detectors))),
        losses=tuple(losses),
    )
