"""What pipelines of small JSON records share: one record a message, everything stored, nothing to replay.

What such a pipeline keeps is restored from its positions and from what it stored; so the committed offset is always the end of
its last batch.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import msgspec
import pyarrow as pa

from schemas.records import DeadLetter
from schemas.topics import DEAD_LETTERS, TICK
from storage import tables
from streams import positions as positions_codec
from streams.burial import dead_letter
from streams.log import Message
from streams.metrics import WorkerMetrics
from streams.open_batch import OpenBatch
from streams.pipeline import Finished, Outgoing
from streams.positions import Positions

GRID = 4096


class RecordPipeline(ABC):
    """One partition of a topic of records, from ``resume`` on. ``name`` is part of every token."""

    def __init__(self, name: str, topic: str, partition: int, *, metrics: WorkerMetrics, resume: int) -> None:
        self._topic, self._partition = topic, partition
        self._metrics = metrics
        self._batch = OpenBatch(name, topic, partition, grid=GRID, lo=resume)
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

    def _positions(self, resume: int) -> Positions:
        return Positions(resume=resume)

    @property
    def pending(self) -> bool:
        return self._taken > 0

    def skip_to(self, offset: int) -> None:
        """Go on at ``offset``: the records between are gone unread."""
        self._batch.skip_to(offset)

    def retire(self) -> None:
        self._metrics.released(self._topic, self._partition)

    def feed(self, messages: Sequence[Message]) -> list[Finished]:
        """Take messages in order of their offsets, without holes."""
        finished: list[Finished] = []
        for message in messages:
            if self._batch.ends_before(message):
                finished.append(self._finish())
            self._batch.take(message)
            if message.value != TICK:
                self._taken += 1
                self._try(message)
        return finished

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
        self._metrics.dead_letter(self._topic, reason)

    def _finish(self) -> Finished:
        rows = {**self._rows(), tables.DEAD_LETTERS: tables.dead_letter_rows(self._dead_letters)}
        filled = {name: table for name, table in rows.items() if table.num_rows}
        batch = self._batch.seal(filled, positions_codec.encode(self._positions(self._batch.next)))
        finished = Finished(batch, tuple(self._outgoing), batch.hi)
        self._outgoing, self._dead_letters, self._taken = [], [], 0
        return finished
