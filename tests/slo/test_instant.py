import pytest

from slo.instant import NS, Form, instant_ns, instant_text


@pytest.mark.parametrize(
    ("text", "nanoseconds", "form", "again"),
    [
        ("1767225600", 1767225600 * NS, Form.EPOCH, 1767225600),
        (" 1767225600.25 ", 1767225600 * NS + NS // 4, Form.EPOCH, "1767225600.25"),
        ("-5", -5 * NS, Form.EPOCH, -5),
        ("2026-01-01", 1767225600 * NS, Form.ISO, "2026-01-01T00:00:00Z"),
        ("2026-01-01T01:00:00.5+01:00", 1767225600 * NS + NS // 2, Form.ISO, "2026-01-01T00:00:00.5Z"),
        ("2026-01-01 00:00:00Z", 1767225600 * NS, Form.ISO, "2026-01-01T00:00:00Z"),
    ],
)
def test_as_people_and_programs_write_them(text: str, nanoseconds: int, form: Form, again: str | int) -> None:
    assert instant_ns(text) == (nanoseconds, form)
    assert instant_text(nanoseconds, form) == again


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("soon", "neither ISO 8601"),
        ("", "neither ISO 8601"),
        ("nan", "too far away"),
        ("1e300", "too far away"),
        ("9" * 12, "too far away"),
        ("0.0000000001", "finer than a nanosecond"),
        ("2026-01-01T00:00:00.1234567Z", "finer than a microsecond"),
    ],
)
def test_what_is_no_instant(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        instant_ns(text)
