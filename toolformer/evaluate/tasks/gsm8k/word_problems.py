"""`gsm8k`: a question is asked, the model writes a solution, its last number is the answer."""

from collections.abc import Mapping, Sequence

from toolformer.errors import ConfigError, CorpusError
from toolformer.evaluate.task import Example, Task
from toolformer.evaluate.tasks.gsm8k.files import Problem, read_problems, scale_problems
from toolformer.evaluate.tasks.judging import end_of_final_number, final_number, first_number

_PROMPT = "Question: {question}\nAnswer:"
_BETWEEN = "\n\n"  # two worked problems
_MOST_CALLS = 8  # a solution of GSM8K has from two to eight steps


def gsm8k(
    path: str,
    first: int | None = None,
    last: int | None = None,
    digits: int | None = None,
    shots: int = 0,
    prompt: str = _PROMPT,
    name: str | None = None,
) -> Task:
    """Right is an output whose number behind `####` is the answer, or whose last number where none.

    With `digits` it is in the manner of GSM-Hard (Gao et al., 2022): the numbers of question,
    solution and answer are replaced by larger ones, which the marks make right again. GSM-Hard
    replaces one number and lets a program work the answer out; here all that are counted in the
    problem's unit are scaled alike, so that the story stays possible. See `scale`.

    Args:
        path: JSON lines with `question` and `answer`, in which marks are `<<48/2=24>>`.
        first: So many records from the file's beginning.
        last: So many from its end.
        digits: Of the smallest number; others have up to two more. Problems for which that cannot
            be done are left out and counted.
        shots: How many worked problems stand before each question: the file's first, as they are,
            which are then not asked.
        prompt: What a model continues; `{question}` stands for the question.
        name: How the results call it.
    """
    prompt = prompt.replace("\\n", "\n")
    if shots < 0 or "{question}" not in prompt:
        raise ConfigError(
            f"shots={shots},prompt={prompt!r}: shots is at least 0, and {{question}} is needed."
        )
    worked = read_problems(path, first=shots) if shots else []
    shown = {each.id for each in worked}
    asked = [each for each in read_problems(path, first=first, last=last) if each.id not in shown]
    dropped: Mapping[str, int] = {}
    if digits is not None:
        scaled = scale_problems(asked, digits=digits, with_questions=True)
        asked, dropped = list(scaled.problems), scaled.dropped
    before = "".join(_worked(each, prompt) for each in worked)
    examples = [_example(each, before + prompt) for each in asked]
    if not examples:
        raise CorpusError(f"No problem of '{path}' is left to be asked.")
    return Task(
        name=name or ("gsm8k" if digits is None else f"gsm8k, {digits} to {digits + 2} digits"),
        examples=lambda: examples,
        is_right=_is_right,
        judged=end_of_final_number,
        note="number behind ####, or the last one",
        max_new_tokens=256,
        call_tokens=256,
        max_calls=_MOST_CALLS,
        stop=(_BETWEEN,) if shots else _beginning(prompt),
        dropped=dropped,
    )


def _beginning(prompt: str) -> tuple[str, ...]:
    r"""Returns what a model writes when it continues with a problem of its own.

    >>> _beginning("Question: {question}\nAnswer:"), _beginning("{question}")
    (('\nQuestion:',), ())
    """
    before = prompt.partition("{question}")[0].strip()
    return (f"\n{before}",) if before else ()


def _worked(problem: Problem, prompt: str) -> str:
    asked = prompt.replace("{question}", problem.question)
    solution = problem.solution
    return f"{asked} {solution.text}\n#### {solution.answer}{_BETWEEN}"


def _example(problem: Problem, prompt: str) -> Example:
    answer = problem.solution.answer
    if first_number(answer) is None:
        raise CorpusError(f"{problem.id}: the answer {answer!r} behind #### is not a number.")
    return Example(problem.id, prompt.replace("{question}", problem.question), (answer,))


def _is_right(text: str, example: Example) -> bool:
    said = final_number(text)
    return said is not None and said in _numbers(example.answers)


def _numbers(answers: Sequence[str]) -> list[object]:
    return [first_number(answer) for answer in answers]
