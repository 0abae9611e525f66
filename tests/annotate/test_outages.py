"""A server that is killed in the middle of a run: only what it missed is asked again."""

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from toolformer.annotate import AnnotateConfig, annotate
from toolformer.calls import ToolCall
from toolformer.lm.scripted import ScriptedCall, ScriptedLanguageModel
from toolformer.runs.directory import Run
from toolformer.tools import Toolbox, tool

CALLS, PER_SHARD = 1000, 20
# Doubles numbers, tells in a file which ones it was asked for, and ends itself after so many.
SERVER = """
import os, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock

seen, most, lock = open(sys.argv[1], "a"), int(sys.argv[3]), Lock()

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        global most
        number = self.path.rpartition("=")[2]
        with lock:
            if most == 0:
                os._exit(9)
            most -= 1
            print(number, file=seen, flush=True)
        reply = str(2 * int(number)).encode()
        self.send_response(200)
        self.send_header("content-type", "text/plain")
        self.send_header("content-length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_):
        pass

server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""


def serve(log: Path, *, port: int = 0, most: int = -1) -> tuple[subprocess.Popen[str], int]:
    command = [sys.executable, "-c", SERVER, str(log), str(port), str(most)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def run(out: Path, port: int, *, options: str = "", texts: int = CALLS) -> Run:
    numbers = range(texts)
    corpus = [f"Twice {number} is {2 * number}, as anybody can see." for number in numbers]
    model = ScriptedLanguageModel(
        [
            ScriptedCall("Double", after=f"Twice {number} is", writes=(f"{number})",))
            for number in numbers
        ]
    )
    spec = f"http:url=http://127.0.0.1:{port}/?n={{n}},name=Double,private=yes,per_second=0"
    spec += f",retries=0,{options}".rstrip(",")
    config = AnnotateConfig(method="paper", documents_per_shard=PER_SHARD)
    with Toolbox([spec]) as toolbox:
        return annotate(corpus, model=model, tools=toolbox, out=out, config=config)


def test_a_server_that_is_killed_costs_a_second_run_of_what_it_missed(tmp_path: Path) -> None:
    log = tmp_path / "asked"
    process, port = serve(log, most=400)
    try:
        first = run(tmp_path / "run", port)
        process.wait(timeout=10)
    finally:
        process.kill()
        process.communicate()
    stats = first.stats()
    missed = stats.tools["Double"].unavailable
    assert missed == CALLS - 400
    assert stats.documents == CALLS

    before = Counter(log.read_text().split())
    assert sum(before.values()) == 400
    process, _ = serve(log, port=port)
    try:
        second = run(tmp_path / "run", port)
    finally:
        process.kill()
        process.communicate()
    whole = second.stats()
    double = whole.tools["Double"]
    assert whole.documents == double.executed == double.scored == CALLS
    assert double.unavailable == 0
    ids = [one.document.text for one in second.documents()]
    assert len(ids) == len(set(ids)) == CALLS
    outputs = {
        candidate.arguments: candidate.output
        for one in second.documents()
        for candidate in one.candidates
    }
    assert outputs == {str(number): str(2 * number) for number in range(CALLS)}
    # A shard is tried again as a whole: of those that had all of their answers, none is.
    asked = Counter(log.read_text().split()) - before
    assert set(map(str, range(CALLS))) - set(before) <= set(asked)
    twice = [number for number in asked if number in before]
    assert len(twice) < PER_SHARD * 4


def test_a_secret_stands_in_no_file_of_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MY_TOKEN", "s3cret-t0ken")
    caplog.set_level("DEBUG")
    process, port = serve(tmp_path / "asked", most=30)  # and then the server is away
    options = "headers=Authorization=MY_TOKEN"
    try:
        found = run(tmp_path / "run", port, options=options, texts=60)
    finally:
        process.kill()
        process.communicate()
    assert found.stats().tools["Double"].unavailable
    rows = repr(list(found.documents()))
    files = [path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert b"MY_TOKEN" in b"".join(files)
    for text in (rows, caplog.text, *(content.decode("latin-1") for content in files)):
        assert "s3cret" not in text


def test_two_hundred_slow_calls_wait_together() -> None:
    import asyncio

    @tool
    async def slow(number: int) -> int:
        """Answers after a second."""
        await asyncio.sleep(1)
        return 2 * number

    with Toolbox([slow]) as toolbox:
        began = time.monotonic()
        results = toolbox.execute([ToolCall("slow", str(number)) for number in range(200)])
        seconds = time.monotonic() - began
    assert [result.output for result in results] == [str(2 * number) for number in range(200)]
    assert seconds < 12


def test_a_slow_tool_holds_up_no_other() -> None:
    ended: dict[str, float] = {}

    @tool
    def slow(number: int) -> str:
        """Takes its time."""
        time.sleep(0.5)
        ended["slow"] = time.monotonic()
        return str(number)

    @tool
    def quick(number: int) -> str:
        """Takes none."""
        ended["quick"] = time.monotonic()
        return str(number)

    calls = [ToolCall("slow", str(number)) for number in range(8)]
    calls += [ToolCall("quick", str(number)) for number in range(50)]
    with Toolbox([slow, quick], workers=2) as toolbox:
        assert all(result.output for result in toolbox.execute(calls))
    assert ended["quick"] < ended["slow"] - 1


@pytest.mark.parametrize("most", [1, 3])
def test_no_more_calls_run_at_a_time_than_a_tool_allows(most: int) -> None:
    running = peak = 0

    @tool(at_once=most)
    async def counted(number: int) -> int:
        """Counts how many run."""
        import asyncio

        nonlocal running, peak
        running += 1
        peak = max(peak, running)
        await asyncio.sleep(0.02)
        running -= 1
        return number

    with Toolbox([counted]) as toolbox:
        toolbox.execute([ToolCall("counted", str(number)) for number in range(12)])
    assert peak == most
