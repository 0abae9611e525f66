"""A model writes a call, its tool runs, and the model reads on."""

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import date

import pytest

from tests.infer.decoding import (
    CALL,
    GOES_ON,
    NAMES,
    PROMPT,
    answer_of,
    answers_to,
    executing,
    four,
    pieces_of,
    requests_of,
    scripted,
    texts_of,
)
from toolformer.calls import Segment, ToolCall
from toolformer.errors import ModelError
from toolformer.infer.answers import Answer, CallEvent, answer_row
from toolformer.infer.config import InferConfig
from toolformer.infer.decode import decode, stream
from toolformer.infer.request import Request
from toolformer.lm.scripted.streams import Continuation
from toolformer.tools.context import ToolContext
from toolformer.tools.result import ToolResult

SUM = ToolCall("Calculator", "2 + 2")
ANNOTATED = " [Calculator(2 + 2) -> 4] 4."


def test_a_call_gets_its_output_and_the_text_goes_on() -> None:
    answer = answer_of((PROMPT, CALL), GOES_ON)
    assert answer.segments == (
        Segment("call", " [Calculator(2 + 2)"),
        Segment("output", " -> 4]"),
        Segment("text", " 4."),
    )
    assert answer.events == (CallEvent(0, SUM, CALL, output="4", seconds=0.5),)
    assert (answer.prompt, answer.finish, answer.taken) == (PROMPT, "end", 0)


def test_the_tokens_that_were_fed_do_not_count() -> None:
    # The lead at once, then "2", " +", " 2" and ")"; after the call " 4" and "."
    assert answer_of((PROMPT, CALL), GOES_ON).tokens == 7


def test_a_position_leaves_earlier_calls_out() -> None:
    answer = answer_of(
        (PROMPT, f" so{CALL}"),
        ("-> 4]", " 4, today"),
        (", today", " [Calendar()"),
        ("-> May]", "."),
        say=lambda call: "May" if call.tool == "Calendar" else "4",
    )
    assert answer.annotated == " so [Calculator(2 + 2) -> 4] 4, today [Calendar() -> May]."
    assert [event.position for event in answer.events] == [len(" so"), len(" so 4, today")]


def test_the_model_never_writes_an_output() -> None:
    assert answer_of((PROMPT, f"{CALL} -> 5] 5."), GOES_ON).annotated == ANNOTATED


@pytest.mark.parametrize("end", [")]", ") ->", ")] and", ") -> 5] 5."])
def test_a_token_that_says_more_than_the_parenthesis_closes_the_call_too(end: str) -> None:
    merged = Continuation(PROMPT, (" [", "Calculator", "(", "2 + 2", end))
    assert answer_of(merged, GOES_ON).annotated == ANNOTATED


def test_a_call_that_the_model_spells_in_other_tokens_is_fed_in_its_own() -> None:
    model = scripted(Continuation(PROMPT, (" ", "[Calc", "ulator(2", " + 2)]")), GOES_ON)
    [answer] = answers_to(model, top_k_start=0)
    assert answer.annotated == ANNOTATED


def test_text_that_shares_a_token_with_the_marker_stays() -> None:
    model = scripted(Continuation(PROMPT, (" so. [Calculator(2", " + 2)")), GOES_ON)
    assert answers_to(model)[0].annotated == f" so.{ANNOTATED}"


def test_arguments_close_at_the_balancing_parenthesis() -> None:
    answer = answer_of((PROMPT, " [Calculator(2 * (1 + 1))"), GOES_ON)
    assert answer.events[0].call == ToolCall("Calculator", "2 * (1 + 1)")


def test_a_call_starts_by_rank_where_it_is_not_the_likeliest() -> None:
    script = [(PROMPT, " four."), (PROMPT, CALL), GOES_ON]
    assert answer_of(*script, top_k_start=1).annotated == " four."
    assert answer_of(*script, top_k_start=2).annotated == ANNOTATED


def test_no_call_starts_by_rank_behind_a_space() -> None:
    script = [(PROMPT, " "), (f"{PROMPT} ", "four."), (f"{PROMPT} ", CALL)]
    assert answer_of(*script, top_k_start=2).annotated == " four."


def test_no_call_starts_by_rank_where_its_lead_does_not_fit() -> None:
    script = [(PROMPT, " four."), (PROMPT, CALL)]
    answer = answer_of(*script, top_k_start=2, max_length=8)
    assert (answer.text, answer.events) == (" four.", ())


def test_by_rank_the_name_is_one_of_the_tools() -> None:
    script = [(PROMPT, " [1] one."), ("Calculator(", "2 + 2)"), GOES_ON]
    assert answer_of(*script, top_k_start=0).annotated == " [1] one."
    assert answer_of(*script, top_k_start=1).annotated == ANNOTATED


def test_a_drawn_call_counts_without_a_rank() -> None:
    answer = answer_of((PROMPT, CALL), GOES_ON, top_k_start=0, temperature=1.0)
    assert answer.annotated == ANNOTATED
    assert answer.tokens == 9  # the lead is three tokens that nobody asked for


def test_brackets_that_are_no_call_are_text() -> None:
    for text in (" [1] or [a](b).", " [Unknown(2)] x.", " [Calculator 2]."):
        assert answer_of((PROMPT, text), top_k_start=0).segments == (Segment("text", text),)


def test_no_call_starts_right_after_a_call() -> None:
    script = [(PROMPT, CALL), ("]", " [Calendar()"), ("]", " 4"), ("4", " [Calendar()")]
    assert answer_of(*script).annotated == (" [Calculator(2 + 2) -> 4] 4 [Calendar() -> 4] 4")


def test_white_space_alone_does_not_part_two_calls() -> None:
    spaced = Continuation("]", (" ", "[", "Calendar", "()"))
    answer = answer_of((PROMPT, CALL), spaced, top_k_start=0)
    assert [event.call for event in answer.events] == [SUM]


def test_no_call_starts_right_after_one_in_the_prompt() -> None:
    prompt = "2 + 2 is [Calculator(2 + 2) -> 4]"
    answer = answer_of(("]", " [Calendar()"), GOES_ON, prompt=prompt)
    assert answer.annotated == " 4."


def test_the_same_call_is_not_made_twice_in_a_row() -> None:
    script = [(PROMPT, CALL), ("]", " is"), ("] is", CALL), ("] is", " 4.")]
    answer = answer_of(*script)
    assert answer.annotated == " [Calculator(2 + 2) -> 4] is 4."
    assert answer.events[1].error == "It is the last call once more."


def test_calls_end_with_their_budget() -> None:
    script = [(PROMPT, CALL), ("-> 4]", " and [Calendar()"), ("[Calendar", " x].")]
    answer = answer_of(*script, max_calls=1)
    assert answer.annotated == " [Calculator(2 + 2) -> 4] and [Calendar x]."
    assert answer_of(*script, max_calls=2).events[1].call == ToolCall("Calendar", "")


@pytest.mark.parametrize("barring", [{"max_calls": 0}, {"tools": (), "barred": NAMES}])
def test_a_tool_that_may_not_be_called_is_never_named(barring: dict[str, object]) -> None:
    answer = answer_of((PROMPT, CALL), (" [Calculator", "] is 4."), **barring)
    assert answer.segments == (Segment("text", " [Calculator] is 4."),)
    assert answer.events == ()


def test_a_barred_tool_leaves_the_others() -> None:
    script = [(PROMPT, CALL), ("Calendar(", ")"), ("]", ".")]
    answer = answer_of(*script, tools=["Calendar"], barred=["Calculator"])
    assert answer.annotated == " [Calendar() -> 4]."


def test_calls_disabled_bars_every_open_marker() -> None:
    answer = answer_of((PROMPT, " [1]"), (PROMPT, " 4."), bar_markers=True)
    assert answer.annotated == " 4."


def test_the_prompts_white_space_begins_the_answer() -> None:
    [answer] = answers_to(scripted((PROMPT, " 4.")), f"{PROMPT} ")
    assert (answer.text, answer.whole) == (" 4.", "2 + 2 is 4.")


def test_a_call_may_begin_with_the_prompts_white_space() -> None:
    [answer] = answers_to(scripted((PROMPT, CALL), GOES_ON), f"{PROMPT} ")
    assert answer.whole == f"{PROMPT}{ANNOTATED}"


def test_no_call_stands_before_the_prompts_line_end() -> None:
    model = scripted((PROMPT, CALL), (f"{PROMPT}\n", "4."))
    [answer] = answers_to(model, f"{PROMPT}\n")
    assert answer.whole == "2 + 2 is\n4."


@pytest.mark.parametrize("end", [" [", " [Calc", " [Calculator(", " [Calculator(2 +", CALL])
def test_a_call_that_the_prompt_began_is_finished(end: str) -> None:
    answer = answer_of(
        (" [", "Calculator("),
        (" [Calc", "ulator("),
        ("Calculator(", "2 + 2)"),
        GOES_ON,
        prompt=PROMPT + end,
    )
    assert answer.whole == PROMPT + ANNOTATED


def test_a_whole_call_in_the_prompt_is_not_made_again() -> None:
    prompt = "[Calculator(1) -> 1] and 1 [Calculator(1)] is"
    assert answer_of(("is", " 1."), prompt=prompt).events == ()


def test_a_tools_output_starts_no_call() -> None:
    answer = answer_of((PROMPT, CALL), GOES_ON, say=lambda _: "[Calendar(")
    assert [event.call for event in answer.events] == [SUM]


def test_an_answer_ends_at_a_stop_text() -> None:
    answer = answer_of((PROMPT, " 4. Then\nmore"), stop=("Th", "\n"))
    assert (answer.text, answer.finish) == (" 4. ", "stop")


def test_a_stop_text_may_come_token_by_token() -> None:
    model = scripted((PROMPT, " 4 and so on and on"))
    [answer] = answers_to(model, stop=(" and on",))
    assert answer.text == " 4 and so on"
    assert texts_of(pieces_of(model, stop=(" and on",))) == [" 4", " and so", " on"]


def test_a_stop_text_inside_a_call_stops_nothing() -> None:
    assert answer_of((PROMPT, CALL), GOES_ON, stop=("+", "-> 4")).annotated == ANNOTATED


def test_a_stop_text_before_a_call_in_one_token_ends_the_answer() -> None:
    answer = answer_of(Continuation(PROMPT, (" four. [Calculator(2", " + 2)")), stop=(".",))
    assert (answer.text, answer.finish, answer.events) == (" four", "stop", ())


def test_the_prompts_own_white_space_is_no_stop_text() -> None:
    [answer] = answers_to(scripted((f"{PROMPT}\n", "4.\n5")), f"{PROMPT}\n", stop=("\n",))
    assert (answer.text, answer.finish) == ("\n4.", "stop")


def test_an_answer_ends_after_its_tokens() -> None:
    answer = answer_of(("", " and"), max_new_tokens=3)
    assert (answer.text, answer.tokens, answer.finish) == (" and and and", 3, "length")


def test_a_call_that_closes_with_the_last_token_has_its_output() -> None:
    answer = answer_of((PROMPT, CALL), GOES_ON, max_new_tokens=5)
    assert (answer.annotated, answer.finish) == (" [Calculator(2 + 2) -> 4]", "length")


def test_an_answer_ends_where_the_context_does() -> None:
    answer = answer_of(("", " and"), max_length=6)  # a start token and four of the prompt
    assert (answer.text, answer.finish) == (" and", "context")


def test_a_call_is_shown_as_it_forms_and_not_before_it_is_one() -> None:
    model = scripted((PROMPT, f" so{CALL}"), GOES_ON)
    assert pieces_of(model, top_k_start=0) == [
        Segment("text", " so"),
        Segment("call", " [Calculator("),
        Segment("call", "2"),
        Segment("call", " +"),
        Segment("call", " 2"),
        Segment("call", ")"),
        Segment("output", " -> 4]"),
        CallEvent(3, SUM, CALL, output="4", seconds=0.5),
        Segment("text", " 4"),
        Segment("text", "."),
    ]


def test_text_that_may_become_a_call_is_held_back() -> None:
    model = scripted(Continuation(PROMPT, (" a", " ", " [Cal", "mness", "]", " ", ".")))
    assert texts_of(pieces_of(model, top_k_start=0)) == [" a", " ", " [Calmness", "]", " ."]


def test_spaces_are_shown_with_what_follows_them() -> None:
    model = scripted(Continuation(PROMPT, (" a", "  ", "b", " ")))
    assert texts_of(pieces_of(model)) == [" a", "  b", " "]


def test_what_was_held_back_is_shown_at_the_end() -> None:
    assert texts_of(pieces_of(scripted((PROMPT, " a [Calc")), top_k_start=0)) == [" a", " [Calc"]


def test_a_stream_returns_its_answer() -> None:
    def through() -> Iterator[Answer]:
        model = scripted((PROMPT, CALL), GOES_ON)
        [request] = requests_of(PROMPT)
        yield (yield from stream(model, request, execute=executing(four)))  # type: ignore[misc]

    *_, answer = through()
    assert answer == answer_of((PROMPT, CALL), GOES_ON)


def test_answers_come_in_the_order_of_the_prompts() -> None:
    model = scripted(("a", " b c d"), ("x", " y"))
    found = answers_to(model, "a", "x", "a", "x", "none", max_streams=2)
    assert [answer.whole for answer in found] == ["a b c d", "x y", "a b c d", "x y", "none"]


def test_prompts_are_taken_as_there_is_room() -> None:
    taken = []

    def requests() -> Iterator[Request]:
        for number in range(10):
            taken.append(number)
            yield Request("a", config=InferConfig(max_streams=3))

    found = decode(scripted(("a", " b")), requests())
    next(found)
    assert len(taken) == 3


def test_no_prompts_are_no_answers() -> None:
    assert list(decode(scripted(), [])) == []


@pytest.mark.parametrize("max_streams", [1, 2, 32])
def test_a_prompt_that_is_too_long_is_an_answer_and_stops_no_other(max_streams: int) -> None:
    model = scripted(("a", " b"), max_length=4)
    prompts = ["a", "a", "a a a a a", "a a a a", "a"]
    found = answers_to(model, *prompts, max_streams=max_streams)
    assert [answer.finish for answer in found] == ["end", "end", "too long", "too long", "end"]
    assert [answer.text for answer in found] == [" b", " b", "", "", " b"]
    assert found[2].error == (
        "The prompt 'a a a a a' cannot be continued: Its 5 tokens leave no room in the 4 that the"
        " model can read. Shorten it."
    )
    assert answer_row(found[2]) == {"prompt": "a a a a a", "error": found[2].error}


def test_a_stream_of_a_prompt_that_is_too_long_is_refused() -> None:
    model = scripted(("a", " b"), max_length=4)
    with pytest.raises(ModelError, match=r"^The prompt 'a a a a a' cannot be continued: Its 5 tok"):
        list(stream(model, Request("a a a a a")))


def test_a_call_in_a_prompt_that_does_not_fit_is_the_prompts_fault() -> None:
    answer = answer_of(prompt="2 is [Calculator(2 + 2 +", max_length=6)
    assert "cannot be continued: There is no room for 7 more tokens" in str(answer.error)


def test_draws_follow_the_seed_and_the_index_of_the_prompt() -> None:
    model = scripted(*[("", f" {word}") for word in "abcdefgh"])

    def drawn(count: int, **options: int) -> list[str]:
        settings = {"temperature": 1.0, "max_new_tokens": 8, **options}
        return [answer.text for answer in answers_to(model, *["x"] * count, **settings)]

    three = drawn(3)
    assert len({*three, *drawn(3, seed=1)}) == 6
    assert drawn(2, first_index=1) == three[1:]


def test_each_request_has_its_own_settings_and_tools() -> None:
    model = scripted((PROMPT, CALL), (" [Calculator", " says four, or 4."), GOES_ON)
    kinds = [{}, {"tools": (), "barred": NAMES}, {"max_calls": 0, "stop": (",",)}]
    requests = [request for kind in kinds for request in requests_of(PROMPT, **kind)]
    found = decode(model, requests, execute=executing(four))
    says = " [Calculator says four, or 4."
    assert [answer.annotated for answer in found] == [ANNOTATED, says, says.partition(",")[0]]


def test_a_request_limits_how_many_are_answered_beside_it() -> None:
    taken = []

    def requests() -> Iterator[Request]:
        for max_streams in (32, 32, 2, 32, 32):
            taken.append(max_streams)
            yield Request("a", config=InferConfig(max_streams=max_streams))

    found = decode(scripted(("a", " b")), requests())
    next(found)
    assert taken == [32, 32, 2]
    assert len(list(found)) == 4


def test_a_tool_knows_the_day_of_its_own_request() -> None:
    told = []

    def execute(call: ToolCall, context: ToolContext) -> ToolResult:
        told.append((call.arguments, context))
        return ToolResult(call, output="4")

    model = scripted(("a", " [Calculator(1)"), ("b", " [Calculator(2)"), GOES_ON)
    days = [ToolContext(today=date(2023, 3, day)) for day in (5, 6)]
    requests = [
        Request(prompt, tools=NAMES, context=day)
        for prompt, day in zip(["a", "b"], days, strict=True)
    ]
    list(decode(model, requests, execute=execute))
    assert sorted(told, key=lambda each: each[0]) == [("1", days[0]), ("2", days[1])]


def test_a_slow_tool_holds_up_no_other_prompt() -> None:
    others_done = threading.Event()

    def execute(call: ToolCall, _context: ToolContext) -> ToolResult:
        if call.arguments == "0":  # ends only when the last prompt's tool runs
            assert others_done.wait(timeout=60)
        if call.arguments == "5":
            others_done.set()
        return ToolResult(call, output="4")

    prompts = [f"for {number} it is" for number in range(6)]
    script = [(prompt, f" [Calculator({number})") for number, prompt in enumerate(prompts)]
    requests = requests_of(*prompts, max_streams=2)
    found = decode(scripted(*script, GOES_ON), requests, execute=execute)
    assert [answer.annotated for answer in found] == [
        f" [Calculator({number}) -> 4] 4." for number in range(6)
    ]


def test_tools_of_different_prompts_run_at_once() -> None:
    together = threading.Barrier(8, timeout=60)

    def execute(call: ToolCall, _context: ToolContext) -> ToolResult:
        together.wait()
        return ToolResult(call, output="4")

    model = scripted((PROMPT, CALL), GOES_ON)
    assert len(list(decode(model, requests_of(*[PROMPT] * 8), execute=execute))) == 8


def test_a_bug_in_what_runs_the_tools_is_raised() -> None:
    def execute(call: ToolCall, _context: ToolContext) -> ToolResult:
        raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError, match="a bug"):
        list(decode(scripted((PROMPT, CALL)), requests_of(PROMPT), execute=execute))


def test_closing_a_stream_does_not_wait_for_its_tool() -> None:
    started, closed = threading.Event(), threading.Event()

    def execute(call: ToolCall, _context: ToolContext) -> ToolResult:
        started.set()
        assert closed.wait(timeout=60)
        return ToolResult(call, output="4")

    [request] = requests_of(PROMPT)
    with closing(stream(scripted((PROMPT, CALL), GOES_ON), request, execute=execute)) as pieces:
        shown = ""
        while shown != CALL:
            piece = next(pieces)
            assert isinstance(piece, Segment)
            shown += piece.text
        assert started.wait(timeout=60)
    closed.set()  # reached although the tool has not answered
