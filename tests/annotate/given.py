"""What the tests of the stages start from: a scripted model, simple tools, and a plan."""

import hashlib
import inspect
from collections.abc import Sequence
from pathlib import Path

from toolformer.annotate import AnnotateConfig, annotate, annotate_shard, make_plan
from toolformer.errors import ToolError
from toolformer.lm.base import LanguageModel, LossRequest
from toolformer.lm.scripted.model import ScriptedCall, ScriptedLanguageModel
from toolformer.records import AnnotatedDocument, Candidate, Document
from toolformer.runs.directory import Run
from toolformer.sidecar import PromptStyle
from toolformer.tools.base import Tool
from toolformer.tools.builtin.calculator import calculator
from toolformer.tools.decorator import tool
from toolformer.tools.exemplar import Exemplar
from toolformer.tools.toolbox import Toolbox

SCRIPT = (ScriptedCall("Calculator", after=" =", writes=("3 + 2)", "4 + 2)", "5 + 2)", "open")),)
BRIEF = AnnotateConfig(prompt_style=PromptStyle.BRIEF)


@tool(
    name="Echo",
    min_prob=0.05,
    gain_threshold=0.5,
    exemplars=[Exemplar("One hears", "again", " again.")],
)
def echo(text: str) -> str:
    """Says it again."""
    if text == "fail":
        raise ToolError("It failed.")
    return text


def annotate_documents(
    documents: Sequence[Document],
    *,
    model: LanguageModel,
    tools: Sequence[Tool] = (calculator,),
    **settings: object,
) -> list[AnnotatedDocument]:
    """Takes documents through the stages as one shard."""
    with Toolbox(tools) as toolbox:
        plan = make_plan(BRIEF.override(**settings), model=model, toolbox=toolbox)
        return annotate_shard(plan, 0, documents)


def candidates_of(text: str, *calls: ScriptedCall, **options: object) -> list[Candidate]:
    """Returns what becomes of a text's calls when a model follows a script."""
    log_prob = options.pop("log_prob", None)
    model = ScriptedLanguageModel(calls)
    if log_prob is not None:
        model.log_prob = log_prob  # type: ignore[assignment]
    [annotated] = annotate_documents([Document("d", text)], model=model, **options)  # type: ignore[arg-type]
    return list(annotated.candidates)


def costs_two(token: str, request: LossRequest) -> float:
    """Finds every token equally hard, whatever stands before it."""
    return -2.0


def documents(count: int = 10) -> list[Document]:
    return [
        Document(str(number), f"{number} + 2 = {number + 2} apples in all", {"number": number})
        for number in range(count)
    ]


def run_into(out: Path, *, corpus: object = None, **options: object) -> Run:
    """Annotates ten documents in shards of three; options are settings or arguments of annotate."""
    names = inspect.signature(annotate).parameters.keys() & options.keys()
    arguments = {"model": ScriptedLanguageModel(SCRIPT), "tools": [calculator]}
    arguments |= {name: options.pop(name) for name in names}
    config = BRIEF.override(**({"documents_per_shard": 3} | options))
    return annotate(
        documents() if corpus is None else corpus,  # type: ignore[arg-type]
        out=out,
        config=config,
        **arguments,  # type: ignore[arg-type]
    )


def long_texts() -> list[Document]:
    """Short texts in a first shard, texts that no compression makes small in a second."""
    noise = "".join(hashlib.sha256(str(number).encode()).hexdigest() for number in range(400))
    return [*documents(3), Document("long", f"3 + 2 = 5 {noise}")]
