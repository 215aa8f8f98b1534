"""One contract for every reader of such files."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from producers.measurements.text import Head


class ReaderOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person must or may say of a file, because it does not say it itself. Units stand in the names or in the values."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a file held: one or more records of one kind, in the order of the file; ``notes`` say what was assumed."""

    data: tuple[object, ...]
    format: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """``read`` gets the path and an instance of ``options``, and raises ``MeasurementFileError``.

    ``yields`` are the kinds of record that it can make. ``recognises`` judges by the first bytes and the name alone; where
    several readers recognise a file, the first in the registry has it.
    """

    name: str
    summary: str
    yields: tuple[type, ...]
    options: type[ReaderOptions]
    recognises: Callable[[Head], bool]
    read: Callable[[Path, Any], Content]

    @property
    def option_names(self) -> tuple[str, ...]:
        return tuple(each.name for each in msgspec.structs.fields(self.options))
