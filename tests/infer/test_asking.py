"""What `decode` and `stream` can be asked with, and what is said of anything else."""

from collections.abc import Iterator
from datetime import date

import pandas as pd
import pytest

from toolformer.errors import ConfigError, ToolformerError
from toolformer.infer.config import InferConfig
from toolformer.infer.decode import decode, stream
from toolformer.infer.live_tools import LiveTools
from toolformer.infer.request import Request
from toolformer.lm.scripted import Continuation, ScriptedLanguageModel
from toolformer.tools.builtin.calculator import calculator
from toolformer.tools.builtin.calendar import calendar
from toolformer.tools.toolbox import Toolbox

FRIDAY = date(2023, 3, 3)
MODEL = ScriptedLanguageModel(
    continuations=[
        Continuation("4 is", " [Calculator(3 + 4)"),
        Continuation("-> 7]", " 7."),
        Continuation("Day", " [Calendar(weekday)"),
        Continuation("or", " this", weight=0.5),
        Continuation("or", " that", weight=0.5),
    ]
)


def _says_7(call: object, context: object) -> str:
    return "7"


@pytest.fixture
def toolbox() -> Iterator[Toolbox]:
    with Toolbox([calculator, calendar]) as made:
        yield made


def test_texts_rows_and_requests_are_prompts(toolbox: Toolbox) -> None:
    prompts = [
        "3 and 4 is",
        {"prompt": "3 and 4 is"},
        {"text": "3 and 4 is", "id": 7},
        Request("3 and 4 is", tools=("Calculator",)),
        Request("3 and 4 is"),  # says for itself that it calls nothing
    ]
    for execute in (toolbox, toolbox.execute):
        answers = list(decode(MODEL, prompts, execute=execute))
        assert [answer.text for answer in answers[:4]] == [" 7."] * 4
        assert answers[4].events == ()


def test_live_tools_and_a_function_run_calls_too(toolbox: Toolbox) -> None:
    with LiveTools([calculator], today=FRIDAY) as live:
        for execute in (live, live.execute):
            [answer] = decode(MODEL, ["3 and 4 is"], execute=execute)
            assert answer.text == " 7."
    asked = Request("3 and 4 is", tools=("Calculator",))
    run = lambda call, context: toolbox.execute([call], context)[0]  # noqa: E731
    assert next(decode(MODEL, [asked], execute=run)).text == " 7."


def test_the_day_is_the_rows_own_or_the_one_that_is_named(toolbox: Toolbox) -> None:
    rows = [{"prompt": "Day", "today": "2023-03-05"}, "Day"]
    answers = decode(MODEL, rows, execute=toolbox, today=FRIDAY)
    assert [answer.events[0].output for answer in answers] == ["Sunday", "Friday"]
    [clock] = decode(MODEL, ["Day"], execute=toolbox)
    assert clock.events[0].output == date.today().strftime("%A")


def test_equal_texts_draw_differently_and_the_same_again() -> None:
    config = InferConfig(temperature=1.0, seed=3)
    texts = [[each.text for each in decode(MODEL, ["or"] * 12, config=config)] for _ in range(2)]
    assert texts[0] == texts[1]
    assert set(texts[0]) == {" this", " that"}


def test_one_prompt_is_streamed(toolbox: Toolbox) -> None:
    pieces = list(stream(MODEL, "3 and 4 is", execute=toolbox.execute))
    assert "".join(getattr(piece, "text", "") for piece in pieces).endswith("-> 7] 7.")


@pytest.mark.parametrize(
    ("model", "prompts", "execute", "told"),
    [
        (MODEL, "3 and 4 is", None, r"put the one in a list, as in \['2 \+ 2 is'\]"),
        (MODEL, {"prompt": "a"}, None, "put the one in a list"),
        (MODEL, Request("a"), None, "put the one in a list"),
        (MODEL, 3, None, r"decode takes prompts, as in .*, not int 3\."),
        (MODEL, None, None, "decode takes prompts"),
        (MODEL, [3], None, r"A prompt is a text, a row such as .*, or a Request, not int 3\."),
        (MODEL, [None], None, "A prompt is a text"),
        (MODEL, [b"a"], None, r"not bytes b'a'\."),
        (MODEL, [{"question": "a"}], None, "A prompt is a text, a row such as {'prompt'"),
        (MODEL, [{"prompt": "a", "today": "soon"}], None, "'soon' as today, not a date"),
        (MODEL, [{"prompt": "a", "today": 20230303}], None, "has 20230303 as today, not a date"),
        (MODEL, b"a", None, "put the one in a list"),
        (MODEL, ["a"], calculator, r"a Toolbox, as in execute=Toolbox\(\[calculator\]\), not"),
        (MODEL, ["a"], _says_7, "A text does not say which tools it may call"),
        (
            MODEL,
            [Request("4 is", tools=("Calculator",))],
            _says_7,
            r"is a ToolResult, as in ToolResult\(output='4'\), not str '7'",
        ),
        (MODEL, pd.DataFrame({"prompt": ["a"]}), None, r"rows, not a DataFrame: frame.to_dict"),
        (MODEL, ["\ud83d"], None, "half a surrogate pair"),
        (MODEL, ["a"], [calculator], r"a Toolbox, as in execute=Toolbox\(\[calculator\]\), not"),
        (MODEL, ["a"], "calculator", "execute= is what runs calls: a Toolbox"),
        (3, ["a"], None, r"int 3 is not a language model: load one, as in load_model\('nano'\)"),
        ("no-such-model", ["a"], None, "no-such-model"),
    ],
)
def test_anything_else_is_one_sentence_that_says_how(
    model: object, prompts: object, execute: object, told: str
) -> None:
    with pytest.raises(ToolformerError, match=told) as raised:
        list(decode(model, prompts, execute=execute))  # type: ignore[arg-type]
    assert isinstance(raised.value, ConfigError) or isinstance(model, str)


def test_settings_may_be_named_and_a_day_may_be_written(toolbox: Toolbox) -> None:
    config = {"max_new_tokens": 1}
    [answer] = decode(MODEL, ["and so"], config=config)
    assert answer == next(decode(MODEL, ["and so"], config=InferConfig(max_new_tokens=1)))
    [answer] = decode(MODEL, ["Day"], execute=toolbox, today="March 3, 2023")
    assert answer.events[0].output == "Friday"
    with pytest.raises(ConfigError, match="Unknown setting 'tokens'"):
        list(decode(MODEL, ["a"], config={"tokens": 1}))
    with pytest.raises(ConfigError, match="config= is settings, as in"):
        list(decode(MODEL, ["a"], config=3))  # type: ignore[arg-type]
    for day in ("soon", 20230303):
        with pytest.raises(ConfigError, match=r"decode was given .* as today, not a date"):
            list(decode(MODEL, ["a"], today=day))  # type: ignore[arg-type]
