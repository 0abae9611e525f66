"""A tokenizer of 260 tokens: the 256 bytes, each at its own number, and four signs."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

START, END, PADDING, SPARE = range(256, 260)
VOCABULARY = 260
_SIGNS = {"<|start|>": START, "<|end|>": END, "<|padding|>": PADDING, "<|spare|>": SPARE}


def tokens_of(text: str) -> list[int]:
    """Returns the tokens of a text, as the tokenizer gives them without its start sign.

    >>> tokens_of("né")
    [110, 195, 169]
    """
    return list(text.encode())


def byte_tokenizer(*, context: int) -> "PreTrainedTokenizerFast":
    """Returns the tokenizer as transformers has one; it begins texts with the start sign.

    Args:
        context: the model's longest text in tokens, written into the tokenizer.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    spelled: dict[int, str] = bytes_to_unicode()  # type: ignore[no-untyped-call]
    vocabulary = {spelled[byte]: byte for byte in range(256)} | _SIGNS
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(sign, normalized=False) for sign in _SIGNS])
    start, end, padding, _ = _SIGNS
    tokenizer.post_processor = TemplateProcessing(
        single=f"{start} $A",
        pair=f"{start} $A {start} $B",
        special_tokens=[(start, START)],
    )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        bos_token=start,
        eos_token=end,
        pad_token=padding,
        model_max_length=context,
        clean_up_tokenization_spaces=False,
    )
