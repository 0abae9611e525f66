"""The Calculator: sums worked by hand, and inputs that must not hurt."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolformer.errors import ToolError
from toolformer.tools.builtin.calculator import calculator, evaluate


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("10 - 5 - 2", "3"),
        ("100 / 10 / 2", "5"),
        ("2 + 3 * 4", "14"),
        ("(2 + 3) * 4", "20"),
        ("2 ** 3 ** 2", "512"),
        ("2^10", "1024"),
        ("-3 + 5", "2"),
        ("4 * -2", "-8"),
        ("-(2 + 3)", "-5"),
        ("-2 ** 2", "-4"),
        ("48/2", "24"),
        ("1/2", "0.5"),
        (".5 + 5.", "5.5"),
        ("400 / 1400", "0.29"),
        ("1,400 * 2", "2800"),
        ("1,234,567.89 + 0", "1234567.89"),
        ("$1,400.50 x 2", "2801"),
        ("€3 + £4", "7"),
        ("29%", "0.29"),
        ("29% * 1,400", "406"),
        ("400 / 50%", "800"),
        ("(20 + 9)% * 100", "29"),
        ("3 × 4", "12"),
        ("3x4", "12"),
        ("3 X 4", "12"),
        ("12 ÷ 4", "3"),
        ("5 \u2212 3", "2"),
        ("5 \u2013 3", "2"),
        ("7", "7"),
        ("12 + 3 =", "15"),
        ("  6*7  ", "42"),
        ("24.0", "24"),
        ("2.50 + 0", "2.5"),
        ("0 x 10", "0"),
        ("10x4", "40"),
        ("007 + 1", "8"),
        ("\u0661\u0662 + 3", "15"),  # Arabic-Indic digits
    ],
)
def test_an_expression_has_the_value_worked_by_hand(expression: str, value: str) -> None:
    assert evaluate(expression) == value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("0.1 + 0.2", "0.3"),
        ("2.675 * 1", "2.68"),  # 2.67 where 2.675 is a binary float
        ("1 / 3 * 3", "1"),
        ("123456789 * 987654321", "121932631112635269"),  # beyond the digits of a float
        ("0 - 0.001", "0"),  # not -0
        ("10 ** 20 + 0.5", "100000000000000000000.5"),  # not 1e+20
        ("10 ** 55 + 1 - 10 ** 55", "1"),  # not 0
        ("(1 / 3 * 3 - 1) * 10 ** 29 * 10 ** 29", "0"),  # not -100000000
    ],
)
def test_arithmetic_is_decimal_and_without_exponents(expression: str, value: str) -> None:
    assert evaluate(expression) == value


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("1/0", "Cannot divide by zero in '1/0'."),
        ("0/0", "Cannot divide by zero in '0/0'."),
        ("0 ** -1", "Cannot divide by zero in '0 ** -1'."),
        ("9**9**9", "The result of '9**9**9' is too large a number."),
        ("10 ** 30", "The result of '10 ** 30' is too large a number."),
        ("(-8) ** 0.5", "'(-8) ** 0.5' has no value among the real numbers."),
        ("", "Cannot read '' as arithmetic"),
        ("3 4", "Cannot read '3 4' as arithmetic"),
        ("2 (3)", "Cannot read '2 (3)' as arithmetic"),
        ("10 % 3", "Cannot read '10 % 3' as arithmetic"),
        ("%", "Cannot read '%' as arithmetic"),
        ("(1 + 2", "Cannot read '(1 + 2' as arithmetic"),
        ("1 + 2)", "Cannot read '1 + 2)' as arithmetic"),
        ("()", "Cannot read '()' as arithmetic"),
        ("3 x", "Cannot read '3 x' as arithmetic"),
        ("1e5", "Cannot read '1e5' as arithmetic"),
        ("1,40", "Cannot read '1,40' as arithmetic"),
        ("1,4000", "Cannot read '1,4000' as arithmetic"),
        ("hundred", "Cannot read 'hundred' as arithmetic"),
        ("__import__('os')", "Cannot read \"__import__('os')\" as arithmetic"),
        ("'a' * 9", "Cannot read \"'a' * 9\" as arithmetic"),
        ("1 if 2 else 3", "Cannot read '1 if 2 else 3' as arithmetic"),
        ("5 // 2", "Cannot read '5 // 2' as arithmetic"),
        ("0x10", "Cannot read '0x10' as arithmetic"),  # sixteen, or 0 times 10
        ("3 + 0X1F", "Cannot read '3 + 0X1F' as arithmetic"),
        ("0b11", "Cannot read '0b11' as arithmetic"),
        ("0,123", "Cannot read '0,123' as arithmetic"),  # a decimal comma
        ("1.5,2", "Cannot read '1.5,2' as arithmetic"),
        ("1.234.567", "Cannot read '1.234.567' as arithmetic"),
        ("1.234,5", "Cannot read '1.234,5' as arithmetic"),
        ("1,00,000", "Cannot read '1,00,000' as arithmetic"),
        ("1 000", "Cannot read '1 000' as arithmetic"),
        ("1'000", 'Cannot read "1\'000" as arithmetic'),
        ("1_000", "Cannot read '1_000' as arithmetic"),
        ("2\u00b2", "Cannot read '2\u00b2' as arithmetic"),
        ("1\u00bd", "Cannot read '1\u00bd' as arithmetic"),
    ],
)
def test_what_has_no_value_is_a_tool_error_that_says_why(expression: str, message: str) -> None:
    with pytest.raises(ToolError) as error:
        evaluate(expression)
    assert str(error.value).startswith(message)


MAX_STEPS = 20_000  # calls of functions; the longest readable expression takes about a third


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("9**9**9", "is too large a number"),
        ("9**9**9**9", "is too large a number"),
        ("1" * 100_000, "Calculator was given 100,000 characters; at most 10,000 are read."),
        ("1+" * 50_000 + "1", "Calculator was given 100,001 characters; at most 10,000 are read."),
        ("(" * 50_000, "Calculator was given 50,000 characters; at most 10,000 are read."),
        ("1" * 501, "The expression has 501 characters; at most 500 are read."),
        ("(" * 249 + "1" + ")" * 249, "Cannot read '((("),
        ("1/0", "Cannot divide by zero"),
        ("1.0000001**999999999", "is too large a number"),
        ("(((9**9)**9)**9)**9", "is too large a number"),
        ("9**0.123456789**99999", "1"),
        ("-" * 499 + "1", "Cannot read '---"),
        ("1+" * 249 + "1", "250"),
    ],
)
def test_a_hostile_expression_is_answered_in_few_steps(expression: str, message: str) -> None:
    calculator.execute("1")  # simpleeval is imported at the first call
    answer = ""
    with counting_calls() as steps:
        try:
            answer = calculator.execute(expression)
        except ToolError as error:
            answer = str(error)
    assert message in answer
    assert len(answer) < 200
    assert steps[0] < MAX_STEPS


@contextmanager
def counting_calls() -> Iterator[list[int]]:
    """Counts the functions that are called, Python's own included."""
    calls = [0]

    def count(_frame: object, event: str, _what: object) -> None:
        calls[0] += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(None)


NUMBERS = st.integers(0, 9999)


@given(NUMBERS, st.lists(st.tuples(st.sampled_from("+-*/"), NUMBERS), max_size=5))
def test_the_value_is_that_of_exact_fractions(first: int, rest: list[tuple[str, int]]) -> None:
    expression = f"{first}" + "".join(f" {sign} {number}" for sign, number in rest)
    terms = [Fraction(first)]  # a sum of products, from left to right
    for sign, number in rest:
        match sign:
            case "+":
                terms.append(Fraction(number))
            case "-":
                terms.append(Fraction(-number))
            case "*":
                terms[-1] *= number
            case "/" if number:
                terms[-1] /= number
            case _:
                with pytest.raises(ToolError, match="divide by zero"):
                    evaluate(expression)
                return
    # half a hundredth, and what fifty digits leave of a third
    assert abs(Fraction(evaluate(expression)) - sum(terms)) <= Fraction(1, 200) + Fraction(1, 10**9)


@given(st.text("0123456789+-*/%().,$x÷ ", max_size=40))
def test_any_text_has_a_plain_number_or_is_a_tool_error(expression: str) -> None:
    try:
        value = evaluate(expression)
    except ToolError:
        return
    assert set(value) <= set("-0123456789.")
    assert Fraction(value) * 100 % 1 == 0


def test_the_settings_are_the_papers() -> None:
    assert (calculator.min_prob, calculator.gain_threshold) == (0.0, 0.5)
    assert (calculator.max_positions, calculator.samples) == (20, 10)


def test_the_words_after_each_exemplar_begin_with_the_result() -> None:
    assert 4 <= len(calculator.exemplars) <= 6
    for one in calculator.exemplars:
        assert one.after.lstrip(" $").startswith(f"{calculator.execute(one.arguments)} ")
