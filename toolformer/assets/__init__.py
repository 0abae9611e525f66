"""Data that comes with the package: the embedded model, a sample corpus, a database of facts."""

from importlib.resources import files
from pathlib import Path

EMBEDDED_MODEL = "nano"
SAMPLE_CORPUS = "sample.jsonl.gz"


def asset(name: str) -> Path:
    """Returns the path of something that comes with the package."""
    return Path(str(files("toolformer") / "assets" / name))
