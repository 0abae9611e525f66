"""One answer, or a REPL, on this terminal or into a pipe; the notes about model and tools."""

import sys
from collections.abc import Iterator
from contextlib import closing

from toolformer.calls import CallGrammar, Segment, ToolCall
from toolformer.cli.display.console import Console
from toolformer.cli.display.gate import print_json
from toolformer.cli.display.screen import Screen
from toolformer.cli.repl.session import Session
from toolformer.infer.answers import CallEvent
from toolformer.infer.live_tools import LiveTools
from toolformer.infer.writing.transcript import final


def print_answer(session: Session, prompt: str, *, strip: bool, as_json: bool) -> int:
    """Prints the answer to a prompt as it comes, and returns the exit code.

    A terminal shows calls as they form, failed ones too. A pipe gets the answer alone: a call
    comes with its output, and one that failed is reported on stderr.
    """
    screen = Screen(Console())
    is_live = screen.console.is_terminal and not (strip or as_json)
    with closing(session.answer(prompt)) as pieces:
        shown: Iterator[Segment | CallEvent] = pieces if is_live else final(pieces)
        for piece in shown:
            is_left_out = strip and isinstance(piece, Segment) and piece.kind != "text"
            if not (as_json or is_left_out):
                screen.show(piece)
    [turn] = session.turns
    if as_json:
        print_json(turn.row())
        return 0
    screen.end()
    for event in turn.events if not is_live else ():
        if event.error is not None:
            call = event.written if event.call is None else session.model.grammar.format(event.call)
            Console(stderr=True).print(f"{call.strip()} failed: {event.error}")
    return 0


def start_repl(session: Session, *, is_terminal: bool, is_tuned: bool) -> int:
    """Runs a REPL on standard input and returns the exit code.

    Args:
        session: without turns.
        is_terminal: whether standard input is one.
        is_tuned: whether the model is known to have been tuned on calls.
    """
    from toolformer.cli.repl.lines import editor, piped
    from toolformer.cli.repl.loop import repl

    screen = Screen(Console())
    stands = "Prompts are a conversation" if session.chats else "Each prompt stands alone"
    screen.aside(f"{called(session.tools)} {stands}. /help, Ctrl-D leaves.")
    if session.tools.names and not is_tuned:
        screen.aside(
            "It was not tuned on calls (toolformer finetune): it may make none, or poor ones."
        )
    repl(session, read=editor(session) if is_terminal else piped(sys.stdin), screen=screen)
    return 0


def assumed(model: str, grammar: CallGrammar) -> str:
    """Returns the note about a model that has no sidecar.

    >>> from toolformer.calls import InlineGrammar
    >>> assumed("gpt2", InlineGrammar())
    'gpt2 has no toolformer.json: its calls are taken to look like [Name(arguments) -> output].'
    """
    call = grammar.format(ToolCall("Name", "arguments"), "output").strip()
    return f"{model} has no toolformer.json: its calls are taken to look like {call}."


def templated(model: str) -> str:
    """Returns the note about a model whose chat template is not used.

    >>> templated("Qwen/Qwen3-0.6B")
    'Qwen/Qwen3-0.6B has a chat template: --chat uses it.'
    """
    return f"{model} has a chat template: --chat uses it."


def called(tools: LiveTools) -> str:
    """Returns the note about which tools may be called."""
    return f"It can call {', '.join(tools.names)}." if tools.names else "It calls no tools."
