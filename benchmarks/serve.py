"""Many clients at once, and clients that misbehave: `python -m benchmarks.serve`.

Prompts are those of `benchmarks.decoding`: the model continues them for all of the tokens. Clients
stream over sockets of their own, in this process; the server is another. `transformers serve` gets
the same requests, as it comes and with continuous batching. Rounds alternate, the best counts; a
first token is timed from before the connection is opened.

The abused server has a Calculator that takes up to half a second. Of its clients three in ten leave
at some time, one in ten sends what is not a request, and the others compare what they got with the
answer to a client that was alone.
"""

import argparse
import asyncio
import json
import random
import re
import statistics
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import report
from benchmarks.decoding import cut_texts, long_enough
from toolformer.assets import asset
from toolformer.infer.config import InferConfig
from toolformer.lm.hf.model import load
from toolformer.serve import ServeConfig, serving
from toolformer.tools import tool

ALONE = 4  # requests that are sent one after another
BAR = 6.0
_PATIENCE_S = 120.0
_MALFORMED = (b"{", b"[]", b'{"prompt": 3}', b'{"prompt": "a", "n": 99}', b"\xff" * 200)
_SUMS = [f"There are {a} + {b} =" for a in (12, 17, 40) for b in (3, 25, 31, 58)]


@dataclass(frozen=True, slots=True)
class Visit:
    """What a client got."""

    text: str
    first_s: float
    ended: str  # whole, left, refused, stuck


@dataclass(frozen=True, slots=True)
class Speed:
    """How many tokens came in how long, and how long their first took."""

    tokens: int
    seconds: float
    first_s: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Tokens/s."""
        return self.tokens / self.seconds


def main() -> None:
    """Runs the benchmark."""
    made = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    made.add_argument("--model", default="nano", help="a directory, a Hub id or nano")
    made.add_argument("--clients", type=int, default=32)
    made.add_argument("--new-tokens", type=int, default=128)
    made.add_argument("--prompt-tokens", type=int, default=64)
    made.add_argument("--rounds", type=int, default=3)
    made.add_argument("--abuses", type=int, default=1000)
    made.add_argument("--alone", action="store_true", help="leave transformers' server out")
    made.add_argument("--abused", action="store_true", help="be the server that is abused")
    made.add_argument("--write", type=Path, help="put the tables into this page of docs/results/")
    given = made.parse_args()
    if given.abused:
        be_abused(given.model)
        return
    model = load(given.model)
    config = InferConfig(max_new_tokens=given.new_tokens, max_streams=given.clients)
    texts = cut_texts(model, tokens=given.prompt_tokens)
    prompts = list(islice(long_enough(model, texts, config), given.clients))
    parts = [compare(given, prompts), abuse(given.model, given.abuses)]
    settings = {
        "model": f"{model.name} ({model.fingerprint})",
        "prompts of tokens": given.prompt_tokens,
        "new tokens": given.new_tokens,
        "clients": len(prompts),
    }
    text = report.section("Serving", parts, module="benchmarks.serve", settings=settings)
    report.publish(text, name="serve", path=given.write)


def compare(given: argparse.Namespace, prompts: Sequence[str]) -> str:
    """Times this server and that of transformers; returns a table."""
    weights = str(asset("nano")) if given.model == "nano" else given.model
    own = [sys.executable, "-m", "toolformer", "serve", given.model, "--port", "0", "--no-tools"]
    other = ["transformers", "serve", weights, "--port", "{port}", "--device", "cpu"]
    other += ["--dtype", "float32"]
    program = str(Path(sys.executable).parent / "transformers")
    rows: list[list[report.Cell]] = []
    servers = {"toolformer serve": own}
    if not given.alone:
        servers["transformers serve"] = [program, *other[1:]]
        servers["the same, --continuous-batching"] = [
            program, *other[1:], "--continuous-batching",
        ]  # fmt: skip
    for name, command in servers.items():
        try:
            with started(command) as address:
                alone, together = timed(
                    address, given, prompts, weights=weights, own=name == "toolformer serve"
                )
        except (RuntimeError, OSError) as error:
            print(f"{name}: {error}", file=sys.stderr)
            rows.append([name, "–", "–", str(error)[:60], "–", "–"])
            continue
        bar = f"≥ {BAR:g}" if name == "toolformer serve" else "–"
        rows.append(
            [
                name,
                f"{alone.rate:,.0f}",
                f"{together.rate:,.0f}",
                f"{together.rate / alone.rate:.1f} × one (bar {bar})",
                f"{1000 * statistics.median(alone.first_s):.0f} ms",
                f"{1000 * statistics.median(together.first_s):.0f} / "
                f"{1000 * max(together.first_s):.0f} ms",
            ]
        )
    return report.table(
        [
            "server",
            "one client, tokens/s",
            f"{len(prompts)} clients, tokens/s",
            "compared",
            "first token, one client",
            f"first token, {len(prompts)} clients: median / worst",
        ],
        rows,
    )


@contextmanager
def started(command: Sequence[str]) -> Iterator[str]:
    """Starts a server and gives its address once it answers."""
    port = free_port()
    command = [each.format(port=port) for each in command]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        try:
            yield address_of(process, port)
        finally:
            process.terminate()
            process.wait()


def address_of(process: "subprocess.Popen[bytes]", port: int) -> str:
    """Waits for a server: one of our own says its address, another is asked at its port."""
    import threading

    said: list[str] = []
    stream = process.stderr
    assert stream is not None
    lines = threading.Thread(
        target=lambda: said.extend(map(bytes.decode, iter(stream.readline, b""))), daemon=True
    )
    lines.start()
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        found = re.search(r"at (http://[\d.:]+)/v1", "".join(said))
        address = found[1] if found else f"http://localhost:{port}"
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=5):  # noqa: S310
                return address
        except OSError:
            time.sleep(0.2)
        if process.poll() is not None:
            raise RuntimeError("".join(said)[-300:] or "it ended at once")
    raise RuntimeError("it does not answer")


def free_port() -> int:
    """Returns a port that is free now."""
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def timed(
    address: str, given: argparse.Namespace, prompts: Sequence[str], *, weights: str, own: bool
) -> tuple[Speed, Speed]:
    """Returns how fast one client is answered, and many at once: the best rounds of each."""
    name = given.model if own else weights
    bodies = [
        json.dumps(
            {
                "model": name,
                "prompt": prompt,
                "max_tokens": given.new_tokens,
                "temperature": 0,
                "stream": True,
            }
        ).encode()
        for prompt in prompts
    ]

    async def one() -> list[Visit]:
        return [await visit(address, body) for body in bodies[:ALONE]]

    async def many() -> list[Visit]:
        return list(await asyncio.gather(*(visit(address, body) for body in bodies)))

    asyncio.run(one())  # a warm-up
    asyncio.run(many())
    speeds: list[list[Speed]] = [[], []]
    for _ in range(given.rounds):
        for kept, ask in zip(speeds, (one, many), strict=True):
            began = time.perf_counter()
            visits = asyncio.run(ask())
            seconds = time.perf_counter() - began
            if any(each.ended != "whole" for each in visits):
                raise RuntimeError(f"an answer was {Counter(each.ended for each in visits)}")
            first = tuple(each.first_s for each in visits)
            kept.append(Speed(given.new_tokens * len(visits), seconds, first))
    alone, together = (max(each, key=lambda speed: speed.rate) for each in speeds)
    return alone, together


async def visit(address: str, body: bytes, *, leaves_after_s: float | None = None) -> Visit:
    """Sends one request and reads its stream to the end, or leaves before."""
    began = time.perf_counter()
    parts = urlsplit(address)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = (
        f"POST /v1/completions HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    text, first_s, is_finished = "", 0.0, False
    patience = _PATIENCE_S if leaves_after_s is None else leaves_after_s
    try:
        async with asyncio.timeout(patience):
            status = await reader.readline()
            if b" 200 " not in status:
                return Visit(status.decode(), 0.0, "refused")
            while line := await reader.readline():
                if line.startswith(b"data: [DONE]"):
                    return Visit(text, first_s, "whole")
                if line.startswith(b"data: "):
                    for choice in json.loads(line[6:])["choices"]:
                        first_s = first_s or time.perf_counter() - began
                        text += choice["text"] or ""
                        is_finished = is_finished or bool(choice.get("finish_reason"))
        return Visit(text, first_s, "whole" if is_finished else "cut")  # without a [DONE]
    except TimeoutError:
        return Visit(text, first_s, "stuck" if leaves_after_s is None else "left")
    finally:
        writer.close()


def be_abused(model: str) -> None:
    """Serves a model with a slow tool until standard input ends."""
    draws = random.Random(0)

    @tool(name="Calculator", pure=True)
    def slow(expression: str) -> str:
        """Takes its time."""
        time.sleep(draws.uniform(0.0, 0.5))
        return str(len(expression))

    config = ServeConfig(top_k_start=100, default_tokens=48, max_waiting=64)
    with serving(model, [slow], config=config) as address:
        print(f"at {address}/v1", file=sys.stderr, flush=True)
        sys.stdin.read()


def abuse(model: str, count: int) -> str:
    """Sends requests of every kind; returns a table of what came of them."""
    command = [sys.executable, "-m", "benchmarks.serve", "--model", model, "--abused"]
    draws = random.Random(1)
    bodies = {text: json.dumps({"prompt": text, "stream": True}).encode() for text in _SUMS}
    port = free_port()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        address = address_of(process, port)
        alone = {text: asyncio.run(visit(address, body)) for text, body in bodies.items()}
        before = status_of(process.pid)
        began = time.perf_counter()
        ends = asyncio.run(_abusing(address, bodies, alone, count, draws))
        seconds = time.perf_counter() - began
        left = idle_after(address)
        after = status_of(process.pid)
        process.terminate()
        process.wait()
    rows: list[list[report.Cell]] = [[name, number] for name, number in sorted(ends.items())]
    rows += [
        ["streams and requests left over", left],
        ["threads before / after", f"{before['Threads']} / {after['Threads']}"],
        ["open files before / after", f"{before['files']} / {after['files']}"],
        ["memory before / after", f"{before['VmRSS'] / 1e3:.0f} / {after['VmRSS'] / 1e3:.0f} MB"],
    ]
    found = report.table([f"of {count:,} requests in {seconds:.0f} s, 32 at a time", ""], rows)
    return f"The abused server:\n\n{found}"


async def _abusing(
    address: str,
    bodies: dict[str, bytes],
    alone: dict[str, Visit],
    count: int,
    draws: random.Random,
) -> Counter[str]:
    places = asyncio.Semaphore(32)

    async def one() -> str:
        async with places:
            text, kind = draws.choice(_SUMS), draws.random()
            if kind < 0.1:
                return (await visit(address, draws.choice(_MALFORMED))).ended + ", malformed"
            leaves = draws.expovariate(4.0) if kind < 0.4 else None
            got = await visit(address, bodies[text], leaves_after_s=leaves)
            if got.ended == "whole":
                same = got.text == alone[text].text
                return "whole, as alone" if same else "whole, and different"
            return got.ended

    return Counter(await asyncio.gather(*(one() for _ in range(count))))


def idle_after(address: str) -> int:
    """Returns how many answers are written or wait once nobody asks any more."""
    deadline, left = time.monotonic() + 10, 1
    while left and time.monotonic() < deadline:
        with urllib.request.urlopen(f"{address}/health", timeout=10) as answered:  # noqa: S310
            found = json.load(answered)
        left = found["running"] + found["waiting"]
        time.sleep(0.1)
    return int(left)


def status_of(process: int) -> dict[str, int]:
    """Returns threads, open files and memory (kB) of a process."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    found = {
        name: int(line.split()[1])
        for line in lines
        for name in ("Threads", "VmRSS")
        if line.startswith(f"{name}:")
    }
    return found | {"files": len(list(Path(f"/proc/{process}/fd").iterdir()))}


if __name__ == "__main__":
    main()
