"""The settings of a server: what a request may ask for, and what it gets where it does not ask."""

from pydantic import Field

from toolformer.config import Config


class ServeConfig(Config):
    """The limits of a server, and the defaults of its answers."""

    max_streams: int = Field(default=32, ge=1)
    """Answers that are written side by side."""
    max_waiting: int = Field(default=256, ge=0)
    """Answers that wait for a place among them; beyond that, requests are refused with 429."""
    max_tokens: int = Field(default=1024, ge=1)
    """Tokens that a request may ask for, an answer."""
    default_tokens: int = Field(default=128, ge=1)
    """Tokens of an answer whose request does not say."""
    max_calls: int = Field(default=8, ge=0)
    """Calls an answer, failed ones included."""
    max_choices: int = Field(default=16, ge=1)
    """Answers of one request: its prompts times n."""
    max_body: int = Field(default=1 << 20, ge=1)
    """Bytes of a request."""
    max_running_calls: int = Field(default=256, ge=1)
    """Calls that run at a time, those of clients that left included; more fail at once."""
    call_timeout_s: float = Field(default=30.0, gt=0)
    """Seconds after which a call has failed, whatever its tool still does."""
    temperature: float = Field(default=0.0, ge=0)
    """Temperature of an answer whose request does not say; 0 is greedy."""
    top_k_start: int = Field(default=1, ge=0)
    """k: a call starts when its marker is among the k likeliest tokens; 0: never."""
    max_call_tokens: int = Field(default=64, ge=1)
    """Tokens of a call's arguments, with what closes them."""
