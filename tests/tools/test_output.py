"""Whatever a tool returns becomes one short line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolformer.tools.output import MAX_OUTPUT, fold


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("  a\r\n\tb \u2028 c\x00d\x1b[0m ", "a b c d [0m"),
        (None, ""),
        (24.0, "24"),
        (0.29, "0.29"),
        (1e300, "1e+300"),
        (float("nan"), "nan"),
        (True, "True"),
        ([1, "é"], '[1, "é"]'),
        ({"a": [1]}, '{"a": [1]}'),
        (b"caf\xc3\xa9", "café"),
        ("\ud800", "?"),
    ],
)
def test_a_value_is_written(value: object, text: str) -> None:
    assert fold(value) == text


def test_a_long_output_is_cut() -> None:
    assert fold("x" * 501) == "x" * 500
    assert fold("a " * 400) == ("a " * 250).rstrip()


def test_of_ten_megabytes_the_first_hundred_thousand_characters_are_read() -> None:
    assert len(fold("word\n" * 2_000_000)) == 499
    assert fold("a" + " " * 99_998 + "b" + "c" * 10_000_000) == "a b"
    assert fold("a" + " " * 99_999 + "b" + "c" * 10_000_000) == "a"


@given(st.text())
def test_the_line_is_short_printable_as_utf8_and_folding_it_again_changes_nothing(
    text: str,
) -> None:
    line = fold(text)
    assert len(line) <= MAX_OUTPUT
    assert line.splitlines() in ([], [line])
    assert fold(line) == line
    line.encode("utf-8")
