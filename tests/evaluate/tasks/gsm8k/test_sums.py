"""What a mark says as arithmetic."""

from fractions import Fraction

import pytest

from toolformer.evaluate.tasks.gsm8k.sums import read_sum


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("48/2", Fraction(24)),
        ("(2+3)*4-1", Fraction(19)),
        ("$1,200+.5", Fraction(2401, 2)),
        ("20%*50", Fraction(10)),
        ("2x3", Fraction(6)),
        ("2^3", Fraction(8)),
        ("-5+8", Fraction(3)),
        ("10/3", Fraction(10, 3)),
    ],
)
def test_a_mark_is_worked_out_exactly(expression: str, value: Fraction) -> None:
    read = read_sum(expression)
    assert read is not None
    assert read.value == value


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "y",
        "3 apples",
        "1/0",
        "2**99",
        "2**.5",
        "(" * 300 + "1",
        "__import__('os')",
        "1 if 2 else 3",
    ],
)
def test_what_is_not_arithmetic_is_not_read(expression: str) -> None:
    assert read_sum(expression) is None


@pytest.mark.parametrize(
    ("expression", "counted", "degree"),
    [
        ("48/2", {48}, 1),
        ("48/2", {48, 2}, 0),
        ("48/2", {2}, -1),
        ("48+2", {48}, None),
        ("48*2", {48, 2}, 2),
        ("48*2-7", {48, 7}, 1),
        ("48^2", {48}, None),
    ],
)
def test_degrees_follow_the_operations(
    expression: str, counted: set[int], degree: int | None
) -> None:
    read = read_sum(expression)
    assert read is not None
    assert (
        read.degree({number: int(number in counted) for number in read.numbers.values()}) == degree
    )
