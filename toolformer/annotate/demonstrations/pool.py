"""The demonstrations of one tool, and which of them a text is shown: the same, or the nearest.

Knows no model.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from statistics import fmean

from toolformer.annotate.demonstrations.demonstration import Demonstration
from toolformer.annotate.demonstrations.nearness import TextIndex
from toolformer.annotate.demonstrations.shapes import shape_of
from toolformer.tools.base import Tool

STATIC = 8  # demonstrations that every text is shown: a pool of no more is shown whole
NEAREST = 4  # demonstrations that are chosen for each text, where none are static

# Of a pool of many kinds: how much oftener than by chance the nearest text has calls of the same
# shape, as a share of what is possible; or how rarely chance alone finds the shape. GSM8K's
# solutions reach .16 and .46, dated notes .96 and .17, sentences about facts .79 and .04.
_TELLING = 0.5
_RARE = 0.25
_MOST_COMPARED = 200  # demonstrations of a pool, spread evenly


@dataclass(frozen=True, slots=True)
class Kinship:
    """How alike a pool's calls are, and whether near texts have calls of one shape."""

    by_nearness: float  # share of a text's calls whose shape the nearest other text has
    by_chance: float  # the same of any other text

    @property
    def telling(self) -> float:
        """How far nearness is better than chance: 0 is not at all, 1 is always right."""
        if self.by_chance >= 1:
            return 0.0
        return (self.by_nearness - self.by_chance) / (1 - self.by_chance)

    @property
    def is_one_kind(self) -> bool:
        """Whether the same demonstrations serve every text."""
        return self.telling < _TELLING and self.by_chance >= _RARE


class Pool:
    """The demonstrations of one tool, in order; of equal texts the first counts.

    >>> from toolformer.calls import PlacedCall, ToolCall
    >>> from toolformer.tools.registry import load_tool
    >>> def shown(text, arguments, output):
    ...     return Demonstration(text, (PlacedCall(3, ToolCall("Calendar", arguments), output),))
    >>> pool = Pool(
    ...     [shown("On Monday we rest", "weekday", "Monday"), shown("In May", "today", "May")],
    ...     tool=load_tool("calendar"),
    ... )
    >>> [each.text for each in pool.nearest("On Friday we swim", 2)]
    ['In May', 'On Monday we rest']
    """

    def __init__(self, demonstrations: Sequence[Demonstration], *, tool: Tool) -> None:
        """Takes the demonstrations that have a call of the tool, with its calls alone."""
        own = {each.text.strip(): each.of(tool.name) for each in reversed(demonstrations)}
        order = dict.fromkeys(each.text.strip() for each in demonstrations)
        self.demonstrations = tuple(own[text] for text in order if own[text].calls)
        self._texts = [each.text.strip() for each in self.demonstrations]
        self._vocabulary = tool.vocabulary

    def __len__(self) -> int:
        return len(self.demonstrations)

    def static(self, k: int = STATIC) -> tuple[Demonstration, ...]:
        """Returns k demonstrations for every text: the first of each shape, then the others.

        They are in the order of the pool.
        """
        seen: set[str] = set()
        first: list[int] = []
        for number, shapes in enumerate(self._shapes):
            if seen.isdisjoint(shapes):
                first.append(number)
                seen.update(shapes)
        chosen = dict.fromkeys([*first, *range(len(self))])
        return tuple(self.demonstrations[number] for number in sorted(list(chosen)[:k]))

    def nearest(
        self, text: str, k: int = NEAREST, *, document: str = ""
    ) -> tuple[Demonstration, ...]:
        """Returns the k demonstrations nearest to a text by BM25, the nearest last.

        Of equally near ones the earlier is the nearer. A demonstration whose text is the text
        itself, a part of it, or has it as a part, is not among them: it would give the text away.

        Args:
            text: the text, or a window of it.
            k: how many, where there are so many.
            document: the whole text, where `text` is a window: its other parts are not shown.
        """
        chosen: list[Demonstration] = []
        for number in self._index.nearest_first(text.strip()).tolist():
            if len(chosen) == k:
                break
            found = self.demonstrations[number]
            if not found.gives_away(text) and not (document and found.gives_away(document)):
                chosen.append(found)
        return tuple(reversed(chosen))

    def longest(self, k: int) -> tuple[Demonstration, ...]:
        """Returns the k longest demonstrations, by characters: no text is shown more."""
        return tuple(sorted(self.demonstrations, key=lambda each: -_size(each))[:k])

    @property
    def default_nearest(self) -> int:
        """How many of the nearest each text is shown by default; 0: the static ones.

        A small pool and one of one kind are static.
        """
        return 0 if len(self) <= STATIC or self.kinship.is_one_kind else NEAREST

    @cached_property
    def kinship(self) -> Kinship:
        """How alike the calls are: those of some texts compared with its nearest's and with all."""
        sets = [set(each) for each in self._shapes]
        common = Counter(chain.from_iterable(sets))
        near: list[float] = []
        chance: list[float] = []
        for number in range(0, len(self), max(1, -(-len(self) // _MOST_COMPARED))):
            order = self._index.nearest_first(self._texts[number]).tolist()
            nearest = next((other for other in order if other != number), None)
            if nearest is None:
                return Kinship(1.0, 1.0)
            own = self._shapes[number]
            near.append(fmean(shape in sets[nearest] for shape in own))
            chance.append(fmean((common[shape] - 1) / (len(self) - 1) for shape in own))
        return Kinship(fmean(near), fmean(chance)) if near else Kinship(1.0, 1.0)

    @cached_property
    def _index(self) -> TextIndex:
        return TextIndex(self._texts)

    @cached_property
    def _shapes(self) -> list[list[str]]:
        return [
            [shape_of(placed, each.text, vocabulary=self._vocabulary) for placed in each.calls]
            for each in self.demonstrations
        ]


def _size(demonstration: Demonstration) -> int:
    """Returns about how many characters a demonstration has, its calls included."""
    calls = (len(each.call.arguments) + len(each.output or "") for each in demonstration.calls)
    return len(demonstration.text) + sum(calls)
