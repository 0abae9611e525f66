"""What a worker does: it holds a model and its tools, and annotates one shard after another.

Knows neither the corpus nor the run directory, nor who hands out the shards.
"""

import os
import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from toolformer.annotate.begun import as_begun
from toolformer.annotate.config import AnnotateConfig
from toolformer.annotate.demonstrations.demonstration import Demonstration
from toolformer.annotate.pipeline import annotate_shard
from toolformer.annotate.plan import Plan, make_plan
from toolformer.errors import ConfigError
from toolformer.lm.base import LanguageModel
from toolformer.lm.lending import lent
from toolformer.records import AnnotatedDocument, Document
from toolformer.runs.manifest import RunManifest
from toolformer.tools.toolbox import Toolbox

# Loads what a worker works with, where it works: a model that is loaded does not travel.
Equip = Callable[[], tuple[LanguageModel, Toolbox]]


class ShardWorker:
    """A process that annotates shards; nothing is loaded before it begins."""

    def __init__(self, folder: str, threads: int) -> None:
        """Takes its place.

        Args:
            folder: the directory that relative names are relative to.
            threads: of torch, which reads this when it is loaded.
        """
        for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ[name] = str(threads)
        self._folder = folder
        self._open = ExitStack()
        self._plan: Plan | None = None

    def begin(
        self,
        equip: Equip,
        config: AnnotateConfig,
        *,
        demonstrations: Sequence[Demonstration] | None,
        begun: RunManifest | None,
        out: str,
    ) -> RunManifest:
        """Loads everything, and returns the manifest of the run as it follows from that.

        Args:
            equip: loads the model and the tools.
            config: the settings of the run.
            demonstrations: what `annotate` takes of them.
            begun: the manifest of the run, if it was begun before.
            out: what messages call the run.

        Raises:
            ToolformerError: something cannot be loaded here, or does not go together.
        """
        try:
            os.chdir(self._folder)
        except OSError as error:
            raise ConfigError(
                f"A worker on {socket.gethostname()} has no directory '{self._folder}' "
                f"({error.strerror}): start from one that all machines share."
            ) from None
        model, toolbox = equip()
        self._open.enter_context(toolbox)
        self._open.enter_context(toolbox.lending(lent(model)))
        plan = make_plan(config, model=model, toolbox=toolbox, demonstrations=demonstrations)
        self._plan = as_begun(plan, begun, out=out)
        return self._plan.manifest({})

    def annotate(self, number: int, documents: Sequence[Document]) -> list[AnnotatedDocument]:
        """Returns the annotated documents of a shard; see `annotate_shard`."""
        if self._plan is None:
            raise ValueError("the worker has not begun")
        return annotate_shard(self._plan, number, documents)
