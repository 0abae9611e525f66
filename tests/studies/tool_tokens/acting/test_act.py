"""Tasks are done by whatever writes the right steps, within the turns, and checked by a program."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from toolformer.lm.scripted import ScriptedLanguageModel
from toolformer.lm.scripted.streams import Continuation
from toolformer.studies.tool_tokens.acting.act import Episode, act, is_completed
from toolformer.studies.tool_tokens.catalog.files import Catalogue
from toolformer.studies.tool_tokens.catalog.records import ApiQuery
from toolformer.studies.tool_tokens.index.identifiers import FINISH, identifiers_of
from toolformer.studies.tool_tokens.index.tool_model import Named
from toolformer.studies.tool_tokens.training.texts import agent_texts, answer_to


class ScriptedTools:
    """Does what a text of the last stage says, whatever is asked; a `ToolModel` without weights."""

    def __init__(self, catalogue: Catalogue, query: ApiQuery) -> None:
        self.identifiers, _ = identifiers_of(catalogue.apis, "atomic")
        [self.text] = (
            each.text for each in agent_texts([query], catalogue.by_id, self.identifiers)
        )
        self._calls = [self.identifiers.by_api[call.api] for call in query.calls]
        parts = [(marker, place) for marker in ("Thought:", "Arguments:", "Answer:")
                 for place in _places(self.text, marker)]  # fmt: skip
        script = [
            Continuation(self.text[: place + len(marker)],
                         self.text[place + len(marker) :].partition("\n")[0] + "\n")
            for marker, place in parts
        ]  # fmt: skip
        self.language = ScriptedLanguageModel(continuations=script, max_length=100_000)

    def name(
        self, prompts: Sequence[str], *, most: int = 1, with_finish: bool = False
    ) -> Iterator[list[Named]]:
        assert with_finish
        assert most == 1
        for prompt in prompts:
            done = prompt.count("Observation:")
            text = self._calls[done] if done < len(self._calls) else FINISH
            yield [Named(self.identifiers.by_text.get(text), text, 0.0)]


def _places(text: str, marker: str) -> list[int]:
    return [n for n in range(len(text)) if text.startswith(marker, n)]


def _episode(catalogue: Catalogue, query: ApiQuery, **options: Any) -> Episode:
    model: Any = ScriptedTools(catalogue, query)
    [episode] = act(model, [query.text], catalogue.by_id, **options)
    return episode


@pytest.mark.parametrize("calls", [1, 2, 3])
def test_a_task_is_done_step_by_step(catalogue: Catalogue, calls: int) -> None:
    query = next(each for each in catalogue.queries if len(each.calls) == calls)
    episode = _episode(catalogue, query)
    kinds = [step.kind for step in episode.steps]
    one = ["thought", "action", "documentation", "arguments", "observation"]
    assert kinds == one * calls + ["thought", "finish"]
    assert episode.calls == query.calls
    assert episode.answer == answer_to(query, catalogue.by_id)
    assert is_completed(episode, query, catalogue.by_id)


def test_a_task_that_needs_more_turns_than_there_are_is_not_completed(
    catalogue: Catalogue,
) -> None:
    query = next(each for each in catalogue.queries if len(each.calls) == 3)
    assert _episode(catalogue, query, max_turns=3).answer is not None
    cut = _episode(catalogue, query, max_turns=2)
    assert len(cut.calls) == 2
    assert cut.answer is None
    assert not is_completed(cut, query, catalogue.by_id)


def test_completion_asks_for_the_calls_and_for_what_came_of_them(catalogue: Catalogue) -> None:
    query = next(each for each in catalogue.queries if len(each.calls) == 2)
    episode = _episode(catalogue, query)
    assert is_completed(replace(episode, answer=episode.answer), query, catalogue.by_id)
    assert not is_completed(replace(episode, answer="1, 2"), query, catalogue.by_id)
    assert not is_completed(replace(episode, calls=episode.calls[:1]), query, catalogue.by_id)
    swapped = replace(episode, calls=tuple(reversed(episode.calls)))
    assert is_completed(swapped, query, catalogue.by_id)


def test_an_endpoint_that_refuses_is_observed_and_no_call_was_made(catalogue: Catalogue) -> None:
    query = next(each for each in catalogue.queries if len(each.calls) == 1)
    model: Any = ScriptedTools(catalogue, query)
    head = model.text[: model.text.index("Arguments:") + len("Arguments:")]
    model.language = ScriptedLanguageModel(
        continuations=[
            Continuation(head, ' {"wrong": 1}\n'),
            Continuation("Thought:", " Hm.\n"),
            Continuation("Answer:", " 0\n"),
            *(
                Continuation(model.text[: place + 8], model.text[place + 8 :].partition("\n")[0])
                for place in _places(model.text, "Thought:")[:1]
            ),
        ],
        max_length=100_000,
    )
    [episode] = act(model, [query.text], catalogue.by_id)
    observed = [step.text for step in episode.steps if step.kind == "observation"]
    assert observed[0].startswith("error: ")
    assert episode.calls == ()
    assert not is_completed(episode, query, catalogue.by_id)
