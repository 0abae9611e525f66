"""The pieces that the parts of the benchmark share, each made once."""

import argparse
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from benchmarks.spent import Spent
from toolformer import files
from toolformer.finetune.training.checkpoints import is_finished
from toolformer.lm.hf.told import quiet
from toolformer.studies.tool_tokens.catalog.files import Catalogue, read_catalogue, write_catalogue
from toolformer.studies.tool_tokens.catalog.make import CatalogConfig
from toolformer.studies.tool_tokens.catalog.records import Split
from toolformer.studies.tool_tokens.index.build import build_index
from toolformer.studies.tool_tokens.index.identifiers import Indexing
from toolformer.studies.tool_tokens.index.tool_model import ToolModel, load_tool_model
from toolformer.studies.tool_tokens.measuring import evaluate as measure
from toolformer.studies.tool_tokens.measuring.evaluate import Completion
from toolformer.studies.tool_tokens.training.config import Stage, StagesConfig
from toolformer.studies.tool_tokens.training.stages import FOLDERS, train_stages

_Result = TypeVar("_Result")


class Bench:
    """The sizes of a benchmark, and where its pieces lie."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.root: Path = given.root / f"{given.tools}-{given.held_out}-{given.seed}"
        self.config = StagesConfig(
            seed=given.seed,
            memorize_epochs=given.memorize_epochs,
            retrieve_epochs=given.retrieve_epochs,
            agent_epochs=given.agent_epochs,
            agent_tasks=given.agent_tasks,
            learning_rate=given.rate,
        )

    def catalogue(self, apis: int | None = None) -> Catalogue:
        """Returns the catalogue, made once; or one of so many APIs, without queries."""
        folder = self.root / "catalogue" if apis is None else self.root / f"catalogue-{apis}"
        if not (folder / "catalog.json").exists():
            config = CatalogConfig(
                tools=self.given.tools, held_out_queries=self.given.held_out, seed=self.given.seed
            )
            if apis is not None:
                config = config.override(apis=apis, train_queries=0, held_out_queries=100)
            write_catalogue(folder, config)
        return read_catalogue(folder)

    def index(self, catalogue: Catalogue, indexing: Indexing, *, name: str = "") -> Path:
        """Returns the model with tokens for a catalogue."""
        out = self.root / f"index-{name or indexing}"
        build_index(self.given.model, catalogue.apis, out, indexing=indexing, seed=self.given.seed)
        return out

    def trained(self, name: str, index: Path, stages: Sequence[Stage]) -> list[dict[str, Any]]:
        """Trains stages, and returns how long each took and where it is."""
        out = self.root / name
        found = []
        for stage in stages:
            spent = Spent(self.root / "spent" / f"{name}-{stage}.json")
            with nullcontext() if is_finished(out / FOLDERS[stage]) else spent:
                [done] = train_stages(
                    index,
                    self.catalogue(),
                    out,
                    stages=[stage],
                    config=self.config,
                    device=self.given.device,
                    on_progress=spent.tick,
                )
            found.append(
                {
                    "stage": stage,
                    "folder": str(done.folder),
                    "clock": spent.clock,
                    "core": spent.core,
                    "tokens": done.report.tokens,
                }
            )
        return found

    def once(self, name: str, kind: type[_Result], make: Callable[[], _Result]) -> _Result:
        """Returns what was measured under a name, of a kind; it is measured once."""
        path = self.root / "results" / f"{name}.json"
        written = TypeAdapter(kind)
        if not path.exists():
            files.write_whole(path, files.json_text(written.dump_python(make(), mode="json")))
        return written.validate_json(path.read_bytes())

    def load(self, folder: Path) -> ToolModel:
        """Returns the model of a folder."""
        with quiet():
            return load_tool_model(folder, device=self.given.device)

    def tasks(self, folder: Path, split: Split) -> Completion:
        """Returns how many tasks of a split the model of a folder completes."""
        model, catalogue = self.load(folder), self.catalogue()
        return measure.score_completion(model, catalogue, split, most=self.given.tasks)
