"""Units as tables name them."""

import re
from collections.abc import Mapping

from producers.errors import MeasurementFileError

_TIME_PS: Mapping[str, float] = {"fs": 1e-3, "ps": 1.0, "ns": 1e3, "us": 1e6, "µs": 1e6, "ms": 1e9, "s": 1e12}
_QUANTITY = re.compile(r"(?P<number>[+-]?\d+(?:\.\d*)?(?:e[+-]?\d+)?)\s*(?P<unit>[a-zµμ]+)", re.IGNORECASE)
_IN_NAME = re.compile(r".*?(?:_|\s|[\[(])\s*(?P<unit>[a-zµμ]+)\s*[\])]?", re.IGNORECASE)


def time_unit_ps(unit: str, where: str) -> float:
    """Picoseconds in a unit of time.

    Raises:
        MeasurementFileError: an unknown one.
    """
    plain = unit.strip().replace("μ", "µ")
    if plain not in _TIME_PS:
        raise MeasurementFileError(f"{where}: “{unit}” is no unit of time; use one of {', '.join(_TIME_PS)}")
    return _TIME_PS[plain]


def unit_of_name(name: str) -> str | None:
    """The unit of time in a column's name, such as ``delay_ns`` or ``tau (ps)``; None where it names none."""
    match = _IN_NAME.fullmatch(name.strip())
    unit = match["unit"].replace("μ", "µ") if match else None
    return unit if unit in _TIME_PS else None


def seconds_of(text: str, name: str, where: str) -> float:
    """A time with its unit, such as ``10ns`` or ``5e-8 s``.

    Raises:
        MeasurementFileError: no number, or no unit of time.
    """
    match = _QUANTITY.fullmatch(text.strip())
    if match is None:
        raise MeasurementFileError(f"{where}: {name}={text} is no time; write a number and its unit, as 10ns")
    return float(match["number"]) * (time_unit_ps(match["unit"], where) / 1e12)
