"""`toolformer serve` as a command: where it listens, what it refuses, how it ends."""

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from openai import OpenAI

from toolformer.cli.main import run

MODEL = """
from toolformer.lm.scripted import ScriptedLanguageModel
from toolformer.lm.scripted.streams import Continuation

SCRIPT = (
    Continuation("2 + 2 is", " [Calculator(2 + 2)"),
    Continuation("]", " 4."),
    Continuation("on", " on"),
)
model = ScriptedLanguageModel(continuations=SCRIPT)
"""


@pytest.fixture(autouse=True)
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "script.py").write_text(MODEL)
    (tmp_path / "keys.txt").write_text("secret\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--api-key", "sk-typed-by-mistake"], "--api-key names an environment variable"),
        (["--host", "no.such.host.invalid"], "Cannot listen at no.such.host.invalid, port 8000"),
        (["--port", "0", "--default-tokens", "2000"], "default_tokens is 2000"),
        (["--port", "0", "--upstream", "localhost"], "is not an address"),
        (["--upstream-headers", "A=B"], "--upstream-headers is for the server"),
        (["--streams", "0"], "The setting 'max_streams' cannot be 0"),
        (["--today", "soon"], "'soon'"),
    ],
)
def test_what_cannot_be_served_is_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["serve", "script.py:model", *arguments]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert "sk-" not in said


def test_a_port_that_is_taken_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run(["serve", "script.py:model", "--port", str(port)]) == 2
    assert f"port {port}: Address already in use. Name another" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_it_answers_until_it_is_interrupted(end: signal.Signals) -> None:
    command = [sys.executable, "-m", "toolformer", "serve", "script.py:model", "--port", "0"]
    command += ["--api-key", "keys.txt", "--no-demonstrations"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = ""
        while "Serving" not in said:
            said += process.stderr.readline()
        found = re.search(r"at (http://[\d.:]+)/v1; try it at", said)
        assert found is not None, said
        assert "Serving script.py:model with Calculator, Calendar, Database" in said
        assert "secret" not in said
        with OpenAI(base_url=f"{found[1]}/v1", api_key="secret", max_retries=0) as client:
            [model] = client.models.list().data
            made = client.completions.create(model=model.id, prompt="2 + 2 is")
            assert made.choices[0].text == " [Calculator(2 + 2) -> 4] 4."
        body = {"prompt": "on", "max_tokens": 1024, "stream": True}
        headers = {"authorization": "Bearer secret"}
        with requests.post(
            f"{found[1]}/v1/completions", json=body, headers=headers, stream=True, timeout=20
        ) as answered:
            assert answered.status_code == 200
            process.send_signal(end)
            assert process.wait(timeout=20) == 128 + end
        assert "Traceback" not in process.stderr.read()
