"""A language model that passes every question on: to be metered, or altered for an ablation."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from toolformer.calls import CallGrammar
from toolformer.lm.base import (
    Branch,
    CallScoreRequest,
    LanguageModel,
    LossRequest,
    Sampled,
    StartProbabilities,
    TextRequest,
    TokenUsage,
    Trunks,
)
from toolformer.lm.encoding import Encoding
from toolformer.lm.hf.model import HFLanguageModel
from toolformer.lm.streams import Streams
from toolformer.sidecar import Sidecar


class PassingTrunks:
    """Implements `Trunks` by others; a class of its own may ask them otherwise."""

    def __init__(self, trunks: Trunks) -> None:
        self._trunks = trunks
        self.starts: list[StartProbabilities] = trunks.starts

    @property
    def log_probs(self) -> list[np.ndarray]:
        """As they were read."""
        return self._trunks.log_probs

    def sample(self, branches: Sequence[Branch]) -> list[list[Sampled]]:
        """Passes the branches on."""
        return self._trunks.sample(branches)

    def score(self, requests: Sequence[CallScoreRequest]) -> list[np.ndarray]:
        """Passes the calls on."""
        return self._trunks.score(requests)

    def close(self) -> None:
        """Frees what is kept."""
        self._trunks.close()

    def __enter__(self) -> "PassingTrunks":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class PassingModel:
    """Implements `LanguageModel` by another one."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model
        self.name: str = model.name
        self.fingerprint: str = model.fingerprint
        self.grammar: CallGrammar = model.grammar
        self.sidecar: Sidecar | None = model.sidecar
        self.max_length: int = model.max_length
        self.batch_tokens: int = model.batch_tokens

    @property
    def usage(self) -> TokenUsage:
        """The tokens forwarded so far."""
        return self._model.usage

    def read(self, requests: Sequence[TextRequest], *, keep: bool = True) -> PassingTrunks:
        """Passes the texts on."""
        return PassingTrunks(self._model.read(requests, keep=keep))

    def target_log_probs(self, requests: Sequence[LossRequest]) -> list[np.ndarray]:
        """Passes the rows on."""
        return self._model.target_log_probs(requests)

    def text_log_probs(
        self, texts: Sequence[str], *, without_marker: bool = False
    ) -> list[np.ndarray]:
        """Passes the texts on."""
        return self._model.text_log_probs(texts, without_marker=without_marker)

    def streams(self) -> Streams:
        """Passes the question on."""
        return self._model.streams()

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Passes the texts on."""
        return self._model.count_tokens(texts)

    def token_ends(self, text: str) -> np.ndarray:
        """Passes the text on."""
        return self._model.token_ends(text)


@dataclass(slots=True)
class PlaceboCost:
    """What the rows cost that calibrate a run, and not a text."""

    tokens: int = 0
    seconds: float = 0.0


class PlaceboMeter(PassingModel):
    """Counts apart what placebos cost: a call scored a second time, with another output."""

    def __init__(self, model: LanguageModel) -> None:
        super().__init__(model)
        self.placebos = PlaceboCost()

    def read(self, requests: Sequence[TextRequest], *, keep: bool = True) -> PassingTrunks:
        """Passes the texts on, and counts what is scored in them."""
        return _MeteredTrunks(self._model.read(requests, keep=keep), self)


class _MeteredTrunks(PassingTrunks):
    def __init__(self, trunks: Trunks, meter: PlaceboMeter) -> None:
        super().__init__(trunks)
        self._meter = meter
        self._with_output: set[CallScoreRequest] = set()  # without their outputs

    def score(self, requests: Sequence[CallScoreRequest]) -> list[np.ndarray]:
        """Passes the calls on; a second time with an output, they are placebos, asked for apart."""
        calls = [replace(each, output=None) for each in requests]
        placebos = [
            index
            for index, (each, call) in enumerate(zip(requests, calls, strict=True))
            if each.output is not None and call in self._with_output
        ]
        apart = set(placebos)
        others = [index for index in range(len(requests)) if index not in apart]
        self._with_output |= {
            calls[index] for index in others if requests[index].output is not None
        }
        found = dict(zip(others, super().score([requests[n] for n in others]), strict=True))
        before, start = self._meter.usage.score, time.perf_counter()
        found |= zip(placebos, super().score([requests[n] for n in placebos]), strict=True)
        self._meter.placebos.tokens += self._meter.usage.score - before
        self._meter.placebos.seconds += time.perf_counter() - start
        return [found[index] for index in range(len(requests))]


def encoding_of(model: LanguageModel) -> Encoding:
    """Returns the encoding of a model of transformers, which counts the tokens of a floor.

    Raises:
        TypeError: it is another kind of model.
    """
    if not isinstance(model, HFLanguageModel):
        raise TypeError(f"{model.name} is not a model of transformers")
    return model.engine.encoding
