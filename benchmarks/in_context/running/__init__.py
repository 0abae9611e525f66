"""How runs come about: in turn and metered, with a part altered, or judged again."""
