"""MT: a text translated, from whichever language it is in."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from toolformer.errors import ConfigError, ToolError, clipped
from toolformer.tools.base import Tool
from toolformer.tools.context import ToolContext
from toolformer.tools.decorator import tool
from toolformer.tools.exemplar import Exemplar
from toolformer.tools.outside.chat import ChatEndpoint
from toolformer.tools.outside.options import Address, Variables
from toolformer.tools.translating.engines import (
    Apertium,
    Engine,
    TranslationEndpoint,
    TranslationModel,
)
from toolformer.tools.translating.languages import (
    check_can_tell,
    has_foreign_stretch,
    is_same,
    language_of,
)

MOST_CHARACTERS = 2000  # of a text
_MOST_TOKENS = 512  # of an endpoint's answer
# The paper's have this shape (appendix A.2): what is foreign, and then what it means.
_EXEMPLARS = (
    Exemplar(
        "On the door somebody had painted “la casa de mi abuela”, that is",
        "la casa de mi abuela",
        " the house of my grandmother, in green letters.",
    ),
    Exemplar(
        "The song begins with “la noche es larga y fría”, or",
        "la noche es larga y fría",
        " the night is long and cold, and goes on like that.",
    ),
    Exemplar(
        "The label said “guardar en un lugar seco”:",
        "guardar en un lugar seco",
        " keep in a dry place, away from light.",
    ),
)


def translate(
    to: str = "en",
    source: str = "",
    directory: Path | None = None,
    endpoint: Address | None = None,
    model: str = "",
    headers: Variables | None = None,
    name: str = "MT",
    timeout: float = 30.0,
) -> Tool:
    """Makes a tool that translates, with Apertium unless something else is named.

    Args:
        to: The language to translate into, a code such as en.
        source: The language that the texts are in, such as es; found out when it is left out.
        directory: Of a translating model of transformers, such as OPUS-MT's or NLLB's.
        endpoint: An endpoint of OpenAI's kind, such as http://localhost:8080/v1.
        model: What the endpoint calls its model.
        headers: Headers and the environment variables with their values, as in
            Authorization=MY_TOKEN. The values are written nowhere.
        name: What calls it is by.
        timeout: Seconds for a translation by Apertium or an endpoint.

    Raises:
        ConfigError: There is nothing that translates into this language.
    """
    if directory is not None and endpoint is not None:
        raise ConfigError("A text is translated by one engine: give directory= or endpoint=.")
    check_can_tell()
    engine: Engine
    if directory is not None:
        engine = TranslationModel(directory)
    elif endpoint is not None:
        engine = TranslationEndpoint(
            ChatEndpoint(
                endpoint, model=model, headers=headers, most_tokens=_MOST_TOKENS, timeout_s=timeout
            )
        )
    else:
        engine = Apertium(to, timeout_s=timeout)

    def run(text: str) -> str:
        """Translates a text, from whichever language it is in.

        Args:
            text: Some words in another language, as they stand.
        """
        [answer] = translate_all([text], engine, source=source, target=to)
        if isinstance(answer, ToolError):
            raise answer
        return answer

    def run_batch(calls: Sequence[Mapping[str, object]]) -> list[str | ToolError]:
        texts = [str(call["text"]) for call in calls]
        return translate_all(texts, engine, source=source, target=to)

    def suits(text: str, _context: ToolContext) -> bool:
        return has_foreign_stretch(text, to)

    return tool(
        run,
        name=name,
        description=f"Translates a text into the language {to!r}, from whichever it is in.",
        exemplars=_EXEMPLARS if to == "en" else (),
        suits=suits,
        run_batch=run_batch,
        free_text="text",
        # The paper's settings for it (appendix A.1).
        min_prob=0.0,
        gain_threshold=0.5,
        max_positions=20,
        samples=10,
    )


def translate_all(
    texts: Sequence[str], engine: Engine, *, source: str = "", target: str
) -> list[str | ToolError]:
    """Returns the translation of each text, or why there is none.

    Args:
        texts: to be translated.
        engine: translates them.
        source: the language that they are in; "" where it is to be found out.
        target: the language to translate into.
    """
    found: dict[int, str | ToolError] = {}
    by_source: dict[str, list[int]] = {}
    for index, text in enumerate(texts):
        try:
            _check_length(text)
            by_source.setdefault(source or _source_of(text, target), []).append(index)
        except ToolError as error:
            found[index] = error
    for language, places in by_source.items():
        lines = [" ".join(texts[index].split()) for index in places]
        try:
            translated = engine.translate(lines, source=language, target=target)
        except ToolError as error:
            translated = [error] * len(places)
        found.update(zip(places, translated, strict=True))
    return [found[index] for index in range(len(texts))]


def _check_length(text: str) -> None:
    if not text.strip() or len(text) > MOST_CHARACTERS:
        raise ToolError(f"A text of 1 to {MOST_CHARACTERS:,} characters is translated.")


def _source_of(text: str, target: str) -> str:
    """Returns the language of a text that is to be translated.

    Raises:
        ToolError: it is the language asked for, or one that nobody can tell.
    """
    language = language_of(text)
    if not language.is_certain:
        raise ToolError(f"It is not certain which language {clipped(text)!r} is in.")
    if is_same(language.code, target):
        raise ToolError(f"The text is in the language {target!r} as it is.")
    return language.code
