"""What the card of a run and of an export says."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import DatasetCard

from tests.hub.given import TEXTS, write_export, write_run
from toolformer.errors import RunError
from toolformer.hub import CardSettings, card_of
from toolformer.hub.cards.card import is_made
from toolformer.records import AnnotatedDocument, Candidate, Document, Losses, Placebo, Verdict
from toolformer.runs.directory import Run
from toolformer.runs.manifest import ManifestModel, ManifestTool, RunManifest
from toolformer.runs.writer import RunWriter


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return write_run(tmp_path_factory.mktemp("cards") / "run")


def test_the_metadata_of_a_run_name_its_shards(run: Run) -> None:
    card = DatasetCard(card_of(run.path, name="me/run", settings=CardSettings(license="mit")))
    assert card.data.to_dict() == {
        "license": "mit",
        "task_categories": ["text-generation"],
        "tags": ["toolformer", "tool-use", "function-calling"],
        "pretty_name": "run",
        "configs": [
            {
                "config_name": "default",
                "data_files": [{"split": "train", "path": "shards/*.parquet"}],
            }
        ],
    }


def test_the_page_of_a_run_says_what_it_is_and_how_it_was_made(run: Run) -> None:
    card = card_of(run.path, name="me/run", settings=CardSettings(seconds=75))
    for said in (
        "# me/run\n",
        "whoever trains on the rows as they are trains on plain text",
        "3 texts, 2 with a kept call.",
        "| Calculator | 0.1 | 2 | 2 | 2 | 2 | 2 | – | – |",
        '"name": "Calculator"',
        "As in [Toolformer]",
        "The model is `scripted`",
        f"the fingerprint of the run `{run.manifest.fingerprint}`",
        "The last try took 75 s.",
        "toolformer annotate documents --model scripted --tool calculator --gain-threshold 0.1",
        "--seed 7",
    ):
        assert said in card
    assert f"```\n{TEXTS[0].replace('= 7', '= [Calculator(3 + 4) -> 7] 7')}\n```" in card


def test_no_licence_is_invented(run: Run) -> None:
    card = card_of(run.path, name="me/run")
    assert "license" not in DatasetCard(card).data.to_dict()
    assert "## Licence\n\nNot stated." in card
    assert "## Licence\n\nmit." in card_of(
        run.path, name="me/run", settings=CardSettings(license="mit")
    )


def test_a_card_is_the_same_every_time_and_known_again(run: Run) -> None:
    card = card_of(run.path, name="me/run")
    assert card == card_of(run.path, name="me/run")
    assert is_made(card)
    assert not is_made(card.replace("3 texts", "4 texts"))


def hostile_run(folder: Path) -> Path:
    """Writes a run by hand, as an older version did, of somebody who writes mark-up everywhere."""
    tool = ManifestTool(
        name="<b>Evil</b>|x",
        spec="my_tools.py:evil:note=`|<script>",
        options={},
        shown="",
        min_prob=0.0,
        min_used=0.5,
        min_help=-0.25,
        max_positions=3,
        samples=1,
        prune_below=-1.0,
    )
    manifest = RunManifest(
        corpus={"name": "a ``` b</code>"},
        model=ManifestModel(name="m|`x`", fingerprint="0" * 16, max_length=9, batch_tokens=9),
        tools=[tool],
        grammar={},
        config={"note": "```"},
        documents_per_shard=8,
    )
    losses = Losses(no_call=3.0, no_output=2.5, with_output=1.0)
    found = Candidate(
        8, tool.name, "1", start_prob=0.5, count=1, output="1", losses=losses,
        placebo=Placebo("2", 2.4), verdict=Verdict.KEPT,
    )  # fmt: skip
    text = "```\n# An <img src=x> of 5."
    document = AnnotatedDocument(Document("a", text), (tool.name,), None, (found,))
    writer = RunWriter(folder, manifest)
    writer.write(0, [document])
    writer.finish()
    return folder


def test_what_others_wrote_is_shown_and_is_no_mark_up(tmp_path: Path) -> None:
    from markdown_it import MarkdownIt

    card = card_of(hostile_run(tmp_path / "run"), name="me/run")
    page = MarkdownIt("gfm-like", {"linkify": False}).render(card.split("---\n", 2)[2])
    assert "<script" not in page
    assert "<img" not in page
    assert "<b>" not in page
    assert page.count("<table>") == 1
    assert page.count("<h1>") == 1
    assert "&lt;img src=x&gt;" in page


def test_what_passes_by_chance_is_counted(tmp_path: Path) -> None:
    card = card_of(hostile_run(tmp_path / "run"), name="me/run")
    [row] = [line for line in card.splitlines() if line.startswith("| &#60;b")]
    assert row.endswith("| used 0.5, help -0.25 | 1 | 1 | 1 | 1 | 1 | 0.0 % | 0.0 |")


def test_a_tool_that_is_not_made_for_a_card_can_be_given(tmp_path: Path) -> None:
    from toolformer.tools import tool

    @tool(name="Square")
    def square(number: int) -> int:
        """Squares a number."""
        return number * number

    made = write_run(tmp_path / "run")
    manifest = json.loads((made.path / "manifest.json").read_text())
    del manifest["fingerprint"]
    manifest["tools"][0] |= {"spec": "my_tools.py:square"}
    (made.path / "manifest.json").write_text(json.dumps(manifest))
    without = card_of(made.path, name="me/run")
    assert "Its parameters are known to whoever has it." in without
    square = replace(square, name="Calculator")
    settings = CardSettings(tools=[square])
    assert "Squares a number." in card_of(made.path, name="me/run", settings=settings)


@pytest.mark.parametrize("files", ["parquet", "jsonl"])
def test_an_export_says_which_run_it_is_of_and_how_it_was_selected(
    run: Run, tmp_path: Path, files: str
) -> None:
    from toolformer.export import export_run

    out = tmp_path / "out"
    export_run(run, out, kind="messages", files=files, threshold=0.5, all_texts=True)
    card = card_of(out, name="me/texts")
    [config] = DatasetCard(card).data.to_dict()["configs"]
    assert config["data_files"] == [{"split": "train", "path": f"train-*.{files}"}]
    for said in (
        "the format `messages`",
        "without a kept call are there",
        run.manifest.fingerprint,
    ):
        assert said in card
    assert "| Calculator | 0.5 | 2 | 2 | 2 | 2 |" in card


def test_an_export_of_an_older_version_says_what_is_known(run: Run, tmp_path: Path) -> None:
    out = write_export(tmp_path / "out", run)
    (out / "run.json").unlink()
    card = card_of(out, name="me/texts")
    assert "How its run was made was not noted when it was exported." in card
    assert "## Calls per tool" not in card


@pytest.mark.parametrize("name", ["export.json", "run.json"])
def test_a_damaged_file_of_an_export_is_named(run: Run, tmp_path: Path, name: str) -> None:
    out = write_export(tmp_path / "out", run)
    (out / name).write_text("[]")
    with pytest.raises(RunError, match=name):
        card_of(out, name="me/texts")
