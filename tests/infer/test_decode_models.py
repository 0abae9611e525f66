"""The decoder over real models: the cache holds what reading the text anew would put there."""

import re

import pytest
import torch

from tests.infer.decoding import answers_to, executing, four, pieces_of, requests_of, texts_of
from tests.models import save_model, save_sentencepiece_model
from toolformer.calls import InlineGrammar
from toolformer.infer.answers import Answer, CallEvent
from toolformer.infer.config import InferConfig
from toolformer.infer.decode import decode
from toolformer.infer.decoder import Decoder, Decoding
from toolformer.infer.request import Request
from toolformer.lm.hf.model import HFLanguageModel, load
from toolformer.tools.builtin.calculator import calculator
from toolformer.tools.toolbox import Toolbox

torch.set_num_threads(1)

GRAMMAR = InlineGrammar()
PROMPTS = [
    "The sum of 12 and 30 is",
    "Paris ",
    "He paid 4 x 5 = 20 dollars (in all)\n",
    "2 + 2 is [Calculator(2 + 2)",
    "caf\u00e9 [Calc",
    "Today is [Calendar() -> Friday] Friday, and 2 + 2 is [Calculator(2 +",
    "",
]
# A model of random weights writes all there is: cut characters, calls that close and that do not.
WILD = {"temperature": 1.5, "top_k_start": 20, "max_new_tokens": 30, "max_call_tokens": 20}


@pytest.fixture(scope="module", params=["llama", "bloom", "sentencepiece"])
def model(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> HFLanguageModel:
    directory = tmp_path_factory.mktemp("model")
    if request.param == "sentencepiece":
        return load(save_sentencepiece_model(directory), device="cpu")
    return load(save_model(directory, request.param), device="cpu")


@pytest.fixture(scope="module")
def nano() -> HFLanguageModel:
    return load("nano", batch_tokens=2048)


def wild_answers(model: HFLanguageModel, *, seeds: int = 2) -> list[Answer]:
    found = []
    for seed in range(seeds):
        found += answers_to(model, *PROMPTS, seed=seed, **WILD)
    return found


def test_wild_answers_can_be_read_back(model: HFLanguageModel) -> None:
    answers = wild_answers(model)
    for answer in answers:
        assert GRAMMAR.read(answer.annotated) == list(answer.segments)
        assert all(event.output == "4" or event.error for event in answer.events)
    events = [event for answer in answers for event in answer.events]
    assert {event.output for event in events} == {"4", None}  # some were run, some have failed


def test_nothing_that_was_shown_is_taken_back(model: HFLanguageModel) -> None:
    for prompt in PROMPTS[:4]:
        [answer] = answers_to(model, prompt, **WILD)
        pieces = pieces_of(model, prompt, **WILD)
        assert "".join(texts_of(pieces)) == answer.text
        assert tuple(each for each in pieces if isinstance(each, CallEvent)) == answer.events


def test_a_batch_gives_the_answers_of_each_prompt_alone(model: HFLanguageModel) -> None:
    together = answers_to(model, *PROMPTS, max_streams=3, **WILD)
    alone = []
    for index, prompt in enumerate(PROMPTS):
        alone += answers_to(model, prompt, first_index=index, **WILD)
    assert together == alone


def test_what_is_admitted_while_others_run_gets_the_answers_of_each_prompt_alone(
    model: HFLanguageModel,
) -> None:
    requests = requests_of(*PROMPTS, **WILD)
    with Decoder(model, execute=executing(four)) as decoder:
        late: list[Decoding] = []
        for request in requests:  # the buffers grow while rows change seats
            late += decoder.admit([request])
            decoder.advance()
            decoder.advance()
        while decoder:
            decoder.advance()
    assert [decoding.answer for decoding in late] == answers_to(model, *PROMPTS, **WILD)


def test_after_a_call_the_model_goes_on_as_from_a_prompt_that_holds_it(
    model: HFLanguageModel,
) -> None:
    """A draw follows the number of its token too, so equal texts need equal tokens before them."""
    for seed in range(40):
        prompt = "The sum of 12 and 30 is"
        settings = WILD | {
            "seed": seed,
            "top_k_start": 1000,
            "max_new_tokens": 40,
            "max_call_tokens": 38,
        }
        [answer] = answers_to(model, prompt, max_calls=1, **settings)
        if answer.events[0].output is not None:
            held = answer.whole[: len(answer.whole) - len(answer.text)]
            [again] = answers_to(model, held, max_calls=0, **settings)
            assert again.text[: len(answer.text)] == answer.text
            if answer.text:
                return
    pytest.fail("no seed writes a call that closes")


def test_the_prompts_own_call_goes_on_in_the_same_way(model: HFLanguageModel) -> None:
    asked, held = (
        answers_to(model, f"2 + 2 is [Calculator(2 + 2){output}", top_k_start=0)[0].text
        for output in ("", " -> 4]")
    )
    assert asked == held != ""


def test_after_a_failed_call_the_model_goes_on_as_if_it_had_not_been(
    model: HFLanguageModel,
) -> None:
    def fail(_: object) -> str:
        raise ValueError("It failed.")

    prompt = "2 + 2 is"
    [failed] = answers_to(model, f"{prompt} [Calculator(2 + 2)", say=fail, max_calls=1)
    [plain] = answers_to(model, prompt, bar_markers=True, max_new_tokens=1)
    assert failed.text.startswith(plain.text)
    assert [event.error for event in failed.events] == ["It failed."]


def test_a_long_prompt_is_named(model: HFLanguageModel) -> None:
    if model.max_length > 1000:
        pytest.skip("this model's context is not bounded")
    long, short = answers_to(model, "so " * 400, "so", max_new_tokens=1)
    assert re.match(r"The prompt 'so so .*\.\.\.' cannot be continued: Its \d+ ", str(long.error))
    assert (long.finish, short.error) == ("too long", None)


def test_answers_end_where_the_context_does(model: HFLanguageModel) -> None:
    if model.max_length > 1000:
        pytest.skip("this model's context is not bounded")
    [answer] = answers_to(model, "Paris", max_new_tokens=1000, temperature=1.0, max_calls=0)
    assert answer.finish in ("context", "end")


def test_nano_computes_what_it_is_made_to_ask(nano: HFLanguageModel) -> None:
    with Toolbox([calculator]) as toolbox:
        [answer] = decode(
            nano,
            [
                Request(
                    "Tool: Calculator\nInput: 12 + 31 = 43\nOutput: 12 + 31 =",
                    tools=("Calculator",),
                    config=InferConfig(top_k_start=10, max_calls=1, max_new_tokens=20),
                )
            ],
            execute=lambda call, context: toolbox.execute([call], context)[0],
        )
    assert answer.events[0].output == "43"
    assert answer.annotated.startswith(" [Calculator(")
