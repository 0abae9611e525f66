"""`steps`: the next number at each human mark of GSM8K's solutions, given the solution so far."""

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal

from toolformer.errors import CorpusError
from toolformer.evaluate.task import Example, Task
from toolformer.evaluate.tasks.gsm8k.files import Problem, read_problems, scale_problems
from toolformer.evaluate.tasks.gsm8k.solutions import Mark
from toolformer.evaluate.tasks.judging import end_of_next_number, first_number, is_next_number_right

# What a model writes itself before its number: where a call may come, these are still to come.
_LEFT_TO_WRITE = " \t$€£"
_CENT = Decimal("0.01")


def steps(
    path: str,
    first: int | None = None,
    last: int | None = None,
    digits: int | None = None,
    name: str | None = None,
) -> Task:
    """Right is an output whose first line has the mark's value as its first number.

    A prompt is a solution, its marks taken out, from its beginning to the place of one of them: no
    question, and nothing of what follows. White space and a currency sign right before the number
    are left for the model to write. A value of more than two decimals is also right when rounded to
    two, as the Calculator rounds.

    Args:
        path: JSON lines with `question` and `answer`, in which marks are `<<48/2=24>>`.
        first: So many records from the file's beginning.
        last: So many from its end.
        digits: Solutions are told with numbers of so many digits and up to two more, and only the
            marks that work with such a number are asked; solutions for which that cannot be done
            are left out and counted. See `scale`.
        name: How the results call it.
    """
    problems = read_problems(path, first=first, last=last)
    dropped: Counter[str] = Counter()
    if digits is not None:
        scaled = scale_problems(problems, digits=digits)
        unasked = sum(len(each.solution.marks) - len(each.marks) for each in scaled.problems)
        dropped.update({**scaled.dropped, "marks without such a number": unasked})
        problems = list(scaled.problems)
    examples = [each for problem in problems for each in _examples(problem, dropped)]
    if not examples:
        raise CorpusError(f"No solution of '{path}' has a mark such as <<48/2=24>> to be asked.")
    return Task(
        name=name or ("steps" if digits is None else f"steps, {digits} to {digits + 2} digits"),
        examples=lambda: examples,
        is_right=lambda text, example: is_next_number_right(text, example.answers),
        judged=end_of_next_number,
        note="next number at human marks, given the solution so far",
        max_new_tokens=16,
        stop=("\n",),
        call_tokens=64,
        dropped=_without_zeros(dropped),
    )


def _examples(problem: Problem, dropped: Counter[str]) -> Iterator[Example]:
    for number, mark in enumerate(problem.marks, start=1):
        prompt = problem.solution.text[: mark.offset].rstrip(_LEFT_TO_WRITE)
        answers = _answers(mark)
        if not prompt:
            dropped["marks with nothing before them"] += 1
        elif not answers:
            dropped["marks whose value is not a number"] += 1
        else:
            yield Example(f"{problem.id}/{number}", prompt, answers, source=problem.id)


def _answers(mark: Mark) -> tuple[str, ...]:
    """Returns a mark's value, and the value to two decimals where it has more.

    >>> _answers(Mark(0, "10/3", "3.333")), _answers(Mark(0, "x", "y"))
    (('3.333', '3.33'), ())
    """
    value = first_number(mark.value)
    if value is None:
        return ()
    rounded = value.quantize(_CENT, rounding=ROUND_HALF_UP)
    return (mark.value,) if rounded == value else (mark.value, str(rounded))


def _without_zeros(dropped: Mapping[str, int]) -> dict[str, int]:
    return {reason: count for reason, count in dropped.items() if count}
