"""What `accelerate launch` tells each process of a training through the environment."""

import os

from toolformer.errors import ConfigError
from toolformer.finetune.config import FinetuneConfig


def is_main() -> bool:
    """Returns whether this is the process that writes and speaks for all of them."""
    return os.environ.get("RANK", "0") == "0"


def process_count() -> int:
    """Returns how many processes train together, on all machines."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def local_number() -> str | None:
    """Returns the number of this process on its machine; None where it is alone."""
    return os.environ.get("LOCAL_RANK")


def is_sharded() -> bool:
    """Returns whether each process holds a part of the weights: `accelerate launch --use_fsdp`."""
    return os.environ.get("ACCELERATE_USE_FSDP", "false").lower() == "true"


def check_launch(config: FinetuneConfig) -> None:
    """Refuses what cannot be trained in processes that hold a part of the weights each.

    Raises:
        ConfigError: says how to launch them.
    """
    if not is_sharded():
        return
    wanted = {"FSDP_VERSION": "2", "FSDP_STATE_DICT_TYPE": "FULL_STATE_DICT"}
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        flags = " ".join(f"--{name.lower()} {value}" for name, value in wanted.items())
        raise ConfigError(f"Weights that are sharded can be put together again with {flags}.")
    if config.adapter == "qlora":
        raise ConfigError("Weights in 4 bits cannot be sharded: use --lora, or leave out FSDP.")
