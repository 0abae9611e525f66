"""Measuring a model: its outputs judged, its texts scored."""

from collections.abc import Iterator, Sequence

from toolformer.evaluate.counts import TOO_LONG, TextScores
from toolformer.evaluate.task import Example, Task
from toolformer.evaluate.trial import Trial, trial_of, undecoded
from toolformer.infer.config import InferConfig
from toolformer.infer.decode import decode
from toolformer.infer.live_tools import LiveTools
from toolformer.infer.request import Request
from toolformer.lm.base import LanguageModel
from toolformer.tools.base import ToolContext

_TEXTS_AT_ONCE = 16


def try_examples(
    model: LanguageModel,
    examples: Sequence[Example],
    *,
    task: Task,
    live: LiveTools | None,
    config: InferConfig,
) -> Iterator[Trial]:
    """Lets a model continue each prompt, and judges what it wrote; in the order of the examples.

    Each example's own day is what the tools take for today. Without tools, a call that a model
    writes is text like any other, or cannot come where the markers are barred.
    """
    requests = (
        _request(example, index, model=model, task=task, live=live, config=config)
        for index, example in enumerate(examples)
    )
    answers = decode(model, requests, execute=None if live is None else live.execute)
    for example, answer in zip(examples, answers, strict=True):
        if answer.error is not None:
            yield undecoded(example, finish=TOO_LONG)
            continue
        text = model.grammar.strip(answer.text)
        yield trial_of(example, answer, text=text, is_right=task.is_right, judged=task.judged(text))


def score_texts(
    model: LanguageModel, examples: Sequence[Example], *, without_marker: bool
) -> Iterator[TextScores]:
    """Yields how well each text is predicted; without the marker, calls are disabled."""
    for start in range(0, len(examples), _TEXTS_AT_ONCE):
        texts = [example.prompt for example in examples[start : start + _TEXTS_AT_ONCE]]
        scored = model.text_log_probs(texts, without_marker=without_marker)
        for text, log_probs in zip(texts, scored, strict=True):
            yield TextScores(
                texts=1,
                tokens=len(log_probs),
                words=len(text.split()),
                bytes=len(text.encode()),
                nats=-float(log_probs.sum(dtype="float64")),
            )


def _request(
    example: Example,
    index: int,
    *,
    model: LanguageModel,
    task: Task,
    live: LiveTools | None,
    config: InferConfig,
) -> Request:
    prompt = _prompt(example.prompt, model=model, tokens=task.prompt_tokens)
    context = ToolContext(today=example.today)
    request = Request(prompt, context=context, config=config, index=index)
    return request if live is None else live.equip(request)


def _prompt(text: str, *, model: LanguageModel, tokens: int) -> str:
    """Returns the first tokens of a text, all of it where `tokens` is 0."""
    if tokens == 0:
        return text
    ends = model.token_ends(text)
    return text if len(ends) <= tokens else text[: int(ends[tokens - 1])]
