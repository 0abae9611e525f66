"""A prompt shows a tool by its exemplars, written by the grammar; the copy follows directly."""

from dataclasses import replace

from toolformer.annotate.prompts import build_prompt
from toolformer.calls import CallGrammar, HermesGrammar, InlineGrammar
from toolformer.lm.base import Prompt
from toolformer.sidecar import PromptStyle
from toolformer.tools.builtin.calculator import calculator
from toolformer.tools.exemplar import Exemplar

EXEMPLARS = (
    Exemplar("Out of 1400, 400 (or", "400 / 1400", " 29%) passed."),
    Exemplar("It is", "18 + 12", " 30."),
)


def build(style: PromptStyle, text: str, *, grammar: CallGrammar | None = None) -> Prompt:
    asked = replace(calculator, description="Computes an expression.", exemplars=EXEMPLARS)
    return build_prompt(style, asked, text, grammar=grammar or InlineGrammar())


def test_the_brief_prompt_is_what_the_embedded_model_was_trained_on_to_the_byte() -> None:
    assert build(PromptStyle.BRIEF, "I have 5.") == Prompt(
        "Tool: Calculator(expression)\n", "Input:\nI have 5.\nOutput:\n"
    )


def test_the_few_shot_prompt_describes_the_tool_and_demonstrates_it() -> None:
    assert build(PromptStyle.FEW_SHOT, "I have 5.").shared == (
        "Your task is to add calls of the tool Calculator to a piece of text. Computes an "
        "expression. The calls should help you get information required to complete the text. "
        'You call the tool by writing "[Calculator(expression)]". Here are some examples:\n'
        "\n"
        "Input:\nOut of 1400, 400 (or 29%) passed.\n"
        "Output:\nOut of 1400, 400 (or [Calculator(400 / 1400)] 29%) passed.\n"
        "\n"
        "Input:\nIt is 30.\n"
        "Output:\nIt is [Calculator(18 + 12)] 30.\n"
        "\n"
    )


def test_every_style_but_none_ends_where_the_copy_of_the_text_begins() -> None:
    for style in (PromptStyle.FEW_SHOT, PromptStyle.BRIEF):
        assert build(style, "I have 5.").own == "Input:\nI have 5.\nOutput:\n"


def test_a_tuned_model_is_told_nothing() -> None:
    assert build(PromptStyle.NONE, "I have 5.") == Prompt("", "")


def test_the_shared_part_is_the_same_for_every_text() -> None:
    for style in PromptStyle:
        assert build(style, "one").shared == build(style, "two").shared


def test_exemplars_are_written_with_the_grammar_that_is_decoded() -> None:
    grammar = InlineGrammar(open=" <", arrow=" =>", close=">")
    shared = build(PromptStyle.FEW_SHOT, "x", grammar=grammar).shared
    assert "It is <Calculator(18 + 12)> 30." in shared
    assert '"<Calculator(expression)>"' in shared
    assert "[" not in shared


def test_exemplars_are_spelled_as_json_where_the_grammar_wants_it() -> None:
    shared = build(PromptStyle.FEW_SHOT, "x", grammar=HermesGrammar()).shared
    shape = '<tool_call>\n{"name": "Calculator", "arguments": {"expression": "expression"}}\n'
    assert f'by writing "{shape}</tool_call>"' in shared
    assert f"It is{shape}</tool_call> 30.".replace('"expression"}', '"18 + 12"}') in shared
