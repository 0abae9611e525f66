"""Models write the values that a parameter has, whatever they would have said, in all ways."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
import torch
from transformers import GenerationConfig

from tests.models import save_model, save_sentencepiece_model
from toolformer.calls import CallGrammar, HermesGrammar, InlineGrammar, Spell
from toolformer.infer import InferConfig, LiveTools, decode
from toolformer.lm.base import Branch, Prompt, Sampled, TextRequest
from toolformer.lm.hf.branching.copies import Copies
from toolformer.lm.hf.branching.shared import Shared
from toolformer.lm.hf.branching.tree import Tree
from toolformer.lm.hf.branching.whole import FullRowDecoder
from toolformer.lm.hf.model import HFLanguageModel, load
from toolformer.lm.streams import StepRequest
from toolformer.tools import tool

torch.set_num_threads(1)

TEXTS = ["Paris is the capital of France.", "He paid 4 x 5 = 20 dollars, née empty."]
FACTS = {
    "France": ["capital", "official language", "île la plus longue"],
    "Perú, the": ["région №5"],
    "Queen (band)": ["genre", "capital of"],
}
NAMES = sorted({name for names in FACTS.values() for name in names})
GRAMMARS: list[CallGrammar] = [InlineGrammar(), HermesGrammar()]
# Architectures, by the way their branches are decoded; one that takes the quickest is held back.
KINDS: dict[str, type] = {"llama": Shared, "gpt2": Tree, "bloom": Copies, "mamba": FullRowDecoder}


def look_up(entity: str, attribute: str) -> str:
    """Looks up a fact."""
    return f"{attribute} of {entity}" if attribute in FACTS.get(entity, NAMES) else ""


def attributes(entity: str) -> list[str]:
    return FACTS.get(entity, NAMES)


BOTH = tool(look_up, name="Database", values={"entity": list(FACTS), "attribute": attributes})
ATTRIBUTE = tool(look_up, name="Database", values={"attribute": attributes})


@pytest.fixture(
    scope="module",
    params=[(kind, grammar) for kind in [*KINDS, "sentencepiece"] for grammar in GRAMMARS],
    ids=lambda param: f"{param[0]} {type(param[1]).__name__}",
)
def model(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> HFLanguageModel:
    kind, grammar = request.param
    directory = tmp_path_factory.mktemp("model") / "saved"
    if kind == "sentencepiece":
        save_sentencepiece_model(directory)
    else:
        save_model(directory, kind)
    # Of these tokenizers, a token that says a quote has the number that is declared.
    GenerationConfig(eos_token_id=0).save_pretrained(directory)
    loaded = load(directory, grammar=grammar)
    if kind in KINDS:
        loaded.engine = replace(loaded.engine, decoding=KINDS[kind])
    return loaded


def sampled(model: HFLanguageModel, spell: Spell | None, *, most: int = 90) -> list[list[Sampled]]:
    requests = [TextRequest(Prompt("Tool: Database(entity, attribute)\n", ""), t) for t in TEXTS]
    lead = model.grammar.lead("Database")
    with model.read(requests) as trunks:
        branches = [
            Branch(index, int(place), lead, 3, most, 1.0, f"{index}|{place}", spell=spell)
            for index, starts in enumerate(trunks.starts)
            for place in starts.positions[::9]
        ]
        greedy = [replace(each, samples=1, temperature=0.0) for each in branches]
        return trunks.sample([*branches, *greedy])


def written(found: Sequence[Sequence[Sampled]]) -> list[Sampled]:
    return [each for samples in found for each in samples]


def test_what_does_not_exist_is_not_written(model: HFLanguageModel) -> None:
    free = written(sampled(model, None))
    found = written(sampled(model, BOTH.spelling(model.grammar)))
    assert found != free
    for each in found:
        assert each.closed, each
        values = BOTH.bind(each.text)
        assert values["attribute"] in FACTS[str(values["entity"])]


def test_a_free_parameter_is_written_as_it_would_have_been(model: HFLanguageModel) -> None:
    """Until a token would close the call too early, or begin what does not exist."""
    if isinstance(model.grammar, HermesGrammar):
        pytest.skip("its keys are no free parameters")
    free = written(sampled(model, None, most=12))
    found = written(sampled(model, ATTRIBUTE.spelling(model.grammar), most=12))
    ended = [set(old.text) & set(",)") or old.closed for old in free]
    assert not all(ended)
    for old, new, has_ended in zip(free, found, ended, strict=True):
        assert has_ended or new == old


def test_a_tool_without_values_is_sampled_as_without_a_spelling(model: HFLanguageModel) -> None:
    assert tool(look_up).spelling(model.grammar) is None
    anything = sampled(model, lambda _: None, most=12)
    assert anything == sampled(model, None, most=12)


def test_behind_a_free_parameter_stands_what_there_is(model: HFLanguageModel) -> None:
    found = written(sampled(model, ATTRIBUTE.spelling(model.grammar), most=150))
    for each in found:
        if each.closed:
            values = ATTRIBUTE.bind(each.text)
            assert values["attribute"] in attributes(str(values["entity"]))


def test_the_decoder_of_answers_writes_what_exists(model: HFLanguageModel) -> None:
    lead = model.grammar.lead("Database")
    with LiveTools([BOTH], today=date(2023, 3, 3)) as tools:
        for temperature in (0.0, 1.0):
            config = InferConfig(
                max_new_tokens=120, max_call_tokens=100, max_calls=1, temperature=temperature
            )
            [answer] = decode(model, [f"In France{lead}"], execute=tools, config=config)
            [event] = answer.events
            assert event.error is None, event
            assert event.call is not None
            values = BOTH.bind(event.call.arguments)
            assert values["attribute"] in FACTS[str(values["entity"])]


def test_what_is_certain_is_said_in_one_step(model: HFLanguageModel) -> None:
    streams = model.streams()
    [stream] = streams.admit(["Paris is"])
    rest = "France, capital)"
    [said] = streams.step([StepRequest(stream, spell=lambda _: (rest,), written="")])
    assert said.text == rest
