"""What a caller asks with: prompts as texts, rows or requests; tools as a toolbox or a function."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from toolformer.calls import ToolCall
from toolformer.dates import find_date
from toolformer.errors import ConfigError, clipped
from toolformer.files import is_encodable
from toolformer.infer.config import InferConfig
from toolformer.infer.decoder import Execute
from toolformer.infer.live_tools import LiveTools
from toolformer.infer.request import Request, spellings_of
from toolformer.tools.base import Tool
from toolformer.tools.context import ToolContext
from toolformer.tools.result import ToolResult
from toolformer.tools.toolbox import Toolbox

# A prompt; one with a day of its own, {"prompt": …, "today": "2023-03-03"}; or all there is to say.
Prompt = str | Mapping[str, object] | Request
Settings = InferConfig | Mapping[str, Any]
# What runs calls: tools, or a function of one call and what its tool may know.
Tools = Toolbox | LiveTools | Execute

_FIELDS = ("prompt", "text")  # the first that a row has


def requests_of(
    prompts: Iterable[Prompt],
    *,
    tools: Tools | None,
    config: Settings | None = None,
    today: date | str | None = None,
) -> Iterator[Request]:
    """Yields a request for each prompt; what is a request already stays as it is.

    Args:
        prompts: texts or rows are numbered, so that equal ones draw differently.
        tools: all of them may be called by texts and rows.
        config: of texts and rows; the defaults when None.
        today: the day of texts and rows that name none; that of the tools, or the clock's.

    Raises:
        ConfigError: the prompts are a single text, or one of them is none.
    """
    if isinstance(prompts, str | bytes | Mapping | Request):
        raise ConfigError(
            "decode takes several prompts: put the one in a list, as in ['2 + 2 is']."
        )
    if not isinstance(prompts, Iterable):
        raise ConfigError(f"decode takes prompts, as in ['2 + 2 is'], not {_shown(prompts)}.")
    if hasattr(prompts, "columns"):  # whose names it would yield
        raise ConfigError(
            f"decode takes rows, not a {type(prompts).__name__}: frame.to_dict('records') has them."
        )
    return _requests(prompts, tools=tools, config=config, today=today)


def _requests(
    prompts: Iterable[Prompt],
    *,
    tools: Tools | None,
    config: Settings | None,
    today: date | str | None,
) -> Iterator[Request]:
    for index, prompt in enumerate(prompts):
        yield request_of(prompt, tools=tools, config=config, today=today, index=index)


def request_of(
    prompt: Prompt,
    *,
    tools: Tools | None,
    config: Settings | None = None,
    today: date | str | None = None,
    index: int = 0,
) -> Request:
    """Returns the request of a prompt; see `requests_of`.

    >>> request_of({"prompt": "It is", "today": "2023-03-03"}, tools=None).context.today
    datetime.date(2023, 3, 3)

    Raises:
        ConfigError: it is not a prompt.
    """
    if isinstance(prompt, Request):
        return prompt
    text, day = (prompt, None) if isinstance(prompt, str) else _read_row(prompt)
    if not is_encodable(text):
        raise ConfigError(f"The prompt {clipped(text)!r} holds half a surrogate pair.")
    context = ToolContext(today=day or _day(today, of="decode was given"))
    request = Request(text, context=context, config=_settings(config), index=index)
    if isinstance(home := _home(tools), LiveTools):
        return home.equip(request)
    if home is None and tools is not None:
        raise ConfigError(
            "A text does not say which tools it may call, and a function as execute= does not "
            "either: give execute= a Toolbox, as in Toolbox([calculator]), or ask with a Request."
        )
    context = replace(context, today=context.today or date.today())
    if home is None:
        return replace(request, context=context)
    spellings = spellings_of(home.values())
    return replace(request, tools=tuple(home), spellings=spellings, context=context)


def execute_of(tools: Tools | None) -> Execute | None:
    """Returns what runs one call.

    Raises:
        ConfigError: it is nothing that runs calls.
    """
    home = _home(tools)
    if isinstance(home, Toolbox):
        toolbox = home
        return lambda call, context: toolbox.execute([call], context)[0]
    if isinstance(home, LiveTools):
        return home.execute
    if tools is None:
        return None
    if isinstance(tools, Tool) or not callable(tools):
        raise ConfigError(
            f"execute= is what runs calls: a Toolbox, as in execute=Toolbox([calculator]), not "
            f"{_shown(tools)}."
        )
    run = tools

    def execute(call: ToolCall, context: ToolContext) -> ToolResult:
        result = run(call, context)
        if not isinstance(result, ToolResult):
            raise ConfigError(
                f"What execute= returns is a ToolResult, as in ToolResult(output='4'), not "
                f"{_shown(result)}."
            )
        return result

    return execute


def _home(tools: Tools | None) -> Toolbox | LiveTools | None:
    """Returns the tools behind what runs calls: itself, or the owner of the method."""
    owner = getattr(tools, "__self__", tools)
    return owner if isinstance(owner, Toolbox | LiveTools) else None


def _read_row(row: object) -> tuple[str, date | None]:
    fields = row if isinstance(row, Mapping) else {}
    text = next((fields[name] for name in _FIELDS if name in fields), None)
    if not isinstance(text, str):
        raise ConfigError(
            "A prompt is a text, a row such as {'prompt': '2 + 2 is'}, or a Request, not "
            f"{_shown(row)}."
        )
    return text, _day(fields.get("today"), of=f"The prompt {clipped(text)!r} has")


def _day(value: object, *, of: str) -> date | None:
    day = find_date(value)
    if day is None and value not in (None, ""):
        raise ConfigError(f"{of} {value!r} as today, not a date such as 2023-03-03.")
    return day


def _settings(config: Settings | None) -> InferConfig:
    if isinstance(config, InferConfig):
        return config
    if config is None or isinstance(config, Mapping):
        return InferConfig(**(config or {}))
    raise ConfigError(
        f"config= is settings, as in InferConfig(max_new_tokens=16), not {_shown(config)}."
    )


def _shown(value: object) -> str:
    return f"{type(value).__name__} {clipped(repr(value))}"
