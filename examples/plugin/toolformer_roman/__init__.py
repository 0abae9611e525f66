"""A tool that comes with a package: the entry point in `pyproject.toml` gives it its name."""

from toolformer.errors import ToolError
from toolformer.tools import tool

_NUMERALS = {
    1000: "M",
    900: "CM",
    500: "D",
    400: "CD",
    100: "C",
    90: "XC",
    50: "L",
    40: "XL",
    10: "X",
    9: "IX",
    5: "V",
    4: "IV",
    1: "I",
}


@tool(name="Roman", followed_by=lambda text: text.lstrip()[:1] in set("MDCLXVI"))
def roman(number: int) -> str:
    """Writes a number in Roman numerals.

    Args:
        number: From 1 to 3999.

    Examples:
        The stone says 1987 in Roman numerals: [Roman(1987)] MCMLXXXVII.
        The 14th Louis of France is written Louis [Roman(14)] XIV.
        Chapter 9 bears the number [Roman(9)] IX on its first page.
        The film of 2001 ends with the letters [Roman(2001)] MMI in its credits.
    """
    if not 1 <= number <= 3999:
        raise ToolError(f"There is no Roman numeral for {number}: from 1 to 3999 there are.")
    text = ""
    for value, numeral in _NUMERALS.items():
        count, number = divmod(number, value)
        text += count * numeral
    return text
