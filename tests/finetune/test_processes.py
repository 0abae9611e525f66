"""What the processes of one training are told by their environment."""

import pytest

from toolformer.errors import ConfigError
from toolformer.finetune.config import FinetuneConfig
from toolformer.finetune.processes import check_launch


@pytest.mark.parametrize(
    ("version", "form", "adapter", "sentence"),
    [
        ("1", "FULL_STATE_DICT", "none", "--fsdp_version 2 --fsdp_state_dict_type FULL_STATE_DICT"),
        ("2", "SHARDED_STATE_DICT", "none", "--fsdp_state_dict_type FULL_STATE_DICT"),
        ("2", "FULL_STATE_DICT", "qlora", "use --lora"),
        ("2", "FULL_STATE_DICT", "lora", None),
    ],
)
def test_weights_are_sharded_in_a_way_in_which_they_can_be_put_together(
    monkeypatch: pytest.MonkeyPatch, version: str, form: str, adapter: str, sentence: str | None
) -> None:
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    monkeypatch.setenv("FSDP_VERSION", version)
    monkeypatch.setenv("FSDP_STATE_DICT_TYPE", form)
    config = FinetuneConfig(adapter=adapter)
    if sentence is None:
        check_launch(config)
        return
    with pytest.raises(ConfigError, match=sentence):
        check_launch(config)
