"""From what a user calls a model to the files that hold it: a path, a Hub id, or nano.

A name is a directory, a Hub id, or "nano"; `model.gguf`, `directory:model.gguf` and
`hub/id:model.gguf` are models in GGUF.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import constants, hf_hub_download, snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
from huggingface_hub.utils._validators import validate_repo_id
from transformers.utils.hub import cached_file

from toolformer.assets import EMBEDDED_MODEL, asset
from toolformer.errors import ModelError, clipped, closest
from toolformer.lm.hf.formats.adapter import CONFIG, Adapter, is_adapter, read_adapter
from toolformer.lm.hf.formats.gguf import SUFFIX
from toolformer.sidecar import SIDECAR, Sidecar, read_sidecar

# What of a repository is a model: its weights in the one format that is read, its settings, its
# tokenizer. Others' formats and training states lie beside them and are many times larger.
_WANTED = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]
_UNWANTED = ["*/*", "consolidated*", "README*", "LICENSE*"]
_MOST_LISTED = 6  # files in a sentence


@dataclass(frozen=True, slots=True)
class Source:
    """The files of a model on this machine."""

    directory: Path  # where they lie; of an adapter its own, not its base's
    gguf: Path | None = None  # the one file that is all of the model

    @property
    def is_adapter(self) -> bool:
        """Whether they are an adapter, and most of the model is its base."""
        return self.gguf is None and is_adapter(self.directory)


def fetch_source(name: str, *, with_code: bool = False, revision: str | None = None) -> Source:
    """Returns the files of a model; one on the Hub is downloaded.

    Args:
        name: as the user calls it.
        with_code: whether a repository's Python files are fetched too.
        revision: of a model on the Hub; its main one when None.

    Raises:
        ModelError: there is no such model.
    """
    if (source := find_source(name)) is not None:
        return source
    repository, file = _split(name)
    wanted = [*_WANTED, "*.py"] if with_code else _WANTED
    try:
        if file:
            path = Path(hf_hub_download(repository, file, revision=revision))
            with suppress(OSError, ValueError):  # most repositories have none
                hf_hub_download(repository, SIDECAR, revision=revision)
            return Source(path.parent, path)
        found = snapshot_download(
            name, revision=revision, allow_patterns=wanted, ignore_patterns=_UNWANTED
        )
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise ModelError(_not_fetched(name, error)) from error
    directory = Path(found)
    if not is_adapter(directory) and not (directory / "config.json").exists():
        raise ModelError(
            f"The Hub's {name!r} has no config.json, so it holds no model by itself. Name another, "
            f"or one of its files in GGUF if it has such: {name}:FILE{SUFFIX}."
        )
    return Source(directory)


def find_source(name: str) -> Source | None:
    """Returns a model's files; None for a name that the Hub may know.

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
        return Source(embedded)
    path = _expanded(name)
    if os.path.isdir(path):
        return _in_directory(path)
    if _is_gguf(path) and os.path.isfile(path):
        return Source(path.parent, path)
    if os.path.exists(path):
        raise ModelError(f"{name!r} is a file. Name the directory of a model that it belongs to.")
    repository, file = _split(name)
    if file and os.path.isdir(folder := _expanded(repository)):
        return _file_of(folder, file)
    if _is_gguf(path) and not file:
        beside = [str(each) for each in _ggufs(path.parent)]
        raise ModelError(closest(name, beside, what="file in GGUF"))
    is_known = repository in _cached()
    if _is_hub_id(repository) and (is_known or not _is_offline()):
        return None
    raise ModelError(_unknown(name))


def fetch_base(adapter: Adapter, *, with_code: bool = False) -> Source:
    """Returns the files of the model that an adapter belongs to; one on the Hub is downloaded.

    Raises:
        ModelError: it is not there, or is an adapter too.
    """
    with _of_adapter(adapter):
        base = fetch_source(adapter.base, with_code=with_code, revision=adapter.revision)
    if base.is_adapter:
        raise ModelError(
            f"The adapter in '{adapter.directory}' belongs to {adapter.base!r}, which is an adapter"
            " too. Merge that into its own base first, and name what this writes."
        )
    return base


def sidecar_of(name: str) -> Sidecar | None:
    """Returns how a model of weights was taught to write calls, without its weights.

    An adapter without a sidecar has its base's.

    Raises:
        ModelError: there is no such model, or its sidecar cannot be read.
    """
    source = _fetch_settings(name)
    if source is None:
        return None
    sidecar = read_sidecar(source.directory)
    if sidecar is not None or not source.is_adapter:
        return sidecar
    adapter = read_adapter(source.directory)
    with _of_adapter(adapter):
        base = _fetch_settings(adapter.base)
    return None if base is None else read_sidecar(base.directory)


def _fetch_settings(name: str) -> Source | None:
    """Returns where a model's settings lie; of one on the Hub those alone are fetched.

    None for a file in GGUF on the Hub beside which there are none.
    """
    if (source := find_source(name)) is not None:
        return source
    repository, file = _split(name)
    wanted = (SIDECAR,) if file else (SIDECAR, CONFIG, "config.json")
    try:
        found = [
            cached_file(repository, each, _raise_exceptions_for_missing_entries=False)
            for each in wanted
        ]
        paths = [Path(each) for each in found if each is not None]
        if not paths and not file:
            cached_file(repository, "config.json")  # says why there is none
    except (OSError, ValueError) as error:
        raise ModelError(_not_fetched(name, error)) from error
    if any(path.name == CONFIG for path in paths):
        return fetch_source(name)  # an adapter, which is small
    return Source(paths[0].parent) if paths else None


@contextmanager
def _of_adapter(adapter: Adapter) -> Iterator[None]:
    """Says of a base that is not there whose base it is."""
    try:
        yield
    except ModelError as error:
        raise ModelError(
            f"The adapter in '{adapter.directory}' belongs to {clipped(adapter.base)!r}, which "
            f"cannot be found: {error}"
        ) from error


def _in_directory(path: Path) -> Source:
    """Returns what a directory holds, or refuses it by what that is."""
    names = {each.name for each in path.iterdir()}
    if CONFIG in names or "config.json" in names:
        return Source(path)
    files = _ggufs(path)
    if len(files) == 1:
        return Source(path, files[0])
    if files:
        listed = ", ".join(each.name for each in files[:_MOST_LISTED])
        more = f" and {len(files) - _MOST_LISTED} more" if len(files) > _MOST_LISTED else ""
        raise ModelError(
            f"{str(path)!r} holds {len(files)} models in GGUF: {listed}{more}. Name one of them, "
            f"as in {path}:{files[0].name}."
        )
    raise ModelError(
        f"{str(path)!r} holds no model: it has no config.json. Name a directory that"
        " `save_pretrained` wrote, or one with a file in GGUF."
    )


def _file_of(folder: Path, file: str) -> Source:
    path = folder / file
    if os.path.isfile(path):
        return Source(path.parent, path)
    there = [f"{folder}:{each.name}" for each in _ggufs(folder)]
    raise ModelError(closest(f"{folder}:{file}", there, what="file in GGUF"))


def _split(name: str) -> tuple[str, str]:
    """Splits the name of a file in GGUF from that of its directory or repository.

    >>> _split("some-one/tiny:tiny.Q4_0.gguf"), _split("some-one/tiny")
    (('some-one/tiny', 'tiny.Q4_0.gguf'), ('some-one/tiny', ''))
    """
    before, colon, file = name.rpartition(":")
    return (before, file) if colon and before and file.casefold().endswith(SUFFIX) else (name, "")


def _expanded(name: str) -> Path:
    return Path(os.path.expanduser(name))  # noqa: PTH111  pathlib's raises for an unknown user


def _is_gguf(path: Path) -> bool:
    return path.suffix.casefold() == SUFFIX


def _ggufs(directory: Path) -> list[Path]:
    """Returns the files in GGUF of a directory; none where there is no such directory."""
    try:
        return sorted(each for each in directory.iterdir() if _is_gguf(each))
    except (OSError, ValueError):
        return []


def _is_hub_id(name: str) -> bool:
    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return True


def _is_offline() -> bool:
    return constants.HF_HUB_OFFLINE or os.environ.get("TRANSFORMERS_OFFLINE") == "1"


def _unknown(name: str) -> str:
    """Returns a sentence about a name that stands for nothing here, with its neighbours."""
    path, (repository, _) = _expanded(name), _split(name)
    cached = _cached()
    sentence = closest(name, [EMBEDDED_MODEL, *_neighbours(path), *cached], what="model")
    # The Hub forwards `gpt2` to openai-community/gpt2; a cache knows the name it was fetched by.
    namesakes = [each for each in cached if each.rpartition("/")[2] == repository != each]
    if namesakes:
        sentence += f" The Hub's local cache has {clipped(', '.join(namesakes), 200)}."
    if _is_hub_id(repository) and _is_offline():
        sentence += " The Hub is not asked for it: HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set."
    return sentence


def _neighbours(path: Path) -> list[str]:
    """Returns the model directories beside a path that does not exist."""
    try:
        beside = sorted(path.parent.iterdir())
        return [str(each) for each in beside if (each / "config.json").exists() or is_adapter(each)]
    except (OSError, ValueError):
        return []


def _cached() -> list[str]:
    """Returns the ids of the models in the Hub's local cache."""
    found = sorted(Path(constants.HF_HUB_CACHE).glob("models--*"))
    return [each.name.removeprefix("models--").replace("--", "/") for each in found]


def _not_fetched(name: str, error: Exception) -> str:
    """Returns why a model of the Hub is not here."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 404):
        return f"{_unknown(name)} The Hub has none of this name that you may read."
    if status == 403:
        return f"The Hub's {name!r} asks for consent: give it on its page, then `hf auth login`."
    if _is_offline():
        return f"{name!r} is not whole in the Hub's local cache, and HF_HUB_OFFLINE is set."
    return f"{_unknown(name)} The Hub cannot be reached to download it."
