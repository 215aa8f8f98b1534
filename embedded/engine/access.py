"""Who asks: the user that a request's headers or address name. One way of naming at a time, as ClickHouse's server has it."""

import binascii
from base64 import b64decode

from embedded.engine.errors import ClickHouseError, ErrorCode
from embedded.engine.http_messages import Head
from embedded.engine.users import User, Users


def authenticated(users: Users, head: Head) -> User:
    """Raises REQUIRED_PASSWORD where nobody is named, AUTHENTICATION_FAILED where the name or password is wrong."""
    named = [pair for pair in (_from_headers(head), _from_basic(head), _from_address(head)) if pair]
    if not named:
        raise ClickHouseError.of(
            ErrorCode.REQUIRED_PASSWORD, "default: Authentication failed: name a user and give the password."
        )
    if len(named) > 1:
        raise ClickHouseError.of(
            ErrorCode.AUTHENTICATION_FAILED, "Invalid authentication: more than one way of naming the user is used"
        )
    name, password = named[0]
    user = users.authenticate(name, password)
    if user is None:
        raise ClickHouseError.of(
            ErrorCode.AUTHENTICATION_FAILED,
            f"{name}: Authentication failed: password is incorrect, or there is no user with such name.",
        )
    return user


def _from_headers(head: Head) -> tuple[str, str] | None:
    if "x-clickhouse-user" not in head.headers and "x-clickhouse-key" not in head.headers:
        return None
    return _text(head.headers.get("x-clickhouse-user", "default")), _text(head.headers.get("x-clickhouse-key", ""))


def _from_basic(head: Head) -> tuple[str, str] | None:
    if "authorization" not in head.headers:
        return None
    scheme, _, token = head.headers["authorization"].partition(" ")
    try:
        name, _, password = b64decode(token.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        scheme = ""
    if scheme.lower() != "basic":
        raise ClickHouseError.of(ErrorCode.AUTHENTICATION_FAILED, "Invalid authentication: only Basic is understood here")
    return name, password


def _from_address(head: Head) -> tuple[str, str] | None:
    if "user" not in head.parameters and "password" not in head.parameters:
        return None
    return head.parameters.get("user", "default"), head.parameters.get("password", "")


def _text(header: str) -> str:
    return header.encode("latin-1").decode("utf-8", "replace")
