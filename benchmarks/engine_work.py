"""What every measurement of the engine has to do: texts, a tool with its prompt, and a clock."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from toolformer.annotate import AnnotateConfig, annotate
from toolformer.annotate.plan import Plan, make_plan
from toolformer.assets import asset
from toolformer.corpus.read import read_corpus
from toolformer.lm.base import LanguageModel
from toolformer.records import Document
from toolformer.runs.directory import Run
from toolformer.sidecar import PromptStyle
from toolformer.tools.base import Tool, suits_any
from toolformer.tools.builtin.calculator import calculator
from toolformer.tools.decorator import tool
from toolformer.tools.exemplar import Exemplar
from toolformer.tools.toolbox import Toolbox

PLACES, SAMPLES = 5, 5  # k and m, the paper's
PURPOSES = ("prompt", "text", "decode", "score")
SAMPLE_CORPUS = "sample.jsonl.gz"


@tool(
    name="Length",
    exemplars=(
        Exemplar("The word on the gate has eight letters:", "railways", " 8 of them."),
        Exemplar("He counted the signs of the motto,", "by land and by sea", " 18 in all."),
        Exemplar("A name of 5 letters,", "Paris", " 5, stood on the map."),
    ),
    gain_threshold=0.0,
)
def length(text: str) -> str:
    """Counts the characters of a text; answers whatever a model of random weights writes."""
    return str(len(text))


@dataclass(frozen=True, slots=True)
class Measured:
    """A run, and what it took."""

    run: Run
    texts: int
    seconds: float
    by_purpose: Mapping[str, int]  # tokens forwarded
    padding: int = 0

    @property
    def tokens(self) -> int:
        """Tokens forwarded, padding left out."""
        return sum(self.by_purpose.values())

    @property
    def tokens_per_text(self) -> float:
        """Tokens forwarded for one text."""
        return self.tokens / self.texts

    @property
    def texts_per_s(self) -> float:
        """Texts a second."""
        return self.texts / self.seconds


def bench_tool(model: LanguageModel, *, is_trained: bool, prompt_tokens: int) -> Tool:
    """Returns a tool that every text is tried with, its prompt about so many tokens long.

    Args:
        model: counts the tokens.
        is_trained: whether the model's calls mean anything: the Calculator, else `Length`.
        prompt_tokens: exemplars are added until the prompt would be longer.
    """
    chosen = replace(calculator, suits=suits_any) if is_trained else length
    every = chosen.exemplars * (1 + prompt_tokens // 20)
    best = replace(chosen, exemplars=())
    for count in range(1, len(every) + 1):
        longer = replace(chosen, exemplars=every[:count])
        with Toolbox([longer]) as toolbox:
            shared = plan_of(model, toolbox).prompts.longest(longer)
        if model.count_tokens([shared])[0] > prompt_tokens:
            break
        best = longer
    return best


def settings(*, places: int = PLACES, samples: int = SAMPLES) -> AnnotateConfig:
    """Returns a configuration under which every text gets k places and m samples at each."""
    return AnnotateConfig(
        prompt_style=PromptStyle.FEW_SHOT,
        min_prob=0.0,
        max_positions=places,
        samples=samples,
        allow_peeking=True,
    )


def plan_of(model: LanguageModel, toolbox: Toolbox, config: AnnotateConfig | None = None) -> Plan:
    """Settles a run as `annotate` does."""
    return make_plan(config or settings(), model=model, toolbox=toolbox)


def annotate_measured(
    documents: Sequence[Document],
    *,
    model: LanguageModel,
    tools: Sequence[Tool],
    out: Path,
    config: AnnotateConfig,
) -> Measured:
    """Annotates documents with a clock running."""
    before = replace(model.usage)
    start = time.perf_counter()
    run = annotate(list(documents), model=model, tools=tools, out=out, config=config)
    return Measured(
        run,
        texts=len(documents),
        seconds=time.perf_counter() - start,
        by_purpose={name: getattr(model.usage, name) - getattr(before, name) for name in PURPOSES},
        padding=model.usage.padding - before.padding,
    )


def cut_texts(
    model: LanguageModel, *, count: int, tokens: int, corpus: str | Path | None = None
) -> list[Document]:
    """Returns documents of so many tokens each; a corpus that is too short is read again.

    Args:
        model: counts the tokens.
        count: how many documents.
        tokens: of each; one more or less where the cut text is tokenised otherwise.
        corpus: the embedded sample when None.
    """
    source = asset(SAMPLE_CORPUS) if corpus is None else corpus
    documents: list[Document] = []
    joined = ""
    while True:
        for document in read_corpus(source, on_problem=lambda _: None):
            joined = f"{joined} {document.text}".strip()
            ends = model.token_ends(joined)
            if len(ends) > tokens:
                text = joined[: int(ends[tokens - 1])]
                documents.append(Document(str(len(documents)), text))
                joined = ""
            if len(documents) == count:
                return documents
