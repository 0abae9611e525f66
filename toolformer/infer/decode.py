"""Many prompts in, their answers out in the same order; or one prompt, piece by piece."""

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from datetime import date
from math import inf

from toolformer.calls import Segment
from toolformer.infer.answers import Answer, CallEvent
from toolformer.infer.asking import (
    Prompt,
    Settings,
    Tools,
    execute_of,
    request_of,
    requests_of,
)
from toolformer.infer.decoder import Decoder, Decoding, Execute
from toolformer.infer.request import Request
from toolformer.lm.base import LanguageModel
from toolformer.lm.registry import AnyModel, as_model


def decode(
    model: AnyModel,
    requests: Iterable[Prompt],
    *,
    execute: Tools | None = None,
    config: Settings | None = None,
    today: date | str | None = None,
) -> Iterator[Answer]:
    """Answers prompts side by side and yields an answer for each, in their order.

    A prompt that is too long is an answer too: its finish is `too long`, and its error says why.

    Args:
        model: writes the answers and the calls; a name is loaded, and a `PreTrainedModel` comes
            with its tokenizer, `(model, tokenizer)`.
        requests: texts, rows with a `prompt`, or a `Request` for each, which says everything for
            itself. Read only as far as there is room for them: each limits by `config.max_streams`
            how many are answered beside it.
        execute: runs the calls: a `Toolbox` or `LiveTools`, all of whose tools texts and rows may
            call, or a function of one call and its context. None where no request names tools. An
            exception is a bug and ends the decoding.
        config: the settings of texts and rows, or some of them by name; the defaults when None.
        today: what tools take for today where a text or a row does not say; the day of
            `LiveTools`, or the clock's, when None.

    Raises:
        ConfigError: an argument is something else; it is said what it could be.

    >>> from toolformer.tools.builtin.calculator import calculator
    >>> from toolformer.tools.toolbox import Toolbox
    >>> with Toolbox([calculator]) as toolbox:
    ...     [answer] = decode("nano", ["The capital of France is"], execute=toolbox)
    >>> answer.finish
    'length'

    Requests say for each prompt which tools it may call, and on which day:

    >>> from datetime import date
    >>> from toolformer.infer.live_tools import LiveTools
    >>> from toolformer.lm.scripted import ScriptedLanguageModel
    >>> from toolformer.lm.scripted.streams import Continuation
    >>> from toolformer.tools.builtin.calendar import calendar
    >>> script = [Continuation("is", " [Calendar(weekday)"), Continuation("]", " a Friday.")]
    >>> model = ScriptedLanguageModel(continuations=script, max_length=20)
    >>> with LiveTools([calendar], today=date(2023, 3, 3)) as tools:
    ...     requests = [tools.equip(Request(text)) for text in ("Today is", "so so so " * 9)]
    ...     answers = list(decode(model, requests, execute=tools.execute))
    >>> answers[0]
    Answer('Today is', ' [Calendar(weekday) -> Friday] a Friday.', calls=1, tokens=6, finish='end')
    >>> answers[1].finish, answers[1].error.partition(": Its ")[2]
    ('too long', '27 tokens leave no room in the 20 that the model can read. Shorten it.')
    """
    queue = iter(requests_of(requests, tools=execute, config=config, today=today))
    return _decode(as_model(model), queue, execute=execute_of(execute))


def _decode(
    model: LanguageModel, queue: Iterator[Request], *, execute: Execute | None
) -> Iterator[Answer]:
    begun: deque[Decoding] = deque()  # in the order of the requests, from the next to be yielded
    with Decoder(model, execute=execute) as decoder:
        while True:
            begun += decoder.admit(_next_requests(queue, beside=decoder.requests))
            if not decoder:
                return
            decoder.advance()
            while begun and (answer := begun[0].answer):
                begun.popleft()
                yield answer


def stream(
    model: AnyModel,
    request: Prompt,
    *,
    execute: Tools | None = None,
    config: Settings | None = None,
    today: date | str | None = None,
) -> Generator[Segment | CallEvent, None, Answer]:
    """Answers one prompt and yields the pieces of its answer as they come; closing it stops.

    Consecutive pieces of one kind belong together, and no text is taken back. A call is shown as it
    forms, from its lead on; an event follows when it has its output or has failed. A failed call is
    not part of the answer: what comes next follows the text before it.

    Takes what `decode` takes, but for one prompt.

    >>> from toolformer.lm.scripted import ScriptedLanguageModel
    >>> from toolformer.lm.scripted.streams import Continuation
    >>> model = ScriptedLanguageModel(continuations=[Continuation("is", " a Friday.")])
    >>> "".join(piece.text for piece in stream(model, "Today is"))
    ' a Friday.'

    Returns:
        The answer (the value of `yield from`).

    Raises:
        ModelError: the prompt is too long for the model.
        ConfigError: an argument is something else; it is said what it could be.
    """
    asked = request_of(request, tools=execute, config=config, today=today)
    with Decoder(as_model(model), execute=execute_of(execute)) as decoder:
        [decoding] = decoder.admit([asked])
        return (yield from decoder.follow(decoding))


def _next_requests(queue: Iterator[Request], *, beside: Sequence[Request]) -> list[Request]:
    """Takes as many requests as may be answered beside others."""
    taken: list[Request] = []
    most = min((request.config.max_streams for request in beside), default=inf)
    while len(beside) + len(taken) < most:
        request = next(queue, None)
        if request is None:
            break
        taken.append(request)
        most = min(most, request.config.max_streams)
    return taken
