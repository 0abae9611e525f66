"""Prompts continued and judged, texts predicted, the majority answer of a group guessed."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from tests.evaluate.scripts import caller, guesser, sums
from toolformer.calls import ToolCall
from toolformer.evaluate.arm import Arm, Calls
from toolformer.evaluate.counts import TextScores
from toolformer.evaluate.measure import (
    continue_prompts,
    guess_majority,
    judge,
    majority_answers,
    predict_texts,
    predict_with_calls,
)
from toolformer.evaluate.task import Example, Setup, Task
from toolformer.evaluate.tasks.judging import end_of_number
from toolformer.evaluate.trial import TOO_LONG, Trial
from toolformer.infer.answers import Answer, CallEvent
from toolformer.infer.config import InferConfig
from toolformer.infer.live_tools import LiveTools
from toolformer.lm.base import LanguageModel
from toolformer.lm.scripted.model import ScriptedLanguageModel
from toolformer.lm.scripted.streams import Continuation
from toolformer.tools.registry import default_tools

TODAY = date(2023, 2, 9)


def tried(
    model: LanguageModel,
    *,
    task: Task | None = None,
    examples: Sequence[Example] | None = None,
    live: bool = True,
    **settings: object,
) -> list[Trial]:
    task = task or sums()
    config = InferConfig(max_calls=1).override(**settings)
    asked = list(task.examples()) if examples is None else examples
    with LiveTools(default_tools(), today=TODAY) as tools:
        arm = Arm("t", "t", Calls.LIVE if live else Calls.NONE)
        setup = Setup(model=model, arm=arm, live=tools if live else None, config=config)
        return list(continue_prompts(task, asked, setup))


def test_calls_and_outputs_are_taken_out_before_an_output_is_judged() -> None:
    first, _, _ = tried(caller())
    assert first.annotated == " [Calculator(2 + 2) -> 4] 4."
    assert first.text == " 4."
    assert (first.is_right, first.has_called, first.follows_tool) == (True, True, True)


def test_a_call_that_failed_is_kept_with_its_error() -> None:
    _, second, third = tried(caller())
    [failed] = second.calls
    assert (failed.tool, failed.arguments, failed.output) == ("Calculator", "3 / 0", None)
    assert failed.error is not None
    assert not second.has_called
    assert (second.text, second.is_right) == (" 9.", False)
    assert (third.calls, third.is_right) == ((), True)


def test_without_tools_a_call_is_text_and_is_not_judged() -> None:
    first, _, _ = tried(guesser(" [Calculator(2 + 2) -> 4] 5."), live=False)
    assert first.calls == ()
    assert first.text == " 5."


def test_with_calls_disabled_none_is_written() -> None:
    assert [trial.annotated for trial in tried(caller(), live=False, bar_markers=True)] == [
        " 9.",
        " 9.",
        " 9.",
    ]


def test_each_example_has_its_own_day() -> None:
    model = ScriptedLanguageModel(
        continuations=[Continuation("is", " [Calendar()"), Continuation("]", ".")]
    )
    examples = [Example("1", "It is", (), today=date(2020, 1, day)) for day in (1, 2)]
    trials = tried(model, examples=[*examples, Example("3", "It is", ())])
    assert [trial.calls[0].output for trial in trials] == [
        "Wednesday, January 1, 2020",
        "Thursday, January 2, 2020",
        "Thursday, February 9, 2023",
    ]


def test_a_prompt_that_leaves_no_room_is_told() -> None:
    long = Example("long", "one two " * 600 + "is", ("9",))
    *_, trial = tried(caller(), examples=[*sums().examples(), long])
    assert (trial.id, trial.finish, trial.is_right) == ("long", TOO_LONG, False)


def test_restraint_gives_the_first_tokens_of_a_text() -> None:
    task = replace(sums(), prompt_tokens=2)
    examples = [Example("1", "one two three four", ()), Example("2", "one", ())]
    assert [trial.prompt for trial in tried(guesser(), task=task, examples=examples)] == [
        "one two",
        "one",
    ]


def predicted(text: str, calls: Calls) -> Trial:
    setup = Setup(model=guesser(), arm=Arm("t", "t", calls), live=None, config=InferConfig())
    [trial] = predict_texts([Example("1", text, ())], setup)
    return trial


def test_a_text_is_scored_by_its_tokens_words_and_bytes() -> None:
    # Five tokens of 2 nats each: "It", " is", " 2", "4", "."
    scores = predicted("It is 24.", Calls.DISABLED).scores
    assert {name: scores[name] for name in ("texts", "tokens", "words", "bytes", "nats")} == {
        "texts": 1,
        "tokens": 5,
        "words": 3,
        "bytes": 9,
        "nats": pytest.approx(10.0),
    }


def test_bytes_are_those_of_utf_8() -> None:
    assert predicted("Ünique", Calls.NONE).scores["bytes"] == 7


def test_a_text_of_which_nothing_is_predicted_is_counted_apart() -> None:
    scores = predicted("", Calls.NONE).scores
    assert (scores["texts"], scores["too_short"], scores["tokens"]) == (0, 1, 0)


ANNOTATED = "It is [Calculator(2 * 12) -> 24] 24."


def predicted_with_calls(text: str, calls: Calls) -> TextScores:
    setup = Setup(model=guesser(), arm=Arm("t", "t", calls), live=None, config=InferConfig())
    [trial] = predict_with_calls([Example("1", text, ())], setup)
    return TextScores.sum([trial.scores])


def test_with_calls_live_the_call_is_scored_and_what_the_tool_said_is_not() -> None:
    scores = predicted_with_calls(ANNOTATED, Calls.LIVE)
    model = guesser()
    own = model.count_tokens(["It is [Calculator(2 * 12)"])[0] + model.count_tokens([" 24."])[0]
    assert (scores.tokens, scores.nats) == (own, pytest.approx(2.0 * own))
    assert (scores.texts, scores.words, scores.bytes, scores.plain_tokens) == (1, 3, 9, 5)
    assert scores.normalised_perplexity == pytest.approx(math.exp(2.0 * own / 5))


@pytest.mark.parametrize("calls", [Calls.NONE, Calls.DISABLED])
def test_where_calls_are_not_live_the_text_is_scored_without_them(calls: Calls) -> None:
    scores = predicted_with_calls(ANNOTATED, calls)
    assert scores == replace(TextScores.sum([predicted("It is 24.", calls).scores]), plain_tokens=5)
    assert scores.normalised_perplexity == scores.perplexity


def test_a_text_without_calls_costs_a_live_model_what_it_costs_others() -> None:
    assert predicted_with_calls("It is 24.", Calls.LIVE) == predicted_with_calls(
        "It is 24.", Calls.NONE
    )


def test_nothing_with_no_calls_is_counted_apart() -> None:
    scores = predicted_with_calls("", Calls.LIVE)
    assert (scores.texts, scores.too_short, scores.normalised_perplexity) == (0, 1, None)


EXAMPLE = Example("1", "3 + 2 is", ("5",), "plus", ("hard",))
EVENT = CallEvent(0, ToolCall("Calculator", "2 + 2"), " [Calculator(2 + 2)", output="4")
ANSWER = Answer("3 + 2 is", (), (EVENT,), tokens=7, finish="end")


def judged(text: str, answer: Answer = ANSWER) -> Trial:
    return judge(replace(sums(), judged=end_of_number), EXAMPLE, answer, text=text)


def test_an_answer_may_follow_its_tool_and_be_wrong() -> None:
    assert (judged(" 4.").is_right, judged(" 4.").follows_tool) == (False, True)
    assert (judged(" 5.").is_right, judged(" 5.").follows_tool) == (True, False)


def test_without_an_output_there_is_nothing_to_follow() -> None:
    assert not judged(" 4.", replace(ANSWER, events=())).follows_tool


def test_a_call_after_the_answer_came_too_late_to_tell_it() -> None:
    late = judged(" 4 or 5.", replace(ANSWER, events=(replace(EVENT, position=2),)))
    assert (late.has_called, late.follows_tool, late.calls[0].is_late) == (False, False, True)
    early = judged(" or 4.", replace(ANSWER, events=(replace(EVENT, position=3),)))
    assert (early.has_called, early.follows_tool) == (True, True)


def example(*answers: str, group: str = "g") -> Example:
    return Example("1", "p", answers, group)


TRAINING = [example("a"), example("b", "c"), example("b"), example("d", group="h")]
GUESSED = Task(
    name="t",
    examples=lambda: [],
    training=lambda: TRAINING,
    is_right=lambda text, each: text in each.answers,
)


def test_each_group_has_its_commonest_answer() -> None:
    assert majority_answers(TRAINING) == {"g": "b", "h": "d"}


def test_of_equally_common_answers_the_first_in_the_alphabet_is_taken() -> None:
    assert majority_answers([example("b"), example("a")]) == {"g": "a"}


def test_the_prior_guesses_by_group_and_knows_nothing_of_new_groups() -> None:
    asked = [example("b"), example("a"), example("b", group="h"), example("b", group="new")]
    trials = list(guess_majority(GUESSED, asked))
    assert [trial.text for trial in trials] == ["b", "b", "d", ""]
    assert [trial.is_right for trial in trials] == [True, False, False, False]
