"""The Calculator: the four operations as people write them, exactly, to two decimals.

Model text is tokenised here and evaluated by simpleeval over decimal numbers; no Python in it runs.
"""

import ast
import operator
import re
import threading
from collections.abc import Callable, Mapping
from decimal import (
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    DivisionUndefined,
    InvalidOperation,
    Overflow,
    localcontext,
)
from typing import Any

from toolformer.errors import ToolError, clipped
from toolformer.tools.builtin.calculator_texts import is_told_by_calculator, suits_calculator
from toolformer.tools.decorator import tool
from toolformer.tools.exemplar import Exemplar
from toolformer.tools.syntax import parse_expression

MAX_EXPRESSION = 500  # characters
MAX_RESULT = Decimal(10) ** 30

_TOKEN = re.compile(
    # 0x10 is sixteen or none times ten, and a comma after 0 is a decimal one: both are refused.
    r"""(?P<number>(?!0)\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|(?!0+[xX]\w)\d+(?:\.\d*)?|\.\d+)
      | (?P<operator>\*\*|[-+*/^×xX÷·⋅∕⁄−–])
      | (?P<open>\()
      | (?P<close>\))
      | (?P<percent>%)
      | (?P<skip>[\s$€£]+)""",
    re.VERBOSE,
)
_OPERATORS: Mapping[str, str] = {
    **dict.fromkeys("×xX·⋅", "*"),
    **dict.fromkeys("÷∕⁄", "/"),
    **dict.fromkeys("−–", "-"),
    "^": "**",
}
_ARITHMETIC: Mapping[type, Callable[..., Decimal]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
# A small largest exponent: no operation on these can take long. More digits than that: no sum,
# difference or product of what has forty places loses any.
_CONTEXT = Context(
    prec=100,
    Emax=60,
    Emin=-60,
    rounding=ROUND_HALF_UP,
    traps=[DivisionByZero, InvalidOperation, Overflow],
)

_THREAD = threading.local()


@tool(
    name="Calculator",
    exemplars=(
        Exemplar("The shop ordered 15 boxes of 24 tins each,", "15 * 24", " 360 tins in all."),
        Exemplar(
            "Of the 750 runners who started, 600 finished; that is",
            "600 / 750 * 100",
            " 80 percent of the field.",
        ),
        Exemplar(
            "She paid $12.50 for the book and $3.75 for the stamps,",
            "12.50 + 3.75",
            " $16.25 altogether.",
        ),
        Exemplar(
            "The ferry began in 1932 and was given up in 1987, after",
            "1987 - 1932",
            " 55 years of service.",
        ),
        Exemplar(
            "With 1,350 pupils and 54 teachers, there are",
            "1350 / 54",
            " 25 pupils to each teacher.",
        ),
    ),
    suits=suits_calculator,
    followed_by=is_told_by_calculator,
    min_prob=0.0,
    gain_threshold=0.5,
    max_positions=20,
    samples=10,
)
def calculator(expression: str) -> str:
    """Works out an arithmetic expression and rounds the result to two decimals.

    Args:
        expression: Numbers with + - * / ** % and parentheses, such as `(2 + 3) * $1,400`.
    """
    return evaluate(expression)


def evaluate(expression: str) -> str:
    """Returns the value of an arithmetic expression to two decimals, without trailing zeros.

    >>> evaluate("10 - 5 - 2"), evaluate("29% × $1,400"), evaluate("400 / 1400"), evaluate("48/2")
    ('3', '406', '0.29', '24')

    Raises:
        ToolError: It is not arithmetic, too long, too large, or divides by zero.
    """
    from simpleeval import InvalidExpression

    source, numbers = _translate(expression)
    parsed = parse_expression(source)
    if parsed is None:
        raise _unreadable(expression)
    try:
        with localcontext(_CONTEXT):
            evaluator = _evaluator()
            evaluator.names = numbers
            return _format(evaluator.eval(source, previously_parsed=parsed), expression)
    except (DivisionByZero, DivisionUndefined):
        raise ToolError(f"Cannot divide by zero in {clipped(expression)!r}.") from None
    except Overflow:
        raise ToolError(f"The result of {clipped(expression)!r} is too large a number.") from None
    except InvalidOperation as error:  # 0 / 0 arrives as the general signal
        if DivisionUndefined in error.args[0]:
            raise ToolError(f"Cannot divide by zero in {clipped(expression)!r}.") from None
        raise ToolError(f"{clipped(expression)!r} has no value among the real numbers.") from None
    except (InvalidExpression, RecursionError):
        raise _unreadable(expression) from None


def _evaluator() -> Any:
    """Returns this thread's evaluator: making one costs as much as an evaluation."""
    from simpleeval import SimpleEval

    if not hasattr(_THREAD, "evaluator"):
        _THREAD.evaluator = SimpleEval(operators=_ARITHMETIC, functions={}, names={})
    return _THREAD.evaluator


def _translate(expression: str) -> tuple[str, dict[str, Decimal]]:
    """Rewrites an expression with names for its numbers, so that none passes through a float."""
    if len(expression) > MAX_EXPRESSION:
        raise ToolError(
            f"The expression has {len(expression):,} characters; at most {MAX_EXPRESSION} are read."
        )
    text = re.sub(r"=\s*+\??\s*+$", "", expression)
    numbers = {"hundred": Decimal(100)}
    pieces: list[str] = []
    opened: list[int] = []
    operand: int | None = None  # where in `pieces` the operand that just ended begins
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            raise _unreadable(expression)
        position = token.end()
        match token.lastgroup:
            case "number":
                name = f"n{len(numbers)}"
                numbers[name] = Decimal(token[0].replace(",", ""))
                operand = len(pieces)
                pieces.append(name)
            case "open":
                opened.append(len(pieces))
                operand = None
                pieces.append("(")
            case "close":
                operand = opened.pop() if opened else None
                pieces.append(")")
            case "percent":
                if operand is None:
                    raise _unreadable(expression)
                pieces.insert(operand, "(")
                pieces.append("/ hundred )")
                operand = None
            case "operator":
                operand = None
                pieces.append(_OPERATORS.get(token[0], token[0]))
    return " ".join(pieces), numbers


def _format(value: object, expression: str) -> str:
    if not isinstance(value, Decimal):
        raise _unreadable(expression)
    if value.is_infinite():  # 0 ** -1; whatever else is too large has overflowed
        raise ToolError(f"Cannot divide by zero in {clipped(expression)!r}.")
    if abs(value) >= MAX_RESULT:
        raise ToolError(f"The result of {clipped(expression)!r} is too large a number.")
    digits = f"{value.quantize(Decimal('0.01')):f}".rstrip("0").rstrip(".")
    return "0" if digits in ("-0", "") else digits


def _unreadable(expression: str) -> ToolError:
    return ToolError(
        f"Cannot read {clipped(expression)!r} as arithmetic; "
        "write numbers with + - * / ** % and parentheses."
    )
