"""A stretch goes back to any of its characters, whatever its tokens were."""

from hypothesis import given
from hypothesis import strategies as st

from toolformer.infer.writing.stretch import Stretch
from toolformer.lm.scripted.streams import Continuation, ScriptedStreams
from toolformer.lm.streams import StepRequest

tokens = st.lists(st.sampled_from([" so", ". [", "x", "  ", " [Calc", "(2 + 2)]"]), min_size=1)


@given(tokens, st.data())
def test_what_the_stream_holds_is_the_text(said: list[str], data: st.DataObject) -> None:
    streams = ScriptedStreams([Continuation("prompt", tuple(said))])
    [number] = streams.admit(["prompt"])
    stretch = Stretch(streams, number)
    for _ in said:
        stretch.receive_step(streams.step([StepRequest(number)])[0].text)
    whole = stretch.text
    assert whole == "".join(said)

    characters = data.draw(st.integers(0, len(whole)))
    stretch.crop(characters)
    stretch.feed(["!"])
    assert stretch.text == whole[:characters] + "!"
    assert streams.text(number) == "prompt" + stretch.text


def test_a_token_at_the_place_itself_is_kept() -> None:
    streams = ScriptedStreams([Continuation("a", " b c")])
    [number] = streams.admit(["a"])
    stretch = Stretch(streams, number)
    for _ in range(2):
        stretch.receive_step(streams.step([StepRequest(number)])[0].text)
    stretch.crop(2)
    assert streams.tokens(number) == 3  # the start token, "a" and " b"


def test_what_says_nothing_yet_goes_with_what_it_says_later() -> None:
    streams = ScriptedStreams([Continuation("a", (" b", " c", " d"))])
    [number] = streams.admit(["a"])
    stretch = Stretch(streams, number)
    for heard in (" b", "", "é"):  # as if the last two were one character of two tokens
        streams.step([StepRequest(number)])
        stretch.receive_step(heard)
    stretch.crop(len(" b"))
    assert streams.tokens(number) == 3
