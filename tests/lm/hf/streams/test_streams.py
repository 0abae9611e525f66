"""Streams say what plain forwards would, alone and together, after crops and feeds."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from tests.lm.hf.plain import log_softmax, plain_logits, start_of
from tests.models import (
    CONFIGS,
    CONFIGS_WITHOUT_CACHE,
    CONFIGS_WITHOUT_TREES,
    save_model,
    save_sentencepiece_model,
)
from toolformer.errors import ModelError
from toolformer.lm.drawing import uniform
from toolformer.lm.hf.model import HFLanguageModel, load
from toolformer.lm.hf.streams import rows as stream_rows
from toolformer.lm.hf.streams.streams import HFStreams
from toolformer.lm.streams import StepRequest, StepResult

torch.set_num_threads(1)

PROMPTS = [
    "The sum of 12 and 30 is",
    "Paris",
    "He paid 4 x 5 = 20 dollars (in all), 3 of 7 boxes were his to give to the children, and",
]
LEADS = (" [Calculator(", " [Calendar(", " [Database(")


KINDS = [*CONFIGS, *CONFIGS_WITHOUT_TREES, *CONFIGS_WITHOUT_CACHE, "sentencepiece"]


@pytest.fixture(scope="module", params=KINDS)
def model(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> HFLanguageModel:
    directory = tmp_path_factory.mktemp("model")
    if request.param == "sentencepiece":
        return load(save_sentencepiece_model(directory), device="cpu")
    return load(save_model(directory, request.param), device="cpu")


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> HFLanguageModel:
    return load(save_model(tmp_path_factory.mktemp("model"), "llama"), device="cpu")


class Checked:
    """Streams whose every token is compared with a plain forward of all tokens before it."""

    def __init__(self, model: HFLanguageModel, prompts: Sequence[str]) -> None:
        self.model = model
        self.streams = model.streams()
        self.numbers: list[int] = []
        self.ids: list[list[int]] = []
        self.text: list[str] = []
        self.admit(*prompts)

    def admit(self, *prompts: str) -> None:
        self.numbers += self.streams.admit(prompts)
        self.ids += [start_of(self.model, prompt) for prompt in prompts]
        self.text += ["" for _ in prompts]

    def step(self, *streams: int) -> None:
        said = self.streams.step([StepRequest(self.numbers[stream]) for stream in streams])
        for stream, each in zip(streams, said, strict=True):
            self.check(stream, each)

    def check(self, stream: int, said: StepResult) -> None:
        logits = plain_logits(self.model, self.ids[stream])
        if said.ends:
            assert int(logits.argmax()) in self.model.engine.ends_text
            return
        assert said.token is not None
        log_probs = logits - np.logaddexp.reduce(logits)
        assert said.log_prob == pytest.approx(log_probs[said.token], abs=1e-4)
        assert said.log_prob == pytest.approx(log_probs.max(), abs=1e-4)
        self.ids[stream].append(said.token)
        self.text[stream] += said.text
        assert self.streams.tokens(self.numbers[stream]) == len(self.ids[stream])

    def feed(self, stream: int, *pieces: str) -> None:
        self.streams.feed(self.numbers[stream], pieces)
        for piece in pieces:
            self.ids[stream] += self.model.engine.encoding.piece(piece)

    def crop(self, stream: int, tokens: int) -> None:
        self.streams.crop(self.numbers[stream], tokens)
        del self.ids[stream][tokens:]


def test_every_token_is_that_of_a_plain_forward(model: HFLanguageModel) -> None:
    checked = Checked(model, PROMPTS)
    for _ in range(3):
        checked.step(0, 1, 2)
    checked.step(2, 0)  # one waits
    checked.step(2)
    checked.feed(1, " 5)", " ->", " 42", "]")
    checked.step(1, 0, 2)
    checked.crop(2, len(checked.ids[2]) - 2)
    checked.feed(2, " [Calculator(")
    checked.feed(0, " 42", "]")
    checked.step(0, 1, 2)
    checked.crop(0, 5)  # into the prompt
    checked.step(1, 2)
    checked.step(0, 1, 2)


def test_a_stream_says_the_same_alone_and_in_any_batch(model: HFLanguageModel) -> None:
    def said(prompts: Sequence[str]) -> list[list[int | None]]:
        streams = model.streams()
        numbers = streams.admit(prompts)
        asks = [
            StepRequest(number, temperature=0.7 * (PROMPTS.index(prompt) % 2), key=prompt)
            for number, prompt in zip(numbers, prompts, strict=True)
        ]
        rows = zip(*(streams.step(asks) for _ in range(6)), strict=True)
        return [[each.token for each in row] for row in rows]

    together = said(PROMPTS)
    assert [said([prompt])[0] for prompt in PROMPTS] == together
    assert said(PROMPTS[::-1]) == together[::-1]


def test_streams_come_and_go(llama: HFLanguageModel) -> None:
    checked = Checked(llama, PROMPTS)
    checked.step(0, 1, 2)
    checked.streams.retire([checked.numbers[0]])
    checked.step(1, 2)
    checked.numbers += checked.streams.admit(["So 5 is it, said"])
    checked.ids.append(start_of(llama, "So 5 is it, said"))
    checked.text.append("")
    checked.step(2, 3, 1)
    checked.step(3, 1)
    checked.streams.retire([checked.numbers[1]])
    checked.step(2, 3)


def test_streams_that_come_while_another_waits_change_seats_with_it(
    model: HFLanguageModel,
) -> None:
    checked = Checked(model, [PROMPTS[2]] * 3)
    checked.step(0, 1, 2)
    checked.admit(PROMPTS[2], PROMPTS[2])
    checked.step(0, 2, 3, 4)
    checked.step(0, 1, 2, 3, 4)


@pytest.mark.parametrize("gone", [(0, 1, 2, 3), (3,), (0, 3), (3, 1), (0, 1, 2), (2, 1)])
def test_those_that_stay_take_the_seats_of_those_that_go(
    llama: HFLanguageModel, gone: Sequence[int]
) -> None:
    checked = Checked(llama, [*PROMPTS, "So 5 is it, said"])
    checked.step(0, 1, 2, 3)
    checked.streams.retire([checked.numbers[stream] for stream in gone])
    staying = [stream for stream in range(4) if stream not in gone]
    for _ in range(2):
        checked.step(*staying)


def test_rows_outgrow_their_buffers(
    llama: HFLanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_rows, "MIN_SLOTS", 32)
    checked = Checked(llama, PROMPTS[:2])
    checked.step(0, 1)
    assert max(map(len, checked.ids)) < 32
    checked.feed(0, *[" 7 and"] * 20)
    checked.step(0, 1)
    assert len(checked.ids[0]) > 32
    checked.step(1, 0)


def test_a_prompt_with_a_call_is_encoded_as_training_encodes_it(llama: HFLanguageModel) -> None:
    streams, encoding = llama.streams(), llama.engine.encoding
    prompt = "So 2 + 3 is [Calculator(2 + 3) -> 5] 5."
    [stream] = streams.admit([prompt])
    grammar = llama.grammar
    row = encoding.annotated(grammar.strip(prompt), grammar.calls(prompt))
    [said] = streams.step([StepRequest(stream)])
    expected = plain_logits(llama, [*encoding.start, *row.ids])
    assert streams.tokens(stream) == 1 + len(row.ids) + 1
    assert said.token == int(expected.argmax())


def test_a_draw_follows_its_key_and_the_number_of_the_token(llama: HFLanguageModel) -> None:
    streams = llama.streams()
    [stream] = streams.admit(["Paris"])
    ids = start_of(llama, "Paris")
    [said] = streams.step([StepRequest(stream, temperature=2.0, key="a")])
    logits = plain_logits(llama, ids).astype(np.float64) / 2
    cumulated = np.cumsum(np.exp(logits - np.logaddexp.reduce(logits)))
    assert said.token == int(np.searchsorted(cumulated, uniform("a", 0, len(ids)), side="right"))


def say(streams: HFStreams, ask: StepRequest, steps: int) -> list[StepResult]:
    return [streams.step([ask])[0] for _ in range(steps)]


def test_a_lead_is_said_whole_in_as_few_steps_as_it_has_choices(model: HFLanguageModel) -> None:
    encoding = model.engine.encoding
    streams = model.streams()
    [stream] = streams.admit([PROMPTS[0]])
    before = streams.tokens(stream)
    text, steps = "", 0
    while text not in LEADS:
        [said] = streams.step([StepRequest(stream, among=LEADS)])
        text, steps = text + said.text, steps + 1
        assert steps <= 2
    assert streams.tokens(stream) - before == len(encoding.piece(text))
    streams.crop(stream, before)
    [said] = streams.step([StepRequest(stream, among=LEADS[:1])])
    assert (said.text, said.log_prob) == (LEADS[0], 0.0)


def test_a_lead_is_chosen_where_leads_differ_by_what_is_likelier(llama: HFLanguageModel) -> None:
    streams, encoding = llama.streams(), llama.engine.encoding
    [stream] = streams.admit([PROMPTS[0]])
    ids = {lead: encoding.piece(lead) for lead in (LEADS[0], LEADS[2])}
    differ = next(
        i for i, pair in enumerate(zip(*ids.values(), strict=False)) if len(set(pair)) > 1
    )
    common = ids[LEADS[0]][:differ]
    logits = plain_logits(llama, [*start_of(llama, PROMPTS[0]), *common])
    best = max(ids, key=lambda lead: logits[ids[lead][differ]])
    other = next(lead for lead in ids if lead != best)
    gap = logits[ids[best][differ]] - logits[ids[other][differ]]
    [said] = streams.step([StepRequest(stream, among=tuple(ids))])
    assert best.startswith(said.text)
    assert said.log_prob == pytest.approx(-np.log1p(np.exp(-gap)), abs=1e-4)


def test_the_marker_ranks_by_all_tokens_that_hold_it(llama: HFLanguageModel) -> None:
    streams, encoding = llama.streams(), llama.engine.encoding
    for prompt in PROMPTS:
        logits = plain_logits(llama, start_of(llama, prompt))
        marker = np.logaddexp.reduce(logits[list(encoding.marker_ids)])
        others = np.delete(logits, encoding.marker_ids)
        rank = 1 + int((others > marker).sum())
        [stream] = streams.admit([prompt])
        if rank > 1:
            [below] = streams.step([StepRequest(stream, start_rank=rank - 1)])
            assert (below.marker_rank, below.starts) == (rank, False)
            streams.crop(stream, streams.tokens(stream) - 1)
        [at] = streams.step([StepRequest(stream, start_rank=rank)])
        assert (at.starts, at.text, at.token) == (True, "", None)
        assert streams.tokens(stream) == len(start_of(llama, prompt))


def test_a_barred_lead_is_never_said_whatever_the_model_wants(llama: HFLanguageModel) -> None:
    streams = llama.streams()
    lead = " [Calculator("
    for cut in range(1, len(lead)):
        [stream] = streams.admit(["So 5"])
        streams.feed(stream, [lead[:cut]])
        allowed = llama.engine.encoding.piece(lead[cut:])
        drawn = {
            streams.step([StepRequest(each, barred=(lead,), temperature=9.0, key=f"{cut}")])[
                0
            ].token
            for each in [stream]
        }
        rest = llama.engine.vocabulary.completing((lead,), "So 5" + lead[:cut], ())
        assert not drawn & rest
        assert len(allowed) > 1 or allowed[0] in rest


def test_a_barred_marker_is_masked_and_the_rest_renormalised(llama: HFLanguageModel) -> None:
    streams, encoding = llama.streams(), llama.engine.encoding
    [stream] = streams.admit([PROMPTS[0]])
    [said] = streams.step([StepRequest(stream, bar_marker=True, start_rank=500)])
    logits = plain_logits(llama, start_of(llama, PROMPTS[0]))
    holding = [t for t in range(len(logits)) if " [" in encoding.decode((t,))]
    logits[holding] = -np.inf
    assert (said.starts, said.marker_rank) == (False, None)
    assert said.log_prob == pytest.approx(log_softmax(logits).max(), abs=1e-4)


def test_what_an_answer_begins_with_is_said_first(model: HFLanguageModel) -> None:
    for begins in (" ", "\n", "  \n", " 😀"):
        streams = model.streams()
        [stream] = streams.admit(["So 5 is"])
        text = ""
        for _ in range(8):
            [said] = streams.step([StepRequest(stream, begins=begins[len(text) :])])
            text += said.text
            if text.startswith(begins):
                break
            assert begins.startswith(text)
        assert text.startswith(begins)


def test_a_character_cut_into_tokens_comes_whole(llama: HFLanguageModel) -> None:
    streams = llama.streams()
    [stream] = streams.admit(["So"])
    ids = llama.engine.encoding.piece(" 😀!")
    assert len(ids) > 3
    said = []
    for token in ids:
        lead = llama.engine.encoding.decode((token,))
        said.append(streams._streams[stream].text.push(token))
        assert "�" not in said[-1] or "�" not in lead
    assert "".join(said) == " 😀!"


def test_no_stream_is_longer_than_the_context(llama: HFLanguageModel) -> None:
    streams = llama.streams()
    with pytest.raises(ModelError, match=r"Its \d+ tokens leave no room in the 256 that"):
        streams.admit(["5 " * 300])
    [stream] = streams.admit(["5"])
    with pytest.raises(ModelError, match="there is no room for"):
        streams.feed(stream, ["5 " * 300])
    while streams.room(stream) > 0:
        streams.feed(stream, ["5"] * streams.room(stream))
    [said] = streams.step([StepRequest(stream)])
    assert said.ends
