import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.engine.errors import ClickHouseError
from embedded.engine.lexer import Kind, significant, tokens, unquoted


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT a,b", ["SELECT", "a", ",", "b"]),
        ("a--x\nb", ["a", "b"]),
        ("a//x\nb", ["a", "b"]),
        ("a # x\nb", ["a", "b"]),
        ("a/* 1 /* 2 */ 3 */b", ["a", "b"]),
        ("'a--b' c", ["'a--b'", "c"]),
        (r"'a\'b' c", [r"'a\'b'", "c"]),
        ("'a''b' c", ["'a''b'", "c"]),
        ("`a``b`.`c\\`d`", ["`a``b`", ".", "`c\\`d`"]),
        ('"a""b" x', ['"a""b"', "x"]),
        ("$$ 'x $$ y", ["$$ 'x $$", "y"]),
        ("$tag$ $$ $tag$ y", ["$tag$ $$ $tag$", "y"]),
        ("\u2018a'b\u2019 c", ["\u2018a'b\u2019", "c"]),
        ("a\u00a0b\ufeffc", ["a", "b", "c"]),
        ("1.5e-3 0xFF .5 1a t.1.2", ["1.5e-3", "0xFF", ".5", "1a", "t", ".1", ".2"]),
        ("x->y::Int8 a<>b", ["x", "->", "y", "::", "Int8", "a", "<>", "b"]),
        ("x'41'", ["x", "'41'"]),
    ],
)
def test_tokens(sql: str, words: list[str]) -> None:
    assert [token.text for token in significant(sql)] == words


@pytest.mark.parametrize("sql", ["'a", '"a', "`a", "/* a", "/* /* */", "'a\\'", "\u2018a", "$a$ x $b$", "$0$1$2$"])
def test_what_does_not_close_is_an_error(sql: str) -> None:
    with pytest.raises(ClickHouseError, match="not closed"):
        list(tokens(sql))


@given(st.text(alphabet="ab '\"`\\/*-#$\n\u2018\u2019\u201c.;(x", max_size=40))
def test_tokens_cover_everything_but_spaces(sql: str) -> None:
    try:
        found = list(tokens(sql))
    except ClickHouseError:
        return
    at = 0
    for token in found:
        assert not sql[at : token.start].strip(" \n")
        assert sql[token.start : token.end] == token.text
        at = token.end
    assert not sql[at:].strip(" \n")


def test_open_heredocs_are_looked_for_once() -> None:
    sql = "SELECT 1 " + "".join(f"$({number}" for number in range(1000)) + "$q$" + "".join(f"$z{n}$" for n in range(1000))
    with pytest.raises(ClickHouseError, match="not closed"):
        list(tokens(sql))
    assert [token.text for token in tokens("$(0$(1")] == ["$", "(", "0", "$", "(", "1"]


def test_names_and_keywords() -> None:
    bare, quoted, word = significant('select `a``b` "select"')
    assert (bare.upper, quoted.upper, word.upper) == ("SELECT", "", "")
    assert [unquoted(token) for token in (bare, quoted, word)] == ["select", "a`b", "select"]
    assert word.kind is Kind.IDENTIFIER
