"""The example of a task with metrics of its own, tried by scripted models."""

import doctest
from pathlib import Path

from toolformer.evaluate import Arm, Calls, EvaluateConfig, evaluate, load_task, read_results
from toolformer.evaluate.tables import tables
from toolformer.lm.scripted import Continuation, ScriptedLanguageModel
from toolformer.specs.python_files import import_file

FILE = Path(__file__).parents[2] / "examples" / "my_task.py"
MODELS = {
    "base": ScriptedLanguageModel(continuations=[Continuation("short:", " Many people, many.")]),
    "tuned": ScriptedLanguageModel(
        continuations=[
            Continuation("afternoon.\nIn short:", " [Calculator(303 + 453)"),
            Continuation("-> 756]", " 756 people took a ferry."),
            Continuation("kilograms.\nIn short:", " Apples, by the crate."),
        ]
    ),
}
ARMS = [Arm("base", "base", Calls.NONE), Arm("tuned", "tuned", Calls.LIVE, ("calculator",))]


def test_the_table_has_the_rows_of_the_metrics_and_those_about_calls(tmp_path: Path) -> None:
    task = load_task(f"{FILE}:summaries")
    evaluate([task], ARMS, out=tmp_path, config=EvaluateConfig(), load=MODELS.__getitem__)
    results = read_results(tmp_path)
    assert results is not None
    [table] = tables(results)
    assert table.title == "summaries: one sentence"
    assert table.header == ("", "base", "tuned")
    # F1, twice the shared words over all: base 2/8 and 0, tuned 8/10 and 4/11 (the, apples).
    assert table.rows == (
        ("word overlap (F1)", "0.12", "0.58"),
        ("word overlap (F1), sums (1)", "0.25", "0.80"),
        ("words", "3.0", "4.5"),
        ("words, sums (1)", "3.0", "5.0"),
        ("at most 8 words", "100.0 % (34.2–100.0)", "100.0 % (34.2–100.0)"),
        ("at most 8 words, sums (1)", "100.0 % (20.7–100.0)", "100.0 % (20.7–100.0)"),
        ("inputs with a call", "–", "50.0 %"),
        ("tool errors", "–", "0"),
        ("failed calls", "–", "0"),
    )


def test_its_docstrings_say_what_happens() -> None:
    assert doctest.testmod(import_file(FILE)) == (0, 2)  # failed, attempted
