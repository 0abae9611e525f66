"""`toolformer serve`: a model with its tools as a server of OpenAI's interface."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from toolformer.assets import EMBEDDED_MODEL
from toolformer.calls import CallGrammar, InlineGrammar
from toolformer.cli.answering import taught_names, tools_of
from toolformer.cli.display.answers import assumed
from toolformer.cli.display.console import Console
from toolformer.cli.display.demonstrated import PART, shown_of
from toolformer.cli.settings import (
    DEVICE,
    DTYPE,
    MODEL_HELP,
    NO_DEMONSTRATIONS,
    NO_TOOLS,
    TAUGHT_TOOL,
    TOOL_CACHE,
    TRUST_REMOTE_CODE,
    TRUST_TOOLS,
    with_settings,
)
from toolformer.cli.tool_limits import TOOL_TIMEOUT, TOOL_WORKERS
from toolformer.dates import read_date
from toolformer.errors import ConfigError
from toolformer.lm.base import LanguageModel
from toolformer.lm.registry import load_model
from toolformer.serve.config import ServeConfig
from toolformer.serve.engines.decoding import DecodingThread
from toolformer.serve.engines.limited import limited
from toolformer.serve.engines.upstream import Upstream
from toolformer.serve.interface.asking import Served
from toolformer.serve.keys import read_keys
from toolformer.serve.serving import check_extra, decoding_thread
from toolformer.sidecar import Sidecar, read_sidecar
from toolformer.tools.outside.options import Variables, read_headers
from toolformer.tools.registry import load_tools


@with_settings(ServeConfig, names={"max_streams": ["--streams"]})
def serve(
    ckpt: Annotated[str, Argument(help=MODEL_HELP)] = EMBEDDED_MODEL,
    host: Annotated[
        str, Option(help="The address to listen at; 0.0.0.0 is every one of this machine.")
    ] = "127.0.0.1",
    port: Annotated[int, Option(min=0, max=65535, help="0: any that is free.")] = 8000,
    api_key: Annotated[
        str | None,
        Option(
            metavar="NAME|FILE",
            help="The environment variable, or the file, with the keys of which clients have to "
            "show one; a line each.",
        ),
    ] = None,
    name: Annotated[
        str | None,
        Option(help="The name by which clients ask for the model. Default: as it is called here."),
    ] = None,
    tool: TAUGHT_TOOL = None,
    tool_workers: TOOL_WORKERS = None,
    tool_timeout: TOOL_TIMEOUT = None,
    tool_cache: TOOL_CACHE = None,
    no_demonstrations: NO_DEMONSTRATIONS = False,
    no_tools: NO_TOOLS = False,
    trust_tools: TRUST_TOOLS = False,
    today: Annotated[
        str | None,
        Option(help="The date that tools take for today, such as 2023-03-03. Default: today."),
    ] = None,
    *,
    config: ServeConfig,
    upstream: Annotated[
        str | None,
        Option(
            metavar="URL",
            help="Another server of OpenAI's interface, up to /v1, that has the model: its texts, "
            "our tools. For /v1/completions alone.",
        ),
    ] = None,
    upstream_headers: Annotated[
        str | None,
        Option(
            metavar="NAME=VARIABLE",
            help="Headers for that server, each with the environment variable of its value, as in "
            "Authorization=MY_TOKEN.",
        ),
    ] = None,
    dtype: DTYPE = "float32",
    device: DEVICE = "auto",
    trust_remote_code: TRUST_REMOTE_CODE = False,
) -> int:
    """Serve a model with its tools to clients of OpenAI's interface, until Ctrl-C.

    Answers /v1/completions, /v1/chat/completions and /v1/models; / is a page to try it.
    """
    check_extra()
    from toolformer.serve.app import make_app
    from toolformer.serve.running import address_of, listen, run

    if upstream_headers is not None and upstream is None:
        raise ConfigError("--upstream-headers is for the server that --upstream names.")
    keys = () if api_key is None else read_keys(api_key)
    headers = read_headers(None if upstream_headers is None else Variables(upstream_headers))
    day = None if today is None else read_date(today)
    named = [] if no_tools else load_tools(*(tool or []))
    notes = Console(stderr=True)
    with listen(host, port) as listening:
        model = None
        if upstream is None:
            model = load_model(
                ckpt, dtype=dtype, device=device, trust_remote_code=trust_remote_code
            )
        sidecar = read_sidecar(ckpt) if model is None else model.sidecar
        with tools_of(
            ckpt,
            model,
            sidecar,
            named=named,
            is_on=not no_tools,
            is_trusted=trust_tools,
            is_shown=not no_demonstrations,
            today=day,
            workers=tool_workers,
            timeouts=tool_timeout,
            results=tool_cache,
        ) as tools:
            grammar = _grammar(model, sidecar)
            if sidecar is None:
                notes.print(assumed(ckpt, grammar))
            if tools.shown:
                notes.print(shown_of(tools, taught_names(sidecar)))
            served = Served(
                name or _name_of(ckpt),
                grammar,
                tools,
                config,
                model=model,
                stop=(PART,) if tools.shown else (),
                today=day,
            )
            with _answering(served, ckpt, upstream=upstream, headers=headers) as answering:
                app = make_app(served, answering, keys=keys)
                names = ", ".join(tools.names) or "no tools"
                address = address_of(listening)
                notes.print(
                    f"Serving {served.name} with {names} at {address}/v1; try it at {address}/",
                    markup=False,
                    soft_wrap=True,
                )
                run(app, listening)
    return 0


def _answering(
    served: Served, model: str, *, upstream: str | None, headers: Mapping[str, str]
) -> DecodingThread | Upstream:
    """Returns what writes the answers: the model in memory, or another server."""
    if upstream is None:
        return decoding_thread(served)
    config = served.config
    return Upstream(
        upstream,
        model=model,
        headers=headers,
        grammar=served.grammar,
        execute=limited(
            served.tools.execute, timeout_s=config.call_timeout_s, most=config.max_running_calls
        ),
        max_streams=config.max_streams,
        max_waiting=config.max_waiting,
    )


def _grammar(model: LanguageModel | None, sidecar: Sidecar | None) -> CallGrammar:
    if model is not None:
        return model.grammar
    return InlineGrammar() if sidecar is None else sidecar.grammar


def _name_of(model: str) -> str:
    """Returns a model's name without the directories in front of it.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory(suffix="-tuned") as folder:
    ...     "/" in _name_of(f"{folder}/"), _name_of(f"{folder}/").endswith("-tuned")
    (False, True)
    >>> _name_of("owner/name")
    'owner/name'
    """
    return Path(model).name if Path(model).exists() else model
