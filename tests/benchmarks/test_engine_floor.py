"""F by hand, for a text of six tokens with two samples that say the same at one place."""

from benchmarks.engine_floor import Floor, context_floor_of, floor_of
from tests.models import byte_level_tokenizer
from toolformer.calls import InlineGrammar, ToolCall
from toolformer.lm.encoding import Encoding
from toolformer.records import AnnotatedDocument, Candidate, Document, Losses, Verdict

ENCODING = Encoding(
    byte_level_tokenizer().backend_tokenizer, InlineGrammar(), start=None, name="floor"
)
TEXT = "The sum of 12 and 30 is 42, said the teacher to the children."
N = len(ENCODING.text(TEXT).ids)
CALL = ToolCall("Calculator", "12 + 30")
LEAD = len(ENCODING.piece(" [Calculator("))
ARGUMENTS = len(ENCODING.piece("12 + 30)"))


def call(token: int, losses: Losses, *, count: int = 2) -> Candidate:
    position = int(ENCODING.text(TEXT).ends[token - 1])
    return Candidate(
        position,
        CALL.tool,
        CALL.arguments,
        0.5,
        count,
        output="42",
        losses=losses,
        verdict=Verdict.LOW_GAIN,
        token=token,
    )


def floor(*candidates: Candidate) -> Floor:
    annotated = AnnotatedDocument(Document("1", TEXT), ("Calculator",), None, candidates)
    return floor_of([annotated], ENCODING)


def test_a_text_without_a_place_is_read_under_its_prompt_and_no_more() -> None:
    assert floor() == Floor(text=2 * N)


def test_every_sample_is_written_and_the_lead_once_per_place() -> None:
    assert floor(call(2, Losses(1.0))) == Floor(2 * N, LEAD + 2 * ARGUMENTS, N)


def test_a_scored_call_adds_itself_and_the_text_to_its_fifth_token() -> None:
    whole = len(ENCODING.call(CALL, "42", first=True).ids)
    assert floor(call(2, Losses(1.0, 0.9))).score == N + whole + 2 + 5


def test_without_its_output_a_call_adds_its_close_to_what_both_begin_with() -> None:
    whole = len(ENCODING.call(CALL, "42", first=True).ids)
    assert floor(call(2, Losses(1.0, 0.9, 1.0))).score == N + (whole + 2 + 5) + (1 + 2 + 5)


def test_a_call_at_two_places_is_one_row_to_the_further() -> None:
    whole = len(ENCODING.call(CALL, "42", first=True).ids)
    both = floor(call(2, Losses(1.0, 0.9)), call(4, Losses(1.0, 0.9)))
    assert both.score == N + whole + 4 + 5
    assert both.decode == 2 * (LEAD + 2 * ARGUMENTS)


def in_context(*candidates: Candidate, tools: tuple[str, ...] = ("Calculator",)) -> Floor:
    annotated = AnnotatedDocument(Document("1", TEXT), tools, None, candidates)
    return context_floor_of(
        [annotated], ENCODING, lambda text, position: (len(text) > position) * 7
    )


def test_in_context_a_text_is_read_under_each_tools_demonstrations_and_once_plain() -> None:
    assert in_context(tools=("Calculator", "Calendar")) == Floor(text=3 * N)
    assert in_context(tools=()) == Floor()


def test_in_context_a_call_costs_itself_and_the_scored_tokens_with_its_output_and_without() -> None:
    with_output, without = (
        len(ENCODING.call(CALL, output, first=False).ids) for output in ("42", None)
    )
    expected = Floor(2 * N, LEAD + 2 * ARGUMENTS, with_output + 7 + without + 7)
    assert in_context(call(2, Losses(1.0, 0.9, 1.0))) == expected


def test_in_context_a_call_that_was_not_scored_costs_its_samples_and_no_more() -> None:
    assert in_context(call(2, Losses(1.0))) == Floor(2 * N, LEAD + 2 * ARGUMENTS)
