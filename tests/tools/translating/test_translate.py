"""MT: the language of a text, what suits it, and what translates it."""

import json
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BartConfig, BartForConditionalGeneration, PreTrainedTokenizerFast

from toolformer.calls import ToolCall
from toolformer.errors import ConfigError
from toolformer.tools.context import ToolContext
from toolformer.tools.registry import load_tool
from toolformer.tools.result import ToolResult
from toolformer.tools.toolbox import Toolbox
from toolformer.tools.translating.languages import has_foreign_stretch, language_of
from toolformer.tools.trust import is_harmless

needs_apertium = pytest.mark.skipif(
    shutil.which("apertium") is None, reason="apt install apertium apertium-en-es"
)


def ask(spec: str, *texts: str) -> list[ToolResult]:
    with Toolbox([spec]) as toolbox:
        return toolbox.execute([ToolCall("MT", text) for text in texts])


@needs_apertium
def test_apertium_translates_many_texts_at_once() -> None:
    texts = [f"La biblioteca número {number} está cerrada los lunes." for number in range(40)]
    outputs = [result.output or "" for result in ask("translate:source=es", *texts)]
    for number, output in enumerate(outputs):
        assert f"library number {number} is closed" in output
    [uncertain] = ask("translate", texts[0])
    assert "not certain" in (uncertain.error or "")


@needs_apertium
@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("La ciudad [nueva] es muy bonita ^y/o$ grande \\", "The city [new] is very beautiful"),
        ("La ciudad\nnueva es\tmuy bonita", "The new city is very beautiful"),
        ("La casa es muy bonita, 你好", "The house is very beautiful"),
    ],
)
def test_signs_that_apertium_uses_itself_are_texts(text: str, output: str) -> None:
    [result] = ask("translate", text)
    assert output in (result.output or result.error or "")


@needs_apertium
@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("The house is very pretty.", "in the language 'en' as it is"),
        ("Das Haus in den Bergen ist sehr alt.", "no translator from 'de' into 'en'"),
        ("xyz", "not certain"),
        ("", "1 to 2,000 characters"),
        ("La casa es muy bonita. " * 100, "1 to 2,000 characters"),
    ],
)
def test_what_cannot_be_translated_is_refused(text: str, error: str) -> None:
    good = "La casa es muy bonita y grande."
    refused, translated = ask("translate", json.dumps({"text": text}), good)
    assert error in (refused.error or "")
    assert not refused.is_unavailable
    assert translated.output == "The house is very beautiful and big"


@needs_apertium
def test_another_language_may_be_asked_for() -> None:
    [result] = ask("translate:to=es", "The house is very pretty.")
    assert "casa" in (result.output or "")
    with pytest.raises(ConfigError, match="nothing that translates into 'xx', only"):
        load_tool("translate:to=xx")


def test_without_apertium_it_says_what_else_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ConfigError, match="apt install apertium"):
        load_tool("translate")


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("He read the letter. Ya no vivo en esta ciudad. Then he put it away again.", True),
        ("The motto, “los últimos serán los primeros”, was cut into the old stone wall.", True),
        ("He read the letter, and then he put it away again. It was a cold night.", False),
        ("Ya no vivo en esta ciudad. He read the letter and put it away.", False),
        ("He read the letter and put it away. Ya no vivo en esta ciudad.", False),
        ("He met Señor González. They ate tapas. Then they went home by the river.", False),
        ("", False),
    ],
)
def test_texts_with_something_foreign_between_suit(text: str, is_one: bool) -> None:
    assert has_foreign_stretch(text, "en") is is_one


@needs_apertium
def test_the_tool_is_tried_on_such_texts() -> None:
    tool = load_tool("translate")
    assert tool.is_tried_on("He read: “Ya no vivo en esta ciudad.” It was late.", ToolContext())
    assert not tool.is_tried_on("He read the letter. It was very late.", ToolContext())


def test_languages_are_told_apart() -> None:
    texts = {"Where is the library of this town?": "en", "Où est la bibliothèque, madame ?": "fr"}
    assert {text: language_of(text).code for text in texts} == texts


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model that translates, as transformers saves one, with weights that nobody trained."""
    words = ["<s>", "<pad>", "</s>", "<unk>", "la", "casa", "es", "bonita", "the", "house"]
    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=words[3]))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 2)]
    )
    special = dict(zip(("bos_token", "pad_token", "eos_token", "unk_token"), words, strict=False))
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=64, **special)
    torch.manual_seed(0)
    config = BartConfig(
        vocab_size=len(words),
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        forced_eos_token_id=2,
    )
    BartForConditionalGeneration(config).save_pretrained(tmp_path / "model")
    fast.save_pretrained(tmp_path / "model")
    return tmp_path / "model"


def test_a_model_of_transformers_translates(model: Path) -> None:
    texts = ["La casa es muy bonita y grande.", "¿Dónde está la biblioteca municipal?"]
    together = ask(f"translate:directory={model}", *texts)
    alone = [ask(f"translate:directory={model}", text)[0] for text in texts]
    assert [r.output or r.error for r in together] == [r.output or r.error for r in alone]
    for result in together:
        assert result.output or "no output" in (result.error or "")


@pytest.fixture
def endpoint() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            asked = body["messages"][0]["content"]
            content = f"[{asked.rpartition(chr(10))[2]}] from {asked.split()[4]} into es"
            reply = json.dumps({"choices": [{"message": {"content": content}}]}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()


def test_an_endpoint_translates(endpoint: str) -> None:
    [result] = ask(f"translate:to=es,endpoint={endpoint}", "The house is very pretty.")
    assert result.output == "[The house is very pretty.] from 'en' into es"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ("directory=nowhere", "There is no model in 'nowhere'"),
        ("directory=a,endpoint=http://a.org", "one engine"),
        ("endpoint=ftp://a.org", "not an address"),
    ],
)
def test_what_cannot_be_made_is_refused(options: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        load_tool(f"translate:{options}")


def test_no_checkpoint_may_say_what_translates() -> None:
    assert is_harmless("translate:to=en")
    for option in ("directory", "endpoint", "headers"):
        assert not is_harmless(f"translate:{option}=x")
