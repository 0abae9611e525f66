"""Prompts decoded side by side, each stopping for its tools while the others go on."""

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice

from toolformer.calls import Segment, ToolCall
from toolformer.errors import ModelError, clipped
from toolformer.infer.answers import Answer, CallEvent
from toolformer.infer.builder import AnswerBuilder
from toolformer.infer.config import InferConfig, Rules
from toolformer.infer.opening import open_answer
from toolformer.infer.stretch import Stretch
from toolformer.lm.base import LanguageModel
from toolformer.lm.streams import Streams
from toolformer.tools.base import ToolResult

# Runs calls, each told with the index of the prompt it was made in. Called in a worker thread, for
# several prompts at once; it never raises for a tool's failure.
Execute = Callable[[Sequence[ToolCall], Sequence[int]], list[ToolResult]]


def decode(
    model: LanguageModel,
    prompts: Iterable[str],
    *,
    execute: Execute,
    tools: Sequence[str],
    config: InferConfig,
    barred: Sequence[str] = (),
    first_index: int = 0,
) -> Iterator[Answer]:
    """Continues prompts, `config.max_streams` at a time, and yields answers in their order.

    Neither the other prompts nor their tools change an answer.

    Args:
        model: writes the answers and the calls.
        prompts: looked at only as far as there is room for their streams.
        execute: runs a call; an exception is a bug and ends the decoding.
        tools: names that may be called, as the grammar writes them.
        config: what decides an answer.
        barred: names of tools that exist but may not be called: no call to them comes to stand.
        first_index: the first prompt's index, in draws and for `execute`; a resumed run goes on
            counting.

    Raises:
        ModelError: a prompt is too long for the model; raised where its answer would come.
    """
    rules = _rules(model, tools=tools, barred=barred, config=config)
    queue = enumerate(prompts, first_index)
    answers: dict[int, Answer] = {}
    due, too_long = first_index, None
    with closing(_Decoding(model.streams(), execute, rules)) as decoding:
        while True:
            free = 0 if too_long else config.max_streams - len(decoding.writers)
            too_long = decoding.admit(list(islice(queue, free))) or too_long
            if not decoding.writers:
                break
            decoding.advance()
            answers |= decoding.retire()
            while due in answers:
                yield answers.pop(due)
                due += 1
    if too_long:
        raise too_long


def stream(
    model: LanguageModel,
    prompt: str,
    *,
    execute: Execute,
    tools: Sequence[str],
    config: InferConfig,
    barred: Sequence[str] = (),
) -> Generator[Segment | CallEvent, None, Answer]:
    """Continues one prompt and yields what may be shown, as it comes; closing it stops at once.

    Consecutive pieces of one kind belong together, and no text is taken back. A call is shown as it
    forms, from its lead on; an event follows when it has its output or has failed. A failed call is
    no part of the answer: what comes next follows the text before it.

    Returns:
        The answer (the value of `yield from`).

    Raises:
        ModelError: the prompt is too long for the model.
    """
    rules = _rules(model, tools=tools, barred=barred, config=config)
    with closing(_Decoding(model.streams(), execute, rules)) as decoding:
        too_long = decoding.admit([(0, prompt)])
        if too_long:
            raise too_long
        writer = decoding.writers[0]
        while writer.answer is None:
            yield from writer.take()
            decoding.advance()
        yield from writer.take()
    return writer.answer


@dataclass(slots=True)
class _Decoding:
    """Answers that are being written over one set of streams."""

    streams: Streams
    execute: Execute
    rules: Rules
    writers: dict[int, AnswerBuilder] = field(default_factory=dict)  # by the index of the prompt
    waiting: dict[Future[list[ToolResult]], int] = field(default_factory=dict)

    def admit(self, prompts: Sequence[tuple[int, str]]) -> ModelError | None:
        """Takes in prompts with their indices, up to the first that is too long.

        Returns:
            What is wrong with that one.
        """
        try:
            self._begin(prompts)
        except ModelError as error:
            if len(prompts) == 1:
                [(_, prompt)] = prompts
                return ModelError(f"The prompt {clipped(prompt)!r} cannot be continued: {error}")
            errors = (self.admit([each]) for each in prompts)  # one of them is too long
            return next((error for error in errors if error is not None), None)
        return None

    def advance(self) -> None:
        """Lets each answer take a step; waits only when all of them wait for their tools."""
        for future in [future for future in self.waiting if future.done()]:
            [result] = future.result()
            self.writers[self.waiting.pop(future)].receive(result)
        asking = {
            writer.stream: index
            for index, writer in self.writers.items()
            if writer.answer is None and writer.call is None
        }
        if asking:
            for said in self.streams.step([self.writers[index].ask() for index in asking.values()]):
                self.writers[asking[said.stream]].receive_step(said)
                self._run_call(asking[said.stream])
        elif self.waiting:
            wait(self.waiting, return_when=FIRST_COMPLETED)

    def retire(self) -> dict[int, Answer]:
        """Lets go of the finished answers and returns them by the index of their prompts."""
        done = {index: each.answer for index, each in self.writers.items() if each.answer}
        self.streams.retire([self.writers.pop(index).stream for index in done])
        return done

    def close(self) -> None:
        """Stops; what a tool still says is not heard."""
        self.streams.retire([writer.stream for writer in self.writers.values()])
        self.writers.clear()
        self.waiting.clear()

    def _begin(self, prompts: Sequence[tuple[int, str]]) -> None:
        grammar, leads = self.rules.grammar, self.rules.leads
        openings = [open_answer(prompt, leads=leads, grammar=grammar) for _, prompt in prompts]
        streams = self.streams.admit([opening.kept for opening in openings])
        try:
            writers = {
                index: AnswerBuilder(
                    opening,
                    Stretch(self.streams, stream),
                    rules=self.rules,
                    key=f"{self.rules.config.seed}|{index}",
                )
                for (index, _), opening, stream in zip(prompts, openings, streams, strict=True)
            }
        except ModelError:
            self.streams.retire(streams)
            raise
        self.writers |= writers
        for index in writers:
            self._run_call(index)

    def _run_call(self, index: int) -> None:
        """Runs the call of an answer that has one, in a thread of its own.

        No thread waits in a line behind a slow tool, and none keeps the program from ending.
        """
        call = self.writers[index].call
        if call is None:
            return
        future: Future[list[ToolResult]] = Future()

        def run() -> None:
            try:
                future.set_result(self.execute([call], [index]))
            except BaseException as error:  # noqa: BLE001  raised again where it is waited for
                future.set_exception(error)

        self.waiting[future] = index
        threading.Thread(target=run, name=f"call of {call.tool}", daemon=True).start()


def _rules(
    model: LanguageModel, *, tools: Sequence[str], barred: Sequence[str], config: InferConfig
) -> Rules:
    grammar = model.grammar
    return Rules(
        config=config,
        grammar=grammar,
        callable=tuple(grammar.lead(name) for name in tools),
        barred=tuple(grammar.lead(name) for name in barred),
    )
