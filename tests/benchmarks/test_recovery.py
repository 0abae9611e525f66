from decimal import Decimal

import pytest

from benchmarks.recovery import (
    FoundCall,
    following_number,
    is_at,
    is_precise,
    is_same_calculation,
    number,
    operands,
    recovers,
    rule_calls,
)
from recipes.gsm8k import Mark, read_solution

TEXT = "So 48/2 = $24 clips."


@pytest.mark.parametrize(
    ("position", "is_there"),
    [
        (9, True),  # at the end of "="
        (10, True),  # after the space
        (11, True),  # after the "$"
        (7, False),  # before "=": more than a space lies between
        (12, False),  # after the result has begun
    ],
)
def test_a_place_has_only_space_and_currency_between_it_and_the_mark(
    position: int, is_there: bool
) -> None:
    assert is_at(position, Mark(11, "48/2", "24"), text=TEXT) is is_there


@pytest.mark.parametrize(
    ("arguments", "output", "is_same"),
    [
        ("48/2", "24", True),
        ("48 / 2", "24", True),
        ("$48 ÷ 2", "24", True),
        ("48/2", "24.0", True),
        ("12*2", "24", False),  # the right value of other operands
        ("48*2", "96", False),  # the right operands, another value
        ("48/2", "", False),  # nothing came back
    ],
)
def test_a_calculation_is_the_same_by_value_and_operands(
    arguments: str, output: str, is_same: bool
) -> None:
    call = FoundCall(9, arguments, output)
    assert is_same_calculation(call, Mark(11, "48/2", "24")) is is_same


def test_the_order_of_operands_does_not_matter() -> None:
    assert is_same_calculation(FoundCall(0, "7 x 5", "35"), Mark(0, "5*7", "35"))


def test_a_marks_value_counts_to_two_decimals() -> None:
    assert is_same_calculation(FoundCall(0, "10/3", "3.33"), Mark(0, "10/3", "3.3333"))
    assert is_same_calculation(FoundCall(0, "3*1", "3"), Mark(0, "3*1", "3.00"))


def test_a_percentage_is_the_same_operand_in_every_spelling() -> None:
    expected = [Decimal("0.2"), Decimal(50)]
    for spelling in ("20% * 50", "20*.01*50", "20 x 0.01 x 50", "20/100*50", "50 × 20%", "0.20*50"):
        assert operands(spelling) == expected, spelling


def test_operands_may_have_thousands_separators_and_be_bare_decimals() -> None:
    assert operands("$1,400 - .5") == [Decimal("0.5"), Decimal(1400)]


def test_the_operand_100_stays_where_nothing_is_divided_by_it() -> None:
    assert operands("100+20") == [Decimal(20), Decimal(100)]
    assert operands("300/1000") == [Decimal(300), Decimal(1000)]


def test_a_mark_is_recovered_only_at_its_place() -> None:
    mark = Mark(11, "48/2", "24")
    assert recovers(FoundCall(9, "48/2", "24"), mark, text=TEXT)
    assert not recovers(FoundCall(2, "48/2", "24"), mark, text=TEXT)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("48/2 = 24", [(6, "48/2", "24")]),
        ("He has 3 * (2 + 4)= $18.", [(19, "3 * (2 + 4)", "18")]),
        ("5 x $20.50 = 102.5", [(12, "5 x $20.50", "102.5")]),
        ("(4 + 5) = 9", [(9, "(4 + 5)", "9")]),
        ("20% * 50 = 10", [(10, "20% * 50", "10")]),
        ("1+1=2 and 2+2=4", [(4, "1+1", "2"), (14, "2+2", "4")]),
        ("5 boys + 7 girls = 12", []),  # words between: the rule does not know
        ("x = 5", []),  # nothing is worked out
        ("7 = 7", []),
        ("4 / 0 = ?", []),  # the calculator refuses
    ],
)
def test_the_rule_finds_expressions_in_figures_left_of_an_equals_sign(
    text: str, expected: list[tuple[int, str, str]]
) -> None:
    found = [(call.position, call.arguments, call.output) for call in rule_calls(text)]
    assert found == expected


def test_the_rule_stands_where_a_human_put_the_mark() -> None:
    solution = read_solution("Natalia sold 48/2 = <<48/2=24>>24 clips in May.\n#### 24")
    [call] = rule_calls(solution.text)
    assert recovers(call, solution.marks[0], text=solution.text)


def test_the_number_that_follows_is_the_first_one_after_the_place() -> None:
    assert following_number(TEXT, 9) == 24
    assert following_number("about 1,400.50 or 3", 0) == Decimal("1400.50")
    assert following_number(TEXT, 14) is None


@pytest.mark.parametrize(
    ("position", "output", "precise"), [(9, "24", True), (9, "25", False), (2, "24", False)]
)
def test_a_call_is_precise_when_its_output_follows(
    position: int, output: str, precise: bool
) -> None:
    assert is_precise(FoundCall(position, "48/2", output), text=TEXT) is precise


@pytest.mark.parametrize(
    ("text", "value"),
    [("24", 24), ("$1,400.00", 1400), ("-3.5", Decimal("-3.5")), ("20.", 20), ("1/2", None)],
)
def test_a_number_is_read_as_people_write_it(text: str, value: Decimal | None) -> None:
    assert number(text) == value
