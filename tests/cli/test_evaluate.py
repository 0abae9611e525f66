"""`toolformer evaluate` from the command line: columns, tables, trials, bad input, how it ends."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.models import save_model
from toolformer.assets import EMBEDDED_MODEL, asset
from toolformer.calls import InlineGrammar
from toolformer.cli.main import run
from toolformer.evaluate import Calls, Results, read_results
from toolformer.evaluate.results import ArmLine, Cell, TaskLine
from toolformer.evaluate.trial import Trial
from toolformer.sidecar import Sidecar, SidecarTool, write_sidecar

MODELS = """
from toolformer.sidecar import Sidecar, SidecarTool
from toolformer.lm.scripted import ScriptedLanguageModel
from toolformer.lm.scripted.streams import Continuation

CALCULATOR = (SidecarTool("Calculator", "calculator"),)

base = ScriptedLanguageModel(continuations=[Continuation("is", " 9.")])
CALLS = [
    Continuation("2 + 2 is", " [Calculator(2 + 2)"),
    Continuation("3 + 4 is", " [Calculator(3 / 0)"),
    Continuation("-> 4]", " 4."),
    Continuation("is", " 9.", weight=0.5),
]

def taught(tools=CALCULATOR, **lineage):
    sidecar = Sidecar(tools=tools, lineage=lineage)
    return ScriptedLanguageModel(continuations=CALLS, sidecar=sidecar)

tuned = taught(base={"name": "script.py:base"})
unsaid = ScriptedLanguageModel(continuations=CALLS)
orphan = taught()
moved = taught(base={"name": "no-such-directory"})
lost = taught((SidecarTool("Search", "my_search"),))
"""
SUMS = [
    {"input": "2 + 2 is", "target": 4},
    {"input": "3 + 4 is", "target": 7},
    {"input": "5 + 4 is", "target": 9},
]
TASK = "math:path=sums.jsonl,prompt={problem}"


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory with scripted models and a task, which is the current one."""
    (tmp_path / "script.py").write_text(MODELS)
    (tmp_path / "sums.jsonl").write_text("".join(json.dumps(row) + "\n" for row in SUMS))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    return tmp_path


def evaluate(*arguments: str, model: str = "tuned", task: str = TASK) -> int:
    return run(["evaluate", f"script.py:{model}", "--task", task, *arguments])


def columns_of(out: str = "evaluation") -> list[str]:
    results = read_results(Path(out))
    assert results is not None
    return [arm.name for arm in results.arms]


def test_columns_stand_side_by_side_in_a_table(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate("--control", "script.py:base", "--column", "again=script.py:tuned") == 0
    out = capsys.readouterr().out
    assert columns_of() == [
        "prior",
        "base",
        "base, tools live",
        "control",
        "tuned, calls disabled",
        "tuned",
        "again",
    ]
    [line] = [line for line in out.splitlines() if line.startswith("│ accuracy  ")]
    shares = [cell.split("%")[0].strip() for cell in line.strip("│").split("│")[1:]]
    assert shares == ["33.3", "33.3", "33.3", "33.3", "66.7", "66.7"]
    assert "toolformer evaluate --show wrong --out evaluation" in out


def test_json_is_what_the_results_file_holds(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate("--json", "--out", "there") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(Path("there/results.json").read_text())
    assert printed["settings"]["ks"] == [10]


MY_TASK = """
from toolformer.evaluate import Example, Metric, Task

def score(trial, example):
    said = set(trial.text.strip(" .").split())
    return {"overlap": len(said & set(example.answers)) / len(said), "words": len(said)}

EXAMPLES = [
    Example("1", "2 + 2 is", ("4",), tags=("even",)),
    Example("2", "5 + 4 is", ("nine",)),
]
mine = Task(
    name="mine",
    examples=lambda: EXAMPLES,
    score=score,
    metrics=[
        Metric.mean("overlap", form=".2f"),
        Metric.mean("words"),
        Metric.proportion("started", name="began a call"),
    ],
)
"""


def test_a_task_of_ones_own_is_measured_resumed_and_printed_with_its_metrics(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (where / "my_task.py").write_text(MY_TASK)
    spec = "my_task.py:mine"
    assert evaluate("--k", "1,10", task=spec) == 0
    first = capsys.readouterr()
    rows = [
        [cell.strip() for cell in line.strip("│").split("│")]
        for line in first.out.splitlines()
        if line.startswith("│")
    ]
    own, by_k = rows[:9], rows[9:]
    assert own == [
        ["overlap", "0.00", "0.00", "0.00", "0.50"],
        ["overlap, even (1)", "0.00", "0.00", "0.00", "1.00"],
        ["words", "1", "1", "1", "1"],
        ["words, even (1)", "1", "1", "1", "1"],
        ["began a call", *["0.0 % (0.0–65.8)"] * 3, "50.0 % (9.5–90.5)"],
        ["began a call, even (1)", *["0.0 % (0.0–79.3)"] * 3, "100.0 % (20.7–100.0)"],
        ["inputs with a call", "–", "0.0 %", "–", "50.0 %"],
        ["tool errors", "–", "0", "–", "0"],
        ["failed calls", "–", "0", "–", "0"],
    ]
    assert by_k[1:] == [[k, "0.50", "1", "50.0 % (9.5–90.5)", "50.0 %"] for k in ("1", "10")]

    stored = json.loads(Path("evaluation/results.json").read_text())
    assert stored["tasks"][0]["measure"] == "own"
    overlap = {"value": 0.5, "interval": None, "form": ".2f"}
    assert stored["cells"][-1]["metrics"]["overlap"] == overlap
    assert stored["cells"][-1]["metrics_by_tag"]["even"]["overlap"] == overlap | {"value": 1.0}

    assert evaluate("--k", "1,10", task=spec) == 0
    second = capsys.readouterr()
    assert second.out == first.out
    assert "inputs in" not in second.err  # nothing was measured again

    run(["evaluate", "--show", "called"])
    assert "  overlap 1; words 1; expected: 4\n" in capsys.readouterr().out
    run(["evaluate", "--show", "wrong"])
    assert "No trial in evaluation is wrong." in capsys.readouterr().err


def test_a_task_that_was_edited_is_measured_anew(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = where / "my_task.py"
    path.write_text(MY_TASK)
    evaluate("--no-base", task="my_task.py:mine")
    path.write_text(MY_TASK.replace("/ len(said)", "/ 2"))
    capsys.readouterr()
    evaluate("--no-base", task="my_task.py:mine")
    captured = capsys.readouterr()
    assert "mine, tuned, k = 10: 2 inputs in" in captured.err
    assert "0.25" in captured.out


def test_several_k_are_a_sweep(where: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate("--k", "0,1,10", "--no-base") == 0
    out = capsys.readouterr().out
    assert "math: tuned, by k" in out
    ks = [line.split()[1] for line in out.splitlines() if line[:4].strip("│ ").isdigit()]
    assert ks == ["0", "1", "10"]
    assert columns_of()[1:] == ["tuned, calls disabled", "tuned"]


def test_settings_come_from_a_file_too(where: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (where / "evaluate.yaml").write_text("ks: [1, 10]\nlimit: 3\n")
    assert evaluate("--config", "evaluate.yaml", "--set", "limit=2", "--k", "1,2") == 0
    assert "2 inputs; k = 2" in capsys.readouterr().out


def test_a_second_command_takes_what_is_there(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate()
    first = capsys.readouterr()
    assert "math, tuned, k = 10: 3 inputs in" in first.err
    evaluate()
    second = capsys.readouterr()
    assert second.out == first.out
    assert "inputs in" not in second.err


def test_wrong_answers_can_be_looked_into(where: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate()
    capsys.readouterr()
    assert run(["evaluate", "--show", "wrong"]) == 0
    shown = capsys.readouterr().out
    assert shown == (
        "math, tuned, k = 10: sums/2\n"
        "3 + 4 is 9.\n"
        "  [Calculator(3 / 0) failed: Cannot divide by zero in '3 / 0'.\n"
        "  wrong; expected: 7\n\n"
    )


def test_trials_of_another_column_are_shown_as_json(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate()
    capsys.readouterr()
    assert run(["evaluate", "--show", "right", "--column", "base", "--json"]) == 0
    rows: list[dict[str, Any]] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["column"], row["id"], row["text"]) for row in rows] == [("base", "sums/3", " 9.")]


def test_called_and_failed_trials_are_told_apart(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate()
    capsys.readouterr()
    run(["evaluate", "--show", "called"])
    assert "2 + 2 is [Calculator(2 + 2) -> 4] 4." in capsys.readouterr().out
    run(["evaluate", "--show", "failed", "--limit", "5"])
    assert "3 + 4 is 9." in capsys.readouterr().out
    run(["evaluate", "--show", "failed", "--column", "base"])
    assert "No trial in evaluation is failed." in capsys.readouterr().err


def test_a_text_without_a_right_answer_is_neither_wrong_nor_right(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (where / "plain.jsonl").write_text('{"id": "a", "text": "2 + 2 is four, and so on."}\n')
    evaluate("--task", "restraint:path=plain.jsonl,prompt=5,tokens=8")
    ids = {}
    for show in ("wrong", "right", "all"):
        capsys.readouterr()
        run(["evaluate", "--show", show, "--json"])
        ids[show] = [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()]
    assert ids["wrong"] == ["sums/2"]
    assert ids["right"] == ["sums/1", "sums/3"]
    assert ids["all"] == ["sums/1", "sums/2", "sums/3", "a"]
    run(["evaluate", "--show", "wrong", "--task", "restraint plain"])
    assert "No trial in evaluation is wrong." in capsys.readouterr().err


@pytest.mark.parametrize(("checkpoint", "is_a_call"), [("ckpt", True), ("nano", False)])
def test_calls_are_shown_as_the_model_writes_them(
    where: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    checkpoint: str,
    is_a_call: bool,
) -> None:
    (where / "ckpt").mkdir()
    write_sidecar("ckpt", Sidecar(grammar=InlineGrammar(open=" <<", arrow=" =>", close=">>")))
    said = " <<Calculator(2 + 2) => 4>> 4."
    trial = Trial(id="1", prompt="2 + 2 is", answers=("4",), text=" 4.", annotated=said)
    Path("evaluation").mkdir()
    Path("evaluation/trials.jsonl").write_text(json.dumps(trial.to_row()) + "\n")
    results = Results(
        tasks=[TaskLine("sums", "answers")],
        arms=[ArmLine("tuned", checkpoint, Calls.LIVE)],
        cells=[Cell(task="sums", arm="tuned", trials="trials.jsonl")],
    )
    Path("evaluation/results.json").write_text(json.dumps(results.to_dict()))
    monkeypatch.setenv("FORCE_COLOR", "1")  # text has none
    run(["evaluate", "--show", "all"])
    styled = re.findall(r"\x1b\[[\d;]+m([^\x1b]+)\x1b\[0m", capsys.readouterr().out)
    assert styled == ([" <<Calculator(2 + 2)", " => 4>>"] if is_a_call else [])


def test_a_model_without_a_sidecar_is_told_what_is_assumed(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(model="unsaid") == 0
    told = " ".join(capsys.readouterr().err.split())
    assert "script.py:unsaid has no toolformer.json: its calls are taken to look like" in told
    assert (
        "[Name(arguments) -> output], and its tools to be calculator, calendar, database." in told
    )
    assert "does not say what it was tuned from: name it: --base." in told


def test_a_model_that_does_not_say_its_base_has_no_base_columns(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(model="orphan") == 0
    assert "does not say what it was tuned from" in " ".join(capsys.readouterr().err.split())
    assert columns_of()[1:] == ["tuned, calls disabled", "tuned"]
    assert evaluate("--base", "script.py:base", model="orphan") == 0
    assert columns_of()[1:3] == ["base", "base, tools live"]


def test_a_base_that_moved_is_left_out_and_told(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(model="moved") == 0
    assert "The base model is left out." in " ".join(capsys.readouterr().err.split())
    assert columns_of()[1:] == ["tuned, calls disabled", "tuned"]


def test_a_checkpoint_runs_no_code_unless_the_user_says_so(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("evil.py").write_text(
        "from pathlib import Path\nPath('ran').touch()\n"
        'def f(x: str) -> str:\n    """Does."""\n    return x\n'
    )
    save_model(Path("m"), "gpt2")
    lineage = {"base": {"name": "evil.py:model"}}
    write_sidecar("m", Sidecar(lineage=lineage, tools=(SidecarTool("F", "evil.py:f"),)))
    flags = ("--task", "arithmetic", "--limit", "1", "--max-new-tokens", "1")
    assert run(["evaluate", "m", *flags]) == 2
    assert "or opens a path of this machine" in capsys.readouterr().err
    assert run(["evaluate", "m", *flags, "--tool", "calculator"]) == 0
    assert "tuned from 'evil.py:model', which is code" in capsys.readouterr().err
    assert not Path("ran").exists()
    assert run(["evaluate", "m", *flags, "--trust-tools", "--no-base"]) == 0
    assert Path("ran").exists()


def test_tools_may_be_others_than_the_taught_ones(where: Path) -> None:
    assert evaluate("--tool", "calendar") == 0
    results = read_results(Path("evaluation"))
    assert results is not None
    assert {arm.tools for arm in results.arms if arm.tools} == {("calendar",)}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Name the model: toolformer evaluate CKPT --task arithmetic."),
        (["script.py:tuned"], "Name a task: --task arithmetic. Available: arithmetic, date-"),
        (["script.py:tuned", "--task", "mat:path=x"], "Did you mean 'math'?"),
        (["script.py:tuned", "--task", "math:path=no.jsonl"], "There is no file"),
        (["script.py:tuned", "--task", TASK, "--k", "many"], "--k is 'many'"),
        (["script.py:tuned", "--task", TASK, "--k", "0"], "one is at least 1"),
        (["script.py:tuned", "--task", TASK, "--limit", "0"], "'limit' cannot be 0"),
        (["script.py:tuned", "--task", TASK, "--today", "soon"], "'soon' is not a date"),
        (["script.py:tuned", "--task", TASK, "--column", "again"], "write NAME=CKPT"),
        (["script.py:tuned", "--task", TASK, "--column", "base=script.py:base"], "is taken"),
        (["script.py:tuned", "--task", TASK, "--control", "no-such"], "Unknown model 'no-such'"),
        (
            ["script.py:tuned", "--task", TASK, "--base", "script.py:none"],
            "Unknown model in script.py",
        ),
        (["script.py:lost", "--task", TASK], "was taught to call Search"),
        (["--show", "wrong"], "holds no evaluation: run one first"),
    ],
)
def test_bad_input_is_one_sentence(
    where: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert run(["evaluate", *arguments]) == 2
    assert sentence in capsys.readouterr().err
    assert not Path("evaluation").exists()


def test_a_column_that_is_not_there_offers_the_near_one(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate()
    capsys.readouterr()
    assert run(["evaluate", "--show", "wrong", "--column", "tunde"]) == 2
    assert "Did you mean 'tuned'?" in capsys.readouterr().err


def test_a_sidecar_of_a_newer_version_is_refused(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = where / "ckpt"
    model.mkdir()
    (model / "config.json").write_text("{}")
    write_sidecar(model, Sidecar(tools=(SidecarTool("Calculator", "calculator"),)))
    sidecar = json.loads((model / "toolformer.json").read_text())
    (model / "toolformer.json").write_text(json.dumps(sidecar | {"schema_version": 99}))
    assert run(["evaluate", "ckpt", "--task", TASK]) == 2
    assert "schema version 99" in capsys.readouterr().err


def test_a_checkpoint_names_no_code_to_run_as_its_base(
    where: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (where / "evil.py").write_text("open('ran', 'w')\nmodel = None\n")
    checkpoint = shutil.copytree(asset(EMBEDDED_MODEL), tmp_path / "ckpt")
    write_sidecar(checkpoint, Sidecar(lineage={"base": {"name": "evil.py:model"}}))
    assert run(["evaluate", "ckpt", "--task", TASK, "--limit", "1"]) == 0
    said = "The base model is left out. ckpt says that it was tuned from 'evil.py:model', which is"
    assert said in capsys.readouterr().err
    assert not (where / "ran").exists()
