"""Continuations, asked for by OpenAI's own client: the decoder's answers, byte for byte."""

from collections.abc import Iterator

import openai
import pytest
import requests

from tests.infer.decoding import CALL, GOES_ON, PROMPT, scripted
from tests.serve.serving import TODAY, Serving, serving
from toolformer.infer.decode import decode
from toolformer.lm.base import LanguageModel
from toolformer.lm.registry import load_model
from toolformer.lm.scripted.streams import Continuation
from toolformer.tools.builtin.calculator import calculator
from toolformer.tools.registry import default_tools

K = 100  # so that a model which was never tuned on calls makes some
PROMPTS = [
    "There are 303 + 453 =",
    "She paid 12 + 30 = ",
    "The library closes in 3 weeks, on",
    "Vilnius is the capital of",
]


@pytest.fixture(scope="module")
def nano() -> LanguageModel:
    return load_model("nano", device="cpu")


@pytest.fixture(scope="module")
def server(nano: LanguageModel) -> Iterator[Serving]:
    with serving(nano, default_tools(), top_k_start=K) as made:
        yield made


@pytest.fixture(scope="module")
def told() -> Iterator[Serving]:
    """A model that says that 2 + 2 is 4 once its tool has told it."""
    with serving(scripted((PROMPT, CALL), (PROMPT, " so"), GOES_ON), [calculator]) as made:
        yield made


def test_a_stream_is_what_the_decoder_answers(server: Serving, nano: LanguageModel) -> None:
    tools, config = server.tools, {"max_new_tokens": 24, "top_k_start": K}
    answers = list(decode(nano, PROMPTS, execute=tools, config=config, today=TODAY))
    assert [len(answer.events) > 0 for answer in answers] == [True, True, True, False]
    for answer in answers:
        chunks = list(
            server.client.completions.create(
                model="tested", prompt=answer.prompt, max_tokens=24, temperature=0, stream=True
            )
        )
        said = "".join(chunk.choices[0].text for chunk in chunks)
        assert answer.prompt + said == answer.whole
        assert [chunk.choices[0].finish_reason for chunk in chunks][-1] == "length"


def test_a_whole_answer_is_the_stream_in_one(server: Serving, nano: LanguageModel) -> None:
    made = server.client.completions.create(
        model="tested", prompt=PROMPTS, max_tokens=24, temperature=0
    )
    config = {"max_new_tokens": 24, "top_k_start": K}
    answers = decode(nano, PROMPTS, execute=server.tools, config=config)
    assert [PROMPTS[each.index] + each.text for each in made.choices] == [
        answer.whole for answer in answers
    ]
    assert made.usage is not None
    assert made.usage.completion_tokens == 4 * 24


def test_draws_follow_from_the_seed(server: Serving, nano: LanguageModel) -> None:
    asked = {"model": "tested", "prompt": "Once", "max_tokens": 8, "temperature": 1.0}
    texts = [
        [each.text for each in server.client.completions.create(**asked, n=3, seed=5).choices]
        for _ in range(2)
    ]
    assert texts[0] == texts[1]
    assert len(set(texts[0])) > 1
    config = {"max_new_tokens": 8, "temperature": 1.0, "seed": 5, "top_k_start": K}
    [first] = decode(nano, ["Once"], execute=server.tools, config=config)
    assert texts[0][0] == first.annotated


def test_calls_stand_in_the_text_or_are_left_out(told: Serving) -> None:
    for calls, text in {"inline": f"{CALL} -> 4] 4.", "hidden": " 4."}.items():
        made = told.client.completions.create(
            model="tested", prompt=PROMPT, extra_body={"calls": calls}
        )
        assert made.choices[0].text == text
        assert made.usage is not None
        extra = made.usage.model_extra or {}
        assert (extra["tool_calls"], extra["failed_tool_calls"]) == (1, 0)
        assert extra["tool_seconds"] >= 0


def test_no_call_is_told_before_it_has_its_output(told: Serving) -> None:
    chunks = told.client.completions.create(model="tested", prompt=PROMPT, stream=True)
    texts = [chunk.choices[0].text for chunk in chunks]
    assert texts[0].startswith(f"{CALL} -> 4]")


def test_a_trace_tells_the_pieces_as_they_come(told: Serving) -> None:
    chunks = told.client.completions.create(
        model="tested", prompt=PROMPT, stream=True, extra_body={"trace": True}
    )
    pieces = [piece for chunk in chunks for piece in (chunk.choices[0].model_extra or {})["trace"]]
    kinds = [piece.get("kind", "event") for piece in pieces]
    assert kinds[0] == "call"
    assert kinds[kinds.index("output") + 1] == "event"
    event = next(piece for piece in pieces if "tool" in piece)
    assert (event["tool"], event["arguments"], event["output"]) == ("Calculator", "2 + 2", "4")


def test_log_probabilities_stand_at_their_tokens(told: Serving) -> None:
    made = told.client.completions.create(model="tested", prompt=PROMPT, logprobs=0)
    [choice] = made.choices
    scores = choice.logprobs
    assert scores is not None
    assert scores.tokens == [" 4", "."]
    assert scores.text_offset is not None
    assert [choice.text[at:] for at in scores.text_offset] == [" 4.", "."]
    assert scores.token_logprobs == [0.0, 0.0]


def test_white_space_at_the_end_of_a_prompt_is_not_told_again(told: Serving) -> None:
    made = told.client.completions.create(model="tested", prompt=f"{PROMPT} ")
    assert made.choices[0].text == f"{CALL.lstrip()} -> 4] 4."


def test_an_answer_ends_at_a_stop(told: Serving) -> None:
    made = told.client.completions.create(model="tested", prompt=PROMPT, stop=["never", "."])
    assert made.choices[0].text == f"{CALL} -> 4] 4"
    assert made.choices[0].finish_reason == "stop"


def test_a_stream_ends_with_what_it_took_where_that_is_wanted(told: Serving) -> None:
    *_, last = told.client.completions.create(
        model="tested", prompt=PROMPT, stream=True, stream_options={"include_usage": True}
    )
    assert last.choices == []
    assert last.usage is not None
    assert last.usage.total_tokens == last.usage.prompt_tokens + last.usage.completion_tokens


def test_the_stream_of_bytes_ends_as_clients_expect(told: Serving) -> None:
    answered = requests.post(
        f"{told.address}/v1/completions", json={"prompt": PROMPT, "stream": True}, timeout=20
    )
    assert answered.headers["content-type"].startswith("text/event-stream")
    assert answered.text.endswith("\n\ndata: [DONE]\n\n")


def test_a_prompt_that_is_too_long_is_refused_before_a_stream_begins() -> None:
    model = scripted(Continuation("", " so"), max_length=8)
    with serving(model) as server:
        with pytest.raises(openai.BadRequestError, match="leave no room") as refused:
            server.client.completions.create(model="tested", prompt="so " * 9, stream=True)
        assert refused.value.code == "context_length_exceeded"
        assert server.is_idle()
