"""Instants as people and programs write them: ISO 8601, or seconds since 1970. Exact to the nanosecond."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction

from slo.exact import number_text

NS = 1_000_000_000
_TOO_FINE = re.compile(r"[.,]\d{7}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST_NS = 1 << 62
"""A little less than what 64 bits hold, so that windows can be added: until the year 2116."""


class Form(StrEnum):
    """How an instant is written. Answers use the form of the question."""

    ISO = "ISO 8601"
    EPOCH = "epoch seconds"


def instant_ns(text: str, zone: tzinfo = UTC) -> tuple[int, Form]:
    """UTC nanoseconds; a text without a zone is a wall-clock time in ``zone``.

    Raises:
        ValueError: neither ISO 8601 nor a number of seconds, finer than a nanosecond, or out of range.
    """
    text = text.strip()
    try:
        nanoseconds, form = _epoch(text)
    except InvalidOperation:
        nanoseconds, form = _iso(text, zone)
    if abs(nanoseconds) >= _LARGEST_NS:
        raise ValueError(f"`{text}` is too far away")
    return nanoseconds, form


def instant_text(nanoseconds: int, form: Form) -> str | int:
    """An instant in the given form: ``2026-01-01T00:00:00Z``, or seconds, whole ones as a number and others as a decimal."""
    if form is Form.EPOCH:
        return nanoseconds // NS if nanoseconds % NS == 0 else number_text(Fraction(nanoseconds, NS))
    seconds, rest = divmod(nanoseconds, NS)
    fraction = f".{rest:09}".rstrip("0") if rest else ""
    return f"{_EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}{fraction}Z"


def _epoch(text: str) -> tuple[int, Form]:
    seconds = Decimal(text)
    if not seconds.is_finite() or abs(seconds.adjusted()) > 20:
        raise ValueError(f"`{text}` is too far away")
    scaled = Fraction(seconds) * NS
    if scaled.denominator != 1:
        raise ValueError(f"`{text}` is finer than a nanosecond")
    return scaled.numerator, Form.EPOCH


def _iso(text: str, zone: tzinfo) -> tuple[int, Form]:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"`{text}` is neither ISO 8601 (2026-01-01T00:00:00Z) nor a number of seconds since 1970") from None
    if _TOO_FINE.search(text):
        raise ValueError(f"`{text}` is finer than a microsecond: write it as seconds since 1970")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * NS + since.microseconds * 1_000, Form.ISO
