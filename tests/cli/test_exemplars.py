"""`toolformer exemplars`: a pilot, questions, a file."""

import io
import os
import re
from pathlib import Path

import pytest

from tests.cli.test_infer_terminal import at_terminal
from toolformer.cli.commands.exemplars import choose
from toolformer.cli.display.console import Console
from toolformer.cli.main import run

MODEL = """
from toolformer.lm.scripted import ScriptedCall, ScriptedLanguageModel

def sums(before):
    return (before.removesuffix(" =").rsplit(": ", 1)[-1] + ")",)

model = ScriptedLanguageModel([ScriptedCall("Calculator", after=" =", writes=sums)])
"""
TEXTS = "First: 3 + 2 = 5 of them.\nThen: 800 + 34 = 834 of them.\nLast: 6 * 7 = 42 of them.\n"
FIRST = '{"text": "First: 3 + 2 = [Calculator(3 + 2) -> 5] 5 of them."}\n'
THEN = '{"text": "Then: 800 + 34 = [Calculator(800 + 34) -> 834] 834 of them."}\n'
LAST = '{"text": "Last: 6 * 7 = [Calculator(6 * 7) -> 42] 42 of them."}\n'
ASKED = "q to leave the others: "


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "script.py").write_text(MODEL)
    (tmp_path / "c.txt").write_text(TEXTS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def exemplars(*arguments: str) -> int:
    return run(["exemplars", "c.txt", "--model", "script.py:model", *arguments])


def test_the_best_are_taken_unasked(where: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exemplars("--tool", "calculator", "--yes", "2") == 0
    assert (where / "exemplars.jsonl").read_text() == THEN + LAST
    out = capsys.readouterr().out
    assert "Then: 800 + 34 = [Calculator(800 + 34) -> 834] 834 of them." in out
    assert re.search(r"c\.txt:2: its output saves \d\.\d\d nats, the call \d\.\d\d", out)
    assert out.endswith(
        "2 exemplars are in exemplars.jsonl. Look them over, and annotate with\n  toolformer "
        "annotate c.txt --model script.py:model --tool calculator --exemplars exemplars.jsonl\n"
    )


def test_a_text_file_is_one_to_be_edited(where: Path) -> None:
    assert exemplars("--yes", "9", "--out", "my.txt") == 0
    assert (
        (where / "my.txt")
        .read_text()
        .startswith("Then: 800 + 34 = [Calculator(800 + 34) -> 834] 834 of them.\n\nLast: ")
    )


def test_nobody_to_ask_an_old_file_or_another_kind_end_it_before_the_pilot(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (where / "old.txt").write_text("mine")
    assert exemplars() == 2
    assert "There is nobody to ask" in capsys.readouterr().err
    assert exemplars("--yes", "1", "--out", "old.txt") == 2
    assert "'old.txt' exists" in capsys.readouterr().err
    assert exemplars("--yes", "1", "--out", "old.csv") == 2
    assert "written to .txt and .jsonl files" in capsys.readouterr().err
    assert (where / "old.txt").read_text() == "mine"


def test_when_nothing_is_found_it_says_why_and_what_to_do(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exemplars("--tool", "calendar", "--yes", "3") == 1
    err = capsys.readouterr().err
    assert "No exemplar was found. Calendar suits none of 3 texts" in err
    assert "as [Calendar(…)], for toolformer annotate --exemplars." in err
    assert not (where / "exemplars.jsonl").exists()


def test_a_person_takes_some_leaves_some_and_ends(where: Path) -> None:
    environment = {"PYTHONPATH": os.pathsep.join(["", *map(str, [Path(__file__).parents[2]])])}
    command = ["exemplars", "c.txt", "--model", "script.py:model"]
    with at_terminal(*command, env=environment) as terminal:
        terminal.wait_for("1 of 3[^|]*Then: 800[^|]*834 of them.[^|]*" + ASKED)
        terminal.press("what\n")
        terminal.wait_for(ASKED)
        terminal.press("n\n")
        terminal.wait_for("2 of 3[^|]*Last: [^|]*" + ASKED)
        terminal.press("Y\n")
        terminal.wait_for("3 of 3[^|]*First: [^|]*" + ASKED)
        terminal.press("q\n")
        terminal.wait_for("1 exemplar is in exemplars.jsonl")
        assert terminal.process.wait(30) == 0
    assert (where / "exemplars.jsonl").read_text() == LAST


def test_the_end_of_what_is_typed_leaves_the_others(where: Path) -> None:
    from toolformer.annotate.demonstrations.proposing import propose_exemplars
    from toolformer.lm.registry import load_model

    pilot = propose_exemplars("c.txt", model=load_model("script.py:model"), tool="calculator")
    console = Console(file=io.StringIO())
    taken = choose(pilot.proposed, console, answers=io.StringIO("yes\nno\n"))
    assert [each.demonstration.text for each in taken] == ["Then: 800 + 34 = 834 of them."]
