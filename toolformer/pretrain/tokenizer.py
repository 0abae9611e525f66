"""A byte-level BPE whose digits stand alone and whose call markers are single tokens.

A number's first digit carries the space before it: with a lone space token there, a result of one
digit would spend the heaviest weight of the loss on a space.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from toolformer.errors import ModelError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

# GPT-2's pattern, with one digit at a time instead of `\p{N}+`.
_WORDS = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_ESCAPED = frozenset(r"\.^$*+?{}[]|()")
START_OF_TEXT = "<|startoftext|>"


def train_tokenizer(
    texts: Iterable[str], *, vocabulary_size: int, single_tokens: Sequence[str], context: int
) -> "PreTrainedTokenizerFast":
    """Trains a byte-level BPE.

    Args:
        texts: The texts to learn merges from; each of `single_tokens` must occur in them.
        vocabulary_size: The number of tokens, the start of text included.
        single_tokens: Strings that are one token wherever they stand, as a call's markers are.
        context: The model's context in tokens, written into the tokenizer.

    Raises:
        ModelError: If a string of `single_tokens` did not become a token.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    # The markers are cut out first, so that no merge can take in a neighbour (`.]`, `)]`).
    markers = "|".join(
        "".join(f"\\{c}" if c in _ESCAPED else c for c in marker) for marker in single_tokens
    )
    # An empty pattern would part every character from the next.
    cut = [pre_tokenizers.Split(Regex(markers), behavior="isolated")] if single_tokens else []
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            *cut,
            pre_tokenizers.Split(Regex(_WORDS), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        special_tokens=[START_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer=trainer)
    for marker in single_tokens:
        if len(tokenizer.encode(marker).ids) != 1:
            raise ModelError(
                f"The tokenizer spells {marker!r} with {len(tokenizer.encode(marker).ids)} tokens: "
                "show it more often in the texts it is trained on, or raise vocabulary_size."
            )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        bos_token=START_OF_TEXT,
        eos_token=START_OF_TEXT,
        model_max_length=context,
        clean_up_tokenization_spaces=False,
    )


def load_tokenizer(folder: Path) -> "PreTrainedTokenizerFast":
    """Loads a tokenizer that `train_tokenizer` made, and lets it begin rows with its start token.

    Rows of a pretraining begin so; whoever loads the model learns that from its tokenizer.

    Raises:
        ModelError: the folder holds none, or one without a start token.
    """
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    from toolformer.lm.hf.told import told_by_a_sentence

    with told_by_a_sentence(str(folder)):
        tokenizer: PreTrainedTokenizerFast = PreTrainedTokenizerFast.from_pretrained(folder)
        start = tokenizer.bos_token
    if not isinstance(start, str):
        raise ModelError(
            f"The tokenizer in '{folder}' has no start token, and rows begin with one. Name a model"
            " that was pretrained here."
        )
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single=f"{start} $A",
        pair=f"{start} $A {start} $B",
        special_tokens=[(start, tokenizer.bos_token_id)],
    )
    return tokenizer
