"""Measuring a model: its outputs judged, its texts scored."""

from collections.abc import Iterator, Sequence
from functools import partial

from toolformer.calls import ToolCall
from toolformer.evaluate.counts import TOO_LONG, TextScores
from toolformer.evaluate.task import Example, Task
from toolformer.evaluate.trial import Trial, trial_of, undecoded
from toolformer.infer.config import InferConfig
from toolformer.infer.decode import decode
from toolformer.infer.live_tools import LiveTools
from toolformer.lm.base import LanguageModel
from toolformer.tools.base import ToolResult

_TEXTS_AT_ONCE = 16
_LEAST_ROOM = 8  # tokens; a prompt that leaves fewer cannot be answered


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
    prompts = [_prompt(each.prompt, model=model, tokens=task.prompt_tokens) for each in examples]
    lengths = model.count_tokens(prompts)
    fits = [length + _LEAST_ROOM <= model.max_length for length in lengths]
    asked = [example for example, is_short in zip(examples, fits, strict=True) if is_short]
    answers = decode(
        model,
        [prompt for prompt, is_short in zip(prompts, fits, strict=True) if is_short],
        execute=partial(_execute, live=live, asked=asked),
        tools=() if live is None else live.names,
        barred=() if live is None else live.barred,
        config=config,
    )
    for example, is_short in zip(examples, fits, strict=True):
        if not is_short:
            yield undecoded(example, finish=TOO_LONG)
            continue
        answer = next(answers)
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


def _execute(
    calls: Sequence[ToolCall],
    indices: Sequence[int],
    *,
    live: LiveTools | None,
    asked: Sequence[Example],
) -> list[ToolResult]:
    if live is None:
        raise ValueError(f"a call was made where there are no tools: {calls}")
    return live.execute_on(calls, [asked[index].today for index in indices])


def _prompt(text: str, *, model: LanguageModel, tokens: int) -> str:
    """Returns the first tokens of a text, all of it where `tokens` is 0."""
    if tokens == 0:
        return text
    ends = model.token_ends(text)
    return text if len(ends) <= tokens else text[: int(ends[tokens - 1])]
