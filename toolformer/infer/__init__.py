"""Decoding that stops for tools: a model writes a call, the tool runs, the model reads on."""

from toolformer.infer.answers import Answer, CallEvent
from toolformer.infer.config import InferConfig
from toolformer.infer.decode import decode, stream
from toolformer.infer.decoder import Decoder
from toolformer.infer.live_tools import LiveTools
from toolformer.infer.request import Request

__all__ = [
    "Answer",
    "CallEvent",
    "Decoder",
    "InferConfig",
    "LiveTools",
    "Request",
    "decode",
    "stream",
]
