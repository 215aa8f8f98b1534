"""What the broker's clock says of a record's own times: one far ahead would slide every window past the honest ones."""

from streams.log import Message

FUTURE_S = 3_600
"""How far a record may lie ahead of the broker's clock."""
_NS = 1_000_000_000
_NS_A_MS = 1_000_000
_MOST_NS = 1 << 63


def check_times(start_unix_ns: int, end_unix_ns: int, message: Message, whose: str) -> None:
    """
    Raises:
        ValueError: the record began before 1970, or ended more than ``FUTURE_S`` after the broker got it.
    """
    ahead_s = (end_unix_ns - message.timestamp_ms * _NS_A_MS) / _NS
    if start_unix_ns < 0 or ahead_s > FUTURE_S or end_unix_ns >= _MOST_NS:
        raise ValueError(
            f"{whose[:80]} began before 1970, or ends {ahead_s:.0f} s after the broker got it: set the sender's clock"
        )
