"""From what a user calls a model to the directory that holds it: a path, a Hub id, or nano."""

import os
from pathlib import Path

from huggingface_hub import constants, snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
from huggingface_hub.utils._validators import validate_repo_id
from transformers.utils.hub import cached_file

from toolformer.assets import EMBEDDED_MODEL, asset
from toolformer.errors import ModelError, closest
from toolformer.sidecar import SIDECAR, Sidecar, read_sidecar

# What of a repository is a model: its weights in the one format that is read, its settings, its
# tokenizer. Others' formats and training states lie beside them and are many times larger.
_WANTED = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]
_UNWANTED = ["*/*", "consolidated*", "README*", "LICENSE*"]


def model_directory(name: str, *, with_code: bool = False) -> Path:
    """Returns the directory that holds a model; one on the Hub is downloaded.

    Args:
        name: a directory, a Hub id, or "nano".
        with_code: whether a repository's Python files are fetched too.

    Raises:
        ModelError: there is no such model.
    """
    if (directory := find_source(name)) is not None:
        return directory
    wanted = [*_WANTED, "*.py"] if with_code else _WANTED
    try:
        return Path(snapshot_download(name, allow_patterns=wanted, ignore_patterns=_UNWANTED))
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise ModelError(_not_fetched(name, error)) from error


def find_source(name: str) -> Path | None:
    """Returns a model's directory; None for a name that the Hub may know.

    Raises:
        ModelError: there is no such model, or what is there is none that can be read.
    """
    if name == EMBEDDED_MODEL:
        embedded = asset(EMBEDDED_MODEL)
        if not (embedded / "config.json").exists():
            raise ModelError(
                f"The embedded model is missing from {embedded}. Install the package again, or name"
                " another model."
            )
        return embedded
    path = Path(os.path.expanduser(name))  # noqa: PTH111  pathlib's raises for an unknown user
    if os.path.isdir(path):
        _check_is_model(path)
        return path
    if path.suffix.casefold() == ".gguf":
        raise ModelError(
            f"{name!r} is a model in GGUF, the format of llama.cpp, which is not read here. Name"
            " the Hub id or the directory of the model that it was made from, in safetensors."
        )
    if os.path.exists(path):
        raise ModelError(f"{name!r} is a file. Name the directory of a model that it belongs to.")
    is_known = name in _cached()
    if _is_hub_id(name) and (is_known or not _is_offline()):
        return None
    known = [EMBEDDED_MODEL, *_neighbours(path), *_cached()]
    sentence = closest(name, known, what="model")
    if _is_hub_id(name):
        sentence += " The Hub is not asked for it: HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set."
    raise ModelError(sentence)


def sidecar_of(name: str) -> Sidecar | None:
    """Returns how a model of weights was taught to write calls, without its weights.

    Raises:
        ModelError: there is no such model, or its sidecar cannot be read.
    """
    if (directory := find_source(name)) is not None:
        return read_sidecar(directory)
    try:
        config = cached_file(name, "config.json")
        cached_file(name, SIDECAR, _raise_exceptions_for_missing_entries=False)
    except (OSError, ValueError) as error:
        raise ModelError(_not_fetched(name, error)) from error
    return read_sidecar(Path(str(config)).parent)


def _check_is_model(path: Path) -> None:
    """Refuses a directory that holds something else, by what that is."""
    names = {each.name for each in path.iterdir()}
    if "adapter_config.json" in names:
        raise ModelError(
            f"{str(path)!r} holds an adapter of peft, which is part of a model. Put it into its"
            " base and name what that writes: AutoPeftModelForCausalLM.from_pretrained("
            f"{str(path)!r}).merge_and_unload().save_pretrained(...)."
        )
    if "config.json" in names:
        return
    if gguf := sorted(name for name in names if name.casefold().endswith(".gguf")):
        raise ModelError(
            f"{str(path)!r} holds a model in GGUF ({gguf[0]}), the format of llama.cpp, which is"
            " not read here. Name the model that it was made from, in safetensors."
        )
    raise ModelError(
        f"{str(path)!r} holds no model: it has no config.json. Name a directory that"
        " `save_pretrained` wrote."
    )


def _is_hub_id(name: str) -> bool:
    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return True


def _is_offline() -> bool:
    return constants.HF_HUB_OFFLINE or os.environ.get("TRANSFORMERS_OFFLINE") == "1"


def _neighbours(path: Path) -> list[str]:
    """Returns the model directories beside a path that does not exist."""
    try:
        beside = sorted(each for each in path.parent.iterdir() if (each / "config.json").exists())
    except (OSError, ValueError):
        return []
    return [str(each) for each in beside]


def _cached() -> list[str]:
    """Returns the ids of the models in the Hub's local cache."""
    found = sorted(Path(constants.HF_HUB_CACHE).glob("models--*"))
    return [each.name.removeprefix("models--").replace("--", "/") for each in found]


def _not_fetched(name: str, error: Exception) -> str:
    """Returns why a model of the Hub is not here."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 404):
        known = closest(name, [EMBEDDED_MODEL, *_neighbours(Path(name)), *_cached()], what="model")
        return f"{known} The Hub has none of this name that you may read."
    if status == 403:
        return f"The Hub's {name!r} asks for consent: give it on its page, then `hf auth login`."
    if _is_offline():
        return f"{name!r} is not whole in the Hub's local cache, and HF_HUB_OFFLINE is set."
    return f"{name!r} is not here, and the Hub cannot be reached to download it."
