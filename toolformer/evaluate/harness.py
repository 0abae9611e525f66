"""A model as one of lm-eval: it generates with its tools live, and scores text without.

    from lm_eval import simple_evaluate
    simple_evaluate(model=harness_model(model, live=tools), tasks=["gsm8k"])

lm-eval is an extra and is imported only here, when its model is asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np

from toolformer.errors import ConfigError, how_to_install
from toolformer.infer.config import InferConfig
from toolformer.infer.decode import decode
from toolformer.infer.live_tools import LiveTools
from toolformer.infer.request import Request
from toolformer.lm.base import LanguageModel
from toolformer.lm.fitting import ending

_SURE = log(0.5)  # a token likelier than this is the likeliest
_KNOWN_SETTINGS = {"until", "max_gen_toks", "do_sample", "temperature"}


@dataclass(frozen=True, slots=True)
class Scored:
    """How likely a continuation is."""

    log_prob: float  # nats
    is_greedy: bool  # whether the likeliest tokens say it


@dataclass(frozen=True, slots=True)
class HarnessAnswers:
    """Answers what lm-eval asks of a model; knows nothing of lm-eval.

    Attributes:
        model: Answers.
        live: The tools it calls while it generates; None: calls are text like any other.
        config: How it decodes where a task does not say.
    """

    model: LanguageModel
    live: LiveTools | None = None
    config: InferConfig = InferConfig(top_k_start=10, max_calls=1)  # noqa: RUF009  frozen

    def generate(self, contexts: Sequence[str], settings: Sequence[Mapping[str, Any]]) -> list[str]:
        """Returns what follows each context, calls and their outputs left out."""
        return self._decode(contexts, [self._config(each) for each in settings], live=self.live)

    def score(self, contexts: Sequence[str], continuations: Sequence[str]) -> list[Scored]:
        """Returns how likely each continuation is, calls disabled where there are tools.

        For a model that begins a row with no token of its own, a continuation without a context
        comes after a line break: else its first token would count as certain, unseen.
        """
        pairs = [_move_space(*pair) for pair in zip(contexts, continuations, strict=True)]
        if not all(context for context, _ in pairs) and not self._begins_rows:
            pairs = [(context or "\n", rest) for context, rest in pairs]
        wholes = [context + rest for context, rest in pairs]
        all_tokens = self.model.count_tokens(wholes)
        first_tokens = self.model.count_tokens([context for context, _ in pairs])
        found = [  # the last tokens of the whole are the continuation's, as lm-eval counts them
            # One at least, where a token says the end of the context and all that continues it.
            log_probs[max(0, len(log_probs) - max(count - first, 1 if rest else 0)) :]
            for (_, rest), log_probs, count, first in zip(
                pairs, self._log_probs(wholes), all_tokens, first_tokens, strict=True
            )
        ]
        said = self._greedy(pairs, found)
        return [
            Scored(
                float(log_probs.sum(dtype="float64")),
                bool((log_probs > _SURE).all()) or said.get(context, "").startswith(rest),
            )
            for (context, rest), log_probs in zip(pairs, found, strict=True)
        ]

    def score_whole(self, texts: Sequence[str]) -> list[float]:
        """Returns log p of whole texts; long ones in windows that overlap by half."""
        return [float(each.sum(dtype="float64")) for each in self._log_probs(texts)]

    @property
    def _begins_rows(self) -> bool:
        """Whether the first token of a text is predicted too, from a start token."""
        [log_probs] = self.model.text_log_probs(["1"])
        return len(log_probs) == self.model.count_tokens(["1"])[0]

    def _log_probs(self, texts: Sequence[str]) -> list[np.ndarray]:
        return self.model.text_log_probs(texts, without_marker=self.live is not None)

    def _greedy(
        self, pairs: Sequence[tuple[str, str]], found: Sequence[np.ndarray]
    ) -> dict[str, str]:
        """Returns what the model says by itself after each context where that is not certain."""
        lengths: dict[str, int] = {}
        for (context, _), log_probs in zip(pairs, found, strict=True):
            if not (log_probs > _SURE).all():
                lengths[context] = max(lengths.get(context, 1), len(log_probs))
        if not lengths:
            return {}
        config = InferConfig(
            top_k_start=0,
            bar_markers=self.live is not None,
            max_new_tokens=max(lengths.values()),
            max_streams=self.config.max_streams,
        )
        said = self._decode(list(lengths), [config] * len(lengths), live=None)
        return dict(zip(lengths, said, strict=True))

    def _decode(
        self, contexts: Sequence[str], configs: Sequence[InferConfig], *, live: LiveTools | None
    ) -> list[str]:
        """Returns what follows each context; one that is too long loses its beginning."""
        requests = []
        for index, (context, config) in enumerate(zip(contexts, configs, strict=True)):
            prompt = self._fit(context, config.max_new_tokens)
            request = Request(prompt, config=config, index=index)
            requests.append(request if live is None else live.equip(request))
        execute = None if live is None else live.execute
        return [answer.text for answer in decode(self.model, requests, execute=execute)]

    def _config(self, settings: Mapping[str, Any]) -> InferConfig:
        """Returns how a task wants its contexts continued."""
        is_drawn = bool(settings.get("do_sample", False))
        unknown = sorted(settings.keys() - _KNOWN_SETTINGS)
        if is_drawn and unknown:
            raise ConfigError(
                f"The task draws its tokens by {unknown[0]!r}, which toolformer does not know. "
                f"It knows {', '.join(sorted(_KNOWN_SETTINGS))}."
            )
        until = settings.get("until") or ()
        stop = (until,) if isinstance(until, str) else tuple(each for each in until if each)
        return self.config.override(
            stop=stop,
            max_new_tokens=settings.get("max_gen_toks"),
            temperature=float(settings.get("temperature", 1.0)) if is_drawn else 0.0,
        )

    def _fit(self, context: str, max_new_tokens: int) -> str:
        """Returns the end of a context that leaves room for an answer."""
        room = max(1, self.model.max_length - max_new_tokens - 1)
        return ending(context, self.model.token_ends, tokens=room)


def harness_model(
    model: LanguageModel, *, live: LiveTools | None = None, config: InferConfig | None = None
) -> Any:
    """Returns an `lm_eval.api.model.LM`.

    Args:
        model: What is measured.
        live: The tools it may call; close them when lm-eval is done.
        config: How it decodes where a task does not say; the paper's k = 10 and one call when None.

    Raises:
        ConfigError: lm-eval is not installed.
    """
    try:
        from lm_eval.api.model import LM  # type: ignore[import-not-found, unused-ignore]
    except ImportError as error:
        raise ConfigError(
            f"lm-eval cannot be imported ({error}): {how_to_install('lm-eval')}."
        ) from None
    answers = HarnessAnswers(model, live) if config is None else HarnessAnswers(model, live, config)

    class ToolformerLM(LM):  # type: ignore[misc, unused-ignore]
        """Passes lm-eval's requests on."""

        def generate_until(self, requests: Sequence[Any], **_ignored: Any) -> list[str]:
            contexts, settings = _split(requests)
            return answers.generate(contexts, settings)

        def loglikelihood(
            self, requests: Sequence[Any], **_ignored: Any
        ) -> list[tuple[float, bool]]:
            scored = answers.score(*_split(requests))
            return [(each.log_prob, each.is_greedy) for each in scored]

        def loglikelihood_rolling(self, requests: Sequence[Any], **_ignored: Any) -> list[float]:
            return answers.score_whole([request.args[0] for request in requests])

    return ToolformerLM()


def _split(requests: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Returns the contexts of requests, and their continuations or settings."""
    return [each.args[0] for each in requests], [each.args[1] for each in requests]


def _move_space(context: str, continuation: str) -> tuple[str, str]:
    """Moves white space at a context's end into the continuation, as a token begins with it.

    >>> _move_space("It is ", "5")
    ('It is', ' 5')
    """
    bare = context.rstrip()
    return bare, context[len(bare) :] + continuation
