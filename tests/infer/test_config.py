"""What decides an answer is checked when it is given."""

import pytest

from toolformer.errors import ConfigError
from toolformer.infer.config import InferConfig


def test_the_defaults_are_the_repls() -> None:
    config = InferConfig()
    assert (config.top_k_start, config.max_calls, config.temperature) == (1, 8, 0.0)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("top_k_start", -1),
        ("max_calls", -1),
        ("max_new_tokens", 0),
        ("max_call_tokens", 0),
        ("temperature", -0.5),
        ("max_streams", 0),
    ],
)
def test_a_number_out_of_range_is_named_with_its_value(setting: str, value: float) -> None:
    with pytest.raises(ConfigError, match=rf"^The setting '{setting}' cannot be {value}: "):
        InferConfig(**{setting: value})


def test_an_empty_stop_text_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"'stop' cannot be \['\\n', ''\]: an empty text would"):
        InferConfig(stop=["\n", ""])


def test_settings_come_back_from_what_they_are_written_as() -> None:
    config = InferConfig(stop=("\n",), temperature=0.5, seed=3)
    assert InferConfig(**config.to_dict()) == config
