"""What an instrument's answer says: a number, or that it says none."""

import re
from collections.abc import Callable
from math import isfinite
from types import MappingProxyType
from typing import Final

from producers.errors import LinkError
from schemas.telemetry import ReadingState

_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*[A-Za-z%Ω°]*\s*")
_OVERFLOW = 9e37
"""SCPI instruments answer 9.9e37 where they have no number to give."""

Parse = Callable[[str], float]


def number(text: str) -> float:
    """One number, with or without a unit behind it.

    Raises:
        LinkError: anything else, or a number that stands for none.
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise LinkError(ReadingState.GARBAGE, f"the answer “{text[:60]}” is no number")
    value = float(match[1])
    if not isfinite(value) or abs(value) >= _OVERFLOW:
        raise LinkError(ReadingState.OUT_OF_RANGE, f"the instrument answers {match[1]}, which stands for no value")
    return value


def flag(text: str) -> float:
    """1 for on, true, locked; 0 for off, false, unlocked.

    Raises:
        LinkError: anything else.
    """
    word = text.strip().strip('"').lower()
    if word in {"1", "on", "true", "locked", "#t"}:
        return 1.0
    if word in {"0", "off", "false", "unlocked", "#f"}:
        return 0.0
    raise LinkError(ReadingState.GARBAGE, f"the answer “{text[:60]}” is neither on nor off")


def field(position: int) -> Parse:
    """The number at a place (from 0) of a list with commas."""

    def parse(text: str) -> float:
        fields = text.split(",")
        if position >= len(fields):
            raise LinkError(
                ReadingState.GARBAGE, f"the answer “{text[:60]}” has {len(fields)} fields; field {position} is asked for"
            )
        return number(fields[position])

    return parse


_PLAIN: Final = MappingProxyType({"number": number, "flag": flag})


def parser(name: str) -> Parse | None:
    """The parser of a name (``number``, ``flag``, ``field N``); None: there is none of this name."""
    if name in _PLAIN:
        return _PLAIN[name]
    match = re.fullmatch(r"field (\d{1,2})", name)
    return field(int(match[1])) if match else None
