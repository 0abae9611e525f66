"""What people write as exemplars becomes demonstrations, or one sentence that names the line."""

import gzip
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from toolformer.annotate.demonstrations import (
    Demonstration,
    exemplars_content,
    read_exemplars_file,
    write_exemplars,
)
from toolformer.annotate.demonstrations.exemplar_texts import parted
from toolformer.calls import HermesGrammar, PlacedCall, ToolCall
from toolformer.errors import ConfigError, ToolError, ToolUnavailableError
from toolformer.tools.decorator import tool
from toolformer.tools.exemplar import NOTATION
from toolformer.tools.toolbox import Toolbox


@tool(name="Draw", pure=False)
def draw(deck: str) -> str:
    """Draws a card, every time another."""
    _drawn.append(deck)
    return f"card {len(_drawn)}"


@tool(name="Shop")
def shop(item: str) -> str:
    """Asks a shop that is closed."""
    raise ToolUnavailableError("The shop is closed.")


_drawn: list[str] = []


@pytest.fixture(scope="module")
def toolbox() -> Iterator[Toolbox]:
    with Toolbox(["calculator", "calendar"]) as made:
        yield made


def read(folder: Path, content: str, tools: Toolbox, name: str = "my.txt") -> list[str]:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return [each.render(NOTATION) for each in read_exemplars_file(path, tools)]


def test_outputs_are_filled_in_and_those_that_stand_there_are_checked(
    tmp_path: Path, toolbox: Toolbox
) -> None:
    content = (
        "2 + 2 is [Calculator(2 + 2)] 4, and\n3 * 4 is [Calculator(3 * 4) -> 12] 12.\n"
        "\n\n"
        "May 5, 2023 was a [calendar(weekday of May 5, 2023)] Friday.\n"
    )
    assert read(tmp_path, content, toolbox) == [
        "2 + 2 is [Calculator(2 + 2) -> 4] 4, and\n3 * 4 is [Calculator(3 * 4) -> 12] 12.",
        "May 5, 2023 was a [Calendar(weekday of May 5, 2023) -> Friday] Friday.",
    ]


def test_a_file_of_the_lab_reads_as_written_there(tmp_path: Path, toolbox: Toolbox) -> None:
    content = (
        "Natalia sold 48/2 = [Calculator(48/2) -> 24] 24 clips in May.\nNatalia sold 48+24 = "
        "[Calculator(48+24) -> 72] 72 clips altogether in April and May.\n\n"
        "Weng earns 12/60 = $ [Calculator(12/60) -> 0.2]0.2 per minute.\n"
    )
    first, second = read(tmp_path, content, toolbox)
    assert first + "\n\n" + second + "\n" == content


def test_a_wrong_output_is_refused_with_its_line_and_both_answers(
    tmp_path: Path, toolbox: Toolbox
) -> None:
    content = "1 + 1 is [Calculator(1 + 1) -> 2] 2.\n\nA.\nB: [Calculator(2 + 3) -> 6] 6.\n"
    with pytest.raises(ConfigError) as told:
        read(tmp_path, content, toolbox)
    assert str(told.value) == (
        f"'{tmp_path}/my.txt', line 4: Calculator(2 + 3) gives '5', and '6' stands there. Correct "
        "it, or take the output out: it is filled in."
    )


def test_how_many_calls_more_are_wrong_is_said(tmp_path: Path, toolbox: Toolbox) -> None:
    wrong = "A [Calculator(2 + 3) -> 6] 6."
    with pytest.raises(ConfigError, match=r"line 1: .* 2 more calls are wrong in the file"):
        read(tmp_path, f"{wrong}\n\n{wrong}\n\n{wrong}", toolbox)


def test_a_call_that_fails_is_refused_with_what_the_tool_says(
    tmp_path: Path, toolbox: Toolbox
) -> None:
    with pytest.raises(ConfigError, match=r"line 1: Calculator\(1 / 0\) fails: .*zero.*'7' stands"):
        read(tmp_path, "So [Calculator(1 / 0) -> 7] 7.", toolbox)
    with Toolbox([shop]) as closed, pytest.raises(ConfigError, match="The shop is closed"):
        read(tmp_path, "So [Shop(tea)] 7.", closed)


def test_an_output_of_a_tool_that_never_says_the_same_is_left_as_it_stands(tmp_path: Path) -> None:
    _drawn.clear()
    with Toolbox([draw]) as tools:
        texts = read(tmp_path, "I drew [Draw(tarot) -> the Fool] it.\n\nI [Draw(a)] won.", tools)
    assert texts == ["I drew [Draw(tarot) -> the Fool] it.", "I [Draw(a) -> card 1] won."]
    assert _drawn == ["a"]


def test_calls_of_tools_that_are_not_of_the_run_are_left_out(
    tmp_path: Path, toolbox: Toolbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    content = (
        "Peru's is [Database(Peru, capital) -> Lima] Lima, 1 + 1 is [Calculator(1 + 1)] 2.\n\n"
        "Only [Database(Peru, capital)] Lima."
    )
    assert read(tmp_path, content, toolbox) == [
        "Peru's is Lima, 1 + 1 is [Calculator(1 + 1) -> 2] 2."
    ]
    assert "2 calls of Database left out" in caplog.text


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            "A [Calculator(1)] 1.\n\n1 [Calculater(2)] 2",
            r"line 3: Unknown tool 'Calculater'. Did you mean 'C",
        ),
        ("A [Calculator(1)] 1.\n\nNo call.", r"line 3: the text has no call; write one as in "),
        ("A [Calculator(1 + (1)] 2 and", r"line 1: '\[Calculator\(1 \+ \(1\)\] 2 and' cannot be"),
        ("(A)[Calculator(1 + 1)] 2", "line 1: .* a space stands before it"),
        ("", "the file is empty"),
        ("\n\n  \n", "There is no text in"),
        ("--- 2023-02-30\nA [Calculator(1)] 1.", "line 1: '2023-02-30' is not a date"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(
    tmp_path: Path, toolbox: Toolbox, content: str, sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        read(tmp_path, content, toolbox)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("{", "line 2: not JSON"),
        ('{"txt": "a"}', "line 2: there is no text in its field 'text'"),
        ('{"text": "b [Calculator(2)] 2", "date": "soon"}', "line 2: 'soon' is not a date"),
        ('{"text": "a\\nb [Calculator(2 + 3) -> 6] 6"}', r"line 2: Calculator\(2 \+ 3\) gives"),
        ('{"text": "On [Calendar(today)] today"}', "line 2: .* is not known here"),
    ],
)
def test_lines_of_json_are_counted_as_lines(
    tmp_path: Path, toolbox: Toolbox, line: str, sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        read(tmp_path, f'{{"text": "1 [Calculator(1)] 1"}}\n{line}\n', toolbox, "my.jsonl")


def test_a_text_with_a_date_tells_the_calendar_what_day_it_is(
    tmp_path: Path, toolbox: Toolbox
) -> None:
    row = '{"text": "It is [Calendar(weekday)] Friday.", "date": "2023-03-03"}\n'
    as_text = (
        "--- 2023-03-03\nIt is [Calendar(weekday)] Friday.\n\n---\n1 is [Calculator(1)] 1.\n\n2.\n"
    )
    friday = "It is [Calendar(weekday) -> Friday] Friday."
    assert read(tmp_path, row, toolbox, "my.jsonl") == [friday]
    assert read(tmp_path, as_text, toolbox) == [friday, "1 is [Calculator(1) -> 1] 1.\n\n2."]
    assert read_exemplars_file(tmp_path / "my.jsonl", toolbox)[0].today == date(2023, 3, 3)


def test_other_files_are_refused_and_packed_ones_read(tmp_path: Path, toolbox: Toolbox) -> None:
    (tmp_path / "my.csv").write_text("text\n1 [Calculator(1)] 1")
    with pytest.raises(ConfigError, match=r"read from \.txt and \.jsonl files"):
        read_exemplars_file(tmp_path / "my.csv", toolbox)
    with pytest.raises(ConfigError, match=r"Cannot read the exemplars.*No such file"):
        read_exemplars_file(tmp_path / "none.txt", toolbox)
    with pytest.raises(ConfigError, match=r"none\.jsonl.*No such file"):
        read_exemplars_file(tmp_path / "none.jsonl", toolbox)
    with gzip.open(tmp_path / "my.txt.gz", "wt") as stream:
        stream.write("1 is [Calculator(1)] 1")
    assert len(read_exemplars_file(tmp_path / "my.txt.gz", toolbox)) == 1
    (tmp_path / "windows.txt").write_bytes(b"\xef\xbb\xbf1 is [Calculator(1)] 1\r\n\r\n2")
    with pytest.raises(ConfigError, match="line 3: the text has no call"):
        read_exemplars_file(tmp_path / "windows.txt", toolbox)


TEXTS = st.text(st.sampled_from("ab-\n \r\t\x0b\u2028\ufeff3"), max_size=12)


@given(st.lists(st.tuples(TEXTS, st.none() | st.just(date(2023, 3, 3))), min_size=1, max_size=4))
def test_what_is_written_is_read_back_or_refused(texts: list[tuple[str, date | None]]) -> None:
    call = ToolCall("Calculator", "1 + 1")
    shown = [
        Demonstration(text, (PlacedCall(len(text) // 2, call, "2"),), today)
        for text, today in texts
    ]
    try:
        content = exemplars_content("my.txt", shown)
    except ConfigError as error:
        event("refused")
        refused = str(error)
    else:
        refused = ""
    if refused:
        assert "name a .jsonl file" in refused
        return
    lines = content.removeprefix("\ufeff").split("\n")[:-1]
    read = parted([line.removesuffix("\r") for line in lines], Path("my.txt"))
    assert [(each.text, each.today) for each in read] == [
        (each.render(NOTATION), each.today) for each in shown
    ]


@pytest.mark.parametrize("name", ["my.txt", "my.jsonl"])
def test_a_file_that_was_written_is_read_back(tmp_path: Path, toolbox: Toolbox, name: str) -> None:
    shown = [
        Demonstration(
            "It is Friday.\n\nSo 2.",
            (
                PlacedCall(5, ToolCall("Calendar", "weekday"), "Friday"),
                PlacedCall(18, ToolCall("Calculator", "1 + 1"), "2"),
            ),
            date(2023, 3, 3),
        ),
        Demonstration("6 — six", (PlacedCall(0, ToolCall("Calculator", "2*3"), "6"),)),
    ]
    write_exemplars(tmp_path / name, shown)
    assert read_exemplars_file(tmp_path / name, toolbox) == tuple(shown)


def test_what_would_not_be_read_back_is_not_written(tmp_path: Path) -> None:
    call = PlacedCall(0, ToolCall("Calculator", "1 + 1"), "2")
    for text in ("A [Calculator(2 and gave up", "It has [Calculator(3)] 3"):
        with pytest.raises(ConfigError, match=r"Cannot write an exemplar"):
            write_exemplars(tmp_path / "my.jsonl", [Demonstration(text, (call,))])
    with pytest.raises(ConfigError, match=r"written to \.txt and \.jsonl"):
        write_exemplars(tmp_path / "my.csv", [Demonstration("2", (call,))])
    assert list(tmp_path.iterdir()) == []


def test_a_demonstration_is_spelled_as_the_model_writes_calls(toolbox: Toolbox) -> None:
    call = PlacedCall(2, ToolCall("Calculator", "1 + 1"), "2")
    hermes = HermesGrammar()
    spelled = Demonstration("So 2", (call,)).spelled(hermes, toolbox)
    assert spelled.calls[0].call.arguments == '{"expression": "1 + 1"}'
    assert spelled.spelled(hermes, toolbox) == spelled
    assert hermes.strip(spelled.render(hermes)) == "So 2"


def test_arguments_that_no_longer_fit_their_tool_are_told() -> None:
    call = PlacedCall(0, ToolCall("Database", "Peru"), "Lima")
    with Toolbox("database") as tools, pytest.raises(ToolError, match="has no `attribute`"):
        Demonstration("Lima", (call,)).spelled(HermesGrammar(), tools)
