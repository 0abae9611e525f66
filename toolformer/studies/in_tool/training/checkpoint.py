"""An unfinished training on disk, and a finished model as any program of transformers reads it."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from toolformer.errors import RunError
from toolformer.files import write_whole
from toolformer.sidecar import PromptStyle, Sidecar, SidecarTool, write_sidecar
from toolformer.studies.in_tool.data.questions import TOOL
from toolformer.studies.in_tool.training.byte_tokenizer import (
    END,
    PADDING,
    START,
    VOCABULARY,
    byte_tokenizer,
)
from toolformer.studies.in_tool.training.network import Weights
from toolformer.studies.in_tool.training.shape import (
    CONTEXT,
    EPSILON,
    HEADS,
    LAYERS,
    MLP,
    ROTARY_BASE,
)
from toolformer.studies.in_tool.training.trainer import State

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM


def save_state(path: Path, state: State) -> None:
    """Replaces the kept state as one, so that a kill leaves the old one or the new one."""
    kept = {
        name: {key: each.detach() for key, each in getattr(state, name).items()}
        for name in ("weights", "means", "squares")
    }
    content = io.BytesIO()
    torch.save(kept | {"done": state.done}, content)
    write_whole(path, content.getvalue(), advice=" The training resumes at the state before.")


def restore_state(path: Path) -> State | None:
    """Returns the kept state; None where there is none.

    Raises:
        RunError: it is damaged.
    """
    if not path.exists():
        return None
    try:
        kept: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        return State(**kept)
    except Exception as error:  # whatever torch makes of damaged bytes
        raise RunError(f"'{path}' cannot be read: delete it to start anew.") from error


def model_of(weights: Weights, *, number: int = 0) -> "LlamaForCausalLM":
    """Returns one model of a stack as one of transformers."""
    from transformers import LlamaConfig, LlamaForCausalLM

    width = weights["norm"].shape[1]
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCABULARY,
            hidden_size=width,
            intermediate_size=MLP * width,
            num_hidden_layers=LAYERS,
            num_attention_heads=HEADS,
            num_key_value_heads=HEADS,
            max_position_embeddings=CONTEXT,
            rms_norm_eps=EPSILON,
            rope_parameters={"rope_type": "default", "rope_theta": ROTARY_BASE},
            tie_word_embeddings=False,
            bos_token_id=START,
            eos_token_id=END,
            pad_token_id=PADDING,
        )
    )
    model.load_state_dict(_named(weights, number))
    return model


def write_model(
    folder: Path, weights: Weights, *, number: int = 0, lineage: dict[str, Any], tool_spec: str = ""
) -> None:
    """Writes one model of a stack with its tokenizer and its sidecar.

    Args:
        folder: where they go.
        weights: of the stack.
        number: of the model in it.
        lineage: JSON values, what it was made from.
        tool_spec: loads the tool that it was taught to call; "": it was taught none.
    """
    model_of(weights, number=number).save_pretrained(folder)
    byte_tokenizer(context=CONTEXT).save_pretrained(folder)
    tools = (SidecarTool(TOOL, tool_spec),) if tool_spec else ()
    write_sidecar(folder, Sidecar(prompt_style=PromptStyle.NONE, tools=tools, lineage=lineage))


def _named(weights: Weights, number: int) -> Weights:
    """Returns the weights of one model by the names that transformers has for them."""
    own = {name: each[number].detach().cpu() for name, each in weights.items()}
    named = {
        "model.embed_tokens.weight": own["embedding"],
        "lm_head.weight": own["head"],
        "model.norm.weight": own["norm"],
    }
    for layer in range(LAYERS):
        query, key, value = own[f"{layer}.qkv"].chunk(3, dim=1)
        gate, up = own[f"{layer}.gate_up"].chunk(2, dim=1)
        matrices = {
            "self_attn.q_proj": query,
            "self_attn.k_proj": key,
            "self_attn.v_proj": value,
            "self_attn.o_proj": own[f"{layer}.out"],
            "mlp.gate_proj": gate,
            "mlp.up_proj": up,
            "mlp.down_proj": own[f"{layer}.down"],
        }
        named |= {
            f"model.layers.{layer}.{name}.weight": each.T.contiguous()
            for name, each in matrices.items()
        }
        for ours, theirs in (("attention", "input"), ("mlp", "post_attention")):
            named[f"model.layers.{layer}.{theirs}_layernorm.weight"] = own[f"{layer}.{ours}_norm"]
    return named
