"""`toolformer infer --chat`: questions instead of texts to continue."""

import io
import json
import sys
from pathlib import Path

import pytest

from toolformer.cli.main import run

MODEL = """
from toolformer.sidecar import Sidecar, SidecarTool
from toolformer.lm.scripted import ScriptedLanguageModel
from toolformer.lm.scripted.streams import Continuation

class Chatting(ScriptedLanguageModel):
    has_chat_template = True

    def chat_prompt(self, messages):
        said = "".join(f"<{each.role}>{each.text}" for each in messages)
        return said + "<assistant>"

SCRIPT = (
    Continuation("<user>3 + 4?<assistant>", "It is [Calculator(3 + 4)"),
    Continuation("-> 7]", " 7."),
    Continuation("7] 7.<user>Sure?<assistant>", "Yes."),
    Continuation("7] 7.<user>Sure?<assistant>Yes.", " Very."),
    Continuation("Yes. Very.<user>Why?<assistant>", "Because."),
    Continuation("<user>Why?<assistant>", "What?", weight=0.5),
    Continuation("3 + 4?", " Seven."),
)
TUNED = Sidecar(tools=(SidecarTool("Calculator", "calculator"),))
model = Chatting(continuations=SCRIPT, sidecar=TUNED)
short = Chatting(continuations=SCRIPT, sidecar=TUNED, max_length=24)
plain = ScriptedLanguageModel(continuations=SCRIPT, sidecar=TUNED)
"""


@pytest.fixture(autouse=True)
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "script.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def infer(*arguments: str, model: str = "script.py:model") -> int:
    return run(["infer", model, *arguments])


def repl(
    lines: list[str], monkeypatch: pytest.MonkeyPatch, *, model: str = "script.py:model"
) -> int:
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(lines) + "\n"))
    return infer("--chat", "--repl", model=model)


def test_a_question_goes_through_the_template(capsys: pytest.CaptureFixture[str]) -> None:
    assert infer("3 + 4?", "--chat") == 0
    assert capsys.readouterr() == ("It is [Calculator(3 + 4) -> 7] 7.\n", "")


def test_without_chat_it_is_said_that_there_is_a_template(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert infer("3 + 4?") == 0
    note = "script.py:model has a chat template: --chat uses it.\n"
    assert capsys.readouterr() == ("Seven.\n", note)
    assert infer("3 + 4?", model="script.py:plain") == 0
    assert capsys.readouterr() == ("Seven.\n", "")


def test_a_model_without_a_template_has_no_chat(capsys: pytest.CaptureFixture[str]) -> None:
    assert infer("3 + 4?", "--chat", model="script.py:plain") == 2
    assert "scripted has no chat template, so there is no --chat" in capsys.readouterr().err


def test_json_has_the_question_as_it_was_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert infer("3 + 4?", "--chat", "--json") == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["prompt"], row["text"], row["taken"]) == ("3 + 4?", "It is 7.", 0)


def test_each_prompt_of_a_file_is_a_conversation_of_its_own(where: Path) -> None:
    (where / "asked.txt").write_text("3 + 4?\nWhy?\n")
    assert infer("--chat", "--input", "asked.txt", "--out", "said.jsonl") == 0
    rows = [json.loads(line) for line in (where / "said.jsonl").read_text().splitlines()]
    assert [(row["prompt"], row["text"]) for row in rows] == [
        ("3 + 4?", "It is 7."),
        ("Why?", "What?"),
    ]


def test_answers_of_a_chat_are_not_mixed_with_others(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (where / "asked.txt").write_text("3 + 4?\nWhy?\n")
    arguments = ("--input", "asked.txt", "--out", "said.jsonl")
    assert infer("--chat", *arguments) == 0
    assert infer("--chat", *arguments) == 0
    assert infer(*arguments) == 2
    assert "other settings" in capsys.readouterr().err


def test_prompts_of_a_repl_are_a_conversation_until_a_new_one_begins(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, where: Path
) -> None:
    lines = ["3 + 4?", "Sure?", "/set max-new-tokens 2", "/more", "Why?", "/new", "Why?", "/save s"]
    assert repl(lines, monkeypatch) == 0
    assert capsys.readouterr().out.splitlines() == [
        "It is [Calculator(3 + 4) -> 7] 7.",
        "Yes. Very.",
        "max-new-tokens is 2.",
        "",
        "Because.",
        "The next prompt begins a conversation.",
        "What?",
        "5 answers are in s.",
    ]
    rows = [json.loads(line) for line in (where / "s").read_text().splitlines()]
    assert [row["prompt"] for row in rows] == ["3 + 4?", "Sure?", "Sure?", "Why?", "Why?"]


def test_an_answer_that_is_continued_stays_one_message(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["3 + 4?", "/set max-new-tokens 2", "Sure?", "/set max-new-tokens 9", "/more", "Why?"]
    assert repl(lines, monkeypatch) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == ["Very.", "Because."]


def test_a_conversation_that_is_too_long_says_how_to_begin_another(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert repl(["Why?", "3 + 4? " * 4, "/new", "Why?"], monkeypatch, model="script.py:short") == 0
    said = capsys.readouterr().out
    assert "Shorten it. Or begin a new conversation: /new." in " ".join(said.split())
    assert said.splitlines()[-1] == "What?"
