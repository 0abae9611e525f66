"""The engine answers as plain forwards do, whatever it shares and however it batches."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.models import (
    CONFIGS,
    CONFIGS_WITHOUT_CACHE,
    CONFIGS_WITHOUT_TREES,
    SHARED_DATA,
    gpt2_tokenizer,
    save_model,
    save_sentencepiece_model,
    save_stories260k,
    startless_tokenizer,
)
from tests.oracle import Oracle, load_oracle
from toolformer.calls import ToolCall
from toolformer.lm.base import (
    Branch,
    CallScoreRequest,
    LossRequest,
    Prompt,
    Sampled,
    TextRequest,
)
from toolformer.lm.hf.load import load_pretrained
from toolformer.lm.hf.model import HFLanguageModel, load

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
REAL = pytest.mark.skipif(not SHARED_DATA.exists(), reason="the real data is not at hand")
KINDS = [
    *CONFIGS,
    *CONFIGS_WITHOUT_TREES,
    *CONFIGS_WITHOUT_CACHE,
    "sentencepiece",
    "without a start token",
    pytest.param("gpt2 with its own tokens", marks=REAL),
    pytest.param("stories260k", marks=REAL),
]


@dataclass(frozen=True)
class Pair:
    """The engine and the oracle over one model."""

    directory: Path
    model: HFLanguageModel
    oracle: Oracle


def save(kind: str, directory: Path) -> Path:
    """Writes one kind of model."""
    match kind:
        case "sentencepiece":
            return save_sentencepiece_model(directory)
        case "stories260k":
            return save_stories260k(directory)
        case "without a start token":
            return save_model(directory, "llama", startless_tokenizer())
        case "gpt2 with its own tokens":
            return save_model(directory, "gpt2", gpt2_tokenizer())
        case architecture:
            return save_model(directory, architecture)


@pytest.fixture(scope="module", params=KINDS)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    directory = save(request.param, tmp_path_factory.mktemp("model"))
    return Pair(directory, load(directory, device="cpu"), load_oracle(directory))


def requests() -> list[TextRequest]:
    """Texts of different lengths under prompts of different lengths."""
    return [
        TextRequest(Prompt(shared, f"Input:\n{text}\nOutput:\n"), text)
        for shared in ("Tool: Calculator(expression)\n", "Tool: Calendar()\n")
        for text in TEXTS
    ]


def spread(places: np.ndarray, most: int) -> list[int]:
    """Returns so many of the places at most, the first and the last among them."""
    chosen = np.linspace(0, len(places) - 1, min(most, len(places))).astype(int)
    return [int(place) for place in places[chosen]]


def places(model: HFLanguageModel, text: str) -> np.ndarray:
    """Returns the ends of a text's tokens but the last, and none inside a character."""
    ends = np.unique(model.token_ends(text))
    return ends[(ends > 0) & (ends < len(text))]


def branches(model: HFLanguageModel) -> list[Branch]:
    """Places of every text, several samples at each, leads of different lengths, some greedy."""
    found = []
    for index, request in enumerate(requests()):
        lead = (" [Calculator(", " [Calendar(")[index % 2]
        for position in spread(places(model, request.text), 4):
            key = f"7|{index}|{position}"
            found.append(Branch(index, position, lead, 3, 7, 1.0, key))
    return [*found[::2], *(replace(each, samples=2, temperature=0.0) for each in found[1::4])]


def loss_requests(model: HFLanguageModel) -> list[LossRequest]:
    """Places of every text, with every call, in both contexts."""
    found = []
    for text in TEXTS:
        for position in spread(places(model, text), 6):
            found.append(LossRequest(text, position))
            for (call, output), inline in zip(CALLS, (False, True, False), strict=True):
                found.append(LossRequest(text, position, call, output, inline))
                found.append(LossRequest(text, position, call, None, inline))
    return found


def score_requests(model: HFLanguageModel) -> list[CallScoreRequest]:
    """Places of every text, the last included, with and without an output, few tokens and many."""
    found = []
    for index, request in enumerate(requests()):
        for number, position in enumerate(spread(places(model, request.text), 5)):
            call, output = CALLS[(index + number) % len(CALLS)]
            found.append(CallScoreRequest(index, position, call, output, 1 + 3 * number))
            found.append(CallScoreRequest(index, position, call, None, 4))
    return found


def scored(model: HFLanguageModel, wanted: Sequence[CallScoreRequest]) -> list[np.ndarray]:
    with model.read(requests()) as trunks:
        return trunks.score(wanted)


def sampled(model: HFLanguageModel, wanted: Sequence[Branch]) -> list[list[Sampled]]:
    with model.read(requests()) as trunks:
        return trunks.sample(wanted)


def test_every_start_probability_is_that_of_a_plain_forward(pair: Pair) -> None:
    with pair.model.read(requests()) as trunks:
        for request, starts in zip(requests(), trunks.starts, strict=True):
            for index in spread(np.arange(len(starts.positions)), 8):
                expected = pair.oracle.start_probability(request, int(starts.positions[index]))
                assert np.log(starts.probabilities[index]) == pytest.approx(
                    np.log(expected), abs=1e-4
                )


def test_places_are_the_ends_of_all_tokens_but_the_last(pair: Pair) -> None:
    with pair.model.read(requests()) as trunks:
        for request, starts in zip(requests(), trunks.starts, strict=True):
            ends = pair.model.token_ends(request.text)
            assert starts.positions.tolist() == places(pair.model, request.text).tolist()
            assert (len(ends), ends[-1]) == (
                pair.model.count_tokens([request.text])[0],
                len(request.text),
            )


def test_a_place_knows_how_many_tokens_precede_it(pair: Pair) -> None:
    with pair.model.read(requests()) as trunks:
        for request, starts in zip(requests(), trunks.starts, strict=True):
            encoded = pair.model.engine.encoding.text(request.text)
            before = [encoded.tokens_before(position) for position in starts.positions.tolist()]
            assert starts.tokens_before.tolist() == before


def test_every_loss_is_that_of_a_plain_forward(pair: Pair) -> None:
    asked = loss_requests(pair.model)
    for request, found in zip(asked, pair.model.target_log_probs(asked), strict=True):
        np.testing.assert_allclose(found, pair.oracle.log_probs(request), atol=1e-4)


def test_losses_without_the_marker_are_those_of_a_plain_forward(pair: Pair) -> None:
    if not pair.oracle.encoding.marker_ids:
        pytest.skip("no token holds this tokenizer's marker")
    text = "So [5] is 5."
    asked = [
        LossRequest(text, position, call, without_marker=True)
        for position in places(pair.model, text).tolist()
        for call in (None, CALLS[0][0])
    ]
    for request, found in zip(asked, pair.model.target_log_probs(asked), strict=True):
        np.testing.assert_allclose(found, pair.oracle.log_probs(request), atol=1e-4)


@pytest.mark.parametrize("keep", [True, False])
def test_a_text_is_as_likely_as_by_a_plain_forward(pair: Pair, keep: bool) -> None:
    # Without a prompt, and without a start token, a text may be all there is of a row.
    asked = [*requests(), *(TextRequest(Prompt("", ""), text) for text in TEXTS)]
    with pair.model.read(asked, keep=keep) as trunks:
        for request, found in zip(asked, trunks.log_probs, strict=True):
            expected = pair.oracle.text_log_probs(request)
            np.testing.assert_allclose(found, expected, atol=1e-4)


def test_starts_do_not_depend_on_whether_a_text_is_kept(pair: Pair) -> None:
    asked = [*requests(), *(TextRequest(Prompt("", ""), text) for text in TEXTS)]
    with pair.model.read(asked) as kept, pair.model.read(asked, keep=False) as told:
        for ours, theirs in zip(kept.starts, told.starts, strict=True):
            np.testing.assert_array_equal(ours.positions, theirs.positions)
            np.testing.assert_allclose(ours.probabilities, theirs.probabilities, rtol=1e-3)


def test_a_call_at_its_place_tells_what_it_does_in_a_plain_forward(pair: Pair) -> None:
    asked = score_requests(pair.model)
    for request, found in zip(asked, scored(pair.model, asked), strict=True):
        expected = pair.oracle.call_log_probs(requests()[request.request], request)
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_samples_and_scores_leave_a_text_as_it_was(pair: Pair) -> None:
    wanted, asked = branches(pair.model)[::3], score_requests(pair.model)[::3]
    with pair.model.read(requests()) as trunks:
        first = trunks.score(asked), trunks.sample(wanted)
        with pair.model.read(requests()[:3]) as others:  # the next batch is read meanwhile
            others.sample([branch for branch in wanted if branch.request < 3])
        again = trunks.score(asked), trunks.sample(wanted)
    assert again[1] == first[1]
    for found, expected in zip(again[0], first[0], strict=True):
        # What was sampled in between is not forwarded again, so rows are batched differently.
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_samples_are_those_of_a_plain_forward(pair: Pair) -> None:
    wanted = branches(pair.model)
    # All are sampled at once; every second one is written again, which is what takes time.
    found_by_branch = zip(wanted, sampled(pair.model, wanted), strict=True)
    for branch, found in islice(found_by_branch, 0, None, 2):
        assert found == pair.oracle.sample(requests()[branch.request], branch)


def test_the_first_sample_may_be_greedy_and_the_others_stay_as_they_are(pair: Pair) -> None:
    wanted = [replace(each, samples=4) for each in branches(pair.model)[:8] if each.temperature]
    greedy = sampled(pair.model, [replace(each, samples=1, temperature=0.0) for each in wanted])
    drawn = sampled(pair.model, wanted)
    mixed = sampled(pair.model, [replace(each, first_greedy=True) for each in wanted])
    assert mixed == [[first, *others[1:]] for [first], others in zip(greedy, drawn, strict=True)]
    assert mixed != drawn


def test_samples_and_scores_are_the_same_in_a_tree_and_over_copies(pair: Pair) -> None:
    if not pair.model.engine.exact_under_masks:
        pytest.skip("this model decodes over copies only")
    loaded = load_pretrained(str(pair.directory), dtype="float32", device="cpu")
    copying = HFLanguageModel(loaded, pair.model.grammar, copies=True)
    wanted = branches(pair.model)
    assert sampled(copying, wanted) == sampled(pair.model, wanted)
    asked = score_requests(pair.model)
    for found, expected in zip(scored(copying, asked), scored(pair.model, asked), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("kind", CONFIGS)
def test_the_common_architectures_decode_without_copies(kind: str, tmp_path: Path) -> None:
    assert load(save(kind, tmp_path), device="cpu").engine.exact_under_masks


@pytest.mark.parametrize("kind", [*CONFIGS_WITHOUT_TREES, *CONFIGS_WITHOUT_CACHE])
def test_a_model_that_would_not_be_exact_in_a_tree_is_found_out(kind: str, tmp_path: Path) -> None:
    assert not load(save(kind, tmp_path), device="cpu").engine.exact_under_masks


@pytest.mark.parametrize("kind", ["gpt2", "gptj", "gpt_neox", "opt", "llama", "mistral", "mamba"])
def test_answers_do_not_depend_on_the_batch(kind: str, tmp_path: Path) -> None:
    whole = load(save(kind, tmp_path), device="cpu", batch_tokens=32 * 256)
    wanted, asked = branches(whole), loss_requests(whole)
    at_places = score_requests(whole)
    losses, calls = whole.target_log_probs(asked), sampled(whole, wanted)
    scores = scored(whole, at_places)
    for batch_tokens in (1, 300):  # one text at a time, and a few
        model = load(tmp_path, device="cpu", batch_tokens=batch_tokens)
        assert sampled(model, wanted) == calls
        for found, expected in zip(model.target_log_probs(asked), losses, strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-4)
        for found, expected in zip(scored(model, at_places), scores, strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_branch_does_not_depend_on_what_is_sampled_with_it(tmp_path: Path) -> None:
    model = load(save("llama", tmp_path), device="cpu")
    wanted = branches(model)
    together = sampled(model, wanted)
    alone = [sampled(model, [branch])[0] for branch in wanted]
    assert alone == together
