"""The models that the engine is measured with: nano, and shapes with random weights.

Random weights would never close a call. The shapes are biased towards `)`, so that about one token
in ten closes the call that is being written: calls then come, run, and are scored.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from tokenizers import ByteLevelBPETokenizer, Tokenizer
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GPT2Config,
    GPTJConfig,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)

from toolformer.cli.models import EMBEDDED_MODEL, asset

CLOSING_SHARE = 0.1  # of the probability, at every place
SHAPES: dict[str, Callable[[int], PreTrainedConfig]] = {
    "gpt2-124m": lambda size: GPT2Config(vocab_size=max(size, 50257)),
    "gpt2-4m": lambda size: GPT2Config(
        vocab_size=size, n_embd=192, n_layer=6, n_head=4, n_positions=4096
    ),
    "gptj-6b": lambda size: GPTJConfig(vocab_size=max(size, 50400)),
    "gptj-tiny": lambda size: GPTJConfig(
        vocab_size=size, n_embd=32, n_layer=2, n_head=4, rotary_dim=4, n_positions=1024
    ),
}


def model_source(name: str, *, tokenizer: Path | None, scratch: Path) -> str:
    """Returns what loads a model: the name itself, or where a shape's weights were put.

    Args:
        name: nano, a directory, a Hub id, or one of the shapes.
        tokenizer: a directory; for shapes. The embedded model's where there is none.
        scratch: where a shape's weights go; they are written once.
    """
    if name not in SHAPES:
        return name
    directory = scratch / name
    if not (directory / "config.json").exists():
        source = (
            tokenizer if tokenizer is not None and tokenizer.is_dir() else asset(EMBEDDED_MODEL)
        )
        save_shape(name, tokenizer=source, directory=directory)
    return str(directory)


def save_shape(shape: str, *, tokenizer: Path, directory: Path) -> None:
    """Writes a model of random weights, with a tokenizer from elsewhere."""
    tokens = load_tokenizer(tokenizer)
    tokens.save_pretrained(directory)
    torch.manual_seed(0)
    config = SHAPES[shape](len(tokens))
    config.bos_token_id = config.eos_token_id = tokens.eos_token_id
    dtype = torch.bfloat16 if shape == "gptj-6b" else torch.float32  # 12 GB are enough
    model = AutoModelForCausalLM.from_config(config, dtype=dtype)
    close_calls(model, closing=tokens.convert_tokens_to_ids(")"))
    model.save_pretrained(directory)


def load_tokenizer(directory: Path) -> PreTrainedTokenizerBase:
    """Loads a tokenizer, also as GPT-2's was first published: `encoder.json` and `vocab.bpe`."""
    if not (directory / "vocab.bpe").exists():
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(directory)
        return tokenizer
    pieces = ByteLevelBPETokenizer.from_file(
        str(directory / "encoder.json"), str(directory / "vocab.bpe")
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(pieces.to_str()),
        eos_token="<|endoftext|>",  # noqa: S106  # no password
    )


@torch.no_grad()
def close_calls(model: PreTrainedModel, *, closing: int) -> None:
    """Gives a token `CLOSING_SHARE` of the probability, whatever stands before it."""
    head = model.get_output_embeddings()
    vocabulary = head.weight.shape[0]
    wanted = torch.tensor(vocabulary * CLOSING_SHARE / (1 - CLOSING_SHARE)).log()
    if head.bias is not None:
        head.bias.zero_()
        head.bias[closing] = wanted
        return
    # Without a bias of its own, the head sees that of the last norm: along the token's own row.
    row = head.weight[closing]
    model.transformer.ln_f.bias.copy_(wanted * row / row.square().sum())


def scratch_directory() -> "tempfile.TemporaryDirectory[str]":
    """Returns a directory for weights and runs that goes when the measurement ends."""
    return tempfile.TemporaryDirectory(prefix="toolformer-bench-")
