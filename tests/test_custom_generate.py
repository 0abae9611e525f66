"""Plain `generate` of transformers runs the tools, and answers as `infer` does."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, TextStreamer

from toolformer.calls import PlacedCall, ToolCall
from toolformer.cli.main import run as cli
from toolformer.custom_generate import generate_with_tools
from toolformer.errors import ConfigError
from toolformer.finetune import FinetuneConfig, TrainingText
from toolformer.finetune.train import finetune_texts
from toolformer.sidecar import SidecarTool, read_sidecar

PROMPTS = ["The sum of 41 and 76 is", "Two and 3 are many, and the sum of 12 and 30 is"]


def texts() -> list[TrainingText]:
    found = []
    for first in range(10, 34):
        second = 7 * first % 40 + 5
        text = f"The sum of {first} and {second} is {first + second}."
        call = ToolCall("Calculator", f"{first} + {second}")
        placed = PlacedCall(text.index(" is ") + 3, call, str(first + second))
        found.append(TrainingText(str(first), text, (placed,)))
    return found


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of nano that has learned to call the Calculator."""
    out = tmp_path_factory.mktemp("generate") / "tuned"
    config = FinetuneConfig(
        steps=8, batch_size=8, learning_rate=2e-3, dtype="float32", evaluate_every=8, keep="last"
    )
    tools = [SidecarTool("Calculator", "calculator")]
    finetune_texts(texts(), model="nano", out=out, tools=tools, config=config, device="cpu")
    return out


@pytest.fixture(scope="module")
def loaded(tuned: Path) -> tuple[Any, Any]:
    return AutoModelForCausalLM.from_pretrained(tuned), AutoTokenizer.from_pretrained(tuned)


@pytest.fixture
def generate(tuned: Path, loaded: tuple[Any, Any], tmp_path: Path, monkeypatch: Any) -> Any:
    model, tokenizer = loaded
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path))

    def run(prompts: list[str], **arguments: Any) -> Any:
        inputs = tokenizer(prompts, return_tensors="pt", padding=len(prompts) > 1)
        inputs.pop("token_type_ids", None)
        trusted = {"custom_generate": str(tuned), "trust_remote_code": True}
        asked = {"tokenizer": tokenizer, "max_new_tokens": 20} | arguments
        return model.generate(**inputs, **trusted, **asked)

    return run


def infer(tuned: Path, prompt: str, capsys: pytest.CaptureFixture[str], *flags: str) -> str:
    words = ["infer", str(tuned), prompt, "--max-new-tokens", "20", "--device", "cpu"]
    assert cli([*words, *flags]) == 0
    return capsys.readouterr().out.rstrip("\n")


@pytest.mark.parametrize("prompt", PROMPTS)
def test_the_answer_is_that_of_infer(
    tuned: Path, loaded: tuple[Any, Any], generate: Any, prompt: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    _, tokenizer = loaded
    [row] = generate([prompt])
    whole = tokenizer.decode(row, skip_special_tokens=True)
    asked = infer(tuned, prompt, capsys)
    assert whole.removeprefix(prompt).strip() == asked.strip()
    assert "[Calculator(" in whole
    assert " -> " in whole


def test_the_output_is_the_tools_own(loaded: tuple[Any, Any], generate: Any) -> None:
    _, tokenizer = loaded
    [row] = generate([PROMPTS[0]])
    assert "[Calculator(41 + 76) -> 117]" in tokenizer.decode(row)


def test_a_prompt_keeps_its_tokens_and_gets_the_answers_behind_them(
    loaded: tuple[Any, Any], generate: Any
) -> None:
    _, tokenizer = loaded
    prompt = f"{PROMPTS[0]} "  # of which the space moves into the answer
    ids = tokenizer([prompt], return_tensors="pt").input_ids
    rows = generate([prompt])
    assert rows.dtype == ids.dtype
    assert rows[:, : ids.shape[1]].equal(ids)
    whole = tokenizer.decode(rows[0], skip_special_tokens=True)
    assert whole.startswith(f"{prompt}[Calculator(41 + 76) -> 117]")


@pytest.mark.parametrize("side", ["left", "right"])
def test_prompts_beside_one_another_answer_as_alone(
    loaded: tuple[Any, Any], generate: Any, side: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, tokenizer = loaded
    monkeypatch.setattr(tokenizer, "padding_side", side)
    if tokenizer.pad_token is None:
        monkeypatch.setattr(tokenizer, "_special_tokens_map", {**tokenizer._special_tokens_map})
        tokenizer.pad_token = tokenizer.eos_token
    together = generate(PROMPTS)
    for prompt, row in zip(PROMPTS, together, strict=True):
        [alone] = generate([prompt])
        said, own = (tokenizer.decode(each, skip_special_tokens=True) for each in (row, alone))
        assert said == own


def test_special_tokens_of_a_chat_stay_what_they_are(tuned: Path, loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    ids = tokenizer([f"Hello.{tokenizer.eos_token}{PROMPTS[0]}"], return_tensors="pt").input_ids
    assert (ids == tokenizer.eos_token_id).sum() >= 1
    found = generate_with_tools(
        model, ids, sidecar=read_sidecar(tuned), tokenizer=tokenizer, max_new_tokens=20
    )
    assert found[:, : ids.shape[1]].equal(ids)
    assert "[Calculator(41 + 76) -> 117]" in tokenizer.decode(found[0])


def test_only_who_trusts_the_file_runs_it(tuned: Path, loaded: tuple[Any, Any]) -> None:
    model, tokenizer = loaded
    inputs = tokenizer(PROMPTS[0], return_tensors="pt")
    with pytest.raises(ValueError, match="trust_remote_code"):
        model.generate(inputs.input_ids, custom_generate=str(tuned), trust_remote_code=False)
    plain = model.generate(inputs.input_ids, max_new_tokens=20, do_sample=False)
    assert "-> 117]" not in tokenizer.decode(plain[0])


def test_a_model_that_is_loaded_with_trust_needs_no_more_words(
    tuned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path))
    model = AutoModelForCausalLM.from_pretrained(tuned, trust_remote_code=True)
    tokenizer = AutoTokenizer.from_pretrained(tuned)
    ids = tokenizer(PROMPTS[0], return_tensors="pt").input_ids
    [row] = model.generate(ids, max_new_tokens=20)
    assert "[Calculator(41 + 76) -> 117]" in tokenizer.decode(row)


def test_settings_are_those_of_generate(loaded: tuple[Any, Any], generate: Any) -> None:
    _, tokenizer = loaded
    prompt = PROMPTS[0]
    length = len(tokenizer(prompt).input_ids)
    assert generate([prompt], max_new_tokens=3, max_calls=0).shape[1] <= length + 4
    sampled = [
        tokenizer.decode(
            generate([prompt], do_sample=True, temperature=3.0, seed=seed, max_calls=0)[0]
        )
        for seed in (1, 1, 2)
    ]
    assert sampled[0] == sampled[1] != sampled[2]
    [row] = generate([prompt], stop_strings=["."])
    assert tokenizer.decode(row, skip_special_tokens=True).endswith("117] 117")


@pytest.mark.parametrize("asked", [{"num_beams": 4}, {"top_p": 0.5}, {"penalty_alpha": 0.6}])
def test_what_it_cannot_do_is_refused_by_name(generate: Any, asked: dict[str, Any]) -> None:
    [name] = asked
    with pytest.raises(ConfigError, match=f"cannot run tools with {name}="):
        generate([PROMPTS[0]], **asked)


def test_a_streamer_is_given_the_answer(
    loaded: tuple[Any, Any], generate: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    _, tokenizer = loaded
    generate([PROMPTS[0]], streamer=TextStreamer(tokenizer, skip_prompt=True))
    assert "[Calculator(41 + 76) -> 117]" in capsys.readouterr().out


def test_weights_that_changed_since_are_read_again(
    tuned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = AutoModelForCausalLM.from_pretrained(tuned)
    tokenizer = AutoTokenizer.from_pretrained(tuned)
    ids = tokenizer(PROMPTS[0], return_tensors="pt").input_ids

    def ask() -> str:
        found = generate_with_tools(
            model, ids, sidecar=read_sidecar(tuned), tokenizer=tokenizer, max_new_tokens=8
        )
        return str(tokenizer.decode(found[0]))

    model.train()
    before = ask()
    assert model.training
    assert before == ask()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(0.0)
    assert ask() != before
