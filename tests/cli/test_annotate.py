"""`toolformer annotate` from the command line: flags, files, what it prints, how it ends."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from toolformer.cli.main import run
from toolformer.runs.directory import Run

MODEL = """
import time
from toolformer.lm.scripted import ScriptedCall, ScriptedLanguageModel

CALL = ScriptedCall("Calculator", after=" =", writes=("3 + 2)", "4 + 2)", "9 / 0)", "open"))
model = ScriptedLanguageModel([CALL])

class Slow(ScriptedLanguageModel):
    def read(self, requests):
        time.sleep(0.5)
        return super().read(requests)

slow = Slow([CALL])
nothing = 3
"""
TEXTS = [
    "Tom has 3 apples and 2 more, and 3 + 2 = 5 apples in all.",
    "Ann has 4 pears and 2 more, and 4 + 2 = 6 pears in all.",
    "It is [Calculator(1 + 1)] 2.",
]


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory with a scripted model and a corpus, which is the current one."""
    (tmp_path / "script.py").write_text(MODEL)
    (tmp_path / "c.jsonl").write_text(
        "".join(json.dumps({"text": t, "day": "2020-01-01"}) + "\n" for t in TEXTS)
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def annotate(*arguments: str, corpus: str = "c.jsonl") -> int:
    # A digit that an output tells is worth .63 nats to the scripted model.
    command = ["annotate", corpus, "--model", "script.py:model", "--tool", "calculator"]
    return run([*command, "--threshold", "0.5", *arguments])


def settings_of(out: str = "run") -> dict[str, object]:
    return dict(Run.open(out).manifest.config)


def test_it_ends_with_texts_a_table_and_where_the_run_is(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert annotate() == 0
    printed = capsys.readouterr().out
    assert "3 + 2 = [Calculator(3 + 2) -> 5]⟨+0.63⟩ 5 apples in all." in printed
    assert "[Calculator(4 + 2) -> 6]⟨+0.63⟩ 6 pears" in printed
    [row] = [line for line in printed.splitlines() if line.startswith("│ Calculator")]
    assert re.findall(r"[\d.]+", row) == ["2", "8", "6", "4", "2", "25.0"]
    assert "Texts skipped: 1 holds a call already." in printed
    assert "Calculator 0.5" in printed
    assert "toolformer show run" in printed


def test_progress_goes_to_stderr_with_a_rate(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    annotate()
    told = capsys.readouterr().err
    assert "3/3 texts" in told
    assert "texts/s" in told


def test_json_is_all_that_is_printed_where_a_program_reads(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert annotate("--json", "--out", "there") == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["run"], printed["documents"]) == ("there", 3)
    assert printed["tools"]["Calculator"]["verdicts"]["kept"] == 2


def test_every_flag_reaches_the_settings(where: Path) -> None:
    flags = {
        "--threshold": "0.75",
        "--max-positions": "3",
        "--samples": "4",
        "--min-prob": "0.01",
        "--temperature": "0.5",
        "--seed": "9",
        "--max-documents": "2",
        "--loss-context": "inline",
        "--prune-below": "0.25",
        "--text-column": "text",
        "--date-column": "day",
        "--prompt-style": "brief",
    }
    switches = ["--allow-peeking", "--keep-all-losses"]
    assert annotate(*(part for pair in flags.items() for part in pair), *switches) == 0
    assert (
        settings_of().items()
        >= {
            "gain_threshold": 0.75,
            "max_positions": 3,
            "samples": 4,
            "min_prob": 0.01,
            "temperature": 0.5,
            "seed": 9,
            "max_documents": 2,
            "loss_context": "inline",
            "prune_below": 0.25,
            "text_column": "text",
            "date_column": "day",
            "prompt_style": "brief",
            "allow_peeking": True,
            "keep_all_losses": True,
        }.items()
    )


def test_a_flag_goes_before_the_file_and_a_tools_own_before_both(where: Path) -> None:
    (where / "run.yaml").write_text("seed: 3\nsamples: 7\ntools: {calculator: {samples: 2}}\n")
    assert annotate("--config", "run.yaml", "--seed", "4") == 0
    assert (settings_of()["seed"], settings_of()["samples"]) == (4, 7)
    assert Run.open("run").manifest.tools[0].samples == 2
    assert annotate("--config", "run.yaml", "--set", "Calculator.samples=5", "--out", "b") == 0
    assert Run.open("b").manifest.tools[0].samples == 5


def test_a_threshold_has_two_names(where: Path) -> None:
    assert annotate("--gain-threshold", "0.75") == 0
    assert settings_of()["gain_threshold"] == 0.75


def test_without_a_sidecar_the_model_is_shown_demonstrations(where: Path) -> None:
    annotate()
    shown = {"method": "in-context", "prompt_style": "demonstrations", "temperature": 0.7}
    assert settings_of().items() >= shown.items()


def test_the_papers_way_asks_by_few_shots(where: Path) -> None:
    annotate("--method", "paper")
    asked = {"method": "paper", "prompt_style": "few-shot", "temperature": 1.0}
    assert settings_of().items() >= asked.items()


def test_exemplars_of_ones_own_are_shown_and_checked(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mine.txt").write_text("So 1 + 1 = [Calculator(1 + 1) -> 3] 2.\n")
    assert annotate("--exemplars", "mine.txt") == 2
    assert "'mine.txt', line 1" in capsys.readouterr().err
    Path("mine.txt").write_text("So 1 + 1 = [Calculator(1 + 1)] 2.\n")
    assert annotate("--exemplars", "mine.txt") == 0
    assert settings_of()["exemplars"] == "mine.txt"


def test_tools_keep_the_order_in_which_they_are_named(where: Path) -> None:
    annotate("--tool", "calendar")
    assert [tool.spec for tool in Run.open("run").manifest.tools] == ["calculator", "calendar"]


def test_a_record_that_cannot_be_read_is_named_and_the_run_goes_on(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (where / "c.jsonl").open("a") as file:
        file.write('nonsense\n{"text": "b"}\n')
    assert annotate() == 0
    captured = capsys.readouterr()
    assert captured.err.count("c.jsonl, line 4") == 1
    assert "could not be read: 1" in captured.out
    assert annotate("--strict", "--out", "strict") == 2
    assert "line 4" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--tool", "calculater"], "Did you mean 'calculator'?"),
        (["--model", "script.py:nothing"], "'script.py:nothing' is not a language model"),
        (["--model", "absent.py:model"], "no file 'absent.py'"),
        (["--text-column", "body"], "text"),
        (["--set", "calculator.gain_treshold=1"], "gain_treshold"),
        (["--set", "calculator"], "write name=value"),
        (["--set", "calender.samples=1"], "Available: Calculator"),
        (["--config", "absent.yaml"], "Cannot read the config 'absent.yaml'"),
        (["--temperature", "-1"], "'temperature' cannot be -1"),
        (["--prune-below", "2"], "prune_below 2"),
        (["--loss-context", "suffix"], "suffix"),
        (["--seed", "many"], "--seed"),
    ],
)
def test_a_mistake_is_one_sentence_with_the_value_and_exit_code_two(
    where: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert annotate(*arguments) == 2
    said = capsys.readouterr().err
    assert told in " ".join(said.split())
    assert "Traceback" not in said
    assert not (where / "run").exists()


def test_a_corpus_that_is_not_there_is_named_with_the_near_one(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert annotate(corpus="d.jsonl") == 2
    assert "Did you mean 'c.jsonl'?" in capsys.readouterr().err


def test_another_run_in_the_directory_is_refused_with_what_differs(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    annotate()
    assert annotate("--seed", "5") == 2
    assert "config.seed (0, now 5)" in capsys.readouterr().err


def test_a_directory_that_cannot_be_written_is_a_failure_and_no_misuse(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    annotate()
    shutil.rmtree(where / "run" / "shards")
    (where / "run" / "shards").write_text("a file where the directory should be")
    assert annotate() == 1
    assert "run the same command again" in capsys.readouterr().err


def test_ctrl_c_drops_the_shard_and_says_how_to_go_on(where: Path) -> None:
    command = [sys.executable, "-m", "toolformer", "annotate", "many.txt", "--tool", "calculator"]
    settings = ["--set", "documents_per_shard=2", "--method", "paper"]
    (where / "many.txt").write_text(f"{TEXTS[0]}\n" * 40)
    process = subprocess.Popen(
        [*command, "--model", "script.py:slow", *settings],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 90
    while not (where / "run" / "shards" / "00000.parquet").exists():
        assert time.monotonic() < deadline, process.poll()
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Run the same command again to continue." in told
    assert "Traceback" not in told
    opened = Run.open("run", incomplete=True)
    assert not opened.is_complete
    assert sum(1 for _ in opened.documents()) == 2 * len(opened.shards())


def test_a_text_that_steers_the_terminal_is_printed_harmlessly(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (where / "c.jsonl").write_text(json.dumps({"text": "\x1b[31m 3 + 2 = 5 apples \x07 in all"}))
    assert annotate() == 0
    printed = capsys.readouterr().out
    assert "[Calculator(3 + 2) -> 5]" in printed
    assert "\x1b" not in printed
    assert "\x07" not in printed


def test_several_corpora_are_annotated_as_one_and_what_is_passed_over_is_named_once(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (where / "more").mkdir()
    (where / "more" / "d.csv").write_text(f'text\n"{TEXTS[0]}"\n')
    (where / "more" / "notes.md").write_text("x")
    assert annotate("more") == 0
    assert [each.document.id for each in Run.open("run").documents()][-1] == "more/d.csv:2"
    assert capsys.readouterr().err.count("passed over: notes.md") == 1


def test_a_run_inside_its_corpus_is_continued_and_never_read(where: Path) -> None:
    assert annotate(corpus=".") == 0
    whole = {path: path.read_bytes() for path in (where / "run").rglob("*.*")}
    next((where / "run" / "shards").iterdir()).unlink()
    (where / "run" / "stats.json").unlink()
    assert annotate(corpus=".") == 0
    assert {path: path.read_bytes() for path in (where / "run").rglob("*.*")} == whole


def test_a_date_that_is_none_is_a_note_and_no_lost_record(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (where / "e.jsonl").write_text('{"text": "So 3 + 2 = 5.", "date": "soon"}\n{"text": 5}\n')
    assert annotate(corpus="e.jsonl") == 0
    said = capsys.readouterr().err
    assert "Note: e.jsonl, line 1: 'soon' is not a date" in said
    assert "Skipped: e.jsonl, line 2" in said
    assert Run.open("run").stats().problems == 1


def test_a_tool_that_could_not_be_reached_is_told_at_the_end_and_tried_again(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("model.py").write_text(
        "from toolformer.lm.scripted import ScriptedCall, ScriptedLanguageModel\n"
        "calls = [ScriptedCall('add', after=' =', writes=('3 + 2)',))]\n"
        "model = ScriptedLanguageModel(calls)\n"
    )
    Path("my_tools.py").write_text(
        "from pathlib import Path\n"
        "def add(text: str) -> str:\n"
        "    if Path('down').exists():\n"
        "        raise ConnectionRefusedError(111, 'Connection refused')\n"
        "    return '5'\n"
    )
    Path("c.txt").write_text("He has 3 + 2 = 5 apples.\nThere is nothing here.\n")
    command = ["annotate", "c.txt", "--model", "model.py:model", "--tool", "my_tools.py:add"]
    command += ["--method", "paper"]
    assert run([*command, "--out", "whole"]) == 0
    Path("down").touch()
    assert run([*command, "--out", "run"]) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert "add could not be reached in 1 call. Run the same command again" in told
    Path("down").unlink()
    assert run([*command, "--out", "run"]) == 0
    for name in ("shards/00000.parquet", "stats.json", "manifest.json"):
        assert Path("run", name).read_bytes() == Path("whole", name).read_bytes()


def test_a_dry_run_prints_calls_and_what_the_corpus_would_take_and_writes_nothing(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert annotate("--dry-run", "2") == 0
    printed = capsys.readouterr().out
    assert "The kept calls that gain most:" in printed
    assert "[Calculator(" in printed
    assert "All 3 texts would take" in printed
    assert "By 2 texts, drawn from 3 with" in printed
    assert not (where / "run").exists()


def test_a_dry_run_as_json_has_counts_tokens_and_the_estimate(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert annotate("--dry-run", "3", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["corpus"] == {
        "documents": 3,
        "characters": sum(map(len, TEXTS)),
        "is_whole": True,
    }
    assert found["stats"]["documents"] == found["sample"] == 3
    assert found["estimate"]["seconds"] > 0
    assert not (where / "run").exists()


def test_a_pilot_grows_by_a_larger_number(where: Path) -> None:
    assert annotate("--max-documents", "1") == 0
    assert annotate("--max-documents", "2") == 0
    assert annotate() == 0
    assert [len(Run.open("run").read(number)) for number in range(3)] == [1, 1, 1]


SHARED = """
import sys
from toolformer.cli.main import run
share = sys.argv[1]
sys.exit(run(["annotate", "c.jsonl", "--model", "script.py:model", "--tool", "calculator",
    "--threshold", "0.5", "--documents-per-shard", "2", "--out", "shared", "--shard", share]))
"""


def test_an_array_of_processes_writes_the_bytes_of_one(where: Path) -> None:
    texts = TEXTS * 14
    (where / "c.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    assert annotate("--documents-per-shard", "2", "--out", "whole") == 0
    array = [
        subprocess.Popen([sys.executable, "-c", SHARED, f"{number}/8"], stdout=subprocess.PIPE)
        for number in range(8)
    ]
    said = [each.communicate()[0].decode() for each in array]
    assert [each.returncode for each in array] == [0] * 8
    assert any("The run is in shared" in each for each in said)

    def files(out: str) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in Path(out).rglob("*") if path.is_file()}

    assert files("shared") == files("whole")


def test_a_share_says_what_the_run_still_lacks(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert annotate("--documents-per-shard", "1", "--shard", "1/3") == 0
    assert capsys.readouterr().out == (
        "Share 1/3 is done. The run 'run' was not finished (1 shard so far).\n"
    )


@pytest.mark.parametrize("share", ["3/3", "1", "a/b", "-1/3", "1/0"])
def test_a_share_that_is_none_is_a_sentence(
    where: Path, capsys: pytest.CaptureFixture[str], share: str
) -> None:
    assert annotate(f"--shard={share}") == 2
    assert f"Cannot read --shard '{share}'" in capsys.readouterr().err


def test_the_script_for_slurm_does_a_share_in_each_process_of_its_array(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--documents-per-shard", "1", "--out", "by slurm")
    assert annotate(*options, "--runner=slurm", "--shares", "2", "--partition", "gpu") == 0
    assert capsys.readouterr().out == "sbatch 'by slurm.sbatch'\n"
    script = (where / "by slurm.sbatch").read_text()
    assert "#SBATCH --array=0-1\n#SBATCH --partition=gpu\n" in script
    assert not (where / "by slurm").exists()
    for number in "10":
        environment = os.environ | {"SLURM_ARRAY_TASK_ID": number}
        subprocess.run(["bash", "by slurm.sbatch"], check=True, env=environment)
    assert Run.open("by slurm").stats().documents == 3


@pytest.mark.parametrize("option", [("--time", "1:00"), ("--shares", "3"), ("--sbatch=--mem=1G",)])
def test_what_is_for_slurm_is_refused_without_it(
    where: Path, capsys: pytest.CaptureFixture[str], option: tuple[str, ...]
) -> None:
    assert annotate(*option) == 2
    assert "are for --runner slurm" in capsys.readouterr().err


def test_what_cannot_be_an_option_of_sbatch_is_a_sentence(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert annotate("--runner", "slurm", "--sbatch", "mem") == 2
    assert "'mem' is not an option of sbatch" in capsys.readouterr().err


def test_how_far_an_array_is_can_be_seen_from_outside(
    where: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert annotate("--documents-per-shard", "1", "--shard", "1/3") == 0
    capsys.readouterr()
    assert run(["show", "run", "--progress"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("Shards that are there: 1 of 3, with 1 of 3 texts (33 %).")
    assert re.search(r"│ 1/3 +│ \S+ +│ \d+ s ago │ +1 │ +[\d,]+ │ done │", said)
    assert said.endswith("Nobody was seen to work on it lately: the same command continues it.\n")
    assert annotate("--documents-per-shard", "1") == 0
    capsys.readouterr()
    assert run(["show", "run", "--progress"]) == 0
    assert capsys.readouterr().out == "The run is finished: 3 shards, 3 texts.\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--workers", "2"], "are for --runner ray"),
        (["--runner", "ray", "--workers", "two"], "Cannot read --workers 'two'"),
        (["--runner", "ray", "--workers", "3-2"], "There cannot be 3 to 2 workers"),
        (["--runner", "ray", "--shard", "0/2"], "--runner ray does the whole run"),
    ],
)
def test_what_workers_cannot_be_asked_is_a_sentence(
    where: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert annotate(*options) == 2
    assert said in capsys.readouterr().err
    assert not (where / "run").exists()
