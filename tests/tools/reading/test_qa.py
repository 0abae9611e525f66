"""QA: what is found, who reads it, and what is taken of what the reader says."""

import json
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertForQuestionAnswering, BertTokenizerFast

from toolformer.calls import ToolCall
from toolformer.errors import ConfigError
from toolformer.tools.builtin.qa import qa
from toolformer.tools.context import ToolContext
from toolformer.tools.reading.readers import ExtractiveReader, Question, answer_of, prompt_of
from toolformer.tools.registry import load_tool
from toolformer.tools.result import ToolResult
from toolformer.tools.search import Page, build_index
from toolformer.tools.toolbox import Toolbox
from toolformer.tools.trust import is_harmless

PAGES = [
    Page("Canberra", "Canberra is the capital of Australia. It was planned from 1912 on."),
    Page("Reel", "A spinning reel holds the line on a spool that stands still."),
]


@pytest.fixture
def index(tmp_path: Path) -> Path:
    build_index(PAGES, tmp_path / "index", source={"name": "pages"})
    return tmp_path / "index"


def ask_tool(spec: str, *questions: str, says: str = "") -> tuple[list[ToolResult], list[str]]:
    """Asks with a model that always says the same; returns the results and its prompts."""
    seen: list[str] = []

    def ask(prompts: Sequence[str], /) -> list[str]:
        seen.extend(prompts)
        return [says] * len(prompts)

    with Toolbox([spec]) as toolbox:
        calls = [ToolCall("QA", question) for question in questions]
        return toolbox.execute(calls, ToolContext(ask=ask)), seen


def test_the_model_that_is_lent_reads_the_passage(index: Path) -> None:
    [result], [prompt] = ask_tool(
        f"qa:index={index}", "What is the capital of Australia?", says=' "Canberra".'
    )
    assert result.output == "Canberra"
    assert "Passage: Canberra > Canberra is the capital of Australia." in prompt
    assert prompt.endswith("Question: What is the capital of Australia?\nAnswer:")


def test_questions_are_read_together(index: Path) -> None:
    results, prompts = ask_tool(
        f"qa:index={index}", "Capital of Australia?", "Spool of what?", "Xyzzy?", says=" a spool"
    )
    assert len(prompts) == 2
    assert [result.output for result in results] == [None, "a spool", None]
    assert "does not stand in the passage" in (results[0].error or "")
    assert "Nothing was found" in (results[2].error or "")


@pytest.mark.parametrize(
    ("said", "answer"),
    [(" 1912.", "1912"), ("  CANBERRA\t", "CANBERRA"), ("“Canberra”", "Canberra")],
)
def test_what_is_around_an_answer_is_left_out(said: str, answer: str) -> None:
    assert answer_of(said, PAGES[0].text) == answer


@pytest.mark.parametrize("said", ["", " .", "Sydney", "berra", "1912 on it"])
def test_what_the_passage_does_not_say_is_refused(index: Path, said: str) -> None:
    [result], _ = ask_tool(f"qa:index={index}", "Capital of Australia?", says=said)
    assert result.error


def test_without_a_reader_it_says_so(index: Path) -> None:
    with Toolbox([f"qa:index={index}"]) as toolbox:
        [result] = toolbox.execute([ToolCall("QA", "Capital of Australia?")])
        assert "There is no language model here" in (result.error or "")
        with toolbox.lending(lambda prompts: [" Canberra"] * len(prompts)):
            [result] = toolbox.execute([ToolCall("QA", "What is Australia's capital?")])
    assert result.output == "Canberra"


@pytest.fixture
def endpoint() -> Iterator[tuple[str, list[dict[str, object]]]]:
    asked: list[dict[str, object]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            asked.append({"path": self.path, "key": self.headers["authorization"], **body})
            if "Xyzzy" in body["messages"][0]["content"]:
                reply, kind = b"<html>Log in</html>", "text/html"
            else:
                message = {"role": "assistant", "content": "Canberra\nQuestion: next?"}
                reply = json.dumps({"choices": [{"message": message}]}).encode()
                kind = "application/json"
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
        server.shutdown()


def test_an_endpoint_reads(
    index: Path,
    endpoint: tuple[str, list[dict[str, object]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MY_TOKEN", "Bearer s3cret")
    url, asked = endpoint
    spec = f"qa:index={index},endpoint={url},model=small,headers=Authorization=MY_TOKEN"
    results, prompts = ask_tool(
        spec, "What is the capital of Australia?", "Capital of Australia, Xyzzy?"
    )
    assert not prompts
    assert results[0].output == "Canberra"
    assert "web page" in (results[1].error or "")
    assert {(each["path"], each["key"], each["model"], each["temperature"]) for each in asked} == {
        ("/v1/chat/completions", "Bearer s3cret", "small", 0)
    }
    assert "s3cret" not in load_tool(spec).spec


@pytest.fixture
def extractive(tmp_path: Path) -> Path:
    """An extractive model: as transformers saves one, with weights that nobody trained."""
    words = sorted({word for page in PAGES for word in page.text.lower().split()})
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "?", ".", *words]
    (tmp_path / "vocab.txt").write_text("\n".join(vocabulary))
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
    )
    torch.manual_seed(0)
    folder = tmp_path / "reader"
    BertForQuestionAnswering(config).save_pretrained(folder)
    BertTokenizerFast(str(tmp_path / "vocab.txt")).save_pretrained(folder)
    return folder


def test_an_extractive_model_marks_a_part_of_the_passage(index: Path, extractive: Path) -> None:
    reader = ExtractiveReader(extractive)
    questions = [Question("Where?", page.text) for page in PAGES]
    together = reader.read(questions)
    assert together == [reader.read([question])[0] for question in questions]
    for answer, page in zip(together, PAGES, strict=True):
        assert isinstance(answer, str)
        assert answer
        assert answer in page.text
    [result], prompts = ask_tool(f"qa:index={index},reader={extractive}", "Capital of Australia?")
    assert result.output or "does not stand" in (result.error or "")
    assert not prompts


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ("", "toolformer index CORPUS"),
        (":index=nowhere", "There is no index"),
        (":index={index},reader=nowhere", "There is no model in 'nowhere'"),
        (":index={index},reader=a,endpoint=http://a.org", "one reader"),
        (":index={index},endpoint=ftp://a.org", "not an address"),
    ],
)
def test_what_cannot_be_made_is_refused(index: Path, options: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        load_tool(f"qa{options.format(index=index)}")


def test_no_checkpoint_may_say_what_is_read(index: Path) -> None:
    for option in ("index", "reader", "endpoint", "headers"):
        assert not is_harmless(f"qa:{option}=x")


def test_answers_are_kept_for_no_other_model(index: Path, tmp_path: Path) -> None:
    made = load_tool(f"qa:index={index}")
    outputs = []
    for says in (" Canberra", " Australia"):
        with Toolbox([made], results=tmp_path / "cache") as toolbox:
            context = ToolContext(ask=lambda prompts, says=says: [says] * len(prompts))
            [result] = toolbox.execute([ToolCall("QA", "Capital of Australia?")], context)
            outputs.append(result.output)
    assert outputs == ["Canberra", "Australia"]


def test_the_prompt_is_one_paragraph_a_passage() -> None:
    prompt = prompt_of(Question("Who\nis it?", "One\n\nline."))
    assert prompt.endswith("\n\nPassage: One line.\nQuestion: Who is it?\nAnswer:")
    assert qa.__doc__
