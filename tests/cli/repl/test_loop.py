"""The REPL: what scripted lines print, to the letter, and what Ctrl-C does."""

import io
import re
from collections.abc import Callable
from textwrap import dedent

import pytest
from rich.console import Console

from tests.cli.repl.sessions import SCRIPT, printed_on, session, stop, terminal, typed
from toolformer.cli.display.screen import Screen
from toolformer.cli.repl.loop import repl
from toolformer.lm.scripted.model import ScriptedLanguageModel


def test_an_answer_is_printed_with_its_calls_and_without_its_prompt() -> None:
    assert typed("The sum of 3 and 4 is") == "[Calculator(3 + 4) -> 7] 7.\n"


def test_each_prompt_stands_alone() -> None:
    # The script would go on from "on and on", which only the two prompts together say.
    assert typed("on", "and on") == "\n\n"


def test_a_blank_line_is_no_prompt() -> None:
    assert typed("", "   ") == ""


def test_a_failed_call_is_shown_with_its_reason_and_the_answer_goes_on() -> None:
    assert typed("1 by 0 is") == (
        "[Calculator(1 / 0)⟨failed: Cannot divide by zero in '1 / 0'.⟩ nothing.\n"
    )


def test_a_prompt_that_begins_with_a_slash_is_written_with_two() -> None:
    assert typed("//etc") == "is a folder.\n"


def test_a_tour_prints_exactly_this() -> None:
    lines = [
        "Today is",
        "/today 2023-03-05",
        "Today is",
        "/trace",
        "/calls off",
        "3 and 4 is",
        "/calls on",
        "/tool remove calculator",
        "3 and 4 is",
        "/tool add calculator",
        "3 and 4 is",
        "/set max-calls 0",
        "3 and 4 is",
        "/reset",
        "/today",
        "3 and 4 is",
        "/quit",
        "not read any more",
    ]
    timeless = re.sub(r"[\d.]+ ms$", "0 ms", typed(*lines), flags=re.MULTILINE)  # a tool's time
    assert timeless == dedent("""\
        [Calendar(weekday) -> Friday] Friday.
        Today is 2023-03-05.
        [Calendar(weekday) -> Sunday] Sunday.
          1  at 0  Calendar(weekday) -> Sunday  0 ms
        1 call, 0 failed. First text after 1.0 s, 2.0 s in all, 5 tokens (2 a second).
        Calls are off.
        [Calculator is barred.
        Calls are on.
        Calculator is no longer called.
        [Calendar(⟨failed: The text ended inside the call.⟩ many.
        Calculator(expression) can be called now.
        [Calculator(3 + 4) -> 7] 7.
        max-calls is 0.
        [Calculator is barred.
        Settings, tools and today are as they were at the start; no answers are kept.
        Today is 2023-03-03.
        [Calculator(3 + 4) -> 7] 7.
        """)


def test_more_goes_on_from_the_last_answer() -> None:
    assert typed("/set max-new-tokens 5", "on and on", "/set max-new-tokens 2", "/more") == (
        "max-new-tokens is 5.\nand on and on and\nmax-new-tokens is 2.\non and\n"
    )


def test_a_tool_that_fails_is_in_the_trace() -> None:
    printed = typed("Wait for", "/trace", tools=(stop,))
    assert "1  at 0  Stop(it) failed: It is broken.  " in printed
    assert "1 call, 1 failed." in printed


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/tols", "Unknown command '/tols'. Did you mean '/tools'? Available: /help, /more,"),
        ("/set temprature 1", "Unknown setting 'temprature'. Did you mean 'temperature'?"),
        ("/set temperature hot", "The setting 'temperature' cannot be 'hot': "),
        ("/set temperature -1", "The setting 'temperature' cannot be '-1': "),
        ("/tool", "Write /tool add calculator or /tool remove Calculator."),
        ("/tool ad calculator", "Unknown action of /tool 'ad'. Did you mean 'add'?"),
        ("/tool add", "Write which tool: /tool add calculator."),
        ("/tool add calculater", "Unknown tool 'calculater'. Did you mean 'calculator'?"),
        ("/tool remove Clock", "Unknown tool 'Clock'. Available: Calculator, Calendar."),
        ("/calls maybe", "Unknown state of the calls 'maybe'. Available: on, off."),
        ("/today tomorrow", "'tomorrow' is not a date; write one such as 2023-03-03."),
        ("/save", "Write where to: /save session.jsonl."),
        ("/save /no/such/folder/file", "Cannot write '/no/such/folder/file': No such file"),
        ("/more", "There is no answer to continue yet."),
        ("word " * 2000, "The prompt 'word word"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_the_session_goes_on(
    line: str, sentence: str
) -> None:
    printed = typed(line, "3 and 4 is").splitlines()
    assert printed[0].startswith(sentence)
    assert printed[1:] == ["[Calculator(3 + 4) -> 7] 7."]


def reader(*lines: str | type[BaseException]) -> Callable[[], str]:
    """Returns lines in turn, and raises what is no line."""
    rest = iter([*lines, EOFError])

    def read() -> str:
        line = next(rest)
        if isinstance(line, str):
            return line
        raise line

    return read


class InterruptedModel:
    """Ctrl-C comes while this model chooses its third token."""

    def __init__(self) -> None:
        self.model = ScriptedLanguageModel(continuations=SCRIPT)
        self.grammar = self.model.grammar
        self.retired: list[int] = []

    def streams(self) -> object:
        return InterruptedStreams(self)


class InterruptedStreams:
    def __init__(self, owner: InterruptedModel) -> None:
        self._owner, self._streams, self._steps = owner, owner.model.streams(), 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._streams, name)

    def step(self, asks: list[object]) -> object:
        self._steps += 1
        if self._steps == 3:
            raise KeyboardInterrupt
        return self._streams.step(asks)  # type: ignore[arg-type]

    def retire(self, streams: list[int]) -> None:
        self._owner.retired += streams
        self._streams.retire(streams)


def test_ctrl_c_stops_the_answer_keeps_what_came_and_not_the_program() -> None:
    console, model = terminal(), InterruptedModel()
    with session(model=model) as made:
        repl(made, read=reader("on and on", "/calls"), screen=Screen(console))
        assert [turn.row()["text"] for turn in made.turns] == [" and on"]
        assert [turn.row()["finish"] for turn in made.turns] == ["stopped"]
    assert model.retired == [0]
    assert "and on" in printed_on(console)
    assert "(stopped)" in printed_on(console)
    assert printed_on(console).endswith("Calls are on.\n")


def test_ctrl_c_where_a_line_is_typed_says_how_to_leave() -> None:
    console = terminal()
    with session() as made:
        repl(made, read=reader(KeyboardInterrupt, "/calls"), screen=Screen(console))
    assert "/quit or Ctrl-D leaves." in printed_on(console)
    assert printed_on(console).endswith("Calls are on.\n")


@pytest.mark.parametrize(
    ("prompt", "settings", "aside"),
    [
        ("on and on", {"max_new_tokens": 2}, "… (/more continues)"),
        ("Nothing follows", {}, "(the model has nothing to say)"),
    ],
)
def test_a_person_is_told_why_an_answer_ended(
    prompt: str, settings: dict[str, int], aside: str
) -> None:
    console = terminal()
    with session(**settings) as made:
        repl(made, read=reader(prompt), screen=Screen(console))
    assert aside in printed_on(console)


def test_a_bug_is_not_swallowed() -> None:
    class Broken(ScriptedLanguageModel):
        def streams(self) -> object:  # type: ignore[override]
            raise ZeroDivisionError

    with session(model=Broken()) as made, pytest.raises(ZeroDivisionError):
        repl(made, read=reader("on"), screen=Screen(Console(file=io.StringIO())))
