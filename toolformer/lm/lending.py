"""A model lent to tools: a function from prompts to how the model continues them."""

from collections.abc import Sequence

from toolformer.lm.base import LanguageModel
from toolformer.lm.streams import StepRequest
from toolformer.tools.context import Ask

MOST_TOKENS = 48  # of an answer


def lent(model: LanguageModel) -> Ask:
    r"""Returns what asks a model: greedily, all prompts side by side, a line of each answer.

    It may be asked in any thread, while the model reads something else.

    >>> from toolformer.lm.scripted import Continuation, ScriptedLanguageModel
    >>> model = ScriptedLanguageModel(continuations=[Continuation("Denmark?", " Copenhagen.\nNo")])
    >>> lent(model)(["The capital of Denmark?"])
    [' Copenhagen.']
    """

    def ask(prompts: Sequence[str], /) -> list[str]:
        streams = model.streams()
        numbers = streams.admit(prompts)
        texts = dict.fromkeys(numbers, "")
        alive = list(numbers)
        for _ in range(MOST_TOKENS):
            # A call in an answer would be run by nobody.
            said = streams.step([StepRequest(stream, bar_marker=True) for stream in alive])
            for each in said:
                texts[each.stream] += each.text
            ended = {each.stream for each in said if each.ends}
            over = [
                stream
                for stream in alive
                if stream in ended or _has_line(texts[stream]) or not streams.room(stream)
            ]
            streams.retire(over)
            alive = [stream for stream in alive if stream not in over]
            if not alive:
                break
        streams.retire(alive)
        return [_first_line(texts[number]) for number in numbers]

    return ask


def _has_line(text: str) -> bool:
    return "\n" in text.lstrip()


def _first_line(text: str) -> str:
    begun = text.lstrip()
    return text[: len(text) - len(begun)] + begun.partition("\n")[0]
