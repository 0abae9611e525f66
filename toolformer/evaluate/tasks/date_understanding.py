"""`date-understanding`: BIG-Bench's questions about dates, several options each."""

from toolformer.errors import CorpusError
from toolformer.evaluate.task import Example, Task
from toolformer.evaluate.tasks.judging import named_option, options_of
from toolformer.evaluate.tasks.records import TaskRecord, read_task_records


def date_understanding(
    path: str, prompt: str = "{question}\nThe answer is", name: str = "date understanding"
) -> Task:
    """Multiple choice; right is an output that names the right option before any other.

    An option is named by its letter in parentheses or by its text, whichever the output says
    first; an output that names none is wrong. Letters are not scored by their likelihood: a model
    that calls tools has to write its answer.

    Args:
        path: JSON lines with `input` (the question, then `(A) ...` a line) and `target` (`(B)`).
        prompt: What a model continues; `{question}` stands for the question and its options.
        name: How the results call it.
    """
    examples = [_example(row, prompt) for row in read_task_records(path)]
    note = "the option named first"
    return Task(name=name, examples=lambda: examples, is_right=_is_right, note=note)


def _example(row: TaskRecord, prompt: str) -> Example:
    question, target = row.text("input"), row.text("target").strip()
    options = options_of(question)
    letter = target[1:2]  # of "(B)"
    if letter not in options:
        raise CorpusError(f"{row.file}, line {row.number}: {target!r} is not one of its options.")
    written = prompt.replace("{question}", question).replace("\\n", "\n")
    return Example(row.id, written, (f"({letter})", options[letter]))


def _is_right(text: str, example: Example) -> bool:
    letter = named_option(text, options_of(example.prompt))
    return letter is not None and f"({letter})" == example.answers[0]
