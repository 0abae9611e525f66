"""The ways trials come about: prompts continued, texts predicted, the majority answer guessed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from toolformer.calls import InlineGrammar, Segment
from toolformer.evaluate.arm import Calls
from toolformer.evaluate.counts import TextScores
from toolformer.evaluate.task import Example, Setup, Task
from toolformer.evaluate.trial import READ, TOO_LONG, Trial, TriedCall
from toolformer.infer.answers import Answer
from toolformer.infer.decode import decode
from toolformer.infer.request import Request
from toolformer.lm.fitting import beginning
from toolformer.tools.context import ToolContext
from toolformer.typed import type_adapter

_TEXTS_AT_ONCE = 16


def continue_prompts(task: Task, examples: Sequence[Example], setup: Setup) -> Iterator[Trial]:
    """Lets a model continue each prompt, and judges what it wrote; in the order of the examples.

    Each example's own day is what the tools take for today. Without tools, a call that a model
    writes is text like any other, or cannot come where the markers are barred.
    """
    live = setup.live
    requests = (_request(task, each, index, setup=setup) for index, each in enumerate(examples))
    answers = decode(setup.model, requests, execute=None if live is None else live.execute)
    for example, answer in zip(examples, answers, strict=True):
        if answer.error is None:
            text = setup.model.grammar.strip(answer.text)
            yield judge(task, example, answer, text=text)
        else:
            yield _undecoded(example, finish=TOO_LONG)


def predict_texts(examples: Sequence[Example], setup: Setup) -> Iterator[Trial]:
    """Yields how well each text is predicted, by the scores that `TextScores` has.

    Calls are disabled where the arm is not one of a model that knows nothing of them.
    """
    without_marker = setup.arm.calls is not Calls.NONE
    for start in range(0, len(examples), _TEXTS_AT_ONCE):
        read = examples[start : start + _TEXTS_AT_ONCE]
        texts = [example.prompt for example in read]
        scored = setup.model.text_log_probs(texts, without_marker=without_marker)
        for example, text, log_probs in zip(read, texts, scored, strict=True):
            measured = _measured(text, len(log_probs), setup)
            scores = TextScores(
                texts=int(len(log_probs) > 0),
                tokens=len(log_probs),
                words=len(measured.split()),
                bytes=len(measured.encode()),
                nats=-float(log_probs.sum(dtype="float64")),
                too_short=int(len(log_probs) == 0),
            )
            yield Trial(id=example.id, tags=example.tags, scores=_to_json(scores), finish=READ)


def predict_with_calls(examples: Sequence[Example], setup: Setup) -> Iterator[Trial]:
    """Yields how well each text with calls in it is predicted, by the scores `TextScores` has.

    Where calls are live, a text is read with its calls and outputs, in the format of the model;
    predicted are the tokens that the model would write: the text and the calls, but not what the
    decoder supplies (arrow, output, close). Elsewhere the text is read without its calls. Words and
    bytes are those of the plain text in both cases.

    The text is tokenised whole, as it is written; a token that begins in what is supplied is
    supplied.
    """
    written, own = InlineGrammar(), setup.model.grammar
    plain = [replace(each, prompt=written.strip(each.prompt)) for each in examples]
    if setup.arm.calls is not Calls.LIVE:
        for trial in predict_texts(plain, setup):
            yield replace(trial, scores={**trial.scores, "plain_tokens": trial.scores["tokens"]})
        return
    for example, without in zip(examples, plain, strict=True):
        text = own.render(without.prompt, written.calls(example.prompt))
        [log_probs] = setup.model.text_log_probs([text])
        ends = setup.model.token_ends(text)
        is_own = ~_supplied(own.read(text), ends)[len(ends) - len(log_probs) :]
        plain_tokens = len(setup.model.token_ends(without.prompt)) - len(ends) + len(log_probs)
        measured = _measured(without.prompt, plain_tokens, setup)
        scores = TextScores(
            texts=int(plain_tokens > 0),
            tokens=int(is_own.sum()),
            words=len(measured.split()),
            bytes=len(measured.encode()),
            nats=-float(log_probs[is_own].sum(dtype="float64")),
            too_short=int(plain_tokens <= 0),
            plain_tokens=max(0, plain_tokens),
        )
        yield Trial(id=example.id, tags=example.tags, scores=_to_json(scores), finish=READ)


def _supplied(segments: Sequence[Segment], ends: np.ndarray) -> np.ndarray:
    """Returns (tokens,) bool: which tokens begin in what tools returned, with its signs."""
    starts = np.concatenate(([0], ends[:-1]))
    supplied = np.zeros(len(ends), dtype=bool)
    at = 0
    for segment in segments:
        end = at + len(segment.text)
        if segment.kind == "output":
            supplied |= (starts >= at) & (starts < end)
        at = end
    return supplied


def _to_json(scores: TextScores) -> dict[str, int | float]:
    values: dict[str, int | float] = type_adapter(TextScores).dump_python(scores, mode="json")
    return values


def _measured(text: str, tokens: int, setup: Setup) -> str:
    """Returns the end of a text that its last tokens say: without a start token, not all of it."""
    ends = setup.model.token_ends(text)
    return text if len(ends) <= tokens else text[int(ends[len(ends) - tokens - 1]) :]


def guess_majority(task: Task, examples: Sequence[Example]) -> Iterator[Trial]:
    """Answers each example with its group's majority answer, with nothing where there is none."""
    guesses = majority_answers(task.training())
    for example in examples:
        text = guesses.get(example.group, "")
        yield _undecoded(example, text, is_right=bool(text) and task.is_right(text, example))


def majority_answers(training: Iterable[Example]) -> Mapping[str, str]:
    """Returns the commonest answer of each group; of equally common ones the first in the alphabet.

    >>> france = Example("1", "Lyon lies in", ("France",), "country")
    >>> peru = Example("2", "Lima lies in", ("Peru",), "country")
    >>> majority_answers([france, peru, france])
    {'country': 'France'}
    """
    counts: dict[str, Counter[str]] = {}
    for example in training:
        counts.setdefault(example.group, Counter()).update(set(example.answers))
    return {
        group: min(each, key=lambda answer: (-each[answer], answer))
        for group, each in counts.items()
        if each
    }


def judge(task: Task, example: Example, answer: Answer, *, text: str) -> Trial:
    """Returns the trial of an answer: whether it is right, and whether it says what a tool said.

    Args:
        task: judges.
        example: what was asked.
        answer: what the model wrote.
        text: what is judged of it, calls and outputs taken out.
    """
    judged = task.judged(text)
    calls = tuple(
        TriedCall(
            tool=None if event.call is None else event.call.tool,
            arguments=None if event.call is None else event.call.arguments,
            written=event.written,
            output=event.output,
            error=event.error,
            is_late=event.position >= judged,
            tool_failed=event.tool_failed,
            is_unavailable=event.is_unavailable,
        )
        for event in answer.events
    )
    outputs = tuple(
        part
        for call in calls
        if call.output is not None and not call.is_late
        for part in _parts(call.output)
    )
    return replace(
        _undecoded(example, text, is_right=task.is_right(text, example), finish=answer.finish),
        prompt=answer.prompt,
        annotated=answer.annotated,
        calls=calls,
        follows_tool=bool(outputs) and task.is_right(text, replace(example, answers=outputs)),
        tokens=answer.tokens,
    )


def _undecoded(
    example: Example, text: str = "", *, is_right: bool = False, finish: str = ""
) -> Trial:
    """Returns the trial of an output that no model decoded: a guess, or nothing at all."""
    return Trial(
        id=example.id,
        prompt=example.prompt,
        answers=example.answers,
        group=example.group,
        tags=example.tags,
        text=text,
        annotated=text,
        is_right=is_right,
        finish=finish,
    )


def _parts(output: str) -> Iterator[str]:
    """Yields what an answer may take of an output: all, or one of several facts, or less a weekday.

    >>> list(_parts("Sunday, March 5, 2023")), list(_parts("Peru, Chile"))
    (['Sunday, March 5, 2023', 'March 5, 2023'], ['Peru, Chile', 'Peru', 'Chile'])
    """
    yield output
    first, _, rest = output.partition(", ")
    if first.endswith("day") and any(sign.isdigit() for sign in rest):
        yield rest
    elif rest:
        yield from output.split(", ")


def _request(task: Task, example: Example, index: int, *, setup: Setup) -> Request:
    prompt, tokens = example.prompt, task.prompt_tokens
    if tokens:
        prompt = beginning(prompt, setup.model.token_ends, tokens=tokens)
    context = ToolContext(today=example.today)
    request = Request(prompt, context=context, config=setup.config, index=index)
    return request if setup.live is None else setup.live.equip(request)
