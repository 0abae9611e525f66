"""A run as a dataset: every format, read back, and what is left out of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset

from toolformer.annotate import AnnotateConfig, annotate
from toolformer.calls import HermesGrammar, InlineGrammar
from toolformer.cli.main import run as cli
from toolformer.errors import ConfigError, RunError
from toolformer.export import ExportFormat, export_run
from toolformer.export.rows import FORMATS
from toolformer.lm.scripted import ScriptedCall, ScriptedLanguageModel
from toolformer.runs.directory import Run

TEXTS = [
    "There were 3 + 4 = 7 apples, and the capital of Kenya is Nairobi, far away.",
    "Nobody said anything at all that day.",
    "He counted 30 + 12 = 42 of them in the end.",
]
CALLS = [
    ScriptedCall("Calculator", after="3 + 4 =", writes=("3 + 4)",)),
    ScriptedCall("Calculator", after="30 + 12 =", writes=("30 + 12)",)),
    ScriptedCall("Database", after="capital of Kenya is", writes=("Kenya, capital)",)),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("export") / "run"
    config = AnnotateConfig(method="paper", gain_threshold=0.1, documents_per_shard=2)
    model = ScriptedLanguageModel(CALLS)
    made = annotate(TEXTS, model=model, tools=["calculator", "database"], out=out, config=config)
    assert made.stats().documents_kept == 2
    return made


def read(out: Path, cache: Path) -> list[dict[str, Any]]:
    return list(load_dataset(str(out), split="train", cache_dir=str(cache)))


FIRST = (
    "There were 3 + 4 = [Calculator(3 + 4) -> 7] 7 apples, and the capital of Kenya is "
    "[Database(Kenya, capital) -> Nairobi] Nairobi, far away."
)


@pytest.mark.parametrize("files", ["parquet", "jsonl"])
@pytest.mark.parametrize("kind", [each for each in FORMATS if each != "tokens"])
def test_what_is_written_is_read_back(
    run: Run, tmp_path: Path, kind: ExportFormat, files: Any
) -> None:
    done = export_run(run, tmp_path / "out", kind=kind, files=files)
    assert (done.texts, done.rows, dict(done.left_out)) == (2, 2, {"no kept call": 1})
    first, second = read(tmp_path / "out", tmp_path / "cache")
    match kind:
        case "text":
            assert first["text"] == FIRST
        case "hermes":
            assert HermesGrammar().strip(first["text"]) == TEXTS[0]
            [sum_, look_up] = HermesGrammar().calls(first["text"])
            assert json.loads(sum_.call.arguments) == {"expression": "3 + 4"}
            assert json.loads(look_up.call.arguments) == {"entity": "Kenya", "attribute": "capital"}
        case "prompt-completion":
            assert first["prompt"] == "There were 3 + 4 ="
            assert first["prompt"] + first["completion"] == FIRST
        case "messages" | "openai":
            check_conversation(first, as_text=kind == "openai")
            assert [each["role"] for each in second["messages"]] == [
                "user", "assistant", "tool", "assistant"
            ]  # fmt: skip


def check_conversation(row: dict[str, Any], *, as_text: bool) -> None:
    messages = row["messages"]
    asked, *rest = messages
    assert asked["content"].endswith("\n\nThere were 3 + 4 =")
    calls = [call for each in rest for call in each.get("tool_calls") or ()]
    arguments = [call["function"]["arguments"] for call in calls]
    if as_text:
        assert [call["id"] for call in calls] == ["call_1", "call_2"]
        answers = [each for each in rest if each["role"] == "tool"]
        assert [each["tool_call_id"] for each in answers] == ["call_1", "call_2"]
        arguments = [json.loads(each) for each in arguments]
    assert arguments == [{"expression": "3 + 4"}, {"entity": "Kenya", "attribute": "capital"}]
    said = "".join(each["content"] for each in rest if each["role"] == "assistant")
    assert "There were 3 + 4 =" + said == TEXTS[0]
    names = [each["function"]["name"] for each in row["tools"]]
    assert names == ["Calculator", "Database"]


def test_tokens_are_those_that_finetune_learns(run: Run, tmp_path: Path) -> None:
    done = export_run(run, tmp_path / "out", kind="tokens", model="nano")
    first, _ = read(tmp_path / "out", tmp_path / "cache")
    assert done.rows == 2
    assert len(first["input_ids"]) == len(first["labels"])
    pairs = list(zip(first["input_ids"], first["labels"], strict=True))
    assert {label for token, label in pairs if label != token} == {-100}
    assert sum(label == -100 for _, label in pairs) > 3  # the outputs, and the first token


def test_calls_of_one_tool_and_texts_without_any(run: Run, tmp_path: Path) -> None:
    export_run(run, tmp_path / "out", only=["calculator"], all_texts=True)
    rows = read(tmp_path / "out", tmp_path / "cache")
    assert [InlineGrammar().strip(each["text"]) for each in rows] == TEXTS
    assert "Database" not in rows[0]["text"]
    assert rows[1]["text"] == TEXTS[1]


def test_a_higher_threshold_keeps_fewer(run: Run, tmp_path: Path) -> None:
    assert export_run(run, tmp_path / "out", threshold=50).texts == 0


def test_rows_are_parted_into_files(run: Run, tmp_path: Path) -> None:
    done = export_run(run, tmp_path / "out", files="jsonl", rows_per_file=1)
    assert [each.name for each in done.files] == ["train-00000.jsonl", "train-00001.jsonl"]
    before = [each.read_bytes() for each in done.files]
    again = export_run(run, tmp_path / "out", files="jsonl", rows_per_file=1)
    assert [each.read_bytes() for each in again.files] == before
    with pytest.raises(RunError, match="rows_per_file"):
        export_run(run, tmp_path / "out", files="jsonl", rows_per_file=2)


def test_a_tool_that_opens_something_is_to_be_named(tmp_path: Path) -> None:
    facts = tmp_path / "facts.jsonl"
    facts.write_text('{"title": "Kenya", "text": "The capital of Kenya is Nairobi."}\n')
    spec = f"search:path={facts}"
    script = [ScriptedCall("WikiSearch", after="capital of Kenya is", writes=("Kenya capital)",))]
    config = AnnotateConfig(method="paper", gain_threshold=0.1)
    made = annotate(
        TEXTS, model=ScriptedLanguageModel(script), tools=spec, out=tmp_path / "run", config=config
    )
    with pytest.raises(ConfigError, match="WikiSearch is needed for its parameters"):
        export_run(made, tmp_path / "out", kind="messages")
    assert export_run(made, tmp_path / "out", kind="messages", tools=spec).texts == 1


def test_the_command_says_what_it_wrote(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["export", str(run.path), "--out", str(tmp_path / "out")]
    assert not cli([*command, "--format", "openai", "--json"])
    said = json.loads(capsys.readouterr().out)
    assert (said["texts"], said["rows"], said["files"]) == (2, 2, ["train-00000.parquet"])
    assert cli([*command, "--format", "xml"])
    assert "--format is one of text, hermes" in capsys.readouterr().err
