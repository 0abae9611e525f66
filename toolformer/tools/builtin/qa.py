"""QA: an answer to a question, read in the passages of a corpus."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from toolformer.errors import ConfigError, ToolError
from toolformer.tools.base import Tool
from toolformer.tools.builtin.search import found_passages
from toolformer.tools.context import Ask
from toolformer.tools.decorator import tool
from toolformer.tools.exemplar import Exemplar
from toolformer.tools.outside.chat import ChatEndpoint
from toolformer.tools.outside.options import Address, Variables
from toolformer.tools.reading.readers import (
    EndpointReader,
    ExtractiveReader,
    LentReader,
    Question,
    Reader,
    answer_of,
)
from toolformer.tools.search import SearchIndex

_MOST_TOKENS = 48  # of an endpoint's answer
_MOST_CHARACTERS = 1000  # of the passages that are read for an answer
# The paper's have this shape (appendix A.2): a whole question, and a short answer that follows.
_EXEMPLARS = (
    Exemplar(
        "The composer of the opera Fidelio,",
        "Who composed the opera Fidelio?",
        " Ludwig van Beethoven, wrote no other.",
    ),
    Exemplar(
        "The river that flows through Budapest is the",
        "Which river flows through Budapest?",
        " Danube, and eight bridges cross it.",
    ),
    Exemplar(
        "Marie Curie, who was born in",
        "Where was Marie Curie born?",
        " Warsaw, studied in Paris.",
    ),
    Exemplar(
        "The largest planet of the solar system is",
        "What is the largest planet of the solar system?",
        " Jupiter, with more than ninety moons.",
    ),
)


def qa(
    index: Path | None = None,
    reader: Path | None = None,
    endpoint: Address | None = None,
    model: str = "",
    headers: Variables | None = None,
    results: int = 2,
    name: str = "QA",
    timeout: float = 30.0,
) -> Tool:
    """Makes a tool that answers questions out of an index that `toolformer index` wrote.

    The reader is the language model that annotates or answers, unless another is named.

    Args:
        index: The directory of the index.
        reader: The directory of an extractive model of transformers, as one tuned on SQuAD.
        endpoint: An endpoint of OpenAI's kind, such as http://localhost:8080/v1.
        model: What the endpoint calls its model.
        headers: Headers and the environment variables with their values, as in
            Authorization=MY_TOKEN. The values are written nowhere.
        results: How many passages are read for an answer.
        name: What calls it is by.
        timeout: Seconds for an answer of an endpoint.

    Raises:
        ConfigError: There is no such index or reader.
    """
    if index is None:
        raise ConfigError(
            "Answers questions out of a corpus of yours: qa:index=DIR, after "
            "toolformer index CORPUS --out DIR."
        )
    if reader is not None and endpoint is not None:
        raise ConfigError("An answer is read by one reader: give reader= or endpoint=.")
    opened = SearchIndex(index)
    own: Reader | None = None
    if reader is not None:
        own = ExtractiveReader(reader)
    elif endpoint is not None:
        chat = ChatEndpoint(
            endpoint, model=model, headers=headers, most_tokens=_MOST_TOKENS, timeout_s=timeout
        )
        own = EndpointReader(chat)

    def run(question: str, *, ask: Ask | None) -> str:
        """Answers a question.

        Args:
            question: A whole question, with the names in it.
            ask: A language model that reads, where no other reader is named.
        """
        [answer] = answer_all([question], opened, own or LentReader(ask), results=results)
        if isinstance(answer, ToolError):
            raise answer
        return answer

    def run_batch(calls: Sequence[Mapping[str, object]]) -> list[str | ToolError]:
        ask = cast(Ask | None, calls[0]["ask"])
        questions = [str(call["question"]) for call in calls]
        return answer_all(questions, opened, own or LentReader(ask), results=results)

    return tool(
        run,
        name=name,
        exemplars=_EXEMPLARS,
        context=("ask",),
        run_batch=run_batch,
        state=opened.state,
    )


def answer_all(
    questions: Sequence[str],
    index: SearchIndex,
    reader: Reader,
    *,
    results: int,
) -> list[str | ToolError]:
    """Returns the answer to each question, or why there is none."""
    found: list[str | ToolError] = []
    read: list[Question] = []
    for question in questions:
        try:
            passage = found_passages(question, index, results=results, characters=_MOST_CHARACTERS)
        except ToolError as error:
            found.append(error)
        else:
            found.append("")
            read.append(Question(question, passage))
    said = iter(reader.read(read) if read else [])
    asked = iter(read)
    return [each if each else _checked(next(said), next(asked)) for each in found]


def _checked(said: str | ToolError, question: Question) -> str | ToolError:
    if isinstance(said, ToolError):
        return said
    try:
        return answer_of(said, question.passage)
    except ToolError as error:
        return error
