"""Settings in a request's address: which names are settings, what a reader may set, and the statements that set them."""

import re
from collections.abc import Mapping

import msgspec

from embedded.engine.errors import ClickHouseError, ErrorCode
from embedded.engine.statement import quoted
from embedded.engine.users import Limits, Role, User

# Names in the address that say how to serve the request, as ClickHouse's HTTP handler reserves them.
_RESERVED = frozenset({
    "query", "database", "default_format", "user", "password", "quota_key", "query_id", "stacktrace", "role", "compress",
    "decompress", "buffer_size", "wait_end_of_query", "session_id", "session_timeout", "session_check", "close_session",
    "client_protocol_version", "enable_http_compression", "http_zlib_compression_level", "send_progress_in_http_headers",
    "http_headers_progress_interval_ms", "add_http_cors_header", "cancel_http_readonly_queries_on_client_close", "log_comment",
})  # fmt: skip
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
# Nothing here names a file, raises a limit, or reaches beyond the form of the answer.
_READER_MAY_SET = re.compile(
    r"output_format_(?!.*(schema|path|file|template)).*|format_csv_delimiter|format_tsv_null_representation|format_csv_null_representation"
    r"|date_time_(in|out)put_format|session_timezone|use_client_time_zone|join_use_nulls|extremes|limit|offset|final"
    r"|(result|timeout|read|group_by|distinct|sort)_overflow_mode|max_block_size|prefer_column_name_to_alias"
    r"|cast_string_to_dynamic_use_inference|aggregate_functions_null_for_empty|transform_null_in|empty_result_for_aggregation_by_empty_set"
    r"|http_.*|receive_timeout|send_timeout|connect_timeout|wait_end_of_query|async_insert|wait_for_async_insert"
)
_LIMITED = frozenset(Limits.__struct_fields__) - {"max_concurrent_queries", "max_body_bytes"}


def settings_in(parameters: Mapping[str, str]) -> dict[str, str]:
    """The engine's settings among a request's parameters. Raises UNKNOWN_SETTING at a name that cannot be one."""
    found = {name: value for name, value in parameters.items() if name not in _RESERVED and not name.startswith("param_")}
    for name in found:
        if not _NAME.fullmatch(name):
            raise ClickHouseError.of(ErrorCode.UNKNOWN_SETTING, f"Setting {name!r} is neither a builtin setting nor a parameter")
    return found


def permitted(user: User, settings: Mapping[str, str]) -> dict[str, str]:
    """What is set for this user's statement: a reader's limits can only be lowered, and only harmless settings changed.

    Raises READONLY as the server does for a setting that a reader may not change.
    """
    if user.role is Role.ADMIN:
        return dict(settings)
    result = {name: str(value) for name, value in msgspec.structs.asdict(user.limits).items() if name in _LIMITED}
    for name, value in settings.items():
        if name in _LIMITED:
            result[name] = _lower(value, result[name])
        elif _READER_MAY_SET.fullmatch(name):
            result[name] = value
        elif (name, value) != ("readonly", "1"):
            raise ClickHouseError.of(ErrorCode.READONLY, f"Cannot modify {name!r} setting in readonly mode.")
    return result


def _lower(asked: str, limit: str) -> str:
    try:
        return asked if 0 < float(asked) <= float(limit) else limit
    except ValueError:
        return limit


def setting_statement(settings: Mapping[str, str]) -> str:
    return "SET " + ", ".join(f"{name} = {quoted(value)}" for name, value in settings.items())


def resetting_statement(settings: Mapping[str, str]) -> str:
    return "SET " + ", ".join(f"{name} = DEFAULT" for name in settings)
