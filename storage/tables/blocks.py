"""Blocks and what could not be used, as rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from schemas.block import BlockContext
from schemas.records import DeadLetter
from storage.tables.names import BLOCKS, DEAD_LETTERS, LATE_BLOCKS, SCHEMAS

_PS_PER_NS = 1_000


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """A block at its place in the log: what it said, how many tags it held, and what became of it."""

    context: BlockContext
    tags: int
    offset: int
    crc: int
    """The checksum that the message carries (CRC-32C)."""
    appended_unix_ms: int
    """The broker's time stamp."""
    fate: str = "in-order"


def block_rows(blocks: Sequence[StoredBlock]) -> pa.Table:
    """Rows of ``blocks``: blocks whose tags are stored, each once."""
    contexts = [block.context for block in blocks]
    return pa.table(
        {
            **_who(blocks),
            "origin_unix_ns": [context.origin_unix_ns for context in contexts],
            "reordered": [context.reordered for context in contexts],
            "overflows": [context.overflows for context in contexts],
            "lost": [
                [{"start_ps": loss.start_ps, "end_ps": loss.end_ps, "tags": loss.tags} for loss in context.losses]
                for context in contexts
            ],
            "firmware": [context.firmware for context in contexts],
            "calibration": [context.calibration for context in contexts],
            "channels": [
                [{"number": channel.number, "role": channel.role, "label": channel.label} for channel in context.channels]
                for context in contexts
            ],
            "period_ps": [context.period_ps for context in contexts],
            "resolution_ps": [context.resolution_ps for context in contexts],
            "labels": [list(context.labels.items()) for context in contexts],
            "final": [context.final for context in contexts],
            "crc": [block.crc for block in blocks],
        },
        schema=SCHEMAS[BLOCKS],
    )


def late_rows(blocks: Sequence[StoredBlock]) -> pa.Table:
    """Rows of ``late_blocks``: blocks that entered no pane, with their fate."""
    return pa.table(_who(blocks), schema=SCHEMAS[LATE_BLOCKS])


def dead_letter_rows(letters: Sequence[DeadLetter]) -> pa.Table:
    """Rows of ``dead_letters``."""
    return pa.table(
        {
            "topic": [letter.topic for letter in letters],
            "partition": [letter.partition for letter in letters],
            "offset": [letter.offset for letter in letters],
            "time": [letter.seen_unix_ns for letter in letters],
            "reason": [letter.reason for letter in letters],
            "detail": [letter.detail for letter in letters],
            "size": [letter.size for letter in letters],
            "head": [letter.head for letter in letters],
        },
        schema=SCHEMAS[DEAD_LETTERS],
    )


def _who(blocks: Sequence[StoredBlock]) -> dict[str, list[object]]:
    contexts = [block.context for block in blocks]
    return {
        "domain": [context.domain for context in contexts],
        "source": [context.source for context in contexts],
        "device": [context.device for context in contexts],
        "run": [context.run for context in contexts],
        "sequence": [context.sequence for context in contexts],
        "time": [context.origin_unix_ns + context.start_ps // _PS_PER_NS for context in contexts],
        "start_ps": [context.start_ps for context in contexts],
        "reached_ps": [context.reached_ps for context in contexts],
        "tags": [block.tags for block in blocks],
        "fate": [block.fate for block in blocks],
        "offset": [block.offset for block in blocks],
        "appended_at": [block.appended_unix_ms for block in blocks],
    }
