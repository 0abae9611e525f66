"""The REPL's command language: what a line that begins with a slash does to a session.

Knows no terminal: a command returns what is to be said.
"""

import json
import os
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

from toolformer.calls import Segment
from toolformer.cli.repl.session import Session, stamp_of
from toolformer.cli.repl.settings import MEANINGS, setting_of, value_of, with_setting
from toolformer.cli.repl.tracing import trace
from toolformer.dates import read_date
from toolformer.errors import ConfigError, UnknownNameError, clipped, closest
from toolformer.files import write_whole
from toolformer.infer.answers import CallEvent
from toolformer.tools.registry import available, load_tools


@dataclass(frozen=True, slots=True)
class Reply:
    """The output of a command, and what is to be answered next, if it asks for that."""

    said: str = ""
    pieces: Generator[Segment | CallEvent, None, None] | None = None


@dataclass(frozen=True, slots=True)
class Command:
    """One command of the REPL.

    Attributes:
        arguments: how they are written, for the help.
        does: one clause, for the help.
        words: what may stand first among the arguments, for completion.
        run: takes the session and the arguments' text.
    """

    arguments: str
    does: str
    run: Callable[[Session, str], Reply]
    words: tuple[str, ...] = ()


def is_command(line: str) -> bool:
    """Returns whether a line is a command; a prompt that begins with a slash is written with two.

    >>> is_command("/help"), is_command("//etc is"), is_command("The")
    (True, False, False)
    """
    return line.startswith("/") and not line.startswith("//")


def prompt_of(line: str) -> str:
    """Returns the prompt that a line stands for when it is not a command.

    >>> prompt_of("//etc is")
    '/etc is'
    """
    return line[1:] if line.startswith("//") else line


def run_command(line: str, session: Session) -> Reply:
    """Does what a line says.

    Raises:
        ToolformerError: it cannot be done; nothing was changed.
        EOFError: it says to leave.
    """
    name, _, arguments = line.strip().partition(" ")
    name = _ALIASES.get(name.casefold(), name.casefold())
    if name not in COMMANDS:
        raise UnknownNameError(closest(name, COMMANDS, what="command"))
    return COMMANDS[name].run(session, arguments.strip())


def _help(session: Session, _arguments: str) -> Reply:
    stands = "follows those before it" if session.chats else "stands alone"
    does = "answers" if session.chats else "continues"
    usages = {f"{name} {each.arguments}".strip(): each.does for name, each in COMMANDS.items()}
    return Reply(
        f"Anything else is a prompt, which the model {does}. Each prompt {stands}; /more\n"
        "continues the last answer. A prompt that begins with a slash is written with two.\n"
        + _aligned(usages)
        + "\nCtrl-C stops an answer, Ctrl-D leaves. Alt-Enter begins a new line."
    )


def _tools(session: Session, _arguments: str) -> Reply:
    tools = session.tools.tools
    if not tools:
        return Reply("No tools. Add one with /tool add calculator.")
    said = _aligned({tool.signature: tool.description.partition("\n")[0] for tool in tools})
    return Reply(said if session.tools.on else f"{said}\nCalls are off: /calls on.")


def _tool(session: Session, arguments: str) -> Reply:
    action, _, name = arguments.partition(" ")
    action, name = action.casefold(), name.strip()
    if action not in ("add", "remove"):
        if not action:
            raise ConfigError("Write /tool add calculator or /tool remove Calculator.")
        raise UnknownNameError(closest(action, ["add", "remove"], what="action of /tool"))
    if not name:
        raise ConfigError(f"Write which tool: /tool {action} calculator.")
    if action == "remove":
        return Reply(f"{session.tools.remove(name).name} is no longer called.")
    tools = load_tools(name)
    session.tools.add(*tools)
    return Reply("\n".join(f"{tool.signature} can be called now." for tool in tools))


def _calls(session: Session, arguments: str) -> Reply:
    if arguments:
        state = arguments.casefold()
        if state not in ("on", "off"):
            raise UnknownNameError(closest(arguments, ["on", "off"], what="state of the calls"))
        session.tools.on = state == "on"
    return Reply(f"Calls are {'on' if session.tools.on else 'off'}.")


def _set(session: Session, arguments: str) -> Reply:
    name, _, value = arguments.partition(" ")
    if not name:
        values = {each: value_of(session.config, each) for each in MEANINGS}
        width = max(map(len, values.values()))
        rows = {name: f"{value:<{width}}  {MEANINGS[name]}" for name, value in values.items()}
        return Reply(_aligned(rows))
    name = setting_of(name)
    if value.strip():
        session.config = with_setting(session.config, name, value.strip())
    return Reply(f"{name} is {value_of(session.config, name)}.")


def _trace(session: Session, _arguments: str) -> Reply:
    return Reply(trace(session.turns[-1]) if session.turns else "There is no answer yet.")


def _today(session: Session, arguments: str) -> Reply:
    if arguments:
        session.tools.today = read_date(arguments)
    return Reply(f"Today is {session.tools.today.isoformat()}.")


def _more(session: Session, _arguments: str) -> Reply:
    return Reply(pieces=session.more())


def _new(session: Session, _arguments: str) -> Reply:
    if not session.chats:
        return Reply("Each prompt stands alone: a conversation needs --chat.")
    session.begin_anew()
    return Reply("The next prompt begins a conversation.")


def _save(session: Session, arguments: str) -> Reply:
    if not arguments:
        raise ConfigError("Write where to: /save session.jsonl.")
    path = Path(os.path.expanduser(arguments))  # noqa: PTH111  it leaves "~nobody" as it is
    try:
        place = Path(os.path.realpath(path))
        if os.path.lexists(place) and stamp_of(place) != session.saved.get(place):
            raise ConfigError(f"'{path}' is there already; name another file.")
        if not place.parent.is_dir():
            raise ConfigError(f"Cannot write '{path}': No such file or directory.")
    except (OSError, ValueError):
        raise ConfigError(f"{clipped(str(path))!r} is not a name that a file can have.") from None
    rows = [json.dumps(turn.row(), ensure_ascii=False) + "\n" for turn in session.turns]
    write_whole(place, "".join(rows).encode("utf-8", "surrogatepass"))
    session.saved[place] = stamp_of(place)
    return Reply(f"{len(rows)} {'answer is' if len(rows) == 1 else 'answers are'} in {path}.")


def _reset(session: Session, _arguments: str) -> Reply:
    session.reset()
    return Reply("Settings, tools and today are as they were at the start; no answers are kept.")


def _quit(_session: Session, _arguments: str) -> Reply:
    raise EOFError


COMMANDS: Mapping[str, Command] = {
    "/help": Command("", "this list", _help),
    "/more": Command("", "continue the last answer", _more),
    "/new": Command("", "begin a new conversation (with --chat)", _new),
    "/tools": Command("", "the tools that can be called", _tools),
    "/tool": Command(
        "add SPEC | remove NAME",
        "add a tool that can be called, or remove one",
        _tool,
        ("add", "remove"),
    ),
    "/calls": Command("on | off", "whether calls are made at all", _calls, ("on", "off")),
    "/set": Command("[NAME VALUE]", "change a setting, or list them", _set, tuple(MEANINGS)),
    "/today": Command("[DATE]", "the day that counts as today", _today),
    "/trace": Command("", "the calls of the last answer, with times", _trace),
    "/save": Command("FILE", "write prompts and answers as JSON lines", _save),
    "/reset": Command("", "settings, tools and today as at the start", _reset),
    "/quit": Command("", "leave", _quit),
}
_ALIASES = {"/exit": "/quit", "/q": "/quit", "/?": "/help", "/h": "/help"}


def completions(line: str, session: Session) -> list[str]:
    """Returns what the last word of a line that begins with a slash could be.

    >>> completions("/to", None)
    ['/tools', '/tool', '/today']
    """
    if not is_command(line):
        return []
    words = line.split(" ")
    last = words[-1].casefold()
    return [each for each in _candidates(words, session) if each.casefold().startswith(last)]


def meaning_of(word: str) -> str:
    """Returns what a command or a setting is about, "" for another word.

    >>> meaning_of("/quit"), meaning_of("max-calls"), meaning_of("on")
    ('leave', 'Calls per prompt, failed ones included.', '')
    """
    return COMMANDS[word].does if word in COMMANDS else MEANINGS.get(word, "")


def _candidates(words: list[str], session: Session) -> list[str]:
    """Returns what can stand where the last of some words stands."""
    if len(words) == 1:
        return list(COMMANDS)
    match [word.casefold() for word in words]:
        case [name, _] if name in COMMANDS:
            return list(COMMANDS[name].words)
        case ["/tool", "remove", _]:
            return [tool.name for tool in session.tools.tools]
        case ["/tool", "add", _]:
            return available()
    return []


def _aligned(rows: Mapping[str, str]) -> str:
    """Returns names and what is said of each, a line for each."""
    width = max(map(len, rows))
    return "\n".join(f"  {name:<{width}}  {said}" for name, said in rows.items())
