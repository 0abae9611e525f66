"""What the model is asked for, place by place."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tests.annotate.given import annotate_documents, echo
from toolformer.lm.base import Branch, Sampled, TextRequest
from toolformer.lm.scripted.model import ScriptedCall, ScriptedLanguageModel, ScriptedTrunks
from toolformer.records import Document
from toolformer.tools.builtin.calculator import calculator

TEXT = "3 + 2 = 5 apples and pears"
CALL = ScriptedCall("Calculator", after=" =", writes=("3 + 2)",))


@dataclass
class Trunks(ScriptedTrunks):
    """Remembers what it was asked to write, and whether it was closed."""

    asked: list[Branch] = field(default_factory=list)
    closed: int = 0

    def sample(self, branches: Sequence[Branch]) -> list[list[Sampled]]:
        self.asked += branches
        return super().sample(branches)

    def close(self) -> None:
        self.closed += 1


@dataclass
class Watched(ScriptedLanguageModel):
    """Remembers what was read."""

    batches: list[Trunks] = field(default_factory=list)

    def read(self, requests: Sequence[TextRequest]) -> Trunks:
        self.batches.append(Trunks(self, requests))
        return self.batches[-1]


def asked(*documents: Document, **settings: object) -> list[Branch]:
    model = Watched([CALL, replace(CALL, tool="Echo")])
    annotate_documents(documents, model=model, **settings)  # type: ignore[arg-type]
    return [branch for batch in model.batches for branch in batch.asked]


def test_a_branch_is_asked_for_with_the_tools_name_forced_and_the_tools_own_numbers() -> None:
    [branch] = asked(Document("d", TEXT), seed=5, temperature=0.7, max_tokens=20)
    assert branch == Branch(
        request=0,
        position=7,
        lead=" [Calculator(",
        samples=10,
        max_tokens=20,
        temperature=0.7,
        key="5|d|Calculator|7",
    )


def test_the_draws_of_a_place_depend_on_its_place_in_the_whole_text_not_on_windows() -> None:
    document = Document("d", "word " * 200 + TEXT)
    [branch] = asked(document, window_tokens=40)
    assert branch.position < 200
    assert branch.key == f"0|d|Calculator|{1000 + 7}"


def test_each_tool_has_its_own_prompt_places_and_draws() -> None:
    branches = asked(Document("d", TEXT), tools=[calculator, echo])
    assert [(each.request, each.lead, each.key) for each in branches] == [
        (0, " [Calculator(", "0|d|Calculator|7"),
        (1, " [Echo(", "0|d|Echo|7"),
    ]


def test_no_more_places_are_asked_for_than_the_tool_wants() -> None:
    model = Watched([replace(CALL, after="")])
    annotate_documents([Document("d", TEXT)], model=model, max_positions=2)
    assert [each.position for each in model.batches[0].asked] == [1, 3]


def test_what_the_model_keeps_of_a_batch_is_given_back_before_the_next_is_read() -> None:
    model = Watched([CALL], batch_tokens=1)
    annotate_documents([Document(str(number), TEXT) for number in range(3)], model=model)
    assert [batch.closed for batch in model.batches] == [1, 1, 1]


def test_a_batch_is_given_back_when_something_fails() -> None:
    def fails(token: str, request: object) -> float:
        raise ZeroDivisionError

    model = Watched([CALL], log_prob=fails)
    try:
        annotate_documents([Document("d", TEXT)], model=model)
    except ZeroDivisionError:
        assert model.batches[0].closed == 1
    else:
        raise AssertionError("the failure was swallowed")
