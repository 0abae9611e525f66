"""Tiny models of every architecture that is supported, on disk as `save_pretrained` writes them.

The weights are random but large, so that what a model says depends sharply on every token it sees
and on where it sees it: a wrong mask or position shows.
"""

import io
import json
import struct
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import (
    Regex,
    Tokenizer,
    decoders,
    models,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import (
    AutoModelForCausalLM,
    BloomConfig,
    FalconH1Config,
    GemmaConfig,
    GPT2Config,
    GPTJConfig,
    GPTNeoConfig,
    GPTNeoXConfig,
    LlamaConfig,
    MambaConfig,
    MistralConfig,
    MptConfig,
    OPTConfig,
    PreTrainedConfig,
    PreTrainedTokenizerFast,
    Qwen3Config,
)

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"  # real files; not everywhere
SENTENCES = [
    "The sum of 12 and 30 is [Calculator(12 + 30) -> 42] 42, said the teacher to the children.",
    "Paris [Database(France, capital) -> Paris] is the capital of France, the old man said.",
    "Today is [Calendar() -> Friday, March 3, 2023] Friday, and 3 of the 7 boxes are empty.",
    "Tool: Calculator(expression)\nInput:\nHe paid 4 x 5 = 20 dollars (in all).\nOutput:\n",
]
START = "<|start|>"
_LLAMA_SPECIALS = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}

Config = Callable[[int], PreTrainedConfig]
_LOUD = {"initializer_range": 0.3}
_SHORT = {"max_position_embeddings": 256, **_LOUD}
_SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
_GATED = {**_SMALL, "intermediate_size": 64, "num_key_value_heads": 2, "head_dim": 8}
_GPT = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 256, **_LOUD}


def _configs(kinds: dict[str, tuple[type[PreTrainedConfig], dict[str, Any]]]) -> dict[str, Config]:
    return {
        name: partial(
            lambda size, kind, fields: kind(vocab_size=size, **fields), kind=kind, fields=fields
        )
        for name, (kind, fields) in kinds.items()
    }


CONFIGS = _configs(
    {
        "gpt2": (GPT2Config, _GPT),
        "gptj": (GPTJConfig, {**_GPT, "rotary_dim": 4}),
        "gpt_neox": (GPTNeoXConfig, {**_SMALL, **_SHORT, "intermediate_size": 64}),
        "opt": (
            OPTConfig,
            {
                **_SMALL,
                "ffn_dim": 64,
                "word_embed_proj_dim": 32,
                "max_position_embeddings": 256,
                "init_std": 0.3,
            },
        ),
        "llama": (LlamaConfig, {**_GATED, **_SHORT}),
        "qwen3": (Qwen3Config, {**_GATED, **_SHORT}),
        "gemma": (GemmaConfig, {**_GATED, **_SHORT}),
    }
)
# Those in which branches in one row are not exact: ALiBi, own causal buffers, sliding windows.
CONFIGS_WITHOUT_TREES = _configs(
    {
        "bloom": (BloomConfig, {"hidden_size": 32, "n_layer": 2, "n_head": 4, **_LOUD}),
        "mpt": (
            MptConfig,
            {"d_model": 32, "n_heads": 4, "n_layers": 2, "max_seq_len": 256, **_LOUD},
        ),
        "gpt_neo": (
            GPTNeoConfig,
            {
                "hidden_size": 32,
                "num_layers": 2,
                "num_heads": 4,
                "attention_types": [[["global", "local"], 1]],
                "window_size": 8,
                **_SHORT,
            },
        ),
        "mistral": (MistralConfig, {**_GATED, **_SHORT, "sliding_window": 8}),
    }
)
# Those that cannot be continued from a cache: recurrent layers, alone and beside attention.
CONFIGS_WITHOUT_CACHE = _configs(
    {
        "mamba": (
            MambaConfig,
            {"hidden_size": 32, "num_hidden_layers": 2, "state_size": 8, **_LOUD},
        ),
        "falcon_h1": (
            FalconH1Config,
            {
                **_GATED,
                **_SHORT,
                "mamba_d_ssm": 64,
                "mamba_n_heads": 4,
                "mamba_d_head": 16,
                "mamba_d_state": 8,
                "mamba_chunk_size": 16,
            },
        ),
    }
)


@cache
def byte_level_tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level BPE as GPT-2's, in which ` [` is one token."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        SENTENCES * 3,
        trainers.BpeTrainer(
            vocab_size=420,
            special_tokens=[START],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    _begin_with(tokenizer, START)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=START,
        eos_token=START,
        clean_up_tokenization_spaces=False,
    )


def startless_tokenizer() -> PreTrainedTokenizerFast:
    """The same without a start token."""
    backend = Tokenizer.from_str(byte_level_tokenizer().backend_tokenizer.to_str())
    backend.post_processor = processors.ByteLevel(trim_offsets=False)
    return PreTrainedTokenizerFast(tokenizer_object=backend)


@cache
def gpt2_tokenizer() -> PreTrainedTokenizerFast:
    """GPT-2's own tokenizer where its files are at hand, else the one trained here."""
    files = SHARED_DATA / "tokenizers" / "gpt-2"
    if not files.exists():
        return byte_level_tokenizer()
    vocabulary = json.loads((files / "encoder.json").read_text())
    lines = (files / "vocab.bpe").read_text().splitlines()[1:]
    merges = [tuple(line.split(" ")) for line in lines if line]
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    end = "<|endoftext|>"
    _begin_with(tokenizer, end)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=end, eos_token=end)


def save_sentencepiece_tokenizer(directory: Path) -> int:
    """Trains a Llama-style SentencePiece model into a directory; returns its size."""
    import sentencepiece

    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 10),
        model_writer=written,
        vocab_size=380,
        model_type="bpe",
        byte_fallback=True,
        hard_vocab_limit=False,
        split_digits=True,
        remove_extra_whitespaces=False,
        normalization_rule_name="identity",
        user_defined_symbols=["▁["],
        minloglevel=2,
    )
    (directory / "tokenizer.model").write_bytes(written.getvalue())
    kind = {"tokenizer_class": "LlamaTokenizer", "add_bos_token": True, **_LLAMA_SPECIALS}
    (directory / "tokenizer_config.json").write_text(json.dumps(kind))
    return sentencepiece.SentencePieceProcessor(model_proto=written.getvalue()).vocab_size()


def save_model(
    directory: Path,
    architecture: str,
    tokenizer: PreTrainedTokenizerFast | None = None,
    *,
    seed: int = 0,
) -> Path:
    """Writes a tiny model with random weights, and its tokenizer."""
    tokenizer = byte_level_tokenizer() if tokenizer is None else tokenizer
    tokenizer.save_pretrained(directory)
    config = (CONFIGS | CONFIGS_WITHOUT_TREES | CONFIGS_WITHOUT_CACHE)[architecture](len(tokenizer))
    return save_weights(directory, config, seed=seed)


def save_sentencepiece_model(directory: Path, *, seed: int = 0) -> Path:
    """Writes a tiny Llama with a SentencePiece tokenizer."""
    directory.mkdir(parents=True, exist_ok=True)
    return save_weights(
        directory, CONFIGS["llama"](save_sentencepiece_tokenizer(directory)), seed=seed
    )


def save_weights(directory: Path, config: PreTrainedConfig, *, seed: int) -> Path:
    """Writes a model with random weights; its biases and scales are random too."""
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
            assert parameter.isfinite().all(), name
    model.save_pretrained(directory)
    return directory


def save_stories260k(directory: Path) -> Path:
    """Converts the trained stories260K from llama2.c's format."""
    source = SHARED_DATA / "models" / "stories260K"
    raw = (source / "stories260K.bin").read_bytes()
    dim, hidden, layers, heads, kv_heads, size, context = struct.unpack("7i", raw[:28])
    config = LlamaConfig(
        vocab_size=size,
        hidden_size=dim,
        intermediate_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        max_position_embeddings=context,
        rms_norm_eps=1e-5,
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=2,
    )
    model = AutoModelForCausalLM.from_config(config)
    flat = torch.from_numpy(np.frombuffer(raw[28:], dtype=np.float32).copy())
    model.load_state_dict(dict(_llama2c_weights(flat, config)), strict=False)
    model.tie_weights()
    model.save_pretrained(directory)
    _llama2c_tokenizer(source / "tok512.bin", size).save_pretrained(directory)
    return directory


def _llama2c_weights(flat: torch.Tensor, config: LlamaConfig) -> Iterator[tuple[str, torch.Tensor]]:
    """Cuts llama2.c's weights, which lie in one row, layer by layer within each kind."""
    dim, hidden, layers = config.hidden_size, config.intermediate_size, config.num_hidden_layers
    kv = dim * config.num_key_value_heads // config.num_attention_heads
    done = 0

    def take(*shape: int) -> torch.Tensor:
        nonlocal done
        size = int(np.prod(shape))
        done += size
        return flat[done - size : done].reshape(shape)

    yield "model.embed_tokens.weight", take(config.vocab_size, dim)
    kinds: list[tuple[str, tuple[int, ...], int]] = [
        ("input_layernorm", (dim,), 0),
        ("self_attn.q_proj", (dim, dim), config.num_attention_heads),
        ("self_attn.k_proj", (kv, dim), config.num_key_value_heads),
        ("self_attn.v_proj", (kv, dim), 0),
        ("self_attn.o_proj", (dim, dim), 0),
        ("post_attention_layernorm", (dim,), 0),
        ("mlp.gate_proj", (hidden, dim), 0),
        ("mlp.down_proj", (dim, hidden), 0),
        ("mlp.up_proj", (hidden, dim), 0),
    ]
    for name, shape, rotated_heads in kinds:
        for layer, weight in enumerate(take(layers, *shape)):
            if rotated_heads:  # llama2.c turns neighbouring pairs, transformers the two halves
                pairs = weight.reshape(rotated_heads, -1, 2, dim)
                weight = pairs.transpose(1, 2).reshape(shape)
            yield f"model.layers.{layer}.{name}.weight", weight
    yield "model.norm.weight", take(dim)


def _llama2c_tokenizer(path: Path, size: int) -> PreTrainedTokenizerFast:
    """Reads llama2.c's tokens: the best-scored pair that makes a token is merged first."""
    raw = path.read_bytes()[4:]
    vocabulary: dict[str, int] = {}
    scores: dict[str, float] = {}
    for index in range(size):
        score, length = struct.unpack("fi", raw[:8])
        token = raw[8 : 8 + length].decode().replace(" ", "▁")
        raw = raw[8 + length :]
        name = {0: "<unk>", 1: "<s>", 2: "</s>"}.get(index, token)
        if 3 <= index < 259:
            name = f"<0x{index - 3:02X}>"
        vocabulary[name], scores[name] = index, score
    merges = [
        (token[:cut], token[cut:])
        for token in sorted(vocabulary, key=lambda token: -scores[token])
        for cut in range(1, len(token))
        if vocabulary[token] >= 259 and token[:cut] in vocabulary and token[cut:] in vocabulary
    ]
    tokenizer = Tokenizer(
        models.BPE(
            vocab=vocabulary,
            merges=merges,
            unk_token=_LLAMA_SPECIALS["unk_token"],
            byte_fallback=True,
            fuse_unk=True,
        )
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace(Regex("▁"), " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    _begin_with(tokenizer, _LLAMA_SPECIALS["bos_token"])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **_LLAMA_SPECIALS)


def _begin_with(tokenizer: Tokenizer, token: str) -> None:
    """Gives a tokenizer the habit of beginning each row with a token."""
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{token} $A",
        pair=f"{token} $A {token} $B",
        special_tokens=[(token, tokenizer.token_to_id(token))],
    )
