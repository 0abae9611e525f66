"""Reading text as Python syntax, from several threads and without remarks. Nothing is evaluated."""

import ast
import threading
import warnings

# Two threads must not parse at once: CPython 3.11 counts the depth of all syntax trees together
# (SystemError: AST constructor recursion depth mismatch), and `warnings.catch_warnings` swaps a
# global list.
_PARSING = threading.Lock()


def parse_expression(source: str) -> ast.expr | None:
    """Returns the syntax tree of a Python expression; None when the text is not one.

    >>> parse_expression("f(1, b=2)").__class__.__name__, parse_expression("f(1,")
    ('Call', None)
    """
    with _PARSING, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "3in" and "\d" draw warnings that concern nobody
        try:
            return ast.parse(source, mode="eval").body
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            return None
