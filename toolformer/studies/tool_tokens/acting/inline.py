"""The other way: the documentation of a few APIs in the prompt, and an inline call behind it.

No tool is in the weights, so one that was never learned of is called like any other; but only what
a search puts into the prompt can be called at all. One call answers a query here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from toolformer.calls import PlacedCall, ToolCall
from toolformer.errors import ToolError
from toolformer.files import parse_json
from toolformer.finetune.data.texts import TrainingText
from toolformer.infer.config import InferConfig
from toolformer.infer.decode import decode
from toolformer.infer.request import Request
from toolformer.lm.base import LanguageModel
from toolformer.studies.tool_tokens.acting.transcript import arguments_text
from toolformer.studies.tool_tokens.catalog.endpoints import tool_of
from toolformer.studies.tool_tokens.catalog.records import Api, ApiCall, ApiQuery
from toolformer.tools.context import ToolContext
from toolformer.tools.result import ToolResult

_ANY_RANK = 1_000_000_000  # a call starts however unlikely its marker is
_MOST = 96  # tokens of a call


def inline_prompt(query: str, shown: Iterable[Api]) -> str:
    """Returns a prompt with the documentation of some APIs, behind which a call is written."""
    told = "".join(f"{tool_of(api).name}: {api.documentation}\n" for api in shown)
    return f"{told}Query: {query}\nCall:"


def inline_texts(
    queries: Iterable[ApiQuery], shown: Iterable[Sequence[Api]], apis: Mapping[str, Api]
) -> Iterator[TrainingText]:
    """Yields for each query its prompt, to be read, and its call, to be learned.

    Args:
        queries: of one known call each; others are passed over.
        shown: for each query the APIs in its prompt.
        apis: by their ids.
    """
    for query, each in zip(queries, shown, strict=True):
        if len(query.calls) != 1:
            continue
        [call] = query.calls
        prompt = inline_prompt(query.text, each)
        written = ToolCall(tool_of(apis[call.api]).name, arguments_text(call.arguments))
        yield TrainingText(
            query.id, prompt, (PlacedCall(len(prompt), written),), prompt=len(prompt)
        )


def call_inline(
    model: LanguageModel, queries: Sequence[ApiQuery], shown: Sequence[Sequence[Api]]
) -> Iterator[ApiCall | None]:
    """Yields the call that a model writes for each query, its name one of those shown."""
    config = InferConfig(
        max_new_tokens=_MOST, max_call_tokens=_MOST, max_calls=1, top_k_start=_ANY_RANK
    )
    names = [{tool_of(api).name: api for api in each} for each in shown]
    requests = (
        Request(
            inline_prompt(query.text, each),
            tools=tuple(known),
            config=config,
            hand_back=lambda call: call,
        )
        for query, each, known in zip(queries, shown, names, strict=True)
    )
    for answer, known in zip(decode(model, requests, execute=_never), names, strict=True):
        yield None if answer.call is None else _read(answer.call, known)


def with_gold(found: Sequence[str], query: ApiQuery, *, most: int) -> list[str]:
    """Returns the first of what a search found, the gold APIs among them, in an order of names.

    >>> query = ApiQuery("q", "", "plain", "train", ("c",))
    >>> with_gold(["b", "a"], query, most=2)
    ['b', 'c']
    """
    others = [name for name in found if name not in query.apis]
    return sorted([*query.apis, *others[: max(0, most - len(query.apis))]])


def _read(call: ToolCall, known: Mapping[str, Api]) -> ApiCall | None:
    api = known.get(call.tool)
    if api is None:
        return None
    try:
        values = parse_json(call.arguments)
        if not isinstance(values, dict):
            return None
        tool_of(api).bind(call.arguments)
    except (ValueError, ToolError):
        return None
    return ApiCall.written(api.id, values)


def _never(call: ToolCall, context: ToolContext) -> ToolResult:  # noqa: ARG001
    """Stands where calls would run: every one is handed back."""
    raise RuntimeError(f"{call} was to be handed back")
