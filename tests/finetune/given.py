"""What the tests of fine-tuning start from: a tiny model and a run that was written by hand."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from tests.models import byte_level_tokenizer, save_model
from toolformer.calls import InlineGrammar
from toolformer.finetune.config import FinetuneConfig
from toolformer.finetune.data.runs import SelectedRun
from toolformer.lm.encoding import Encoding
from toolformer.lm.hf.formats.reading import fingerprints_of_weights
from toolformer.records import AnnotatedDocument, Candidate, Document, Losses, Verdict
from toolformer.runs.manifest import ManifestModel, ManifestTool, RunManifest
from toolformer.runs.writer import RunWriter

GRAMMAR = InlineGrammar()
# Six steps with a checkpoint after every second.
QUICK = FinetuneConfig(
    steps=6, batch_size=4, evaluate_every=2, learning_rate=1e-3, dtype="float32", dev_texts=3
)


@cache
def encoding() -> Encoding:
    tokenizer = byte_level_tokenizer()
    return Encoding(tokenizer.backend_tokenizer, GRAMMAR, start=tokenizer.bos_token_id, name="tiny")


def candidate(
    text: str,
    position: int,
    *,
    gain: float = 1.0,
    tool: str = "Calculator",
    arguments: str = "1 + 1",
    output: str = "2",
    verdict: Verdict = Verdict.KEPT,
) -> Candidate:
    """A scored call at a place of a text."""
    return Candidate(
        position,
        tool,
        arguments,
        start_prob=0.5,
        count=1,
        output=output,
        losses=Losses(no_call=gain + 1.0, with_output=1.0, no_output=gain + 1.0),
        verdict=verdict,
        token=encoding().text(text).tokens_before(position),
    )


def annotated(
    text: str, *candidates: Candidate, name: str | None = None, skipped: str | None = None
) -> AnnotatedDocument:
    tried = tuple(dict.fromkeys(each.tool for each in candidates))
    return AnnotatedDocument(Document(name or text, text), tried, skipped, candidates)


def sums(count: int = 30) -> list[AnnotatedDocument]:
    """Texts with a kept call each, but for every third, whose call gains too little."""
    documents = []
    for number in range(count):
        text = f"The sum of {number} and 12 is {number + 12}, said the teacher to the children."
        keeps = number % 3 < 2
        found = candidate(
            text,
            text.index(" is ") + 3,
            gain=1.0 if keeps else 0.6,
            arguments=f"{number} + 12",
            output=str(number + 12),
            verdict=Verdict.KEPT if keeps else Verdict.LOW_GAIN,
        )
        documents.append(annotated(text, found, name=str(number)))
    return documents


def manifest(
    model: Path, *, tools: tuple[str, ...] = ("Calculator",), **fields: object
) -> RunManifest:
    values = {
        "corpus": {"name": "by hand", "files": []},
        "model": ManifestModel(
            name=str(model),
            fingerprint=fingerprints_of_weights(model)["float32"],
            max_length=256,
            batch_tokens=4096,
        ),
        "tools": [
            ManifestTool(
                name=name,
                spec=name.lower(),
                options={},
                shown="",
                min_prob=0.05,
                min_used=0.8,
                min_help=0.8,
                max_positions=5,
                samples=5,
                prune_below=0.5,
            )
            for name in tools
        ],
        "grammar": GRAMMAR.to_dict(),
        "config": {"allow_peeking": False, "window_tokens": 200},
        "documents_per_shard": 1000,
    }
    return RunManifest(**(values | fields))  # type: ignore[arg-type]


def write_run(
    path: Path,
    model: Path,
    documents: list[AnnotatedDocument] | None = None,
    *,
    finish: bool = True,
    **fields: object,
) -> Path:
    """Writes a run of a model, finished unless told."""
    writer = RunWriter(path, manifest(model, **fields))
    writer.write(0, sums() if documents is None else documents)
    if finish:
        writer.finish()
    return path


def tiny_model(path: Path, *, seed: int = 0) -> Path:
    return save_model(path, "llama", seed=seed)


def with_fields(run: SelectedRun, **fields: object) -> SelectedRun:
    """Another run, with some fields of its manifest replaced."""
    return replace(run, name="other", manifest=replace(run.manifest, **fields))  # type: ignore[arg-type]


def of_model(run: SelectedRun, name: str, fingerprint: str) -> SelectedRun:
    """Another run, made with another model."""
    return with_fields(run, model=replace(run.manifest.model, name=name, fingerprint=fingerprint))
