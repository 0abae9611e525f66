"""What the tests of sharing start from: a Hub of their own, a run, an export and a checkpoint."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from huggingface_hub import constants
from huggingface_hub.utils import disable_progress_bars, enable_progress_bars

from tests.hub.stand_in import TOKEN, StandIn, stand_in
from toolformer.annotate import AnnotateConfig, annotate
from toolformer.export import export_run
from toolformer.lm.scripted import ScriptedCall, ScriptedLanguageModel
from toolformer.runs.directory import Run

# What huggingface_hub does on the way of LFS, and its library would like otherwise.
UPLOADS = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
TEXTS = [
    "There were 3 + 4 = 7 apples in the <b>basket</b> | of the `old` man.",
    "Nobody said anything at all that day.",
    "He counted 30 + 12 = 42 of them in the end.",
]
CALLS = [
    ScriptedCall("Calculator", after="3 + 4 =", writes=("3 + 4)",)),
    ScriptedCall("Calculator", after="30 + 12 =", writes=("30 + 12)",)),
]


@contextmanager
def served(folder: Path) -> Iterator[StandIn]:
    """Serves a Hub, and points huggingface_hub of this process to it, with a token that may write.

    Args:
        folder: for its local cache.
    """
    with stand_in() as hub, pytest.MonkeyPatch.context() as patch:
        # As HF_ENDPOINT does in a new process.
        patch.setattr(constants, "ENDPOINT", hub.endpoint)
        resolve = f"{hub.endpoint}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        patch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", resolve)
        patch.setattr(constants, "HF_HUB_OFFLINE", False)
        patch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # the stand-in has LFS
        patch.setattr(constants, "HF_HUB_CACHE", str(folder / "cache"))
        patch.setattr(constants, "HF_TOKEN_PATH", str(folder / "token"))
        patch.setenv("HF_TOKEN", TOKEN)
        disable_progress_bars()  # as the program does
        try:
            yield hub
        finally:
            enable_progress_bars()


def environment(hub: StandIn, folder: Path) -> dict[str, str]:
    """Returns the variables that point another process to a Hub."""
    return {
        "HF_ENDPOINT": hub.endpoint,
        "HF_HUB_OFFLINE": "0",
        "HF_DATASETS_OFFLINE": "0",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HOME": str(folder / "home"),
        "HF_TOKEN": TOKEN,
    }


def write_run(out: Path, *, documents_per_shard: int = 2) -> Run:
    """Writes a run of two shards, two of whose texts keep a call."""
    config = AnnotateConfig(
        method="paper", gain_threshold=0.1, documents_per_shard=documents_per_shard, seed=7
    )
    model = ScriptedLanguageModel(CALLS)
    return annotate(TEXTS, model=model, tools=["calculator"], out=out, config=config)


def write_export(out: Path, run: Run) -> Path:
    """Writes the texts of a run as JSON lines, one a file."""
    export_run(run, out, files="jsonl", rows_per_file=1)
    return out
