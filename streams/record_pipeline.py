"""What pipelines of small JSON records share: one record a message, everything stored.

A pipeline that keeps something open over several batches says from which offset on it needs the log again; batches up to
``stored`` are then computed once more after a restart, to rebuild what was open, and not handed out.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence

import google_crc32c
import msgspec
import pyarrow as pa

from schemas.records import DeadLetter
from schemas.topics import DEAD_LETTERS, TICK
from storage import tables
from streams import positions as positions_codec
from streams.burial import dead_letter
from streams.log import PATIENCE_MS, Message
from streams.metrics import WorkerMetrics
from streams.open_batch import OpenBatch
from streams.pipeline import Finished, Outgoing
from streams.positions import Positions

GRID = 4096


class RecordPipeline(ABC):
    """One partition of a topic of records, from ``resume`` on; what stands before ``stored`` is stored already.

    ``name`` is part of every token.
    """

    def __init__(
        self,
        name: str,
        topic: str,
        partition: int,
        *,
        metrics: WorkerMetrics,
        resume: int,
        stored: int | None = None,
        patience_ms: int = PATIENCE_MS,
    ) -> None:
        self._topic, self._partition = topic, partition
        self._metrics = metrics
        self._stored = resume if stored is None else stored
        self._boundaries = deque([resume])
        self._batch = OpenBatch(name, topic, partition, grid=GRID, lo=resume, patience_ms=patience_ms)
        self._outgoing: list[Outgoing] = []
        self._dead_letters: list[DeadLetter] = []
        self._taken = 0

    @abstractmethod
    def _take(self, message: Message) -> None:
        """Use a record. Raises msgspec.DecodeError or ValueError: it cannot be used, and becomes a dead letter.

        Whatever this accepts, ``_rows`` must be able to write.
        """

    @abstractmethod
    def _rows(self) -> dict[str, pa.Table]:
        """Rows by table of what was taken since the last call."""

    def _pass_time(self, message: Message) -> None:  # noqa: B027  most pipelines keep nothing that time could end
        """The log has come as far as this message, a record or a tick; called before it is taken."""

    def _needed_offset(self) -> int | None:
        """The first message that what is still open rests on; None: nothing is open."""
        return None

    def _positions(self, resume: int) -> Positions:
        return Positions(resume=resume)

    @property
    def pending(self) -> bool:
        return self._taken > 0 or bool(self._outgoing)

    def skip_to(self, offset: int) -> None:
        """Go on at ``offset``: the records between are gone unread."""
        self._batch.skip_to(offset)
        self._stored = max(self._stored, offset)

    def retire(self) -> None:
        self._metrics.released(self._topic, self._partition)

    def feed(self, messages: Sequence[Message]) -> list[Finished]:
        """Take messages in order of their offsets, without holes."""
        finished: list[Finished] = []
        for message in messages:
            ends = self._batch.ends_before(message)
            if self._batch.messages and (ends or message.offset == self._stored):
                finished += self._finish()
            self._batch.take(message)
            self._batch.sign(google_crc32c.value(message.value))
            self._pass_time(message)
            if message.value != TICK:
                self._taken += 1
                self._try(message)
        return finished

    @property
    def _storing(self) -> bool:
        """Whether the message that was taken last is beyond what is stored."""
        return self._batch.next > self._stored

    def _try(self, message: Message) -> None:
        try:
            self._take(message)
        except msgspec.DecodeError as error:
            self._bury(message, "malformed", str(error))
        except ValueError as error:
            self._bury(message, "contradiction", str(error))

    def _bury(self, message: Message, reason: str, detail: str) -> None:
        letter = dead_letter(self._topic, self._partition, message, reason, detail)
        self._dead_letters.append(letter)
        self._outgoing.append(Outgoing(DEAD_LETTERS, letter.topic, letter))
        if self._storing:
            self._metrics.dead_letter(self._topic, reason)

    def _finish(self) -> list[Finished]:
        """Close the open batch; nothing comes of it if it is stored already."""
        self._boundaries.append(self._batch.next)
        resume = self._resume()
        rows = {**self._rows(), tables.DEAD_LETTERS: tables.dead_letter_rows(self._dead_letters)}
        finished = []
        if self._storing:
            filled = {name: table for name, table in rows.items() if table.num_rows}
            batch = self._batch.seal(filled, positions_codec.encode(self._positions(resume)))
            finished.append(Finished(batch, tuple(self._outgoing), resume))
        else:
            self._batch.drop()
        self._outgoing, self._dead_letters, self._taken = [], [], 0
        return finished

    def _resume(self) -> int:
        """The largest batch boundary at or below what is still needed."""
        needed = self._needed_offset()
        while len(self._boundaries) > 1 and (needed is None or self._boundaries[1] <= needed):
            self._boundaries.popleft()
        return self._boundaries[0]
