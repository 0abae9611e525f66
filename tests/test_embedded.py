"""What comes with the package: the embedded model keeps what is promised of it, and works."""

import gzip
import json
from pathlib import Path

import pytest

from toolformer.annotate import annotate
from toolformer.lm.hf.model import HFLanguageModel, load
from toolformer.records import Document, Verdict
from toolformer.runs import read_selected
from toolformer.sidecar import PromptStyle, read_sidecar
from toolformer.tools.registry import default_tools

ASSETS = Path(__file__).parents[1] / "toolformer" / "assets"
NANO = ASSETS / "nano"


@pytest.fixture(scope="module")
def nano() -> HFLanguageModel:
    return load("nano", batch_tokens=2048)


def test_the_model_is_small_and_reads_a_thousand_tokens(nano: HFLanguageModel) -> None:
    from safetensors import safe_open

    with safe_open(NANO / "model.safetensors", framework="numpy") as weights:
        sizes = [weights.get_slice(name).get_shape() for name in weights.keys()]  # noqa: SIM118
    parameters = 0
    for shape in sizes:
        product = 1
        for side in shape:
            product *= side
        parameters += product
    assert parameters <= 8_000_000
    assert sum(path.stat().st_size for path in NANO.iterdir()) <= 20_000_000
    assert nano.max_length == 1024


def test_the_tokenizer_has_the_markers_and_digits_as_single_tokens(nano: HFLanguageModel) -> None:
    assert nano.count_tokens([" [", " ->", "]", " 1", "14", " 1400"]) == [1, 1, 1, 1, 2, 4]


def test_the_sidecar_says_how_nano_is_asked_and_what_suits_it() -> None:
    sidecar = read_sidecar(NANO)
    assert sidecar is not None
    assert sidecar.prompt_style is PromptStyle.BRIEF
    assert sidecar.threshold("Calculator") == 0.5
    assert [tool.name for tool in sidecar.tools] == ["Calculator", "Calendar", "Database"]


def test_the_model_card_says_first_what_nano_was_taught() -> None:
    body = (NANO / "README.md").read_text(encoding="utf-8").split("# nano")[1].strip()
    assert body.startswith("`nano` was **taught**")


def test_with_its_defaults_nano_finds_a_sum_a_date_and_a_fact(
    nano: HFLanguageModel, tmp_path: Path
) -> None:
    texts = [
        Document("sum", "There are 303 + 453 = 756 balloons in the room.\nSo 756 / 2 = 378 each."),
        Document(
            "date",
            "Today is Friday, March 3, 2023. Please sign the form.",
            {"date": "2023-03-03"},
        ),
        Document("fact", "Canberra is the capital of Australia."),
    ]
    run = annotate(
        texts,
        model=nano,
        tools=default_tools(),
        out=tmp_path / "run",
    )
    kept = {
        (annotated.document.id, candidate.tool, candidate.output)
        for annotated in read_selected(run)
        for candidate in annotated.candidates
        if candidate.verdict is Verdict.KEPT
    }
    assert ("sum", "Calculator", "756") in kept
    assert ("fact", "Database", "Australia") in kept
    assert any(document == "date" and tool == "Calendar" for document, tool, _ in kept)


def test_the_sample_corpus_is_about_three_hundred_texts_without_calls() -> None:
    from toolformer.calls import InlineGrammar

    with gzip.open(ASSETS / "sample.jsonl.gz", "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    assert 280 <= len(texts) <= 400
    assert not any(InlineGrammar().holds_call(text) for text in texts)
