"""Errors of one shape are counted together, whatever they quote and however many they name."""

import pytest

from toolformer.runs.error_shapes import ErrorShapes, error_shape


@pytest.mark.parametrize(
    ("message", "shape"),
    [
        ("Cannot read 'it\\'s 5' as arithmetic.", "Cannot read '…' as arithmetic."),
        ('Cannot read "it\'s 5" as arithmetic.', "Cannot read '…' as arithmetic."),
        ("The dogs' 3 bones aren't -2.5 or .5", "The dogs' N bones aren't N or N"),
        ("Search takes `k`, not 3 values.", "Search takes `k`, not N values."),
        ("No entity 'Kenya', only 'a', 'b' and 'c'.", "No entity '…', only '…'."),
        ("Unknown tool 'a'. Available: b, c. So.", "Unknown tool '…'. Available: …"),
        ("HTTP 503 after 3 tries, 1,024 bytes", "HTTP N after N tries, N bytes"),
        ("sha256 and utf8 are names", "sha256 and utf8 are names"),
        ("« peu » or not “so”, nor ‘it’s’", "'…' or not '…', nor '…'"),
        ("no end 'of this", "no end 'of this"),
        ("", ""),
    ],
)
def test_what_differs_between_messages_is_left_out(message: str, shape: str) -> None:
    assert error_shape(message) == shape


def test_shapes_come_by_count_and_then_by_text() -> None:
    shapes = ErrorShapes()
    for message in ("b 1", "a 1", "c 'x'", "c 'y'", "a 2", "c 'z'"):
        shapes.add(message)
    assert [(each.shape, each.count, each.example) for each in shapes.by_count()] == [
        ("c '…'", 3, "c 'x'"),
        ("a N", 2, "a 1"),
        ("b N", 1, "b 1"),
    ]


@pytest.mark.parametrize("message", ["'" * 100_000, "'a\\" * 50_000, "1," * 50_000, "‘’a" * 40_000])
def test_a_message_that_is_built_to_hang_is_read_to_its_bound(message: str) -> None:
    assert len(error_shape(message)) <= 2000  # what is quoted may be longer by its dots
