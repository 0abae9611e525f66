"""How well answers are foretold, beside plain forwards of the whole text."""

from pathlib import Path

import pytest
import torch
from transformers import PreTrainedTokenizerFast

from toolformer.pretrain.answers import score_answers
from toolformer.pretrain.config import ModelConfig, PretrainConfig, SourceConfig, StageConfig
from toolformer.pretrain.model import SmallModel, new_model
from toolformer.pretrain.tokenizer import train_tokenizer

PROMPTS = ["She was born in", "He lives on", "She was born in"]
ANSWERS = [["Lima", "a very long road", "May"], ["5 May 1999"], ["Rome"]]


@pytest.fixture(scope="module", params=["llama", "gpt2"])
def small(request: pytest.FixtureRequest) -> tuple[SmallModel, PreTrainedTokenizerFast]:
    texts = ["She was born in Lima on a road.", "He lives on 5 May 1999 in Rome."] * 9
    tokenizer = train_tokenizer(texts, vocabulary_size=300, single_tokens=(), context=64)
    config = PretrainConfig(
        mixture=(SourceConfig(name="a", weight=1, corpus="a.txt"),),
        stages=(StageConfig(steps=1, rows=1, length=8),),
        model=ModelConfig(
            architecture=request.param, hidden_size=32, intermediate_size=64, layers=2, heads=2,
            context=64,
        ),
    )  # fmt: skip
    torch.manual_seed(0)
    return new_model(config, tokenizer), tokenizer


def test_an_answers_score_is_that_of_the_whole_text(
    small: tuple[SmallModel, PreTrainedTokenizerFast],
) -> None:
    model, tokenizer = small
    model.eval()
    scored = list(score_answers(model, tokenizer, PROMPTS, ANSWERS))
    for prompt, answers, scores in zip(PROMPTS, ANSWERS, scored, strict=True):
        for answer, score in zip(answers, scores, strict=True):
            before = [tokenizer.bos_token_id, *tokenizer.encode(prompt)]
            own = tokenizer.encode(f" {answer}")
            with torch.no_grad():
                logits = model(torch.tensor([before + own])).logits[0, len(before) - 1 : -1]
            foretold = logits.log_softmax(-1)[range(len(own)), own]
            assert score.nats == pytest.approx(-foretold.sum().item(), abs=1e-4)
            better = (logits > logits[range(len(own)), own][:, None]).sum(-1) + 1
            assert list(score.ranks) == better.tolist()


def test_an_answer_is_recalled_where_greedy_decoding_writes_it(
    small: tuple[SmallModel, PreTrainedTokenizerFast],
) -> None:
    model, tokenizer = small
    model.eval()
    prompt = torch.tensor([[tokenizer.bos_token_id, *tokenizer.encode("She was born in")]])
    with torch.no_grad():
        best = int(model(prompt).logits[0, -1].argmax())
    for token in (best, (best + 1) % len(tokenizer)):
        said = tokenizer.decode([token])
        if not said.startswith(" ") or tokenizer.encode(said) != [token]:
            continue  # not a word that can be asked for
        [[score]] = score_answers(model, tokenizer, ["She was born in"], [[said[1:]]])
        assert score.is_recalled is (token == best)


def test_asking_leaves_a_model_in_training(
    small: tuple[SmallModel, PreTrainedTokenizerFast], tmp_path: Path
) -> None:
    model, tokenizer = small
    model.train()
    list(score_answers(model, tokenizer, PROMPTS, ANSWERS))
    assert model.training
