"""Which rows are drawn: so many, not too long, not all of one function, each refusal counted."""

from tests.studies.api_bank.given import WANTED, alarms, row
from toolformer.studies.api_bank.draw import (
    NO_CALL,
    OVER_FUNCTION,
    OVER_ROWS,
    TOO_LONG,
    draw_rows,
)


def test_a_draw_follows_from_rows_and_seed_and_not_from_their_order() -> None:
    rows = alarms(40)
    drawn = draw_rows(rows, 10, seed=0)
    again = draw_rows(rows[::-1], 10, seed=0)
    assert {each.id for each in drawn.rows} == {each.id for each in again.rows}
    assert {each.id for each in draw_rows(rows, 10, seed=1).rows} != {
        each.id for each in drawn.rows
    }
    assert drawn.left_out == {OVER_ROWS: 30}
    assert [rows.index(each) for each in drawn.rows] == sorted(map(rows.index, drawn.rows))


def test_more_rows_hold_the_fewer() -> None:
    few, many = (draw_rows(alarms(40), count, seed=3).rows for count in (5, 20))
    assert {each.id for each in few} < {each.id for each in many}


def test_what_is_not_taken_has_a_reason() -> None:
    rows = [*alarms(6), *WANTED, row(90, "no call"), row(91, "[Now()]", said="x" * 999)]
    drawn = draw_rows(rows, 7, seed=0, max_characters=900, max_per_function=3, called_only=True)
    assert drawn.left_out[NO_CALL] == 1
    assert drawn.left_out[TOO_LONG] == 1
    names = [each.function_names[0] for each in drawn.rows]
    assert names.count("SetAlarm") <= 3
    assert len(drawn.rows) + sum(drawn.left_out.values()) == len(rows)
    assert drawn.left_out[OVER_FUNCTION] > 0
