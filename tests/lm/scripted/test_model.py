"""A scripted model answers as its script says."""

from dataclasses import replace

import numpy as np
import pytest

from toolformer.calls import ToolCall
from toolformer.errors import ModelError
from toolformer.lm.base import (
    Branch,
    CallScoreRequest,
    LossRequest,
    Prompt,
    Sampled,
    TextRequest,
    TokenUsage,
)
from toolformer.lm.scripted.model import ScriptedCall, ScriptedLanguageModel

TEXT = "2 + 2 is 4."
ASKED = Prompt("Tool: Calculator(expression)\n", "")


def scripted(*writes: str) -> ScriptedLanguageModel:
    return ScriptedLanguageModel([ScriptedCall("Calculator", after=" is", writes=writes)])


def branch(*, samples: int = 1, max_tokens: int = 32, temperature: float = 1.0) -> Branch:
    return Branch(0, 8, " [Calculator(", samples, max_tokens, temperature, "key")


def test_a_call_starts_where_the_script_says() -> None:
    with scripted("2 + 2)").read([TextRequest(ASKED, TEXT)]) as trunks:
        starts = trunks.starts[0]
    assert starts.positions.tolist() == [1, 3, 5, 8, 10]
    np.testing.assert_allclose(starts.probabilities, [0, 0, 0, 0.9, 0])


def test_a_prompt_for_another_tool_starts_no_call() -> None:
    with scripted("2 + 2)").read([TextRequest(Prompt("Tool: Calendar()\n", ""), TEXT)]) as trunks:
        assert not trunks.starts[0].probabilities.any()


@pytest.mark.parametrize(
    ("written", "text"),
    [("2 +\n2)", "2 +"), ("of [Calendar(today)) it", "of [Calendar("), ("2 + 2", "2 + 2")],
)
def test_a_sample_ends_unclosed_with_its_line_and_where_another_call_starts(
    written: str, text: str
) -> None:
    with scripted(written).read([TextRequest(ASKED, TEXT)]) as trunks:
        assert trunks.sample([branch()]) == [[Sampled(text, closed=False)]]


def test_samples_take_their_turns_and_greedy_ones_the_first() -> None:
    with scripted("2 + 2)", "2 * (1 + 1)) and on").read([TextRequest(ASKED, TEXT)]) as trunks:
        first, second = Sampled("2 + 2", closed=True), Sampled("2 * (1 + 1)", closed=True)
        assert trunks.sample([branch(samples=3)]) == [[first, second, first]]
        assert trunks.sample([branch(samples=2, temperature=0.0)]) == [[first, first]]


def test_the_first_of_the_samples_is_the_greedy_one() -> None:
    with scripted("2 + 2)", "2 * (1 + 1)) and on").read([TextRequest(ASKED, TEXT)]) as trunks:
        [greedy] = trunks.sample([branch(temperature=0.0)])
        [mixed] = trunks.sample([replace(branch(samples=3), first_greedy=True)])
        assert mixed[:1] == greedy
        assert mixed == trunks.sample([branch(samples=3)])[0]


def test_a_call_that_does_not_close_is_cut_at_its_line_or_its_limit() -> None:
    with scripted("2 +\n2)").read([TextRequest(ASKED, TEXT)]) as trunks:
        assert trunks.sample([branch()]) == [[Sampled("2 +", closed=False)]]
        assert trunks.sample([branch(max_tokens=1)]) == [[Sampled("2", closed=False)]]


def test_a_place_the_script_does_not_name_stays_unclosed() -> None:
    with ScriptedLanguageModel().read([TextRequest(ASKED, TEXT)]) as trunks:
        assert trunks.sample([branch(samples=2)]) == [[Sampled("", closed=False)] * 2]


def test_a_token_is_cheap_once_the_output_told_it() -> None:
    call = ToolCall("Calculator", "2 + 2")
    asked = [LossRequest(TEXT, 8), LossRequest(TEXT, 8, call), LossRequest(TEXT, 8, call, "4")]
    found = [row.tolist() for row in scripted().target_log_probs(asked)]
    assert found == [[-2, -2], [-2, -2], [pytest.approx(-0.1), -2]]


def test_what_is_no_place_is_refused() -> None:
    with pytest.raises(ModelError, match=r"Position 2 is not a place of '2 \+ 2 is 4\.'"):
        scripted().target_log_probs([LossRequest(TEXT, 2)])


def test_a_row_longer_than_the_context_is_refused() -> None:
    model = ScriptedLanguageModel(max_length=16)
    with pytest.raises(ModelError, match="longer than the 16 that scripted can read"):
        model.read([TextRequest(Prompt("", ""), TEXT * 4)])


def test_the_fingerprint_follows_the_script() -> None:
    assert scripted("2 + 2)").fingerprint == scripted("2 + 2)").fingerprint
    assert scripted("2 + 2)").fingerprint != scripted("3 + 2)").fingerprint


def test_a_call_may_be_written_from_the_text_before_it() -> None:
    copies = ScriptedCall("Calculator", after=" is", writes=lambda text: (f"{text[:-3]})",))
    with ScriptedLanguageModel([copies]).read([TextRequest(ASKED, TEXT)]) as trunks:
        assert trunks.sample([branch()]) == [[Sampled("2 + 2", closed=True)]]


def test_a_text_that_was_read_knows_how_likely_each_of_its_tokens_is_but_the_first() -> None:
    model = ScriptedLanguageModel(log_prob=lambda _, request: -float(request.position))
    with model.read([TextRequest(ASKED, TEXT), TextRequest(ASKED, "2")]) as trunks:
        starts, log_probs = trunks.starts[0], trunks.log_probs
    # The place that n tokens precede is followed by log_probs[n - 1]: here, by its own position.
    assert log_probs[0][starts.tokens_before - 1].tolist() == (-starts.positions).tolist()
    assert log_probs[1].shape == (0,)


def test_a_call_at_its_place_tells_the_tokens_after_it() -> None:
    model = scripted("2 + 2)")
    call = ToolCall("Calculator", "2 + 2")
    asked = [CallScoreRequest(1, 8, call, "4", 1), CallScoreRequest(1, 8, call, None, 9)]
    with model.read([TextRequest(ASKED, "So."), TextRequest(ASKED, TEXT)]) as trunks:
        model.usage = TokenUsage()
        found = [row.tolist() for row in trunks.score([*asked, asked[0]])]
    assert found == [[pytest.approx(-0.1)], [-2, -2], [pytest.approx(-0.1)]]
    written = [" [Calculator(2 + 2) -> 4]", " [Calculator(2 + 2)]"]
    assert model.usage == TokenUsage(score=sum(model.count_tokens(written)) + 1 + 2)


def test_a_text_that_is_not_kept_or_was_closed_cannot_be_branched_from() -> None:
    model = scripted("2 + 2)")
    request = CallScoreRequest(0, 8, ToolCall("Calculator", "2 + 2"), "4", 5)
    closed = model.read([TextRequest(ASKED, TEXT)])
    closed.close()
    for trunks in (closed, model.read([TextRequest(ASKED, TEXT)], keep=False)):
        assert trunks.starts[0].probabilities.any()
        with pytest.raises(ModelError, match="Text 0 is not held"):
            trunks.sample([branch()])
        with pytest.raises(ModelError, match="Text 0 is not held"):
            trunks.score([request])


def test_a_call_says_what_it_may_and_then_the_first_that_it_may() -> None:
    def spell(text: str) -> tuple[str, ...] | None:
        wanted = ("2 + 2)", "2 * 2)")
        if text in wanted:
            return None
        return tuple(each[len(text) :] for each in wanted if each.startswith(text))

    for says, text in (("2 * 2)", "2 * 2"), ("2 * 3)", "2 * 2"), ("3)", "2 + 2")):
        with scripted(says).read([TextRequest(ASKED, TEXT)]) as trunks:
            [[found]] = trunks.sample([replace(branch(), spell=spell)])
        assert found == Sampled(text, closed=True)
