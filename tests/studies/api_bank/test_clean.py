"""From API-Bank's files to rows: nothing twice, nothing that is not a call, nothing uncounted."""

import json
from pathlib import Path

import pytest

from tests.models import SHARED_DATA
from tests.studies.api_bank.given import DIALOGUE, alarms, write_rows
from toolformer.errors import ConfigError, CorpusError
from toolformer.studies.api_bank.clean import (
    DUPLICATE,
    NO_CALL,
    NO_PROMPT,
    UNREADABLE,
    CleanConfig,
    clean,
    write_cleaned,
)
from toolformer.studies.api_bank.rows import read_rows

ALL = CleanConfig(eval_share=0.0)
ORIGINAL = [
    {"instruction": DIALOGUE, "input": "User: a", "output": "API-Request: [Now()]"},
    {"instruction": DIALOGUE, "input": "User: a", "output": "API-Request: [Now()]"},
    {"instruction": DIALOGUE, "input": "User: b", "output": "AI: What time?"},
    {"instruction": DIALOGUE, "input": "User: c", "output": "API-Request: [A(city=New York)]"},
    {"instruction": DIALOGUE, "input": "User: d", "expected_output": "API-Request: [A(b='1')]"},
    {"instruction": DIALOGUE, "output": "API-Request: [Now()]"},
    {"instruction": DIALOGUE, "input": "User: e", "output": "I said [Now()] before."},
    {"instruction": DIALOGUE, "input": "User: f", "output": "API-Request: [Now(), A(b='2')]"},
]


def write(path: Path, records: list[dict[str, str]]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(records), encoding="utf-8")
    return str(path)


def test_original_files_become_rows_and_what_does_not_is_counted(tmp_path: Path) -> None:
    source = write(tmp_path / "training-data" / "lv1-train.json", ORIGINAL)
    cleaned = clean(source, ALL)
    assert cleaned.records == 8
    assert cleaned.left_out == {DUPLICATE: 1, NO_CALL: 2, UNREADABLE: 1, NO_PROMPT: 1}
    rows = cleaned.rows["train"]
    assert [row.completion for row in rows] == ["[Now()]", "[A(b='1')]", "[Now(), A(b='2')]"]
    assert rows[0].prompt == f"{DIALOGUE}\nUser: a"
    assert rows[2].to_dict()["function_names"] == ["Now", "A"]
    assert rows[2].to_dict()["number_of_calls"] == 2
    assert {row.query_type for row in rows} == {"dialogue"}


def test_a_directory_of_files_is_read_as_one(tmp_path: Path) -> None:
    write(tmp_path / "data" / "a.json", ORIGINAL[:1])
    write(tmp_path / "data" / "b.json", ORIGINAL[1:])
    assert clean(str(tmp_path / "data"), ALL).left_out[DUPLICATE] == 1


def test_rows_that_were_cleaned_before_are_rows_again(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", alarms(4))
    assert clean(str(path), ALL).rows["train"] == alarms(4)


def test_a_tenth_of_the_prompts_is_held_out_whatever_their_order(tmp_path: Path) -> None:
    forwards = write_rows(tmp_path / "a.jsonl", alarms(60))
    backwards = write_rows(tmp_path / "b.jsonl", alarms(60)[::-1])
    found = [clean(str(path), CleanConfig()) for path in (forwards, backwards)]
    held_out = [{row.prompt for row in each.rows["eval"]} for each in found]
    assert len(held_out[0]) == 6
    assert held_out[0] == held_out[1]
    assert len(found[0].rows["train"]) == 54
    other = clean(str(forwards), CleanConfig(seed=1)).rows["eval"]
    assert {row.prompt for row in other} != held_out[0]


def test_rows_of_one_prompt_are_held_out_together(tmp_path: Path) -> None:
    pairs = [
        {"prompt": f"User: {number}", "completion": f"[A(b='{which}')]"}
        for number in range(20)
        for which in range(2)
    ]
    cleaned = clean(write(tmp_path / "rows.json", pairs), CleanConfig(eval_share=0.25))
    assert len(cleaned.rows["eval"]) == 10
    prompts = [{row.prompt for row in cleaned.rows[split]} for split in ("train", "eval")]
    assert not prompts[0] & prompts[1]


def test_rows_for_the_test_stay_there(tmp_path: Path) -> None:
    records = [{"prompt": "a", "completion": "[A()]", "split": "test"}]
    records += [{"prompt": "b", "completion": "[A()]", "split": "train"}]
    cleaned = clean(write(tmp_path / "rows.json", records), ALL)
    assert [row.prompt for row in cleaned.rows["test"]] == ["a"]
    assert [row.prompt for row in cleaned.rows["train"]] == ["b"]


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    source = str(write_rows(tmp_path / "rows.jsonl", alarms(20)))
    config = CleanConfig()
    cleaned = clean(source, config)
    write_cleaned(cleaned, tmp_path / "out", source=source, config=config)
    assert not (tmp_path / "out" / "test.jsonl").exists()
    assert list(read_rows(str(tmp_path / "out" / "eval.jsonl"))) == cleaned.rows["eval"]
    report = json.loads((tmp_path / "out" / "clean.json").read_text())
    assert report["rows"] == {"train": 18, "eval": 2, "test": 0}
    assert report["config"] == {"eval_share": 0.1, "seed": 0}


def test_a_source_without_calls_is_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "rows.json", [ORIGINAL[2]])
    with pytest.raises(ConfigError, match=r"There is no call in '.*' \(1: no call but words\)"):
        clean(source, ALL)
    with pytest.raises(CorpusError):
        clean(str(tmp_path / "nothing.json"), ALL)


@pytest.mark.skipif(not (SHARED_DATA / "apibank").is_dir(), reason="the shared data is not here")
def test_the_published_rows_for_evaluation_are_read() -> None:
    cleaned = clean(str(SHARED_DATA / "apibank" / "eval.jsonl.gz"), ALL)
    assert cleaned.records == 1047
    assert len(cleaned.rows["train"]) == 1037
    assert cleaned.left_out == {UNREADABLE: 10}
