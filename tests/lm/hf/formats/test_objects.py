"""A model that a Python program has loaded by itself is given with its tokenizer."""

from pathlib import Path

import pytest
import torch
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM

from tests.finetune.given import QUICK
from tests.lm.hf.formats.files import with_adapter
from tests.models import CONFIGS, byte_level_tokenizer, save_model
from toolformer.annotate.run import annotate
from toolformer.calls import PlacedCall, Segment, ToolCall
from toolformer.errors import ConfigError, ModelError
from toolformer.finetune.data.texts import TrainingText
from toolformer.finetune.train import finetune_texts
from toolformer.infer.decode import decode, stream
from toolformer.lm.registry import as_model, load_model
from toolformer.runs.reading import read_selected
from toolformer.sidecar import Sidecar, write_sidecar

torch.set_num_threads(1)
TEXT = "The sum of 12 and 30 is 42, said the teacher."


@pytest.fixture
def model() -> LlamaForCausalLM:
    torch.manual_seed(0)
    return LlamaForCausalLM(CONFIGS["llama"](len(byte_level_tokenizer())))


def test_it_annotates_and_answers(model: LlamaForCausalLM, tmp_path: Path) -> None:
    given = (model, byte_level_tokenizer())
    run = annotate(
        [TEXT],
        model=given,
        tools="calculator",
        out=tmp_path / "run",
        config={"min_prob": 0.0, "samples": 1, "max_positions": 2, "prompt_style": "brief"},
    )
    assert run.manifest.model.name == "LlamaForCausalLM"
    assert [each.document.text for each in read_selected(run)] == [TEXT]
    [answer] = decode(given, ["The sum of"], config={"max_new_tokens": 4})
    pieces = list(stream(given, "The sum of", config={"max_new_tokens": 4}))
    assert "".join(piece.text for piece in pieces if isinstance(piece, Segment)) == answer.annotated
    assert answer.tokens == 4


def test_it_answers_as_the_same_model_on_disk(tmp_path: Path) -> None:
    directory = save_model(tmp_path / "tiny", "llama")
    write_sidecar(directory, Sidecar(samples=7))
    given = load_model(
        AutoModelForCausalLM.from_pretrained(directory),
        tokenizer=AutoTokenizer.from_pretrained(directory),
    )
    whole = load_model(str(directory), device="cpu")
    [ours], [theirs] = given.text_log_probs([TEXT]), whole.text_log_probs([TEXT])
    assert ours.tolist() == theirs.tolist()
    assert (given.name, given.sidecar) == (str(directory), Sidecar(samples=7))


def test_its_fingerprint_follows_each_weight_and_the_dtype(model: LlamaForCausalLM) -> None:
    tokenizer = byte_level_tokenizer()

    def fingerprint() -> str:
        return as_model((model, tokenizer)).fingerprint

    first = fingerprint()
    assert fingerprint() == first
    with torch.no_grad():
        model.model.norm.weight[3] += 1e-3
    second = fingerprint()
    model.to(torch.bfloat16)  # type: ignore[arg-type]
    assert len({first, second, fingerprint()}) == 3


def test_it_can_be_tuned(model: LlamaForCausalLM, tmp_path: Path) -> None:
    call = PlacedCall(TEXT.index(" 42"), ToolCall("Calculator", "12 + 30"), "42")
    texts = [TrainingText("a", TEXT, (call,))]
    given = (model.to(torch.bfloat16), byte_level_tokenizer())  # type: ignore[arg-type]
    finetune_texts(
        texts, model=given, out=tmp_path / "out", config=QUICK.override(steps=2), device="cpu"
    )
    assert load_model(str(tmp_path / "out"), device="cpu").sidecar is not None
    with pytest.raises(ConfigError, match="save_pretrained the model and its tokenizer"):
        finetune_texts(
            texts, model=given, out=tmp_path / "q", config=QUICK.override(adapter="qlora")
        )


def test_what_is_given_instead_is_told(model: LlamaForCausalLM) -> None:
    tokenizer = byte_level_tokenizer()
    with pytest.raises(ConfigError, match=r"A LlamaForCausalLM comes with its tokenizer"):
        as_model(model)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"'gpt2' is not a PreTrainedModel of transformers: load"):
        as_model(("gpt2", tokenizer))
    with pytest.raises(ConfigError, match=r"'gpt2' is not a tokenizer of transformers"):
        as_model((model, "gpt2"))
    small = LlamaForCausalLM(CONFIGS["llama"](100))
    with pytest.raises(ModelError, match="does not fit its weights"):
        as_model((small, tokenizer))
    adapted = with_adapter(model, LoraConfig(r=2, target_modules=["q_proj"]))
    with pytest.raises(ConfigError, match=r"model\.merge_and_unload\(\)"):
        as_model((adapted, tokenizer))
