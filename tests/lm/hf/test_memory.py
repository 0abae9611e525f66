"""How large a batch may be follows from sizes alone."""

import torch
from transformers import AutoModelForCausalLM, LlamaConfig

from toolformer.lm.hf.memory import fitting_tokens, token_bytes

CONFIG = LlamaConfig(
    vocab_size=50,
    hidden_size=32,
    intermediate_size=64,
    num_hidden_layers=3,
    num_attention_heads=4,
    num_key_value_heads=2,
)


def test_a_token_takes_its_keys_and_values_thrice_and_what_a_layer_computes() -> None:
    model = AutoModelForCausalLM.from_config(CONFIG, dtype=torch.float32)
    # Its batch, its branches and the batch that waits for its tools: 3 × (keys and values) × 3
    # layers × 2 heads of 8; and 16 times the width; 4 bytes each.
    assert token_bytes(model) == (3 * 2 * 3 * 16 + 16 * 32) * 4
    half = AutoModelForCausalLM.from_config(CONFIG, dtype=torch.bfloat16)
    assert token_bytes(half) == token_bytes(model) // 2


def test_a_small_model_on_a_processor_gets_the_same_batch_whatever_the_machine() -> None:
    assert fitting_tokens(AutoModelForCausalLM.from_config(CONFIG)) == 32768
