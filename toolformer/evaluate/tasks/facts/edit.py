"""Objects swapped among the facts of a relation: what was true is false now, and nothing else.

A model that answers from its weights keeps the old answers; one that asks its tool gives the new.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from random import Random

from toolformer.evaluate.tasks.facts.files import Triple


def swap_objects(facts: Iterable[Triple], *, seed: int) -> list[Triple]:
    """Returns the facts in their order, each with the objects of another of its relation.

    Where a relation has as many equal objects as others, some facts keep what they had.

    >>> peru, cuba = Triple("P36", "Peru", ("Lima",)), Triple("P36", "Cuba", ("Havana",))
    >>> [triple.objects for triple in swap_objects([peru, cuba], seed=0)]
    [('Havana',), ('Lima',)]
    """
    listed = list(facts)
    by_relation: dict[str, list[int]] = {}
    for index, fact in enumerate(listed):
        by_relation.setdefault(fact.relation, []).append(index)
    swapped = list(listed)
    for relation, indices in by_relation.items():
        rng = Random(f"{seed}/{relation}")  # noqa: S311  draws for facts, not for secrets
        rng.shuffle(indices)
        drawn = list(dict.fromkeys(listed[index].objects for index in indices))
        order = {objects: place for place, objects in enumerate(drawn)}
        # Equal objects stand side by side, and everyone looks as far as the longest such stretch:
        # nobody lands in the stretch it came from.
        indices.sort(key=lambda index: order[listed[index].objects])
        longest = max(Counter(listed[index].objects for index in indices).values())
        for place, index in enumerate(indices):
            giver = indices[(place + longest) % len(indices)]
            swapped[index] = replace(listed[index], objects=listed[giver].objects)
    return swapped


def has_changed(old: Triple, new: Triple) -> bool:
    """Returns whether no right answer of before is one now."""
    before = {name.casefold() for name in old.objects}
    return before.isdisjoint(name.casefold() for name in new.objects)
