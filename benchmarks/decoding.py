"""Decoding in tokens/s, alone and side by side: `python -m benchmarks.decoding`.

Prompts of 64 tokens are cut from the sample corpus; taken are those the model goes on from for all
of the 128 tokens. No tool is there to be called. `generate` is transformers' own, with its cache,
on the same prompts one by one. Each is warmed up and timed in turn, and the best round counts. The
first token is timed from the start of the command to the first byte of its answer.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch

from benchmarks import report
from toolformer.assets import EMBEDDED_MODEL, asset
from toolformer.corpus.read import read_corpus
from toolformer.infer.config import InferConfig
from toolformer.infer.decode import decode
from toolformer.infer.request import Request
from toolformer.lm.hf.model import HFLanguageModel, load
from toolformer.tools.registry import default_tools

ALONE = 4  # prompts that are timed one by one


@dataclass(frozen=True, slots=True)
class Speed:
    """How many tokens came in how long."""

    name: str
    tokens: int
    seconds: float

    @property
    def rate(self) -> float:
        """Tokens/s."""
        return self.tokens / self.seconds


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description="Decoding in tokens/s.")
    parser.add_argument("--model", default=EMBEDDED_MODEL, help="a directory, a Hub id or nano")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--prompt-tokens", type=int, default=64)
    parser.add_argument("--new-tokens", type=int, default=128)
    parser.add_argument("--streams", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", type=Path, help="put the table into this file")
    arguments = parser.parse_args()
    model = load(arguments.model, device=arguments.device, dtype=arguments.dtype)
    config = InferConfig(max_new_tokens=arguments.new_tokens, max_streams=arguments.streams)
    texts = cut_texts(model, tokens=arguments.prompt_tokens)
    prompts = list(islice(long_enough(model, texts, config), arguments.streams))
    found = best_of(
        arguments.rounds,
        [
            lambda: generate(model, prompts[:ALONE], tokens=arguments.new_tokens),
            lambda: alone(model, prompts[:ALONE], config),
            lambda: together(model, prompts, config),
        ],
    )
    text = report.section(
        "Decoding",
        [
            table(found, streams=len(prompts)),
            f"From the start of `toolformer infer {arguments.model} PROMPT` to the first byte of"
            f" its answer: {first_byte(arguments.model, prompts[0], rounds=arguments.rounds):.2f} s"
            f" (best of {arguments.rounds}).",
        ],
        module="benchmarks.decoding",
        settings={
            "model": f"{model.name} ({model.fingerprint})",
            "dtype": arguments.dtype,
            "prompts of tokens": arguments.prompt_tokens,
            "new tokens": arguments.new_tokens,
            "threads": torch.get_num_threads(),
            "load before": f"{load_average():.1f}",
        },
    )
    report.publish(text, name="decoding", path=arguments.write)


def generate(model: HFLanguageModel, prompts: Sequence[str], *, tokens: int) -> Speed:
    """Times transformers' own greedy decoding, prompt by prompt."""
    forward, encoding = model.engine.forward, model.engine.encoding
    rows = [forward.tensor([[*encoding.start, *encoding.text(each).ids]]) for each in prompts]
    begin = time.perf_counter()
    for row in rows:
        forward.backend.model.generate(
            row,
            attention_mask=torch.ones_like(row),
            do_sample=False,
            use_cache=True,
            min_new_tokens=tokens,
            max_new_tokens=tokens,
            pad_token_id=0,
        )
    return Speed("generate", tokens * len(rows), time.perf_counter() - begin)


def alone(model: HFLanguageModel, prompts: Sequence[str], config: InferConfig) -> Speed:
    """Times our decoding, prompt by prompt."""
    begin = time.perf_counter()
    tokens = sum(together(model, [prompt], config).tokens for prompt in prompts)
    return Speed("one stream", tokens, time.perf_counter() - begin)


def together(model: HFLanguageModel, prompts: Sequence[str], config: InferConfig) -> Speed:
    """Times our decoding, the prompts side by side."""
    requests = _requests(prompts, config)
    begin = time.perf_counter()
    tokens = sum(answer.tokens for answer in decode(model, requests))
    return Speed(f"{len(prompts)} streams", tokens, time.perf_counter() - begin)


def best_of(rounds: int, timed: Sequence[Callable[[], Speed]]) -> list[Speed]:
    """Times each in turn, a warm-up before, and returns the best of each."""
    found: list[list[Speed]] = [[each() for each in timed] for _ in range(1 + rounds)]
    return [max(column, key=lambda each: each.rate) for column in zip(*found[1:], strict=True)]


def first_byte(model: str, prompt: str, *, rounds: int) -> float:
    """Returns the seconds from a command's start to the first byte of its answer."""
    command = [sys.executable, "-m", "toolformer", "infer", model, prompt, "--no-tools"]
    taken = []
    for _ in range(rounds):
        begin = time.perf_counter()
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        ) as process:
            assert process.stdout is not None
            if not process.stdout.read(1):
                raise SystemExit(f"The command gave no answer: {' '.join(command)}")
            taken.append(time.perf_counter() - begin)
            process.kill()
    return min(taken)


def table(found: Sequence[Speed], *, streams: int) -> str:
    """Lays the rates side by side, with the bars."""
    plain, one, many = (each.rate for each in found)
    rows: list[list[report.Cell]] = [
        ["generate", f"{plain:.0f}", "–", "–"],
        ["one stream", f"{one:.0f}", f"{one / plain:.2f} × generate", "≥ 0.9"],
        [f"{streams} streams", f"{many:.0f}", f"{many / one:.1f} × one stream", "≥ 8"],
    ]
    return report.table(["decoding", "tokens/s", "compared", "bar"], rows)


def cut_texts(model: HFLanguageModel, *, tokens: int) -> Iterator[str]:
    """Yields texts of the sample corpus, put together and cut to so many tokens."""
    joined = ""
    for document in read_corpus(asset("sample.jsonl.gz"), on_problem=lambda _: None):
        joined = f"{joined} {document.text}".strip()
        ends = model.token_ends(joined)
        if len(ends) >= tokens:
            yield joined[: int(ends[tokens - 1])]
            joined = ""


def long_enough(model: HFLanguageModel, texts: Iterable[str], config: InferConfig) -> Iterator[str]:
    """Yields the prompts from which a model goes on for all of the tokens it may say."""
    texts = iter(texts)
    while batch := list(islice(texts, config.max_streams)):
        for answer in decode(model, _requests(batch, config)):
            if answer.tokens == config.max_new_tokens:
                yield answer.prompt


def load_average() -> float:
    """Returns how many programs wanted the processor in the last minute."""
    try:
        return float(Path("/proc/loadavg").read_text(encoding="utf-8").split()[0])
    except OSError:
        return float("nan")


def _requests(prompts: Iterable[str], config: InferConfig) -> list[Request]:
    """Returns requests in which no call may be made."""
    barred = tuple(tool.name for tool in default_tools())
    return [Request(prompt, barred=barred, config=config) for prompt in prompts]


if __name__ == "__main__":
    main()
