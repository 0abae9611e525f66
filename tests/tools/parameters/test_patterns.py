"""A value of a form: what is written of it can always come to match, and every match is written."""

import re
import time
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolformer.calls import CallGrammar, HermesGrammar, InlineGrammar
from toolformer.tools import tool, tool_from_schema
from toolformer.tools.builtin.calendar import answer, calendar
from toolformer.tools.builtin.calendar_texts import expressions_behind
from toolformer.tools.parameters.patterns import SpelledPattern

END = (")",)
PATTERNS = ["a|ab|abc", "[a-c]{2,4}", "(x|yy )*z", r"\d{1,3}( (day|week)s?)?", r"ä+\.?"]


def walks(spelled: SpelledPattern, value: str, ends: tuple[str, ...]) -> bool:
    """Whether a value and its end can be written, however far each step tells."""
    whole, done = value + ends[0], 0
    while done < len(whole):
        rests = [rest for rest in spelled.after(whole[:done], ends) if rest]
        fitting = [rest for rest in rests if whole.startswith(rest, done)]
        if not fitting:
            return False
        done += len(min(fitting, key=len))
    return True


def endings(spelled: SpelledPattern, typed: str, *, depth: int) -> Iterator[str]:
    """Yields what can be written of a few steps."""
    for rest in spelled.after(typed, END):
        if rest.endswith(END) or not depth:
            yield typed + rest
        else:
            yield from endings(spelled, typed + rest, depth=depth - 1)


@pytest.mark.parametrize("pattern", PATTERNS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_what_matches_can_be_written(pattern: str, data: st.DataObject) -> None:
    value = data.draw(st.from_regex(pattern, fullmatch=True).filter(lambda text: len(text) < 12))
    ascii_only = "".join(value).isascii() or "ä" in pattern
    if not ascii_only or any(each.isdigit() and not each.isascii() for each in value):
        return  # digits of other scripts are matched, and not written
    spelled = SpelledPattern(re.compile(pattern))
    assert walks(spelled, value, END)
    assert value in spelled or value != value.strip()


@pytest.mark.parametrize("pattern", PATTERNS)
def test_what_can_be_written_matches(pattern: str) -> None:
    spelled = SpelledPattern(re.compile(pattern))
    written = {text for text in endings(spelled, "", depth=2) if text.endswith(END)}
    assert written
    assert all(re.fullmatch(pattern, text.removesuffix(")")) for text in written)


def test_nothing_follows_what_cannot_come_to_match() -> None:
    spelled = SpelledPattern(re.compile("ab+"))
    assert spelled.after("b", END) == spelled.after("ab)x", END) == ()


def test_flags_mean_what_they_mean_in_re() -> None:
    assert "A" in SpelledPattern(re.compile("a", re.IGNORECASE))
    assert "٣" in SpelledPattern(re.compile(r"\d"))
    assert "٣" not in SpelledPattern(re.compile(r"\d", re.ASCII))


def test_in_an_object_a_value_stands_in_quotes() -> None:
    spelled = SpelledPattern(re.compile("a[bc]"), is_quoted=True)
    assert spelled.after("", ("}",)) == ('"ab"}', '"ac"}')
    assert spelled.after('"ab"', ("}",)) == ("}",)
    assert '"ab"' in spelled
    assert "ab" not in spelled


def test_the_pattern_of_a_schema_is_a_form_where_it_is_one_of_whole_values() -> None:
    def stated(pattern: str) -> object:
        properties = {"code": {"type": "string", "pattern": pattern}}
        schema = {"type": "object", "properties": properties, "required": ["code"]}
        made = tool_from_schema({"name": "Stock", "parameters": schema}, lambda code: code)
        spell = made.spelling(InlineGrammar())
        return None if spell is None else spell("A-")

    assert stated("^[A-B]-[12]$") == ("1)", "2)")
    assert stated("[A-B]-[12]") is stated("^A-[") is stated("^(?<name>A)$") is None


def test_a_value_between_others_holds_no_comma() -> None:
    @tool(values={"first": re.compile("a,?b")}, free_text="second")
    def pair(first: str, second: str) -> str:
        """Pairs."""
        return first + second

    spell = pair.spelling(InlineGrammar())
    assert spell is not None
    assert spell("a") == ("b,",)
    assert spell("ab, x") is None


@pytest.mark.parametrize("grammar", [InlineGrammar(), HermesGrammar()])
def test_a_form_is_kept_to_in_each_grammar(grammar: CallGrammar) -> None:
    spell = calendar.spelling(grammar)
    assert spell is not None
    lead = "" if isinstance(grammar, InlineGrammar) else ' {"expression": "'
    assert {rest[:1] for rest in spell(lead + "today + 3 wee") or ()} == {"k"}
    assert spell(lead + "to morrow") == ()


@settings(max_examples=60, deadline=None)
@given(
    value=st.from_regex(expressions_behind(""), fullmatch=True),
    today=st.dates(date(1900, 1, 1), date(2099, 12, 31)),
)
def test_the_calendar_reads_what_its_form_allows(value: str, today: date) -> None:
    assert walks(SpelledPattern(expressions_behind("")), value, END)
    for written in re.findall(r"\d{4}-\d\d-\d\d|[A-Z]\w+ \d+, \d{4}|\d+ [A-Z]\w+ \d{4}", value):
        value = value.replace(written, (today + timedelta(days=len(written))).isoformat())
    if not re.search(r"\d{4} (month|year|week|day)", value):
        assert answer(value, today)


def test_a_form_that_takes_too_long_to_match_is_left_out_of_account(
    caplog: pytest.LogCaptureFixture,
) -> None:
    endless = SpelledPattern(re.compile("^(a|aa)+$"))
    began = time.monotonic()
    written = "a" * 60
    assert written + "b" in endless
    assert endless.after(written, ends=END)  # and all else may be written
    assert time.monotonic() - began < 5
    [record] = caplog.records
    assert "takes too long" in record.message
    assert "b" * 10 in endless  # it is not tried again
