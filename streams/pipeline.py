"""What a partition's runner needs of a pipeline, and what it gets from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from schemas.topics import Topic
from storage.writer import Batch
from streams.log import Message


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to publish. Published before its batch is sealed: it may come twice, and is the same each time."""

    topic: Topic
    key: str
    record: msgspec.Struct


@dataclass(frozen=True, slots=True)
class Finished:
    """A batch ready to be stored, what to publish with it, and the offset that may be committed once it is."""

    batch: Batch
    outgoing: tuple[Outgoing, ...]
    resume: int


class Pipeline(Protocol):
    """One partition's processing: synchronous, deterministic, the log in and batches out."""

    @property
    def pending(self) -> bool:
        """Whether anything waits for time to pass: an open batch, pane or gap."""

    def feed(self, messages: Sequence[Message]) -> list[Finished]:
        """Take messages in order of their offsets, without holes."""

    def skip_to(self, offset: int) -> None:
        """Before anything was fed: the log holds nothing between what is wanted first and ``offset``."""

    def retire(self) -> None:
        """Somebody else has the partition now: take back what the metrics say of it."""
