"""Weights, tokenizer and settings that do not fit each other are refused."""

import io
import json
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from tokenizers import processors
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.lm.hf.damage import edit, edit_tensors
from tests.models import byte_level_tokenizer, save_model, startless_tokenizer
from toolformer.errors import ModelError
from toolformer.lm.hf.load import find_device, load_pretrained
from toolformer.lm.hf.model import load
from toolformer.lm.streams import StepRequest
from toolformer.sidecar import Sidecar, write_sidecar

torch.set_num_threads(1)

DOWN = "model.layers.1.mlp.down_proj.weight"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return save_model(tmp_path / "tiny", "llama")


def refused(directory: Path) -> str:
    """Returns why a model is refused: a sentence that names it."""
    with pytest.raises(ModelError) as raised:
        load(directory, device="cpu")
    assert directory.name in str(raised.value)
    return str(raised.value)


def test_a_missing_tensor_is_named(directory: Path) -> None:
    edit_tensors(directory, without=DOWN)
    assert f"lack: {DOWN}." in refused(directory)


def test_a_missing_head_that_is_not_tied_is_named(directory: Path) -> None:
    edit_tensors(directory, without="lm_head.weight")
    assert "lack: lm_head.weight." in refused(directory)


def test_a_head_that_is_tied_need_not_be_there(directory: Path) -> None:
    edit_tensors(directory, without="lm_head.weight")
    edit(directory / "config.json", tie_word_embeddings=True)
    assert load(directory, device="cpu").engine.forward.backend.vocabulary > 0


@pytest.mark.parametrize(
    "name",
    [
        "model.layers.2.input_layernorm.weight",  # a further layer
        "model.layers.0.self_attn.q_norm.weight",  # a part of a layer that the config has not
        "model.layers.0.self_attn.q_proj.bias",
        "model.layers.0.mlp.up_proj.weight_scale",  # weights in fewer bits
        "model.layers.0.mlp.up_proj.lora_A.default.weight",
        "model.norm.bias",
        "lm_head.bias",
    ],
)
def test_a_tensor_that_would_change_the_answers_is_refused(directory: Path, name: str) -> None:
    edit_tensors(directory, more={name: torch.zeros(2)})
    assert f"room for: {name}." in refused(directory)


@pytest.mark.parametrize(
    ("architecture", "name"),
    [
        ("llama", "score.weight"),  # heads of other uses
        ("llama", "v_head.summary.weight"),
        ("qwen3", "mtp.layers.0.input_layernorm.weight"),
        ("llama", "model.vision_tower.blocks.0.norm.weight"),
        ("llama", "model.position_ids"),  # constants of old versions
        ("gpt2", "transformer.h.1.attn.masked_bias"),
        ("gpt_neo", "transformer.h.0.attn.attention.bias"),
    ],
)
def test_a_tensor_beside_the_layers_is_not_used_and_named(
    tmp_path: Path, architecture: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    directory = save_model(tmp_path / "tiny", architecture)
    plain = load(directory, device="cpu").text_log_probs(["2 and 3 is 5."])[0]
    caplog.clear()
    edit_tensors(directory, more={name: torch.full((4,), 0.5)})
    assert (load(directory, device="cpu").text_log_probs(["2 and 3 is 5."])[0] == plain).all()
    told = [each.message for each in caplog.records if each.name.startswith("toolformer")]
    assert [each.partition("not used: ")[2] for each in told[:1]] == [f"{name}."]


@pytest.mark.parametrize(
    ("architecture", "name"),
    [
        ("llama", "model.layers.0.self_attn.rotary_emb.inv_freq"),
        ("gpt2", "transformer.h.0.attn.bias"),
        ("gpt_neox", "gpt_neox.layers.0.attention.masked_bias"),
    ],
)
def test_a_constant_that_the_library_knows_is_passed_over_without_a_word(
    tmp_path: Path, architecture: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    directory = save_model(tmp_path / "tiny", architecture)
    edit_tensors(directory, more={name: torch.full((4,), 0.5)})
    load(directory, device="cpu")
    assert [each for each in caplog.records if each.name.startswith("toolformer")] == []


def test_fewer_layers_than_the_weights_have_are_not_a_smaller_model(directory: Path) -> None:
    edit(directory / "config.json", num_hidden_layers=1, layer_types=["full_attention"])
    assert "room for: model.layers.1." in refused(directory)


def test_a_tensor_of_another_shape_is_refused(directory: Path) -> None:
    edit_tensors(directory, more={DOWN: torch.zeros(3, 5)})
    assert "cannot be loaded" in refused(directory)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_weight_that_is_not_finite_is_named(directory: Path, number: float) -> None:
    edit_tensors(directory, more={"model.norm.weight": torch.tensor([1.0] * 31 + [number])})
    assert "not finite: model.norm.weight" in refused(directory)


def test_weights_of_eight_bits_are_read(directory: Path) -> None:
    state = AutoModelForCausalLM.from_pretrained(directory).state_dict()
    edit_tensors(directory, more={DOWN: state[DOWN].to(torch.float8_e4m3fn)})
    assert load(directory, device="cpu").engine.forward.dtype == torch.float32


def test_a_tokenizer_with_more_tokens_than_embeddings_is_refused(directory: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(directory)
    size = len(tokenizer)
    tokenizer.add_tokens(["<never>"])
    tokenizer.save_pretrained(directory)
    assert f"the token {size} ('<never>'), and they have embeddings for 0 to {size - 1}" in refused(
        directory
    )


def test_a_start_token_without_an_embedding_is_refused(directory: Path) -> None:
    path = directory / "tokenizer.json"
    values = json.loads(path.read_text(encoding="utf-8"))
    [special] = values["post_processor"]["special_tokens"].values()
    special["ids"] = [99_999]
    path.write_text(json.dumps(values), encoding="utf-8")
    assert "has the token 99999, and they have embeddings" in refused(directory)


def test_more_embeddings_than_tokens_are_usual(directory: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(directory)
    model.resize_token_embeddings(512)
    model.save_pretrained(directory)
    assert load(directory, device="cpu").engine.forward.backend.vocabulary == 512


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model_type": "unheard-of"}, "cannot be loaded"),
        ({"model_type": "t5"}, "cannot be loaded"),
        ({"model_type": "clip"}, "cannot be loaded"),
        ({"hidden_act": "unheard-of"}, "cannot be loaded"),
        ({"num_attention_heads": "four"}, "cannot be loaded"),
        ({"hidden_size": 10**30}, "cannot be loaded"),
        ({"quantization_config": {"quant_method": "gptq", "bits": 4}}, "cannot be loaded"),
    ],
)
def test_settings_that_no_model_has_are_refused(
    directory: Path, changes: dict[str, object], said: str
) -> None:
    edit(directory / "config.json", **changes)
    assert said in refused(directory)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "generation_config.json"])
@pytest.mark.parametrize("content", [b"[1]", b"5", b"{", b"\xff", b"[" * 100_000])
def test_garbage_is_refused_or_not_needed(directory: Path, name: str, content: bytes) -> None:
    (directory / name).write_bytes(content)
    try:
        load(directory, device="cpu")
    except ModelError:
        return
    assert name == "generation_config.json"  # transformers does without it


def test_code_that_comes_with_a_model_is_not_run_and_not_asked_about(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = directory / "ran"
    (directory / "evil.py").write_text(f"open({str(ran)!r}, 'w')\n", encoding="utf-8")
    edit(
        directory / "config.json",
        model_type="evil",
        auto_map={"AutoConfig": "evil.Evil", "AutoModelForCausalLM": "evil.Evil"},
    )
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert "allow it to run: --trust-remote-code" in refused(directory)
    assert not ran.exists()


def test_code_of_a_tokenizer_is_not_run_either(directory: Path) -> None:
    ran = directory / "ran"
    (directory / "evil.py").write_text(f"open({str(ran)!r}, 'w')\n", encoding="utf-8")
    edit(
        directory / "tokenizer_config.json",
        tokenizer_class="Evil",
        auto_map={"AutoTokenizer": ["evil.Evil", "evil.Evil"]},
    )
    with suppress(ModelError):  # transformers may know the tokenizer without it
        load(directory, device="cpu")
    assert not ran.exists()


def test_trusted_code_is_run(directory: Path) -> None:
    (directory / "mine.py").write_text(
        "from transformers import LlamaConfig, LlamaForCausalLM\n\n"
        "class MineConfig(LlamaConfig):\n    model_type = 'mine'\n\n"
        "class Mine(LlamaForCausalLM):\n    config_class = MineConfig\n",
        encoding="utf-8",
    )
    edit(
        directory / "config.json",
        model_type="mine",
        auto_map={"AutoConfig": "mine.MineConfig", "AutoModelForCausalLM": "mine.Mine"},
    )
    assert "--trust-remote-code" in refused(directory)
    trusted = load(directory, device="cpu", trust_remote_code=True)
    assert trusted.engine.forward.backend.name == "Mine"


def test_a_tokenizers_own_habit_decides_about_the_start_token(tmp_path: Path) -> None:
    def start(tokenizer: object, name: str) -> int | None:
        directory = save_model(tmp_path / name, "llama", tokenizer)  # type: ignore[arg-type]
        return load_pretrained(str(directory), dtype="float32", device="cpu").start

    habit = byte_level_tokenizer()
    assert start(habit, "habit") == habit.bos_token_id
    assert start(startless_tokenizer(), "none") is None
    # As SmolLM2's: it has such a token and does not put it in front of a text.
    unused = startless_tokenizer()
    unused.bos_token = unused.eos_token = habit.bos_token
    assert start(unused, "unused") is None
    both = startless_tokenizer()
    both.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{habit.bos_token} $A {habit.bos_token}",
        special_tokens=[(habit.bos_token, habit.bos_token_id)],
    )
    assert start(both, "both") == habit.bos_token_id


def test_a_model_that_was_taught_here_continues_as_it_was_taught(tmp_path: Path) -> None:
    unused = startless_tokenizer()
    unused.bos_token = byte_level_tokenizer().bos_token
    directory = save_model(tmp_path, "llama", unused)
    for taught, start in ((True, unused.bos_token_id), (False, None)):
        write_sidecar(directory, Sidecar(start_token=taught))
        assert load_pretrained(str(directory), dtype="float32", device="cpu").start == start


def test_decoding_ends_at_every_token_at_which_generate_does(directory: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(directory)
    ids = tokenizer("The sum of 12", return_tensors="pt").input_ids

    def generated() -> list[int]:
        model = AutoModelForCausalLM.from_pretrained(directory)
        seen = torch.ones_like(ids)
        rows = model.generate(ids, attention_mask=seen, max_new_tokens=12, do_sample=False)
        said: list[int] = rows[0, ids.shape[1] :].tolist()
        return said

    def decoded() -> tuple[list[int], bool]:
        streams = load(directory, device="cpu").streams()
        (stream,) = streams.admit(["The sum of 12"])
        said = []
        for _ in range(12):
            (result,) = streams.step([StepRequest(stream)])
            if result.ends:
                return said, True
            said.append(result.token)
        return said, False

    edit(directory / "generation_config.json", eos_token_id=None)
    free = generated()
    assert decoded() == (free, False)
    stop = free[5]
    for ends in ([0, stop], stop, [10**9, stop, -1]):
        edit(directory / "generation_config.json", eos_token_id=ends)
        assert generated()[-1] == stop
        assert decoded() == (generated()[:-1], True)


def test_a_token_that_ends_a_text_is_said_where_it_stands_in_one(directory: Path) -> None:
    comma = AutoTokenizer.from_pretrained(directory)(",", add_special_tokens=False).input_ids
    edit(directory / "generation_config.json", eos_token_id=comma)
    streams = load(directory, device="cpu").streams()
    (stream,) = streams.admit(["It is"])
    streams.feed(stream, [" 1,5"])
    assert streams.tokens(stream) > 3


def test_an_end_that_is_no_number_is_refused(directory: Path) -> None:
    edit(directory / "generation_config.json", **{"eos_token_id": "x"})
    refused(directory)


def test_devices_that_are_not_here_are_named() -> None:
    assert find_device("cpu").type == "cpu"
    for device in ("cuda:7", "cuda:x", "cuda:-1", "cpu:3", "cpu:"):
        with pytest.raises(ModelError, match=f"There is no device '{device}' here"):
            find_device(device)
    with pytest.raises(ModelError, match="Unknown device 'gpu'"):
        find_device("gpu")


def test_what_is_not_a_number_is_not_chosen_from(directory: Path) -> None:
    model = load(directory, device="cpu")
    with torch.no_grad():
        model.engine.forward.backend.model.lm_head.weight[5] = torch.nan  # type: ignore[attr-defined]
    streams = model.streams()
    (stream,) = streams.admit(["It is"])
    with pytest.raises(ModelError, match="predicts what is not a number, in float32"):
        streams.step([StepRequest(stream)])
    with pytest.raises(ModelError, match="predicts what is not a number"):
        model.text_log_probs(["It is Friday."])


def test_loading_is_quiet(directory: Path, capfd: pytest.CaptureFixture[str]) -> None:
    edit_tensors(directory, without=DOWN)
    refused(directory)
    assert capfd.readouterr() == ("", "")


def test_the_fingerprint_follows_the_ends(directory: Path) -> None:
    before = load(directory, device="cpu").fingerprint
    values = json.loads((directory / "generation_config.json").read_text())
    edit(directory / "generation_config.json", eos_token_id=[values["eos_token_id"], 14])
    assert load(directory, device="cpu").fingerprint != before
