"""Which texts are trained on, and which are held out."""

import json
from dataclasses import replace

import pytest

from tests.finetune.given import annotated, candidate, sums
from toolformer.calls import PlacedCall, ToolCall
from toolformer.finetune.config import FinetuneConfig
from toolformer.finetune.data.texts import TrainingText, choose, given_texts
from toolformer.records import Document
from toolformer.sidecar import SidecarTool

NO_DEV = FinetuneConfig(dev_texts=0)
TEXT = "He paid 4 x 5 = 20 dollars, and the old man said: 12 and 30 is 42, in all."
EARLY, LATE = TEXT.index(" 20"), TEXT.index(" 42")
PLACED = PlacedCall(EARLY, ToolCall("Calculator", "4 * 5"), "20")


def test_texts_that_kept_nothing_are_dropped_and_counted() -> None:
    texts = choose(sums(30), config=NO_DEV)
    assert {text.id for text in texts.training} == {str(n) for n in range(30) if n % 3 < 2}
    assert texts.left_out == {"nothing kept": 10}
    assert texts.per_tool == {"Calculator": 20}


@pytest.mark.parametrize(("wanted", "expected"), [(4, 4), ("all", 10), (50, 10)])
def test_texts_that_kept_nothing_come_in_when_they_are_wanted(
    wanted: int | str, expected: int
) -> None:
    texts = choose(sums(30), config=NO_DEV.override(plain_texts=wanted))
    plain = [text for text in texts.training if not text.calls]
    assert len(plain) == expected
    assert len(texts.training) == 20 + expected
    assert sum(texts.left_out.values()) == 10 - expected


def test_a_text_that_was_not_annotated_is_no_plain_text() -> None:
    skipped = annotated("It is [Calculator(1 + 1)] 2.", skipped="holds a call")
    texts = choose([*sums(3), skipped], config=NO_DEV.override(plain_texts="all"))
    assert len(texts.training) == 3
    assert texts.left_out == {"skipped": 1}


def test_a_tenth_of_the_texts_is_held_out_whatever_the_seed_and_the_selection() -> None:
    everything = [replace(each, candidates=()) for each in sums(40)]
    chosen = [
        choose(documents, config=FinetuneConfig(seed=seed))
        for documents, seed in ((sums(40), 0), (sums(40)[::-1], 1), (everything, 0))
    ]
    held_out = [{text.text for text in texts.dev} for texts in chosen]
    assert len(held_out[0]) == 4
    assert held_out[0] == held_out[1] == held_out[2]
    assert not held_out[0] & {text.text for text in chosen[0].training}


def test_no_more_texts_are_held_out_than_asked_for() -> None:
    assert len(choose(sums(40), config=FinetuneConfig(dev_texts=2)).dev) == 2


def test_examples_of_a_tool_are_drawn_by_the_seed() -> None:
    drawn = [
        {text.id for text in choose(sums(60), config=config).training}
        for config in (NO_DEV.override(max_per_tool=8, seed=seed) for seed in (0, 0, 1))
    ]
    assert [len(each) for each in drawn] == [8, 8, 8]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_rare_tool_is_not_crowded_out_by_a_common_one() -> None:
    both = annotated(
        TEXT, candidate(TEXT, EARLY), candidate(TEXT, LATE, tool="Calendar"), name="both"
    )
    texts = choose([*sums(60), both], config=NO_DEV.override(max_per_tool=5))
    assert texts.per_tool == {"Calculator": 5, "Calendar": 1}
    assert texts.left_out["over max_per_tool"] == 36


def test_texts_that_are_mixed_in_are_trained_on_as_they_are_whatever_the_settings() -> None:
    mixed = [Document("m", "Nobody was at home.")]
    texts = choose(sums(9), config=NO_DEV, mixed=mixed)
    assert [(each.id, each.calls) for each in texts.training if each.id == "m"] == [("m", ())]
    assert texts.mixed == 1


def test_a_text_that_is_held_out_is_not_mixed_in_either() -> None:
    config = FinetuneConfig(dev_texts=1)
    (held_out,) = choose(sums(30), config=config).dev
    texts = choose(sums(30), config=config, mixed=[Document("m", held_out.text)])
    assert texts.mixed == 0


def given(text: str, *calls: PlacedCall, name: str = "a") -> TrainingText:
    return TrainingText(name, text, calls)


def origin_of(
    training: list[TrainingText],
    held_out: list[TrainingText] | None = None,
    tools: tuple[SidecarTool, ...] = (),
) -> dict[str, object]:
    return dict(given_texts(training, held_out or [], tools)[1].settings)


def test_given_texts_are_all_trained_on_and_all_held_out_texts_judge() -> None:
    training = [given(TEXT, PLACED), given("Nobody was at home."), given("")]
    texts, _ = given_texts(iter(training), iter(training[:2]), ())
    assert texts.training == tuple(training)
    assert texts.dev == texts.dev_as_trained == tuple(training[:2])
    assert texts.per_tool == {"Calculator": 1}
    assert texts.left_out == {}


def test_the_origin_of_given_texts_changes_with_what_is_learned_and_not_with_names() -> None:
    first = origin_of([given(TEXT, PLACED)])
    assert first["texts"] == origin_of([given(TEXT, PLACED, name="b")])["texts"]
    others = [
        [given(TEXT)],
        [given(TEXT + " ", PLACED)],
        [given(TEXT, replace(PLACED, output="21"))],
        [given(TEXT, replace(PLACED, output=None))],
        [given(TEXT, replace(PLACED, position=LATE))],
        [given(TEXT, PLACED)] * 2,
        [],
    ]
    digests = {json.dumps(origin_of(each)["texts"]) for each in [*others, [given(TEXT, PLACED)]]}
    assert len(digests) == len(others) + 1


def test_held_out_texts_and_tools_tell_trainings_apart_too() -> None:
    texts = [given(TEXT, PLACED)]
    tool = SidecarTool("Calculator", "calculator")
    plain, judged, named = (
        origin_of(texts),
        origin_of(texts, texts),
        origin_of(texts, tools=(tool,)),
    )
    assert plain["texts"] == judged["texts"] == judged["held_out"]
    assert plain["held_out"] != judged["held_out"]
    assert plain["tools"] == []
    assert named["tools"] == [{"name": "Calculator", "spec": "calculator", "options": {}}]
