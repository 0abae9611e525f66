"""Tiny models in other forms: a file in GGUF, an adapter beside its base."""

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from peft import LoraConfig, PeftConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, LlamaForCausalLM, PreTrainedModel

from tests.models import START, byte_level_tokenizer, save_model

TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def save_gguf(
    path: Path, *, seed: int = 0, whole: Path | None = None, vocabulary: int | None = None
) -> Path:
    """Writes a tiny Llama in GGUF as llama.cpp does; returns the directory of the same model.

    Args:
        path: of the file.
        seed: of its weights.
        whole: the directory; made unless given.
        vocabulary: how many tokens it is said to have; as many as it has unless given.
    """
    from gguf import GGUFWriter

    whole = whole or save_model(path.parent / f"{path.stem}-whole", "llama", seed=seed)
    model = LlamaForCausalLM.from_pretrained(whole)
    config, tokenizer = model.config, byte_level_tokenizer()
    backend = tokenizer.backend_tokenizer
    writer = GGUFWriter(str(path), "llama")
    writer.add_context_length(config.max_position_embeddings)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(vocabulary or config.vocab_size)
    writer.add_tokenizer_model("gpt2")
    tokens = sorted(backend.get_vocab(with_added_tokens=True).items(), key=lambda each: each[1])
    writer.add_token_list([token for token, _ in tokens])
    writer.add_token_types([3 if token == START else 1 for token, _ in tokens])
    writer.add_token_merges(_merges(backend.to_str()))
    writer.add_bos_token_id(tokenizer.bos_token_id)
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_add_bos_token(True)
    writer.add_chat_template(TEMPLATE)
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
    for name, weight in model.state_dict().items():
        kind = name.split(".")[-2]
        if kind in heads:  # llama.cpp turns neighbouring pairs, transformers the two halves
            halves = weight.reshape(heads[kind], 2, -1, weight.shape[1])
            weight = halves.swapaxes(1, 2).reshape(weight.shape)
        if _gguf_name(name) is not None:
            writer.add_tensor(str(_gguf_name(name)), weight.float().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return whole


def save_adapter(directory: Path, base: Path, *, written: str | None = None, seed: int = 3) -> Path:
    """Writes an adapter of peft whose weights count, and returns its directory.

    Args:
        directory: of the adapter.
        base: the model that it belongs to.
        written: the base as the adapter names it; the directory unless given.
        seed: of its weights.
    """
    model = AutoModelForCausalLM.from_pretrained(base)
    model.name_or_path = model.config.name_or_path = written or str(base)
    adapted = with_adapter(model, LoraConfig(r=2, target_modules="all-linear"))
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, weight in adapted.named_parameters():
            if "lora_B" in name:
                weight.normal_(std=0.3)
    with _old_ways():
        adapted.save_pretrained(directory)
    return directory


def with_adapter(model: PreTrainedModel, settings: PeftConfig) -> PeftModel:
    """Adds an adapter; peft asks transformers for things in an old way, with a warning."""
    with _old_ways():
        return get_peft_model(model, settings)


@contextmanager
def _old_ways() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _merges(tokenizer: str) -> list[str]:
    return [" ".join(pair) for pair in json.loads(tokenizer)["model"]["merges"]]


_NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}


def _gguf_name(name: str) -> str | None:
    """Returns what llama.cpp calls a tensor of a Llama."""
    plain = name.removesuffix(".weight")
    if plain.startswith("model.layers."):
        layer, _, rest = plain.removeprefix("model.layers.").partition(".")
        return f"blk.{layer}.{_NAMES[rest]}.weight"
    return f"{_NAMES[plain]}.weight"
