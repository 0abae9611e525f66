"""Requests answered side by side, each stopping for its tools while the others continue.

Knows no order and no limit: a caller admits requests whenever it likes, while others run too.
"""

import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, replace
from typing import Self

from toolformer.calls import CallGrammar, Segment, ToolCall
from toolformer.errors import ModelError, clipped
from toolformer.infer.answers import Answer, CallEvent, ScoredToken
from toolformer.infer.config import Rules
from toolformer.infer.request import Request
from toolformer.infer.writing.builder import AnswerBuilder
from toolformer.infer.writing.opening import Opening, open_answer
from toolformer.infer.writing.stretch import Stretch
from toolformer.lm.base import LanguageModel
from toolformer.lm.lending import lent
from toolformer.tools.context import ToolContext
from toolformer.tools.result import ToolResult

# Runs one call. Called in a thread of its own, for several requests at once; it never raises for a
# tool's failure.
Execute = Callable[[ToolCall, ToolContext], ToolResult]


@dataclass(slots=True, eq=False)
class Decoding:
    """A request that a decoder admitted, and its answer as it forms.

    Attributes:
        request: As it was admitted.
        kept: The part of the prompt before the answer.
        prompt_tokens: Of that part, and of what is shown in front of it.
    """

    request: Request
    kept: str
    _answering: AnswerBuilder | Answer  # an answer at once where the prompt is too long
    prompt_tokens: int = 0

    @property
    def answer(self) -> Answer | None:
        """The answer; None while it is being written, and for good where it was given up."""
        return self._answering if isinstance(self._answering, Answer) else self._answering.answer

    @property
    def builder(self) -> AnswerBuilder | None:
        """Writes the answer; None where the prompt is too long."""
        return None if isinstance(self._answering, Answer) else self._answering

    @property
    def scored(self) -> list[ScoredToken]:
        """The tokens of the text so far that the model chose; none of them is a call's."""
        return [] if self.builder is None else self.builder.scored

    def take(self) -> list[Segment | CallEvent]:
        """Returns the pieces that may be shown and were not taken yet."""
        return [] if self.builder is None else self.builder.take()


class Decoder:
    """Answers requests over one set of streams.

    Neither the other requests nor their tools change an answer. Closing it stops them all; the
    result of a tool that still runs is dropped.

    >>> from toolformer.lm.scripted import ScriptedLanguageModel
    >>> from toolformer.lm.scripted.streams import Continuation
    >>> model = ScriptedLanguageModel(continuations=[Continuation("is", " 4.")])
    >>> with Decoder(model) as decoder:
    ...     first = decoder.admit([Request("2 + 2 is")])
    ...     finished = decoder.advance()  # " 4"
    ...     others = decoder.admit([Request("4 is"), Request("Nothing")])  # while the first runs
    ...     print(decoder)
    ...     while decoder:
    ...         finished += decoder.advance()
    Decoder('scripted': 3 requests, 0 waiting for their tools)
    >>> [decoding.answer.whole for decoding in finished]
    ['Nothing', '2 + 2 is 4.', '4 is 4.']
    """

    def __init__(self, model: LanguageModel, *, execute: Execute | None = None) -> None:
        """Opens a set of streams.

        Args:
            model: writes the answers and the calls.
            execute: runs a call; None where no request names tools. An exception is a bug and
                comes out of `advance`.
        """
        self._model, self._streams = model, model.streams()
        self._execute = execute
        self._ask = lent(model)
        self._decodings: list[Decoding] = []
        self._waiting: dict[Future[ToolResult], AnswerBuilder] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __len__(self) -> int:
        """How many requests were admitted whose answers `advance` has not returned yet."""
        return len(self._decodings)

    def __repr__(self) -> str:
        counts = f"{len(self)} requests, {len(self._waiting)} waiting for their tools"
        return f"Decoder({self._model.name!r}: {counts})"

    @property
    def requests(self) -> list[Request]:
        """The requests that are being answered, in the order in which they were admitted."""
        return [decoding.request for decoding in self._decodings]

    def admit(self, requests: Sequence[Request]) -> list[Decoding]:
        """Begins to answer requests; one whose prompt is too long has its answer at once.

        Raises:
            ValueError: a request names tools, and the decoder has nothing that runs calls.
        """
        for request in requests:
            if request.tools and self._execute is None:
                raise ValueError(f"no execute was given to run calls of {request.tools}")
        admitted = [self._begin(request) for request in requests]
        self._decodings += admitted
        for decoding in admitted:
            self._run_call(decoding)
        return admitted

    def advance(self, *, timeout_s: float | None = None) -> list[Decoding]:
        """Lets each answer take a step, and returns and retires those that are finished.

        Args:
            timeout_s: how long to wait when all of them wait for their tools; None is until one
                has its result.
        """
        for future in [future for future in self._waiting if future.done()]:
            result = future.result()
            self._waiting.pop(future).receive(result)
        asked = {
            builder.stream: (builder, decoding)
            for decoding in self._decodings
            if (builder := decoding.builder) and builder.answer is None and builder.call is None
        }
        if asked:
            for said in self._streams.step([builder.ask() for builder, _ in asked.values()]):
                builder, decoding = asked[said.stream]
                builder.receive_step(said)
                self._run_call(decoding)
        elif len(self._waiting) == len(self):
            wait(self._waiting, timeout=timeout_s, return_when=FIRST_COMPLETED)
        finished = [decoding for decoding in self._decodings if decoding.answer is not None]
        self.retire(finished)
        return finished

    def follow(self, decoding: Decoding) -> Generator[Segment | CallEvent, None, Answer]:
        """Advances until a request is answered, and yields the pieces of its answer as they come.

        Returns:
            The answer.

        Raises:
            ModelError: its prompt is too long.
        """
        while (answer := decoding.answer) is None:
            yield from decoding.take()
            self.advance()
        if answer.error is not None:
            raise ModelError(answer.error)
        yield from decoding.take()
        return answer

    def retire(self, decodings: Sequence[Decoding]) -> None:
        """Gives up answering: a stream is freed, and the result of a tool that runs is dropped."""
        gone = {id(decoding) for decoding in decodings}
        builders = [
            decoding.builder
            for decoding in self._decodings
            if id(decoding) in gone and decoding.builder is not None
        ]
        self._decodings = [each for each in self._decodings if id(each) not in gone]
        self._waiting = {
            future: builder for future, builder in self._waiting.items() if builder not in builders
        }
        self._streams.retire([builder.stream for builder in builders])

    def close(self) -> None:
        """Gives up on all requests."""
        self.retire(self._decodings)

    def _begin(self, request: Request) -> Decoding:
        rules = _rules(request, self._model.grammar)
        if request.templated:
            opening = Opening(request.text, request.text, lead="", rest="", begins="")
        else:
            opening = open_answer(request.text, leads=rules.leads, grammar=rules.grammar)
        try:
            read = request.shown + opening.kept
            [stream] = self._streams.admit([read], templated=request.templated)
            tokens = self._streams.tokens(stream)
            try:
                stretch = Stretch(self._streams, stream)
                builder = AnswerBuilder(opening, stretch, rules=rules, key=request.key)
            except ModelError:
                self._streams.retire([stream])
                raise
        except ModelError as error:
            reason = f"The prompt {clipped(request.text)!r} cannot be continued: {error}"
            answer = Answer(request.text, (), (), tokens=0, finish="too long", error=reason)
            return Decoding(request, opening.kept, answer)
        return Decoding(request, opening.kept, builder, tokens)

    def _run_call(self, decoding: Decoding) -> None:
        """Runs the call of an answer that has one, in a thread of its own.

        No call queues behind a slow tool, and no thread keeps the program from ending.
        """
        builder, execute = decoding.builder, self._execute
        if builder is None or builder.call is None or execute is None:
            return
        call, context = builder.call, decoding.request.context
        context = replace(context, ask=context.ask or self._ask)
        future: Future[ToolResult] = Future()

        def run() -> None:
            try:
                future.set_result(execute(call, context))
            except BaseException as error:  # noqa: BLE001  raised again where it is waited for
                future.set_exception(error)

        self._waiting[future] = builder
        threading.Thread(target=run, name=f"call of {call.tool}", daemon=True).start()


def _rules(request: Request, grammar: CallGrammar) -> Rules:
    return Rules(
        config=request.config,
        grammar=grammar,
        callable=tuple(grammar.lead(name) for name in request.tools),
        barred=tuple(grammar.lead(name) for name in request.barred),
        spellings={grammar.lead(name): spelling for name, spelling in request.spellings},
        hand_back=request.hand_back,
    )
