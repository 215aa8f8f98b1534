import pytest

from embedded.engine.errors import ClickHouseError
from embedded.engine.lexer import significant
from embedded.engine.settings import permitted, resetting_statement, setting_statement, settings_in
from embedded.engine.users import Limits, Role, User

_READER = User(role=Role.READER, password="", limits=Limits(max_execution_time=10, max_result_rows=100))
_ADMIN = User(role=Role.ADMIN, password="")


def test_settings_among_parameters() -> None:
    parameters = {"query": "x", "param_a": "1", "max_threads": "1", "session_id": "s", "user": "u", "custom.name": "2"}
    assert settings_in(parameters) == {"max_threads": "1", "custom.name": "2"}
    for name in ("a b", "a=1, b", "", "1a", "a'"):
        with pytest.raises(ClickHouseError, match="UNKNOWN_SETTING"):
            settings_in({name: "1"})


def test_readers_limits_can_only_be_lowered() -> None:
    assert permitted(_READER, {})["max_execution_time"] == "10"
    for asked, held in (
        ("3", "3"),
        ("11", "10"),
        ("0", "10"),
        ("-1", "10"),
        ("nan", "10"),
        ("inf", "10"),
        ("x", "10"),
        ("1e-3", "1e-3"),
    ):
        assert permitted(_READER, {"max_execution_time": asked})["max_execution_time"] == held
    assert "max_concurrent_queries" not in permitted(_READER, {})


@pytest.mark.parametrize(
    "name", ["readonly", "profile", "format_schema", "output_format_schema", "format_template_row", "max_memory_usage_for_user"]
)
def test_readers_may_not_set(name: str) -> None:
    with pytest.raises(ClickHouseError, match="READONLY"):
        permitted(_READER, {name: "0"})


def test_readers_may_set_the_form_of_answers() -> None:
    assert permitted(_READER, {"output_format_json_quote_64bit_integers": "1"})["output_format_json_quote_64bit_integers"] == "1"
    assert "readonly" not in permitted(_READER, {"readonly": "1"})
    assert permitted(_ADMIN, {"readonly": "0", "x": "y"}) == {"readonly": "0", "x": "y"}


def test_statements_are_escaped() -> None:
    statement = setting_statement({"a": "1', readonly = '0", "b": "\\"})
    assert [token.text for token in significant(statement)] == ["SET", "a", "=", r"'1\', readonly = \'0'", ",", "b", "=", r"'\\'"]
    assert resetting_statement({"a": "1", "b": "2"}) == "SET a = DEFAULT, b = DEFAULT"
