"""The plain implementation keeps what the engine keeps: only then does its time say anything."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.engine_work import annotate_measured, length, plan_of, settings
from benchmarks.naive import Naive
from tests.models import save_model
from toolformer.annotate import AnnotateConfig
from toolformer.lm.hf.load import load_pretrained
from toolformer.lm.hf.model import load
from toolformer.records import AnnotatedDocument, Document
from toolformer.tools.toolbox import Toolbox

TEXTS = (
    "The sum of 12 and 30 is 42, said the teacher to the children.",
    "Paris is the capital of France.",
)
DOCUMENTS = [Document(str(number), text) for number, text in enumerate(TEXTS)]


def both(
    directory: Path, out: Path, config: AnnotateConfig
) -> tuple[list[AnnotatedDocument], list[AnnotatedDocument], int, int]:
    """Annotates with the engine and plainly; returns also what each forwarded."""
    model = load(directory, device="cpu")
    ours = annotate_measured(DOCUMENTS, model=model, tools=[length], out=out, config=config)
    with Toolbox([length]) as toolbox:
        loaded = load_pretrained(str(directory), dtype="float32", device="cpu")
        naive = Naive(loaded, plan_of(model, toolbox, config))
        found = naive.annotate(DOCUMENTS)
    return list(ours.run.documents()), found, ours.tokens, naive.tokens


def kept(documents: Sequence[AnnotatedDocument]) -> list[object]:
    return [(each.document.id, each.kept) for each in documents]


@pytest.mark.parametrize(("temperature", "samples"), [(0.0, 1), (2.0, 8)])
def test_the_same_calls_are_written_and_kept(
    tmp_path: Path, temperature: float, samples: int
) -> None:
    directory = save_model(tmp_path / "model", "gpt2")
    config = settings(places=2, samples=samples).override(
        prompt_style="brief", temperature=temperature, max_tokens=64, prune_below=0.0
    )
    ours, plain, tokens, plain_tokens = both(directory, tmp_path / "run", config)
    assert [[each.call for each in found.candidates] for found in ours] == [
        [each.call for each in found.candidates] for found in plain
    ]
    assert kept(ours) == kept(plain)
    assert all(each.candidates for each in ours)
    # Greedily, random weights write the same few tokens without an end.
    assert temperature == 0.0 or any(each.kept for each in ours)
    assert tokens < plain_tokens
