"""The REPL: reads a line, runs a command or shows an answer as it comes, and continues.

Knows neither where lines come from nor how pieces look.
"""

from collections.abc import Generator
from contextlib import closing

from toolformer.calls import Segment
from toolformer.cli.display.screen import Screen
from toolformer.cli.interrupt import hand_over
from toolformer.cli.repl.commands import Reply, is_command, prompt_of, run_command
from toolformer.cli.repl.lines import ReadLine
from toolformer.cli.repl.session import Session
from toolformer.errors import ToolformerError
from toolformer.infer.answers import CallEvent


def repl(session: Session, *, read: ReadLine, screen: Screen) -> None:
    """Answers prompts and commands until the lines end. Ctrl-C stops an answer, no more.

    Raises:
        ConfigError: the lines cannot be read.
    """
    hand_over()
    is_interrupted = False
    while True:
        try:
            if is_interrupted:  # printed here, where another Ctrl-C does no harm
                is_interrupted = False
                screen.aside("/quit or Ctrl-D leaves.")
            _do(session, read(), screen)
        except EOFError:
            return
        except KeyboardInterrupt:
            is_interrupted = True


def _do(session: Session, line: str, screen: Screen) -> None:
    """Does what a line says; user errors are printed and change nothing."""
    if not line.strip():
        return
    try:
        is_prompt = not is_command(line)
        if is_prompt:
            reply = Reply(pieces=session.answer(prompt_of(line)))
        else:
            reply = run_command(line, session)
        if reply.said:
            screen.say(reply.said)
        if reply.pieces is not None:
            _answer(session, reply.pieces, screen)
    except ToolformerError as error:
        screen.complain(str(error))


def _answer(
    session: Session, answer: Generator[Segment | CallEvent, None, None], screen: Screen
) -> None:
    """Shows an answer; Ctrl-C ends it where it is."""
    aside = ""
    with closing(answer) as pieces:
        try:
            for piece in pieces:
                screen.show(piece)
        except KeyboardInterrupt:
            aside = "(stopped)"
    screen.end(aside or _aside(session))


def _aside(session: Session) -> str:
    """Returns what is to be said of how the last answer ended, if anything."""
    answer = session.turns[-1].answer
    if answer is None:
        return ""
    if answer.finish == "length":
        return "… (/more continues)"
    if answer.finish == "context":
        return "(the model's context is full)"
    return "" if answer.segments else "(the model has nothing to say)"
