"""A conversation as the text that a model's chat template makes of it. Knows no template."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from toolformer.errors import ConfigError
from toolformer.lm.base import LanguageModel


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    text: str


@runtime_checkable
class Chatting(Protocol):
    """A language model whose tokenizer may bring a chat template."""

    @property
    def has_chat_template(self) -> bool:
        """Whether there is one."""

    def chat_prompt(
        self, messages: Sequence[Message], *, tools: Sequence[Mapping[str, Any]] = ()
    ) -> str:
        """Returns a conversation up to where the model's next answer begins.

        Args:
            messages: in order.
            tools: definitions that the template may tell the model of, as OpenAI's interface has
                them.

        Its special tokens are spelled out: a `Request` says that they are meant as such by
        `templated`.

        Raises:
            ModelError: the template cannot write this conversation.
        """


def has_chat_template(model: LanguageModel) -> bool:
    """Returns whether a model was taught to answer in conversations."""
    return isinstance(model, Chatting) and model.has_chat_template


def chat_prompt(
    model: LanguageModel,
    messages: Sequence[Message],
    *,
    tools: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Returns a conversation as a model's chat template writes it, with tools where it has any.

    Raises:
        ConfigError: the model has no chat template.
        ModelError: the template cannot write this conversation.
    """
    check_chats(model)
    found: Any = model
    text: str = found.chat_prompt(messages, tools=tools) if tools else found.chat_prompt(messages)
    return text


def check_chats(model: LanguageModel) -> None:
    """Refuses a model without a chat template.

    Raises:
        ConfigError: says so.
    """
    if not has_chat_template(model):
        raise ConfigError(
            f"{model.name} has no chat template, so there is no --chat with it: leave that out, and"
            " it continues your text."
        )
