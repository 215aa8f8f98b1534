"""A partition's log as a worker reads it, and the places where batches are cut: a function of the log alone.

docs/decisions/0001 tells why. The numbers below are part of the pipeline's identity: a stored batch can only be repeated
under the same rule, so they are constants, not settings.
"""

from dataclasses import dataclass

PATIENCE_MS = 500
"""A batch spans less than this of the broker's time, unless its pipeline says otherwise."""
BATCH_BYTES = 16 << 20
"""A batch's messages hold at most this many bytes together."""
PLENTY_BYTES = 4 << 20
"""A batch that holds this many may span twice its time: what a batch costs is then shared by more."""
LONGEST_MS = 2_000
"""No batch spans this much or more."""
ALIVE_STEP_MS = 1_500
"""The most that one silence counts for in log-alive time."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: where it stands, when the broker appended it (ms, UTC), and its bytes."""

    offset: int
    timestamp_ms: int
    value: bytes


class Cutter:
    """Says where a batch ends. ``grid`` is the largest number of messages in a batch; batches never cross its multiples.

    A batch spans less than ``patience_ms`` of the broker's time, or than the least that its messages were said to wait for; twice
    that once it holds ``PLENTY_BYTES``, but never ``LONGEST_MS``.
    """

    def __init__(self, grid: int, patience_ms: int = PATIENCE_MS) -> None:
        self._grid = grid
        self._unhurried_ms = self._patience_ms = patience_ms
        self._first_ms: int | None = None
        self._bytes = 0

    def ends_before(self, message: Message) -> bool:
        """Whether the batch that is open must end before ``message``."""
        return self._first_ms is not None and (
            message.offset % self._grid == 0
            or not 0 <= message.timestamp_ms - self._first_ms < self._span_ms  # the broker's clock may step back
            or self._bytes + len(message.value) > BATCH_BYTES
        )

    @property
    def _span_ms(self) -> int:
        return min(2 * self._patience_ms, LONGEST_MS) if self._bytes >= PLENTY_BYTES else self._patience_ms

    def take(self, message: Message) -> None:
        """Count ``message`` to the open batch."""
        if self._first_ms is None:
            self._first_ms = message.timestamp_ms
        self._bytes += len(message.value)

    def hurry(self, patience_ms: int) -> None:
        """The message that was taken last makes the open batch span less than this."""
        self._patience_ms = min(self._patience_ms, patience_ms)

    def cut(self) -> None:
        """The batch ended; the next message opens another."""
        self._first_ms, self._bytes, self._patience_ms = None, 0, self._unhurried_ms


class AliveClock:
    """Log-alive time (ms): time in which the partition was being written to, so that an outage makes nobody idle."""

    def __init__(self, now_ms: int = 0, timestamp_ms: int | None = None) -> None:
        self.now_ms = now_ms
        self.timestamp_ms = timestamp_ms

    def advance(self, timestamp_ms: int) -> int:
        """Move on to a message's time stamp; the broker's clock may step back, this one does not."""
        if self.timestamp_ms is not None:
            self.now_ms += min(max(timestamp_ms - self.timestamp_ms, 0), ALIVE_STEP_MS)
        self.timestamp_ms = timestamp_ms
        return self.now_ms
