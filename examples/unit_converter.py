"""A tool in one file: `toolformer tools examples/unit_converter.py:convert "26.2, miles, km"`.

The file knows nothing of toolformer: a typed function with a docstring is a tool.
"""

# Each unit by what it measures and how many metres, kilograms or litres one of it is.
UNITS = {
    "mm": ("length", 0.001),
    "cm": ("length", 0.01),
    "m": ("length", 1.0),
    "km": ("length", 1000.0),
    "inch": ("length", 0.0254),
    "foot": ("length", 0.3048),
    "yard": ("length", 0.9144),
    "mile": ("length", 1609.344),
    "g": ("mass", 0.001),
    "kg": ("mass", 1.0),
    "ounce": ("mass", 0.028349523125),
    "pound": ("mass", 0.45359237),
    "ml": ("volume", 0.001),
    "litre": ("volume", 1.0),
    "pint": ("volume", 0.473176473),
    "gallon": ("volume", 3.785411784),
}
OTHER_NAMES = {
    "millimetre": "mm",
    "centimetre": "cm",
    "metre": "m",
    "meter": "m",
    "kilometre": "km",
    "kilometer": "km",
    "inches": "inch",
    "in": "inch",
    "feet": "foot",
    "ft": "foot",
    "gram": "g",
    "kilo": "kg",
    "kilogram": "kg",
    "oz": "ounce",
    "lb": "pound",
    "liter": "litre",
    "l": "litre",
}


def convert(value: float, unit: str, target: str) -> str:
    """Converts a length, a mass or a volume into another unit.

    Args:
        value: How much.
        unit: The unit it is in, such as miles.
        target: The unit that is asked for, such as km.

    Examples:
        A marathon is 26.2 miles, which is [convert(26.2, miles, km)] 42.16 km of running.
        The parcel weighed 12 pounds, or [convert(12, pounds, kg)] 5.44 kg, and came by post.
        The door is 80 inches high, that is [convert(80, inches, cm)] 203.2 cm.
        With 5 gallons in the can we had [convert(5, gallons, litres)] 18.93 litres of petrol.
    """
    quantity, size = _find(unit)
    wanted, target_size = _find(target)
    if quantity != wanted:
        raise ValueError(f"{unit} is a {quantity}, {target} a {wanted}")
    return f"{round(value * size / target_size, 2):,.10g}"


def _find(name: str) -> tuple[str, float]:
    key = name.strip().lower().rstrip(".")
    for candidate in (key, key.removesuffix("s")):
        unit = OTHER_NAMES.get(candidate, candidate)
        if unit in UNITS:
            return UNITS[unit]
    raise ValueError(f"no unit is called {name!r}; there are {', '.join(UNITS)}")
