"""Values are validated by any type."""

from typing import Annotated

from toolformer.typed import type_adapter


def test_what_is_annotated_with_a_dict_is_read_too() -> None:
    kind = Annotated[int, {"unit": "km"}]
    assert type_adapter(kind).validate_python("3") == 3
    assert type_adapter(kind).json_schema() == {"type": "integer"}
