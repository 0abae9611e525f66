"""Models that leave out one part of the method, for ablations: the product has no switch for it."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.in_context.running.metered import PassingModel, PassingTrunks
from toolformer.lm.base import Branch, Sampled, TextRequest


class PlacesByProbability(PassingModel):
    """Tells of a plain text that a call is sure everywhere: raw p(open) then ranks the places."""

    def read(self, requests: Sequence[TextRequest], *, keep: bool = True) -> PassingTrunks:
        """Passes the texts on; what is plain is not subtracted."""
        trunks = super().read(requests, keep=keep)
        trunks.starts = [
            starts
            if request.prompt.shared or request.prompt.own
            else replace(starts, probabilities=np.ones_like(starts.probabilities))
            for request, starts in zip(requests, trunks.starts, strict=True)
        ]
        return trunks


class NoGreedySample(PassingModel):
    """Draws every sample; none is greedy."""

    def read(self, requests: Sequence[TextRequest], *, keep: bool = True) -> PassingTrunks:
        """Passes the texts on."""
        return _AllDrawn(self._model.read(requests, keep=keep))


class _AllDrawn(PassingTrunks):
    def sample(self, branches: Sequence[Branch]) -> list[list[Sampled]]:
        """Passes the branches on, the first sample drawn like the others."""
        return super().sample([replace(each, first_greedy=False) for each in branches])


class FreeArguments(PassingModel):
    """Writes arguments freely, whatever values a tool declares."""

    def read(self, requests: Sequence[TextRequest], *, keep: bool = True) -> PassingTrunks:
        """Passes the texts on."""
        return _FreelyWritten(self._model.read(requests, keep=keep))


class _FreelyWritten(PassingTrunks):
    def sample(self, branches: Sequence[Branch]) -> list[list[Sampled]]:
        """Passes the branches on without what their arguments may say."""
        return super().sample([replace(each, spell=None) for each in branches])
