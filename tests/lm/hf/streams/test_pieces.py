"""Where a marker stands that no token holds."""

import numpy as np
import pytest
import torch

from tests.lm.hf.plain import log_softmax, plain_logits, start_of
from tests.models import save_model
from toolformer.calls import InlineGrammar
from toolformer.lm.hf.model import HFLanguageModel, load
from toolformer.lm.streams import StepRequest

torch.set_num_threads(1)

PROMPT = "The sum of 12 and 30 is"
GRAMMAR = InlineGrammar(open=" <[", arrow=" =>", close="]>")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> HFLanguageModel:
    directory = save_model(tmp_path_factory.mktemp("model"), "gpt2")
    return load(directory, device="cpu", grammar=GRAMMAR)


def test_a_marker_in_pieces_ranks_by_its_pieces_one_after_the_other(model: HFLanguageModel) -> None:
    encoding = model.engine.encoding
    assert not encoding.marker_ids
    first, *others = encoding.marker_pieces
    ids = start_of(model, PROMPT)
    probabilities = np.exp(log_softmax(plain_logits(model, ids)))
    marker = probabilities[first]
    for index, piece in enumerate(others):
        row = [*ids, first, *others[:index]]
        marker *= np.exp(log_softmax(plain_logits(model, row)))[piece]
    probabilities[first] -= marker
    rank = 1 + int((probabilities > marker).sum())
    streams = model.streams()
    [stream] = streams.admit([PROMPT])
    [said] = streams.step([StepRequest(stream, start_rank=1000)])
    assert (said.starts, said.marker_rank) == (True, rank)
    [said] = streams.step([StepRequest(stream)])  # the pieces that were tried are gone
    assert said.token == int(plain_logits(model, ids).argmax())


def test_where_the_first_piece_ranks_too_low_the_others_are_not_tried(
    model: HFLanguageModel,
) -> None:
    logits = plain_logits(model, start_of(model, PROMPT))
    rank = 1 + int((logits > logits[model.engine.encoding.marker_pieces[0]]).sum())
    assert rank > 1
    streams = model.streams()
    [stream] = streams.admit([PROMPT])
    before = model.usage.decode
    [said] = streams.step([StepRequest(stream, start_rank=rank - 1)])
    assert (said.starts, said.marker_rank) == (False, rank)
    assert model.usage.decode == before


def test_no_call_starts_where_the_marker_has_no_room(model: HFLanguageModel) -> None:
    streams = model.streams()
    [stream] = streams.admit([PROMPT])
    streams.feed(stream, ["5"] * (streams.room(stream) - 1))
    vocabulary = len(plain_logits(model, start_of(model, PROMPT)))
    assert len(model.engine.encoding.marker_pieces) > 2
    [said] = streams.step([StepRequest(stream, start_rank=vocabulary)])
    assert not said.starts
