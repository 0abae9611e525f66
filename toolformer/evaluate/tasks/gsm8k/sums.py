"""A mark as arithmetic: a tree over its numbers, exact values, and degrees.

A number is of degree 1 when it is counted in the unit of its problem, 0 when not. Pure text.
"""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from toolformer.tools.syntax import parse_expression

NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])|\d+(?:\.\d+)?|(?<![\d.])\.\d+")
_PERCENT = re.compile(r"(n\d+n)\s?%")
_LARGEST_POWER = 12

Degrees = Mapping[Fraction, int]  # of numbers by their values, 0 or 1


@dataclass(frozen=True, slots=True)
class Sum:
    """An expression: its tree, and the values behind the names that stand for numbers in it."""

    tree: ast.expr
    numbers: Mapping[str, Fraction]

    @property
    def value(self) -> Fraction | None:
        """The exact value; None where it has none."""
        try:
            return self._value(self.tree)
        except (ZeroDivisionError, ValueError):
            return None

    def degree(self, degrees: Degrees) -> int | None:
        """Returns the degree of its value; None where unequal degrees are added.

        >>> sum_ = read_sum("3*48+20")
        >>> sum_.degree({Fraction(3): 0, Fraction(48): 1, Fraction(20): 1})
        1
        >>> sum_.degree({Fraction(3): 0, Fraction(48): 1, Fraction(20): 0}) is None
        True
        """
        return self._degree(self.tree, degrees)

    def _value(self, node: ast.expr) -> Fraction:
        match node:
            case ast.Name(id=name) if name in self.numbers:
                return self.numbers[name]
            case ast.Constant(value=int(value)):
                return Fraction(value)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self._value(operand)
            case ast.BinOp(left=left, op=operator, right=right):
                first, second = self._value(left), self._value(right)
                match operator:
                    case ast.Add():
                        return first + second
                    case ast.Sub():
                        return first - second
                    case ast.Mult():
                        return first * second
                    case ast.Div():
                        return first / second
                    case ast.Pow() if second.denominator == 1 and abs(second) <= _LARGEST_POWER:
                        return Fraction(first ** int(second))
        raise ValueError("it is not a sum")

    def _degree(self, node: ast.expr, degrees: Degrees) -> int | None:
        match node:
            case ast.Name(id=name):
                return degrees[self.numbers[name]]
            case ast.UnaryOp(operand=operand):
                return self._degree(operand, degrees)
            case ast.BinOp(left=left, op=operator, right=right):
                first, second = self._degree(left, degrees), self._degree(right, degrees)
                if first is None or second is None:
                    return None
                match operator:
                    case ast.Add() | ast.Sub():
                        return first if first == second else None
                    case ast.Mult():
                        return first + second
                    case ast.Div():
                        return first - second
                return 0 if first == second == 0 else None
        return 0


def read_sum(expression: str) -> Sum | None:
    """Returns an expression as a mark has it; None where it is not arithmetic.

    >>> read_sum("$1,200*25%/.5").value
    Fraction(600, 1)
    >>> read_sum("x+1") is None
    True
    """
    numbers: dict[str, Fraction] = {}

    def name(found: re.Match[str]) -> str:
        named = f"n{len(numbers)}n"
        numbers[named] = value_of(found[0])
        return named

    bare = re.sub(r"[$\s]", "", expression)
    source = _PERCENT.sub(r"(\1/100)", NUMBER.sub(name, bare)).replace("x", "*").replace("^", "**")
    tree = parse_expression(source)
    if tree is None or not numbers:
        return None
    read = Sum(tree, numbers)
    return None if read.value is None else read


def value_of(number: str) -> Fraction:
    """Returns the value of a number as it is written.

    >>> value_of("1,200"), value_of(".5")
    (Fraction(1200, 1), Fraction(1, 2))
    """
    return Fraction(number.replace(",", ""))
