"""One simulated device as a stream of blocks: pure, told how much time has passed."""

from collections.abc import Callable, Iterator

import msgspec

from producers.batching import Batcher
from producers.fleet_file import Device
from producers.ordering import Chunk
from producers.run_ids import source_of
from producers.sources import PulsedParameters
from schemas.block import BlockContext, Channel, TagBlock
from schemas.ids import DomainId, RunId

_DETECTORS = (Channel(0, label="transmitted"), Channel(1, label="reflected"))
RUN_PS = 7 * 86_400 * 10**12
"""A week: far below the time that one origin can serve (schemas.block.MOST_PS)."""
_PS_A_NS = 1_000


class DeviceFeed:
    """Makes a device's blocks, one for every ``block_ps`` whether or not a photon came.

    Told of more elapsed time than ``max_lag_ps`` at once it declares the oldest part lost: the device's own clock stands still
    there, since nobody will ever ask what it would have seen.
    """

    def __init__(
        self,
        device: Device,
        new_run: Callable[[], RunId],
        origin_unix_ns: int,
        *,
        block_ps: int,
        max_lag_ps: int,
        run_ps: int = RUN_PS,
    ) -> None:
        """``run_ps``: a run that has lasted this long, a multiple of ``block_ps``, ends; the next begins where it ended."""
        self.device = device
        self.run = new_run()
        self.origin_unix_ns = origin_unix_ns
        self._new_run = new_run
        self._run_ps = run_ps
        self._since_ps = 0  # elapsed time at which the present run began
        self.tags = 0
        self.lost_ps = 0
        self._block_ps = block_ps
        self._max_lag_ps = max_lag_ps
        self._source = device.build_source()
        self._reached_ps = 0
        self._batcher = Batcher(self._context(), span_ps=block_ps)

    @property
    def next_due_ps(self) -> int:
        """Elapsed time at which the next block is complete."""
        return self._since_ps + self._reached_ps + self._block_ps

    @property
    def g2(self) -> float:
        return self._source.parameters.g2

    def set_g2(self, g2: float | None) -> None:
        """Break the purity from the next block on, or (None) mend it.

        Raises:
            SourceError: a g2(0) that this source cannot have.
        """
        wanted = self.device.source.g2 if g2 is None else g2
        self._source.parameters = msgspec.structs.replace(self._source.parameters, g2=wanted)

    def blocks(self, elapsed_ps: int) -> Iterator[TagBlock]:
        """The blocks that are complete once ``elapsed_ps`` have passed since the origin."""
        late_ps = elapsed_ps - self._since_ps - self._reached_ps - self._max_lag_ps
        if late_ps > 0:
            skipped_ps = -(-late_ps // self._block_ps) * self._block_ps
            self._reached_ps += skipped_ps
            self.lost_ps += skipped_ps
            yield from self._batcher.lose(self._reached_ps)
        while self.next_due_ps <= elapsed_ps:
            time_ps, channel = self._source.advance(self._block_ps)
            self._reached_ps += self._block_ps
            self.tags += time_ps.size
            time_ps += self.lost_ps - self._since_ps
            yield from self._batcher.add(Chunk(time_ps, channel, self._reached_ps))
            if self._reached_ps >= self._run_ps:
                yield from self._next_run()

    def _next_run(self) -> Iterator[TagBlock]:
        yield from self.close()
        self._since_ps += self._reached_ps
        self.origin_unix_ns += self._reached_ps // _PS_A_NS
        self._reached_ps = 0
        self.run = self._new_run()
        self._batcher = Batcher(self._context(), span_ps=self._block_ps)

    def close(self) -> Iterator[TagBlock]:
        """The run's final block."""
        return self._batcher.close(self._reached_ps)

    def _context(self) -> BlockContext:
        device, source = self.device, self.device.source
        pulsed = isinstance(source, PulsedParameters)
        return BlockContext(
            domain=DomainId(device.id),
            source=source_of(device.id, self.run),
            device=device.id,
            run=self.run,
            sequence=0,
            origin_unix_ns=self.origin_unix_ns,
            start_ps=0,
            reached_ps=0,
            channels=_DETECTORS,
            firmware=device.firmware,
            period_ps=source.period_ps if isinstance(source, PulsedParameters) else None,
            labels={"kind": device.kind, "site": device.site, "excitation": "pulsed" if pulsed else "cw"},
        )
