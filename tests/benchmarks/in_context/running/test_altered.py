"""A model passes every question on, but for the part that an ablation takes out."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.in_context.running.altered import (
    FreeArguments,
    NoGreedySample,
    PlacesByProbability,
)
from benchmarks.in_context.running.metered import PassingModel, PassingTrunks, PlaceboMeter
from toolformer.calls import ToolCall
from toolformer.lm.base import (
    Branch,
    CallScoreRequest,
    LanguageModel,
    Prompt,
    Sampled,
    TextRequest,
)
from toolformer.lm.registry import load_model
from toolformer.lm.scripted import ScriptedLanguageModel

TEXT = "There are 2 + 3 = 5 balloons."
SHOWN, PLAIN = Prompt("One [Calculator(1) -> 1] 1.\n\n", ""), Prompt("", "")
BRANCH = Branch(
    0,
    9,
    " [Calculator(",
    samples=2,
    max_tokens=8,
    temperature=0.7,
    key="k",
    first_greedy=True,
    spell=None,
)


class _Recorder(PassingModel):
    """Notes which branches are asked for."""

    def __init__(self, model: LanguageModel) -> None:
        super().__init__(model)
        self.branches: list[Branch] = []

    def read(self, requests: Sequence[TextRequest], *, keep: bool = True) -> PassingTrunks:
        recorder = self

        class Recording(PassingTrunks):
            def sample(self, branches: Sequence[Branch]) -> list[list[Sampled]]:
                recorder.branches += branches
                return [[] for _ in branches]

        return Recording(self._model.read(requests, keep=keep))


def test_a_passing_model_is_a_language_model() -> None:
    assert isinstance(PassingModel(ScriptedLanguageModel([])), LanguageModel)


def test_what_is_plain_is_no_longer_subtracted_from_the_places() -> None:
    model = ScriptedLanguageModel([])
    requests = [TextRequest(SHOWN, TEXT), TextRequest(PLAIN, TEXT)]
    shown, plain = PlacesByProbability(model).read(requests).starts
    before, _ = model.read(requests).starts
    assert np.array_equal(shown.probabilities, before.probabilities)
    assert np.all(plain.probabilities == 1)
    assert np.array_equal(plain.positions, before.positions)


def test_a_sample_that_was_greedy_is_drawn() -> None:
    recorder = _Recorder(ScriptedLanguageModel([]))
    NoGreedySample(recorder).read([TextRequest(SHOWN, TEXT)]).sample([BRANCH])
    assert recorder.branches == [replace(BRANCH, first_greedy=False)]


def test_free_arguments_have_nothing_that_they_may_say() -> None:
    recorder = _Recorder(ScriptedLanguageModel([]))
    spelled = replace(BRANCH, spell=lambda _: None)  # type: ignore[arg-type,return-value]
    FreeArguments(recorder).read([TextRequest(SHOWN, TEXT)]).sample([spelled])
    assert recorder.branches == [replace(spelled, spell=None)]


def test_a_call_scored_again_with_another_output_is_a_placebo() -> None:
    meter = PlaceboMeter(load_model("nano"))
    call = ToolCall("Calculator", "2 + 3")
    with meter.read([TextRequest(SHOWN, TEXT)]) as trunks:
        place = int(trunks.starts[0].positions[3])
        asked = CallScoreRequest(0, place, call, "5", 4)
        trunks.score([asked])
        trunks.score([replace(asked, output=None)])
        assert meter.placebos.tokens == 0
        before = meter.usage.score
        trunks.score([replace(asked, output="17")])
    assert meter.placebos.tokens == meter.usage.score - before > 0
