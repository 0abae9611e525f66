"""The REPL: reads a line, runs a command or shows an answer as it comes, and continues.

Knows neither where lines come from nor how pieces look.
"""

from contextlib import closing

from toolformer.cli.display.screen import Screen
from toolformer.cli.interrupt import hand_over
from toolformer.cli.repl.commands import Reply, is_command, prompt_of, run_command
from toolformer.cli.repl.lines import ReadLine
from toolformer.cli.repl.session import Session
from toolformer.errors import ToolformerError


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
        reply = Reply(prompt=prompt_of(line)) if is_prompt else run_command(line, session)
        if reply.said:
            screen.say(reply.said)
        if reply.prompt is not None:
            _answer(session, reply.prompt, screen)
    except ToolformerError as error:
        screen.complain(str(error))


def _answer(session: Session, prompt: str, screen: Screen) -> None:
    """Shows an answer; Ctrl-C ends it where it is."""
    aside = ""
    with closing(session.answer(prompt)) as pieces:
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
