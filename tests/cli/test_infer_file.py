"""`toolformer infer --input`: a row for each prompt, resumed where it stopped."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from toolformer.cli.main import run
from toolformer.files import lock

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
    assert "p.jsonl, line 3: its prompt is 3, not a text" in told
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
        (["--out", "p.jsonl"], "'p.jsonl' is the file that the prompts come from"),
        (["--out", "no/such/a.jsonl"], "Cannot write 'no/such/a.jsonl': No such file"),
        (["--input", "none.jsonl"], "There is no file or directory 'none.jsonl'."),
        (
            ["--input", "script.py"],
            "The name of 'script.py' does not say what it holds: it has to end in .txt, ",
        ),
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


TORN = '{"prompt": "on and on", "text": " and'
FOREIGN = [
    "my only copy",
    "my only copy\n",
    '{"prompt": "on and on"}',  # the prompts themselves
    '{"prompt": "on and on", "text": "mine"}',
    '{"prompt": "on and on", "text": "mine"}\n',
    '{"prompt": "Day", "text": " and',
    '{"text": "',
    "[" * 5000,
    "[1]\n" + TORN,
    "\n" + TORN,
    "\0" * 100,
]


@pytest.mark.parametrize("content", FOREIGN)
def test_a_file_of_somebody_else_is_refused_and_not_a_byte_of_it_is_lost(
    where: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    write_prompts("on and on", "Day")
    Path("precious").write_text(content)
    Path("link").symlink_to("precious")
    Path("hard").hardlink_to("precious")
    for name in ("precious", "link", "hard", f"../{where.name}/precious", str(where / "precious")):
        assert infer("--out", name) == 2
        told = capsys.readouterr().err
        assert "is not an answer" in told or "is not the beginning of an answer" in told
    assert Path("precious").read_text() == content


def test_what_follows_the_answers_of_a_file_is_not_dropped_unless_it_is_an_answer(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_prompts("on and on", "Day")
    infer("--out", "a.jsonl")
    lines = Path("a.jsonl").read_bytes().splitlines(keepends=True)
    torn = (lines[0] + TORN.encode().replace(b"on and on", b"Day"), lines[0] + lines[1][:-1])
    for content in torn:  # only the line end is missing from the second
        Path("a.jsonl").write_bytes(content)
        assert infer("--out", "a.jsonl") == 0
        assert Path("a.jsonl").read_bytes() == b"".join(lines)
    for note in (b"# these are good", b"{}", lines[0][:-1]):
        Path("a.jsonl").write_bytes(lines[0] + note)
        assert infer("--out", "a.jsonl") == 2
        assert Path("a.jsonl").read_bytes() == lines[0] + note
    Path("a.jsonl").write_bytes(b"".join(lines) + TORN.encode())  # more than there are prompts
    assert infer("--out", "a.jsonl") == 2


def test_the_file_of_the_prompts_is_never_the_file_of_the_answers(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_prompts("on and on", "Day")
    infer("--out", "p2.jsonl")
    Path("p2.jsonl").write_bytes(Path("p2.jsonl").read_bytes()[:-9])  # which are prompts as well
    before = Path("p2.jsonl").read_bytes()
    Path("link.jsonl").symlink_to("p2.jsonl")
    Path("hard.jsonl").hardlink_to("p2.jsonl")
    capsys.readouterr()
    for source, out in [("p2", "p2"), ("p2", "./p2"), ("link", "p2"), ("p2", "hard")]:
        assert infer("--out", f"{out}.jsonl", source=f"{source}.jsonl") == 2
        assert "is the file that the prompts come from" in capsys.readouterr().err
    assert Path("p2.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("q.csv", "prompt,id,today\nDay,a,2023-03-03\non and on,,\n"),
        ("q.tsv", "id\tprompt\ttoday\na\tDay\t2023-03-03\n\ton and on\t\n"),
        (
            "q.json",
            '[{"prompt": "Day", "id": "a", "today": "2023-03-03"}, {"prompt": "on and on"}]',
        ),
        ("q.ndjson", '{"text": "Day", "id": "a", "today": "2023-03-03"}\n{"text": "on and on"}\n'),
    ],
)
def test_prompts_come_in_every_format_of_a_corpus(where: Path, name: str, content: str) -> None:
    Path(name).write_text(content)
    assert infer("--out", "a.jsonl", "--today", "2024-01-01", source=name) == 0
    found = [(row.get("id"), row["prompt"], row["today"]) for row in answers()]
    assert found == [("a", "Day", "2023-03-03"), (None, "on and on", "2024-01-01")]


def test_no_prompt_is_lost_because_of_the_type_of_its_id(where: Path) -> None:
    ids = {
        "float": pa.array([7.0, None]),
        "bytes": pa.array([b"a", b"\xff"]),
        "day": pa.array([0, 1], pa.int32()).view(pa.date32()),
        "decimal": pa.array([Decimal("1.10"), None]),
        "whole": pa.array([2**60, 1]),
    }
    found = {}
    for name, column in ids.items():
        table = pa.table({"prompt": pa.array([b"Day", b"on"]), "id": column})
        pq.write_table(table, f"{name}.parquet")
        assert infer("--out", f"{name}.jsonl", source=f"{name}.parquet") == 0
        found[name] = [row.get("id") for row in answers(f"{name}.jsonl")]
    assert found == {
        "float": [7, None],
        "bytes": ["a", "ff"],
        "day": ["1970-01-01", "1970-01-02"],
        "decimal": ["1.10", None],
        "whole": [2**60, 1],
    }


def test_prompts_on_standard_input_are_continued_where_they_stopped(where: Path) -> None:
    prompts = b'{"prompt": "Day"}\n{"prompt": "on and on"}\n'
    line = [sys.executable, "-m", "toolformer", "infer", "script.py:model", "--input", "-"]
    root = str(Path(__file__).parents[2])
    for _ in range(2):
        ended = subprocess.run(
            [*line, "--out", "a.jsonl", "--today", "2023-03-03"],
            input=prompts,
            capture_output=True,
            env=os.environ | {"PYTHONPATH": root},
        )
        assert ended.returncode == 0, ended.stderr
        assert [row["prompt"] for row in answers()] == ["Day", "on and on"]
    assert b"already holds 2 of 2 answers" in ended.stderr


def test_a_file_without_a_prompt_is_refused(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for content, reason in (
        ("\n\n", "There is no prompt in 'p.jsonl'."),
        ('{"prompt": 3}\n{', "The first problem: p.jsonl, line 1: its prompt is 3, not a text."),
    ):
        Path("p.jsonl").write_text(content)
        assert infer("--out", "a.jsonl") == 2
        assert reason in " ".join(capsys.readouterr().err.split())
        assert not Path("a.jsonl").exists()


def test_answers_of_an_earlier_version_are_told_as_such(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_prompts("Day")
    row = {"prompt": "Day", "text": "", "settings": "0123456789abcdef"}
    Path("a.jsonl").write_text(json.dumps(row) + "\n")
    assert infer("--out", "a.jsonl") == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "line 1, was written by an earlier version of this program" in told


def test_what_is_not_a_plain_file_is_refused_at_once(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_prompts("Day")
    os.mkfifo("pipe.jsonl")
    Path("loop.jsonl").symlink_to("loop.jsonl")
    for name in ("pipe.jsonl", "/dev/null", "/dev/full", ".", "loop.jsonl", "x" * 300):
        assert infer("--out", name) == 2
        told = capsys.readouterr().err
        assert "is not a plain file" in told or "Cannot write" in told
    for name in ("pipe.jsonl", "", "loop.jsonl", "x" * 300 + ".jsonl"):
        assert infer(source=name) == 2
        told = capsys.readouterr().err
        assert any(
            each in told for each in ("not a plain file", "There is no file", "leads to nothing")
        )


def test_of_two_processes_on_one_file_the_second_is_refused(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_prompts(*["on and on"] * 40)
    infer("--out", "whole.jsonl")
    Path("a.jsonl").write_bytes(Path("whole.jsonl").read_bytes()[:5000])
    before = Path("a.jsonl").read_bytes()
    Path("hard.jsonl").hardlink_to("a.jsonl")
    with Path("a.jsonl").open("rb") as file:
        lock(file.fileno(), Path("a.jsonl"))
        for name in ("a.jsonl", "hard.jsonl"):
            assert infer("--out", name) == 2
            assert "Another process is writing to" in " ".join(capsys.readouterr().err.split())
        assert Path("a.jsonl").read_bytes() == before
    assert infer("--out", "a.jsonl") == 0
    assert Path("a.jsonl").read_bytes() == Path("whole.jsonl").read_bytes()


def test_an_output_that_is_removed_while_it_is_written_is_told(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_prompts("on and on", "gone", "Day")
    (where / "script.py").write_text(
        MODEL
        + """
from pathlib import Path

class Remover(ScriptedLanguageModel):
    def streams(self):
        Path("a.jsonl").unlink()
        return super().streams()

remover = Remover(**TUNED)
"""
    )
    assert infer("--out", "a.jsonl", model="script.py:remover") == 2
    assert "was removed or replaced while it was being written" in capsys.readouterr().err


def test_the_day_is_settled_when_a_file_is_begun(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = [{"prompt": "Day", "today": "2023-03-05"}]
    write_prompts(*own, *["Day"] * 3)
    assert infer("--out", "whole.jsonl", "--today", "2023-03-03") == 0
    lines = Path("whole.jsonl").read_bytes().splitlines(keepends=True)
    assert [row["today"] for row in answers("whole.jsonl")] == ["2023-03-05"] + ["2023-03-03"] * 3
    Path("a.jsonl").write_bytes(b"".join(lines[:2]))  # another day's first part
    assert infer("--out", "a.jsonl") == 0
    assert Path("a.jsonl").read_bytes() == Path("whole.jsonl").read_bytes()
    Path("a.jsonl").write_bytes(b"".join(lines[:2]))
    capsys.readouterr()
    assert infer("--out", "a.jsonl", "--today", "2023-03-06") == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "line 2, was answered with 2023-03-03 as today, not 2023-03-06" in told
    mixed = lines[1].replace(b"2023-03-03", b"2023-03-04")
    Path("a.jsonl").write_bytes(lines[0] + mixed + lines[2])
    assert infer("--out", "a.jsonl") == 2


def test_prompts_of_any_script_that_are_too_long_are_rows(where: Path) -> None:
    long = [text * 900 for text in ("Итого 303. ", "中文", "ไทย", "عربي ", "😀", "e\u0301")]
    write_prompts("on and on", *long, "Day")
    assert infer("--out", "a.jsonl", model="nano") == 0
    assert [row["finish"] == "too long" for row in answers()] == [False, *[True] * 6, False]
    assert [row["prompt"] for row in answers()][1:-1] == long


@pytest.mark.slow
@pytest.mark.parametrize("model", ["nano", "script.py:model"])
def test_the_bytes_of_a_file_do_not_depend_on_seeds_threads_or_the_locale(
    where: Path, model: str
) -> None:
    write_prompts(
        *(f"There are {n} + {n * 7} = " for n in range(6)),
        *({"prompt": "Naïve 東京 or", "id": n} for n in range(4)),
        *({"prompt": "Day", "today": day} for day in ("2023-03-03", "2024-02-29")),
        "word " * 3000,
    )
    command = [sys.executable, "-m", "toolformer", "infer", model, "--input", "p.jsonl"]
    command += ["--temperature", "0.7", "--max-new-tokens", "8"]
    found = []
    for seed, threads, place in [("0", "1", "C"), ("1", "2", "C.UTF-8"), ("2", "1", "de_DE")]:
        subprocess.run(
            [*command, "--out", f"{seed}.jsonl"],
            env=os.environ
            | {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads, "LC_ALL": place}
            | {"PYTHONPATH": str(Path(__file__).parents[2])},
            check=True,
            stderr=subprocess.PIPE,
        )
        found.append(Path(f"{seed}.jsonl").read_bytes())
    assert len(set(found)) == 1
    assert len(found[0].splitlines()) == 13
    if model != "nano":
        assert b'"output": "Friday"' in found[0]  # tools ran


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
