"""Whether a call's arguments use what the text says only after the call.

Pure text: no tokens, no tools, no model. `[Calculator(24 * 5) -> 120]` in front of `120 / 24 = 5`
predicts the words after it well, but teaches a model to ask for what it cannot know yet: `24` and
`5` are read off the text that follows.
"""

import re
from collections.abc import Iterable, Mapping, Set
from functools import lru_cache

# A number with its thousands separators, or a word with its apostrophes. A number's sign, its $
# and its % are left out.
_TERM = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?|[^\W\d_]+(?:['’][^\W\d_]+)*")

# Words too common to give anything away; written as a text, for a list would take a line for each.
STOP_WORDS = frozenset(
    """
    a about above after again against ago all also am among an and any are aren't as at be because
    been before being below between both but by can can't cannot could couldn't did didn't do does
    doesn't doing don't down during each either else ever every few for from further had hadn't has
    hasn't have haven't having he her here hers herself him himself his how however i if in into is
    isn't it its itself just let me might mine more most much must my myself neither no nor not now
    of off on once one only onto or other our ours ourselves out over own per same shall she should
    shouldn't since so some still such than that the their theirs them themselves then there these
    they this those though through thus till to too under until up upon us very via was wasn't we
    were weren't what when where whether which while who whom whose why will with within without
    won't would wouldn't yes yet you your yours yourself yourselves
    """.split()  # noqa: SIM905
)


def first_mentions(text: str, *, of: Set[str] | None = None) -> dict[str, int]:
    """Returns where each number and each content word of a text is first found.

    Numbers are normalised (`1,400`, `$1400`, `1400.0` and `1400%` are one), words are folded to
    lower case and lose a possessive ending.

    Args:
        text: any text.
        of: the terms to look for, and no longer than until all are found; every term when None.

    >>> first_mentions("The 1,400 apples of Anna's cost $1400.00")
    {'1400': 4, 'apples': 10, 'anna': 20, 'cost': 27}
    >>> first_mentions("The 1,400 apples of Anna's cost $1400.00", of={"apples", "pears"})
    {'apples': 10}
    """
    mentions: dict[str, int] = {}
    for match in _TERM.finditer(text):
        term = _term(match[0])
        if term is not None and term not in mentions and (of is None or term in of):
            mentions[term] = match.start()
            if of is not None and len(mentions) == len(of):
                break
    return mentions


def peeks(
    arguments: str, position: int, *, mentions: Mapping[str, int], vocabulary: frozenset[str]
) -> bool:
    """Returns whether the arguments use a term that the text has only from `position` on.

    What the text does not mention at all is not read off it, and does not count.

    Args:
        arguments: the text between the call's brackets.
        position: the place of the call, a character offset.
        mentions: `first_mentions` of the text.
        vocabulary: terms that a call of this tool may always use, as `terms` gives them.

    >>> text = "120 / 24 = 5, the capital of the hour"
    >>> [peeks(arguments, 3, mentions=first_mentions(text), vocabulary=frozenset({"capital"}))
    ...     for arguments in ("24 * 5", "100 + 20", "Peru, capital")]
    [True, False, False]
    """
    return any(
        mentions.get(term, -1) >= position and term not in vocabulary
        for term in argument_terms(arguments)
    )


def terms(texts: Iterable[str]) -> frozenset[str]:
    """Returns the numbers and content words of some texts, as `first_mentions` spells them.

    >>> sorted(terms(["official language", "population"]))
    ['language', 'official', 'population']
    """
    return frozenset(term for text in texts for term in first_mentions(text))


@lru_cache(maxsize=4096)  # The same arguments are proposed at many places of a text.
def argument_terms(text: str) -> frozenset[str]:
    """Returns the numbers and content words of a call's arguments.

    >>> sorted(argument_terms("Anna's 1,400 apples"))
    ['1400', 'anna', 'apples']
    """
    return frozenset(first_mentions(text))


def all_terms(text: str) -> tuple[str, ...]:
    """Returns the numbers and content words of a text in order, each as often as it stands there.

    >>> all_terms("Anna's 1,400 apples, 1400 in all")
    ('anna', '1400', 'apples', '1400')
    """
    found = (_term(match[0]) for match in _TERM.finditer(text))
    return tuple(term for term in found if term is not None)


@lru_cache(maxsize=65_536)  # A corpus says the same words again and again.
def _term(written: str) -> str | None:
    """Returns how a number or word is compared, None for a stop word."""
    if written[0].isdecimal():
        whole, _, decimals = written.replace(",", "").partition(".")
        whole, decimals = whole.lstrip("0") or "0", decimals.rstrip("0")
        return f"{whole}.{decimals}" if decimals else whole
    word = written.replace("’", "'").casefold()
    if word not in STOP_WORDS:
        word = word.removesuffix("'s")
    return None if word in STOP_WORDS else word
