"""`toolformer infer`: a model continues a prompt and calls tools on the way."""

import os
import sys
from pathlib import Path
from typing import Annotated, TextIO

from typer import Argument, Option

from toolformer._version import __version__
from toolformer.assets import EMBEDDED_MODEL
from toolformer.cli.answering import taught_names, tools_of
from toolformer.cli.display.answers import assumed, called, print_answer, start_repl, templated
from toolformer.cli.display.console import Console
from toolformer.cli.display.demonstrated import PART, shown_of
from toolformer.cli.repl.session import Session
from toolformer.cli.repl.settings import read_stops
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
from toolformer.cli.tool_limits import TOOL_TIMEOUT
from toolformer.dates import read_date
from toolformer.errors import ConfigError, clipped
from toolformer.files import is_encodable
from toolformer.infer.config import InferConfig
from toolformer.lm.chat import check_chats, has_chat_template
from toolformer.lm.registry import load_model
from toolformer.sidecar import PromptStyle
from toolformer.tools.registry import load_tools

_WAY_OUT = "Give a prompt: toolformer infer nano 'The capital of France is'"


@with_settings(
    InferConfig,
    names={"max_streams": ["--streams", "--batch"]},
    read={"stop": read_stops},
)
def infer(
    ckpt: Annotated[
        str,
        Argument(help=MODEL_HELP),
    ] = EMBEDDED_MODEL,
    prompt: Annotated[
        str | None,
        Argument(
            help="What the model continues. Without one all of standard input is the prompt; "
            "on a terminal a REPL starts.",
            show_default=False,
        ),
    ] = None,
    tool: TAUGHT_TOOL = None,
    tool_timeout: TOOL_TIMEOUT = None,
    tool_cache: TOOL_CACHE = None,
    no_demonstrations: NO_DEMONSTRATIONS = False,
    no_tools: NO_TOOLS = False,
    trust_tools: TRUST_TOOLS = False,
    today: Annotated[
        str | None, Option(help="The date that tools take for today, such as 2023-03-03.")
    ] = None,
    *,
    config: InferConfig,
    input_: Annotated[
        str | None,
        Option(
            "--input",
            help="Records with a field prompt (and id, today) in any format of a corpus, .jsonl, "
            ".csv or .parquet, say; or a .txt with one prompt per line. -: JSON lines on standard "
            "input.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        Option(
            help="Where the answers to --input go, as JSON lines; answered prompts are skipped. "
            "Default: stdout."
        ),
    ] = None,
    strip: Annotated[
        bool, Option("--strip", help="Leave calls and their outputs out of what is printed.")
    ] = False,
    chat: Annotated[
        bool,
        Option(
            "--chat",
            help="Put the prompt through the model's chat template: it is a question, not a text "
            "to continue. In a REPL prompts make a conversation.",
        ),
    ] = False,
    as_json: Annotated[
        bool, Option("--json", help="Print the answer as a JSON object with segments and events.")
    ] = False,
    as_repl: Annotated[
        bool, Option("--repl", help="Start a REPL even if standard input is not a terminal.")
    ] = False,
    dtype: DTYPE = "float32",
    device: DEVICE = "auto",
    trust_remote_code: TRUST_REMOTE_CODE = False,
) -> int:
    """Let a model continue a prompt and call tools on the way.

    Prints the answer without the prompt, with its calls in it as the model reads them. With
    nothing but a model, on a terminal: a REPL.
    """
    _check_together(
        ckpt, prompt, input_=input_, out=out, as_repl=as_repl, strip=strip, as_json=as_json
    )
    day = None if today is None else read_date(today)
    named = [] if no_tools else load_tools(*(tool or []))
    is_terminal = sys.stdin is not None and sys.stdin.isatty()
    is_repl = as_repl or (prompt is None and input_ is None and is_terminal)
    if not is_repl and prompt is None and input_ is None:
        prompt = read_standard_input(sys.stdin)
    notes = Console(stderr=True)
    if is_repl and is_terminal:
        notes.print(f"toolformer {__version__}: loading {ckpt} …")
    model = load_model(ckpt, dtype=dtype, device=device, trust_remote_code=trust_remote_code)
    if chat:
        check_chats(model)
    sidecar = model.sidecar
    with tools_of(
        ckpt,
        model,
        sidecar,
        named=named,
        is_on=not no_tools,
        is_trusted=trust_tools,
        is_shown=not no_demonstrations,
        today=day,
        timeouts=tool_timeout,
        results=tool_cache,
    ) as tools:
        if sidecar is None:
            notes.print(assumed(ckpt, model.grammar))
        if sidecar is None and not (is_repl and is_terminal):  # else the REPL says it
            notes.print(called(tools))
        if not chat and tools.shown:
            notes.print(shown_of(tools, taught_names(sidecar)))
            config = config if config.stop else config.override(stop=[PART])
        if has_chat_template(model) and not chat:
            notes.print(templated(ckpt))
        if input_ is not None:
            from toolformer.cli.commands.infer_file import answer_file

            return answer_file(
                model, input_, tools=tools, config=config, chats=chat, out=out, today=day
            )
        session = Session(model, tools, config, chats=chat)
        if is_repl:
            is_tuned = sidecar is not None and sidecar.prompt_style is PromptStyle.NONE
            return start_repl(session, is_terminal=is_terminal, is_tuned=is_tuned)
        return print_answer(session, prompt or "", strip=strip, as_json=as_json)


def _check_together(
    ckpt: str,
    prompt: str | None,
    *,
    input_: str | None,
    out: Path | None,
    as_repl: bool,
    strip: bool,
    as_json: bool,
) -> None:
    """Raises when the arguments do not go together, or the prompt is not text."""
    if prompt is None and " " in ckpt.strip() and not os.path.exists(ckpt):
        raise ConfigError(
            f"Name the model before the prompt: toolformer infer nano {clipped(ckpt)!r}."
        )
    if prompt is not None and not is_encodable(prompt):
        raise ConfigError("The prompt is not UTF-8 text.")
    if out is not None and input_ is None:
        raise ConfigError(f"--out '{out}' is for the answers to --input; redirect stdout instead.")
    if strip and (as_json or as_repl or input_ is not None):
        raise ConfigError("--strip is for one plain answer; a JSON object has it as its text.")
    if as_json and as_repl:
        raise ConfigError("--json is for an answer; in a REPL /save FILE writes JSON lines.")
    given = {"a prompt": prompt is not None, "--input": input_ is not None, "--repl": as_repl}
    both = [name for name, is_given in given.items() if is_given]
    if len(both) > 1:
        raise ConfigError(f"{both[0]} and {both[1]} do not go together: give one of them.")


def read_standard_input(stream: TextIO | None) -> str:
    """Returns a whole stream as one prompt, without the line ends at its end.

    Raises:
        ConfigError: nothing is in it, or something that is not text.
    """
    try:
        data = b"" if stream is None else stream.buffer.read()
    except OSError as error:
        raise ConfigError(f"Cannot read standard input: {error.strerror}. {_WAY_OUT}") from None
    if not data.strip():
        raise ConfigError(f"Standard input is empty. {_WAY_OUT}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"Standard input is not UTF-8 text (byte {error.start + 1}). {_WAY_OUT}"
        ) from None
    if "\0" in text:
        raise ConfigError(f"Standard input is binary, not text. {_WAY_OUT}")
    return text.rstrip("\r\n")
