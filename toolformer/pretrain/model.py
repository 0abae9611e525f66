"""A small Llama-architecture model: its making, its optimizers, its loss over a packed batch."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch.nn import functional
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from toolformer.errors import ModelError
from toolformer.lm.hf.load import load_pretrained
from toolformer.pretrain.config import PretrainConfig
from toolformer.pretrain.mixture import IGNORED, PackedRows


def new_model(config: PretrainConfig, tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """Returns a model with fresh weights, drawn from torch's random state."""
    shape = config.model
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=shape.hidden_size,
            intermediate_size=shape.intermediate_size,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            num_key_value_heads=shape.heads,
            max_position_embeddings=shape.context,
            tie_word_embeddings=True,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            use_cache=False,
        )
    )
    model.set_attn_implementation(config.attention)
    return model


def load_weights(model: LlamaForCausalLM, folder: Path) -> None:
    """Gives a model the weights of a finished one.

    Raises:
        ModelError: the folder holds no model, or one of another shape.
    """
    finished = load_pretrained(str(folder), dtype="float32", device="cpu").model
    try:
        model.load_state_dict(finished.state_dict())
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise ModelError(
            f"Cannot start from '{folder}': {reason} Name a model of the settings' own shape."
        ) from None


def new_optimizers(
    model: LlamaForCausalLM, config: PretrainConfig
) -> tuple[torch.optim.Optimizer, torch.optim.Optimizer]:
    """Returns Muon for the matrices between the layers and AdamW for embeddings and norms.

    Muon reached a given loss in about half of AdamW's steps on models of this size
    (https://kellerjordan.github.io/posts/muon).
    """
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed_tokens" not in n]
    chosen = {id(parameter) for parameter in matrices}
    others = [p for p in model.parameters() if id(p) not in chosen]
    muon = torch.optim.Muon(
        matrices, lr=config.matrix_learning_rate, weight_decay=config.weight_decay
    )
    adamw = torch.optim.AdamW(
        others, lr=config.learning_rate, betas=(0.9, 0.95), weight_decay=0.0, fused=True
    )
    return muon, adamw


def loss_function(
    model: LlamaForCausalLM, config: PretrainConfig, *, device: torch.device
) -> Callable[[PackedRows], torch.Tensor]:
    """Returns the mean cross entropy, in nats, over a batch's labels.

    The output head, a fifth of a small model's work, sees only the positions that carry a label.
    """
    dtype = getattr(torch, config.dtype)

    def body(inputs: torch.Tensor) -> torch.Tensor:
        hidden: torch.Tensor = model.model(input_ids=inputs).last_hidden_state
        return hidden  # (rows, length, hidden)

    def head(hidden: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(model.lm_head(hidden).float(), labels)

    if config.compile:
        # One graph for each row length; the number of labels changes with every batch.
        body = torch.compile(body, dynamic=False)
        head = torch.compile(head, dynamic=True)

    def loss(batch: PackedRows) -> torch.Tensor:
        inputs = torch.from_numpy(batch.inputs).to(device)  # (rows, length) int64
        labels = torch.from_numpy(batch.labels).to(device).flatten()
        labelled = (labels != IGNORED).nonzero().squeeze(1)
        with torch.autocast(device.type, dtype=dtype, enabled=dtype != torch.float32):
            hidden = body(inputs).flatten(0, 1)[labelled]  # (labelled, hidden)
            return head(hidden, labels[labelled])

    return loss
