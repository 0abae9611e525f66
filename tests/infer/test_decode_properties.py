"""Whatever a model says: its answer can be read back, and nothing that was shown is taken back."""

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.infer.decoding import NAMES, answers_to, pieces_of, scripted, texts_of
from toolformer.calls import InlineGrammar, Segment, ToolCall
from toolformer.infer.answers import Answer, CallEvent
from toolformer.lm.scripted.model import ScriptedLanguageModel

GRAMMAR = InlineGrammar()
# What a model says is put together from these: calls, all kinds of broken calls, other brackets.
BITS: list[tuple[str, ...]] = [
    (" [", "Calculator", "(", "2", ")"),
    (" [", "Calculator", "(", "2 (3)", ")]"),
    (" ", "[Cal", "endar(", ") ->", " May", "]"),
    (". [Calendar()] and",),
    (" [", "Calculator", "("),
    (" [Calculator(", " [Calendar", "(", ")", ")"),
    (" [Cal",),
    (" [",),
    ("  ",),
    (" so",),
    (".",),
    ("\n",),
    (")",),
    ("]",),
]
OUTPUTS = ["4", "[1]", "a b", "a]", "x [Calendar(", "ERROR", "]"]

says = st.lists(st.sampled_from(BITS), min_size=1, max_size=6).map(
    lambda bits: tuple(token for bit in bits for token in bit)
)
# Where several continuations fit, they are the likeliest tokens in the order of the script.
scripts = st.lists(
    st.tuples(st.sampled_from(["", "", "is", "]", "so"]), says), min_size=1, max_size=4
)
models = scripts.map(lambda script: scripted(*script, max_length=60))
prompts = st.sampled_from(
    [
        "It is",
        "It is",
        "is ",
        "is\n",
        "is [",
        "is [Calc",
        "is [Calculator(2",
        "is [Calculator(2)",
        "",
    ]
)
settings = st.fixed_dictionaries(
    {
        "top_k_start": st.integers(0, 3),
        "max_calls": st.sampled_from([0, 1, 2, 8]),
        "max_new_tokens": st.sampled_from([3, 20, 40]),
        "max_call_tokens": st.sampled_from([3, 12]),
        "temperature": st.sampled_from([0.0, 1.0]),
        "bar_markers": st.sampled_from([False, False, False, True]),
        "stop": st.sampled_from([(), (" so.",), ("\n", "] so")]),
    }
)


def say(call: ToolCall) -> str:
    """Says one of the outputs; which, follows from the arguments."""
    output = OUTPUTS[len(call.arguments) % len(OUTPUTS)]
    if output == "ERROR":
        raise ValueError(output)
    return output


def answer_to(model: ScriptedLanguageModel, prompt: str, options: dict[str, object]) -> Answer:
    [answer] = answers_to(model, prompt, say=say, **options)  # type: ignore[arg-type]
    return answer


def calls_of_others(answer: Answer) -> bool:
    """Says whether its text holds what would be a call if there were such a tool."""
    return any(each.call.tool not in NAMES for each in GRAMMAR.calls(answer.annotated))


@given(models, prompts, settings)
def test_the_segments_are_what_the_grammar_reads(
    model: ScriptedLanguageModel, prompt: str, options: dict[str, object]
) -> None:
    answer = answer_to(model, prompt, options)
    assume(not calls_of_others(answer))
    assert GRAMMAR.read(answer.annotated) == list(answer.segments)
    assert GRAMMAR.strip(answer.annotated) == answer.text


@given(models, prompts, settings)
def test_every_call_of_the_text_was_run_and_every_other_failed(
    model: ScriptedLanguageModel, prompt: str, options: dict[str, object]
) -> None:
    answer = answer_to(model, prompt, options)
    assume(not calls_of_others(answer))
    placed = GRAMMAR.calls(answer.annotated)
    done = [event for event in answer.events if event.output is not None]
    assert [(each.position, each.call, each.output) for each in placed] == [
        (event.position, event.call, event.output) for event in done
    ]
    assert all(each.output == say(each.call) for each in placed)
    assert len(answer.events) <= max(1, options["max_calls"])  # type: ignore[type-var]


@given(models, prompts, settings)
def test_nothing_that_was_shown_is_taken_back(
    model: ScriptedLanguageModel, prompt: str, options: dict[str, object]
) -> None:
    answer = answer_to(model, prompt, options)
    pieces = pieces_of(model, prompt, say=say, **options)
    assert "".join(texts_of(pieces)) == answer.text
    assert tuple(piece for piece in pieces if isinstance(piece, CallEvent)) == answer.events
    assert all(piece.text for piece in pieces if isinstance(piece, Segment))


@given(models, prompts, settings)
def test_a_call_is_shown_whole_before_its_output(
    model: ScriptedLanguageModel, prompt: str, options: dict[str, object]
) -> None:
    shown = ""
    for piece in pieces_of(model, prompt, say=say, **options):
        if isinstance(piece, CallEvent):
            if piece.output is None:
                assert piece.written.startswith(shown)
            else:
                assert shown == piece.written
            shown = ""
        elif piece.kind == "call":
            shown += piece.text


@given(models, st.lists(prompts, max_size=6), settings, st.integers(1, 4))
def test_a_batch_gives_the_answers_of_each_prompt_alone(
    model: ScriptedLanguageModel, batch: list[str], options: dict[str, object], streams: int
) -> None:
    greedy = options | {"temperature": 0.0}  # a draw follows the index of its prompt
    together = answers_to(model, *batch, say=say, max_streams=streams, **greedy) if batch else []
    assert together == [answer_to(model, prompt, greedy) for prompt in batch]


@given(models, prompts, settings)
def test_the_answer_takes_over_from_the_prompt(
    model: ScriptedLanguageModel, prompt: str, options: dict[str, object]
) -> None:
    answer = answer_to(model, prompt, options)
    assert answer.tokens <= options["max_new_tokens"]  # type: ignore[operator]
    assert answer.whole.startswith(prompt[: len(prompt) - answer.taken])
    if answer.events == () and answer.finish in ("length", "context"):
        assert answer.whole.startswith(prompt.rstrip())
