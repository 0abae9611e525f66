"""What is on the Hub after a push, and what never gets there."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.given import UPLOADS, served, write_export, write_run
from tests.hub.stand_in import TOKEN, StandIn
from toolformer.errors import ConfigError, HubError, RunError
from toolformer.hub import CardSettings, open_repository, push_to_hub
from toolformer.hub.artifacts import recognise
from toolformer.runs.directory import Run

pytestmark = UPLOADS


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[StandIn]:
    with served(tmp_path) as hub:
        yield hub


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return write_run(tmp_path / "run")


def test_a_run_is_there_with_a_card_and_nothing_that_lay_beside_it(hub: StandIn, run: Run) -> None:
    (run.path / "notes.txt").write_text("mine")
    pushed = push_to_hub(run.path, "me/run", settings=CardSettings(license="mit"))
    files = hub.datasets("me/run").files
    assert sorted(files) == [
        *("README.md", "manifest.json", "shards/00000.parquet", "shards/00001.parquet"),
        "stats.json",
    ]
    assert pushed.files == tuple(sorted(files.keys() - {"README.md"}))
    assert pushed.card == "made"
    for name in pushed.files:
        assert files[name] == (run.path / name).read_bytes()
    assert b"license: mit" in files["README.md"]
    assert not (run.path / "README.md").exists()


def test_a_second_push_sends_nothing_and_a_shorter_one_removes_what_was_there(
    hub: StandIn, run: Run, tmp_path: Path
) -> None:
    push_to_hub(run.path, "me/run")
    hub.datasets("me/run").files["mine.txt"] = b"of somebody"
    before, messages = dict(hub.datasets("me/run").files), list(hub.datasets("me/run").messages)
    push_to_hub(run.path, "me/run")
    assert hub.datasets("me/run").files == before
    assert hub.datasets("me/run").messages == messages
    shorter = write_run(tmp_path / "shorter", documents_per_shard=3)
    push_to_hub(shorter.path, "me/run")
    files = hub.datasets("me/run").files
    assert [name for name in files if name.startswith("shards/")] == ["shards/00000.parquet"]
    assert files["mine.txt"] == b"of somebody"


def test_an_export_is_there_with_what_is_known_of_its_run(
    hub: StandIn, run: Run, tmp_path: Path
) -> None:
    out = write_export(tmp_path / "dataset", run)
    push_to_hub(out, "us/texts", private=True)
    stored = hub.datasets("us/texts")
    assert stored.private
    assert sorted(stored.files) == [
        *("README.md", "export.json", "run.json", "train-00000.jsonl", "train-00001.jsonl"),
    ]


def test_a_card_of_the_user_goes_as_it_is(hub: StandIn, run: Run) -> None:
    card = "---\nlicense: mit\n---\n# My own words\n"
    (run.path / "README.md").write_text(card)
    assert push_to_hub(run.path, "me/run").card == "yours"
    assert hub.datasets("me/run").files["README.md"].decode() == card
    assert (run.path / "README.md").read_text() == card


def test_a_card_that_was_edited_on_the_hub_stays(hub: StandIn, run: Run) -> None:
    push_to_hub(run.path, "me/run")
    files = hub.datasets("me/run").files
    edited = files["README.md"].replace(b"# me/run", b"# Sums of apples")
    files["README.md"] = edited
    assert push_to_hub(run.path, "me/run", settings=CardSettings(license="mit")).card == "edited"
    assert hub.datasets("me/run").files["README.md"] == edited


def test_a_card_that_was_made_is_made_anew(hub: StandIn, run: Run) -> None:
    push_to_hub(run.path, "me/run")
    assert push_to_hub(run.path, "me/run", settings=CardSettings(license="mit")).card == "made"
    assert b"license: mit" in hub.datasets("me/run").files["README.md"]


def rewrite(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text().replace(old, new))


@pytest.mark.parametrize(
    ("secret", "what"),
    [
        ("https://me:pa55word@a.org", "an address with a password"),
        ("https://a.org/?api_key=0123456789", "an address with a key"),
        ("sk-0123456789abcdefghijklmn", "a token"),
        (TOKEN, "your token of the Hub"),
        ("a-value-that-nobody-knows", "the value of the environment variable SHOP_PASSWORD"),
    ],
)
def test_a_secret_in_the_files_is_refused_before_anything_is_sent(
    hub: StandIn,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    secret: str,
    what: str,
) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "a-value-that-nobody-knows")
    out = write_export(tmp_path / "dataset", run)
    settings = json.loads((out / "export.json").read_text())
    (out / "export.json").write_text(json.dumps(settings | {"model": secret}))
    with pytest.raises(ConfigError, match=f"'export.json' holds {what}, and is not shared") as told:
        push_to_hub(out, "me/texts")
    assert secret not in str(told.value)
    assert hub.datasets("me/texts").files == {}


def test_a_secret_of_a_tool_stands_in_no_file(
    hub: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from toolformer.annotate import AnnotateConfig, annotate
    from toolformer.lm.scripted import ScriptedLanguageModel

    monkeypatch.setenv("MY_KEY", "s3cret-of-a-service")
    tool = "http:url=https://api.example.org/?q={q},name=Ask,headers=X-Key=MY_KEY,private=yes"
    run = annotate(
        ["Nothing is asked."],
        model=ScriptedLanguageModel(),
        tools=[tool],
        out=tmp_path / "r",
        config=AnnotateConfig(method="paper"),
    )
    push_to_hub(run.path, "me/run")
    sent = b"".join(hub.datasets("me/run").files.values())
    assert b"MY_KEY" in sent
    assert b"s3cret" not in sent


def test_a_link_out_of_the_directory_is_refused(hub: StandIn, run: Run, tmp_path: Path) -> None:
    out = write_export(tmp_path / "dataset", run)
    (tmp_path / "private.jsonl").write_text("{}")
    (out / "train-00002.jsonl").symlink_to(tmp_path / "private.jsonl")
    with pytest.raises(ConfigError, match="is a link to a file outside of"):
        push_to_hub(out, "me/texts")
    assert hub.datasets("me/texts").files == {}


def test_a_run_that_is_not_whole_is_refused(hub: StandIn, run: Run) -> None:
    (run.path / "shards" / "00001.parquet").unlink()
    with pytest.raises(RunError, match="has lost shard 00001"):
        push_to_hub(run.path, "me/run")
    assert hub.asked == []


def test_a_directory_of_something_else_is_refused(hub: StandIn, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds neither a run"):
        push_to_hub(tmp_path, "me/run")
    with pytest.raises(ConfigError, match="There is no directory"):
        push_to_hub(tmp_path / "none", "me/run")
    (tmp_path / "begun").mkdir()
    (tmp_path / "begun" / "finetune.json").write_text("{}")
    with pytest.raises(ConfigError, match="is not finished"):
        recognise(tmp_path / "begun")


def test_a_dataset_goes_into_no_repository_of_models(hub: StandIn, run: Run) -> None:
    opened = open_repository("me/model", kind="model")
    with pytest.raises(ConfigError, match="is a repository of the kind model"):
        push_to_hub(run.path, opened)


@pytest.mark.parametrize("asked", ["preupload", "lfs", "commit"])
def test_a_push_that_fails_on_its_way_is_told_and_can_be_done_again(
    hub: StandIn, run: Run, asked: str
) -> None:
    opened = open_repository("me/run", kind="dataset")
    hub.failing[asked] = 403
    with pytest.raises(HubError, match=r"^The Hub .* 'me/run'"):
        push_to_hub(run.path, opened)
    hub.failing.clear()
    push_to_hub(run.path, opened)
    assert "shards/00001.parquet" in hub.datasets("me/run").files
