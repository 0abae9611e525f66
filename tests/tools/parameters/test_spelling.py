"""Arguments continue with values that a parameter has, and with nothing else."""

import logging
from collections.abc import Callable
from enum import Enum
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolformer.calls import CallGrammar, HermesGrammar, InlineGrammar, Spell
from toolformer.errors import ConfigError, ToolError
from toolformer.tools import Tool, tool, tool_from_schema

INLINE, HERMES = InlineGrammar(), HermesGrammar()
FACTS = {
    "France": ["capital", "official language", "calling code"],
    "Washington": ["continent"],
    "Washington, D.C.": ["mayor", "area"],
    "Queen (band)": ["genre"],
    "Île-de-France": ["region's capital", 'the "light"'],
}
NAMES = sorted({name for names in FACTS.values() for name in names})


def look_up(entity: str, attribute: str) -> str:
    """Looks up a fact."""
    return f"{attribute} of {entity}"


def attributes(entity: str) -> list[str]:
    return FACTS.get(entity, NAMES)


FREE_ENTITY = tool(look_up, values={"attribute": attributes})
BOTH = tool(look_up, values={"entity": list(FACTS), "attribute": attributes})


def spell_of(made: Tool, grammar: CallGrammar = INLINE) -> Spell:
    found = made.spelling(grammar)
    assert found is not None
    return found


def everything(spell: Spell, text: str = "", *, most: int = 400) -> list[str]:
    """Returns all texts that can be written where nothing is free."""
    finished, pending = [], [text]
    while pending and len(finished) < most:
        begun = pending.pop()
        rests = spell(begun)
        if rests is None:
            finished.append(begun)
        else:
            assert rests, f"{begun!r} is a dead end"
            pending += [begun + rest for rest in rests]
    return finished


def test_a_tool_whose_parameters_are_free_has_no_spelling() -> None:
    assert tool(look_up).spelling(INLINE) is None


def test_a_free_parameter_is_free_until_it_ends() -> None:
    spell = spell_of(FREE_ENTITY)
    assert [spell(text) for text in ("", "Fra", "Atlantis", "Queen (ba", "'it, ")] == [None] * 5
    assert spell("France,") == (*(f" {name})" for name in sorted(FACTS["France"])), " attribute=")


def test_the_values_follow_from_the_parameters_before() -> None:
    assert spell_of(FREE_ENTITY)("Washington, con") == ("tinent)",)
    assert spell_of(FREE_ENTITY)("'Washington, D.C.', a") == ("rea)", "ttribute=")
    assert spell_of(FREE_ENTITY)("entity=France, attribute=o") == ("fficial language)",)


def test_what_is_not_there_cannot_be_written() -> None:
    spell = spell_of(FREE_ENTITY)
    assert spell("France, cupital") == ()
    assert spell("France, capital of") == ()
    assert spell("France, cupital)") == ()


def test_a_call_does_not_close_before_all_is_given() -> None:
    assert spell_of(FREE_ENTITY)("France)") == ()
    assert spell_of(FREE_ENTITY)("France, capital)") is None
    assert spell_of(FREE_ENTITY, HERMES)(' {"entity": "France"}') == ()


def test_a_name_is_written_to_its_end_and_may_begin_another() -> None:
    spell = spell_of(BOTH)
    assert sorted(spell("Washington")) == [",", ", D.C.,"]
    assert sorted(spell("Washington,")) == [" D.C.,", " attribute=", " continent)"]


@pytest.mark.parametrize("grammar", [INLINE, HERMES], ids=["inline", "hermes"])
def test_all_that_can_be_written_is_read_as_values_that_there_are(grammar: CallGrammar) -> None:
    written = everything(spell_of(BOTH, grammar))
    found = []
    for text in written:
        end = grammar.end_of_arguments(text)
        assert end is not None
        assert end.is_closed, text
        values = BOTH.bind(end.arguments)
        found.append((values["entity"], values["attribute"]))
    assert set(found) == {(entity, name) for entity, names in FACTS.items() for name in names}


@given(st.sampled_from(sorted(FACTS)), st.integers(0, 3), st.integers(1, 40), st.booleans())
def test_each_beginning_of_what_can_be_written_continues_to_it(
    entity: str, index: int, size: int, is_hermes: bool
) -> None:
    grammar: CallGrammar = HERMES if is_hermes else INLINE
    spell = spell_of(BOTH, grammar)
    names = FACTS[entity]
    wanted = next(
        text
        for text in everything(spell)
        if (end := grammar.end_of_arguments(text)) is not None
        and BOTH.bind(end.arguments) == {"entity": entity, "attribute": names[index % len(names)]}
    )
    rests = spell(wanted[:size])
    assert size >= len(wanted) or any(
        wanted[size:].startswith(rest) or rest.startswith(wanted[size:]) for rest in rests or ()
    )


def test_an_object_is_written_key_by_key() -> None:
    spell = spell_of(FREE_ENTITY, HERMES)
    assert spell("") == (' {"entity":',)
    assert spell(' {"entity": "Fr') is None
    assert spell(' {"entity": "France"') == (",",)
    assert spell(' {"entity": "France",') == (' "attribute":',)
    assert spell(' {"entity": "France", "attribute": "o') == ('fficial language"}}\n</tool_call>',)
    assert spell(' {"entity": "France", "attribute": "capital"}}\n</tool_call>') is None


def test_an_object_may_be_spaced_in_another_way() -> None:
    spell = spell_of(FREE_ENTITY, HERMES)
    assert spell(' {"entity" : "France" ,"attribute":"cap') == ('ital"}}\n</tool_call>',)


def test_an_object_in_an_inline_call_has_the_same_values() -> None:
    spell = spell_of(FREE_ENTITY)
    assert spell('{"entity": "France", "attribute": "o') == ('fficial language"})',)
    assert spell('{"entity": "France", "attribute": "foo"})') == ()


def test_what_is_no_object_of_the_parameters_is_a_value() -> None:
    spell = spell_of(FREE_ENTITY)
    assert spell("{a") is None
    assert spell("{a})") == ()
    assert spell("{a}, cap") == ("ital)",)
    assert spell_of(FREE_ENTITY, HERMES)(' {"entity": France, ') == ()


class Unit(Enum):
    KELVIN = "K"
    CELSIUS = "°C"


def forecast(
    city: str, days: int = 1, unit: Literal["C", "F"] = "C", *, exact: bool = False
) -> str:
    """Tells the weather."""
    return f"{city} {days} {unit} {exact}"


def test_a_type_with_few_values_says_them_itself() -> None:
    spell = spell_of(tool(forecast))
    assert spell("Oslo") is None
    assert spell("Oslo, 3,") is None  # "3,000" may follow
    assert spell("Oslo, 3, ") == ("C,", "C)", "F,", "F)", "unit=", "exact=")
    assert spell("Oslo, unit=") == ("C,", "C)", "F,", "F)")
    assert spell("Oslo, 3, C, ") == ("False)", "True)", "false)", "true)", "exact=")
    assert spell("Oslo, days=") is None


def test_what_may_be_left_out_may_be() -> None:
    spell = spell_of(tool(forecast))
    for text in ("Oslo)", "Oslo, 3)", "Oslo, unit=F)", "Oslo, exact=True)"):
        assert spell(text) is None, text
    assert spell("Oslo, unit=K)") == ()


def test_the_members_of_an_enum_are_its_values() -> None:
    def convert(unit: Unit) -> str:
        """Converts."""
        return unit.name

    assert everything(spell_of(tool(convert))) == ["unit=°C)", "unit=K)", "°C)", "K)"]
    assert {tool(convert).execute(text) for text in ("K", "unit=°C")} == {"KELVIN", "CELSIUS"}


def test_the_enum_of_a_schema_is_its_values() -> None:
    units = {"type": "string", "enum": ["C", "F"]}
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "unit": units},
        "required": ["city", "unit"],
    }
    made = tool_from_schema(
        {"name": "Weather", "parameters": schema},
        "{city} in {unit}".format,
        values={"city": ["Oslo", "New York, NY"]},
    )
    assert set(everything(spell_of(made, HERMES))) == {
        f' {{"city": "{city}", "unit": "{unit}"}}}}\n</tool_call>'
        for city in ("Oslo", "New York, NY")
        for unit in ("C", "F")
    }


def test_a_value_with_a_comma_is_quoted_where_it_would_be_taken_for_two() -> None:
    def order(size: Literal["s, small", "l, large"], count: int) -> str:
        """Orders."""
        return f"{count} {size}"

    made = tool(order)
    assert set(spell_of(made)("")) == {'"s, small",', '"l, large",', "size="}
    assert made.execute('"s, small", 3') == "3 s, small"


@pytest.mark.parametrize(
    "values",
    [lambda: None, lambda: 1 / 0, lambda: (_ for _ in "ab").throw(ToolError("no"))],
    ids=["None", "an error", "an error later"],
)
def test_where_the_values_are_not_known_the_parameter_is_free(
    values: Callable[[], list[str] | None], caplog: pytest.LogCaptureFixture
) -> None:
    def double(word: str) -> str:
        """Doubles."""
        return word * 2

    with caplog.at_level(logging.WARNING):
        assert spell_of(tool(double, values={"word": values}))("anything") is None


def test_values_are_asked_for_again_where_the_state_has_changed() -> None:
    words, stamp = ["a"], [0]

    def double(word: str) -> str:
        """Doubles."""
        return word * 2

    spell = spell_of(tool(double, values={"word": lambda: words}, state=lambda: stamp[0]))
    assert spell("") == ("a)", "word=")
    words[:], stamp[0] = ["b"], 1
    assert spell("") == ("b)", "word=")


def test_values_of_a_parameter_that_is_not_there_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"attribut.*attribute"):
        tool(look_up, values={"attribut": NAMES})
