"""Standard input is read like a file, as often as it takes."""

import subprocess
import sys

import pytest

PROGRAM = """
from toolformer.corpus import describe_corpus, read_corpus
name = "{name}"
for _ in range(2):
    print([(each.id, each.text) for each in read_corpus(name)])
print(describe_corpus(name).files[0].size)
"""


@pytest.mark.parametrize(
    ("name", "content", "at"),
    [("-", b'{"text": "one"}\n', 1), ("csv:-", b"text,n\none,2\n", 2), ("txt:-", b"one\n", 1)],
)
def test_standard_input_is_read_twice_and_has_an_identity(
    name: str, content: bytes, at: int
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(name=name)], input=content, capture_output=True
    )
    line = f"[('stdin:{at}', 'one')]"
    assert ended.stdout.decode().splitlines() == [line, line, str(len(content))]
    assert ended.stderr == b""


def test_a_closed_standard_input_is_one_sentence() -> None:
    code = "import sys; sys.stdin = None\n" + PROGRAM.format(name="-")
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.stderr.splitlines()[-1] == (
        "toolformer.errors.CorpusError: There is no standard input to read a corpus from: it is "
        "closed."
    )
