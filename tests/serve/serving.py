"""A server on loopback in a thread of the tests, and a client of OpenAI's own library for it."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from openai import OpenAI

from toolformer.infer.live_tools import LiveTools
from toolformer.lm.base import LanguageModel
from toolformer.serve.app import make_app
from toolformer.serve.config import ServeConfig
from toolformer.serve.engines.decoding import DecodingThread
from toolformer.serve.interface.asking import Served
from toolformer.serve.running import address_of, in_background, listen
from toolformer.serve.serving import decoding_thread
from toolformer.tools.base import Tool

TODAY = date(2023, 3, 3)


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that answers."""

    address: str
    client: OpenAI
    answering: DecodingThread
    tools: LiveTools

    def is_idle(self, *, within_s: float = 20.0) -> bool:
        """Returns whether no answer is written and none waits, soon."""
        deadline = time.monotonic() + within_s
        while self.answering.running or self.answering.waiting:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True


@contextmanager
def serving(
    model: LanguageModel,
    tools: Sequence[Tool] = (),
    *,
    keys: Sequence[str] = (),
    taught: Sequence[str] = (),
    **settings: object,
) -> Iterator[Serving]:
    """Serves a model at a free port until it is left."""
    config = ServeConfig(**settings)
    key = keys[0] if keys else "none"
    with LiveTools(tools, today=TODAY, taught=taught) as live, listen("127.0.0.1", 0) as listening:
        served = Served("tested", model.grammar, live, config, model=model, today=TODAY)
        address = address_of(listening)
        with (
            decoding_thread(served) as answering,
            in_background(make_app(served, answering, keys=keys), listening),
            OpenAI(base_url=f"{address}/v1", api_key=key, max_retries=0) as client,
        ):
            yield Serving(address, client, answering, live)
