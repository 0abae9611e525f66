"""Beam search finds the likeliest names, beside a search through all of them."""

import math
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

from tests.models import save_model
from toolformer.errors import ModelError
from toolformer.lm.hf.beams import BeamSearch
from toolformer.lm.trie import Trie

PROMPTS = [(3, 40, 41, 42, 43), (3, 77), (3, 8, 9)]
# Names of different lengths; what may follow is listed at some nodes, a run at others.
NAMES = [(50,), (51, 7), (51, 8), (51, 9), (60, 20, 5), (60, 20, 90), (60, 31, 5), (99,)]


@pytest.fixture(scope="module", params=["llama", "gpt2", "gpt_neox"])
def model(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> PreTrainedModel:
    folder = save_model(tmp_path_factory.mktemp("model"), request.param, seed=0)
    loaded: PreTrainedModel = AutoModelForCausalLM.from_pretrained(folder).eval()
    return loaded


def _log_probs(model: PreTrainedModel, ids: Sequence[int]) -> torch.Tensor:
    with torch.inference_mode():
        logits: torch.Tensor = model(torch.tensor([list(ids)])).logits[0, -1].float()
    return logits


def _all_scores(model: PreTrainedModel, prompt: Sequence[int]) -> list[float]:
    """Returns log p of each name: at each step the tokens that some name continues with share 1."""
    scores = []
    for name in NAMES:
        total = 0.0
        for place, token in enumerate(name):
            allowed = sorted({each[place] for each in NAMES if each[:place] == name[:place]})
            logits = _log_probs(model, (*prompt, *name[:place]))[allowed]
            total += torch.log_softmax(logits, dim=-1)[allowed.index(token)].item()
        scores.append(total)
    return scores


def test_with_a_beam_for_each_name_all_are_found_in_order_and_share_1(
    model: PreTrainedModel,
) -> None:
    found = BeamSearch(model).along(PROMPTS, Trie(NAMES), beams=len(NAMES))
    for prompt, beams in zip(PROMPTS, found, strict=True):
        scores = _all_scores(model, prompt)
        order = sorted(range(len(NAMES)), key=lambda number: -scores[number])
        assert [beam.name for beam in beams] == order
        assert [beam.ids for beam in beams] == [NAMES[number] for number in order]
        assert [beam.log_prob for beam in beams] == pytest.approx(
            [scores[number] for number in order], abs=1e-3
        )
        assert sum(math.exp(beam.log_prob) for beam in beams) == pytest.approx(1.0, abs=1e-4)


def test_a_prompt_is_answered_alike_alone_and_beside_others(model: PreTrainedModel) -> None:
    search, trie = BeamSearch(model), Trie(NAMES)
    together = search.along(PROMPTS, trie, beams=3)
    for prompt, beams in zip(PROMPTS, together, strict=True):
        [alone] = search.along([prompt], trie, beams=3)
        assert [beam.name for beam in alone] == [beam.name for beam in beams]
        assert len(beams) == 3


def test_free_search_finds_the_likeliest_texts(model: PreTrainedModel) -> None:
    """With a beam for everything there is at the first step, two steps are exact."""
    prompt, size = PROMPTS[1], model.config.vocab_size
    first = torch.log_softmax(_log_probs(model, prompt), dim=-1)
    kept = first.topk(6).indices.tolist()
    scores = {}
    for token in kept:
        below = torch.log_softmax(_log_probs(model, (*prompt, token)), dim=-1)
        for other in range(size):
            scores[token, other] = (first[token] + below[other]).item()
    best = sorted(scores, key=lambda pair: -scores[pair])[:6]
    [beams] = BeamSearch(model).freely([prompt], beams=6, ends=(), most=2)
    assert [beam.ids for beam in beams] == best
    assert all(beam.name is None for beam in beams)


def test_a_free_text_ends_at_an_end_that_is_not_part_of_it(model: PreTrainedModel) -> None:
    prompt = PROMPTS[0]
    first = torch.log_softmax(_log_probs(model, prompt), dim=-1)
    end = int(first.argmax())
    [[beam]] = BeamSearch(model).freely([prompt], beams=1, ends={end}, most=4)
    assert beam.ids == ()
    assert beam.log_prob == pytest.approx(first[end].item(), abs=1e-4)


def test_nothing_is_asked_of_no_prompt(model: PreTrainedModel) -> None:
    assert BeamSearch(model).along([], Trie(NAMES), beams=2) == []


def test_a_model_whose_logits_are_scaled_is_refused(tmp_path: Path) -> None:
    loaded = AutoModelForCausalLM.from_pretrained(save_model(tmp_path, "llama", seed=0))
    inner = loaded.lm_head.forward
    loaded.lm_head.forward = lambda hidden: 3 * inner(hidden)
    with pytest.raises(ModelError, match="not one linear layer"):
        BeamSearch(loaded)
