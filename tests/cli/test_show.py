"""`toolformer show` reads a run anew, for any verdict and threshold."""

import json
from pathlib import Path

import pytest

from tests.annotate.given import BRIEF
from tests.runs.placebos import documents, write_calibrated
from toolformer.annotate import annotate
from toolformer.cli.main import run
from toolformer.lm.scripted.model import ScriptedCall, ScriptedLanguageModel
from toolformer.records import Document
from toolformer.runs.directory import Run
from toolformer.tools.builtin.calculator import calculator

SCRIPT = [ScriptedCall("Calculator", after=" =", writes=("3 + 2)", "9 - 1)", "9 / 0)", "open"))]
DOCUMENTS = [
    Document("sum", "Tom counts: 3 + 2 = 5 apples in all."),
    Document("plain", "Nothing to count here."),
    Document("peek", "So = 5 apples, which is 3 + 2 of them"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A run with a call of every kind."""
    out = tmp_path_factory.mktemp("show") / "run"
    model = ScriptedLanguageModel(SCRIPT)
    annotate(DOCUMENTS, model=model, tools=[calculator], out=out, config=BRIEF)
    return str(out)


def show(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(["show", *arguments]) == 0
    return capsys.readouterr().out


def test_kept_calls_stand_in_their_texts_with_their_gains(
    made: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show(capsys, made) == (
        "sum\nTom counts: 3 + 2 = [Calculator(3 + 2) -> 5]⟨+0.63⟩ 5 apples in all.\n\n"
    )


@pytest.mark.parametrize(
    ("verdict", "shown", "reason"),
    [
        ("low_gain", "[Calculator(9 - 1) -> 8] 5", "gain at most 0.00 is below 0.5."),
        ("tool_error", "[Calculator(9 / 0)] 5", "Cannot divide by zero"),
        ("unreadable", "[Calculator(open 5", "what was sampled is not a call."),
        ("peeks", "So = [Calculator(3 + 2) -> 5]⟨+0.63⟩ 5", "read off the text after it"),
    ],
)
def test_what_was_not_kept_is_shown_with_why(
    made: str, capsys: pytest.CaptureFixture[str], verdict: str, shown: str, reason: str
) -> None:
    printed = " ".join(show(capsys, made, "--verdict", verdict).split())
    assert shown in printed
    assert f"{verdict}: " in printed
    assert reason in printed


def test_a_higher_threshold_selects_anew(made: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert show(capsys, made, "--threshold", "0.7") == ""
    printed = show(capsys, made, "--threshold", "0.7", "--verdict", "low_gain", "--limit", "1")
    assert "gain 0.63 is below 0.7" in printed


def test_a_threshold_the_run_cannot_answer_for_is_refused(
    made: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["show", made, "--threshold", "0.1"]) == 2
    assert "Choose at least 0.5" in capsys.readouterr().err


def test_calls_that_peek_are_shown_where_they_are_let_in(
    made: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "So = [Calculator(3 + 2) -> 5]" in show(capsys, made, "--allow-peeking")


def test_the_limit_counts_texts(made: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert show(capsys, made, "--allow-peeking", "--limit", "1").count("[Calculator") == 1


def test_tables_count_calls_per_tool_and_texts_per_threshold(
    made: str, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = show(capsys, made, "--table").splitlines()
    rows = [line.split() for line in printed if line.startswith("│ Calculator")]
    assert [[cell for cell in row if cell != "│"] for row in rows] == [
        ["Calculator", "2", "8", "6", "4", "1", "12.5"],
        ["Calculator", "1", "0", "0"],
    ]
    assert any("τf = 0.5" in line and "τf = 2" in line for line in printed)
    assert "1 peeks" in " ".join(printed)


def test_the_table_as_json_has_the_same_counts(
    made: str, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = json.loads(show(capsys, made, "--table", "--json"))
    assert printed["tools"]["Calculator"]["verdicts"]["peeks"] == 1
    assert printed["texts_kept_by_threshold"]["0.5"] == {"Calculator": 1}
    assert printed["texts_kept_by_threshold"]["2"] == {"Calculator": 0}


def test_json_is_one_call_a_line(made: str, capsys: pytest.CaptureFixture[str]) -> None:
    [kept] = [json.loads(line) for line in show(capsys, made, "--json").splitlines()]
    assert kept["id"] == "sum"
    assert kept["before"] + "|" + kept["after"] == "Tom counts: 3 + 2 =| 5 apples in all."
    assert (kept["tool"], kept["arguments"], kept["output"]) == ("Calculator", "3 + 2", "5")
    assert kept["gain"] == pytest.approx(1.9 / 3)


def test_nothing_found_is_said_on_stderr(made: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", made, "--verdict", "outbid"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "has no call with the verdict outbid" in captured.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["absent"], "'absent' is not a run directory"),
        (["RUN", "--tool", "calendar"], "Available: Calculator"),
        (["RUN", "--verdict", "good"], "good"),
        (["RUN", "--limit", "0"], "--limit"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_two(
    made: str, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert run(["show", *(made if each == "RUN" else each for each in arguments)]) == 2
    said = capsys.readouterr().err
    assert told in " ".join(said.split())
    assert "Traceback" not in said


@pytest.mark.parametrize("flags", [[], ["--table"], ["--json"], ["--table", "--json"]])
def test_a_run_that_lost_a_shard_is_refused_unless_that_is_wanted(
    made: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str]
) -> None:
    lost = tmp_path / "run"
    model = ScriptedLanguageModel(SCRIPT)
    config = BRIEF.override(documents_per_shard=1)
    annotate(DOCUMENTS, model=model, tools=[calculator], out=lost, config=config)
    (lost / "shards" / "00001.parquet").unlink()
    assert run(["show", str(lost), *flags]) == 2
    printed, said = capsys.readouterr()
    assert printed == ""
    assert said.startswith(f"The run '{lost}' has lost shard 00001 of its 3 shards. Annotate")
    assert run(["show", str(lost), "--incomplete", *flags]) == 0
    printed, said = capsys.readouterr()
    assert printed
    assert said == f"The run '{lost}' has lost shard 00001 of its 3 shards.\n"
    show(capsys, made, "--incomplete")


def test_a_threshold_that_is_not_a_number_is_refused(
    made: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["show", made, "--threshold", "nan"]) == 2
    assert capsys.readouterr().err == "A threshold cannot be nan: give a number of nats.\n"


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A finished run with 200 placebos, whose thresholds were calibrated on them."""
    out = tmp_path_factory.mktemp("calibrated") / "run"
    return str(write_calibrated(out, documents(), [0, 1, 2, 3]).finish().path)


def test_where_the_thresholds_differ_a_call_is_shown_with_both_gains(
    calibrated: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show(capsys, calibrated, "--limit", "1") == (
        "70\nHe  [Calculator(2 + 3) -> 5]⟨used +1.55, help +1.00⟩has 2 and 3, that makes 5 in all "
        "of them.\n\n"
    )


def test_both_thresholds_are_flags(calibrated: str, capsys: pytest.CaptureFixture[str]) -> None:
    low = show(capsys, calibrated, "--verdict", "low_gain", "--min-used", "2.25", "--limit", "1")
    assert "low_gain: used 1.00 is below 2.25 (help 1.00)." in low
    unhelpful = show(capsys, calibrated, "--verdict", "unhelpful", "--min-help", "1.5")
    assert "unhelpful: used 1.55, help 1.00, which is below 1.5: its output is used" in unhelpful
    assert "With another call's output, 17: used 0.55, help 0.00." in unhelpful
    assert "p(start) 0.100, start gain 2.50, 1 sample." in unhelpful
    both = show(capsys, calibrated, "--threshold", "0.5", "--min-used", "2.5", "--json")
    assert json.loads(both.splitlines()[0])["id"] == "192"


def test_json_has_both_gains_and_those_of_the_placebo(
    calibrated: str, capsys: pytest.CaptureFixture[str]
) -> None:
    row = json.loads(show(capsys, calibrated, "--json").splitlines()[0])
    assert (row["used"], row["help"], row["gain"]) == (1 + 70 / 128, 1.0, 1.0)
    assert row["start_gain"] == 2.5
    assert row["placebo"] == {
        "output": "17",
        "loss_with_output": 9.0,
        "used": 70 / 128,
        "help": 0.0,
    }


def test_the_table_says_how_many_placebos_pass_at_each_threshold(
    calibrated: str, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = show(capsys, calibrated, "--table")
    rows = [
        [cell.strip() for cell in line.strip("│").split("│")]
        for line in printed.partition("What passes by chance: Calculator")[2].splitlines()
        if line.startswith("│")
    ]
    assert rows == [
        ["0", "-0.25", "200", "100.0", "200", "200", "200.0"],
        ["0.25", "-0.25", "168", "84.0", "200", "200", "168.0"],
        ["0.5", "-0.25", "136", "68.0", "200", "200", "136.0"],
        ["0.75", "-0.25", "104", "52.0", "200", "200", "104.0"],
        ["1", "-0.25", "72", "36.0", "200", "200", "72.0"],
        ["1.5", "-0.25", "8", "4.0", "136", "136", "8.0"],
        ["▸ 1.54", "-0.25", "2", "1.0", "130", "130", "2.0"],
        ["2", "-0.25", "0", "0.0", "72", "72", "0.0"],
    ]
    assert "placebos: 200 of 200 calls" in printed


def test_the_table_as_json_has_the_thresholds_and_what_passes_by_chance(
    calibrated: str, made: str, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = json.loads(show(capsys, calibrated, "--table", "--json"))
    assert printed["thresholds"] == {"Calculator": {"used": 1.54, "help": -0.25}}
    assert printed["are_provisional"] is False
    assert printed["false_positives"]["Calculator"][-2] == {
        "thresholds": {"used": 1.54, "help": -0.25},
        "placebos": 200,
        "placebos_passed": 2,
        "calls": 200,
        "calls_passed": 130,
        "kept": 130,
        "share": 0.01,
        "expected_false": 2.0,
    }
    papers = json.loads(show(capsys, made, "--table", "--json"))
    assert papers["thresholds"] == {"Calculator": {"used": 0.5, "help": 0.5}}
    assert papers["false_positives"] == {"Calculator": []}


def test_any_use_is_a_threshold_too(calibrated: str, capsys: pytest.CaptureFixture[str]) -> None:
    printed = json.loads(
        show(capsys, calibrated, "--table", "--json", "--min-used=-inf", "--min-help=-inf")
    )
    assert printed["thresholds"] == {"Calculator": {"used": None, "help": None}}
    assert printed["tools"]["Calculator"]["verdicts"] == {"kept": 200}


def test_an_unfinished_run_says_that_its_thresholds_are_provisional(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_calibrated(tmp_path, documents(), [0])
    assert run(["show", str(tmp_path), "--incomplete", "--table"]) == 0
    printed, said = capsys.readouterr()
    assert "The thresholds are provisional (Calculator used 0.75, help -0.25): those that" in said
    assert "fewer than 100 say little" in " ".join(printed.split())
    assert run(["show", str(tmp_path), "--incomplete", "--min-used", "1"]) == 0
    assert "provisional" not in capsys.readouterr().err


def shown_row(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in show(capsys, *arguments, "--json").splitlines()]


def test_calls_of_one_text_alone(made: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert show(capsys, made, "--id", "sum").count("[Calculator") == 1
    assert show(capsys, made, "--id", "plain") == ""


def test_the_best_calls_come_first(calibrated: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows = shown_row(capsys, calibrated, "--sort", "gain", "--limit", "3")
    assert [row["id"] for row in rows] == ["199", "198", "197"]


def test_calls_near_a_gain_are_shown_kept_or_not(
    calibrated: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settled = Run.open(calibrated).thresholds["Calculator"].used  # where 2 placebos of 200 pass
    rows = shown_row(capsys, calibrated, "--near", str(settled), "--limit", "4")
    assert {row["verdict"] for row in rows} == {"kept", "low_gain"}
    far = [abs(float(str(row["used"])) - settled) for row in rows]
    assert far == sorted(far)
    assert far[-1] < 4 / 128


def test_why_tells_of_every_place_of_a_text_in_order(
    made: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = shown_row(capsys, made, "--why", "sum")
    positions = [int(row["position"]) for row in rows]  # type: ignore[call-overload]
    assert positions == sorted(positions)
    assert {"kept", "low_gain", "tool_error", "unreadable", "untried"} == {
        row["verdict"] for row in rows
    }
    [first, *_] = [row for row in rows if row["verdict"] == "untried"]
    assert str(first["why"]).startswith("p(start) 0.0")


def test_why_tells_of_one_place_by_its_offset_or_by_the_words_behind_it(
    made: str, capsys: pytest.CaptureFixture[str]
) -> None:
    by_offset = show(capsys, made, "--id", "sum", "--why", "19")
    assert "[Calculator(3 + 2) -> 5]" in by_offset
    assert show(capsys, made, "--id", "sum", "--why", "5 apples") == by_offset
    untried = show(capsys, made, "--id", "sum", "--why", "counts")
    assert "Tom▸ counts: 3 + 2" in untried
    assert "Calculator was not tried: p(start) 0.0" in untried


@pytest.mark.parametrize(
    ("document", "place", "reason"),
    [
        ("sum", "1", "no call can stand there"),
        ("bracket", "3", "The text was not annotated: holds a call already."),
    ],
)
def test_why_tells_where_there_is_no_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], document: str, place: str, reason: str
) -> None:
    texts = [*DOCUMENTS, Document("bracket", "So [Calculator(1 + 1)] 2.")]
    model = ScriptedLanguageModel(SCRIPT)
    annotate(texts, model=model, tools=[calculator], out=tmp_path / "run", config=BRIEF)
    assert reason in show(capsys, str(tmp_path / "run"), "--id", document, "--why", place)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--why", "nobody"), "has no text with the id 'nobody'"),
        (("--id", "sum", "--why", "bananas"), "'sum' does not say 'bananas'"),
        (("--id", "sum", "--why", "999"), "no place 999"),
    ],
)
def test_a_place_that_is_not_there_is_a_sentence(
    made: str, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    assert run(["show", made, *arguments]) == 2
    assert told in capsys.readouterr().err


def test_the_table_adds_up_what_tools_refused(
    made: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "What Calculator refused" in show(capsys, made, "--table")
    [printed] = shown_row(capsys, made, "--table")
    [shape] = printed["errors"]["Calculator"]  # type: ignore[index]
    assert shape["count"] == 2
    assert shape["example"].startswith("Cannot divide by zero")
