"""Nothing raw passes the gate, and JSON stays JSON."""

import io
import json
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolformer.cli.display.console import Console
from toolformer.cli.display.gate import clean, gated_output, json_line

ANYTHING = st.text(st.characters(codec=None))


@given(ANYTHING)
def test_no_control_character_is_left_but_tabs_and_line_ends(text: str) -> None:
    shown = clean(text).replace("\r\n", "\n").replace("\t", "").replace("\n", "")
    assert not [sign for sign in shown if unicodedata.category(sign) == "Cc"]
    assert not [sign for sign in shown if unicodedata.bidirectional(sign) in BIDI]
    assert len(clean(text)) == len(text)


BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@given(
    st.dictionaries(ANYTHING, st.floats() | ANYTHING | st.none()),
    st.sampled_from(["ascii", "utf-8"]),
)
def test_json_can_be_read_again_and_steers_nothing(
    values: dict[str, object], encoding: str
) -> None:
    line = json_line(values, encoding=encoding)
    line.encode(encoding)
    assert clean(line) == line
    finite = {
        name: None if isinstance(each, float) and not abs(each) < float("inf") else each
        for name, each in values.items()
    }
    assert json.loads(line) == finite


def test_what_a_console_paints_keeps_its_colours_and_loses_what_is_in_the_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    printed = sys.stdout
    with gated_output():
        console = Console(force_terminal=True, color_system="standard")
        console.print("[bold]a\x1b[2Jb[/x] :smile:", style="red")
        sys.stdout.write("\x1b[2J\n")
    assert printed.getvalue() == ("\x1b[31m[bold]a�[2Jb[/x] :smile:\x1b[0m\n�[2J\n")


def test_the_streams_are_as_before_when_a_command_has_ended() -> None:
    before = sys.stdout, sys.stderr
    with pytest.raises(RuntimeError), gated_output():
        raise RuntimeError
    assert (sys.stdout, sys.stderr) == before
