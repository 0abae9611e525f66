"""What a call writes is split and spelled as it stands there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolformer.tools.parameters.written import Written, split


@pytest.mark.parametrize(
    ("text", "characters"),
    [
        (r'"say \"hi\""', 'say "hi"'),
        (r"'it\'s'", "it's"),
        (r'"caf\u00e9 \ud83d\ude00"', "café 😀"),
        ("'it's'", "'it's'"),
        ("'a' 'b'", "'a' 'b'"),
        ("'", "'"),
        ("b'x'", "b'x'"),
    ],
)
def test_quotes_are_taken_off_where_they_enclose_all(text: str, characters: str) -> None:
    assert Written(text).characters == characters


def test_a_quote_inside_a_word_holds_nothing_together() -> None:
    assert split("it's, isn't it") == ["it's", " isn't it"]
    assert split("f(a, b), 'c, d', {e, f}") == ["f(a, b)", " 'c, d'", " {e, f}"]
    assert split("a) b, (c") == ["a) b", " (c"]


@given(st.text(alphabet="a,'\"[](){}:\\ 1.=", max_size=40))
def test_no_piece_is_lost(text: str) -> None:
    assert ",".join(split(text)) == text
