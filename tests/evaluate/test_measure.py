"""Outputs judged, texts scored."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from tests.evaluate.scripts import caller, guesser, sums
from toolformer.evaluate.counts import TOO_LONG, TextScores
from toolformer.evaluate.measure import score_texts, try_examples
from toolformer.evaluate.task import Example, Task
from toolformer.evaluate.trial import Trial
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
        found = try_examples(model, asked, task=task, live=tools if live else None, config=config)
        return list(found)


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


def test_a_prompt_that_leaves_no_room_is_wrong_and_told() -> None:
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


def test_a_text_is_scored_by_its_tokens_words_and_bytes() -> None:
    # Five tokens of 2 nats each: "It", " is", " 2", "4", "."
    [scores] = score_texts(guesser(), [Example("1", "It is 24.", ())], without_marker=True)
    assert scores == TextScores(texts=1, tokens=5, words=3, bytes=9, nats=pytest.approx(10.0))


def test_bytes_are_those_of_utf_8() -> None:
    [scores] = score_texts(guesser(), [Example("1", "Ünique", ())], without_marker=False)
    assert scores.bytes == 7
