"""The engine alone: tokens forwarded per text, texts/s, and how near dense forwards it comes.

`python -m benchmarks.engine MODEL` takes any model directory or Hub id; a shape of random weights
(`gpt2-124m`, `nano-6m`) stands in where no weights are at hand. Every text gets k places and m
samples at each, whatever the model thinks of them, and every distinct call an output, so that the
work is the same for every model. Tools and disk are left out.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GPT2Config,
    LlamaConfig,
    PreTrainedConfig,
)

from benchmarks import report
from toolformer.calls import ToolCall
from toolformer.corpus import read_corpus
from toolformer.lm.base import Branch, LossRequest, Sampled, StartProbabilities, TextRequest
from toolformer.lm.hf import BATCH_TOKENS, HFLanguageModel, load
from toolformer.prompt import Prompt

TOOL = "Calculator"
SHAPES = {
    "gpt2-124m": lambda size: GPT2Config(vocab_size=size),
    "nano-6m": lambda size: LlamaConfig(
        vocab_size=size,
        hidden_size=256,
        intermediate_size=688,
        num_hidden_layers=6,
        num_attention_heads=4,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
    ),
}
PADDED_VOCABULARY = {"gpt2-124m": 50257, "nano-6m": 4096}


@dataclass(frozen=True, slots=True)
class Work:
    """How much every text gets."""

    prompt: Prompt
    places: int
    samples: int
    max_tokens: int


@dataclass(frozen=True, slots=True)
class Stage:
    """What one stage took."""

    name: str
    seconds: float
    tokens: int


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help=f"a directory, a Hub id, or one of {', '.join(SHAPES)}")
    parser.add_argument("--tokenizer", type=Path, help="a directory; for a shape")
    parser.add_argument("--corpus", help="default: the embedded sample")
    parser.add_argument("--texts", type=int, default=64)
    parser.add_argument("--text-tokens", type=int, default=100, help="longer texts are cut here")
    parser.add_argument("--prompt-tokens", type=int, default=300, help="shared by all texts")
    parser.add_argument("--places", type=int, default=5, help="k")
    parser.add_argument("--samples", type=int, default=5, help="m")
    parser.add_argument("--max-tokens", type=int, default=16, help="of a call's arguments")
    parser.add_argument("--batch-tokens", type=int, default=BATCH_TOKENS)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--copies", action="store_true", help="decode over copies, not in a tree")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        source = options.model
        if source in SHAPES:
            source = save_shape(source, options.tokenizer, Path(scratch))
        model = load(
            source,
            dtype=options.dtype,
            device=options.device,
            batch_tokens=options.batch_tokens,
            sees_trees=False if options.copies else None,
        )
        texts = cut_texts(model, options.corpus, count=options.texts, tokens=options.text_tokens)
        work = Work(
            prompt=long_prompt(model, tokens=options.prompt_tokens),
            places=options.places,
            samples=options.samples,
            max_tokens=options.max_tokens,
        )
        stages = run(model, texts, work)
        print_table(model, stages, texts=len(texts), dense=dense_rate(model))


def run(model: HFLanguageModel, texts: Sequence[str], work: Work) -> list[Stage]:
    """Reads, samples and scores texts, a batch of `batch_tokens` at a time, and times each."""
    seconds = dict.fromkeys(("read", "sample", "score"), 0.0)
    lengths = model.count_tokens(texts)
    batch: list[str] = []
    size = 0
    for index, text in enumerate(texts):
        batch.append(text)
        size += 2 * lengths[index]
        if index == len(texts) - 1 or size + 2 * lengths[index + 1] > model.batch_tokens:
            run_batch(model, batch, work, seconds=seconds)
            batch, size = [], 0
    usage = model.usage
    tokens = {"read": usage.prompt + usage.text, "sample": usage.decode, "score": usage.score}
    return [Stage(name, taken, tokens[name]) for name, taken in seconds.items()]


def run_batch(
    model: HFLanguageModel, texts: Sequence[str], work: Work, *, seconds: dict[str, float]
) -> None:
    """Does one batch and adds up what each stage took."""
    clock = time.perf_counter()

    def lap(stage: str) -> None:
        nonlocal clock
        now = time.perf_counter()
        seconds[stage] += now - clock
        clock = now

    requests = [
        TextRequest(Prompt(work.prompt.shared, f"Input:\n{text}\nOutput:\n"), text)
        for text in texts
    ]
    with model.read(requests) as trunks:
        lap("read")
        branches = [
            Branch(index, position, f" [{TOOL}(", work.samples, work.max_tokens, 1.0, f"{index}")
            for index, starts in enumerate(trunks.starts)
            for position in likeliest(starts, work.places)
        ]
        sampled = trunks.sample(branches)
        lap("sample")
    model.target_log_probs(loss_requests(texts, branches, sampled))
    lap("score")


def likeliest(starts: StartProbabilities, count: int) -> list[int]:
    """Returns the likeliest places of a text."""
    best = np.argsort(-starts.probabilities, kind="stable")[:count]
    places: list[int] = sorted(starts.positions[best].tolist())
    return places


def loss_requests(
    texts: Sequence[str], branches: Sequence[Branch], sampled: Sequence[Sequence[Sampled]]
) -> list[LossRequest]:
    """Asks for the three losses of every distinct call."""
    found = []
    for branch, samples in zip(branches, sampled, strict=True):
        text = texts[branch.request]
        found.append(LossRequest(text, branch.position))
        for arguments in {each.text for each in samples}:
            call = ToolCall(TOOL, arguments)
            found.append(LossRequest(text, branch.position, call, "42"))
            found.append(LossRequest(text, branch.position, call))
    return found


def dense_rate(model: HFLanguageModel) -> float:
    """Returns tokens/s of plain forwards of the trunk alone, at the best of a few batch shapes."""
    network = model.engine.forward.model.base_model
    device = model.engine.forward.device
    best = 0.0
    with torch.inference_mode():
        for rows, width in ((1, 256), (4, 256), (8, 256), (16, 256), (32, 128), (64, 64)):
            ids = torch.randint(0, 1000, (rows, width), device=device)
            taken = []
            for _ in range(3):
                begin = time.perf_counter()
                network(input_ids=ids, use_cache=False)
                if device.type == "cuda":
                    torch.cuda.synchronize()
                taken.append(time.perf_counter() - begin)
            best = max(best, rows * width / min(taken))
    return best


def print_table(
    model: HFLanguageModel, stages: Sequence[Stage], *, texts: int, dense: float
) -> None:
    """Prints what each stage forwarded and how fast."""
    rows: list[list[report.Cell]] = [
        [
            stage.name,
            f"{stage.tokens / texts:.0f}",
            f"{stage.seconds / texts * 1000:.1f}",
            f"{stage.tokens / max(stage.seconds, 1e-9):.0f}",
            f"{stage.tokens / max(stage.seconds, 1e-9) / dense:.2f}",
        ]
        for stage in stages
    ]
    total = Stage("all", sum(s.seconds for s in stages), sum(s.tokens for s in stages))
    rows.append(
        [
            total.name,
            f"{total.tokens / texts:.0f}",
            f"{total.seconds / texts * 1000:.1f}",
            f"{total.tokens / total.seconds:.0f}",
            f"{total.tokens / total.seconds / dense:.2f}",
        ]
    )
    print(report.table(["stage", "tokens/text", "ms/text", "tokens/s", "of dense"], rows))
    print(
        f"{texts} texts, {texts / total.seconds:.2f} texts/s; dense forwards {dense:.0f} tokens/s;"
        f" padding {model.usage.padding / texts:.0f} tokens/text; {model.batch_tokens} tokens a"
        f" batch; {'a tree' if model.engine.sees_trees else 'copies'};"
        f" {torch.get_num_threads()} threads"
    )


def cut_texts(model: HFLanguageModel, corpus: str | None, *, count: int, tokens: int) -> list[str]:
    """Returns texts of a corpus, cut to so many tokens."""
    source = corpus or str(Path(__file__).parents[1] / "toolformer" / "assets" / "sample.jsonl.gz")
    texts: list[str] = []
    joined = ""
    for document in read_corpus(source, on_problem=lambda _: None):
        joined = f"{joined} {document.text}".strip()
        ends = model.token_ends(joined)
        if len(ends) > tokens:
            texts.append(joined[: int(ends[tokens - 1])])
            joined = ""
        if len(texts) == count:
            break
    return texts


def long_prompt(model: HFLanguageModel, *, tokens: int) -> Prompt:
    """Returns a shared prompt of about so many tokens."""
    line = "Input:\nThe sum of 12 and 30 is 42.\nOutput:\nThe sum of 12 and 30 is 42.\n\n"
    repeats = max(1, tokens // model.count_tokens([line])[0])
    return Prompt(f"Tool: {TOOL}(expression)\n" + line * repeats, "")


def save_shape(shape: str, tokenizer: Path | None, directory: Path) -> str:
    """Writes a model of random weights, with a tokenizer from elsewhere."""
    if tokenizer is None:
        raise SystemExit(
            f"{shape} has no tokenizer of its own: name one with --tokenizer DIRECTORY."
        )
    tokens = AutoTokenizer.from_pretrained(tokenizer)
    tokens.save_pretrained(directory)
    torch.manual_seed(0)
    config: PreTrainedConfig = SHAPES[shape](max(PADDED_VOCABULARY[shape], len(tokens)))
    AutoModelForCausalLM.from_config(config).save_pretrained(directory)
    return str(directory)


if __name__ == "__main__":
    main()
