"""The commands of a session: what they change, save, and offer for completion."""

import json
import os
from pathlib import Path

import pytest

from tests.cli.repl.sessions import session, stop
from toolformer.cli.repl.commands import COMMANDS, completions, run_command
from toolformer.cli.repl.settings import MEANINGS
from toolformer.errors import ConfigError, ToolformerError


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("/", list(COMMANDS)),
        ("/tr", ["/trace"]),
        ("/set t", ["top-k-start", "temperature"]),
        ("/set temperature ", []),
        ("/tool ", ["add", "remove"]),
        ("/tool remove cal", ["Calculator", "Calendar"]),
        ("/tool add data", ["database"]),
        ("/calls o", ["on", "off"]),
        ("/nothing ", []),
        ("The capital of", []),
        ("//etc", []),
    ],
)
def test_completion_offers_what_may_stand_there(line: str, offered: list[str]) -> None:
    with session() as made:
        assert completions(line, made) == offered


def test_help_names_every_command_and_the_keys() -> None:
    with session() as made:
        said = run_command("/help", made).said
    assert [name for name in COMMANDS if name not in said] == []
    assert "Ctrl-C" in said
    assert run_command("/?", made).said == said


@pytest.mark.parametrize("line", ["/quit", "/exit", "/Q"])
def test_quit_is_the_end_of_the_lines(line: str) -> None:
    with session() as made, pytest.raises(EOFError):
        run_command(line, made)


def test_set_alone_lists_every_setting_with_its_value() -> None:
    with session(top_k_start=10, stop=("\n",)) as made:
        lines = run_command("/set", made).said.splitlines()
    assert [line.split()[0] for line in lines] == list(MEANINGS)
    assert lines[0].split()[1] == "10"
    assert r"'\n'" in lines[-1]


def test_a_setting_without_a_value_is_told_and_kept() -> None:
    with session(seed=5) as made:
        assert run_command("/set seed", made).said == "seed is 5."
        assert run_command("/set top_k_start 3", made).said == "top-k-start is 3."
        assert (made.config.seed, made.config.top_k_start) == (5, 3)
        assert run_command("/set k 10", made).said == "top-k-start is 10."


def test_the_session_is_saved_as_json_lines_and_saved_again(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    with session() as made:
        list(made.answer("3 and 4 is"))
        assert run_command(f"/save {path}", made).said == f"1 answer is in {path}."
        list(made.answer("1 by 0 is"))
        assert run_command(f"/save {path}", made).said == f"2 answers are in {path}."
    first, second = map(json.loads, path.read_text().splitlines())
    assert first["segments"] == [
        {"kind": "call", "text": " [Calculator(3 + 4)"},
        {"kind": "output", "text": " -> 7]"},
        {"kind": "text", "text": " 7."},
    ]
    assert (first["finish"], first["seconds"]) == ("end", 2.0)
    assert second["text"] == " nothing."
    assert second["events"][0]["error"] == "Cannot divide by zero in '1 / 0'."


def test_a_file_that_another_wrote_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text("precious")
    with session() as made, pytest.raises(ConfigError, match="is there already"):
        run_command(f"/save {path}", made)
    assert path.read_text() == "precious"


def test_a_saved_file_that_another_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path, link = tmp_path / "session.jsonl", tmp_path / "link"
    link.symlink_to(path)
    with session() as made:
        run_command(f"/save {link}", made)
        run_command(f"/save {path}", made)
        path.write_text("precious")
        for name in (path, link):
            with pytest.raises(ConfigError, match="is there already"):
                run_command(f"/save {name}", made)
    assert path.read_text() == "precious"


@pytest.mark.parametrize(
    "name", ["~no-such-user/a", "a\0", "x" * 300, "\ud800", "loop", "pipe", "/dev/null"]
)
def test_what_cannot_be_saved_to_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo("pipe")
    with session() as made, pytest.raises(ToolformerError):
        run_command(f"/save {name}", made)


def test_reset_brings_back_settings_tools_and_day_and_forgets_the_answers() -> None:
    with session(max_calls=3) as made:
        list(made.answer("3 and 4 is"))
        for line in ("/set max-calls 1", "/tool remove Calendar", "/today 2020-01-01"):
            run_command(line, made)
        made.tools.add(stop)
        run_command("/calls off", made)
        run_command("/reset", made)
        assert made.config.max_calls == 3
        assert made.tools.names == ("Calculator", "Calendar")
        assert made.tools.today.isoformat() == "2023-03-03"
        assert made.turns == []


def test_more_asks_for_the_text_so_far_with_its_calls() -> None:
    with session() as made:
        list(made.answer("3 and 4 is "))
        pieces = run_command("/more", made).pieces
        assert pieces is not None
        list(pieces)
        assert made.turns[-1].prompt == "3 and 4 is [Calculator(3 + 4) -> 7] 7."


def test_tools_shows_how_each_is_called_and_whether_calls_are_off() -> None:
    with session() as made:
        first, second = run_command("/tools", made).said.splitlines()
        assert first.startswith("  Calculator(expression)  Works out an arithmetic expression")
        assert second.startswith("  Calendar(expression)    Says what day it is")
        made.tools.on = False
        assert run_command("/tools", made).said.endswith("Calls are off: /calls on.")
    with session(tools=()) as made:
        assert run_command("/tools", made).said == "No tools. Add one with /tool add calculator."
