"""One thread answers many clients: places, slow tools, clients that leave, bugs."""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import openai
import pytest
import requests

from tests.infer.decoding import scripted
from tests.serve.serving import Serving, serving
from toolformer.lm.scripted import ScriptedLanguageModel
from toolformer.lm.scripted.streams import Continuation
from toolformer.lm.streams import StepRequest, StepResult
from toolformer.tools import tool
from toolformer.tools.base import Tool

SLOW = (
    Continuation("wait", " [Wait(now)"),
    Continuation("-> done]", " well."),
    Continuation("bug", " [Bug(now)"),
    Continuation("bug", " no.", weight=0.5),
    Continuation("wait", " no.", weight=0.5),
    Continuation("quick", " one two three."),
    Continuation("on", " on"),
)


@pytest.fixture
def release() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def waiting_for(release: threading.Event) -> Tool:
    @tool(name="Wait", pure=False)
    def wait(what: str) -> str:
        """Waits until it is released."""
        assert release.wait(timeout=60)
        return "done"

    return wait


@tool(name="Bug")
def bug(what: str) -> str:
    """Raises what no tool should."""
    raise SystemExit(3)


def text_of(server: Serving, prompt: str, **options: object) -> str:
    made = server.client.completions.create(model="tested", prompt=prompt, **options)  # type: ignore[call-overload]
    text: str = made.choices[0].text
    return text


def test_a_slow_tool_holds_up_its_own_stream_alone(release: threading.Event) -> None:
    with serving(scripted(*SLOW), [waiting_for(release)]) as server, ThreadPoolExecutor(2) as pool:
        slow = pool.submit(text_of, server, "wait")
        while not server.answering.running:
            time.sleep(0.001)
        assert [text_of(server, "quick") for _ in range(3)] == [" one two three."] * 3
        assert not slow.done()
        release.set()
        assert slow.result(timeout=20) == " [Wait(now) -> done] well."


def test_a_call_that_takes_too_long_has_failed(release: threading.Event) -> None:
    with serving(scripted(*SLOW), [waiting_for(release)], call_timeout_s=0.05) as server:
        made = server.client.completions.create(
            model="tested", prompt="wait", extra_body={"trace": True}
        )
        [choice] = made.choices
        assert choice.text == " no."
        [trace] = (choice.model_extra or {})["trace"]
        assert trace["events"][0]["error"] == "Wait took more than 0.05 s."


def test_calls_of_clients_that_left_do_not_pile_up(release: threading.Event) -> None:
    settings = {"max_running_calls": 1, "max_waiting": 8}
    with serving(scripted(*SLOW), [waiting_for(release)], **settings) as server:
        leave(server, "wait", after_s=0.1)
        assert server.is_idle()
        assert text_of(server, "wait") == " no."
        release.set()
        while (text := text_of(server, "wait")) == " no.":
            time.sleep(0.01)
        assert text == " [Wait(now) -> done] well."


def leave(server: Serving, prompt: str, *, after_s: float, stream: bool = False) -> None:
    """Asks for an answer and leaves before it is there."""
    body = {"prompt": prompt, "stream": stream, "max_tokens": 1024}
    try:
        with requests.post(
            f"{server.address}/v1/completions", json=body, stream=True, timeout=after_s
        ) as answered:
            time.sleep(after_s)
            answered.close()
    except requests.RequestException:
        pass


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_frees_its_place_at_once(
    stream: bool, release: threading.Event
) -> None:
    with serving(scripted(*SLOW), [waiting_for(release)], max_streams=1) as server:
        for prompt in ("wait", "on"):
            leave(server, prompt, after_s=0.05, stream=stream)
            assert text_of(server, "quick", timeout=20) == " one two three."
        assert server.is_idle()


def test_answers_wait_for_a_place_and_beyond_that_are_refused(release: threading.Event) -> None:
    settings = {"max_streams": 1, "max_waiting": 1}
    with (
        serving(scripted(*SLOW), [waiting_for(release)], **settings) as server,
        ThreadPoolExecutor(2) as pool,
    ):
        first = pool.submit(text_of, server, "wait")
        while not server.answering.running:
            time.sleep(0.001)
        second = pool.submit(text_of, server, "quick")
        while not server.answering.waiting:
            time.sleep(0.001)
        with pytest.raises(openai.RateLimitError, match="1 requests wait already") as refused:
            text_of(server, "quick")
        assert refused.value.response.headers["retry-after"] == "1"
        release.set()
        assert first.result(timeout=20).endswith("well.")
        assert second.result(timeout=20) == " one two three."


def test_a_bug_of_a_tool_ends_no_other_answer() -> None:
    with serving(scripted(*SLOW), [bug]) as server:
        assert text_of(server, "bug") == " no."
        assert text_of(server, "quick") == " one two three."


class Breaking(ScriptedLanguageModel):
    """A model with a bug that shows once a text is "bad"."""

    def streams(self) -> Any:
        made = super().streams()

        class Streams:
            def __getattr__(self, name: str) -> Any:
                return getattr(made, name)

            def step(self, asks: Sequence[StepRequest]) -> list[StepResult]:
                if any(made.text(each.stream).endswith("bad") for each in asks):
                    raise RuntimeError("a secret of the inside")
                return made.step(asks)

        return Streams()


def test_a_bug_of_the_model_loses_the_answers_of_the_moment_and_no_others() -> None:
    with serving(Breaking(continuations=SLOW)) as server:
        assert text_of(server, "quick") == " one two three."
        with pytest.raises(openai.InternalServerError, match="The answer was lost") as failed:
            text_of(server, "bad")
        assert "inside" not in str(failed.value)
        assert text_of(server, "quick") == " one two three."
        assert server.is_idle()


def test_clients_that_come_and_go_leave_nothing_behind(release: threading.Event) -> None:
    """The fast version of what `benchmarks.serve` does a thousand times."""
    release.set()
    random = Random(0)

    def visit(number: int) -> str:
        draw = random.random()
        if draw < 0.3:
            leave(server, random.choice(["on", "wait"]), after_s=0.02, stream=number % 2 == 0)
            return "left"
        if draw < 0.4:
            requests.post(f"{server.address}/v1/completions", data=b"{", timeout=20)
            return "malformed"
        try:
            return text_of(server, random.choice(["quick", "wait"]))
        except openai.RateLimitError:
            return "refused"

    settings = {"max_streams": 4, "max_waiting": 8}
    with (
        serving(scripted(*SLOW), [waiting_for(release)], **settings) as server,
        ThreadPoolExecutor(16) as pool,
    ):
        ends = list(pool.map(visit, range(100)))
        assert server.is_idle()
    answers = {" one two three.", " [Wait(now) -> done] well."}
    assert set(ends) <= {"left", "malformed", "refused", *answers}
    assert {"left", *answers} <= set(ends)
