"""A run directory holds whole shards or none, and a later run goes on where an earlier stopped."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from toolformer.errors import RunError
from toolformer.records import (
    AnnotatedDocument,
    Candidate,
    Document,
    Losses,
    Placebo,
    UntriedPlace,
    Verdict,
)
from toolformer.runs.directory import Run
from toolformer.runs.manifest import ManifestModel, ManifestTool, RunManifest
from toolformer.runs.writer import RunWriter

CALCULATOR = ManifestTool(
    name="Calculator",
    spec="calculator",
    options={},
    shown="ef",
    min_prob=0.05,
    min_used=1,
    min_help=1,
    max_positions=5,
    samples=5,
    prune_below=0.5,
)
MANIFEST = RunManifest(
    corpus={"name": "c.jsonl", "files": [{"name": "c.jsonl", "size": 3, "sha256": "ab"}]},
    model=ManifestModel(name="nano", fingerprint="cd", max_length=1024, batch_tokens=4096),
    tools=[CALCULATOR, replace(CALCULATOR, name="Calendar", spec="calendar")],
    grammar={"open": " [", "arrow": " ->", "close": "]"},
    config={"seed": 1, "max_positions": 5},
    documents_per_shard=2,
)
KEPT = Candidate(
    2,
    "Calculator",
    "2 + 3",
    0.1,
    4,
    "5",
    None,
    Losses(3.0, 1.0, 2.5),
    Verdict.KEPT,
    token=1,
    start_gain=2.25,
    placebo=Placebo("17", 2.75),
)
FAILED = Candidate(2, "Calculator", "2 +", 0.1, 1, error="bad", verdict=Verdict.TOOL_ERROR)
PRUNED = Candidate(6, "Calculator", None, 0.1, 0, losses=Losses(0.25), verdict=Verdict.PRUNED)
DOCUMENTS = [
    AnnotatedDocument(
        Document("a", "It 5 é.", {"date": "2020-01-01"}),
        ("Calculator", "Calendar"),
        None,
        (KEPT, FAILED, PRUNED),
        (UntriedPlace(2, "Calendar", 0.03, 0.5),),
    ),
    AnnotatedDocument(Document("b", "x [A(1)] y"), (), "holds a call"),
    AnnotatedDocument(Document("c", "No number."), ("Calendar",)),
]


def there(path: Path) -> list[AnnotatedDocument]:
    """Returns what a run has, finished or not."""
    return list(Run.open(path, incomplete=True).documents())


def write_all(path: Path, shards: Sequence[int] = (0, 1)) -> RunWriter:
    writer = RunWriter(path, MANIFEST)
    for shard in shards:
        writer.write(shard, DOCUMENTS[2 * shard : 2 * shard + 2])
    return writer


def contents(path: Path) -> dict[str, bytes]:
    return {str(p.relative_to(path)): p.read_bytes() for p in path.rglob("*") if p.is_file()}


def test_a_run_gives_back_the_documents_that_were_written(tmp_path: Path) -> None:
    write_all(tmp_path / "run").finish()
    assert list(Run.open(tmp_path / "run").documents()) == DOCUMENTS


def test_a_finished_run_is_a_manifest_whole_shards_and_stats(tmp_path: Path) -> None:
    write_all(tmp_path / "run").finish()
    assert sorted(contents(tmp_path / "run")) == [
        "manifest.json",
        "shards/00000.parquet",
        "shards/00001.parquet",
        "stats.json",
    ]


def test_the_manifest_is_written_first(tmp_path: Path) -> None:
    RunWriter(tmp_path / "run", MANIFEST)
    assert list(contents(tmp_path / "run")) == ["manifest.json"]
    assert Run.open(tmp_path / "run").manifest == MANIFEST


def test_the_columns_of_a_shard_are_those_of_the_documented_format(tmp_path: Path) -> None:
    write_all(tmp_path)
    schema = pq.read_schema(tmp_path / "shards" / "00000.parquet")
    assert {field.name: str(field.type) for field in schema} == {
        "id": "string",
        "plain_text": "string",
        "meta": "string",
        "tried": "list<element: string>",
        "skipped": "string",
        "candidates": (
            "list<element: struct<position: int32, tool: string, arguments: string, "
            "start_prob: float, count: int32, output: string, error: string, "
            "loss_no_call: float, loss_no_output: float, loss_with_output: float, gain: float, "
            "verdict: string, token: int32, start_gain: float, placebo_output: string, "
            "placebo_loss: float>>"
        ),
        "untried": (
            "list<element: struct<position: int32, tool: string, start_prob: float, "
            "start_gain: float>>"
        ),
    }


def test_equal_documents_give_equal_bytes(tmp_path: Path) -> None:
    write_all(tmp_path / "one").finish()
    write_all(tmp_path / "two", shards=(1, 0)).finish()
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_a_run_knows_which_shards_are_there(tmp_path: Path) -> None:
    assert write_all(tmp_path, shards=[1]).done == {1}
    assert RunWriter(tmp_path, MANIFEST).done == {1}


def test_resuming_writes_what_is_missing_and_ends_as_an_undisturbed_run(tmp_path: Path) -> None:
    write_all(tmp_path / "whole").finish()
    write_all(tmp_path / "resumed", shards=[1])
    assert not Run.open(tmp_path / "resumed").is_complete
    write_all(tmp_path / "resumed", shards=[0]).finish()
    assert Run.open(tmp_path / "resumed").is_complete
    assert contents(tmp_path / "resumed") == contents(tmp_path / "whole")


def test_a_run_in_which_a_shard_is_missing_is_not_finished(tmp_path: Path) -> None:
    assert not write_all(tmp_path, shards=[1]).finish(shards=2).is_complete
    assert write_all(tmp_path, shards=[0]).finish(shards=2).is_complete


def test_shards_that_another_writer_adds_meanwhile_are_counted(tmp_path: Path) -> None:
    one = write_all(tmp_path / "run", shards=[0])
    write_all(tmp_path / "run", shards=[1])
    assert one.finish(shards=2).stats().documents == 3
    write_all(tmp_path / "whole").finish()
    assert contents(tmp_path / "run") == contents(tmp_path / "whole")


def test_a_run_and_its_writer_show_how_far_they_are(tmp_path: Path) -> None:
    writer = write_all(tmp_path, shards=[1])
    assert repr(writer) == f"<RunWriter '{tmp_path}': 1 shard>"
    assert repr(Run.open(tmp_path)) == f"<Run '{tmp_path}' of nano: 1 shard, unfinished>"
    writer.write(0, DOCUMENTS[:2])
    assert repr(writer.finish()) == f"<Run '{tmp_path}' of nano: 2 shards, finished>"


def test_a_run_with_other_settings_is_refused_and_the_differing_fields_are_named(
    tmp_path: Path,
) -> None:
    write_all(tmp_path)
    other = replace(MANIFEST, config={"seed": 2, "max_positions": 5}, documents_per_shard=3)
    before = contents(tmp_path)
    with pytest.raises(RunError) as raised:
        RunWriter(tmp_path, other)
    assert str(raised.value) == (
        f"'{tmp_path}' holds a run that was made with other settings: config.seed (1, now 2); "
        "documents_per_shard (2, now 3). Name another directory, or the settings of that one to "
        "continue it."
    )
    assert contents(tmp_path) == before


def test_a_directory_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("x", encoding="utf-8")
    with pytest.raises(RunError, match=r"is not empty and is not a run \('thesis.tex' is in it\)"):
        RunWriter(tmp_path, MANIFEST)
    assert list(contents(tmp_path)) == ["thesis.tex"]


def test_a_file_is_no_place_for_a_run(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("x", encoding="utf-8")
    with pytest.raises(RunError, match="it is a file"):
        RunWriter(tmp_path / "run", MANIFEST)


def test_a_directory_without_a_manifest_is_not_a_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"is not a run directory: it has no manifest\.json"):
        Run.open(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema_version": 1, "corpus": {}}'])
def test_another_programs_manifest_is_no_run(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(RunError, match="is not the manifest of a run"):
        Run.open(tmp_path)


def test_a_newer_format_is_refused_by_a_sentence(tmp_path: Path) -> None:
    values = MANIFEST.to_dict() | {"schema_version": 2}
    (tmp_path / "manifest.json").write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(RunError, match="in version 2 of the run format and this is version 1"):
        Run.open(tmp_path)


def test_what_a_kill_left_behind_is_ignored_and_goes_when_its_shard_is_written(
    tmp_path: Path,
) -> None:
    write_all(tmp_path, shards=[1])
    leftover = tmp_path / "shards" / "00000.parquet.4711.tmp"
    leftover.write_bytes(b"half")
    assert there(tmp_path) == DOCUMENTS[2:]
    write_all(tmp_path, shards=[0])
    assert not leftover.exists()
    assert there(tmp_path) == DOCUMENTS


def test_a_run_starts_in_a_directory_where_a_kill_left_half_a_manifest(tmp_path: Path) -> None:
    (tmp_path / "manifest.json.4711.tmp").write_bytes(b"half")
    write_all(tmp_path)
    assert there(tmp_path) == DOCUMENTS


def test_a_run_that_another_process_starts_at_the_same_moment_is_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, files = tmp_path / "run", Path.glob
    unfinished = run / "manifest.json.4711.tmp"

    def started_meanwhile(folder: Path, pattern: str) -> Iterator[Path]:
        if folder == run and pattern == "*":
            monkeypatch.undo()
            RunWriter(run, MANIFEST).write(0, DOCUMENTS[:2])
            unfinished.write_bytes(b"a third process is writing this")
        return files(folder, pattern)

    monkeypatch.setattr(Path, "glob", started_meanwhile)
    assert RunWriter(run, MANIFEST).done == {0}
    assert unfinished.exists()


def test_a_damaged_shard_is_named_with_the_way_out(tmp_path: Path) -> None:
    write_all(tmp_path)
    shard = tmp_path / "shards" / "00001.parquet"
    shard.write_bytes(shard.read_bytes()[:100])
    with pytest.raises(RunError, match=r"00001\.parquet' cannot be read .*Delete it and annotate"):
        there(tmp_path)


def test_a_file_with_other_columns_is_no_shard(tmp_path: Path) -> None:
    write_all(tmp_path)
    shard = tmp_path / "shards" / "00001.parquet"
    pq.write_table(pq.read_table(shard).drop_columns(["meta"]), shard)
    with pytest.raises(RunError, match="does not have the columns of a shard"):
        there(tmp_path)


def test_a_shard_with_too_many_documents_is_a_bug(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="3 documents are not a shard"):
        RunWriter(tmp_path, MANIFEST).write(0, DOCUMENTS)


FULL_DISK = """
import resource, sys
from tests_runs_documents import DOCUMENTS, MANIFEST
from toolformer.errors import RunError
from toolformer.runs import RunWriter

writer = RunWriter(sys.argv[1], MANIFEST)
writer.write(0, DOCUMENTS[:2])
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))  # no file may grow beyond this: EFBIG
try:
    writer.write(1, DOCUMENTS[2:])
except RunError as error:
    print(error)
"""


def run_beside(tmp_path: Path, program: str) -> "subprocess.CompletedProcess[str]":
    """Runs a program in its own process, with this file's documents to import."""
    (tmp_path / "tests_runs_documents.py").write_bytes(Path(__file__).read_bytes())
    return subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "run")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_disk_that_fills_up_leaves_no_half_shard_and_the_next_run_goes_on(
    tmp_path: Path,
) -> None:
    ended = run_beside(tmp_path, FULL_DISK)
    assert re.fullmatch(
        r"Cannot write '.*/shards/00001\.parquet': File too large\. What is written so far is "
        r"whole: make room and run the same command again, and it continues from there\.\n",
        ended.stdout,
    ), ended.stderr
    assert sorted(contents(tmp_path / "run" / "shards")) == ["00000.parquet"]
    write_all(tmp_path / "run", shards=[1]).finish()
    write_all(tmp_path / "undisturbed").finish()
    assert contents(tmp_path / "run") == contents(tmp_path / "undisturbed")


KILLED = """
import os, signal, sys
from tests_runs_documents import DOCUMENTS, MANIFEST
from toolformer.runs import RunWriter

writer = RunWriter(sys.argv[1], MANIFEST)
writer.write(0, DOCUMENTS[:2])
# Killed when the second shard is written aside and not yet renamed.
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
writer.write(1, DOCUMENTS[2:])
"""


def test_a_kill_between_writing_and_renaming_leaves_a_run_that_goes_on(tmp_path: Path) -> None:
    assert run_beside(tmp_path, KILLED).returncode == -9
    assert len(contents(tmp_path / "run" / "shards")) == 2
    assert RunWriter(tmp_path / "run", MANIFEST).done == {0}
    write_all(tmp_path / "run", shards=[1]).finish()
    write_all(tmp_path / "undisturbed").finish()
    assert contents(tmp_path / "run") == contents(tmp_path / "undisturbed")


def test_the_stats_are_added_up_from_the_shards(tmp_path: Path) -> None:
    stats = write_all(tmp_path).finish(problems=3).stats()
    calculator, calendar = stats.tools["Calculator"], stats.tools["Calendar"]
    assert (stats.documents, stats.documents_kept, stats.problems) == (3, 1, 3)
    assert stats.skipped == {"holds a call": 1}
    assert (calculator.texts_tried, calculator.texts_proposed, calculator.texts_kept) == (1, 1, 1)
    assert (calculator.places, calculator.proposed, calculator.executed) == (2, 2, 2)
    assert (calculator.scored, calculator.kept, calculator.kept_share) == (1, 1, 0.5)
    assert calculator.verdicts == {"kept": 1, "pruned": 1, "tool_error": 1}
    assert (calendar.texts_tried, calendar.proposed, calendar.kept_share) == (2, 0, 0.0)


def test_the_stats_of_an_unfinished_run_are_those_of_its_shards(tmp_path: Path) -> None:
    write_all(tmp_path, shards=[0])
    assert Run.open(tmp_path, incomplete=True).stats().documents == 2


def test_the_stats_read_back_are_those_that_were_written(tmp_path: Path) -> None:
    run = write_all(tmp_path).finish()
    finished = run.stats()
    (tmp_path / "stats.json").unlink()
    assert Run.open(tmp_path, incomplete=True).stats() == finished


def without_digests(run: Path) -> None:
    """Makes it a run as it was written before shards were named in stats.json."""
    values = json.loads((run / "stats.json").read_text(encoding="utf-8"))
    del values["shards"]
    (run / "stats.json").write_text(json.dumps(values), encoding="utf-8")


@pytest.mark.parametrize("names_shards", [True, False])
@pytest.mark.parametrize("gone", [["shards/00000.parquet"], ["shards/00001.parquet"]])
def test_a_run_that_lost_a_shard_is_refused_and_read_where_that_is_wanted(
    tmp_path: Path, gone: list[str], names_shards: bool
) -> None:
    run = write_all(tmp_path).finish()
    if not names_shards:
        without_digests(tmp_path)
        assert run.is_complete
    for name in gone:
        (tmp_path / name).unlink()
    assert not run.is_complete
    for read in (run.documents, run.stats, run.check_whole):
        with pytest.raises(RunError, match=r"has lost .*--incomplete, in Python incomplete=True"):
            read()
    assert 0 < len(there(tmp_path)) < 3
    assert Run.open(tmp_path, incomplete=True).stats().documents == len(there(tmp_path))
    again = write_all(tmp_path, [int(name[-9]) for name in gone]).finish(shards=2)
    assert list(again.documents()) == DOCUMENTS


def test_a_run_without_its_end_is_refused(tmp_path: Path) -> None:
    run = write_all(tmp_path)
    with pytest.raises(RunError, match=r"was not finished \(2 shards so far\)"):
        Run.open(run.path).documents()


@pytest.mark.parametrize("name", ["1", "000001", "00001 copy", "-1", "٣", "1e0", "00002"])
@pytest.mark.parametrize("names_shards", [True, False])
def test_a_shard_too_many_is_named(tmp_path: Path, name: str, names_shards: bool) -> None:
    run = write_all(tmp_path).finish()
    if not names_shards:
        without_digests(tmp_path)
    content = (tmp_path / "shards" / "00001.parquet").read_bytes()
    (tmp_path / "shards" / f"{name}.parquet").write_bytes(content)
    with pytest.raises(RunError, match=r"is not a shard|is not of this run|a shard is not of this"):
        run.documents()


def test_shards_that_changed_places_or_came_from_elsewhere_are_told(tmp_path: Path) -> None:
    run = write_all(tmp_path / "run").finish()
    write_all(tmp_path / "other", [1]).write(0, [replace(DOCUMENTS[0], candidates=())])
    shards = tmp_path / "run" / "shards"
    (shards / "00000.parquet").write_bytes(
        (tmp_path / "other" / "shards" / "00000.parquet").read_bytes()
    )
    with pytest.raises(RunError, match=r"00000\.parquet' is not the shard that the run was finish"):
        list(run.documents())
    (shards / "00001.parquet").rename(shards / "00000.parquet")
    with pytest.raises(RunError, match="is not the shard"):
        list(Run.open(run.path, incomplete=True).documents())


def test_a_shard_that_is_there_is_kept_for_its_own_documents_only(tmp_path: Path) -> None:
    writer = write_all(tmp_path)
    writer = RunWriter(tmp_path, MANIFEST)
    writer.keep(0, [each.document for each in DOCUMENTS[:2]])
    with pytest.raises(RunError, match=r"Shard 1 of .* holds other documents than the corpus has"):
        writer.keep(1, [DOCUMENTS[0].document])


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("shards/00001.parquet", "Shard 00001 of .* were deleted while the run was written"),
        ("manifest.json", "was deleted while the run was written"),
    ],
)
def test_what_is_deleted_while_a_run_is_written_is_told_at_its_end(
    tmp_path: Path, name: str, reason: str
) -> None:
    writer = write_all(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(RunError, match=reason) as raised:
        writer.finish(shards=2)
    assert isinstance(raised.value.__cause__, OSError)
    assert not (tmp_path / "stats.json").exists()


def test_a_run_whose_directory_is_deleted_stops_at_its_next_shard(tmp_path: Path) -> None:
    writer = write_all(tmp_path / "run", [0])
    shutil.rmtree(tmp_path / "run")
    with pytest.raises(RunError, match="was deleted while the run was written"):
        writer.write(1, DOCUMENTS[2:])
    assert not (tmp_path / "run").exists()


def test_a_shard_that_was_changed_while_its_run_was_written_is_told(tmp_path: Path) -> None:
    writer = write_all(tmp_path)
    shards = tmp_path / "shards"
    (shards / "00000.parquet").write_bytes((shards / "00001.parquet").read_bytes())
    with pytest.raises(RunError, match=r"00000\.parquet' was changed while the run was written"):
        writer.finish()


@pytest.mark.parametrize("name", ["manifest.json", "stats.json", "shards/00000.parquet"])
@pytest.mark.parametrize("way", ["pipe", "folder", "zeros"])
def test_what_is_no_plain_file_is_refused_at_once(tmp_path: Path, name: str, way: str) -> None:
    write_all(tmp_path).finish()
    (tmp_path / name).unlink()
    if way == "pipe":
        os.mkfifo(tmp_path / name)
    elif way == "folder":
        (tmp_path / name).mkdir()
    else:
        (tmp_path / name).symlink_to("/dev/zero")
    with pytest.raises(RunError, match="not a plain file"):
        list(Run.open(tmp_path).documents())


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"documents": -1}, "documents"),
        ({"documents": "3"}, "documents"),
        ({"problems": 1.0}, "problems"),
        ({"skipped": {"empty": -1}}, "skipped.empty"),
        ({"tools": {"Calculator": {"verdicts": {"nice": 1}}}}, "verdicts"),
        ({"tools": {"Calculator": {"more": 1}}}, "tools.Calculator.more"),
        ({"shards": ["x"]}, "shards.0"),
        ({"more": 1}, "more"),
    ],
)
def test_a_count_that_no_run_has_is_refused_by_its_field(
    tmp_path: Path, values: dict[str, object], field: str
) -> None:
    run = write_all(tmp_path).finish()
    known = json.loads((tmp_path / "stats.json").read_text(encoding="utf-8"))
    (tmp_path / "stats.json").write_text(json.dumps(known | values), encoding="utf-8")
    with pytest.raises(RunError, match=rf"stats\.json' cannot be read \(.*{re.escape(field)}"):
        run.stats()
    assert "damaged" in repr(run)


def test_datasets_reads_a_run_as_it_is(tmp_path: Path) -> None:
    import datasets

    write_all(tmp_path / "run").finish()
    loaded: Any = datasets.load_dataset(
        "parquet",
        data_files=str(tmp_path / "run" / "shards" / "*.parquet"),
        split="train",
        cache_dir=str(tmp_path / "cache"),
    )
    assert loaded["id"][:] == ["a", "b", "c"]
    assert loaded[0]["candidates"][0]["gain"] == 1.5
    assert loaded[0]["candidates"][0]["verdict"] == "kept"
    assert loaded[1]["skipped"] == "holds a call"
