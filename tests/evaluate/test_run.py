"""A whole evaluation, with scripted models."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.evaluate.scripts import caller, guesser, sums
from toolformer.errors import RunError
from toolformer.evaluate import (
    Arm,
    Calls,
    CellProgress,
    EvaluateConfig,
    Results,
    Task,
    evaluate,
    read_results,
    read_trials,
)
from toolformer.evaluate.arm import each_model
from toolformer.evaluate.counts import PREDICTION
from toolformer.evaluate.measure import predict_texts
from toolformer.evaluate.metric import Metric, Number
from toolformer.evaluate.tables import tables
from toolformer.evaluate.task import Example, Setup
from toolformer.evaluate.tasks.facts.table import FactRow
from toolformer.evaluate.tasks.judging import is_within_first_words
from toolformer.evaluate.trial import READ, Trial
from toolformer.files import locked
from toolformer.lm.base import LanguageModel
from toolformer.lm.scripted.model import ScriptedLanguageModel
from toolformer.lm.scripted.streams import Continuation

TOOLS = ("calculator",)
ARMS = [
    Arm("base", "guesser", Calls.NONE),
    Arm("disabled", "caller", Calls.DISABLED),
    Arm("tuned", "caller", Calls.LIVE, TOOLS, sweeps=True),
]


@dataclass
class Models:
    """Loads models by name and remembers which."""

    known: dict[str, Callable[[], LanguageModel]] = field(
        default_factory=lambda: {"guesser": guesser, "caller": caller}
    )
    loaded: list[str] = field(default_factory=list)

    def load(self, name: str) -> LanguageModel:
        self.loaded.append(name)
        return self.known[name]()


def run(
    out: Path,
    *tasks: Task,
    models: Models | None = None,
    arms: list[Arm] = ARMS,
    **settings: object,
) -> Results:
    return evaluate(
        tasks or [sums()],
        arms,
        out=out,
        config=EvaluateConfig().override(**settings),
        load=(models or Models()).load,
    )


def test_arms_stand_side_by_side(tmp_path: Path) -> None:
    results = run(tmp_path)
    right = {cell.arm: cell.counts and cell.counts.right for cell in results.cells}
    # The guesser's 9 and the disabled caller's are right once, the caller is right twice.
    assert right == {"prior": 1, "base": 1, "disabled": 1, "tuned": 2}
    tuned = results.cell("sums", "tuned")
    assert tuned is not None
    assert [(each.other, round(each.value, 1)) for each in results.differences] == [
        ("base", 33.3),
        ("disabled", 33.3),
    ]
    assert tuned.counts is not None
    assert (tuned.counts.called, tuned.counts.right_called, tuned.counts.tool_errors) == (1, 1, 1)
    assert tuned.by_tag["small"].inputs == 2


def test_results_are_read_back_as_they_were(tmp_path: Path) -> None:
    results = run(tmp_path, ks=(0, 1, 10))
    assert read_results(tmp_path) == Results.from_dict(results.to_dict())
    assert read_results(tmp_path / "elsewhere") is None


def test_the_trials_of_a_cell_are_there_to_look_into(tmp_path: Path) -> None:
    tuned = run(tmp_path).cell("sums", "tuned")
    assert tuned is not None
    assert [trial.is_right for trial in read_trials(tmp_path, tuned)] == [True, False, True]


def test_models_are_loaded_one_after_another_each_once(tmp_path: Path) -> None:
    models = Models()
    run(tmp_path, models=models, ks=(1, 10))
    assert models.loaded == ["guesser", "caller"]


def test_what_is_there_is_not_measured_again(tmp_path: Path) -> None:
    first = run(tmp_path)
    models = Models()
    assert run(tmp_path, models=models) == first
    assert models.loaded == []


def test_another_setting_measures_only_what_it_changes(tmp_path: Path) -> None:
    run(tmp_path)
    models = Models()
    arms = [ARMS[0], ARMS[1], Arm("tuned", "caller", Calls.LIVE, ("calendar",))]
    results = run(tmp_path, models=models, arms=arms)
    assert models.loaded == ["caller"]
    tuned = results.cell("sums", "tuned")
    assert tuned is not None
    assert tuned.counts is not None
    assert tuned.counts.calls == 0  # there is no calculator any more


def test_a_kill_loses_only_the_cell_that_was_being_measured(tmp_path: Path) -> None:
    def killed(progress: CellProgress) -> None:
        if progress.arm == "tuned" and progress.done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(
            [sums()],
            ARMS,
            out=tmp_path,
            config=EvaluateConfig(),
            load=Models().load,
            on_progress=killed,
        )
    assert read_results(tmp_path) is None
    models = Models()
    resumed, undisturbed = run(tmp_path, models=models), run(tmp_path / "undisturbed")
    assert models.loaded == ["caller"]
    assert [cell.counts for cell in resumed.cells] == [cell.counts for cell in undisturbed.cells]


def test_progress_counts_every_input(tmp_path: Path) -> None:
    told: list[CellProgress] = []
    evaluate(
        [sums()],
        ARMS[:1],
        out=tmp_path,
        config=EvaluateConfig(),
        load=Models().load,
        on_progress=told.append,
    )
    assert [each.done for each in told] == [0, 1, 2, 3]
    assert {each.total for each in told} == {3}


def test_a_limit_draws_inputs_by_seed(tmp_path: Path) -> None:
    results = run(tmp_path, limit=2)
    assert {cell.counts and cell.counts.inputs for cell in results.cells} == {2}


def test_the_database_knows_the_facts_of_the_task_while_it_runs(tmp_path: Path) -> None:
    model = ScriptedLanguageModel(
        continuations=[
            Continuation("Peru is", " [Database(Peru, capital)"),
            Continuation("-> Lima]", " Lima."),
            Continuation("-> Cuzco]", " Cuzco."),
        ]
    )
    task = Task(
        name="capitals",
        examples=lambda: [Example("1", "The capital of Peru is", ("Cuzco",))],
        is_right=lambda text, example: is_within_first_words(text, example.answers),
        facts=[FactRow("Peru", "capital", "Cuzco")],
    )
    arm = Arm("tuned", "model", Calls.LIVE, ("database",))
    results = run(tmp_path, task, models=Models({"model": lambda: model}), arms=[arm])
    cell = results.cell("capitals", "tuned")
    assert cell is not None
    [trial] = read_trials(tmp_path, cell)
    assert trial.annotated == " [Database(Peru, capital) -> Cuzco] Cuzco."
    assert trial.is_right


def test_perplexity_is_measured_with_calls_disabled_where_they_were_taught(tmp_path: Path) -> None:
    asked: list[bool] = []

    class Asked(ScriptedLanguageModel):
        def text_log_probs(self, texts, *, without_marker=False):  # type: ignore[no-untyped-def]
            asked.append(without_marker)
            return super().text_log_probs(texts, without_marker=without_marker)

    models = Models({"guesser": Asked, "caller": Asked})
    task = replace(sums(), run=predict_texts, arms=each_model, metrics=PREDICTION)
    results = run(tmp_path, task, models=models)
    assert asked == [False, True]
    cell = results.cell("sums", "disabled")
    assert cell is not None
    assert cell.scores is not None
    assert (cell.scores.texts, cell.scores.tokens) == (3, 12)
    assert cell.scores.perplexity == pytest.approx(2.718281828**2)


def test_a_task_may_make_its_trials_itself(tmp_path: Path) -> None:
    def memorized(examples: Sequence[Example], setup: Setup) -> Iterator[Trial]:
        for example in examples:
            [log_probs] = setup.model.text_log_probs([example.prompt])
            yield Trial(id=example.id, scores={"nats": -float(log_probs.sum())}, finish=READ)

    task = replace(sums(), run=memorized, arms=each_model, metrics=[Metric.mean("nats")])
    results = run(tmp_path, replace(task, training=lambda: ()))
    assert [(cell.arm, cell.counts, cell.scores) for cell in results.cells] == [
        ("base", None, None),
        ("disabled", None, None),
    ]
    # Four tokens of 2 nats in each text.
    assert results.cells[0].metrics == {"nats": Number(8.0)}
    assert [(table.header, table.rows) for table in tables(results)] == [
        (("", "base", "disabled"), (("nats", "8", "8"),))
    ]
    assert [each.scores for each in read_trials(tmp_path, results.cells[0])] == [{"nats": 8.0}] * 3


def test_results_of_something_else_are_refused(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text('{"schema_version": 1}')
    with pytest.raises(RunError, match="does not hold the results of an evaluation"):
        read_results(tmp_path)
    for content in ("[" * 9999, "[]", "my only copy"):
        (tmp_path / "results.json").write_text(content)
        with pytest.raises(RunError, match="does not hold the results of an evaluation"):
            read_results(tmp_path)
    (tmp_path / "results.json").write_text('{"schema_version": 99}')
    with pytest.raises(RunError, match="has schema version 99"):
        read_results(tmp_path)


def test_a_directory_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="Cannot write"):
        run(tmp_path / "file")


def test_what_is_not_an_evaluation_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text("my only copy")
    models = Models()
    with pytest.raises(RunError, match="does not hold the results of an evaluation"):
        run(tmp_path, models=models)
    assert (tmp_path / "results.json").read_text() == "my only copy"
    assert models.loaded == []  # it is said before the work, not after it


def test_two_evaluations_do_not_write_to_one_directory(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(RunError, match="Another process is writing to"):
        run(tmp_path)
    run(tmp_path)


def test_trials_that_were_removed_while_it_ran_are_told_and_measured_again(tmp_path: Path) -> None:
    @dataclass
    class Remover(Models):
        def load(self, name: str) -> LanguageModel:
            for each in (tmp_path / "cells").glob("*.jsonl"):
                each.unlink()
            return super().load(name)

    whole = run(tmp_path / "whole")
    with pytest.raises(RunError, match="was removed while the evaluation ran"):
        run(tmp_path, models=Remover())
    again = run(tmp_path)
    assert again.cells == whole.cells


def test_what_a_tool_out_of_reach_was_asked_is_measured_again(tmp_path: Path) -> None:
    down = tmp_path / "down"
    down.touch()
    file = tmp_path / "server.py"
    file.write_text(
        f"""
from pathlib import Path
from toolformer import tool

@tool(name="Calculator", isolated=False, pure=False)
def ask(sum: str) -> str:
    "Works a sum out on a server."
    if Path({str(down)!r}).exists():
        raise ConnectionRefusedError("nobody listens")
    return "4"
"""
    )
    arms = [Arm("tuned", "caller", Calls.LIVE, (f"{file}:ask",))]
    [_, cell] = run(tmp_path / "out", arms=arms).cells
    assert cell.counts is not None
    assert (cell.counts.unavailable, cell.counts.tool_errors) == (2, 0)
    down.unlink()
    models = Models()
    [_, cell] = run(tmp_path / "out", arms=arms, models=models).cells
    assert cell.counts is not None
    assert (cell.counts.unavailable, cell.counts.calls) == (0, 2)
    assert models.loaded == ["caller"]
    run(tmp_path / "out", arms=arms, models=models)
    assert models.loaded == ["caller"]


def test_a_path_in_the_results_is_not_followed(tmp_path: Path) -> None:
    cell = run(tmp_path / "out").cells[-1]
    secret = tmp_path / "secret.jsonl"
    secret.write_text((tmp_path / "out" / cell.trials).read_text())
    for path in (str(secret), "../secret.jsonl", "cells/../../secret.jsonl"):
        with pytest.raises(RunError, match="is not below it"):
            list(read_trials(tmp_path / "out", replace(cell, trials=path)))
