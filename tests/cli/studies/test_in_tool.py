"""`toolformer study in-tool` from the command line: files, and what is printed."""

import json
import signal
from pathlib import Path

import pytest

from toolformer.cli.main import run
from toolformer.studies.in_tool.data.questions import Mode
from toolformer.studies.in_tool.experiment.results import Row, write_results

TRAIN = "--people 2 --width 4 --steps 2 --batch-size 2 --device cpu"
GRID = "facts: [4]\nwidths: [4]\nseeds: [0]\nsteps: 2\nbatch_size: 2\nquestions: 2\n"


def in_tool(line: str) -> int:
    return run(["study", "in-tool", *line.split()])


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lines(path: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def test_the_data_of_the_study_is_written(here: Path) -> None:
    assert in_tool("people --num 3 --out people.jsonl") == 0
    assert in_tool("biographies --num 3 --out biographies.jsonl") == 0
    assert in_tool("qa --num 3 --tool-use --out qa.jsonl") == 0
    assert in_tool("qa --num 3 --out plain.jsonl") == 0
    assert in_tool("database --num 3 --out facts.db") == 0
    names = [each["name"] for each in lines("people.jsonl")]
    assert names == [each["id"] for each in lines("biographies.jsonl")]
    assert [len(lines(f"{name}.jsonl")) for name in ("qa", "plain")] == [12, 12]
    assert "[Database(" in lines("qa.jsonl")[0]["text"]
    assert "[" not in lines("plain.jsonl")[0]["text"]
    question = lines("qa.jsonl")[0]
    asked = f"{question['name']}, {question['attribute']}"
    assert run(["tools", "database:path=facts.db", asked, "--json"]) == 0


def test_strangers_are_others(here: Path) -> None:
    assert in_tool("people --num 20 --out seen.jsonl") == 0
    assert in_tool("people --num 20 --unseen --out unseen.jsonl") == 0
    seen, unseen = (
        {each["first_name"] for each in lines(f"{name}.jsonl")} for name in ("seen", "unseen")
    )
    assert seen.isdisjoint(unseen)


def test_a_training_that_is_stopped_tells_how_it_is_continued(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("toolformer.cli.studies.in_tool.train_one", interrupted)
    assert in_tool(f"train --mode weight {TRAIN} --out m") == 130
    told = "Stopped. Run the same command again to continue at the last checkpoint.\n"
    assert told in capsys.readouterr().err


def test_a_model_is_trained_and_asked(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert in_tool(f"train --mode weight {TRAIN} --out m --json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["seen"] == {"asked": 8, "right": 0, "called": 0}
    assert (here / "m" / "model.safetensors").exists()
    assert in_tool(f"train --mode weight {TRAIN} --seed 1 --out m") == 2
    assert "seed (0, now 1)" in capsys.readouterr().err


def test_a_setting_without_a_default_has_to_be_given(capsys: pytest.CaptureFixture[str]) -> None:
    assert in_tool("train --people 2 --width 4 --out m") == 2
    assert capsys.readouterr().err == "The setting 'mode' is missing.\n"


@pytest.mark.slow
def test_a_grid_is_swept_and_reported(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "grid.yaml").write_text(GRID)
    assert in_tool("sweep grid.yaml --set strange_questions=2 --device cpu --out r.csv") == 0
    assert capsys.readouterr().out.startswith("2 models in r.csv")
    assert in_tool("report r.csv --out report") == 0
    assert "published" in capsys.readouterr().out
    assert sorted(each.name for each in (here / "report").iterdir()) == [
        "parameters.svg",
        "recall.svg",
        "report.md",
    ]


def test_a_report_is_printed_as_markdown(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = Row(
        mode=Mode.TOOL, facts=1024, width=64, parameters=164_672, seed=0, alpha=1.0, steps=9,
        loss=0.1, asked=4, right=4, strange_asked=4, strange_right=2, edited_asked=4,
        edited_right=4,
    )  # fmt: skip
    write_results(Path("r.csv"), [row])
    assert in_tool("report r.csv --markdown") == 0
    assert "| 1,024 | 1.00 [0.51, 1.00] |" in capsys.readouterr().out


def test_a_report_of_nothing_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    write_results(Path("r.csv"), [])
    assert in_tool("report r.csv") == 2
    assert "holds no model yet" in capsys.readouterr().err
