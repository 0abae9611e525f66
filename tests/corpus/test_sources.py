"""A name stands for files or datasets, whatever lies there."""

import hashlib
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from tests.corpus.corpora import jsonl, read, texts, write
from toolformer.corpus import Corpora, describe_corpus
from toolformer.corpus.hub import HubDataset
from toolformer.corpus.sources import CorpusFile, find_sources, parse_dataset
from toolformer.errors import CorpusError
from toolformer.records import Document


def test_a_name_that_says_nothing_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=re.escape(".txt, .jsonl, .ndjson, .json, .csv, .tsv (")):
        read(write(tmp_path / "c.docx", b"text\nx\n"))


def test_a_directory_without_corpus_files_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "notes.md", b"x")
    with pytest.raises(CorpusError, match="There is no corpus file in"):
        read(tmp_path)


def test_a_description_names_files_sizes_and_hashes_but_not_where_they_lie(
    tmp_path: Path,
) -> None:
    for place in ("here", "there"):
        write(tmp_path / place / "corpus" / "a.txt", b"one\n")
    here = describe_corpus(tmp_path / "here" / "corpus")
    assert here == describe_corpus(tmp_path / "there" / "corpus")
    assert here.name == "corpus"
    assert here.files == (CorpusFile("a.txt", 4, hashlib.sha256(b"one\n").hexdigest()),)
    assert here.to_dict()["files"][0]["size"] == 4


@pytest.mark.parametrize(
    ("source", "dataset"),
    [
        ("imdb", HubDataset("imdb", None, "train")),
        ("allenai/c4:en", HubDataset("allenai/c4", "en", "train")),
        ("allenai/c4:en:validation", HubDataset("allenai/c4", "en", "validation")),
        ("imdb::test[:1%]", HubDataset("imdb", None, "test[:1%]")),
    ],
)
def test_a_dataset_is_named_with_its_configuration_and_split(
    source: str, dataset: HubDataset
) -> None:
    assert parse_dataset(source) == dataset


def test_files_that_are_passed_over_are_named_once(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", b"one\n")
    for name in ("a.md", "b.png", "sub/c.doc", "d", "e", "f", "g"):
        write(tmp_path / name, b"x")
    documents, problems = read(tmp_path)
    assert len(documents) == 1
    assert problems == [f"{tmp_path.name}: passed over: a.md, b.png, d, e, f and 2 more"]


def a_run(folder: Path) -> None:
    write(folder / "manifest.json", b'{"schema_version": 1, "documents_per_shard": 2}')
    write(folder / "shards" / "00000.jsonl", jsonl([{"text": "annotated"}]))


def a_damaged_run(folder: Path) -> None:
    write(folder / "manifest.json", b'{"schema_ver')
    write(folder / "shards" / "00000.jsonl", jsonl([{"text": "annotated"}]))


def a_checkpoint(folder: Path) -> None:
    write(folder / "config.json", b"{}")
    write(folder / "tokenizer.json", b"{}")
    write(folder / "vocab.txt", b"the\n")


def a_begun_training(folder: Path) -> None:
    write(folder / "finetune.json", b"{}")
    write(folder / "training" / "checkpoint-1" / "merges.txt", b"t h\n")


def an_evaluation(folder: Path) -> None:
    write(folder / "cells" / "lama.tuned.k10.0123456789abcdef.jsonl", jsonl([{"text": "x"}]))


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (a_run, "a run"),
        (a_damaged_run, "a run"),
        (a_checkpoint, "a model"),
        (a_begun_training, "a model"),
        (an_evaluation, "an evaluation"),
    ],
)
def test_what_a_program_wrote_is_not_a_corpus(
    tmp_path: Path, make: Callable[[Path], None], kind: str
) -> None:
    write(tmp_path / "a.txt", b"one\n")
    make(tmp_path / "deep" / "out")
    assert texts(tmp_path) == ["one"]
    assert find_sources(tmp_path).passed_over == f"passed over: deep/out ({kind})"
    assert texts(str(tmp_path / "*")) == ["one"]
    with pytest.raises(CorpusError, match="No file fits"):
        read(f"{tmp_path}/deep/out/**/*.[jt]*")
    with pytest.raises(CorpusError, match=f"is {kind}, not a corpus"):
        read(tmp_path / "deep" / "out")


def test_shards_of_other_programs_are_a_corpus(tmp_path: Path) -> None:
    write(tmp_path / "manifest.json", b'{"files": 1}')
    write(tmp_path / "shards" / "0.txt", b"one\n")
    assert texts(tmp_path) == ["one"]


def test_a_description_does_not_change_when_a_run_is_begun_inside(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", b"one\n")
    before = describe_corpus(tmp_path)
    a_run(tmp_path / "run")
    assert describe_corpus(tmp_path) == before


@pytest.mark.parametrize("name", ["c.jsonl", "c.txt.gz", "c.parquet"])
def test_what_is_not_a_plain_file_is_refused_at_once(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    (tmp_path / f"link.{name}").symlink_to("/dev/zero")
    for path in (tmp_path / name, tmp_path / f"link.{name}"):
        with pytest.raises(CorpusError, match="is not a plain file"):
            read(path)
        with pytest.raises(CorpusError, match="is not a plain file"):
            describe_corpus(path)
    write(tmp_path / "a.txt", b"one\n")
    assert texts(tmp_path) == ["one"]


def test_links_that_lead_in_a_ring_or_nowhere_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", b"one\n")
    (tmp_path / "ring").symlink_to(tmp_path)
    (tmp_path / "self.txt").symlink_to("self.txt")
    (tmp_path / "gone.txt").symlink_to("nothing.txt")
    (tmp_path / "again.txt").symlink_to("a.txt")
    assert texts(tmp_path) == ["one", "one"]
    assert find_sources(tmp_path).passed_over == "passed over: gone.txt, ring, self.txt"
    assert texts(f"{tmp_path}/**/*.txt") == ["one", "one"]


def test_a_directory_may_be_deeper_than_python_calls_itself(tmp_path: Path) -> None:
    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        for _ in range(1500):
            Path("d").mkdir()
            os.chdir("d")
        Path("a.txt").write_text("one\n")
        assert texts(tmp_path) == ["one"]
    finally:
        os.chdir(here)
        subprocess.run(["rm", "-r", str(tmp_path / "d")], check=True)  # shutil calls itself


@pytest.mark.parametrize(
    "name", ["x" * 300, f"{'y' * 300}.jsonl", "a\0b.txt", "caf\udce9", "x" * 300 + "/*.txt"]
)
def test_a_name_that_no_file_can_have_is_one_sentence(name: str) -> None:
    for use in (read, describe_corpus):
        with pytest.raises(CorpusError) as raised:
            use(name)
        str(raised.value).encode()
        assert len(str(raised.value)) < 400


def test_a_file_name_that_is_not_utf8_names_its_documents(tmp_path: Path) -> None:
    write(tmp_path / "caf\udce9.txt", b"one\n")
    assert [each.id for each in read(tmp_path)[0]] == ["caf\\udce9.txt:1"]
    assert describe_corpus(tmp_path).files[0].name == "caf\\udce9.txt"
    assert texts(tmp_path / "caf\udce9.txt") == ["one"]


def test_several_corpora_are_read_as_one_and_each_file_once(tmp_path: Path) -> None:
    write(tmp_path / "x" / "a.txt", b"one\n")
    write(tmp_path / "y" / "a.txt", b"two\n")
    corpora = Corpora((f"{tmp_path}/y", f"{tmp_path}/x/a.txt", f"{tmp_path}/*/a.txt"))
    assert [each.id for each in read(corpora)[0]] == ["y/a.txt:1", "x/a.txt:1"]
    described = describe_corpus(corpora)
    assert (described.name, [each.name for each in described.files]) == (
        tmp_path.name,
        ["y/a.txt", "x/a.txt"],
    )


def test_one_of_several_corpora_is_as_it_is_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", b"one\n")
    assert describe_corpus(Corpora((str(path),))) == describe_corpus(path)


def test_a_pattern_is_read_like_a_directory_of_what_it_fits(tmp_path: Path) -> None:
    for name in ("a.txt", "b.md", "sub/c.txt", ".hidden/d.txt"):
        write(tmp_path / name, name.encode())
    assert texts(f"{tmp_path}/*") == ["a.txt", "sub/c.txt"]
    assert texts(f"{tmp_path}/**/*.txt") == ["a.txt", "sub/c.txt"]
    assert find_sources(f"{tmp_path}/*").passed_over == "passed over: b.md"
    assert describe_corpus(f"{tmp_path}/*").name == tmp_path.name
    for wrong in (f"{tmp_path}/*.jsonl", f"{tmp_path}/a**b"):
        with pytest.raises(CorpusError):
            read(wrong)


def test_settings_in_json_are_not_texts_and_a_list_is(tmp_path: Path) -> None:
    write(tmp_path / "config.json", b'{"text": "no"}')
    write(tmp_path / "list.json", b'[{"text": "one"}]')
    write(tmp_path / "lines.json", b'{"text": "two"}\n{"text": "three"}\n')
    assert texts(tmp_path) == ["two", "three", "one"]
    assert find_sources(tmp_path).passed_over == "passed over: config.json"
    assert texts(tmp_path / "config.json") == ["no"]


def test_a_dataset_that_was_saved_to_disk_is_read_without_its_caches(tmp_path: Path) -> None:
    import datasets

    datasets.Dataset.from_dict({"text": ["one", "two"]}).save_to_disk(str(tmp_path / "saved"))
    table = pa.table({"text": ["cached"]})
    with pa.ipc.new_stream(str(tmp_path / "saved" / "cache-1.arrow"), table.schema) as writer:
        writer.write_table(table)
    assert texts(tmp_path / "saved") == ["one", "two"]
    assert texts(tmp_path) == ["one", "two"]


def test_a_list_of_names_is_read_like_corpora(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a.txt", b"one\n"), write(tmp_path / "b.txt", b"two\n")
    for names in ([first, str(second)], (str(first), second)):
        assert texts(names) == ["one", "two"]
    assert describe_corpus([first, second]) == describe_corpus(Corpora((str(first), str(second))))


@pytest.mark.parametrize("source", [5, None, [], b"a.txt", [5], [{"text": "a"}], iter(["a"])])
def test_what_names_no_corpus_is_one_sentence(source: object) -> None:
    with pytest.raises(CorpusError, match="A corpus is the name of a file, or a list of names"):
        read(source)  # type: ignore[arg-type]


@pytest.mark.parametrize("source", ["", "  "])
def test_an_empty_name_is_not_the_current_directory(source: str) -> None:
    with pytest.raises(CorpusError, match=r"There is no file or directory ' *'"):
        find_sources(source)


def test_a_link_to_nothing_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "loop.jsonl").symlink_to("loop.jsonl")
    (tmp_path / "dead").symlink_to("nowhere")
    for name in ("loop.jsonl", "dead"):
        with pytest.raises(CorpusError, match="is a link that leads to nothing"):
            find_sources(tmp_path / name)


def test_a_pattern_follows_no_links_to_directories(tmp_path: Path) -> None:
    write(tmp_path / "data" / "a.txt", b"one\n")
    (tmp_path / "data" / "ring").symlink_to(".")
    assert read(str(tmp_path / "data" / "*")) == (
        [Document("a.txt:1", "one", {})],
        ["data: passed over: ring"],
    )
