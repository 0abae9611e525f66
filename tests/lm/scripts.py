"""Texts in many scripts and of many lengths, and tokenizers that split them in many ways."""

import base64
import hashlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from tests.models import byte_level_tokenizer
from toolformer.calls import InlineGrammar
from toolformer.lm.encoding import Encoding

_NOISE = b"".join(hashlib.sha256(bytes([number])).digest() for number in range(60))
_SAID = {
    "russian": "Итого: 303 + 453 = 756 шаров. Мальчик сосчитал их дважды и пошёл домой. ",
    "greek": "Σύνολο: 303 + 453 = 756 μπαλόνια στο δωμάτιο. ",
    "chinese": "房间里一共有303加453等于756个气球，孩子们很高兴。",
    "thai": "รวมทั้งหมด303บวก453เท่ากับ756ลูกโป่งในห้อง",
    "arabic": "المجموع: 303 + 453 = 756 بالونًا في الغرفة. ",
    "devanagari": "कुल मिलाकर 303 + 453 = 756 गुब्बारे हैं। ",
    "hangul": "모두 합해서 303 + 453 = 756 개의 풍선. ",
    "emoji": "🎈👩‍👩‍👧‍👦🇵🇪",
    "combining marks": "e\u0301\u0302\u0303\u0304",
    "marks alone": "\u0301",
    "ligature of many letters": "\ufdfa",
    "one character": "x",
    "one unknown character": "我",
    "white space": " \t\n\u00a0\u3000",
    "nothing to see": "\u200b\u2060\ufeff",
    "control characters": "\x00\x01\x1b[2J",
    "a word": "антидисестаблишментарианизм",
    "private use": "\ue000\U0010fffd",
}
LONG = {name: said * (1 + 5_000 // len(said)) for name, said in _SAID.items()} | {
    "base64": base64.b64encode(_NOISE).decode(),
    "hexadecimal": _NOISE.hex(),
    "all at once": "".join(said * 12 for said in _SAID.values()),
    "english with one foreign word": "There are 303 balloons for Méliès. " * 120,
}
# Any text at all, built of stretches that repeat.
TEXTS = st.lists(
    st.tuples(
        st.one_of(st.sampled_from(sorted(_SAID.values())), st.text(min_size=1, max_size=12)),
        st.integers(1, 60),
    ),
    min_size=1,
    max_size=5,
).map(lambda parts: "".join(said * times for said, times in parts))

_BYTES = [f"<0x{index:02X}>" for index in range(256)]
_LETTERS = [chr(code) for code in range(33, 127)]


def unigram() -> Tokenizer:
    """As of SentencePiece: a run of characters it does not know has no end of a token inside."""
    scored = [("<unk>", 0.0), *((each, -9.0) for each in _BYTES), ("▁", -2.0), ("▁[", -3.0)]
    scored += [(each, -4.0) for each in (*_LETTERS, "\n")]
    tokenizer = Tokenizer(models.Unigram(scored, unk_id=0, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    return tokenizer


def normalizing() -> Tokenizer:
    """Bytes after NFKC: a character may be dozens of tokens, and several characters one."""
    tokenizer = Tokenizer.from_str(byte_level_tokenizer().backend_tokenizer.to_str())
    tokenizer.normalizer = normalizers.NFKC()
    return tokenizer


def dropping() -> Tokenizer:
    """Knows ASCII alone, and leaves out what else there is."""
    tokenizer = Tokenizer.from_str(byte_level_tokenizer().backend_tokenizer.to_str())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents()])
    return tokenizer


TOKENIZERS: dict[str, Callable[[], Tokenizer]] = {
    "bytes": lambda: byte_level_tokenizer().backend_tokenizer,
    "unigram": unigram,
    "normalizing": normalizing,
    "dropping": dropping,
}


def with_specials(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    """Returns a tokenizer as it is saved beside a model."""
    start = tokenizer.id_to_token(0)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=start, eos_token=start)


def token_ends_of(name: str) -> Callable[[str], npt.NDArray[np.int64]]:
    """Returns what tells where the tokens of a text end, as a model of this tokenizer does."""
    encoding = Encoding(TOKENIZERS[name](), InlineGrammar(), start=0, name=name)
    return lambda text: encoding.text(text).whole
