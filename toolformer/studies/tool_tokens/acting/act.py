"""Tasks done by a model on its own: it thinks, names a tool, calls it, sees what came, answers.

Many tasks are done side by side, each step for all of them at once. A tool is named along the
trie, so that there is no name that does not exist; thoughts, arguments and answers are decoded
greedily. An endpoint that refuses says why, and that is what the model observes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from toolformer.errors import ToolError
from toolformer.files import parse_json
from toolformer.infer.config import InferConfig
from toolformer.infer.decode import decode
from toolformer.infer.request import Request
from toolformer.studies.tool_tokens.acting.transcript import Transcript
from toolformer.studies.tool_tokens.catalog.endpoints import answer_of, is_same_call, tool_of
from toolformer.studies.tool_tokens.catalog.records import Api, ApiCall, ApiQuery
from toolformer.studies.tool_tokens.index.tool_model import ToolModel

_THOUGHT, _ARGUMENTS = 48, 72  # tokens, at most

StepKind = Literal["thought", "action", "documentation", "arguments", "observation", "finish"]


@dataclass(frozen=True, slots=True)
class ActStep:
    """A step of a task."""

    kind: StepKind
    text: str


@dataclass(frozen=True, slots=True)
class Episode:
    """What became of a task."""

    query: str
    steps: tuple[ActStep, ...]
    calls: tuple[ApiCall, ...]  # that an endpoint answered
    answer: str | None  # None: the turns ran out, or the text was too long


@dataclass
class _Task:
    transcript: Transcript
    steps: list[ActStep] = field(default_factory=list)
    calls: list[ApiCall] = field(default_factory=list)
    action: str | None = None
    answer: str | None = None
    is_over: bool = False

    def note(self, kind: StepKind, text: str) -> None:
        self.steps.append(ActStep(kind, text))


def act(
    model: ToolModel,
    queries: Sequence[str],
    apis: Mapping[str, Api],
    *,
    max_turns: int = 5,
    at_once: int = 16,
    on_step: Callable[[ActStep], None] | None = None,
) -> Iterator[Episode]:
    """Yields what becomes of each query, in their order.

    Args:
        model: with tokens for the APIs.
        queries: what is asked.
        apis: by their ids; their endpoints are simulated.
        max_turns: calls of a task; one that has not finished after them has failed.
        at_once: tasks that are done side by side.
        on_step: called with every step of every task.
    """
    for start in range(0, len(queries), at_once):
        tasks = [_Task(Transcript(query)) for query in queries[start : start + at_once]]
        for turn in range(max_turns + 1):
            _think(model, tasks, is_last=turn == max_turns)
            _call(model, tasks, apis)
        for task in tasks:
            for step in task.steps if on_step is not None else ():
                on_step(step)  # type: ignore[misc]
            yield Episode(task.transcript.query, tuple(task.steps), tuple(task.calls), task.answer)


def is_completed(episode: Episode, query: ApiQuery, apis: Mapping[str, Api]) -> bool:
    """Returns whether a task was completed: every call was made, and the answer tells what came.

    Further calls do no harm, but the answer has to be given within the turns.
    """
    if episode.answer is None or not query.calls:
        return False
    told = episode.answer.replace(",", " ").split()
    return all(
        any(is_same_call(made, wanted) for made in episode.calls)
        and str(answer_of(wanted, apis[wanted.api])) in told
        for wanted in query.calls
    )


def _think(model: ToolModel, tasks: Sequence[_Task], *, is_last: bool) -> None:
    """Lets the tasks think and name a tool or finish."""
    alive = [task for task in tasks if not task.is_over]
    for task, thought in zip(alive, _lines(model, alive, most=_THOUGHT), strict=True):
        if thought is None:
            task.is_over = True
            continue
        task.note("thought", thought)
        task.transcript.write_thought(thought)
    alive = [task for task in alive if not task.is_over]
    named = model.name([task.transcript.text for task in alive], with_finish=True)
    finishing = []
    for task, [name] in zip(alive, named, strict=True):
        task.action = name.api
        if name.api is None:
            task.transcript.write_finish(name.text)
            finishing.append(task)
        elif is_last:
            task.is_over = True
    for task, answer in zip(finishing, _lines(model, finishing, most=_ARGUMENTS), strict=True):
        task.answer, task.is_over = answer, True
        if answer is not None:
            task.note("finish", answer)


def _call(model: ToolModel, tasks: Sequence[_Task], apis: Mapping[str, Api]) -> None:
    """Lets the tasks that named a tool call it."""
    calling = [(task, apis[task.action]) for task in tasks if not task.is_over and task.action]
    for task, api in calling:
        name = model.identifiers.by_api[api.id]
        task.note("action", name)
        task.note("documentation", api.documentation)
        task.transcript.write_action(name, api.documentation)
    alive = [task for task, _ in calling]
    lines = _lines(model, alive, most=_ARGUMENTS)
    for (task, api), arguments in zip(calling, lines, strict=True):
        if arguments is None:
            task.is_over = True
            continue
        try:
            observation = tool_of(api).execute(arguments)
            task.calls.append(_read_call(api, arguments))
        except ToolError as error:
            observation = f"error: {' '.join(str(error).split())}"
        task.note("arguments", arguments)
        task.note("observation", observation)
        task.transcript.write_arguments(arguments, observation)


def _read_call(api: Api, arguments: str) -> ApiCall:
    """Returns the call that an endpoint answered, with the values as they were written."""
    try:
        values = parse_json(arguments)
    except ValueError:
        values = None
    if not isinstance(values, dict):  # values without names, which the endpoint took in order
        values = {name: str(value) for name, value in tool_of(api).bind(arguments).items()}
    return ApiCall.written(api.id, values)


def _lines(model: ToolModel, tasks: Sequence[_Task], *, most: int) -> list[str | None]:
    """Returns the line that the model writes behind each transcript; None: it is too long."""
    if not tasks:
        return []
    config = InferConfig(max_new_tokens=most, stop=("\n",), top_k_start=0)
    requests = [Request(task.transcript.text, config=config) for task in tasks]
    return [
        None if answer.error is not None else " ".join(answer.text.split())
        for answer in decode(model.language, requests)
    ]
