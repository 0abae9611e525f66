"""A turn keeps what came of a prompt, whole or stopped."""

from tests.cli.repl.sessions import session
from toolformer.cli.repl.tracing import trace
from toolformer.infer.writing.transcript import final


def test_a_turn_holds_the_answer_that_decoding_returns() -> None:
    with session() as made:
        pieces = list(made.answer("3 and 4 is"))
        [turn] = made.turns
    assert turn.answer is not None
    assert tuple(turn.segments) == turn.answer.segments
    assert "".join(each.text for each in final(iter(pieces))) == turn.answer.annotated


def test_a_failed_call_is_no_segment_and_is_never_settled() -> None:
    with session() as made:
        pieces = list(made.answer("1 by 0 is"))
        [turn] = made.turns
    assert [each.text for each in turn.segments] == [" nothing."]
    assert "".join(each.text for each in final(iter(pieces))) == " nothing."
    assert [event.error for event in turn.events] == ["Cannot divide by zero in '1 / 0'."]


def test_a_turn_that_is_stopped_keeps_what_came_but_no_call_without_its_output() -> None:
    with session() as made:
        answer = made.answer("3 and 4 is")
        next(answer)  # the call as it forms
        answer.close()
        [turn] = made.turns
    assert turn.answer is None
    assert turn.segments == []
    assert turn.row()["finish"] == "stopped"
    assert trace(turn).endswith("in all, when it was stopped in [Calculator(.")


def test_the_clock_tells_the_first_piece_and_the_whole() -> None:
    with session() as made:  # its clock goes on by a second each time
        list(made.answer("on and on"))
        [turn] = made.turns
    assert (turn.first_s, turn.seconds) == (1.0, 2.0)
