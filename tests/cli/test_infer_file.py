"""`toolformer infer --input`: a row for each prompt, resumed where it stopped."""

import json
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from toolformer.cli.main import run

MODEL = """
import time
from toolformer.sidecar import Sidecar, SidecarTool
from toolformer.lm.scripted import ScriptedLanguageModel
from toolformer.lm.scripted.streams import Continuation

SCRIPT = (
    Continuation("Day", " [Calendar(weekday)"),
    Continuation("and on", " and on"),
    Continuation("or", " this", weight=0.5),
    Continuation("or", " that", weight=0.5),
)

TUNED = {
    "continuations": SCRIPT, "sidecar": Sidecar(tools=(SidecarTool("Calendar", "calendar"),))
}

class Slow(ScriptedLanguageModel):
    def streams(self):
        time.sleep(0.01)
        return super().streams()

model = ScriptedLanguageModel(max_length=40, **TUNED)
other = ScriptedLanguageModel(name="other", max_length=40, **TUNED)
slow = Slow(**TUNED)
"""
TOO_LONG = "word " * 50
TOOLS_OF_FILES = '''
from pathlib import Path
from toolformer.tools import Tool, tool

def of(country: str) -> str:
    """Says the capital."""
    return "Lima"

def made(table: Path) -> Tool:
    capital = table.read_text()
    def look_up(country: str) -> str:
        """Says the capital."""
        return capital
    return tool(look_up)
'''


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory with a model that follows a script, which is the current one."""
    (tmp_path / "script.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_prompts(*prompts: str | dict[str, Any]) -> None:
    rows = [{"prompt": each} if isinstance(each, str) else each for each in prompts]
    Path("p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def infer(*flags: str, model: str = "script.py:model", source: str = "p.jsonl") -> int:
    return run(["infer", model, "--input", source, "--max-new-tokens", "4", *flags])


def answers(path: str = "a.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def test_answers_come_in_the_order_of_the_prompts_with_their_ids(where: Path) -> None:
    write_prompts("on and on", {"id": 7, "prompt": "Day"}, {"id": "x", "text": "none"})
    assert infer("--out", "a.jsonl", "--today", "2023-03-03", "--batch", "2") == 0
    assert [(row.get("id"), row["prompt"], row["text"]) for row in answers()] == [
        (None, "on and on", " and on and on"),
        (7, "Day", ""),
        ("x", "none", ""),
    ]
    assert [event["output"] for event in answers()[1]["events"]] == ["Friday"]


def test_a_prompt_may_have_a_day_of_its_own(where: Path) -> None:
    write_prompts(*({"prompt": "Day", "today": day} for day in ("2023-03-03", "2023-03-05", None)))
    infer("--out", "a.jsonl", "--today", "2023-03-06")
    outputs = [row["events"][0]["output"] for row in answers()]
    assert outputs == ["Friday", "Sunday", "Monday"]


def test_without_out_the_answers_go_to_stdout_and_progress_to_stderr(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (where / "p.txt").write_text("on and on\nnone\n")
    assert infer(source="p.txt") == 0
    printed = capsys.readouterr()
    assert [json.loads(line)["text"] for line in printed.out.splitlines()] == [" and on and on", ""]
    assert "2/2 prompts" in printed.err
    assert "prompts/s" in printed.err


def test_what_is_answered_is_not_asked_again_and_a_torn_line_is(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_prompts("and on", "a", TOO_LONG, "b and on")
    flags = ("--out", "a.jsonl", "--temperature", "1")
    infer(*flags)
    whole = Path("a.jsonl").read_bytes()
    lines = whole.splitlines(keepends=True)
    # The first row is marked: it stays as it is. The last is torn.
    marked = lines[0].replace(b'"finish"', b'"mark": 1, "finish"')
    Path("a.jsonl").write_bytes(b"".join([marked, *lines[1:3], lines[3][:20]]))
    assert infer(*flags) == 0
    assert Path("a.jsonl").read_bytes() == whole.replace(lines[0], marked)
    assert "a.jsonl already holds 3 of 4 answers." in capsys.readouterr().err


def test_a_resumed_run_draws_what_an_undisturbed_one_draws(where: Path) -> None:
    write_prompts(*["this or"] * 12)
    flags = ("--temperature", "1", "--seed", "3")
    infer("--out", "whole.jsonl", *flags)
    texts = [row["text"] for row in answers("whole.jsonl")]
    assert set(texts) == {" this", " that"}
    lines = Path("whole.jsonl").read_bytes().splitlines(keepends=True)
    Path("a.jsonl").write_bytes(b"".join(lines[:5]))
    infer("--out", "a.jsonl", *flags, "--batch", "3")
    assert [row["text"] for row in answers()] == texts


def test_a_prompt_that_is_too_long_has_an_error_and_the_others_their_answers(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_prompts("on and on", TOO_LONG, "Day", TOO_LONG, TOO_LONG, "and on")
    assert infer("--out", "a.jsonl", "--batch", "3") == 0
    assert ["error" in row for row in answers()] == [False, True, False, True, True, False]
    assert [row["prompt"] for row in answers()][1] == TOO_LONG
    assert "leave no room in the 40" in answers()[1]["error"]
    assert "3 of 6 prompts have an `error` in place of an answer." in capsys.readouterr().err


def test_a_record_without_a_prompt_is_named_and_left_out(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_prompts("Day", {"question": "?"}, {"prompt": 3}, {"prompt": "a", "today": "soon"}, "b")
    with Path("p.jsonl").open("a") as file:
        file.write('{"prompt": "torn')
    assert infer("--out", "a.jsonl") == 0
    assert [row["prompt"] for row in answers()] == ["Day", "b"]
    told = " ".join(capsys.readouterr().err.split())
    assert "p.jsonl, line 2: it has no field 'prompt'" in told
    assert "p.jsonl, line 3: its prompt is 3, no text" in told
    assert "p.jsonl, line 4: its today is 'soon', not a date such as 2023-03-03" in told
    assert told.count("p.jsonl, line 6: not JSON") == 1


def test_a_prompt_with_half_a_surrogate_pair_is_named_and_left_out(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_prompts("Day", "and \ud83d on", {"id": "\udcff", "prompt": "a"}, "b")  # as escapes
    assert infer("--out", "a.jsonl") == 0
    assert [row["prompt"] for row in answers()] == ["Day", "b"]
    told = " ".join(capsys.readouterr().err.split())
    assert "p.jsonl, line 2: its prompt holds half a surrogate pair" in told
    assert "p.jsonl, line 3: its id holds half a surrogate pair" in told


@pytest.mark.parametrize("option", ["tools.py:of", "tools.py:made:table=facts.txt"])
def test_answers_of_tools_whose_file_was_edited_are_not_gone_on_with(
    where: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    Path("facts.txt").write_text("Lima")
    Path("tools.py").write_text(TOOLS_OF_FILES)
    write_prompts("on and on", "Day")
    flags = ("--out", "a.jsonl", "--tool", option)
    assert (infer(*flags), infer(*flags)) == (0, 0)
    edited = Path("facts.txt" if "facts" in option else "tools.py")
    edited.write_text(edited.read_text().replace("Lima", "Quito"))
    capsys.readouterr()
    assert infer(*flags) == 2
    assert "other tools or other settings" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--seed", "1"], "line 1, comes from another model, other tools or other settings"),
        (["--no-tools"], "line 1, comes from another model, other tools or other settings"),
        (["--input", "q.jsonl"], "line 2, answers another prompt than the input has at this place"),
        (["--out", "p.jsonl"], "'p.jsonl', line 1, comes from another model"),
        (["--out", "no/such/a.jsonl"], "Cannot write 'no/such/a.jsonl': No such file"),
        (["--input", "none.jsonl"], "There is no file 'none.jsonl' to take prompts from."),
        (["--input", "script.py"], "'script.py' has none of the endings .txt, .jsonl, .parquet."),
        (["--input", "empty.jsonl"], "empty.jsonl: the file is empty"),
        (["--input", "binary.txt"], "binary.txt: the file is binary"),
    ],
)
def test_what_does_not_fit_is_refused_and_the_answers_stay(
    where: Path, capsys: pytest.CaptureFixture[str], flags: list[str], told: str
) -> None:
    write_prompts("on and on", "Day")
    Path("q.jsonl").write_text('{"prompt": "on and on"}\n{"prompt": "Night"}\n')
    Path("empty.jsonl").touch()
    Path("binary.txt").write_bytes(b"\0\1")
    infer("--out", "a.jsonl")
    before = Path("a.jsonl").read_bytes()
    capsys.readouterr()
    assert infer("--out", "a.jsonl", *flags) == 2
    assert told in " ".join(capsys.readouterr().err.split())
    assert Path("a.jsonl").read_bytes() == before


def test_another_model_does_not_go_on_with_the_answers_of_one(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_prompts("Day")
    infer("--out", "a.jsonl")
    assert infer("--out", "a.jsonl", model="script.py:other") == 2
    assert "comes from another model" in " ".join(capsys.readouterr().err.split())


def test_ctrl_c_keeps_the_answers_and_says_how_to_go_on(where: Path) -> None:
    write_prompts(*["on and on"] * 4000)
    command = [sys.executable, "-m", "toolformer", "infer", "script.py:slow", "--batch", "1"]
    process = subprocess.Popen(
        [*command, "--input", "p.jsonl", "--out", "a.jsonl"], stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while not (where / "a.jsonl").exists() or not (where / "a.jsonl").stat().st_size:
        assert time.monotonic() < deadline, process.poll()
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Run the same command again to continue." in " ".join(told.split())
    assert "Traceback" not in told
    assert {row["finish"] for row in answers()} == {"length"}


def test_a_full_disk_is_a_failure_keeps_what_was_written_and_is_gone_on_from(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_prompts(*["on and on"] * 20)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # no file may grow longer
    try:
        assert infer("--out", "a.jsonl") == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "Make room and run the same command again" in capsys.readouterr().err
    assert Path("a.jsonl").stat().st_size == 1000
    assert infer("--out", "a.jsonl") == 0
    assert [row["text"] for row in answers()] == [" and on and on"] * 20
