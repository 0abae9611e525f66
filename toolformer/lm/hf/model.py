"""A causal language model of `transformers`, as the system asks for one."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from toolformer.assets import EMBEDDED_MODEL
from toolformer.calls import CallGrammar, InlineGrammar
from toolformer.errors import ModelError, clipped, told
from toolformer.lm.base import LossRequest, TextRequest, TokenUsage
from toolformer.lm.chat import Message
from toolformer.lm.encoding import Encoding
from toolformer.lm.hf.backend import TransformersBackend
from toolformer.lm.hf.branching.prompts import SharedPrompts
from toolformer.lm.hf.branching.ways import choose_decoding
from toolformer.lm.hf.engine import Engine
from toolformer.lm.hf.formats.objects import loaded_from
from toolformer.lm.hf.forward import Forward
from toolformer.lm.hf.load import Loaded, load_pretrained
from toolformer.lm.hf.losses import target_log_probs
from toolformer.lm.hf.memory import MOST_ON_CPU, fitting_tokens, operations_per_second
from toolformer.lm.hf.streams.streams import HFStreams
from toolformer.lm.hf.texts import text_log_probs
from toolformer.lm.hf.told import told_by_a_sentence
from toolformer.lm.hf.trunks.trunks import HFTrunks
from toolformer.lm.vocabulary import Vocabulary
from toolformer.sidecar import Sidecar


def load(
    model: str | Path | None = None,
    *,
    dtype: str = "float32",
    device: str = "auto",
    batch_tokens: int | None = None,
    grammar: CallGrammar | None = None,
    trust_remote_code: bool = False,
) -> "HFLanguageModel":
    """Loads weights by a directory or a Hub id, otherwise as `load_model` of lm/registry.py.

    Raises:
        ModelError: if there is no such model, or its tokenizer cannot spell the markers.
    """
    name = EMBEDDED_MODEL if model is None else str(model)
    loaded = load_pretrained(name, dtype=dtype, device=device, trust_remote_code=trust_remote_code)
    return _ready(loaded, grammar=grammar, batch_tokens=batch_tokens)


def _ready(
    loaded: Loaded, *, grammar: CallGrammar | None, batch_tokens: int | None
) -> "HFLanguageModel":
    if grammar is None:
        grammar = InlineGrammar() if loaded.sidecar is None else loaded.sidecar.grammar
    with told_by_a_sentence(loaded.name):  # its first forwards are here
        if batch_tokens is None:
            batch_tokens = fitting_tokens(loaded.model)
        return HFLanguageModel(loaded, grammar, batch_tokens=batch_tokens)


class HFLanguageModel:
    """Implements `LanguageModel`."""

    def __init__(
        self,
        loaded: Loaded,
        grammar: CallGrammar,
        *,
        batch_tokens: int = MOST_ON_CPU,
        copies: bool = False,
    ) -> None:
        """Uses a loaded model; with `copies`, branches are decoded over copies in any case."""
        backend = TransformersBackend(loaded.model)
        forward = Forward(backend, batch_tokens=batch_tokens)
        self.name = loaded.name
        self.fingerprint = loaded.fingerprint
        self.sidecar = loaded.sidecar
        encoding = Encoding(loaded.tokenizer, grammar, start=loaded.start, name=loaded.name)
        self.engine = Engine(
            name=loaded.name,
            forward=forward,
            encoding=encoding,
            vocabulary=Vocabulary(encoding, size=backend.vocabulary, silent=loaded.specials),
            prompts=SharedPrompts(forward),
            max_length=backend.max_length,
            silent=loaded.specials,
            ends_text=loaded.specials | loaded.ends,
            decoding=choose_decoding(forward, name=loaded.name, copies=copies),
        )
        self._tokenizer = loaded.whole_tokenizer
        self._weights = loaded.model.num_parameters()
        self.grammar = grammar
        self.max_length = backend.max_length
        self.batch_tokens = batch_tokens
        self.usage = forward.usage = TokenUsage()  # `choose_decoding` was not the user's question

    @classmethod
    def from_pretrained_model(
        cls,
        model: object,
        tokenizer: object,
        *,
        grammar: CallGrammar | None = None,
        batch_tokens: int | None = None,
        sidecar: Sidecar | None = None,
    ) -> "HFLanguageModel":
        """Wraps a `PreTrainedModel` and its tokenizer; see `load_model`.

        Raises:
            ConfigError: they are something else.
            ModelError: they do not fit each other.
        """
        loaded = loaded_from(model, tokenizer, sidecar=sidecar)
        return _ready(loaded, grammar=grammar, batch_tokens=batch_tokens)

    def __repr__(self) -> str:
        """Returns its name, size, and where and how it runs."""
        backend = self.engine.forward.backend
        return (
            f"HFLanguageModel({self.name!r}, {backend.name} on {backend.device}, {backend.dtype})"
        )

    @property
    def tokens_per_second(self) -> float:
        """About how many tokens are forwarded a second: two operations for each weight."""
        return operations_per_second(self.engine.forward.device) / (2 * self._weights)

    def read(self, requests: Sequence[TextRequest], *, keep: bool = True) -> HFTrunks:
        """Reads texts under their prompts."""
        return HFTrunks(self.engine, requests, keep=keep)

    def target_log_probs(self, requests: Sequence[LossRequest]) -> list[np.ndarray]:
        """Returns (up to 5,) float32 per request: log p of the tokens from the place on."""
        return target_log_probs(self.engine, requests)

    def text_log_probs(
        self, texts: Sequence[str], *, without_marker: bool = False
    ) -> list[np.ndarray]:
        """Returns (tokens,) float32 per text: log p of each token given those before it."""
        return text_log_probs(self.engine, texts, without_marker=without_marker)

    def streams(self) -> HFStreams:
        """Returns a fresh, empty set of streams."""
        return HFStreams(self.engine)

    @property
    def has_chat_template(self) -> bool:
        """Whether the tokenizer brings a chat template."""
        return bool(getattr(self._tokenizer, "chat_template", None))

    def chat_prompt(
        self, messages: Sequence[Message], *, tools: Sequence[Mapping[str, Any]] = ()
    ) -> str:
        """Returns a conversation up to where the next answer begins; special tokens spelled out."""
        said = [{"role": each.role, "content": each.text} for each in messages]
        try:
            text: str = self._tokenizer.apply_chat_template(
                said,
                tools=[dict(each) for each in tools] or None,
                tokenize=False,
                add_generation_prompt=True,
            )
        except Exception as error:
            raise ModelError(
                f"The chat template of {self.name} cannot write this conversation: "
                f"{clipped(told(error), 200)}."
            ) from error
        return text

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Returns the number of tokens of each text."""
        return [len(text.ids) for text in self.engine.encoding.texts(texts)]

    def token_ends(self, text: str) -> np.ndarray:
        """Returns (tokens,) int64: character offsets."""
        return self.engine.encoding.text(text).whole
