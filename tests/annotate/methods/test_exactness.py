"""A run in context finds what a plain search finds: whole forwards, no cache, one row at a time."""

from collections import Counter
from dataclasses import dataclass
from math import log
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.annotate.test_exactness import DOCUMENTS, TOOLS, make_it_close_calls
from tests.models import save_model
from tests.oracle import GRAMMAR, Oracle, load_oracle
from toolformer.annotate import AnnotateConfig, annotate
from toolformer.annotate.demonstrations import Demonstration
from toolformer.annotate.texts.places import is_place
from toolformer.annotate.texts.trivial import is_trivial
from toolformer.annotate.texts.units import Units
from toolformer.calls import PlacedCall, ToolCall
from toolformer.errors import ToolError
from toolformer.lm.base import Branch, CallScoreRequest, Prompt, TextRequest
from toolformer.lm.hf.model import load
from toolformer.records import Candidate, Document, Verdict
from toolformer.tools.base import Tool

torch.set_num_threads(1)

PLACES, SAMPLES, MAX_TOKENS, SEED = 3, 3, 10, 3
SHOWN = {
    "Length": [
        Demonstration("A word of 4.", (PlacedCall(9, ToolCall("Length", "word"), "4"),)),
        Demonstration("It has 5 of them.", (PlacedCall(6, ToolCall("Length", "maybe"), "5"),)),
        Demonstration("Three is 5 long", (PlacedCall(8, ToolCall("Length", "Three"), "5"),)),
    ],
    "Vowels": [Demonstration("It is a.", (PlacedCall(5, ToolCall("Vowels", "cat"), "a"),))],
}
# Not mistral: its window forgets the demonstrations, and then every place gains alike.
KINDS = ("gpt2", "gptj", "gpt_neox", "llama")


@dataclass(frozen=True)
class Found:
    """A scored call, as the plain search finds it."""

    count: int
    start_gain: float
    losses: tuple[float, float, float]  # L(ε), L(e(c, r)), L(e(c, ε))


def unit_loss(log_probs: np.ndarray, sizes: tuple[int, ...]) -> float:
    weights = (1.0, 0.8, 0.6, 0.4, 0.2)
    units = np.split(log_probs[: sum(sizes)], np.cumsum(sizes)[:-1])
    return -sum(w * float(unit.sum()) for w, unit in zip(weights, units, strict=False)) / 3


def search(oracle: Oracle, document: Document, asked: Tool, prompt: Prompt) -> dict[object, Found]:
    """Looks for the calls of one tool in one text, plainly."""
    text = document.text
    request, plain = TextRequest(prompt, text), TextRequest(Prompt("", ""), text)
    encoded = oracle.encoding.text(text)
    ends = encoded.ends.tolist()
    gains = {
        end: log(oracle.start_probability(request, end)) - log(oracle.start_probability(plain, end))
        for end in ends
        if end > 0 and is_place(text, end)
    }
    log_probs = oracle.text_log_probs(request)
    units = Units.of(text)
    found: dict[object, Found] = {}
    for position in sorted(gains, key=lambda end: -gains[end])[:PLACES]:
        sizes = units.sizes(position, encoded.whole)
        before = ends.index(position) + 1
        key = f"{SEED}|{document.id}|{asked.name}|{position}"
        lead = GRAMMAR.lead(asked.name)
        branch = Branch(0, position, lead, SAMPLES, MAX_TOKENS, 0.7, key, first_greedy=True)
        written = Counter(each.text for each in oracle.sample(request, branch) if each.closed)
        for arguments, count in written.items():
            call = ToolCall(asked.name, arguments)
            try:
                output = asked.execute(arguments)
            except ToolError:
                continue
            start, end = units.before(position)
            if not (
                GRAMMAR.is_readable(call) and GRAMMAR.is_renderable_output(output)
            ) or is_trivial(arguments, output, before=text[start:end]):
                continue
            rows = [
                oracle.call_log_probs(
                    request, CallScoreRequest(0, position, call, each, sum(sizes))
                )
                for each in (output, None)
            ]
            losses = (
                unit_loss(log_probs[before - 1 :], sizes),
                *(unit_loss(r, sizes) for r in rows),
            )
            found[document.id, position, asked.name, arguments] = Found(
                count, gains[position], losses
            )
    return found


@pytest.mark.parametrize("nearest", [0, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_a_run_has_the_calls_and_losses_of_the_plain_search(
    kind: str, nearest: int, tmp_path: Path
) -> None:
    directory = save_model(tmp_path / "model", kind, seed=1)
    make_it_close_calls(directory)
    oracle = load_oracle(directory)
    run = annotate(
        DOCUMENTS,
        model=load(directory, device="cpu"),
        tools=TOOLS,
        out=tmp_path / "run",
        demonstrations=[each for shown in SHOWN.values() for each in shown],
        config=AnnotateConfig(
            method="in-context",
            nearest=nearest,
            max_positions=PLACES,
            samples=SAMPLES,
            max_tokens=MAX_TOKENS,
            seed=SEED,
            allow_peeking=True,
            keep_all_losses=True,
            gain_threshold=0.1,
        ),
    )
    scored: dict[object, Candidate] = {
        (annotated.document.id, each.position, each.tool, each.arguments): each
        for annotated in run.documents()
        for each in annotated.candidates
        if each.verdict in (Verdict.KEPT, Verdict.LOW_GAIN, Verdict.UNHELPFUL, Verdict.OUTBID)
    }
    expected: dict[object, Found] = {}
    for document in DOCUMENTS:
        for asked in TOOLS:
            expected |= search(oracle, document, asked, prompt_of(asked, document, nearest))
    assert len(expected) > 3
    assert scored.keys() == expected.keys()
    for name, each in expected.items():
        losses = scored[name].losses
        assert losses is not None
        assert (losses.no_call, losses.with_output, losses.no_output) == pytest.approx(
            each.losses, abs=2e-4
        )
        assert scored[name].start_gain == pytest.approx(each.start_gain, abs=1e-4)
        assert scored[name].count == each.count


def prompt_of(asked: Tool, document: Document, nearest: int) -> Prompt:
    """Returns the demonstrations, the nearest of them chosen by the words that they share."""
    from toolformer.annotate.demonstrations import Pool

    pool = Pool(SHOWN[asked.name], tool=asked)
    shown = pool.nearest(document.text, nearest) if nearest else pool.static()
    text = "".join(each.render(GRAMMAR) + "\n\n" for each in shown)
    return Prompt("", text) if nearest else Prompt(text, "")
