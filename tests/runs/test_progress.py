"""What can be seen of a run from outside while it is written."""

from dataclasses import replace
from pathlib import Path

from tests.annotate.given import documents, run_into
from toolformer.runs.directory import Run
from toolformer.runs.progress import LATELY_S, PROGRESS, ShareProgress, read_shares, watch_run
from toolformer.runs.writer import RunWriter

DONE = ShareProgress("0/3", "one", 100.0, 1000.0, documents=3.0, shards=4)
LIVE = ShareProgress("1/3", "two", 100.0, 400.0, documents=6.0, expected=10)
LOST = ShareProgress("2/3", "three", 100.0, 200.0, documents=1.0)


def begun(out: Path) -> Run:
    run = run_into(out, corpus=iter(documents()), shards=[0, 3])
    writer = RunWriter(out, run.manifest)
    for each in (LOST, DONE, LIVE):
        writer.tell(each.share.replace("/", "-of-"), each)
    return run


def test_a_run_that_is_written_says_what_is_there_who_works_and_how_long_it_will_take(
    tmp_path: Path,
) -> None:
    watch = watch_run(begun(tmp_path / "run"), now=200.0 + LATELY_S + 1)
    assert (watch.shards, watch.expected_shards) == (2, 4)
    assert (watch.documents, watch.expected_documents) == (4, 10)
    assert [each.share for each in watch.shares if each.share] == ["0/3", "1/3", "2/3"]
    # Six texts in 300 s; who is done adds nothing, nor who has not been seen for so long.
    live = [each.share for each in watch.shares if watch.is_live(each) and each.share]
    assert live == ["1/3"]
    assert watch.seconds_left == (10 - 4) / (6 / 300)


def test_a_file_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    begun(tmp_path)
    before = read_shares(tmp_path)
    (tmp_path / PROGRESS / "0-of-3.json").write_text('{"share": 3')
    assert [each for each in before if each != DONE] == read_shares(tmp_path)


def test_who_finishes_the_run_leaves_nothing_of_it(tmp_path: Path) -> None:
    begun(tmp_path / "run")
    assert run_into(tmp_path / "run", corpus=iter(documents())).is_complete
    assert not (tmp_path / "run" / PROGRESS).exists()
    watch = watch_run(Run.open(tmp_path / "run"), now=2000.0)
    assert (watch.is_finished, watch.expected_shards, watch.expected_documents) == (True, 4, 10)
    assert watch.seconds_left is None


def test_a_share_takes_the_place_of_its_earlier_try(tmp_path: Path) -> None:
    run = begun(tmp_path)
    RunWriter(tmp_path, run.manifest).tell("0-of-3", replace(DONE, machine="four"))
    machines = [each.machine for each in read_shares(tmp_path) if each.share == "0/3"]
    assert machines == ["four"]
