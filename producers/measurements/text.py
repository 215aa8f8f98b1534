"""Text files as instruments leave them: packed or not, with or without a byte order mark."""

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path

from producers.errors import MeasurementFileError

_GZIP = b"\x1f\x8b"
_HEAD_BYTES = 1 << 14
_MOST_BYTES = 1 << 28
"""A measurement is small; a file beyond this is something else, or made to fill the memory."""


@dataclass(frozen=True, slots=True)
class Head:
    """The first bytes of a file, unpacked; ``suffix`` is that of the name without ``.gz``, lower case."""

    path: Path
    suffix: str
    bytes: bytes

    @property
    def lines(self) -> tuple[str, ...]:
        """Lines with something in them, as far as they were read whole; none where the file is no text."""
        try:
            text = self.bytes.decode("utf-8-sig", errors="strict" if len(self.bytes) < _HEAD_BYTES else "ignore")
        except UnicodeDecodeError:
            return ()
        lines = text.splitlines() if len(self.bytes) < _HEAD_BYTES else text.splitlines()[:-1]
        return tuple(line for line in lines if line.strip())


def read_head(path: Path) -> Head:
    """
    Raises:
        MeasurementFileError: it cannot be opened, is empty or a folder.
    """
    suffix = (path.with_suffix("") if path.suffix.lower() == ".gz" else path).suffix.lower()
    return Head(path, suffix, _read(path, _HEAD_BYTES))


def read_text(path: Path) -> str:
    """The whole file as text.

    Raises:
        MeasurementFileError: it cannot be opened, is empty, no text, or larger than a measurement can be.
    """
    content = _read(path, _MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise MeasurementFileError(f"{path}: more than {_MOST_BYTES >> 20} MiB of text; cut it into parts")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MeasurementFileError(
            f"{path}: not a text file (byte {error.start} is {content[error.start]:#x}); save it as UTF-8 text"
        ) from error


def _read(path: Path, most: int) -> bytes:
    if path.is_dir():
        raise MeasurementFileError(f"{path}: a folder; name one file")
    try:
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP
            file.seek(0)
            if packed:
                with gzip.open(file) as unpacked:
                    content = unpacked.read(most)
            else:
                content = file.read(most)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise MeasurementFileError(f"{path}: damaged gzip file ({error}); copy it anew") from error
    except OSError as error:
        raise MeasurementFileError(f"{path}: cannot be opened ({error.strerror or error}); check the name") from error
    if not content.strip():
        raise MeasurementFileError(f"{path}: empty; the measurement was never written, or its copy failed")
    return content
