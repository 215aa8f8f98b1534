"""The tags of one simulated device as a stream of blocks: pure, told how much time has passed."""

from collections.abc import Callable, Iterator

import msgspec
import numpy as np

from producers.apparatus import SourceParameters
from producers.batching import Batcher
from producers.clock import RunningClock
from producers.condition import Condition
from producers.ordering import Chunk
from producers.run_ids import source_of
from producers.sources import CwParameters, CwSource, PairParameters, PairSource, PulsedParameters, PulsedSource
from producers.tagger import Read, RunningTagger
from schemas.block import BlockContext, Channel, TagBlock
from schemas.ids import DeviceId, DomainId, RunId

RUN_PS = 7 * 86_400 * 10**12
"""A week: far below the time that one origin can serve (schemas.block.MOST_PS)."""
_PS_A_NS = 1_000
_HALF = 0.5


class TagsOf(msgspec.Struct, frozen=True, kw_only=True):
    """What the blocks of a device say of it."""

    device: DeviceId
    seed: int
    firmware: str = ""
    labels: dict[str, str] = {}


class DeviceFeed:
    """Makes a device's blocks, one for every ``block_ps`` whether or not a photon came.

    Told of more elapsed time than ``max_lag_ps`` at once it declares the oldest part lost: the device's own clock stands still
    there, since nobody will ever ask what it would have seen. While its software has crashed it makes nothing, and begins a new run
    when it is back; so it does with new firmware.
    """

    def __init__(
        self,
        device: TagsOf,
        source: SourceParameters,
        condition: Condition,
        new_run: Callable[[], RunId],
        origin_unix_ns: int,
        *,
        block_ps: int,
        max_lag_ps: int,
        run_ps: int = RUN_PS,
    ) -> None:
        """``run_ps``: a run that has lasted this long, a multiple of ``block_ps``, ends; the next begins where it ended."""
