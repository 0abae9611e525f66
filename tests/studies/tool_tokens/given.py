"""What the tests of tools as tokens start from: a small catalogue, and a model with its tokens."""

from functools import cache
from pathlib import Path

from tests.models import CONFIGS, byte_level_tokenizer, save_weights
from toolformer.studies.tool_tokens.catalog.files import Catalogue, read_catalogue, write_catalogue
from toolformer.studies.tool_tokens.catalog.make import CatalogConfig
from toolformer.studies.tool_tokens.index.build import build_index
from toolformer.studies.tool_tokens.index.identifiers import Indexing


@cache
def small_catalogue(folder: Path) -> Catalogue:
    """Four tools, of which none is held out."""
    config = CatalogConfig(
        tools=4, train_queries=3, held_out_queries=6, held_out_tools=0.0, held_out_categories=0
    )
    write_catalogue(folder / "catalogue", config)
    return read_catalogue(folder / "catalogue")


def tiny_base(folder: Path, *, model: str = "llama") -> Path:
    """Writes a tiny model that can read a whole task."""
    tokenizer = byte_level_tokenizer()
    tokenizer.save_pretrained(folder)
    config = CONFIGS[model](len(tokenizer))
    config.update({"n_positions" if model == "gpt2" else "max_position_embeddings": 2048})
    return save_weights(folder, config, seed=0)


def tiny_index(
    folder: Path, catalogue: Catalogue, indexing: Indexing, *, model: str = "llama"
) -> Path:
    """Writes a tiny model with tokens for the APIs of a catalogue."""
    base = folder / "base"
    if not base.exists():
        tiny_base(base, model=model)
    out = folder / indexing
    build_index(str(base), catalogue.apis, out, indexing=indexing)
    return out
