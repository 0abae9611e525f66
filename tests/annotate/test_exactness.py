"""A run finds what a plain search finds: one forward per text, place, sample, step and call."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from tests.annotate.given import BRIEF
from tests.models import save_model
from tests.oracle import GRAMMAR, Oracle, load_oracle
from toolformer.annotate import annotate
from toolformer.annotate.prompts import build_prompt
from toolformer.annotate.texts.places import is_place
from toolformer.calls import ToolCall
from toolformer.errors import ToolError
from toolformer.lm.base import Branch, LossRequest, TextRequest
from toolformer.lm.hf.model import HFLanguageModel, load
from toolformer.records import AnnotatedDocument, Document, Verdict
from toolformer.sidecar import PromptStyle
from toolformer.tools.base import Tool
from toolformer.tools.decorator import tool

torch.set_num_threads(1)

DOCUMENTS = [
    Document("a", "The sum of 12 and 30 is 42, said the old man."),
    Document("b", "Paris is the capital of France, and née 😀 3 of 7 boxes are empty."),
    Document("c", "So 5."),
]
WEIGHTS = (1 / 3, 0.8 / 3, 0.6 / 3, 0.4 / 3, 0.2 / 3)
PLACES, SAMPLES, MAX_TOKENS, SEED = 4, 3, 10, 3


@tool(name="Length")
def length(text: str = "") -> str:
    """Counts the characters of a text."""
    return str(len(text))


@tool(name="Vowels")
def vowels(text: str = "") -> str:
    """Finds the vowels of a text."""
    return "".join(letter for letter in text if letter in "aeiou") or "none"


TOOLS = (length, vowels)


@dataclass(frozen=True)
class Found:
    """A scored call, as the plain search finds it."""

    document: str
    position: int
    token: int
    tool: str
    arguments: str
    count: int
    losses: tuple[float, float, float]  # L(ε), L(e(c, r)), L(e(c, ε))

    @property
    def gain(self) -> float:
        no_call, with_output, no_output = self.losses
        return min(no_call, no_output) - with_output


def make_it_close_calls(directory: Path) -> None:
    """Makes a model swing further between writing a parenthesis and not, so that some calls end."""
    tokenizer = AutoTokenizer.from_pretrained(directory)
    model = AutoModelForCausalLM.from_pretrained(directory)
    with torch.no_grad():
        model.lm_head.weight[tokenizer.convert_tokens_to_ids(")")] *= 4
    model.save_pretrained(directory)


def search(oracle: Oracle, document: Document, asked: Tool) -> list[Found]:
    """Looks for the calls of one tool in one text, plainly."""
    text = document.text
    prompt = build_prompt(PromptStyle.BRIEF, asked, text, grammar=GRAMMAR)
    request = TextRequest(prompt, text)
    ends = oracle.encoding.text(text).ends.tolist()
    chances = {
        end: oracle.start_probability(request, end)
        for end in ends
        if end > 0 and is_place(text, end)
    }
    likeliest = sorted(chances, key=lambda end: -chances[end])[:PLACES]
    found = []
    for position in likeliest:
        key = f"{SEED}|{document.id}|{asked.name}|{position}"
        branch = Branch(0, position, GRAMMAR.lead(asked.name), SAMPLES, MAX_TOKENS, 1.0, key)
        written = Counter(each.text for each in oracle.sample(request, branch) if each.closed)
        for arguments, count in written.items():
            call = ToolCall(asked.name, arguments)
            try:
                output = asked.execute(arguments)
            except ToolError:
                continue
            if not (GRAMMAR.is_readable(call) and GRAMMAR.is_renderable_output(output)):
                continue
            losses = (
                loss(oracle, LossRequest(text, position)),
                loss(oracle, LossRequest(text, position, call, output)),
                loss(oracle, LossRequest(text, position, call)),
            )
            token = ends.index(position) + 1
            found.append(Found(document.id, position, token, asked.name, arguments, count, losses))
    return found


def loss(oracle: Oracle, request: LossRequest) -> float:
    return -sum(w * p for w, p in zip(WEIGHTS, oracle.log_probs(request), strict=False))


def choose(found: list[Found], threshold: float) -> list[Found]:
    """Keeps the best of what gains enough, none within five tokens of a better one."""
    kept: list[Found] = []
    for each in sorted(found, key=lambda each: -each.gain):
        if each.gain >= threshold and all(
            abs(each.token - other.token) > 5 for other in kept if other.document == each.document
        ):
            kept.append(each)
    return kept


@dataclass(frozen=True)
class Setting:
    """A model and what the plain search finds with it."""

    model: HFLanguageModel
    found: list[Found]


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Setting:
    directory = save_model(tmp_path_factory.mktemp("model"), "llama", seed=1)
    make_it_close_calls(directory)
    oracle = load_oracle(directory)
    found = [
        each
        for document in DOCUMENTS
        for asked in TOOLS
        for each in search(oracle, document, asked)
    ]
    return Setting(load(directory, device="cpu"), found)


def run(setting: Setting, out: Path, **settings: object) -> list[AnnotatedDocument]:
    made = annotate(
        DOCUMENTS,
        model=setting.model,
        tools=TOOLS,
        out=out,
        config=BRIEF.override(
            min_prob=0.0,
            max_positions=PLACES,
            samples=SAMPLES,
            max_tokens=MAX_TOKENS,
            seed=SEED,
            allow_peeking=True,
            **settings,
        ),
    )
    return list(made.documents())


def test_a_run_that_keeps_all_losses_has_those_of_the_plain_search(
    setting: Setting, tmp_path: Path
) -> None:
    documents = run(
        setting, tmp_path / "run", gain_threshold=0.1, prune_below=0, keep_all_losses=True
    )
    scored = {
        (annotated.document.id, each.position, each.tool, each.arguments): each
        for annotated in documents
        for each in annotated.candidates
        if each.verdict in (Verdict.KEPT, Verdict.LOW_GAIN, Verdict.OUTBID)
    }
    assert len(setting.found) > 10
    assert scored.keys() == {
        (each.document, each.position, each.tool, each.arguments) for each in setting.found
    }
    for each in setting.found:
        candidate = scored[each.document, each.position, each.tool, each.arguments]
        assert candidate.losses is not None
        found = (
            candidate.losses.no_call,
            candidate.losses.with_output,
            candidate.losses.no_output,
        )
        assert found == pytest.approx(each.losses, abs=1e-4)
        assert (candidate.count, candidate.token) == (each.count, each.token)


@pytest.mark.parametrize("threshold", [0.05, 0.5])
@pytest.mark.parametrize("is_pruned", [True, False])
def test_a_run_keeps_what_the_plain_search_keeps(
    setting: Setting, tmp_path: Path, threshold: float, is_pruned: bool
) -> None:
    pruning = {} if is_pruned else {"prune_below": 0, "keep_all_losses": True}
    documents = run(setting, tmp_path / "run", gain_threshold=threshold, **pruning)
    kept = {
        (annotated.document.id, placed.position, placed.call.tool, placed.call.arguments)
        for annotated in documents
        for placed in annotated.kept
    }
    expected = choose(setting.found, threshold)
    assert expected
    assert kept == {(each.document, each.position, each.tool, each.arguments) for each in expected}
