"""Whole rows say what rows over copies do, and what a model says of which nothing is kept."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.lm.hf.plain import log_softmax, plain_logits
from tests.models import save_model
from toolformer.calls import InlineGrammar
from toolformer.lm.base import Prompt, TextRequest, TokenUsage
from toolformer.lm.hf.branching.branches import BranchStart
from toolformer.lm.hf.branching.cache import RoomyCache
from toolformer.lm.hf.branching.copies import Copies
from toolformer.lm.hf.branching.whole import FullRowDecoder
from toolformer.lm.hf.model import load

torch.set_num_threads(1)

TEXT = "The sum of 12 and 30 is 42."
PROMPT = Prompt("Tool: Calculator(expression)\n", f"Input:\n{TEXT}\nOutput:\n")


def test_whole_rows_predict_what_copies_predict(tmp_path: Path) -> None:
    forward = load(save_model(tmp_path, "llama"), device="cpu").engine.forward
    ids = torch.arange(20, 36).view(2, 8)
    cache = RoomyCache()
    forward.logits(ids, torch.tensor([0]), purpose="text", cache=cache)
    whole, copies = FullRowDecoder(forward, ids.tolist()), Copies(forward, cache)
    leads = [BranchStart(0, 8, (50, 51)), BranchStart(1, 3, (50, 51, 52)), BranchStart(1, 8, (50,))]
    torch.testing.assert_close(whole.start(leads), copies.start(leads), atol=1e-4, rtol=1e-4)
    for parents in ([2, 0, 1, 2], [3, 0, 3], [1]):
        tokens = [60 + index for index in range(len(parents))]
        found, expected = whole.step(parents, tokens), copies.step(parents, tokens)
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_a_marker_in_pieces_is_as_likely_as_its_pieces_one_after_the_other(tmp_path: Path) -> None:
    grammar = InlineGrammar(open=" <[", arrow=" =>", close="]>")
    model = load(save_model(tmp_path, "mamba"), device="cpu", grammar=grammar)
    encoding = model.engine.encoding
    prompt, text = encoding.prompt(PROMPT), encoding.text(TEXT)
    assert len(encoding.marker_pieces) > 1
    with model.read([TextRequest(PROMPT, TEXT)]) as trunks:
        [starts] = trunks.starts
    for index in (0, len(starts.positions) - 1):
        before = text.tokens_before(int(starts.positions[index]))
        row = [*prompt.shared, *prompt.own, *text.ids[:before]]
        expected = 0.0
        for piece in encoding.marker_pieces:
            expected += log_softmax(plain_logits(model, row))[piece]
            row.append(piece)
        assert np.log(starts.probabilities[index]) == pytest.approx(expected, abs=1e-4)


def test_what_texts_share_is_read_with_each_of_them(tmp_path: Path) -> None:
    model = load(save_model(tmp_path, "mamba"), device="cpu")
    encoding = model.engine.encoding
    prompt, [text] = encoding.prompt(PROMPT), model.count_tokens([TEXT])
    with model.read([TextRequest(PROMPT, TEXT), TextRequest(PROMPT, TEXT)]):
        pass
    assert model.usage == TokenUsage(text=2 * (len(prompt.shared) + len(prompt.own) + text))
