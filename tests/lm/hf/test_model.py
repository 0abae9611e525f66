"""A model is loaded from where it is, shares what it can, and refuses what it cannot do."""

import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from transformers import BertConfig

from tests.models import byte_level_tokenizer, save_model, save_weights, startless_tokenizer
from toolformer.calls import ToolCall
from toolformer.errors import ModelError
from toolformer.lm.base import Branch, LossRequest, Prompt, TextRequest, TokenUsage
from toolformer.lm.hf.model import HFLanguageModel, load

torch.set_num_threads(1)

TEXT = "The sum of 12 and 30 is 42, said the old man."
PROMPT = Prompt("Tool: Calculator(expression)\n", f"Input:\n{TEXT}\nOutput:\n")
CALL = ToolCall("Calculator", "12 + 30")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("models") / "tiny", "llama")


@pytest.fixture
def model(directory: Path) -> HFLanguageModel:
    return load(directory, device="cpu")


def test_a_hub_id_loads_what_a_directory_does(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As the Hub's own cache lies on disk; the tests are offline.
    repository = tmp_path / "models--some-one--tiny"
    snapshot = repository / "snapshots" / ("0" * 40)
    snapshot.parent.mkdir(parents=True)
    snapshot.symlink_to(directory)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0" * 40)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    hub, local = load("some-one/tiny", device="cpu"), load(directory, device="cpu")
    assert hub.fingerprint == local.fingerprint
    asked = [LossRequest(TEXT, 10)]
    np.testing.assert_array_equal(hub.target_log_probs(asked), local.target_log_probs(asked))


def test_the_fingerprint_follows_the_weights(directory: Path, tmp_path: Path) -> None:
    other = save_model(tmp_path, "llama", seed=1)
    assert load(other, device="cpu").fingerprint != load(directory, device="cpu").fingerprint


def test_an_unknown_path_offers_its_neighbours(directory: Path) -> None:
    with pytest.raises(ModelError, match=r"Unknown model '.*tinny'\. Did you mean '.*/tiny'\?"):
        load(directory.parent / "tinny", device="cpu")


def test_an_unknown_name_offers_the_embedded_model() -> None:
    with pytest.raises(ModelError, match=r"Unknown model 'nanno'\. Did you mean 'nano'\?"):
        load("nanno", device="cpu")


def test_a_directory_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"holds no model: it has no config\.json"):
        load(tmp_path, device="cpu")


def test_an_unknown_dtype_offers_the_near_one(directory: Path) -> None:
    with pytest.raises(ModelError, match=r"Unknown dtype 'bfloat'\. Did you mean 'bfloat16'\?"):
        load(directory, dtype="bfloat", device="cpu")


def test_a_checkpoint_is_loaded_in_float32_unless_asked(directory: Path) -> None:
    assert load(directory, device="cpu").engine.forward.dtype == torch.float32
    half = load(directory, dtype="bfloat16", device="cpu")
    assert half.engine.forward.dtype == torch.bfloat16
    assert half.target_log_probs([LossRequest(TEXT, 10)])[0].dtype == np.float32


def test_a_prompt_is_forwarded_once_for_all_its_texts(model: HFLanguageModel) -> None:
    prompt = len(model.engine.encoding.prompt(PROMPT).shared)
    for _ in range(2):
        with model.read([TextRequest(PROMPT, TEXT), TextRequest(PROMPT, "So 5.")]):
            pass
    assert model.usage.prompt == prompt


def test_all_places_of_a_text_are_scored_in_one_forward(model: HFLanguageModel) -> None:
    places = model.token_ends(TEXT)[:-1].tolist()
    model.target_log_probs([LossRequest(TEXT, position) for position in places] * 2)
    # The start token and the text but for its last token, which predicts nothing.
    assert model.usage == TokenUsage(score=model.count_tokens([TEXT])[0])


def test_a_scored_row_is_cut_before_the_last_token_that_counts(model: HFLanguageModel) -> None:
    place = int(model.token_ends(TEXT)[2])
    model.target_log_probs([LossRequest(TEXT, place, CALL, "42")])
    call = len(model.engine.encoding.call(CALL, "42", first=True).ids)
    assert model.usage == TokenUsage(score=1 + call + 3 + 4)


def test_greedy_samples_are_written_once(model: HFLanguageModel) -> None:
    position = int(model.token_ends(TEXT)[4])
    branches = [Branch(0, position, " [Calculator(", 4, 1, 0.0, key) for key in ("a", "b")]
    with model.read([TextRequest(PROMPT, TEXT)]) as trunks:
        first, second = trunks.sample(branches)
    assert len(first) == 4
    assert len({*first, *second}) == 1
    assert model.usage.decode == len(model.engine.encoding.piece(" [Calculator("))


def test_a_text_without_an_inner_place_has_no_starts(model: HFLanguageModel) -> None:
    with model.read([TextRequest(PROMPT, ""), TextRequest(PROMPT, "a")]) as trunks:
        assert [len(starts.positions) for starts in trunks.starts] == [0, 0]


def test_a_branch_ends_where_the_context_does(model: HFLanguageModel) -> None:
    text = TEXT * 20
    tokens = model.engine.encoding.text(text)
    room = model.max_length - 1 - len(model.engine.encoding.piece(" [Calculator("))
    near = int(tokens.ends[room - 3])  # leaves two tokens
    full = int(tokens.ends[room + 1])
    cut = text[: int(tokens.ends[model.max_length - 2])]
    branches = [Branch(0, position, " [Calculator(", 1, 50, 0.0, "") for position in (near, full)]
    with model.read([TextRequest(Prompt("", ""), cut)]) as trunks:
        (short,), (none,) = trunks.sample(branches)
    assert len(model.engine.encoding.piece(short.text)) <= 2 or short.closed
    assert (none.text, none.closed) == ("", False)


def test_a_row_longer_than_the_context_is_refused(model: HFLanguageModel) -> None:
    with pytest.raises(ModelError, match=r"reads at most 256\. Cut the text into windows"):
        model.read([TextRequest(PROMPT, TEXT * 20)])
    position = int(model.token_ends(TEXT * 20)[-2])
    with pytest.raises(ModelError, match=r"reads at most 256\. Cut the text into windows"):
        model.target_log_probs([LossRequest(TEXT * 20, position)])


def test_a_place_inside_a_token_is_refused(model: HFLanguageModel) -> None:
    with pytest.raises(ModelError, match="Position 1 is not a place of 'The sum"):
        model.target_log_probs([LossRequest(TEXT, 1)])
    with (
        model.read([TextRequest(PROMPT, TEXT)]) as trunks,
        pytest.raises(ModelError, match="Position 1 is not a place of text 0"),
    ):
        trunks.sample([Branch(0, 1, " [Calculator(", 1, 5, 0.0, "")])


def test_trunks_that_were_closed_cannot_be_branched_from(model: HFLanguageModel) -> None:
    with model.read([TextRequest(PROMPT, TEXT)]) as trunks:
        position = int(trunks.starts[0].positions[0])
    with pytest.raises(ModelError, match="Text 0 is not held"):
        trunks.sample([Branch(0, position, " [Calculator(", 1, 5, 0.0, "")])


def test_without_a_start_token_a_text_has_no_first_place(tmp_path: Path) -> None:
    startless = load(save_model(tmp_path / "a", "llama", startless_tokenizer()), device="cpu")
    with pytest.raises(ModelError, match="Position 0 is not a place"):
        startless.target_log_probs([LossRequest(TEXT, 0)])
    started = load(save_model(tmp_path / "b", "llama", byte_level_tokenizer()), device="cpu")
    assert len(started.target_log_probs([LossRequest(TEXT, 0)])[0]) == 5


def test_a_batch_that_does_not_fit_is_halved(model: HFLanguageModel) -> None:
    tried: list[int] = []
    done: list[int] = []

    def run(batch: list[int]) -> None:
        tried.append(len(batch))
        if len(batch) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        done.extend(batch)

    model.engine.forward.in_batches([[1, 2, 3, 4, 5], [6]], run)
    assert done == [1, 2, 3, 4, 5, 6]
    assert tried == [5, 2, 3, 1, 2, 1]


def test_the_next_batch_is_cut_as_the_one_that_did_not_fit(model: HFLanguageModel) -> None:
    tried: list[int] = []

    def run(batch: list[int]) -> None:
        tried.append(len(batch))
        if len(batch) > 4:
            raise torch.OutOfMemoryError("CUDA out of memory")

    model.engine.forward.in_batches([list(range(8)), list(range(8)), [1]], run)
    assert tried == [8, 4, 4, 4, 4, 1]


def test_a_recurrent_model_is_said_to_be_slow(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    save_model(tmp_path, "mamba")
    with caplog.at_level(logging.INFO, logger="toolformer"):
        load(tmp_path, device="cpu")
    assert "branches are decoded in whole rows, which is slow" in caplog.text


def test_a_model_that_looks_ahead_is_refused_by_name(tmp_path: Path) -> None:
    tokenizer = byte_level_tokenizer()
    tokenizer.save_pretrained(tmp_path)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        initializer_range=0.3,
    )
    save_weights(tmp_path, config, seed=0)
    with pytest.raises(
        ModelError, match=r"BertLMHeadModel\) predicts something else after a token"
    ):
        load(tmp_path, device="cpu")


def test_a_row_that_does_not_fit_alone_is_named(model: HFLanguageModel) -> None:
    def run(_: list[int]) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(ModelError, match="One row of this model does not fit into memory"):
        model.engine.forward.in_batches([[1]], run)


def test_a_model_shows_its_name_its_kind_and_where_it_runs(model: HFLanguageModel) -> None:
    assert repr(model) == (
        f"HFLanguageModel({model.name!r}, LlamaForCausalLM on cpu, torch.float32)"
    )
