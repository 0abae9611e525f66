"""The texts of the three stages, and what of them is learned."""

from collections.abc import Iterable, Iterator, Mapping

from toolformer.finetune.data.texts import TrainingText
from toolformer.studies.tool_tokens.acting.transcript import (
    THOUGHT_OF_FINISH,
    Transcript,
    arguments_text,
    naming_prompt,
)
from toolformer.studies.tool_tokens.catalog.endpoints import answer_of, tool_of
from toolformer.studies.tool_tokens.catalog.records import Api, ApiQuery
from toolformer.studies.tool_tokens.index.identifiers import FINISH, Identifiers


def memorize_texts(apis: Iterable[Api], identifiers: Identifiers) -> Iterator[TrainingText]:
    """Yields for each API its documentation, to be read, and its name, to be learned."""
    for api in apis:
        prompt = naming_prompt(api.documentation, documented=True)
        yield TrainingText(api.id, prompt + identifiers.by_api[api.id], prompt=len(prompt))


def retrieve_texts(queries: Iterable[ApiQuery], identifiers: Identifiers) -> Iterator[TrainingText]:
    """Yields for each gold API of each query the query, to be read, and its name, to be learned."""
    for query in queries:
        prompt = naming_prompt(query.text)
        for api in query.apis:
            yield TrainingText(
                f"{query.id} {api}", prompt + identifiers.by_api[api], prompt=len(prompt)
            )


def agent_texts(
    queries: Iterable[ApiQuery], apis: Mapping[str, Api], identifiers: Identifiers
) -> Iterator[TrainingText]:
    """Yields for each query with known calls the whole task, of which the model's part is learned.

    A query whose calls are not known is passed over.
    """
    for query in queries:
        if not query.calls or not all(call.api in apis for call in query.calls):
            continue
        transcript = Transcript(query.text)
        thoughts = query.thoughts or [f"I need {apis[call.api].words}." for call in query.calls]
        for thought, call in zip(thoughts, query.calls, strict=True):
            api, arguments = apis[call.api], arguments_text(call.arguments)
            transcript.write_thought(thought)
            transcript.write_action(identifiers.by_api[call.api], api.documentation)
            # What a real API takes is not always told, so that its endpoint may refuse.
            observation = tool_of(api).execute(arguments) if api.parameters else "done"
            transcript.write_arguments(arguments, observation)
        transcript.write_thought(THOUGHT_OF_FINISH)
        transcript.write_finish(FINISH)
        transcript.write_answer(answer_to(query, apis))
        yield TrainingText(
            query.id,
            transcript.text,
            prompt=transcript.prompt,
            supplied=tuple(transcript.supplied),
        )


def answer_to(query: ApiQuery, apis: Mapping[str, Api]) -> str:
    """Returns the answer to a query whose calls are known: what the endpoints answer, in order."""
    if query.answer:
        return query.answer
    return ", ".join(str(answer_of(call, apis[call.api])) for call in query.calls)
