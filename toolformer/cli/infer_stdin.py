"""The prompt that comes by standard input: all of it is one."""

from typing import TextIO

from toolformer.errors import ConfigError

_WAY_OUT = "Give a prompt: toolformer infer nano 'The capital of France is'"


def read_standard_input(stream: TextIO | None) -> str:
    """Returns a whole stream as one prompt, without the line ends at its end.

    Raises:
        ConfigError: nothing is in it, or something that is no text.
    """
    try:
        data = b"" if stream is None else stream.buffer.read()
    except OSError as error:
        raise ConfigError(f"Cannot read standard input: {error.strerror}. {_WAY_OUT}") from None
    if not data.strip():
        raise ConfigError(f"Standard input is empty. {_WAY_OUT}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"Standard input is no UTF-8 text (byte {error.start + 1}). {_WAY_OUT}"
        ) from None
    if "\0" in text:
        raise ConfigError(f"Standard input is binary, no text. {_WAY_OUT}")
    return text.rstrip("\r\n")
