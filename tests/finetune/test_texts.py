"""Which texts are trained on, and which are held out."""

from dataclasses import replace

import pytest

from tests.finetune.given import annotated, candidate, manifest, sums, tiny_model
from toolformer.errors import ConfigError
from toolformer.finetune.config import FinetuneConfig
from toolformer.finetune.dataset import SelectedRun, check_kept, choose, merge
from toolformer.records import AnnotatedDocument, Document, Verdict

NO_DEV = FinetuneConfig(dev_texts=0)
TEXT = "He paid 4 x 5 = 20 dollars, and the old man said: 12 and 30 is 42, in all."
EARLY, LATE = TEXT.index(" 20"), TEXT.index(" 42")


def calls(documents: list[AnnotatedDocument]) -> list[tuple[str, ...]]:
    return [tuple(each.call.arguments for each in document.kept) for document in documents]


def test_runs_over_one_corpus_are_merged_with_all_their_calls() -> None:
    first = annotated(TEXT, candidate(TEXT, EARLY, arguments="4 * 5"), name="a")
    second = annotated(TEXT, candidate(TEXT, LATE, arguments="12 + 30"), name="a")
    merged = list(merge([[first], [second]], tools=["Calculator"]))
    assert calls(merged) == [("4 * 5", "12 + 30")]


def test_the_same_text_under_another_name_is_another_document() -> None:
    runs = [[annotated(TEXT, candidate(TEXT, EARLY), name=name)] for name in ("a", "b")]
    assert [each.document.id for each in merge(runs, tools=["Calculator"])] == ["a", "b"]


def test_of_two_runs_calls_at_one_place_the_better_gain_stays() -> None:
    worse = annotated(TEXT, candidate(TEXT, LATE, arguments="40 + 2", gain=1.0), name="a")
    better = annotated(TEXT, candidate(TEXT, LATE, arguments="12 + 30", gain=2.0), name="a")
    for runs in ([[worse], [better]], [[better], [worse]]):
        assert calls(list(merge(runs, tools=["Calculator"]))) == [("12 + 30",)]


def test_of_two_runs_calls_within_five_tokens_the_better_gain_stays() -> None:
    near = candidate(TEXT, LATE, arguments="12 + 30", gain=2.0)
    assert near.token is not None
    beside = replace(near, position=LATE - 3, token=near.token - 5, arguments="x")
    apart = replace(near, position=LATE - 3, token=near.token - 6, arguments="x")
    for other, kept in ((beside, [("12 + 30",)]), (apart, [("x", "12 + 30")])):
        other = replace(other, losses=candidate(TEXT, LATE, gain=1.0).losses)
        runs = [[annotated(TEXT, near, name="a")], [annotated(TEXT, other, name="a")]]
        assert calls(list(merge(runs, tools=["Calculator"]))) == kept


def test_what_a_run_did_not_keep_does_not_come_in_by_merging() -> None:
    unkept = candidate(TEXT, EARLY, verdict=Verdict.LOW_GAIN)
    runs = [[annotated(TEXT, unkept, name="a")], [annotated(TEXT, name="a")]]
    assert calls(list(merge(runs, tools=["Calculator"]))) == [()]


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


def test_a_run_with_nothing_kept_is_refused_with_its_threshold(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    documents = [replace(each, candidates=()) for each in sums(10)]
    model = tiny_model(tmp_path_factory.mktemp("model"))
    run = SelectedRun("run", manifest(model), {"Calculator": 0.8}, documents)
    with pytest.raises(ConfigError, match=r"No call was kept in 'run' \(τf: Calculator 0\.8\)"):
        check_kept(choose(documents, config=NO_DEV), runs=[run])


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
