"""What translates: Apertium, a model of transformers, an endpoint of OpenAI's kind."""

import shutil
import subprocess
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from toolformer.errors import ConfigError, ToolError, ToolUnavailableError
from toolformer.tools.outside.chat import ChatEndpoint
from toolformer.tools.translating.languages import is_same

_LONGEST = 256  # tokens of a translation


class Engine(Protocol):
    """Translates texts of one language."""

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[str | ToolError]:
        """Returns the translation of each text, or why there is none.

        Args:
            texts: one line each.
            source: the language that they are in, a code of ISO 639.
            target: the language to translate into.

        Raises:
            ToolError: it cannot translate between these languages.
        """


class Apertium:
    """The program `apertium`, of Debian's package of the same name; one line a text.

    Its pipe is not kept open: its stages hold a text back until more of them come.

    Raises:
        ConfigError: it is not installed, or knows no pair of languages with this target.
    """

    def __init__(self, target: str, *, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        if shutil.which("apertium") is None:
            raise ConfigError(
                "apertium is not installed: apt install apertium apertium-en-es; or give "
                "directory= or endpoint=."
            )
        listed = self._run(["-l"], "")
        self._pairs = [(*pair.split("-", 1),) for pair in listed.split() if "-" in pair]
        if not any(is_same(to, target) for _, to in self._pairs):
            raise ConfigError(
                f"apertium has nothing that translates into {target!r}, only "
                f"{', '.join('-'.join(pair) for pair in self._pairs) or 'nothing at all'}."
            )

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[str | ToolError]:
        """Translates all texts in one run of the program."""
        pair = next(
            (
                f"{first}-{second}"
                for first, second in self._pairs
                if is_same(source, first) and is_same(target, second)
            ),
            None,
        )
        if pair is None:
            raise ToolError(f"There is no translator from {source!r} into {target!r}.")
        # A word that it does not know stays as it is, without a mark (-u).
        told = self._run(["-u", "-f", "line", pair], "".join(f"{text}\n" for text in texts))
        lines = told.splitlines()
        if len(lines) != len(texts):
            raise ToolError("apertium did not translate line by line.")
        return [*lines]

    def _run(self, arguments: Sequence[str], text: str) -> str:
        try:
            ran = subprocess.run(  # noqa: S603  a language pair out of its own list, at most
                ["apertium", *arguments],  # noqa: S607  wherever it is installed
                input=text.encode(),
                capture_output=True,
                timeout=self._timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ToolError(f"apertium took longer than {self._timeout_s:g} s.") from None
        except OSError as error:
            raise ToolUnavailableError(f"apertium could not be run: {error.strerror}.") from None
        if ran.returncode:
            raise ToolError(f"apertium failed: {ran.stderr.decode(errors='replace').strip()}")
        return ran.stdout.decode(errors="replace")


class TranslationModel:
    """A translating model of transformers, such as OPUS-MT's or NLLB's, with its tokenizer.

    Raises:
        ConfigError: there is no such model.
    """

    def __init__(self, directory: Path) -> None:
        if not (directory / "config.json").is_file():
            raise ConfigError(f"There is no model in '{directory}': a directory of transformers.")
        self._directory = directory
        self._lock = threading.Lock()

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[str | ToolError]:
        """Translates all texts together, by the best of four beams."""
        import torch

        with self._lock, torch.inference_mode():
            model, tokenizer = self._loaded
            forced: dict[str, int] = {}
            known = {
                code: token
                for code in (source, target)
                for token in tokenizer.all_special_tokens
                if is_same(code, token)
            }
            if known:  # one that is told the languages: NLLB, M2M-100, mBART
                if len(known) < 2:
                    raise ToolError(f"The model does not know both {source!r} and {target!r}.")
                tokenizer.src_lang = known[source]
                forced["forced_bos_token_id"] = tokenizer.convert_tokens_to_ids(known[target])
            batch = tokenizer(list(texts), return_tensors="pt", padding=True, truncation=True)
            found = model.generate(**batch, num_beams=4, max_new_tokens=_LONGEST, **forced)
            return [*tokenizer.batch_decode(found, skip_special_tokens=True)]

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(self._directory, local_files_only=True)
        model = AutoModelForSeq2SeqLM.from_pretrained(self._directory, local_files_only=True)
        return model.eval(), tokenizer


class TranslationEndpoint:
    """A language model behind an endpoint of OpenAI's kind."""

    def __init__(self, endpoint: ChatEndpoint) -> None:
        self._endpoint = endpoint

    def translate(self, texts: Sequence[str], *, source: str, target: str) -> list[str | ToolError]:
        """Asks for several texts at a time."""
        task = (
            f"Translate from the language {source!r} into {target!r}. Answer with the "
            "translation alone, on one line."
        )
        return self._endpoint.answers([f"{task}\n\n{text}" for text in texts])
