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

from toolformer.assets import EMBEDDED_MODEL, asset

CLOSING_SHARE = 0.1  # of the probability, at every place
Shape = Callable[[int, int], PreTrainedConfig]  # of a vocabulary's size and its end of text
SHAPES: dict[str, Shape] = {
    "gpt2-124m": lambda size, end: GPT2Config(
        vocab_size=max(size, 50257), bos_token_id=end, eos_token_id=end
    ),
    "gpt2-1m": lambda size, end: GPT2Config(
        vocab_size=size,
        n_embd=96,
        n_layer=3,
        n_head=3,
        n_positions=8192,
        bos_token_id=end,
        eos_token_id=end,
    ),
    "gptj-6b": lambda size, end: GPTJConfig(
        vocab_size=max(size, 50400), bos_token_id=end, eos_token_id=end
    ),
    "gptj-tiny": lambda size, end: GPTJConfig(
        vocab_size=size,
        n_embd=32,
        n_layer=2,
        n_head=4,
        rotary_dim=4,
        n_positions=1024,
        bos_token_id=end,
        eos_token_id=end,
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
    build_shape(shape, tokens, dtype=torch.float32, device="cpu").save_pretrained(directory)


def build_shape(
    shape: str, tokens: PreTrainedTokenizerBase, *, dtype: torch.dtype, device: str
) -> PreTrainedModel:
    """Returns a model of random weights that closes its calls."""
    torch.manual_seed(0)
    config = SHAPES[shape](len(tokens), int(tokens.eos_token_id))
    with torch.device(device):
        model: PreTrainedModel = AutoModelForCausalLM.from_config(config, dtype=dtype)
    close_calls(model, closing=int(tokens.convert_tokens_to_ids(")")))
    return model.eval()


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
