"""Where lines come from: a pipe, and a line editor with history, several lines and completion."""

import io
from pathlib import Path

import pytest

from tests.cli.repl.sessions import session
from toolformer.cli.repl.lines import completer, history_path, line_editor, piped
from toolformer.errors import ConfigError


def test_a_pipe_gives_a_prompt_a_line_and_then_its_end() -> None:
    read = piped(io.StringIO("one\r\n\ntwo"))
    assert [read(), read(), read()] == ["one", "", "two"]
    with pytest.raises(EOFError):
        read()


@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])  # the latter in a C locale
@pytest.mark.parametrize("data", [b"\xff\xfe\xfa", b"one\0two\n"])
def test_a_pipe_that_is_no_text_is_one_sentence(data: bytes, errors: str) -> None:
    read = piped(io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", errors=errors))
    with pytest.raises(ConfigError, match="no UTF-8 text"):
        read()


def test_the_history_lies_in_the_users_state_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert history_path() == tmp_path / "toolformer" / "infer_history"
    monkeypatch.setenv("XDG_STATE_HOME", "relative/is/ignored")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert history_path() == tmp_path / ".local" / "state" / "toolformer" / "infer_history"


def test_the_editor_takes_several_lines_and_remembers_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("prompt_toolkit")
    from prompt_toolkit.application import create_app_session
    from prompt_toolkit.input import create_pipe_input
    from prompt_toolkit.output import DummyOutput

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with (
        create_pipe_input() as keys,
        create_app_session(input=keys, output=DummyOutput()),
        session() as made,
    ):
        read = line_editor(made)
        keys.send_text("first\x1b\rsecond\r")  # alt-enter, enter
        assert read() == "first\nsecond"
        keys.send_text("\x04")
        with pytest.raises(EOFError):
            read()
        keys.send_text("\x03")
        with pytest.raises(KeyboardInterrupt):
            read()
        keys.send_text("\x1b[A\r")  # up: the line before
        assert read() == "first\nsecond"
    assert "+first\n+second" in history_path().read_text()


def test_a_command_is_completed_word_by_word() -> None:
    pytest.importorskip("prompt_toolkit")
    from prompt_toolkit.completion import CompleteEvent
    from prompt_toolkit.document import Document

    with session() as made:
        found = list(completer(made).get_completions(Document("/tool rem"), CompleteEvent()))
    assert [(each.text, each.start_position) for each in found] == [("remove", -3)]


def test_a_state_directory_that_cannot_be_written_costs_the_history_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("prompt_toolkit")
    (tmp_path / "toolformer").write_text("a file where the directory should be")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with session() as made:
        assert callable(line_editor(made))
