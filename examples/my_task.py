"""A task in one file, with metrics of its own.

    toolformer evaluate CKPT --task examples/my_task.py:summaries

Outputs are compared with a summary by the words they share, as ROUGE-1 does, and their length is
measured. The rows about calls that every task has stand below these.
"""

from collections import Counter
from collections.abc import Mapping

from toolformer.evaluate import Example, Metric, Task, Trial

TEXTS = {
    "ferry": (
        "The ferry carried 303 passengers in the morning and 453 in the afternoon.",
        "756 people took the ferry.",
    ),
    "harvest": (
        "The farm picked 40 crates of apples, and each crate holds 25 kilograms.",
        "The farm picked 1,000 kilograms of apples.",
    ),
}


def words(text: str) -> list[str]:
    """Returns the words of a text in lower case, without the signs around them.

    >>> words("756 people, all told.")
    ['756', 'people', 'all', 'told']
    """
    return [word.strip(".,;:!?") for word in text.lower().split()]


def overlap(text: str, summary: str) -> float:
    """Returns the F1 of the words two texts share, each as often as both have it.

    >>> overlap("756 people took a ferry", "756 people took the ferry.")
    0.8
    """
    said, wanted = Counter(words(text)), Counter(words(summary))
    shared = (said & wanted).total()
    return 2 * shared / (said.total() + wanted.total()) if shared else 0.0


def score(trial: Trial, example: Example) -> Mapping[str, float]:
    """Returns what one output is worth: calls and what tools said are taken out of `trial.text`."""
    said = trial.text.partition("\n")[0]
    return {
        "overlap": overlap(said, example.answers[0]),
        "words": len(words(said)),
        "short": len(words(said)) <= 8,
    }


def summaries() -> Task:
    """Returns the task: examples, what is scored, and the rows of its table."""
    return Task(
        name="summaries",
        examples=lambda: [
            Example(name, f"{text}\nIn short:", (summary,), tags=("sums",) if "303" in text else ())
            for name, (text, summary) in TEXTS.items()
        ],
        score=score,
        metrics=[
            Metric.mean("overlap", name="word overlap (F1)", form=".2f"),
            Metric.mean("words", name="words", form=".1f"),
            Metric.proportion("short", name="at most 8 words"),
        ],
        max_new_tokens=32,
        call_tokens=32,
        note="one sentence",
    )
