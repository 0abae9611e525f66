"""One document through the stages: every drop has its verdict, every loss its worked number."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest

from tests.annotate.given import BRIEF, annotate_documents, candidates_of, costs_two, echo
from toolformer.annotate import annotate_shard, make_plan
from toolformer.annotate.pipeline import Shard, ShardBatch, annotate_batches
from toolformer.lm.base import LossRequest
from toolformer.lm.scripted.model import ScriptedCall, ScriptedLanguageModel
from toolformer.records import Candidate, Document, Losses, Verdict
from toolformer.tools.builtin.calculator import calculator
from toolformer.tools.context import ToolContext
from toolformer.tools.decorator import tool
from toolformer.tools.toolbox import Toolbox

SUM = "3 + 2 = 5 apples, 7 pears and 1 plum"


def writes(*written: str, after: str = " =", tool: str = "Calculator") -> ScriptedCall:
    return ScriptedCall(tool, after=after, writes=written)


def outcomes(candidates: list[Candidate]) -> dict[str | None, str]:
    return {each.arguments: str(each.verdict) for each in candidates}


def test_a_call_that_tells_the_next_number_is_kept_with_its_worked_losses() -> None:
    [kept] = candidates_of(SUM, writes("3 + 2)"))
    # Tokens from the place: " 5", " apples", ",", " 7", " pears"; each costs 2 nats, " 5" a tenth
    # after its output. L(ε) = 2·(1 + .8 + .6 + .4 + .2)/3, L(e(c, r)) = (.1 + 2·2)/3.
    assert kept.losses == Losses(no_call=2.0, with_output=4.1 / 3, no_output=2.0)
    assert kept.gain == pytest.approx(1.9 / 3)
    assert kept == Candidate(
        position=7,
        tool="Calculator",
        arguments="3 + 2",
        start_prob=0.9,
        count=10,
        output="5",
        losses=kept.losses,
        verdict=Verdict.KEPT,
        token=4,
    )


def test_at_the_end_of_a_text_the_tokens_that_are_left_are_scored() -> None:
    [kept] = candidates_of("3 + 2 = 5 .", writes("3 + 2)"), gain_threshold=0.1)
    assert kept.losses == Losses(no_call=3.6 / 3, with_output=(0.1 + 1.6) / 3, no_output=3.6 / 3)


def test_identical_samples_are_one_candidate_with_a_count() -> None:
    found = candidates_of(SUM, writes("3 + 2)", "3 + 4)", "3 + 2)"), samples=5)
    assert [(each.arguments, each.count) for each in found] == [("3 + 2", 3), ("3 + 4", 2)]


def test_a_greedy_run_draws_one_sample() -> None:
    [found] = candidates_of(SUM, writes("3 + 2)", "3 + 4)"), temperature=0, samples=5)
    assert (found.arguments, found.count) == ("3 + 2", 1)


def test_a_call_whose_output_tells_nothing_gains_too_little() -> None:
    [found] = candidates_of(SUM, writes("3 + 4)"), log_prob=costs_two)
    assert found.verdict is Verdict.LOW_GAIN
    assert found.losses == Losses(no_call=2.0, with_output=2.0, no_output=None)


def test_a_call_that_the_text_likes_without_its_output_gains_too_little() -> None:
    def likes_calls(token: str, request: LossRequest) -> float:
        return -2.0 if request.call is None else -1.0 if request.output is None else -0.9

    [found] = candidates_of(SUM, writes("3 + 2)"), log_prob=likes_calls)
    assert found.losses == Losses(no_call=2.0, with_output=0.9, no_output=1.0)
    assert found.gain == pytest.approx(0.1)
    assert found.verdict is Verdict.LOW_GAIN


def test_samples_that_do_not_close_are_unreadable_and_keep_their_text() -> None:
    [found] = candidates_of(SUM, writes("3 + 2"))
    assert (found.verdict, found.arguments, found.output, found.error) == (
        Verdict.UNREADABLE,
        "3 + 2",
        None,
        None,
    )


def test_arguments_that_hold_a_call_are_unreadable() -> None:
    [found] = candidates_of(SUM, writes("1 [Calculator(2) + 3)"))
    assert found.verdict is Verdict.UNREADABLE


def test_a_tools_failure_is_stored_as_it_said_it() -> None:
    [found] = candidates_of(SUM, writes("fail)", tool="Echo"), tools=[echo])
    assert (found.verdict, found.error, found.output) == (Verdict.TOOL_ERROR, "It failed.", None)


def test_an_output_whose_brackets_do_not_balance_is_not_renderable() -> None:
    [found] = candidates_of(SUM, writes("a]b)", tool="Echo"), tools=[echo])
    assert (found.verdict, found.output) == (Verdict.NOT_RENDERABLE, "a]b")


def test_an_output_too_long_to_be_scored_is_not_renderable() -> None:
    long_output = "w " * 200 + "w"

    @tool(name="Long")
    def longest(text: str) -> str:
        """Says much."""
        return long_output

    model = ScriptedLanguageModel([writes("x)", tool="Long")], max_length=300)
    [annotated] = annotate_documents([Document("d", SUM)], model=model, tools=[longest])
    [found] = annotated.candidates
    assert (found.verdict, found.output) == (Verdict.NOT_RENDERABLE, long_output)


def test_a_call_that_reads_its_arguments_off_the_text_after_it_peeks() -> None:
    [found] = candidates_of(SUM, writes("12 - 7)"))
    assert found.verdict is Verdict.PEEKS
    assert found.gain == pytest.approx(1.9 / 3)


def test_a_call_that_peeks_is_kept_where_that_is_allowed() -> None:
    [found] = candidates_of(SUM, writes("12 - 7)"), allow_peeking=True)
    assert found.verdict is Verdict.KEPT


def test_words_of_a_tools_vocabulary_and_its_parameters_do_not_peek() -> None:
    knows = replace(echo, vocabulary=frozenset({"apples"}))
    [first] = candidates_of(SUM, writes("5 apples)", tool="Echo"), tools=[knows], min_prob=0)
    assert first.verdict is Verdict.PEEKS  # the 5 does
    [second] = candidates_of(SUM, writes("apples, text)", tool="Echo"), tools=[knows])
    assert second.verdict is not Verdict.PEEKS


def test_a_place_that_cannot_gain_enough_is_pruned_unsampled() -> None:
    def easy_after_equals(token: str, request: LossRequest) -> float:
        return -0.4 if request.position == 7 else -2.0

    model = ScriptedLanguageModel([writes("3 + 2)")], log_prob=easy_after_equals)
    [annotated] = annotate_documents([Document("d", SUM)], model=model)
    [pruned] = annotated.candidates
    assert pruned == Candidate(
        position=7,
        tool="Calculator",
        arguments=None,
        start_prob=0.9,
        count=0,
        losses=Losses(no_call=0.4),
        verdict=Verdict.PRUNED,
        token=4,
    )
    assert model.usage.decode == 0


def test_keeping_all_losses_scores_what_no_threshold_could_keep() -> None:
    settings = {"prune_below": 0, "keep_all_losses": True}
    [found] = candidates_of(SUM, writes("3 + 4)"), log_prob=costs_two, **settings)
    assert found.losses == Losses(no_call=2.0, with_output=2.0, no_output=2.0)


def noisy(token: str, request: LossRequest) -> float:
    """Gives every token, place, call and output its own cost between 0 and 1.5."""
    identity = repr((token, request.position, request.call, request.output))
    return -1.5 * (sum(identity.encode()) * 7919 % 101) / 101


TEXTS = [
    Document(str(number), f"{number} + 2 = {number + 2}, and 9 - {number} = {9 - number} is all.")
    for number in range(1, 9)
]


def kept_calls(**settings: object) -> set[tuple[str, int, str | None]]:
    model = ScriptedLanguageModel([writes("1 + 2)", "9 - 4)", "3 * 3)", "9 - 5)")], noisy)
    found = annotate_documents(TEXTS, model=model, allow_peeking=True, **settings)  # type: ignore[arg-type]
    return {
        (annotated.document.id, placed.position, placed.call.arguments)
        for annotated in found
        for placed in annotated.kept
    }


@pytest.mark.parametrize("threshold", [0.05, 0.2, 0.4])
def test_pruning_keeps_the_same_calls_as_scoring_everything(threshold: float) -> None:
    everything = kept_calls(gain_threshold=threshold, prune_below=0, keep_all_losses=True)
    pruned = kept_calls(gain_threshold=threshold, prune_below=threshold)
    assert pruned == everything
    assert everything


def test_a_document_that_holds_a_call_is_skipped_with_the_reason() -> None:
    documents = [Document("a", "It is [Calculator(1 + 1)] 2 = 2"), Document("b", "  \n")]
    first, second = annotate_documents(documents, model=ScriptedLanguageModel([writes("1)")]))
    assert (first.skipped, first.tried, first.candidates) == ("holds a call already", (), ())
    assert second.skipped == "empty"


def test_a_tool_is_tried_only_on_texts_that_suit_it() -> None:
    def is_of_that_day(text: str, context: ToolContext) -> bool:
        return context.today == date(2023, 3, 3)

    picky = replace(echo, suits=is_of_that_day)
    documents = [
        Document("dated", "a b c", {"date": "2023-03-03"}),
        Document("undated", "a b c"),
    ]
    first, second = annotate_documents(documents, model=ScriptedLanguageModel(), tools=[picky])
    assert (first.tried, first.skipped) == (("Echo",), None)
    assert (second.tried, second.skipped) == ((), "no tool suits it")


def test_a_tool_is_told_the_date_of_the_document() -> None:
    @tool(name="Today", context=("today",))
    def today(today: date | None) -> str:
        """Tells the day."""
        return str(today)

    documents = [Document(day, SUM, {"date": day}) for day in ("2001-02-03", "2020-10-11")]
    model = ScriptedLanguageModel([ScriptedCall("Today", after=" =", writes=(")",))])
    found = annotate_documents(documents, model=model, tools=[today])
    assert [each.output for annotated in found for each in annotated.candidates] == [
        "2001-02-03",
        "2020-10-11",
    ]


def test_the_better_of_two_tools_at_a_place_is_kept() -> None:
    script = [writes("3 + 2)"), writes("5 apples)", tool="Echo")]
    found = candidates_of(SUM, *script, tools=[calculator, echo], allow_peeking=True)
    assert outcomes(found) == {"3 + 2": "outbid", "5 apples": "kept"}


def test_the_loss_without_a_call_is_asked_for_once_for_all_tools() -> None:
    asked: list[LossRequest] = []

    def count(token: str, request: LossRequest) -> float:
        if request.call is None and request not in asked:
            asked.append(request)
        return -2.0

    script = [writes("3 + 2)"), writes("a)", tool="Echo")]
    candidates_of(SUM, *script, tools=[calculator, echo], log_prob=count)
    assert [request.position for request in asked] == [7]


@pytest.mark.parametrize("loss_context", ["prefix", "inline"])
def test_calls_are_scored_where_the_settings_say(loss_context: str) -> None:
    contexts: set[tuple[bool, bool]] = set()

    def watch(token: str, request: LossRequest) -> float:
        contexts.add((request.call is not None, request.inline))
        return -2.0

    candidates_of(SUM, writes("3 + 2)"), loss_context=loss_context, log_prob=watch)
    assert contexts == {(False, False), (True, loss_context == "inline")}


@pytest.mark.parametrize("style", ["none", "brief"])
def test_losses_leave_the_marker_out_for_a_model_that_was_tuned_on_calls(style: str) -> None:
    seen: set[bool] = set()

    def watch(token: str, request: LossRequest) -> float:
        seen.add(request.without_marker)
        return -2.0

    candidates_of(SUM, writes("3 + 2)"), prompt_style=style, log_prob=watch)
    assert seen == {style == "none"}


def test_each_prompt_style_shows_the_text() -> None:
    shown: list[str] = []

    class Watching(ScriptedLanguageModel):
        def read(self, requests):  # type: ignore[no-untyped-def]
            shown.extend(each.prompt.shared + each.prompt.own for each in requests)
            return super().read(requests)

    for style in ("few-shot", "brief", "none"):
        annotate_documents([Document("d", SUM)], model=Watching(), prompt_style=style)
    few_shot, brief, none = shown
    assert "Here are some examples" in few_shot
    assert few_shot.endswith(f"Input:\n{SUM}\nOutput:\n")
    assert brief == f"Tool: Calculator(expression)\nInput:\n{SUM}\nOutput:\n"
    assert none == ""


def long_document(filler: int) -> Document:
    return Document("long", f"{'word ' * filler}3 + 2 = 5 apples are {'word ' * filler}left")


def test_a_call_in_the_middle_of_a_long_text_is_kept_at_its_place_in_the_whole() -> None:
    document = long_document(2_000)
    [annotated] = annotate_documents([document], model=ScriptedLanguageModel([writes("3 + 2)")]))
    [kept] = annotated.candidates
    assert kept.verdict is Verdict.KEPT
    assert document.text[: kept.position].endswith("3 + 2 =")
    assert kept.token == 2_000 + 4


def test_places_in_an_overlap_are_proposed_once() -> None:
    document = Document("d", "3 + 2 = 5 . " * 400)
    model = ScriptedLanguageModel([writes("3 + 2)")])
    [annotated] = annotate_documents([document], model=model, max_positions=1000, window_tokens=100)
    positions = [each.position for each in annotated.candidates]
    assert positions == [12 * number + 7 for number in range(400)]


def run_in_batches(batch_tokens: int) -> list[object]:
    documents = [
        Document(str(number), f"{'so ' * (number % 7)}{number} + 2 = {number + 2} apples and pears")
        for number in range(1, 30)
    ]
    model = ScriptedLanguageModel([writes("3 + 2)", "8 + 2)", "9 + 1)")])
    model.batch_tokens = batch_tokens
    return list(annotate_documents(documents, model=model))


def test_how_many_texts_are_read_at_once_changes_nothing() -> None:
    assert run_in_batches(1) == run_in_batches(100) == run_in_batches(100_000)


def batches_of(shards: list[Shard], batch_tokens: int) -> list[ShardBatch]:
    model = ScriptedLanguageModel()
    model.batch_tokens = batch_tokens
    with Toolbox([calculator]) as toolbox, ThreadPoolExecutor(1) as thread:
        plan = make_plan(BRIEF, model=model, toolbox=toolbox)
        return list(annotate_batches(shards, plan, tool_thread=thread))


SUMS = [Document(str(number), "1 + 2 = 3 now") for number in range(4)]


def test_each_batch_tells_which_share_of_its_shards_work_it_is_and_whether_it_ends_it() -> None:
    found = batches_of([Shard(0, SUMS)], batch_tokens=1)
    tokens = [each.excerpts[0].window.tokens for each in found]
    assert [each.share for each in found] == [each / sum(tokens) for each in tokens]
    assert [each.is_last for each in found] == [False, False, False, True]
    assert [len(each.annotated) for each in found] == [0, 0, 0, 4]


def test_batches_of_all_shards_are_one_stream_and_none_crosses_a_shard() -> None:
    shards = [Shard(0, SUMS[:3]), Shard(1, SUMS, is_due=False), Shard(2, SUMS[:1]), Shard(3, [])]
    found = batches_of(shards, batch_tokens=100_000)
    assert [each.shard.number for each in found] == [0, 1, 2, 3]
    assert [len(each.excerpts) for each in found] == [3, 0, 1, 0]
    assert [len(each.annotated) for each in found] == [3, 0, 1, 0]


class Stops(ScriptedLanguageModel):
    """Fails at the second batch it reads."""

    def read(self, requests):  # type: ignore[no-untyped-def]
        if self.usage.text:
            raise ZeroDivisionError
        return super().read(requests)


def test_a_shard_before_a_failure_comes_out_whole() -> None:
    with Toolbox([calculator]) as toolbox, ThreadPoolExecutor(1) as thread:
        plan = make_plan(BRIEF, model=Stops(), toolbox=toolbox)
        shards = [Shard(0, SUMS[:3]), Shard(1, SUMS)]
        found = annotate_batches(shards, plan, tool_thread=thread)
        assert len(next(found).annotated) == 3
        with pytest.raises(ZeroDivisionError):
            next(found)


def test_a_shard_by_itself_is_what_it_is_among_others() -> None:
    model = ScriptedLanguageModel([writes("1 + 2)")])
    with Toolbox([calculator]) as toolbox, ThreadPoolExecutor(1) as thread:
        plan = make_plan(BRIEF, model=model, toolbox=toolbox)
        shards = [Shard(0, TEXTS[:3]), Shard(1, TEXTS[3:])]
        together = [
            list(each.annotated) for each in annotate_batches(shards, plan, tool_thread=thread)
        ]
        apart = [annotate_shard(plan, each.number, each.documents) for each in shards]
    assert apart == together


def test_a_tool_with_a_memory_hears_the_calls_of_all_batches_in_their_order() -> None:
    heard: list[str] = []

    @tool(name="Diary", pure=False)
    def diary(text: str) -> str:
        """Writes it down."""
        heard.append(text)
        return "noted"

    def copies(text: str) -> tuple[str, ...]:
        return (f"{text.split()[0]})",)

    model = ScriptedLanguageModel([ScriptedCall("Diary", after=" =", writes=copies)])
    model.batch_tokens = 1
    annotate_documents(TEXTS, model=model, tools=[diary], samples=1, max_positions=1)
    assert heard == [str(number) for number in range(1, 9)]
