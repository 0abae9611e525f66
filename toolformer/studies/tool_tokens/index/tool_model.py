"""A model with tokens for tools: what it is asked for, by prompts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from toolformer.lm.base import LanguageModel
from toolformer.lm.hf.beams import Beam, BeamSearch
from toolformer.lm.hf.load import Loaded, load_pretrained
from toolformer.lm.hf.told import quiet
from toolformer.lm.registry import load_model
from toolformer.lm.trie import Trie
from toolformer.studies.tool_tokens.index.build import encoding_of
from toolformer.studies.tool_tokens.index.identifiers import FINISH, Identifiers, read_identifiers

_AT_ONCE = 16  # prompts


@dataclass(frozen=True, slots=True)
class Named:
    """A name that a model wrote."""

    api: str | None  # the id of the API that it names; None: there is none
    text: str
    log_prob: float  # nats; along the trie, of this name among all


class ToolModel:
    """Names tools behind prompts, and continues texts."""

    def __init__(self, loaded: Loaded, identifiers: Identifiers) -> None:
        """Wraps a loaded model.

        Raises:
            ModelError: its head is not one linear layer.
        """
        self.identifiers = identifiers
        self._loaded = loaded
        self._encoding = encoding_of(loaded)
        self._search = BeamSearch(loaded.model)
        self._names = [self.tokens_of(text) for text in identifiers.texts]

    @cached_property
    def language(self) -> LanguageModel:
        """The same model for whatever is continued freely."""
        return load_model(self._loaded.model, tokenizer=self._loaded.whole_tokenizer)

    def tokens_of(self, text: str) -> tuple[int, ...]:
        """Returns the tokens of a name."""
        return self._encoding.piece(text)

    @cached_property
    def _tools(self) -> Trie:
        return Trie(self._names)

    @cached_property
    def _actions(self) -> Trie:
        return Trie([*self._names, self.tokens_of(FINISH)])

    def name(
        self, prompts: Sequence[str], *, most: int = 1, with_finish: bool = False
    ) -> Iterator[list[Named]]:
        """Yields for each prompt the likeliest tools behind it, the best first.

        Args:
            prompts: to be continued by a name.
            most: how many are searched for.
            with_finish: whether the name that ends an answer is one of them; its API is None.
        """
        trie = self._actions if with_finish else self._tools
        for part in _parts(prompts):
            for beams in self._search.along(self._prompts(part), trie, beams=most):
                yield [self._named(beam) for beam in beams]

    def name_freely(self, prompts: Sequence[str], *, most: int = 1) -> Iterator[list[Named]]:
        """Yields for each prompt the likeliest texts behind it, whether or not they name a tool."""
        ends = self._loaded.specials | self._loaded.ends
        longest = max(map(len, self._names)) + 2
        for part in _parts(prompts):
            found = self._search.freely(self._prompts(part), beams=most, ends=ends, most=longest)
            for beams in found:
                yield [self._read(beam) for beam in beams]

    def head_seconds(self) -> float:
        """Returns how long the logits of the first token of a name take, for one prompt."""
        return self._search.head_seconds(self._tools)

    def _prompts(self, prompts: Sequence[str]) -> list[tuple[int, ...]]:
        encoding = self._encoding
        return [encoding.start + each.ids for each in encoding.texts(list(prompts))]

    def _named(self, beam: Beam) -> Named:
        assert beam.name is not None  # noqa: S101  it was found along a trie
        if beam.name == len(self._names):
            return Named(None, FINISH, beam.log_prob)
        identifiers = self.identifiers
        return Named(identifiers.apis[beam.name], identifiers.texts[beam.name], beam.log_prob)

    def _read(self, beam: Beam) -> Named:
        text = self._encoding.decode(beam.ids).partition("\n")[0].strip()
        return Named(self.identifiers.by_text.get(text), text, beam.log_prob)


def _parts(prompts: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(prompts), _AT_ONCE):
        yield prompts[start : start + _AT_ONCE]


def load_tool_model(folder: str | Path, *, device: str = "auto") -> ToolModel:
    """Loads a model that `index` or a stage of the training wrote.

    Raises:
        ModelError: there is none, or it has no tokens for tools.
    """
    identifiers = read_identifiers(Path(folder))
    with quiet():
        loaded = load_pretrained(str(folder), dtype="float32", device=device)
    return ToolModel(loaded, identifiers)
