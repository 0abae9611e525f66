"""A language model behind an endpoint of OpenAI's kind: prompts go, answers come."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from toolformer.errors import ToolError
from toolformer.tools.outside.options import Variables, read_headers
from toolformer.tools.outside.service import Service, find_answer

_AT_ONCE = 8  # prompts that are asked at a time
_ANSWER = "choices.0.message.content"


class ChatEndpoint:
    """Answers prompts, greedily.

    Args:
        endpoint: its address, up to /v1.
        model: what it calls its model; "" where it has one alone.
        headers: and the environment variables with their values.
        most_tokens: of an answer.
        timeout_s: for an answer.

    Raises:
        ConfigError: the address or a header cannot be used.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        model: str,
        headers: Variables | None,
        most_tokens: int,
        timeout_s: float,
    ) -> None:
        body = {
            "messages": [{"role": "user", "content": "{prompt}"}],
            "temperature": 0,
            "max_tokens": most_tokens,
        }
        self._service = Service(
            f"{endpoint.rstrip('/')}/chat/completions",
            method="POST",
            body=body | ({"model": model} if model else {}),
            headers=read_headers(headers),
            hosts=frozenset(),
            is_private=True,  # the user named it
            pause_s=0.0,
            timeout_s=timeout_s,
            retries=3,
        )

    def answers(self, prompts: Sequence[str]) -> list[str | ToolError]:
        """Returns the answer to each prompt, stripped, or why there is none."""
        with ThreadPoolExecutor(min(_AT_ONCE, len(prompts))) as pool:
            return list(pool.map(self._answer, prompts))

    def _answer(self, prompt: str) -> str | ToolError:
        try:
            return find_answer(self._service.ask({"prompt": prompt}), _ANSWER).strip()
        except ToolError as error:
            return error
