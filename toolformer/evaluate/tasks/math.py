"""`math`: word problems whose answer is a number (MAWPS, SVAMP, GSM8K and their like)."""

from dataclasses import replace

from toolformer.errors import CorpusError
from toolformer.evaluate.task import Example, Task
from toolformer.evaluate.tasks.answers import number_task
from toolformer.evaluate.tasks.judging import first_number
from toolformer.evaluate.tasks.records import TaskRecord, read_task_records

_QUESTIONS = ("input", "question", "Question", "problem")
_ANSWERS = ("target", "result", "Answer", "answer")
_FINAL = "####"  # GSM8K: what follows is the answer


def math(path: str, prompt: str = "{problem} The answer is", name: str = "math") -> Task:
    """Word problems; right is an output whose first number is the answer (the paper's way).

    Args:
        path: JSON lines or a dataset. A problem is `Body` + `Question`, `input`, `question` or
            `problem`; its answer `target`, `result`, `Answer` or `answer`.
        prompt: What a model continues; `{problem}` stands for the problem.
        name: How the results call it.
    """
    examples = [_example(row, prompt) for row in read_task_records(path)]
    files = {example.tags for example in examples}
    if len(files) == 1:  # a subset that is everything need not be reported apart
        examples = [replace(example, tags=()) for example in examples]
    return number_task(name=name, examples=lambda: examples)


def _example(row: TaskRecord, prompt: str) -> Example:
    answer = row.text(*_ANSWERS).rpartition(_FINAL)[2].strip()
    if first_number(answer) is None:
        raise CorpusError(f"{row.file}, line {row.number}: the answer {answer!r} is not a number.")
    problem = " ".join(_problem(row).split())
    written = prompt.replace("{problem}", problem)
    return Example(row.id, written, (answer,), row.file, tags=(row.file,))


def _problem(row: TaskRecord) -> str:
    r"""Returns the story and the question.

    >>> _problem(TaskRecord("svamp", 1, {"Body": "Dan had $ 3 left", "Question": "How much?"}))
    'Dan had $ 3 left. How much?'
    """
    if not row.has("Body"):
        return row.text(*_QUESTIONS)
    body = row.text("Body").strip()
    end = "" if body.endswith((".", "?", "!", ",")) else "."
    return f"{body}{end} {row.text('Question')}"
