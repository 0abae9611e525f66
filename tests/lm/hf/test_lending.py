"""A model lent to tools: what it answers, and that it may be asked while it reads."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from toolformer.lm.base import LanguageModel, Prompt, TextRequest
from toolformer.lm.lending import MOST_TOKENS, lent
from toolformer.lm.registry import load_model

PROMPTS = ["The capital of France is", "Question: What is 2 + 2?\nAnswer:", "Once"]


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return load_model("nano")


def test_an_answer_is_a_line_whoever_asks_beside_it(model: LanguageModel) -> None:
    together = lent(model)(PROMPTS)
    alone = [lent(model)([prompt])[0] for prompt in PROMPTS]
    assert together == alone
    for answer in together:
        assert "\n" not in answer.strip()
        assert model.count_tokens([answer])[0] <= MOST_TOKENS + 1


def test_it_may_be_asked_while_it_reads(model: LanguageModel) -> None:
    wanted = lent(model)(PROMPTS)
    requests = [
        TextRequest(Prompt("", ""), f"{prompt} and so on, as before.") for prompt in PROMPTS
    ]

    def read() -> list[float]:
        with model.read(requests) as trunks:
            return [float(values.sum()) for values in trunks.log_probs]

    expected = read()
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(lent(model), PROMPTS) for _ in range(4)]
        seen = [pool.submit(read) for _ in range(4)]
        assert all(each.result() == wanted for each in asked)
        assert all(each.result() == pytest.approx(expected, abs=1e-4) for each in seen)
