"""The words that texts and questions are compared by."""

import re
import unicodedata

# Ideographs and kana stand for words one by one, or nearly.
_ALONE = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_ALONE}]|[^\W_{_ALONE}]+")
# English words that say nothing of what is asked; in another language they are rare, or rank low.
_COMMON = frozenset(
    """
    a an and are as at be been but by can could did do does for from had has have he her his how i
    if in into is it its me my no not of on one or our s she so than that the their them then there
    these they this to was we were what when where which who whom whose why will with would you your
    """.split()  # noqa: SIM905  seventy quoted words are harder to read
)


def words_of(text: str) -> list[str]:
    """Returns the words of a text as they are compared: without case, accents and plural.

    Common words of English are left out, unless there are no others.

    >>> words_of("What do the Cafés of Zürich's lake serve?")
    ['cafe', 'zurich', 'lake', 'serve']
    >>> words_of("To be, or not to be"), words_of("東京 2020")
    (['to', 'be', 'or', 'not', 'to', 'be'], ['東', '京', '2020'])
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    if not plain.isascii():
        plain = "".join(each for each in plain if not unicodedata.combining(each))
    words = _WORD.findall(plain)
    telling = [_singular(word) for word in words if word not in _COMMON]
    return telling or words


def _singular(word: str) -> str:
    """Returns a word without the ending of a plural; words that only look like one agree, too.

    >>> [_singular(word) for word in ("cities", "lakes", "glass", "bus")]
    ['city', 'lake', 'glass', 'bus']
    """
    if len(word) < 4 or word.endswith(("ss", "us", "is")) or not word.endswith("s"):
        return word
    return f"{word[:-3]}y" if word.endswith("ies") and len(word) > 4 else word[:-1]
