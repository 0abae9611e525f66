"""How well a model recalls facts: an item's answer after its prompt, alone and among others.

Knows no training: what comes in is a model, its tokenizer and items.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolformer.studies.inject.data.facts import PERSON, Fact, Group, Item, Kind

if TYPE_CHECKING:
    from toolformer.pretrain.model import SmallModel, Tokenizer

# The kinds whose answers are ranked among others: a hundred answers cost a hundred times one.
RANKED = (Kind.MEMORISATION, Kind.SEMANTIC)


@dataclass(frozen=True, slots=True)
class Recall:
    """How well one item's answer is recalled.

    Attributes:
        item: The item's id.
        exposures: How often the fact stood in the training; of two facts the fewer.
        nats: -log p of the answer after the prompt.
        tokens: Of the answer.
        token_rank: The worst rank in the vocabulary of any of its tokens, those before it given: 1
            where greedy decoding writes the answer.
        choice_rank: The answer's rank by log p among values of its slot; None where it is not
            ranked.
        choices: How many values it is ranked among, itself included.
    """

    item: str
    exposures: int
    nats: float
    tokens: int
    token_rank: int
    choice_rank: int | None = None
    choices: int = 0

    @property
    def is_exact(self) -> bool:
        """Whether greedy decoding writes the answer."""
        return self.token_rank == 1


def recall(
    model: "SmallModel",
    tokenizer: "Tokenizer",
    items: Sequence[Item],
    *,
    exposures: Mapping[str, int],
    choices: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[Recall]:
    """Yields how well each item is recalled, in their order.

    Args:
        model: a model that was pretrained here.
        tokenizer: the model's.
        items: what is asked.
        exposures: how often each fact stood in the training, by its id; 0 where it is not named.
        choices: by item what its answer is ranked among, besides itself.
    """
    from toolformer.pretrain.answers import score_answers

    others = choices or {}
    answers = [[item.answer, *others.get(item.id, ())] for item in items]
    prompts = [item.prompt for item in items]
    for item, (own, *beside) in zip(
        items, score_answers(model, tokenizer, prompts, answers), strict=True
    ):
        facts = [item.fact, *([item.second_fact] if item.second_fact else [])]
        yield Recall(
            item=item.id,
            exposures=min(exposures.get(fact, 0) for fact in facts),
            nats=own.nats,
            tokens=len(own.ranks),
            token_rank=max(own.ranks),
            choice_rank=1 + sum(each.nats < own.nats for each in beside) if beside else None,
            choices=1 + len(beside) if beside else 0,
        )


def draw_choices(
    items: Sequence[Item], facts: Sequence[Fact], *, count: int, seed: int
) -> dict[str, list[str]]:
    """Returns other values of an item's slot, `count` of them or all there are, by seed.

    They are those of the item's own group: values that stood in the texts are likelier than others,
    whoever they belong to, and would tell injected facts from control facts by themselves.

    Args:
        items: of which those that ask for a value in the words of the statement or in others get
            choices.
        facts: whose values and people fill the slots.
        count: how many values an answer is ranked among besides itself.
        seed: of the draws, which are made for each item by itself.
    """
    values: dict[tuple[Group, str], set[str]] = {}
    for fact in facts:
        values.setdefault((fact.group, PERSON), set()).add(fact.subject)
        values.setdefault((fact.group, fact.type), set()).add(fact.value)
    pools = {slot: sorted(found) for slot, found in values.items()}
    drawn: dict[str, list[str]] = {}
    for item in items:
        if item.kind in RANKED:
            rng = random.Random(f"{seed}/{item.id}")  # noqa: S311
            others = [value for value in pools[item.group, item.slot] if value != item.answer]
            drawn[item.id] = rng.sample(others, min(count, len(others)))
    return drawn
