"""A chat template writes the prompt; its special tokens are tokens, and a text's are text."""

from pathlib import Path

import pytest
import torch
from transformers import PreTrainedTokenizerFast

from tests.models import START, byte_level_tokenizer, save_model
from toolformer.calls import PlacedCall, ToolCall
from toolformer.errors import ConfigError, ModelError
from toolformer.infer.decode import decode
from toolformer.infer.request import Request
from toolformer.lm.chat import Message, chat_prompt, has_chat_template
from toolformer.lm.hf.model import HFLanguageModel, load
from toolformer.lm.scripted import ScriptedLanguageModel

torch.set_num_threads(1)
TEMPLATE = (
    f"{START}{{% for message in messages %}}"
    "{% if message['role'] == 'system' %}{{ raise_exception('No system, please') }}{% endif %}"
    f"{{{{ message['role'] }}}}: {{{{ message['content'] }}}}{START}\n{{% endfor %}}"
    "{% if add_generation_prompt %}assistant:\n{% endif %}"
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> HFLanguageModel:
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=byte_level_tokenizer().backend_tokenizer,
        bos_token=START,
        eos_token=START,
        chat_template=TEMPLATE,
    )
    directory = save_model(tmp_path_factory.mktemp("chat") / "tiny", "llama", tokenizer)
    return load(directory, device="cpu")


def test_the_rows_are_those_of_the_tokenizer_itself(model: HFLanguageModel) -> None:
    text = chat_prompt(model, [Message("user", "What is 3 + 4?")])
    assert text == f"{START}user: What is 3 + 4?{START}\nassistant:\n"
    expected = byte_level_tokenizer()(text, add_special_tokens=False).input_ids
    streams = model.streams()
    [templated] = streams.admit([text], templated=True)
    [plain] = streams.admit([text])
    assert streams.tokens(templated) == len(expected)
    assert streams.tokens(plain) > len(expected)  # there the specials are characters
    assert model.engine.encoding.templated(text, []) == tuple(expected)


def test_calls_of_earlier_answers_are_encoded_as_they_were_made(model: HFLanguageModel) -> None:
    call, encoding = ToolCall("Calculator", "3 + 4"), model.engine.encoding
    text = f"{START}It is"
    ids = encoding.templated(f"{text} 7.", [PlacedCall(len(text), call, "7")])
    made = encoding.call(call, "7", first=False).ids
    start = len(encoding.templated(text, []))
    assert ids[start : start + len(made)] == made


def test_all_of_a_templated_prompt_stands_before_its_answer(model: HFLanguageModel) -> None:
    text = chat_prompt(model, [Message("user", "Begin [Calculator(3")])
    [answer] = decode(model, [Request(text, templated=True)], config=None)
    assert answer.taken == 0
    assert answer.prompt == text


def test_a_model_without_a_template_is_told_apart(tmp_path: Path) -> None:
    bare = load(save_model(tmp_path / "bare", "llama"), device="cpu")
    for model in (bare, ScriptedLanguageModel(name="bare")):
        assert not has_chat_template(model)
        with pytest.raises(ConfigError, match="bare has no chat template, so there is no --chat"):
            chat_prompt(model, [Message("user", "Hello")])


def test_a_template_that_refuses_is_quoted(model: HFLanguageModel) -> None:
    with pytest.raises(ModelError, match=r"cannot write this conversation: .*No system, please"):
        chat_prompt(model, [Message("system", "Be brief."), Message("user", "Hello")])
