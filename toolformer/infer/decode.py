"""Many requests in, their answers out in the same order; or one request, piece by piece."""

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from math import inf

from toolformer.calls import Segment
from toolformer.infer.answers import Answer, CallEvent
from toolformer.infer.decoder import Decoder, Decoding, Execute
from toolformer.infer.request import Request
from toolformer.lm.base import LanguageModel


def decode(
    model: LanguageModel, requests: Iterable[Request], *, execute: Execute | None = None
) -> Iterator[Answer]:
    """Answers requests side by side and yields an answer for each, in their order.

    A prompt that is too long is an answer too: its finish is `too long`, and its error says why.

    Args:
        model: writes the answers and the calls.
        requests: read only as far as there is room for them: each limits by `config.max_streams`
            how many are answered beside it.
        execute: runs a call; None where no request names tools. An exception is a bug and ends the
            decoding.

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
    queue = iter(requests)
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
    model: LanguageModel, request: Request, *, execute: Execute | None = None
) -> Generator[Segment | CallEvent, None, Answer]:
    """Answers one request and yields the pieces of its answer as they come; closing it stops.

    Consecutive pieces of one kind belong together, and no text is taken back. A call is shown as it
    forms, from its lead on; an event follows when it has its output or has failed. A failed call is
    not part of the answer: what comes next follows the text before it.

    >>> from toolformer.lm.scripted import ScriptedLanguageModel
    >>> from toolformer.lm.scripted.streams import Continuation
    >>> model = ScriptedLanguageModel(continuations=[Continuation("is", " a Friday.")])
    >>> "".join(piece.text for piece in stream(model, Request("Today is")))
    ' a Friday.'

    Returns:
        The answer (the value of `yield from`).

    Raises:
        ModelError: the prompt is too long for the model.
    """
    with Decoder(model, execute=execute) as decoder:
        [decoding] = decoder.admit([request])
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
