"""Errors of the engine's room: the endpoint's own, and ClickHouse's, which carry a code and an HTTP status."""

import re
from enum import IntEnum

from embedded.errors import EmbeddedError


class EngineError(EmbeddedError):
    """The endpoint cannot start."""


class ErrorCode(IntEnum):
    """ClickHouse's error codes that the endpoint itself raises."""

    BAD_ARGUMENTS = 36
    CHECKSUM_DOESNT_MATCH = 40
    NOT_IMPLEMENTED = 48
    SYNTAX_ERROR = 62
    CANNOT_OPEN_FILE = 76
    UNKNOWN_TYPE_OF_QUERY = 78
    UNKNOWN_COMPRESSION_METHOD = 89
    UNKNOWN_SETTING = 115
    INCORRECT_DATA = 117
    READONLY = 164
    REQUIRED_PASSWORD = 194
    TOO_MANY_SIMULTANEOUS_QUERIES = 202
    SOCKET_TIMEOUT = 209
    QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING = 216
    QUERY_IS_TOO_LARGE = 229
    NOT_ENOUGH_SPACE = 243
    CANNOT_DECOMPRESS = 271
    INTO_OUTFILE_NOT_ALLOWED = 358
    SESSION_NOT_FOUND = 372
    SESSION_IS_LOCKED = 373
    INVALID_SESSION_TIMEOUT = 374
    HTTP_LENGTH_REQUIRED = 381
    BAD_REQUEST_PARAMETER = 408
    ACCESS_DENIED = 497
    SET_NON_GRANTED_ROLE = 512
    AUTHENTICATION_FAILED = 516
    UNKNOWN_EXCEPTION = 1002


# As ClickHouse's server maps them; every other code is 500.
_STATUS = {
    **dict.fromkeys(
        (6, 8, 15, 25, 26, 27, 36, 37, 38, 41, 44, 53, 62, 72, 117, 123, 167, 168, 223, 321, 376, 427, 441, 675, 676), 400
    ),
    194: 401,
    **dict.fromkeys((192, 193, 497, 512, 516), 403),
    **dict.fromkeys((46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 152, 336, 511), 404),
    159: 408,
    381: 411,
    229: 413,
    779: 415,
    48: 501,
    **dict.fromkeys((76, 209, 439), 503),
}
_CODE = re.compile(r"Code: (\d+)\. ")
_REPEATED = re.compile(r"^(Code: \d+\. DB::Exception: )(?=Code: \d+\. DB::Exception: )")


class ClickHouseError(Exception):
    """A statement or request that ClickHouse refuses: its code, and the text that a client is told."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text

    @classmethod
    def of(cls, code: ErrorCode, message: str) -> "ClickHouseError":
        return cls(code, f"Code: {code}. DB::Exception: {message} ({code.name})")

    @classmethod
    def told_by_engine(cls, message: str) -> "ClickHouseError":
        """From the engine's own text, which names the code first."""
        found = _CODE.search(message)
        text = message[found.start() :] if found else f"Code: 1002. DB::Exception: {message} (UNKNOWN_EXCEPTION)"
        return cls(int(found.group(1)) if found else ErrorCode.UNKNOWN_EXCEPTION, _REPEATED.sub("", text).strip())

    @property
    def status(self) -> int:
        return _STATUS.get(self.code, 500)
