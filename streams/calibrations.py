"""What is known of each device by calibration: efficiencies, dead times, responses; versioned, each with the time it holds for.

A site's file, read at start. An estimate that used a value names the version among its parameters; after a change history is
computed anew with the new file, and stands beside the old.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import yaml

from schemas.ids import DeviceId
from schemas.records import Parameter
from streams.errors import StreamsError


class CalibrationError(StreamsError):
    """A file of calibrations that cannot be read, or contradicts itself."""


class Calibration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Values of one device from ``valid_from`` until ``valid_to`` (None: until further notice)."""

    device: DeviceId
    version: str
    values: dict[str, float]
    valid_from: datetime = datetime.fromtimestamp(0, UTC)
    valid_to: datetime | None = None

    def holds_at(self, unix_s: int) -> bool:
        return self.valid_from.timestamp() <= unix_s and (self.valid_to is None or unix_s < self.valid_to.timestamp())


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    calibrations: tuple[Calibration, ...]


class Calibrations:
    """All of them; at any time at most one of a device holds."""

    def __init__(self, known: Sequence[Calibration] = ()) -> None:
        """
        Raises:
            CalibrationError: two of one device hold at once.
        """
        self._of: dict[DeviceId, list[Calibration]] = {}
        for one in sorted(known, key=lambda each: each.valid_from.timestamp()):
            earlier = self._of.setdefault(one.device, [])
            if earlier and (earlier[-1].valid_to is None or earlier[-1].valid_to.timestamp() > one.valid_from.timestamp()):
                raise CalibrationError(
                    f"{one.device}: {one.version} begins before {earlier[-1].version} ends; give that one a valid_to"
                )
            earlier.append(one)

    @classmethod
    def load(cls, path: Path) -> "Calibrations":
        """
        Raises:
            CalibrationError: not readable, not of this shape, or contradicting itself.
        """
        try:
            found = msgspec.convert(yaml.safe_load(path.read_text("utf-8")), _File)
        except (OSError, UnicodeDecodeError, yaml.YAMLError, msgspec.ValidationError) as error:
            raise CalibrationError(f"{path}: {error}; write calibrations: [{{device, version, values}}, …]") from error
        return cls(found.calibrations)

    def at(self, device: DeviceId, unix_s: int) -> Mapping[str, Parameter]:
        """The values that hold, with ``calibration`` = the version; empty where nothing is known."""
        for one in self._of.get(device, ()):
            if one.holds_at(unix_s):
                return {**one.values, "calibration": one.version}
        return {}
