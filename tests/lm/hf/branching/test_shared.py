"""Branches over shared parts say what branches over copies say, however they split and end."""

import pytest
import torch

from tests.models import save_model
from toolformer.lm.hf.branching.branches import BranchStart
from toolformer.lm.hf.branching.cache import RoomyCache
from toolformer.lm.hf.branching.copies import Copies
from toolformer.lm.hf.branching.shared import Shared
from toolformer.lm.hf.model import HFLanguageModel, load

torch.set_num_threads(1)

# Parents of each step: branches that split, some twice, that end, and texts that lose all of them.
STEPS = ([0, 0, 1, 2, 2, 2, 3], [0, 1, 3, 4, 5, 6, 6], [0, 6], [0, 0, 1, 1, 1], [4], *[[0]] * 14)


@pytest.fixture(scope="module", params=["gpt2", "llama"])
def model(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> HFLanguageModel:
    return load(save_model(tmp_path_factory.mktemp("model"), request.param), device="cpu")


def trunk(model: HFLanguageModel, *, prompt: list[int]) -> RoomyCache:
    """Reads three texts of eight tokens behind a prompt."""
    head = model.engine.prompts.get(tuple(prompt))
    cache = head.repeated(3, room=len(prompt) + 8)
    ids = torch.arange(20, 44).view(3, 8)
    model.engine.forward.logits(ids, torch.tensor([0]), purpose="text", cache=cache)
    tails = RoomyCache(head=head)
    tails.put_tails(cache, first=0, rows=3, length=8)
    return tails


@pytest.mark.parametrize("prompt", [[], [5, 6, 7]])
def test_what_is_predicted_is_what_copies_predict(
    model: HFLanguageModel, prompt: list[int]
) -> None:
    before = len(prompt)
    leads = [
        BranchStart(0, before + 8, (50, 51)),
        BranchStart(2, before + 3, (50, 51, 52)),
        BranchStart(2, before + 8, (50,)),
        BranchStart(1, before + 1, (50, 51)),
    ]
    cache = trunk(model, prompt=prompt)
    shared, copies = Shared(model.engine.forward, cache), Copies(model.engine.forward, cache)
    torch.testing.assert_close(shared.start(leads), copies.start(leads), atol=1e-4, rtol=1e-4)
    for number, parents in enumerate(STEPS):
        tokens = [60 + number + index for index in range(len(parents))]
        found, expected = shared.step(parents, tokens), copies.step(parents, tokens)
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_a_branch_at_the_very_start_of_its_text_sees_the_prompt_alone(
    model: HFLanguageModel,
) -> None:
    cache = trunk(model, prompt=[5, 6, 7])
    shared, copies = Shared(model.engine.forward, cache), Copies(model.engine.forward, cache)
    leads = [BranchStart(1, 3, (50, 51))]
    torch.testing.assert_close(shared.start(leads), copies.start(leads), atol=1e-4, rtol=1e-4)


def test_a_model_is_left_as_it_was(model: HFLanguageModel) -> None:
    config = model.engine.forward.backend.model.config
    usual = config._attn_implementation
    cache = trunk(model, prompt=[])
    Shared(model.engine.forward, cache).start([BranchStart(0, 8, (50,))])
    assert config._attn_implementation == usual
