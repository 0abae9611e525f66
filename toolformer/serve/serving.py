"""A server beside the program, for notebooks and scripts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date

from toolformer.errors import check_installed
from toolformer.infer.live_tools import LiveTools, taught_tools
from toolformer.lm.registry import AnyModel, as_model
from toolformer.serve.config import ServeConfig
from toolformer.serve.engines.decoding import DecodingThread
from toolformer.serve.engines.limited import limited
from toolformer.serve.interface.asking import Served
from toolformer.tools.registry import Tools, as_tools


def check_extra() -> None:
    """Refuses to serve where what that needs is not installed.

    Raises:
        ConfigError: says how it is installed.
    """
    needed = ("fastapi", "uvicorn", "prometheus_client", "httpx2")
    check_installed(*needed, extra="serve", what="Serving a model")


def decoding_thread(served: Served) -> DecodingThread:
    """Returns the thread that answers with a model; it is to be closed.

    Raises:
        ValueError: another server has the model.
    """
    if served.model is None:
        raise ValueError("there is no model here")
    config = served.config
    return DecodingThread(
        served.model,
        execute=limited(
            served.tools.execute, timeout_s=config.call_timeout_s, most=config.max_running_calls
        ),
        max_streams=config.max_streams,
        max_waiting=config.max_waiting,
    )


@contextmanager
def serving(
    model: AnyModel,
    tools: Tools | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    keys: Sequence[str] = (),
    today: date | None = None,
    config: ServeConfig | None = None,
) -> Iterator[str]:
    """Serves a model until it is left, as `toolformer serve` does; gives the server's address.

    >>> import requests
    >>> with serving("nano", "calculator") as address:
    ...     body = {"prompt": "The capital of France is", "max_tokens": 3}
    ...     made = requests.post(f"{address}/v1/completions", json=body, timeout=60).json()
    >>> made["choices"][0]["text"], made["usage"]["completion_tokens"]
    (' the capital of', 3)

    Args:
        model: a name, a `LanguageModel`, or a model of transformers with its tokenizer.
        tools: run while it decodes; by default those that it was taught to call.
        host: the address to listen at.
        port: 0 takes any that is free.
        keys: of which clients have to show one; none: everybody is answered.
        today: the day of all calls; None: the clock's.
        config: limits and defaults.

    Raises:
        ConfigError: it cannot be served.
    """
    check_extra()
    from toolformer.serve.app import make_app
    from toolformer.serve.running import address_of, in_background, listen

    loaded = as_model(model)
    sidecar = loaded.sidecar
    taught = [] if sidecar is None else [each.name for each in sidecar.tools]
    own = taught_tools(sidecar, model=loaded.name) if tools is None else as_tools(tools)
    with (
        listen(host, port) as listening,
        LiveTools(own, today=today or date.today(), taught=taught) as live,
    ):
        served = Served(
            loaded.name, loaded.grammar, live, config or ServeConfig(), model=loaded, today=today
        )
        with (
            decoding_thread(served) as answering,
            in_background(make_app(served, answering, keys=keys), listening),
        ):
            yield address_of(listening)
