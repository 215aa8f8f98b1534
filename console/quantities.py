"""Quantities as people write them: ``100 ps``, ``±200ns``, ``1.5 s``. Decimal, so that what is written is what is meant."""

import re
from decimal import Decimal

_PICOSECONDS = {
    "ps": Decimal(1),
    "ns": Decimal(10**3),
    "us": Decimal(10**6),
    "µs": Decimal(10**6),
    "μs": Decimal(10**6),
    "ms": Decimal(10**9),
    "s": Decimal(10**12),
    "min": Decimal(60 * 10**12),
    "h": Decimal(3600 * 10**12),
}
_SHAPE = re.compile(r"\s*(?:±|\+-|\+/-)?\s*(?P<number>\d+(?:_\d+)*(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*(?P<unit>[a-zµμ]+)\s*")
_SHAPE_OF_ANY = re.compile(r"\s*(?P<number>[+-]?\d+(?:_\d+)*(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*(?P<unit>[a-zA-Zµμ]+)?\s*")
_HERTZ = {"Hz": Decimal(1), "kHz": Decimal(10**3), "MHz": Decimal(10**6), "GHz": Decimal(10**9), "THz": Decimal(10**12)}
_SCALES = {
    "ps": _PICOSECONDS,
    "ns": {unit: scale / 1_000 for unit, scale in _PICOSECONDS.items()},
    "s": {unit: scale / 10**12 for unit, scale in _PICOSECONDS.items()},
    "hz": _HERTZ,
}
_LARGEST_PS = 2**62


class QuantityError(ValueError):
    """A text that is no quantity; the message says what it should look like."""


def picoseconds(text: str) -> int:
    """A duration in whole picoseconds. A leading ± is allowed and means a half range.

    Raises:
        QuantityError: no number, no unit or an unknown one, not a whole number of picoseconds, or beyond 2**62 ps.
    """
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise QuantityError(f"“{text}” is no duration; write a number and a unit, for example “100 ps” or “±200ns”")
    if shape["unit"] not in _PICOSECONDS:
        raise QuantityError(f"“{text}” has no known unit of time; use ps, ns, us, ms, s, min or h")
    value = Decimal(shape["number"].replace("_", "")) * _PICOSECONDS[shape["unit"]]
    if value != value.to_integral_value():
        raise QuantityError(f"“{text}” is not a whole number of picoseconds")
    if value > _LARGEST_PS:
        raise QuantityError(f"“{text}” is longer than {seconds_text(_LARGEST_PS / 1e12)}")
    return int(value)


def signed_picoseconds(text: str) -> int:
    """A duration that may be negative: ``-2.5 s``.

    Raises:
        QuantityError: as ``picoseconds``.
    """
    amount = text.strip()
    value_ps = picoseconds(amount.removeprefix("-").removeprefix("+"))
    return -value_ps if amount.startswith("-") else value_ps


def in_unit_of(name: str, text: str) -> str:
    """A value for a setting whose name ends in its unit: ``50 ns`` for ``dead_time_ps`` is ``50000``; bare numbers stay.

    Raises:
        QuantityError: a unit of something else.
    """
    shape, unit = _SHAPE_OF_ANY.fullmatch(text), name.rpartition("_")[2]
    if shape is None or unit not in _SCALES or shape["unit"] is None:
        return text
    if shape["unit"] not in _SCALES[unit]:
        raise QuantityError(f"“{text}” is no quantity in {unit}; use one of {', '.join(_SCALES[unit])}")
    return str(Decimal(shape["number"].replace("_", "")) * _SCALES[unit][shape["unit"]])


def picoseconds_text(value_ps: int) -> str:
    """The shortest exact way to write a duration: 100000 → ``100 ns``."""
    for unit in ("s", "ms", "us", "ns"):
        scale = int(_PICOSECONDS[unit])
        if value_ps and value_ps % scale == 0:
            return f"{value_ps // scale} {unit.replace('us', 'µs')}"
    return f"{value_ps} ps"


def seconds_text(seconds: float) -> str:
    """A duration for the eye: ``8 s``, ``3 min``, ``2.5 h``, ``4.1 d``."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if abs(seconds) >= 1.5 * length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.3g} s"


def hertz_text(rate_hz: float) -> str:
    """A rate for the eye: ``812 Hz``, ``79.3 kHz``, ``1.25 MHz``."""
    for unit, scale in (("GHz", 1e9), ("MHz", 1e6), ("kHz", 1e3)):
        if abs(rate_hz) >= scale:
            return f"{rate_hz / scale:.3g} {unit}"
    return f"{rate_hz:.3g} Hz"


def channel_pair(text: str) -> tuple[int, int]:
    """Two different channels: ``0,1`` → (0, 1).

    Raises:
        QuantityError: anything else.
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 2 or not all(part.isdigit() for part in parts) or int(parts[0]) == int(parts[1]):
        raise QuantityError(f"“{text}” is no pair of channels; write two different numbers with a comma, for example “0,1”")
    return int(parts[0]), int(parts[1])


def channel_list(text: str, least: int, most: int) -> tuple[int, ...]:
    """From ``least`` to ``most`` channels, in their order: ``0,2,1`` → (0, 2, 1).

    Raises:
        QuantityError: anything else.
    """
    parts = [part.strip() for part in text.split(",")]
    if not least <= len(parts) <= most or not all(part.isdecimal() for part in parts):
        number = f"{least}" if least == most else f"{least} to {most}"
        example = ",".join(str(channel) for channel in range(least))
        raise QuantityError(f"“{text}” does not name {number} channels; write numbers with commas, for example “{example}”")
    return tuple(int(part) for part in parts)


def channel_delay(text: str) -> tuple[int, int]:
    """A channel and a signed delay in ps: ``1=-250`` or ``1=-0.25ns`` → (1, -250).

    Raises:
        QuantityError: anything else.
    """
    channel, equals, delay = (part.strip() for part in text.partition("="))
    if not equals or not channel.isdecimal():
        raise QuantityError(f"“{text}” is no delay of a channel; write its number and a time, for example “1=2.5ns” or “1=-250”")
    amount = delay.removeprefix("-").removeprefix("+")
    value_ps = int(amount) if amount.isdecimal() else picoseconds(amount)
    return int(channel), -value_ps if delay.startswith("-") else value_ps
