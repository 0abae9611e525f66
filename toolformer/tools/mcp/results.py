"""What a server of tools answers, as the text that a call has."""

import json
from typing import TYPE_CHECKING

from toolformer.errors import ToolError

if TYPE_CHECKING:
    from mcp.types import CallToolResult

MAX_CHARACTERS = 1 << 20  # of an answer


def text_of(result: "CallToolResult") -> str:
    """Returns the texts of an answer, or its structured content where it has none.

    Raises:
        ToolError: the tool says that it failed, or its answer has no text or too much of it.
    """
    texts: list[str] = []
    for block in result.content:
        if block.type == "text":
            texts.append(block.text)
        elif block.type == "resource" and hasattr(block.resource, "text"):
            texts.append(block.resource.text)
    text = "\n".join(texts)
    if not text.strip() and result.structured_content is not None:
        text = json.dumps(result.structured_content, ensure_ascii=False)
    if len(text) > MAX_CHARACTERS:
        raise ToolError(f"The server sent more than {MAX_CHARACTERS:,} characters.")
    if result.is_error:
        raise ToolError(text.strip() or "The tool failed, and did not say why.")
    if not text.strip():
        kinds = ", ".join(sorted({block.type for block in result.content})) or "nothing"
        raise ToolError(f"The server sent no text, but {kinds}.")
    return text
