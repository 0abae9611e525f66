"""Which tokens arguments may continue with, where a tool says what may be written.

Pure text: no tensor and no model. A token may end a value and begin what follows; a character that
is cut into several tokens is said as the tokenizer cuts it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from toolformer.calls import Spell
from toolformer.lm.encoding import Encoding
from toolformer.lm.vocabulary import CUT, Vocabulary

_MOST_HELD = 4  # tokens of one character


@dataclass(frozen=True, slots=True)
class Spelled:
    """What is written of arguments: whole characters, and tokens of one that is incomplete."""

    text: str
    held: tuple[int, ...] = ()


def spelled(ids: tuple[int, ...], encoding: Encoding) -> Spelled:
    """Returns what tokens say that follow other text."""
    text = encoding.decode(ids) if ids else ""
    if not text.endswith(CUT):
        return Spelled(text)
    for size in range(1, min(_MOST_HELD, len(ids)) + 1):
        text = encoding.decode(ids[:-size]) if size < len(ids) else ""
        if not text.endswith(CUT):
            return Spelled(text, ids[-size:])
    return Spelled(encoding.decode(ids))


def may_say(spell: Spell, text: str, said: str) -> bool:
    """Returns whether a text may continue with another one.

    >>> spell = {"": ("ab,",), "a": ("b,",), "ab,": None}.get
    >>> may_say(spell, "", "a"), may_say(spell, "", "ab, x"), may_say(spell, "", "ac")
    (True, True, False)
    """
    rests = spell(text)
    if rests is None:
        after = spell(text + said)
        return after is None or len(after) > 0
    first = said[:1]
    for rest in rests:  # asked of hundreds of tokens: most differ in their first character
        if rest[:1] != first and rest and said:
            continue
        if rest.startswith(said):
            return True
        if said.startswith(rest) and may_say(spell, text + rest, said[len(rest) :]):
            return True
    return False


def tokens_to_say(spell: Spell, written: Spelled, vocabulary: Vocabulary) -> Sequence[int] | None:
    """Returns the tokens that may come next; None where any may that `refused_tokens` lacks."""
    rests = spell(written.text)
    if rests is None:
        return None
    if written.held:
        return vocabulary.finishing(rests, written.held)
    within, beyond = vocabulary.saying(rests)
    return [
        *within,
        *(token for token in beyond if may_say(spell, written.text, vocabulary.text(token))),
    ]


def refused_tokens(
    spell: Spell, written: Spelled, vocabulary: Vocabulary, *, drawn: Sequence[int]
) -> list[int]:
    """Returns the tokens that, where any may come, begin what no value does.

    Empty where none of the drawn ones does: they are looked for only then.
    """

    def is_refused(token: int) -> bool:
        said = (
            vocabulary.encoding.decode((*written.held, token))
            if written.held
            else vocabulary.text(token)
        )
        return not may_say(spell, written.text, said.rstrip(CUT))

    if spell(written.text) is not None:
        return []
    refused = [token for token in set(drawn) if is_refused(token)]
    if not refused:
        return []
    # A value ends with a sign, unless the sign stands there already.
    could = vocabulary.signs if set(refused) <= set(vocabulary.signs) else range(vocabulary.size)
    return [token for token in could if is_refused(token)]
