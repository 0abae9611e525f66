"""What a server refuses, and in which words: malformed bodies, missing options, keys, limits."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import openai
import pytest
import requests

from tests.infer.decoding import scripted
from tests.serve.serving import Serving, serving

KEY = "tell-nobody"


@pytest.fixture(scope="module")
def server() -> Iterator[Serving]:
    with serving(scripted(("", " so")), max_tokens=8, default_tokens=4, max_choices=3) as made:
        yield made


def post(server: Serving, body: Any, *, path: str = "completions", **options: Any) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"content-type": "application/json"} | options.pop("headers", {})
    return requests.post(
        f"{server.address}/v1/{path}", data=content, headers=headers, timeout=20, **options
    )


@pytest.mark.parametrize(
    ("body", "said", "param"),
    [
        (b"{", "The body of the request is not JSON.", None),
        (b"[" * 100_000, "The body of the request is not JSON.", None),
        (b"\xff\xfe", "The body of the request is not JSON.", None),
        ([1], "The body of a request is a JSON object.", None),
        ({"promt": "a"}, "Unknown parameter 'promt'.", "promt"),
        ({"\ud800": "a"}, "Invalid request", None),
        ({"prompt": [1, 2]}, "Invalid 'prompt.", None),
        ({"prompt": []}, "Invalid 'prompt.", None),
        ({"prompt": "\ud800"}, "holds half a surrogate pair", "prompt"),
        ({"prompt": "a", "max_tokens": 9}, "may have 8 tokens here, not 9", "max_tokens"),
        ({"prompt": "a", "max_tokens": 0}, "Invalid 'max_tokens' 0", "max_tokens"),
        ({"prompt": "a", "max_tokens": "3"}, "Invalid 'max_tokens' '3'", "max_tokens"),
        ({"prompt": "a", "temperature": -1}, "Invalid 'temperature' -1", "temperature"),
        ({"prompt": "a", "n": 4}, "may ask for 3 answers here, not 4", "n"),
        ({"prompt": ["a"] * 4}, "may ask for 3 answers here, not 4", "prompt"),
        ({"prompt": "a", "top_p": 0.9}, "'top_p' is not supported: ", "top_p"),
        ({"prompt": "a", "logit_bias": {"5": 1}}, "'logit_bias' is not supported", "logit_bias"),
        ({"prompt": "a", "logprobs": 3}, "'logprobs' is not supported", "logprobs"),
        ({"prompt": "a", "echo": True}, "'echo' is not supported", "echo"),
        ({"prompt": "a", "stop": [""]}, "Invalid 'stop.", None),
        ({"prompt": "a", "model": "gpt-5"}, "The model 'gpt-5' is not here", "model"),
    ],
)
def test_a_request_that_cannot_be_answered_is_told_why(
    server: Serving, body: Any, said: str, param: str | None
) -> None:
    answered = post(server, body)
    error = answered.json()["error"]
    assert answered.status_code == (404 if param == "model" else 400)
    assert said in error["message"]
    assert error["type"] == ("not_found_error" if param == "model" else "invalid_request_error")
    assert param is None or error["param"] == param
    assert server.is_idle()


@pytest.mark.parametrize(
    "options",
    [
        {"top_p": 1, "presence_penalty": 0, "frequency_penalty": 0.0, "logit_bias": None},
        {"best_of": 1, "echo": False, "suffix": None, "user": "me", "n": 1, "seed": None},
        {"model": "tested", "stop": None, "stream": False, "logprobs": None},
    ],
)
def test_what_changes_nothing_is_passed_over(server: Serving, options: dict[str, Any]) -> None:
    answered = post(server, {"prompt": "a", **options})
    assert answered.status_code == 200, answered.text
    assert answered.json()["choices"][0]["text"] == " so so so so"


def test_other_kinds_of_content_are_refused(server: Serving) -> None:
    answered = post(server, {"prompt": "a"}, headers={"content-type": "text/plain"})
    assert answered.status_code == 415


def test_a_long_body_is_refused_while_it_comes() -> None:
    with serving(scripted(("", " so")), max_body=100) as server:
        assert post(server, {"prompt": "a"}).status_code == 200
        answered = post(server, {"prompt": "a" * 100})
        assert answered.status_code == 413
        assert "at most 100 bytes" in answered.json()["error"]["message"]


def test_paths_and_methods_that_are_not_there_are_told_alike(server: Serving) -> None:
    there = requests.get(f"{server.address}/v1/embeddings", timeout=20)
    assert (there.status_code, there.json()["error"]["message"]) == (404, "Not Found.")
    assert requests.get(f"{server.address}/v1/completions", timeout=20).status_code == 405
    with pytest.raises(openai.NotFoundError, match="'other' is not here"):
        server.client.models.retrieve("other")


def test_a_name_that_another_site_gave_this_machine_is_refused(server: Serving) -> None:
    headers = {"host": "evil.example"}
    assert requests.get(server.address, headers=headers, timeout=20).status_code == 400


def test_only_clients_with_a_key_are_answered() -> None:
    with serving(scripted(("", " so")), keys=[KEY, "another"]) as server:
        assert server.client.completions.create(model="tested", prompt="a").choices
        for header in ({}, {"authorization": "Bearer tell"}, {"authorization": KEY}):
            for path in ("models", "models/tested"):
                answered = requests.get(f"{server.address}/v1/{path}", headers=header, timeout=20)
                assert answered.status_code == 401
                assert answered.json()["error"]["code"] == "invalid_api_key"
            assert post(server, b"{", headers=header).status_code == 401
        assert requests.get(f"{server.address}/metrics", timeout=20).status_code == 401
        assert requests.get(f"{server.address}/health", timeout=20).status_code == 200
        assert requests.get(f"{server.address}/", timeout=20).status_code == 200
        assert server.is_idle()


def test_what_is_no_http_harms_nobody(server: Serving) -> None:
    address = server.address.removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1])), timeout=20) as client:
        client.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        assert b"400" in client.recv(1000)
    assert post(server, {"prompt": "a"}).status_code == 200
