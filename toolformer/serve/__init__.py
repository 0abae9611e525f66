"""A server of OpenAI's interface over a model that calls tools: many clients, one decoder."""

from toolformer.serve.config import ServeConfig
from toolformer.serve.serving import serving

__all__ = ["ServeConfig", "serving"]
