"""The engine answers as plain forwards do, whatever it shares and however it batches."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.models import (
    CONFIGS,
    SHARED_DATA,
    byte_level_tokenizer,
    gpt2_tokenizer,
    save_model,
    save_sentencepiece_model,
    save_stories260k,
    startless_tokenizer,
)
from tests.oracle import Oracle, load_oracle
from toolformer.calls import ToolCall
from toolformer.lm.base import Branch, LossRequest, Sampled, TextRequest
from toolformer.lm.hf import HFLanguageModel, load
from toolformer.prompt import Prompt

torch.set_num_threads(1)

TEXTS = [
    "The sum of 12 and 30 is 42, said the old man.",
    "Paris is the capital of France.",
    "He paid 4 x 5 = 20 dollars (in all) — 3 of 7 😀 boxes, née empty, were his to give to the"
    " children, and the teacher said: today is Friday, March 3, 2023.",
    "So 5.",
]
CALLS = [
    (ToolCall("Calculator", "12 + 30"), "42"),
    (ToolCall("Database", "France, capital"), "Paris"),
    (ToolCall("Calendar", ""), "Friday, March 3, 2023"),
]
KINDS = [
    *CONFIGS,
    "gpt2 with its own tokens",
    "sentencepiece",
    "without a start token",
    pytest.param(
        "stories260k",
        marks=pytest.mark.skipif(not SHARED_DATA.exists(), reason="real data is not at hand"),
    ),
]


@dataclass(frozen=True)
class Pair:
    """The engine and the oracle over one model."""

    directory: Path
    model: HFLanguageModel
    oracle: Oracle


@pytest.fixture(scope="module", params=KINDS)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    directory = tmp_path_factory.mktemp("model")
    match request.param:
        case "sentencepiece":
            save_sentencepiece_model(directory)
        case "stories260k":
            save_stories260k(directory)
        case "without a start token":
            save_model(directory, "llama", startless_tokenizer())
        case "gpt2 with its own tokens":
            save_model(directory, "gpt2", gpt2_tokenizer())
        case architecture:
            save_model(directory, architecture, byte_level_tokenizer())
    return Pair(directory, load(directory, device="cpu"), load_oracle(directory))


def requests() -> list[TextRequest]:
    """Texts of different lengths under prompts of different lengths."""
    return [
        TextRequest(Prompt(shared, f"Input:\n{text}\nOutput:\n"), text)
        for shared in ("Tool: Calculator(expression)\n", "Tool: Calendar()\n")
        for text in TEXTS
    ]


def branches(pair: Pair) -> list[Branch]:
    """Several places of every text, several samples at each, and some greedy."""
    found = []
    for index, request in enumerate(requests()):
        places = pair.model.token_ends(request.text)[:-1].tolist()
        for position in places[:: max(1, len(places) // 3)]:
            key = f"7|{index}|{position}"
            found.append(Branch(index, position, " [Calculator(", 3, 9, 1.0, key))
    return [*found[:12], *(replace(each, samples=2, temperature=0.0) for each in found[-3:])]


def loss_requests(pair: Pair) -> list[LossRequest]:
    """Every second place of every text, with every call, in both contexts."""
    found = []
    for text in TEXTS:
        for position in pair.model.token_ends(text)[:-1:2].tolist():
            found.append(LossRequest(text, position))
            for (call, output), inline in zip(CALLS, (False, True, False), strict=True):
                found.append(LossRequest(text, position, call, output, inline))
                found.append(LossRequest(text, position, call, None, inline))
    return found


def test_every_start_probability_is_that_of_a_plain_forward(pair: Pair) -> None:
    with pair.model.read(requests()) as trunks:
        for request, starts in zip(requests(), trunks.starts, strict=True):
            for position, probability in list(
                zip(starts.positions.tolist(), starts.probabilities.tolist(), strict=True)
            )[::4]:
                expected = pair.oracle.start_probability(request, position)
                assert np.log(probability) == pytest.approx(np.log(expected), abs=1e-4)


def test_places_are_the_ends_of_all_tokens_but_the_last(pair: Pair) -> None:
    with pair.model.read(requests()) as trunks:
        for request, starts in zip(requests(), trunks.starts, strict=True):
            ends = pair.model.token_ends(request.text)
            assert starts.positions.tolist() == ends[:-1].tolist()
            assert ends[-1] == len(request.text)


def test_every_loss_is_that_of_a_plain_forward(pair: Pair) -> None:
    asked = loss_requests(pair)
    for request, found in zip(asked, pair.model.target_log_probs(asked), strict=True):
        np.testing.assert_allclose(found, pair.oracle.log_probs(request), atol=1e-4)


def test_samples_are_those_of_a_plain_forward(pair: Pair) -> None:
    wanted = branches(pair)
    with pair.model.read(requests()) as trunks:
        for branch, found in zip(wanted, trunks.sample(wanted), strict=True):
            assert found == pair.oracle.sample(requests()[branch.request], branch)
