"""Scripted streams say what their script says, as far as they are asked to."""

import math

import pytest

from toolformer.errors import ModelError
from toolformer.lm.scripted.model import ScriptedLanguageModel
from toolformer.lm.scripted.streams import Continuation, ScriptedStreams
from toolformer.lm.streams import StepRequest, StepResult

LEADS = (" [Calculator(", " [Calendar(")


def streams_of(*script: tuple[str, str | tuple[str, ...]], **options: int) -> ScriptedStreams:
    return ScriptedStreams([Continuation(*each) for each in script], **options)


def say(streams: ScriptedStreams, stream: int, **ask: object) -> StepResult:
    [said] = streams.step([StepRequest(stream, **ask)])  # type: ignore[arg-type]
    return said


def test_a_stream_goes_on_token_by_token_to_its_end() -> None:
    streams = streams_of(("2 is", " two."))
    [stream] = streams.admit(["2 is"])
    said = [say(streams, stream) for _ in range(3)]
    assert [(each.text, each.ends) for each in said] == [(" two", False), (".", False), ("", True)]
    assert streams.text(stream) == "2 is two."


def test_of_several_continuations_the_first_is_the_likeliest() -> None:
    streams = streams_of(("is", " two"), ("2 is", " three"))
    assert say(streams, streams.admit(["2 is"])[0]).text == " two"


def test_a_heavier_continuation_comes_first() -> None:
    script = [Continuation("is", " two"), Continuation("is", " three", weight=2.0)]
    streams = ScriptedStreams(script)
    said = say(streams, streams.admit(["is"])[0])
    assert said.text == " three"
    assert said.log_prob == pytest.approx(math.log(2 / 3))


def test_tokens_may_be_given_as_they_are() -> None:
    streams = streams_of(("is", (" [Calc", "ulator(2)]")))
    [stream] = streams.admit(["is"])
    assert [say(streams, stream).text for _ in range(2)] == [" [Calc", "ulator(2)]"]


@pytest.mark.parametrize(("start_rank", "starts"), [(1, False), (2, True), (3, True)])
def test_a_call_starts_where_the_marker_is_likely_enough(start_rank: int, starts: bool) -> None:
    streams = streams_of(("is", " two"), ("is", " [Calculator("))
    said = say(streams, streams.admit(["is"])[0], start_rank=start_rank)
    assert (said.starts, said.marker_rank, said.text) == (starts, 2, "" if starts else " two")


def test_a_rank_that_was_not_asked_for_is_not_told() -> None:
    streams = streams_of(("is", " [Calculator("))
    assert say(streams, streams.admit(["is"])[0]).marker_rank is None


def test_a_barred_marker_is_not_said() -> None:
    streams = streams_of(("is", " [Calculator("), ("is", " two"))
    said = say(streams, streams.admit(["is"])[0], start_rank=1, bar_marker=True)
    assert (said.text, said.starts) == (" two", False)


def test_a_marker_in_two_tokens_is_barred_at_the_second() -> None:
    streams = streams_of(("is", (" ", "[")), ("is ", "two"))
    [stream] = streams.admit(["is"])
    assert [say(streams, stream, bar_marker=True).text for _ in range(2)] == [" ", "two"]


def test_a_barred_lead_does_not_come_to_stand() -> None:
    streams = streams_of(("is", (" [Cal", "culator", "(2")), ("[Calculator", "s"))
    [stream] = streams.admit(["is"])
    said = [say(streams, stream, barred=LEADS).text for _ in range(3)]
    assert "".join(said) == " [Calculators"


def test_a_lead_that_stands_already_bars_nothing() -> None:
    streams = streams_of(("(", "2 + 2"))
    [stream] = streams.admit(["is [Calendar("])
    assert say(streams, stream, barred=LEADS).text == "2"


def test_one_lead_is_said_in_one_step() -> None:
    streams = streams_of()
    [stream] = streams.admit(["is"])
    assert say(streams, stream, among=LEADS[:1]).text == " [Calculator("


def test_the_script_chooses_among_leads() -> None:
    streams = streams_of(("[", "Calendar("))
    [stream] = streams.admit(["is"])
    assert say(streams, stream, among=LEADS).text == " [Calendar("


def test_where_the_script_has_no_name_the_first_is_said() -> None:
    streams = streams_of()
    assert say(streams, streams.admit(["is"])[0], among=LEADS).text == " [Calculator("


def test_each_choice_between_leads_is_a_step() -> None:
    leads = (" [a-1(", " [a-2(", " [b(")
    streams = streams_of(("-", "2"))
    [stream] = streams.admit(["is"])
    assert [say(streams, stream, among=leads).text for _ in range(2)] == [" [a-", "2("]


def test_a_crop_forgets_the_lead_that_was_begun() -> None:
    leads = (" [a-1(", " [a-2(", " [b(")
    streams = streams_of()
    [stream] = streams.admit(["is"])
    for _ in range(2):
        streams.crop(stream, 2)
        assert say(streams, stream, among=leads).text == " [a-"


def test_what_is_to_be_said_first_is_said_first() -> None:
    streams = streams_of(("is", " two"), ("is", "\ntwo"))
    [stream] = streams.admit(["is"])
    assert say(streams, stream, begins="\n").text == "\n"
    streams.crop(stream, 2)
    assert say(streams, stream, begins="\n\n").text == "\n"
    streams.crop(stream, 2)
    assert say(streams, stream, begins="\t").text == "\t"


def test_what_is_fed_and_cropped_counts_in_tokens() -> None:
    streams = streams_of(max_length=8)
    [stream] = streams.admit(["2 is"])
    assert (streams.tokens(stream), streams.room(stream)) == (3, 5)
    streams.feed(stream, [" ->", " 4", "]"])
    assert (streams.tokens(stream), streams.room(stream)) == (7, 1)
    streams.crop(stream, 4)
    assert streams.text(stream) == "2 is -"


def test_what_does_not_fit_is_refused_whole() -> None:
    streams = streams_of(max_length=4)
    [stream] = streams.admit(["2 is"])
    with pytest.raises(ModelError, match="no room for 2 more tokens"):
        streams.feed(stream, [" 4", "]"])
    assert streams.text(stream) == "2 is"
    with pytest.raises(ModelError, match="Its 3 tokens leave no room in the 4"):
        streams.admit(["a", "a b c"])


def test_a_retired_stream_may_not_be_asked() -> None:
    streams = streams_of(("a", " b"))
    first, second = streams.admit(["a", "a"])
    streams.retire([first])
    with pytest.raises(KeyError):
        say(streams, first)
    assert say(streams, second).text == " b"


def test_draws_follow_the_key_and_the_number_of_the_token() -> None:
    streams = streams_of(*[("", f" {letter}") for letter in "abcdefgh"])

    def drawn(key: str) -> str:
        [stream] = streams.admit(["x"])
        for _ in range(12):
            say(streams, stream, temperature=1.0, key=key)
        return streams.text(stream)

    assert drawn("one") == drawn("one") != drawn("two")


def test_a_cold_draw_is_the_likeliest() -> None:
    script = [Continuation("is", " two"), Continuation("is", " three", weight=3.0)]
    streams = ScriptedStreams(script)
    for key in "abcdefgh":
        [stream] = streams.admit(["is"])
        assert say(streams, stream, temperature=0.01, key=key).text == " three"


def test_a_scripted_model_streams_its_continuations() -> None:
    model = ScriptedLanguageModel(continuations=[Continuation("is", " 24")], max_length=9)
    streams = model.streams()
    [stream] = streams.admit(["2 is"])
    assert [say(streams, stream).text, say(streams, stream).text] == [" 2", "4"]
    assert streams.room(stream) == 4
    assert (model.usage.text, model.usage.decode) == (2, 2)


def test_every_token_of_a_text_has_its_log_probability() -> None:
    model = ScriptedLanguageModel(log_prob=lambda token, _: -float(len(token)))
    [row, empty] = model.text_log_probs(["It is 24.", ""])
    assert (row.tolist(), row.dtype) == ([-2, -3, -2, -1, -1], "float32")
    assert empty.shape == (0,)


def test_continuations_are_part_of_the_fingerprint() -> None:
    said = ScriptedLanguageModel(continuations=[Continuation("is", " 24")])
    assert said.fingerprint != ScriptedLanguageModel().fingerprint
