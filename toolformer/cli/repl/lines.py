"""Where a REPL's lines come from: a line editor with history, plain `input`, or a pipe."""

import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from toolformer.cli.repl.commands import completions, meaning_of
from toolformer.cli.repl.session import Session
from toolformer.errors import ConfigError
from toolformer.files import is_encodable
from toolformer.plain_files import open_plain

if TYPE_CHECKING:
    from prompt_toolkit.completion import Completer
    from prompt_toolkit.history import History

# Returns the next line, which may be several; EOFError is the end, KeyboardInterrupt is Ctrl-C.
ReadLine = Callable[[], str]

_PROMPT = "> "
_NO_TEXT = "Standard input is no UTF-8 text: a REPL reads a prompt a line."


def editor(session: Session) -> ReadLine:
    """Returns what reads from a terminal: with prompt_toolkit where it is installed."""
    if not sys.stdout.isatty():
        return _plain  # an editor would paint into the file that the answers go to
    try:
        import prompt_toolkit  # noqa: F401
    except ImportError:
        with suppress(ImportError):  # its arrow keys and its own history, where it is there
            import readline  # noqa: F401
        return _plain
    return line_editor(session)


def piped(stream: TextIO) -> ReadLine:
    r"""Returns what reads a pipe or a file, a prompt a line.

    >>> import io
    >>> piped(io.StringIO("one\ntwo"))()
    'one'
    """

    def read() -> str:
        try:
            line = stream.readline()
        except UnicodeDecodeError:
            raise ConfigError(_NO_TEXT) from None
        # In a C or POSIX locale Python lets stray bytes through, as halves of surrogate pairs.
        if not is_encodable(line) or "\0" in line:
            raise ConfigError(_NO_TEXT)
        if not line:
            raise EOFError
        return line.rstrip("\r\n")

    return read


def completer(session: Session) -> "Completer":
    """Returns what completes a line that begins with a slash, in prompt_toolkit's way."""
    from prompt_toolkit.completion import CompleteEvent, Completer, Completion
    from prompt_toolkit.document import Document

    class Commands(Completer):
        def get_completions(
            self,
            document: Document,
            complete_event: CompleteEvent,  # noqa: ARG002  (its name is the library's)
        ) -> Iterable[Completion]:
            before = document.text_before_cursor
            last = before.rpartition(" ")[2]
            for each in completions(before, session):
                yield Completion(each, start_position=-len(last), display_meta=meaning_of(each))

    return Commands()


def history_path() -> Path:
    """Returns where the lines of earlier sessions are kept."""
    state = os.environ.get("XDG_STATE_HOME", "")
    folder = Path(state) if Path(state).is_absolute() else Path.home() / ".local" / "state"
    return folder / "toolformer" / "infer_history"


def _plain() -> str:
    if sys.stdout.isatty():
        try:
            return input(_PROMPT)
        except (EOFError, KeyboardInterrupt):
            sys.stdout.write("\n")  # a key that is not a letter has not begun one
            raise
    # An answer that goes to a file is not to begin with the prompt for the next.
    sys.stderr.write(_PROMPT)
    sys.stderr.flush()
    return piped(sys.stdin)()


def line_editor(session: Session) -> ReadLine:
    """Returns a line editor with history, where Alt-Enter begins a new line."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

    keys = KeyBindings()

    @keys.add("enter")
    def _accept(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def _new_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    prompts: PromptSession[str] = PromptSession(
        _PROMPT,
        history=_history(),
        completer=completer(session),
        key_bindings=keys,
        multiline=True,
        prompt_continuation="  ",
        reserve_space_for_menu=4,
    )
    return prompts.prompt


def _history() -> "History":
    from prompt_toolkit.history import FileHistory, InMemoryHistory

    path = history_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        open_plain(path).close()
    except (OSError, ValueError):  # it cannot be written, or is a pipe, which would be waited for
        return InMemoryHistory()
    return FileHistory(str(path))
