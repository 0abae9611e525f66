"""Our tools in front of another server: here one of our own, with a model and without tools."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

import openai
import pytest
import requests
from openai import OpenAI

from tests.infer.decoding import CALL, GOES_ON, PROMPT, scripted
from tests.serve.serving import TODAY, Serving, serving
from toolformer.errors import ConfigError
from toolformer.infer.live_tools import LiveTools
from toolformer.lm.scripted.streams import Continuation
from toolformer.serve.app import make_app
from toolformer.serve.config import ServeConfig
from toolformer.serve.engines.limited import limited
from toolformer.serve.engines.upstream import Upstream
from toolformer.serve.interface.asking import Served
from toolformer.serve.running import address_of, in_background, listen
from toolformer.tools import tool
from toolformer.tools.base import Tool
from toolformer.tools.builtin.calculator import calculator

SCRIPT = [
    (PROMPT, CALL),
    GOES_ON,
    ("by 0 is", " [Calculator(1 / 0)"),
    Continuation("zero in '1 / 0'.]", " nothing.", weight=2.0),
    ("twice", " [Calculator(1\nand"),
    ("on", " on"),
]


@contextmanager
def in_front(
    url: str, *tools: Tool, headers: dict[str, str] | None = None, **settings: object
) -> Iterator[tuple[OpenAI, Upstream, str]]:
    config = ServeConfig(**settings)
    model = scripted()
    with LiveTools(tools, today=TODAY) as live, listen("127.0.0.1", 0) as listening:
        served = Served("front", model.grammar, live, config, today=TODAY)
        with Upstream(
            url,
            model="tested",
            headers=headers or {},
            grammar=model.grammar,
            execute=limited(live.execute, timeout_s=10, most=8),
            max_streams=config.max_streams,
            max_waiting=config.max_waiting,
        ) as answering:
            address = address_of(listening)
            with (
                in_background(make_app(served, answering), listening),
                OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0) as client,
            ):
                yield client, answering, address


@pytest.fixture(scope="module")
def behind() -> Iterator[Serving]:
    with serving(scripted(*SCRIPT), keys=["secret"]) as made:
        yield made


@pytest.fixture
def front(behind: Serving) -> Iterator[OpenAI]:
    headers = {"authorization": "Bearer secret"}
    with in_front(f"{behind.address}/v1", calculator, headers=headers) as (client, _, _):
        yield client
        assert behind.is_idle()


def text_of(client: OpenAI, prompt: str, **options: object) -> str:
    made = client.completions.create(model="front", prompt=prompt, **options)  # type: ignore[call-overload]
    text: str = made.choices[0].text
    return text


def test_a_call_in_what_the_other_writes_is_run_and_its_output_is_read_on(front: OpenAI) -> None:
    assert text_of(front, PROMPT) == f"{CALL} -> 4] 4."
    assert text_of(front, PROMPT, extra_body={"calls": "hidden"}) == " 4."


def test_it_is_streamed_as_from_a_model_of_our_own(front: OpenAI) -> None:
    chunks = front.completions.create(model="front", prompt=PROMPT, stream=True)
    assert "".join(chunk.choices[0].text for chunk in chunks) == f"{CALL} -> 4] 4."


def test_a_failed_call_is_no_part_of_the_answer(front: OpenAI) -> None:
    made = front.completions.create(model="front", prompt="1 by 0 is", extra_body={"trace": True})
    [choice] = made.choices
    assert choice.text == " nothing."
    [trace] = (choice.model_extra or {})["trace"]
    assert [event["error"] for event in trace["events"]] == ["Cannot divide by zero in '1 / 0'."]


def test_a_call_that_does_not_close_stays_in_the_text(front: OpenAI) -> None:
    assert text_of(front, "twice") == " [Calculator(1\nand"


def test_an_answer_ends_at_its_tokens_and_its_stop(front: OpenAI) -> None:
    assert text_of(front, "on", max_tokens=3) == " on on on"
    assert text_of(front, PROMPT, stop=" 4.") == f"{CALL} -> 4]"


def test_a_server_that_refuses_is_quoted(behind: Serving) -> None:
    with (
        in_front(f"{behind.address}/v1", calculator) as (client, _, _),
        pytest.raises(openai.InternalServerError, match=r"status 401: .*invalid_api_key"),
    ):
        text_of(client, PROMPT)


def test_a_server_that_is_not_there_is_told() -> None:
    with listen("127.0.0.1", 0) as free:
        address = address_of(free)
    with (
        in_front(f"{address}/v1") as (client, _, _),
        pytest.raises(openai.InternalServerError, match="could not be reached: ConnectError"),
    ):
        text_of(client, PROMPT)
    with pytest.raises(ConfigError, match="is not an address"), in_front("localhost:1"):
        pass


def test_a_client_that_leaves_is_given_up_at_both_servers() -> None:
    release = Event()

    @tool(name="Calculator")
    def wait(expression: str) -> str:
        """Waits."""
        release.wait(timeout=60)
        return "4"

    many = 200_000  # tokens, so that no machine is fast enough to end the answer first
    with (
        serving(scripted(*SCRIPT, max_length=many + 64), max_tokens=many) as behind,
        in_front(f"{behind.address}/v1", wait, max_streams=1, max_tokens=many) as (
            client,
            answering,
            address,
        ),
    ):
        for prompt in (PROMPT, "on"):
            body = {"prompt": prompt, "max_tokens": many}
            with pytest.raises(requests.Timeout):
                requests.post(f"{address}/v1/completions", json=body, timeout=0.2)
            assert text_of(client, "on", max_tokens=1, timeout=20) == " on"
        assert behind.is_idle()
        assert (answering.running, answering.waiting) == (0, 0)
        release.set()


def test_log_probabilities_are_not_passed_on_and_are_refused(front: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="another server has the model"):
        text_of(front, PROMPT, logprobs=0)


def test_there_is_no_chat_with_a_model_elsewhere(front: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="has no chat template"):
        front.chat.completions.create(model="front", messages=[{"role": "user", "content": "a"}])
