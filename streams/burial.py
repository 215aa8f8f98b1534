"""Messages that could not be used, as the dead letters that they become."""

from schemas.records import DeadLetter
from streams.log import Message

_HEAD_BYTES = 256


def dead_letter(topic: str, partition: int, message: Message, reason: str, detail: str) -> DeadLetter:
    """Where the message stands, why it was not used, and its first bytes."""
    return DeadLetter(
        topic=topic,
        partition=partition,
        offset=message.offset,
        reason=reason,
        detail=detail,
        size=len(message.value),
        head=message.value[:_HEAD_BYTES],
        seen_unix_ns=message.timestamp_ms * 1_000_000,
    )
