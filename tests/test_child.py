"""A process and the line to it: what is said, what takes too long, how it ended."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from toolformer.child import Child, LostError

MAIN = """
import json, os, signal, sys, time
from toolformer.child import serve

def main(greeting):
    line = serve()
    print("noise")
    with line.makefile("rb") as requests:
        for request in map(json.loads, requests):
            match request:
                case "wait":
                    time.sleep(60)
                case "drip":
                    while True:
                        line.sendall(b" ")
                        time.sleep(0.01)
                case "end":
                    os._exit(3)
                case "die":
                    os.kill(os.getpid(), signal.SIGKILL)
                case "garbage":
                    line.sendall(b"{{\\n")
                case "long":
                    line.sendall(b"x" * 100_000 + b"\\n")
            said = {"said": f"{greeting} {request}", "input": sys.stdin.read()}
            line.sendall(json.dumps(said).encode() + b"\\n")
"""


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Child]:
    file = tmp_path / "main.py"
    file.write_text(MAIN, encoding="utf-8")
    child = Child(file, "Hello", name="Echo")
    yield child
    child.kill()


def test_a_line_is_answered_by_a_line_and_nothing_else_is_read_or_written(
    child: Child, capfd: pytest.CaptureFixture[str]
) -> None:
    for text in ("you", "\ud800 and\nyou"):
        child.send(text)
        assert child.receive(30, max_bytes=1000) == {"said": f"Hello {text}", "input": ""}
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("text", ["wait", "drip"])
def test_no_whole_line_in_time_is_a_timeout(child: Child, text: str) -> None:
    child.send("you")
    child.receive(30, max_bytes=1000)
    child.send(text)
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        child.receive(0.2, max_bytes=1 << 20)
    assert time.monotonic() - start < 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("end", "Echo ended its process with exit status 3."),
        ("die", "The process of Echo was killed by SIGKILL."),
        ("garbage", "Echo closed the line to its process; it was stopped."),
        ("long", "Echo closed the line to its process; it was stopped."),
    ],
)
def test_how_a_process_was_lost_is_said(child: Child, text: str, message: str) -> None:
    child.send(text)
    with pytest.raises(LostError) as error:
        child.receive(30, max_bytes=1000)
    assert str(error.value) == message


def test_what_has_been_sent_is_seen_and_still_received(child: Child) -> None:
    assert not child.has_sent(0.01)
    child.send("hello")
    assert child.has_sent(30)
    assert child.receive(5, max_bytes=1000)["said"] == "Hello hello"
    child.send("end")
    assert child.has_sent(30)
    with pytest.raises(LostError):
        child.receive(5, max_bytes=1000)
