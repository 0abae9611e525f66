"""Calls at their places off texts that were read: exact in each way of decoding, no token twice."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models import save_model, startless_tokenizer
from tests.oracle import Oracle, load_oracle
from toolformer.calls import CallGrammar, InlineGrammar, ToolCall
from toolformer.errors import ModelError
from toolformer.lm.base import Branch, CallScoreRequest, Prompt, TextRequest, TokenUsage
from toolformer.lm.encoding import Encoding
from toolformer.lm.hf.branching.copies import Copies
from toolformer.lm.hf.branching.shared import Shared
from toolformer.lm.hf.branching.tree import Tree
from toolformer.lm.hf.branching.ways import DecoderType
from toolformer.lm.hf.branching.whole import FullRowDecoder
from toolformer.lm.hf.model import HFLanguageModel, load

torch.set_num_threads(1)

WAYS: list[DecoderType] = [Shared, Tree, Copies, FullRowDecoder]
TEXTS = [
    "The sum of 12 and 30 is 42, said the old man.",
    "So 5.",
    "He paid 4 x 5 = 20 dollars (in all) — 3 of 7 😀 boxes, née empty, were his to give.",
]
PROMPT = Prompt("He has 2 + 2 = [Calculator(2 + 2) -> 4] 4 boxes.\n\n", "")
REQUESTS = [TextRequest(prompt, text) for prompt in (PROMPT, Prompt("", "")) for text in TEXTS]
CALL = ToolCall("Calculator", "12 + 30")
OTHER = ToolCall("Calculator", "12 * 30 + 1")
IN_PIECES = InlineGrammar(open=" <[", arrow=" =>", close="]>")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("models") / "tiny", "llama")


@pytest.fixture
def model(directory: Path) -> HFLanguageModel:
    return load(directory, device="cpu")


def decoding(model: HFLanguageModel, way: DecoderType) -> HFLanguageModel:
    model.engine = replace(model.engine, decoding=way)
    return model


def oracle(directory: Path, grammar: CallGrammar) -> Oracle:
    plain = load_oracle(directory)
    tokenizer, start = plain.encoding._tokenizer, plain.encoding.start
    encoding = Encoding(tokenizer, grammar, start=next(iter(start), None), name="oracle")
    return replace(plain, encoding=encoding)


def asked(model: HFLanguageModel) -> list[CallScoreRequest]:
    """Several calls at several places of every text, the last ones among them."""
    found = []
    for index, request in enumerate(REQUESTS):
        ends = np.unique(model.token_ends(request.text))
        places = ends[(ends > 0) & (ends < len(request.text))]
        for position in [*places[1::5], places[-1]]:
            for call, output in ((CALL, "42"), (CALL, None), (OTHER, "361"), (CALL, "7")):
                found.append(CallScoreRequest(index, int(position), call, output, 6))
    return found


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("grammar", [InlineGrammar(), IN_PIECES])
def test_every_way_of_decoding_is_exact(
    directory: Path, way: DecoderType, grammar: CallGrammar
) -> None:
    model = decoding(load(directory, device="cpu", grammar=grammar), way)
    plain = oracle(directory, grammar)
    assert bool(model.engine.encoding.marker_ids) == (grammar is not IN_PIECES)
    requests = asked(model)
    with model.read(REQUESTS) as trunks, model.read(REQUESTS, keep=False) as told:
        for request, ours, theirs in zip(REQUESTS, trunks.log_probs, told.log_probs, strict=True):
            expected = plain.text_log_probs(request)
            np.testing.assert_allclose(ours, expected, atol=1e-4)
            np.testing.assert_allclose(theirs, expected, atol=1e-4)
        for request, ours, theirs in zip(REQUESTS, trunks.starts, told.starts, strict=True):
            last = int(ours.positions[-1])
            expected = plain.start_probability(request, last)
            assert ours.probabilities[-1] == pytest.approx(expected, rel=1e-3)
            np.testing.assert_allclose(ours.probabilities, theirs.probabilities, rtol=1e-3)
        for request, found in zip(requests, trunks.score(requests), strict=True):
            expected = plain.call_log_probs(REQUESTS[request.request], request)
            np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_text_that_starts_without_a_token_is_exact_too(tmp_path: Path) -> None:
    model = load(save_model(tmp_path, "llama", startless_tokenizer()), device="cpu")
    plain = load_oracle(tmp_path)
    requests = asked(model)
    with model.read(REQUESTS) as trunks:
        for request, found in zip(requests, trunks.score(requests), strict=True):
            expected = plain.call_log_probs(REQUESTS[request.request], request)
            np.testing.assert_allclose(found, expected, atol=1e-4)
        with pytest.raises(ModelError, match="Position 0 is not a place of text 3"):
            trunks.score([CallScoreRequest(3, 0, CALL, "42", 5)])


@pytest.fixture(scope="module")
def pair(directory: Path) -> tuple[HFLanguageModel, Oracle]:
    return load(directory, device="cpu"), load_oracle(directory)


@settings(max_examples=25, deadline=None)
@given(
    text=st.text(alphabet="ab 1.é😀\n[(", min_size=2, max_size=24),
    data=st.data(),
    own=st.sampled_from(["", "Input: "]),
    way=st.sampled_from(WAYS),
)
def test_any_text_and_any_call_are_as_likely_as_in_a_plain_forward(
    pair: tuple[HFLanguageModel, Oracle],
    text: str,
    data: st.DataObject,
    own: str,
    way: DecoderType,
) -> None:
    model, plain = decoding(pair[0], way), pair[1]
    request = TextRequest(Prompt(PROMPT.shared, own), text)
    with model.read([*REQUESTS[:2], request]) as trunks:
        places = trunks.starts[2].positions.tolist()
        np.testing.assert_allclose(trunks.log_probs[2], plain.text_log_probs(request), atol=1e-4)
        if not places:
            return
        calls = data.draw(
            st.lists(
                st.builds(
                    CallScoreRequest,
                    request=st.just(2),
                    position=st.sampled_from(places),
                    call=st.builds(ToolCall, st.just("Length"), st.text("ab1 ", max_size=4)),
                    output=st.none() | st.text("ab1", min_size=1, max_size=4),
                    tokens=st.integers(1, 7),
                ),
                min_size=1,
                max_size=8,
            )
        )
        for asked_for, found in zip(calls, trunks.score(calls), strict=True):
            expected = plain.call_log_probs(request, asked_for)
            np.testing.assert_allclose(found, expected, atol=1e-4)


def test_in_half_precision_a_score_is_near(directory: Path) -> None:
    exact, half = (load(directory, device="cpu", dtype=each) for each in ("float32", "bfloat16"))
    with exact.read(REQUESTS) as ours, half.read(REQUESTS) as theirs:
        requests = asked(exact)
        pairs = zip(theirs.score(requests), ours.score(requests), strict=True)
        errors = np.concatenate([abs(found - expected) for found, expected in pairs])
    # Weights this large make log probabilities of about -10 nats; eight bits tell them to a few %.
    assert errors.mean() < 0.1  # nats; 0.03 here
    assert not np.isnan(errors).any()


def test_what_calls_at_a_place_begin_alike_with_is_forwarded_once(model: HFLanguageModel) -> None:
    encoding = model.engine.encoding
    position = int(model.token_ends(TEXTS[0])[4])
    with_output, without = (
        CallScoreRequest(0, position, CALL, output, 5) for output in ("42", None)
    )
    with model.read(REQUESTS[:1]) as trunks:
        model.usage = model.engine.forward.usage = TokenUsage()
        trunks.score([with_output, without, with_output, replace(without, tokens=2)])
    pieces = encoding.call(CALL, "42", first=False)
    alone = len(encoding.call(CALL, first=False).close) + 4
    # Up to the arrow both are the same; then each has its own close and four tokens of the text.
    assert model.usage == TokenUsage(score=len(pieces.ids) + 4 + alone)


def test_over_copies_each_call_is_a_row(model: HFLanguageModel) -> None:
    position = int(model.token_ends(TEXTS[0])[4])
    requests = [CallScoreRequest(0, position, CALL, output, 5) for output in ("42", None)]
    lengths = [
        len(model.engine.encoding.call(CALL, each.output, first=False).ids) for each in requests
    ]
    decoding(model, Copies)
    with model.read(REQUESTS[:1]) as trunks:
        model.usage = model.engine.forward.usage = TokenUsage()
        trunks.score(requests)
    assert model.usage == TokenUsage(score=sum(lengths) + 2 * 4)


def test_fewer_tokens_are_scored_at_a_texts_end(model: HFLanguageModel) -> None:
    with model.read(REQUESTS[:1]) as trunks:
        *_, before_last, last = trunks.starts[0].positions.tolist()
        many, two, one = trunks.score(
            [CallScoreRequest(0, before_last, CALL, "42", tokens) for tokens in (9, 2, 1)]
        )
        assert trunks.score([CallScoreRequest(0, last, CALL, "42", 9)])[0].shape == (1,)
    assert many.dtype == np.float32
    assert many.tolist() == two.tolist()
    assert one.tolist() == two[:1].tolist()


def test_what_is_no_place_is_refused(model: HFLanguageModel) -> None:
    with (
        model.read(REQUESTS[:1]) as trunks,
        pytest.raises(ModelError, match="Position 1 is not a place of text 0"),
    ):
        trunks.score([CallScoreRequest(0, 1, CALL, "42", 5)])


def test_a_row_longer_than_the_context_is_refused(model: HFLanguageModel) -> None:
    with model.read(REQUESTS[:1]) as trunks:
        position = int(trunks.starts[0].positions[-1])
        request = CallScoreRequest(0, position, ToolCall("Calculator", "1 + " * 200 + "1"), "42", 5)
        with pytest.raises(ModelError, match=r"reads at most 256\. Cut the text into windows"):
            trunks.score([request])


@pytest.mark.parametrize("is_read_to_be_kept", [True, False])
def test_a_text_that_is_not_kept_or_was_closed_refuses(
    model: HFLanguageModel, is_read_to_be_kept: bool
) -> None:
    trunks = model.read(REQUESTS[:1], keep=is_read_to_be_kept)
    position = int(trunks.starts[0].positions[0])
    if is_read_to_be_kept:
        trunks.close()
    with pytest.raises(
        ModelError, match="Text 0 is not held: only a text that was read to be kept"
    ):
        trunks.score([CallScoreRequest(0, position, CALL, "42", 5)])
    with pytest.raises(ModelError, match="Text 0 is not held"):
        trunks.sample([Branch(0, position, " [Calculator(", 1, 5, 0.0, "")])


def test_a_batch_of_scores_that_does_not_fit_is_halved(
    model: HFLanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = asked(model)
    with model.read(REQUESTS) as trunks:
        expected = trunks.score(requests)
        forward = model.engine.forward
        logits = forward.backend.logits

        def tight(ids: torch.Tensor, *args: object, **kwargs: object) -> torch.Tensor:
            if len(ids) > 2:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return logits(ids, *args, **kwargs)  # type: ignore[arg-type]

        monkeypatch.setattr(forward.backend, "logits", tight)
        found = trunks.score(requests)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def sampled_calls(model: HFLanguageModel, position: int) -> list[Branch]:
    lead = model.engine.encoding.grammar.lead(CALL.tool)
    return [
        Branch(0, position, lead, 3, 12, 1.0, "a key"),
        Branch(0, position, lead, 1, 5, 0.0, ""),
    ]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("architecture", ["llama", "gpt2"])
def test_calls_that_were_sampled_are_scored_exactly(
    tmp_path: Path, way: DecoderType, architecture: str
) -> None:
    save_model(tmp_path, architecture)
    model, plain = decoding(load(tmp_path, device="cpu"), way), load_oracle(tmp_path)
    position, later = (int(model.token_ends(TEXTS[0])[token]) for token in (4, 9))
    with model.read(REQUESTS[:1]) as trunks:
        told = trunks.sample([*sampled_calls(model, position), *sampled_calls(model, later)])
        requests = [
            CallScoreRequest(0, place, ToolCall("Calculator", arguments), output, 5)
            for arguments in ("12 + 30", *(each.text for samples in told for each in samples))
            for place in (position, later)
            for output in ("42", None)
        ]
        for request, found in zip(requests, trunks.score(requests), strict=True):
            expected = plain.call_log_probs(REQUESTS[0], request)
            np.testing.assert_allclose(found, expected, atol=1e-4)


def test_what_was_sampled_at_a_place_is_not_forwarded_again(model: HFLanguageModel) -> None:
    position = int(model.token_ends(TEXTS[0])[4])
    encoding = model.engine.encoding
    with model.read(REQUESTS[:1]) as trunks:
        trunks.sample(sampled_calls(model, position))
        model.usage = model.engine.forward.usage = TokenUsage()
        trunks.score([CallScoreRequest(0, position, CALL, "42", 5)])
    lead = encoding.piece(encoding.grammar.lead(CALL.tool))
    row = encoding.call(CALL, "42", first=False).ids
    assert row[: len(lead)] == lead
    assert len(row) + 4 - model.usage.score >= len(lead)
