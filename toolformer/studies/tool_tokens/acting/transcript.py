"""What a task looks like as text, step by step: the same to learn from and to act by.

    Query: what is asked
    Thought: what is to be found out
    Action:<<tool&&api>>
    Documentation: of that API
    Arguments: {"name": "Opal Bay"}
    Observation: {"price": 412}
    Thought: I have what was asked for.
    Action:<<Finish>>
    Answer: 412

The model writes thoughts, names, arguments and the answer; all else is supplied.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

THOUGHT_OF_FINISH = "I have what was asked for."
_ACTION = "\nAction:"


def naming_prompt(asked: str, *, documented: bool = False) -> str:
    r"""Returns what is continued by the name of a tool: a query, or a documentation.

    A query is written as a thought: in a task a name follows a thought too, and what was learned
    of the one serves the other.

    >>> naming_prompt("What does it cost?")
    'Thought: What does it cost?\nAction:'
    """
    return f"{'Documentation' if documented else 'Thought'}: {asked}{_ACTION}"


@dataclass
class Transcript:
    r"""A text that grows, and which stretches of it the model did not write.

    >>> transcript = Transcript("What does it cost?")
    >>> transcript.write_thought("I need the price.")
    >>> transcript.text
    'Query: What does it cost?\nThought: I need the price.\nAction:'
    >>> [transcript.text[start:end] for start, end in transcript.supplied]
    ['Action:']
    """

    query: str
    text: str = ""
    prompt: int = 0
    supplied: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.text = f"Query: {self.query}\nThought:"
        self.prompt = len(self.text)

    def write_thought(self, thought: str) -> None:
        """Puts a thought down; a name follows."""
        self._written(f" {thought}\n")
        self._supply(_ACTION[1:])

    def write_action(self, name: str, documentation: str) -> None:
        """Puts the name of a tool down; the arguments follow."""
        self._written(name)
        self._supply(f"\nDocumentation: {documentation}\nArguments:")

    def write_arguments(self, arguments: str, observation: str) -> None:
        """Puts arguments down, and what came of them; a thought follows."""
        self._written(f" {arguments}\n")
        self._supply(f"Observation: {observation}\nThought:")

    def write_finish(self, name: str) -> None:
        """Puts the name down that ends a task; the answer follows."""
        self._written(name)
        self._supply("\nAnswer:")

    def write_answer(self, answer: str) -> None:
        """Puts the answer down, with which the text ends."""
        self._written(f" {answer}")

    def _written(self, text: str) -> None:
        self.text += text

    def _supply(self, text: str) -> None:
        self.supplied.append((len(self.text), len(self.text) + len(text)))
        self.text += text


def arguments_text(arguments: Mapping[str, str | int | float]) -> str:
    """Returns arguments as they are written.

    >>> arguments_text({"name": "Opal Bay", "limit": 3})
    '{"name": "Opal Bay", "limit": 3}'
    """
    return json.dumps(dict(arguments), ensure_ascii=False)
