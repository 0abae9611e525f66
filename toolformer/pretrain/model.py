"""A small model like Llama or GPT-2: its making, its optimizers, its loss over a packed batch."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch.nn import functional
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from toolformer.errors import ModelError
from toolformer.lm.hf.load import load_pretrained
from toolformer.pretrain.config import PretrainConfig
from toolformer.pretrain.packing import IGNORED, PackedRows

# Weights of two dimensions that are tables, not matrices between layers.
_TABLES = ("embed_tokens", "lm_head", "wte", "wpe")

SmallModel = LlamaForCausalLM | GPT2LMHeadModel
Tokenizer = PreTrainedTokenizerFast  # what `train_tokenizer` makes


def new_model(config: PretrainConfig, tokenizer: PreTrainedTokenizerFast) -> SmallModel:
    """Returns a model with fresh weights, drawn from torch's random state."""
    model = (
        _new_gpt2(config, tokenizer)
        if config.model.architecture == "gpt2"
        else _new_llama(config, tokenizer)
    )
    model.set_attn_implementation(config.attention)
    return model


def _new_llama(config: PretrainConfig, tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    shape = config.model
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=shape.hidden_size,
            intermediate_size=shape.intermediate_size,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            num_key_value_heads=shape.heads,
            max_position_embeddings=shape.context,
            tie_word_embeddings=shape.tied,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            use_cache=False,
        )
    )


def _new_gpt2(config: PretrainConfig, tokenizer: PreTrainedTokenizerFast) -> GPT2LMHeadModel:
    shape = config.model
    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=len(tokenizer),
            n_embd=shape.hidden_size,
            n_inner=shape.intermediate_size,
            n_layer=shape.layers,
            n_head=shape.heads,
            n_positions=shape.context,
            # The rates of a run are its schedule's; these would stay in the finished model.
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            resid_pdrop=0.0,
            tie_word_embeddings=shape.tied,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            use_cache=False,
        )
    )


def load_weights(model: SmallModel, folder: Path) -> None:
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
    model: SmallModel, config: PretrainConfig
) -> tuple[torch.optim.Optimizer, torch.optim.Optimizer]:
    """Returns Muon for the matrices between the layers and AdamW for embeddings and norms.

    Muon reached a given loss in about half of AdamW's steps on models of this size
    (https://kellerjordan.github.io/posts/muon).
    """
    matrices = [
        parameter
        for name, parameter in model.named_parameters()
        if parameter.ndim == 2 and not any(table in name for table in _TABLES)
    ]
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
    model: SmallModel, config: PretrainConfig, *, device: torch.device
) -> Callable[[PackedRows], torch.Tensor]:
    """Returns the mean cross entropy, in nats, over a batch's labels.

    The output head, a fifth of a small model's work, sees only the positions that carry a label.
    """
    dtype = getattr(torch, config.dtype)
    trunk = model.base_model

    def body(inputs: torch.Tensor) -> torch.Tensor:
        hidden: torch.Tensor = trunk(input_ids=inputs).last_hidden_state
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
