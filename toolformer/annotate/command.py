"""The command that makes a run again, out of what its manifest says of it."""

from shlex import join

from toolformer.annotate.config import AnnotateConfig
from toolformer.config import flags_of
from toolformer.runs.manifest import RunManifest


def annotate_command(manifest: RunManifest, *, out: str = "run") -> str:
    """Returns the command that makes a run again: its settings where they are not the defaults.

    >>> from toolformer.runs.manifest import ManifestModel
    >>> nano = ManifestModel(name="nano", fingerprint="", max_length=1024, batch_tokens=4096)
    >>> config = {"seed": 3, "allow_peeking": True, "tools": {"calculator": {"samples": 2}}}
    >>> manifest = RunManifest(
    ...     corpus={"name": "my corpus.jsonl"}, model=nano, tools=[], grammar={}, config=config,
    ...     documents_per_shard=64,
    ... )
    >>> annotate_command(manifest).partition(" --model ")[2]
    'nano --seed 3 --allow-peeking --set calculator.samples=2 --out run'
    """
    words = ["annotate", *str(manifest.corpus.get("name", "CORPUS")).split(", ")]
    words += ["--model", manifest.model.name]
    for spec in dict.fromkeys(tool.spec or tool.name for tool in manifest.tools):
        words += ["--tool", spec]
    return join(["toolformer", *words, *flags_of(manifest.config, AnnotateConfig), "--out", out])
