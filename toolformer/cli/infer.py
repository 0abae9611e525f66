"""`toolformer infer`: a model goes on from a prompt and calls tools on the way."""

import json
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Annotated

from rich.console import Console
from typer import Argument, Option

from toolformer._version import __version__
from toolformer.checkpoint import Sidecar
from toolformer.cli.infer_input import read_standard_input
from toolformer.cli.models import EMBEDDED_MODEL, load_model
from toolformer.cli.pipe import until_closed
from toolformer.errors import ConfigError
from toolformer.infer.config import InferConfig
from toolformer.infer.live_tools import LiveTools, choose_tools, read_date
from toolformer.infer.repl_screen import Screen
from toolformer.infer.session import Session
from toolformer.infer.settings import MEANINGS, read_stop
from toolformer.infer.turns import settled
from toolformer.lm.base import LanguageModel


def infer(
    ckpt: Annotated[
        str,
        Argument(help="A directory, a Hub id, nano, or script.py:name for a model in a file."),
    ] = EMBEDDED_MODEL,
    prompt: Annotated[
        str | None,
        Argument(
            help="What the model goes on from. Without one all of standard input is the prompt; "
            "on a terminal a REPL starts.",
            show_default=False,
        ),
    ] = None,
    tool: Annotated[
        list[str] | None,
        Option(
            help="calculator, database:path=facts.db, my_tools.py:convert, ... Repeatable. "
            "Default: the tools that the model was taught to call.",
            show_default=False,
        ),
    ] = None,
    no_tools: Annotated[bool, Option("--no-tools", help="Make no calls.")] = False,
    today: Annotated[
        str | None, Option(help="The date that tools take for today, such as 2023-03-03.")
    ] = None,
    top_k_start: Annotated[
        int | None, Option(help=MEANINGS["top-k-start"] + " Default: 1.")
    ] = None,
    max_calls: Annotated[int | None, Option(help=MEANINGS["max-calls"] + " Default: 8.")] = None,
    max_new_tokens: Annotated[
        int | None, Option(help=MEANINGS["max-new-tokens"] + " Default: 128.")
    ] = None,
    temperature: Annotated[
        float | None, Option(help=MEANINGS["temperature"] + " Default: 0.")
    ] = None,
    seed: Annotated[int | None, Option(help=MEANINGS["seed"])] = None,
    stop: Annotated[
        list[str] | None, Option(help=MEANINGS["stop"] + r" \n is a line end. Repeatable.")
    ] = None,
    input_: Annotated[
        Path | None,
        Option(
            "--input",
            help="A .jsonl(.gz/.zst/.xz) or .parquet file with a field prompt (and id, today), or "
            "a .txt with a prompt a line.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        Option(
            help="Where the answers to --input go, as JSON lines. The prompts that have theirs "
            "are not asked again. Default: stdout."
        ),
    ] = None,
    batch: Annotated[
        int | None, Option(help="Prompts of --input side by side. Default: 32.")
    ] = None,
    strip: Annotated[
        bool, Option("--strip", help="Leave calls and their outputs out of what is printed.")
    ] = False,
    as_json: Annotated[
        bool, Option("--json", help="Print the answer as a JSON object with segments and events.")
    ] = False,
    as_repl: Annotated[
        bool, Option("--repl", help="A REPL also where standard input is no terminal.")
    ] = False,
    dtype: Annotated[str, Option(help="float32, bfloat16 or float16.")] = "float32",
    device: Annotated[str, Option(help="auto, cpu, cuda or mps.")] = "auto",
) -> int:
    """Let a model go on from a prompt and call tools on the way.

    Prints the answer without the prompt; its calls stand in it as the model reads them. With
    nothing but a model, on a terminal: a REPL.
    """
    config = InferConfig().override(
        top_k_start=top_k_start,
        max_calls=max_calls,
        max_new_tokens=max_new_tokens,
        temperature=temperature,
        seed=seed,
        stop=tuple(read_stop(each) for each in stop) if stop else None,
        max_streams=batch,
    )
    day = None if today is None else read_date(today)
    _check_together(ckpt, prompt, input_=input_, out=out, as_repl=as_repl)
    is_repl = as_repl or (prompt is None and input_ is None and _is_terminal())
    if not is_repl and prompt is None and input_ is None:
        prompt = read_standard_input(sys.stdin)
    if is_repl and _is_terminal():
        Console().print(f"[bold]toolformer[/] {__version__}, {ckpt}: loading …", highlight=False)
    model = load_model(ckpt, dtype=dtype, device=device)
    with _tools(model, tool or [], no_tools=no_tools, today=day, name=ckpt) as tools:
        if is_repl:
            return until_closed(lambda: _repl(Session(model, tools, config)))
        if input_ is not None:
            from toolformer.cli.infer_batch import Batch
            from toolformer.cli.infer_file import answer_file

            source = input_
            work = Batch(model, tools, config)
            return until_closed(lambda: answer_file(work, source, out=out, today=day))
        session, asked = Session(model, tools, config), prompt or ""
        return until_closed(lambda: _answer(session, asked, strip=strip, as_json=as_json))


def _answer(session: Session, prompt: str, *, strip: bool, as_json: bool) -> int:
    """Prints the answer to one prompt, as it comes."""
    with closing(session.answer(prompt)) as pieces:
        if as_json:
            for _ in pieces:
                pass
            print(json.dumps(session.turns[-1].row(), ensure_ascii=False))
            return 0
        screen = Screen(Console(highlight=False))
        shown = pieces if screen.console.is_terminal and not strip else settled(pieces)
        for piece in shown:
            if not (strip and getattr(piece, "kind", "text") != "text"):
                screen.show(piece)
        screen.end()
    for event in session.turns[-1].events:
        if event.error is not None and not screen.console.is_terminal:
            call = event.written if event.call is None else session.model.grammar.format(event.call)
            print(f"{call.strip()} failed: {event.error}", file=sys.stderr)
    return 0


def _repl(session: Session) -> int:
    from toolformer.infer.repl import repl
    from toolformer.infer.repl_lines import editor, piped

    screen = Screen(Console(highlight=False))
    if not _is_terminal():
        repl(session, read=piped(sys.stdin), screen=screen)
        return 0
    screen.aside(f"{_called(session.tools)} Each prompt stands alone. /help, Ctrl-D leaves.")
    repl(session, read=editor(session), screen=screen)
    return 0


def _tools(
    model: LanguageModel, specs: Sequence[str], *, no_tools: bool, today: date | None, name: str
) -> LiveTools:
    """Returns the tools that the model may call, and says what is assumed about it."""
    sidecar: Sidecar | None = getattr(model, "sidecar", None)
    taught = [] if sidecar is None else [each.name for each in sidecar.tools]
    chosen = choose_tools(specs, sidecar=sidecar, model=name, are_needed=not no_tools)
    tools = LiveTools(chosen, today=today or date.today(), taught=taught, on=not no_tools)
    if sidecar is None:
        grammar = model.grammar
        example = f"{grammar.lead('Name')}arguments){grammar.arrow} output{grammar.close}".strip()
        print(
            f"{name} has no toolformer.json: its calls are taken to look like {example}. "
            f"{_called(tools)}",
            file=sys.stderr,
        )
    return tools


def _called(tools: LiveTools) -> str:
    """Says which tools may be called.

    >>> from toolformer.tools.registry import default_tools
    >>> _called(LiveTools(default_tools(), today=date(2023, 3, 3)))
    'It can call Calculator, Calendar, Database.'
    """
    return f"It can call {', '.join(tools.names)}." if tools.names else "It calls no tools."


def _check_together(
    ckpt: str, prompt: str | None, *, input_: Path | None, out: Path | None, as_repl: bool
) -> None:
    """Raises when the arguments do not go together."""
    if prompt is None and " " in ckpt.strip() and not Path(ckpt).exists():
        raise ConfigError(f"Name the model before the prompt: toolformer infer nano {ckpt!r}.")
    if out is not None and input_ is None:
        raise ConfigError(f"--out '{out}' is for the answers to --input; redirect stdout instead.")
    given = {"a prompt": prompt is not None, "--input": input_ is not None, "--repl": as_repl}
    both = [name for name, is_given in given.items() if is_given]
    if len(both) > 1:
        raise ConfigError(f"{both[0]} and {both[1]} do not go together: give one of them.")


def _is_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()
