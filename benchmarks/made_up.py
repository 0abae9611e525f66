"""A run of made-up texts with calls of the calculator, for benchmarks of what reads runs."""

from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from toolformer.records import AnnotatedDocument
from toolformer.runs import ManifestModel, ManifestTool, RunManifest, RunWriter

PER_SHARD = 500


def write_run(
    path: Path,
    documents: Iterable[AnnotatedDocument],
    *,
    name: str,
    model: str,
    calculator: ManifestTool,
    config: Mapping[str, Any],
) -> None:
    """Writes a run that no model has made.

    Args:
        path: of the run.
        documents: with their calls; read shard by shard.
        name: of the corpus.
        model: the name of the model that the manifest states.
        calculator: as the manifest states it.
        config: as the manifest states it.
    """
    manifest = RunManifest(
        corpus={"name": name},
        model=ManifestModel(name=model, fingerprint="0" * 16, max_length=1024, batch_tokens=4096),
        tools=[calculator],
        grammar={},
        config=dict(config),
        documents_per_shard=PER_SHARD,
    )
    writer = RunWriter(path, manifest)
    left = iter(documents)
    shard = 0
    while part := list(islice(left, PER_SHARD)):
        writer.write(shard, part)
        shard += 1
    writer.finish()


def stated_calculator(**numbers: Any) -> ManifestTool:
    """Returns the calculator as a manifest states it, with the numbers of a run."""
    return ManifestTool(
        name="Calculator", spec="calculator", options={}, shown="", min_prob=0.05, **numbers
    )
