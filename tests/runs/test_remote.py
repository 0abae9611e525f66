"""A run at a URL: what is there has the bytes of a run in a directory, whoever was killed."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("moto")
pytest.importorskip("s3fs")

from tests.annotate.given import documents, run_into
from tests.s3 import SECRETS, Bucket
from toolformer.cli.main import run as toolformer
from toolformer.errors import ConfigError, RunError
from toolformer.finetune.data.runs import read_run
from toolformer.runs.directory import Run
from toolformer.runs.progress import ShareProgress, watch_url
from toolformer.runs.remote import Mirror
from toolformer.runs.writer import RunWriter

pytestmark = pytest.mark.slow  # a server starts


def files_of(out: Path) -> dict[str, bytes]:
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def test_it_is_written_shard_by_shard_and_continued(tmp_path: Path, bucket: Bucket) -> None:
    corpus = documents()
    begun = run_into("s3://bucket/a/run", corpus=corpus, shards=[2])  # type: ignore[arg-type]
    assert (begun.is_complete, list(bucket.files("a/run/shards"))) == (False, ["00002.parquet"])
    done = run_into("s3://bucket/a/run", corpus=corpus)  # type: ignore[arg-type]
    assert (done.is_complete, done.name) == (True, "s3://bucket/a/run")
    assert bucket.files("a/run") == files_of(run_into(tmp_path / "run", corpus=corpus).path)
    with pytest.raises(RunError, match=r"'s3://bucket/a/run' holds a run .* config\.seed"):
        run_into("s3://bucket/a/run", corpus=corpus, seed=3)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="rounds=1"):
        run_into("s3://bucket/a/run", corpus=corpus, rounds=2)  # type: ignore[arg-type]


def test_a_shard_that_is_gone_there_is_done_again(tmp_path: Path, bucket: Bucket) -> None:
    run_into("s3://bucket/b", corpus=documents())  # type: ignore[arg-type]
    whole = bucket.files("b")
    bucket.delete("b/shards/00001.parquet")
    assert not Run.open("s3://bucket/b").is_complete
    run_into("s3://bucket/b", corpus=documents())  # type: ignore[arg-type]
    assert bucket.files("b") == whole


def test_of_two_who_begin_a_run_at_once_the_second_takes_or_refuses_the_firsts(
    tmp_path: Path, bucket: Bucket
) -> None:
    manifest = run_into(tmp_path / "run").manifest
    first, second, other = (Mirror("s3://bucket/c") for _ in range(3))
    for each in (first, second, other):
        each.fetch()  # nobody has begun
    RunWriter(first.path, manifest, mirror=first)
    began = bucket.files("c")["manifest.json"]
    RunWriter(second.path, manifest, mirror=second)
    with pytest.raises(RunError, match=r"'s3://bucket/c' holds a run .* documents_per_shard"):
        RunWriter(other.path, replace(manifest, documents_per_shard=2), mirror=other)
    assert bucket.files("c") == {"manifest.json": began}


def test_a_folder_of_something_else_is_refused(bucket: Bucket) -> None:
    bucket.put("d/notes.txt", "mine")
    with pytest.raises(RunError, match=r"'s3://bucket/d' is not empty and is not a run"):
        run_into("s3://bucket/d")  # type: ignore[arg-type]
    with pytest.raises(RunError, match=r"'s3://bucket/nothing' is not a run directory"):
        Run.open("s3://bucket/nothing")
    assert list(bucket.files("d")) == ["notes.txt"]


def test_it_is_watched_without_its_shards_and_leaves_no_progress(bucket: Bucket) -> None:
    run = run_into("s3://bucket/e", corpus=documents(), shards=[0])  # type: ignore[arg-type]
    mirror = Mirror("s3://bucket/e")
    mirror.fetch()
    now = time.time()
    progress = ShareProgress("1/2", "one", now - 60, now, documents=3.0, expected=10)
    RunWriter(mirror.path, run.manifest, mirror=mirror).tell("1-of-2", progress)
    watch = watch_url("s3://bucket/e", now=now)
    assert (watch.shards, watch.documents, watch.expected_documents) == (1, 3, 10)
    assert watch.seconds_left == pytest.approx(7 * 20)
    run_into("s3://bucket/e", corpus=documents())  # type: ignore[arg-type]
    assert not any(name.startswith("progress") for name in bucket.files("e"))
    assert watch_url("s3://bucket/e", now=now).is_finished


def test_whatever_reads_a_run_reads_one_at_a_url(
    tmp_path: Path, bucket: Bucket, capsys: pytest.CaptureFixture[str]
) -> None:
    run_into("s3://bucket/f")  # type: ignore[arg-type]
    assert read_run("s3://bucket/f").name == "s3://bucket/f"
    assert toolformer(["show", "s3://bucket/f", "--table"]) == 0
    assert toolformer(["show", "s3://bucket/f", "--progress"]) == 0
    assert "The run is finished: 4 shards, 10 texts." in capsys.readouterr().out
    assert toolformer(["export", "s3://bucket/f", "--out", str(tmp_path / "export")]) == 0
    assert toolformer(["report", "s3://bucket/f", "--out", str(tmp_path / "report.html")]) == 0
    assert toolformer(["show", "s3://bucket/nothing"]) == 2


MODEL = """
import time
from toolformer.lm.scripted import ScriptedCall, ScriptedLanguageModel

class Slow(ScriptedLanguageModel):
    def read(self, requests, **options):
        time.sleep(0.2)
        return super().read(requests, **options)

model = Slow([ScriptedCall("Calculator", after=" =", writes=("3 + 2)", "4 + 2)", "open"))])
"""


def test_a_process_that_is_killed_is_continued_and_nobody_finds_a_key(
    tmp_path: Path, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "script.py").write_text(MODEL)
    lines = "".join(json.dumps({"text": each.text}) + "\n" for each in documents(6))
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "texts.jsonl").write_text(lines)
    bucket.put("c/texts.jsonl", lines)
    command = [sys.executable, "-m", "toolformer", "annotate", "--model", "script.py:model"]
    command += ["--tool", "calculator", "--threshold", "0.5", "--documents-per-shard", "1"]
    there = [*command, "s3://bucket/c/*.jsonl", "--out", "s3://bucket/killed/run"]
    process = subprocess.Popen(
        there, cwd=tmp_path, env=bucket.environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    while process.poll() is None and len(bucket.files("killed/run/shards")) < 2:
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    names = bucket.files("killed/run").keys()
    assert "manifest.json" in names
    assert "stats.json" not in names
    ended = subprocess.run(there, cwd=tmp_path, env=bucket.environment, capture_output=True)
    assert ended.returncode == 0, ended.stderr.decode()
    monkeypatch.chdir(tmp_path)
    assert toolformer([*command[3:], "c", "--out", "run"]) == 0
    found = bucket.files("killed/run")
    assert found == files_of(tmp_path / "run")
    assert not any(secret.encode() in each for secret in SECRETS for each in found.values())
