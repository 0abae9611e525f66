"""Facts that annotated texts may state, each in a template sentence of its relation."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from recipes.data.excerpts import seen_by_annotation
from recipes.data.sources import Fact, Template, read_facts, read_templates
from recipes.splits import is_evaluation_template


@dataclass(frozen=True, slots=True)
class TemplateSentence:
    """A fact and the template that states it, the object after the subject."""

    fact: Fact
    template: Template

    @property
    def text(self) -> str:
        """The sentence."""
        return self.template.fill(self.fact)


def template_sentences(
    shared: Path, *, count: int, seen: Callable[[Fact], bool] = seen_by_annotation
) -> list[TemplateSentence]:
    """Returns sentences for `count` facts in an order drawn by their hash.

    Neither the facts nor the templates are those kept for evaluation.

    Args:
        shared: the folder with the data.
        count: how many.
        seen: returns whether a fact may be stated: those that annotated corpora may state.
    """
    templates: dict[str, list[Template]] = {}
    for template in read_templates(shared):
        is_open = not is_evaluation_template(template.relation, template.pattern)
        if is_open and template.pattern.find("[X]") < template.pattern.find("[Y]"):
            templates.setdefault(template.relation, []).append(template)
    facts = sorted(
        (f for f in read_facts(shared) if seen(f) and f.relation in templates),
        key=lambda fact: _order(f"{fact.subject} {fact.relation} {fact.object}"),
    )
    made = []
    for fact in facts[:count]:
        choices = templates[fact.relation]
        made.append(TemplateSentence(fact, choices[int(_order(fact.subject), 16) % len(choices)]))
    return made


def _order(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
