"""Runs that are trained on together have to agree, and are merged document by document."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.finetune.given import (
    annotated,
    candidate,
    manifest,
    of_model,
    sums,
    with_fields,
    write_run,
)
from toolformer.errors import ConfigError
from toolformer.finetune.config import FinetuneConfig
from toolformer.finetune.data.runs import (
    SelectedRun,
    check_kept,
    check_runs_agree,
    merge,
    origin_of_runs,
    read_run,
)
from toolformer.finetune.data.texts import choose
from toolformer.records import AnnotatedDocument, Losses, Verdict
from toolformer.runs.thresholds import Thresholds

TEXT = "He paid 4 x 5 = 20 dollars, and the old man said: 12 and 30 is 42, in all."
EARLY, LATE = TEXT.index(" 20"), TEXT.index(" 42")


def calls(documents: list[AnnotatedDocument]) -> list[tuple[str, ...]]:
    return [tuple(each.call.arguments for each in document.kept) for document in documents]


def merge_by_gain(runs: Sequence[list[AnnotatedDocument]]) -> Iterator[AnnotatedDocument]:
    thresholds = [{"Calculator": Thresholds.of(0.8)}] * len(runs)
    return merge(runs, thresholds=thresholds, tools=["Calculator"])


def test_runs_over_one_corpus_are_merged_with_all_their_calls() -> None:
    first = annotated(TEXT, candidate(TEXT, EARLY, arguments="4 * 5"), name="a")
    second = annotated(TEXT, candidate(TEXT, LATE, arguments="12 + 30"), name="a")
    merged = list(merge_by_gain([[first], [second]]))
    assert calls(merged) == [("4 * 5", "12 + 30")]


def test_the_same_text_under_another_name_is_another_document() -> None:
    runs = [[annotated(TEXT, candidate(TEXT, EARLY), name=name)] for name in ("a", "b")]
    assert [each.document.id for each in merge_by_gain(runs)] == ["a", "b"]


def test_of_two_runs_calls_at_one_place_the_better_gain_stays() -> None:
    worse = annotated(TEXT, candidate(TEXT, LATE, arguments="40 + 2", gain=1.0), name="a")
    better = annotated(TEXT, candidate(TEXT, LATE, arguments="12 + 30", gain=2.0), name="a")
    for runs in ([[worse], [better]], [[better], [worse]]):
        assert calls(list(merge_by_gain(runs))) == [("12 + 30",)]


def test_of_two_runs_calls_within_five_tokens_the_better_gain_stays() -> None:
    near = candidate(TEXT, LATE, arguments="12 + 30", gain=2.0)
    assert near.token is not None
    beside = replace(near, position=LATE - 3, token=near.token - 5, arguments="x")
    apart = replace(near, position=LATE - 3, token=near.token - 6, arguments="x")
    for other, kept in ((beside, [("12 + 30",)]), (apart, [("x", "12 + 30")])):
        other = replace(other, losses=candidate(TEXT, LATE, gain=1.0).losses)
        runs = [[annotated(TEXT, near, name="a")], [annotated(TEXT, other, name="a")]]
        assert calls(list(merge_by_gain(runs))) == kept


def test_what_a_run_did_not_keep_does_not_come_in_by_merging() -> None:
    unkept = candidate(TEXT, EARLY, verdict=Verdict.LOW_GAIN)
    runs = [[annotated(TEXT, unkept, name="a")], [annotated(TEXT, name="a")]]
    assert calls(list(merge_by_gain(runs))) == [()]


def test_runs_of_different_models_are_not_mixed(run: SelectedRun) -> None:
    other = of_model(run, "gpt2", "0")
    with pytest.raises(ConfigError, match=r"'other' cannot be trained on together: model\.finger"):
        check_runs_agree([run, other])


def test_runs_of_different_grammars_are_not_mixed(run: SelectedRun) -> None:
    other = with_fields(run, grammar=dict(run.manifest.grammar) | {"arrow": " =>"})
    with pytest.raises(ConfigError, match=r'grammar\.arrow \(" ->", now " =>"\)'):
        check_runs_agree([run, other])


def test_one_tool_with_two_sets_of_options_is_not_mixed(run: SelectedRun) -> None:
    [tool] = run.manifest.tools
    other = with_fields(run, tools=[replace(tool, options={"path": "facts.db"})])
    with pytest.raises(ConfigError, match=r"tools\.Calculator\.options\.path"):
        check_runs_agree([run, other])


def test_runs_with_other_tools_of_one_model_are_mixed(run: SelectedRun) -> None:
    [tool] = run.manifest.tools
    check_runs_agree([run, with_fields(run, tools=[replace(tool, name="Calendar")])])


def test_a_run_with_nothing_kept_is_refused_with_its_threshold(model: Path) -> None:
    documents = [replace(each, candidates=()) for each in sums(10)]
    run = SelectedRun("run", manifest(model), {"Calculator": Thresholds.of(0.8)}, documents)
    with pytest.raises(ConfigError, match=r"No call was kept in 'run' \(τf: Calculator 0\.8\)"):
        check_kept(choose(documents, config=FinetuneConfig(dev_texts=0)), runs=[run])


def test_each_runs_calls_compete_by_its_own_thresholds() -> None:
    one = replace(candidate(TEXT, LATE, arguments="40 + 2"), losses=Losses(3.9, 4.0, 6.0))
    two = replace(candidate(TEXT, LATE, arguments="12 + 30"), losses=Losses(4.5, 4.0, 5.0))
    runs = [[annotated(TEXT, one, name="a")], [annotated(TEXT, two, name="a")]]
    # One is used by 2 and helps by -0.1, so it is as strong as 0.45 or 0.9; the other as 0.5.
    for lowest, stays in ((Thresholds(0.3, -0.25), "12 + 30"), (Thresholds(0.75, -0.25), "40 + 2")):
        thresholds = [{"Calculator": lowest}, {"Calculator": Thresholds.of(0.5)}]
        merged = merge(runs, thresholds=thresholds, tools=["Calculator"])
        assert calls(list(merged)) == [(stays,)]


def test_of_two_runs_calls_at_one_place_the_one_that_helps_most_stays_as_in_one_run() -> None:
    used = replace(candidate(TEXT, LATE, arguments="40 + 2"), losses=Losses(4.0, 4.0, 7.0))
    helpful = replace(candidate(TEXT, LATE, arguments="12 + 30"), losses=Losses(4.0, 2.0, 2.8))
    in_context = {"Calculator": Thresholds(0.75, -0.25)}
    assert in_context["Calculator"].strength(used.losses) == 1.0  # of the other .8
    runs = [[annotated(TEXT, each, name="a")] for each in (used, helpful)]
    merged = list(merge(runs, thresholds=[in_context] * 2, tools=["Calculator"]))
    assert calls(merged) == [("12 + 30",)]


def test_both_thresholds_select_anew_and_stand_in_the_lineage(model: Path, tmp_path: Path) -> None:
    out = write_run(tmp_path / "run", model)
    papers, both = read_run(out), read_run(out, min_used=1.0, min_help=0.5)
    assert both.thresholds == {"Calculator": Thresholds(1.0, 0.5)}
    [lineage] = origin_of_runs([both]).lineage["runs"]
    assert lineage["thresholds"] == {"Calculator": {"min_used": 1.0, "min_help": 0.5}}
    [lineage] = origin_of_runs([papers]).lineage["runs"]
    assert lineage["thresholds"] == {"Calculator": 0.8}
    with pytest.raises(ConfigError, match=r"cannot select with min_help 0\.4"):
        read_run(out, min_help=0.4)
